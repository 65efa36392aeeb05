"""The truth of a recorded Drupal site, told again: its posts and comments for every markup."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.pages.sites.parts import Shown
from tests.pages.told import Block, Remark, Told
from tests.pages.truths import LATEST

if TYPE_CHECKING:
    from pathlib import Path

_WRITES_LINE = re.compile(r"<p>[^<]{1,90}?\swrites:\s*(?:(?P<paragraph></p>\s*)|<br />\s*)")


def pages_again(truth: Path) -> dict[str, list[list[Shown]]]:
    """The comments of every post, by its path, page by page as the recorded site showed them."""
    data = json.loads(truth.read_text(encoding="utf-8"))
    pages: dict[str, list[list[Shown]]] = {}
    for post in data["posts"]:
        pages[post["url_path"]] = [[] for _ in {0, *(comment["page"] for comment in post["comments"])}]
        for serial, comment in enumerate(sorted(post["comments"], key=lambda c: int(c["position"])), 1):
            entry = Shown(remark=_remark(comment), depth=comment["depth"], serial=serial)
            pages[post["url_path"]][comment["page"]].append(entry)
    return pages


def told_again(truth: Path) -> list[Told]:
    """Every post of a recording's ``truth.json``, its words about the author set apart from its body."""
    data = json.loads(truth.read_text(encoding="utf-8"))
    return [_post(post) for post in data["posts"]]


def _post(post: dict[str, Any]) -> Told:
    html = post["body_html"].rstrip("\n")
    last = post["about_author"] is not None and "about-last" in post["features"]
    return Told(
        name=post["url_path"],
        slug=post["url_path"].rsplit("/", 1)[1],
        title=post["title"],
        at=_as_printed(post["published_at"], post["published"]),
        blocks=(Block(html=_without_about(html) if post["about_author"] else html, text=post["body_text"]),),
        authors=tuple(post["authors"]),
        byline=bool(post["authors"]),
        captions=(post["caption"],) if post["caption"] else (),
        photos=len(post["photos"]),
        about=post["about_author"],
        about_last=last,
        about_label="About the Authors:" if "About the Authors:" in html else "About the Author:",
        topics=tuple(post["tags"]),
        remarks=tuple(_remark(comment) for comment in sorted(post["comments"], key=lambda c: int(c["id"]))),
        open=post["comments_open"],
        latest=LATEST,
    )


def _as_printed(moment: str, day: str) -> datetime:
    # The day that the page prints counts, whenever the entry was made.
    return datetime.fromisoformat(day + moment[10:])


def _without_about(html: str) -> str:
    parts = re.split(r"(<p\b[^>]*>.*?</p>\n?)", html, flags=re.DOTALL)
    return "".join(
        part for part in parts if not re.match(r"<p\b[^>]*>(<[^>]+>)*About the Authors?:", part)
    ).strip()


def _remark(comment: dict[str, Any]) -> Remark:
    html, text = comment["body_html"].rstrip("\n"), comment["body_text"]
    first, _, rest = text.partition("\n")
    writes, ends = None, "p"
    match = _WRITES_LINE.match(html)
    if match and comment["writes_line"] and first.endswith(" writes:"):
        writes, text = first, rest.strip()
        ends = "p" if match["paragraph"] else "br"
        html = ("<p>" if ends == "br" else "") + html[match.end() :]
    return Remark(
        number=comment["id"],
        author=comment["author"],
        place=comment["location"],
        at=datetime.fromisoformat(comment["published"]),
        writes=writes,
        writes_break=ends,
        blocks=(Block(html=html, text=text),),
        parent=comment["parent_id"],
        registered=comment["author_registered"],
    )
