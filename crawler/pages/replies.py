"""The comments of a page as rows: identity, place, and what each answers."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from crawler.items import Comment
from crawler.pages import drupal, marks
from crawler.pages.comment import Said, read_comment
from crawler.pages.document import resolve
from crawler.pages.outline import fold
from crawler.pages.thread import Thread, Unit, parents_by_nesting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.html import HtmlElement
    from scrapy.http import TextResponse

    from crawler.items import Post
    from crawler.pages.outline import Outline

_LONGEST_NAME = 100
"""Characters of a name that a reply may name."""

_ORDINAL = re.compile(r"\d{1,6}")
_AFTER_NAME = re.compile(r"\W*$|\W*\s(?:on|at|from)\s|\s*[,(|]")


def marked_thread(page: Outline, elements: Sequence[HtmlElement]) -> Thread:
    """The thread whose comments are marked elements."""
    thread = Thread()
    known = set(elements)
    for element in elements:
        span = page.span(element)
        thread.places.update(span)
        lines = [line for line in page.within(element) if _innermost(line.block, known) is element]
        thread.units.append(Unit(lines, element, element, (sum(1 for _ in element.iterancestors()), 0)))
    return thread


def _innermost(block: HtmlElement, elements: set[HtmlElement]) -> HtmlElement | None:
    """The innermost of some elements around a block: an answer may stand inside what it answers."""
    return next((element for element in (block, *block.iterancestors()) if element in elements), None)


def read_thread(page: Outline, thread: Thread) -> list[tuple[Unit, Said]]:
    """Each unit with what it says; units that say nothing are left out."""
    read = [(unit, read_comment(page, unit, _marks(unit))) for unit in thread.units]
    return [(unit, said) for unit, said in read if said.body_text or said.author]


def _marks(unit: Unit) -> marks.Marks:
    found = marks.Marks()
    if unit.element is not None:
        marks.mark_comment(found, unit.element)
        drupal.mark_comment(found, unit.element)
    return found


def comment_rows(
    response: TextResponse, post: Post, read: Sequence[tuple[Unit, Said]], page: int
) -> list[Comment]:
    """The rows of the comments on one page, in page order."""
    told = [said for _, said in read]
    ids = _ids(post.id, told)
    parents = _parents(post.id, read, ids)
    return [
        Comment(
            id=ids[index],
            post_id=post.id,
            post_url=post.url,
            number=index + 1,
            page=page,
            parent_id=parents[index],
            author=said.author,
            author_url=resolve(response, said.author_url) if said.author_url else None,
            location=said.location,
            date=said.printed.day.isoformat() if said.printed else None,
            published_at=said.published_at,
            published_raw=said.printed.text if said.printed else None,
            writes_line=said.writes_line,
            body_text=said.body_text,
            body_html=said.body_html,
        )
        for index, said in enumerate(told)
    ]


def _ids(post_id: str, told: Sequence[Said]) -> list[str]:
    """The site's number of each, else a digest of author, date and text; ``-2``, ``-3`` for repeats."""
    ids: list[str] = []
    seen: dict[str, int] = {}
    for said in told:
        if said.number is not None:
            name = f"{post_id}#comment-{said.number}"
        else:
            day = said.printed.day.isoformat() if said.printed else ""
            text = "\n".join([said.author or "", day, said.body_text])
            name = f"{post_id}#{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"
        seen[name] = seen.get(name, 0) + 1
        ids.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return ids


def _parents(post_id: str, read: Sequence[tuple[Unit, Said]], ids: Sequence[str]) -> list[str | None]:
    """What each answers: named by number (on whatever page), by a printed mark, or by nesting."""
    nested = parents_by_nesting([unit for unit, _ in read])
    told = [said for _, said in read]
    answers = _Answers(told)
    parents: list[str | None] = []
    for index, said in enumerate(told):
        if said.parent_number is not None:
            parents.append(f"{post_id}#comment-{said.parent_number}")
            continue
        place = nested[index] if said.answers is None else answers.place(said.answers, index)
        parents.append(None if place is None else ids[place])
    return parents


class _Answers:
    """Finds the comment that a printed "in reply to" names, among those on the page."""

    def __init__(self, told: Sequence[Said]) -> None:
        self._ordinals: dict[int, int] = {}
        self._names: dict[str, list[int]] = {}
        for place, said in enumerate(told):
            if said.ordinal is not None:
                self._ordinals.setdefault(said.ordinal, place)
            if said.author:
                self._names.setdefault(said.author.casefold().rstrip("."), []).append(place)
        days = [said.printed.day for said in told if said.printed is not None]
        # Printed days are too coarse to say what came before what, and migrated ones not always
        # in order; they only tell whether the newest comment stands first.
        self._newest_first = days[0] > days[-1] if days and days[0] != days[-1] else None

    def place(self, answers: str, index: int) -> int | None:
        """The place of what the comment at ``index`` answers; None when it is not on the page."""
        whom = fold(answers).strip("#@ ").casefold()
        if _ORDINAL.fullmatch(whom):
            return self._ordinals.get(int(whom))
        for length in range(min(len(whom), _LONGEST_NAME), 0, -1):
            places = self._names.get(whom[:length])
            # No more follows the name than when or where.
            if places is not None and _AFTER_NAME.match(whom, length):
                return self._nearest_before(places, index)
        return None

    def _nearest_before(self, places: Sequence[int], index: int) -> int | None:
        """The nearest of some places that is earlier in time, by the order of the page."""
        above, below = bisect_left(places, index) - 1, bisect_right(places, index)
        candidates = [places[above]] if above >= 0 and self._newest_first is not True else []
        if below < len(places) and self._newest_first is not False:
            candidates.append(places[below])
        return min(candidates, key=lambda place: abs(place - index), default=None)
