"""How much of what was told a reader finds, field by field: shares, not verdicts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.pages.expected import (
    Read,
    differences,
    folded,
    read,
    wanted_comment,
    wanted_images,
    wanted_parents,
    wanted_post,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.items import Comment
    from tests.pages.markups import Markup
    from tests.pages.sites.parts import Shown
    from tests.pages.told import Told

_RUNS_ON = re.compile(r"^(?P<line>[^\n]{1,90}?\bwrites:) ?(?P<rest>.*)$", re.DOTALL)


@dataclass
class Score:
    """Right values and all values of each field, and some of the wrong ones."""

    right: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, where: str, *, right: bool, example: object = "") -> None:
        """Count one value."""
        self.all[name] += 1
        self.right[name] += right
        if not right:
            self.examples.setdefault(name, []).append(f"{where}: {example!r}")

    def share(self, name: str) -> float:
        """The share of right values of a field; 1 where there is none."""
        return self.right[name] / self.all[name] if self.all[name] else 1.0


def score(markup: Markup, tellings: Iterable[Told]) -> Score:
    """The score of the reader on every page of the posts in one markup."""
    result = Score()
    for told in tellings:
        for page, entries in enumerate(markup.shown(told)):
            where = f"{told.name}?page={page}"
            try:
                rows = read(*markup.page(told, page))
            except Exception as error:  # noqa: BLE001 - whatever stops the reader, it has read nothing
                rows = Read([], [], [])
                result.add("page", where, right=False, example=error)
            else:
                result.add("page", where, right=len(rows.posts) == 1, example=len(rows.posts))
            _score_post(result, rows, told, markup, where)
            _score_comments(result, rows.comments, entries, page, told, markup, where)
    return result


def _score_post(result: Score, rows: Read, told: Told, markup: Markup, where: str) -> None:
    wanted = wanted_post(told, markup)
    wrong: dict[str, Any] = dict.fromkeys(wanted, "no post")
    if len(rows.posts) == 1:
        wrong = differences(rows.posts[0], wanted)
        images = {image["url"] for image in rows.posts[0].images}
        right = wanted_images(told, markup)
        result.add("images", where, right=images == right, example=(images, right))
    for name in wanted:
        result.add(name, where, right=name not in wrong, example=wrong.get(name))


def _score_comments(
    result: Score,
    comments: list[Comment],
    entries: list[Shown],
    page: int,
    told: Told,
    markup: Markup,
    where: str,
) -> None:
    result.add("comments", where, right=len(comments) == len(entries), example=(len(comments), len(entries)))
    if len(comments) != len(entries):
        # Which is which would be a guess: all of the page counts as not found.
        for entry in entries:
            for name in (*wanted_comment(entry, 1, page, markup, told), "parent_id"):
                result.add("comment " + name, where, right=False, example="not found")
        return
    parents = wanted_parents(entries, comments, told, markup)
    for number, (comment, entry, parent) in enumerate(zip(comments, entries, parents, strict=True), 1):
        wanted = wanted_comment(entry, number, page, markup, told)
        _allow_run_on(wanted, comment)
        wrong = differences(comment, {**wanted, "parent_id": parent})
        for name in (*wanted, "parent_id"):
            result.add(
                "comment " + name, f"{where} #{number}", right=name not in wrong, example=wrong.get(name)
            )


def _allow_run_on(wanted: dict[str, tuple[Any, ...]], comment: Comment) -> None:
    """Where the writes line runs on into the text, to cut it and to leave it are both good."""
    [text] = wanted["body_text"]
    match = _RUNS_ON.match(text)
    if match and wanted["writes_line"] == (None,) and comment.writes_line is not None:
        wanted["writes_line"] = (folded(match["line"]),)
        wanted["body_text"] = (match["rest"].lstrip(),)
