"""What a page must say of what was told: each field with the values that the contract allows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from scrapy.http import HtmlResponse

from crawler.items import Author, Comment, Post
from crawler.pages import read_page
from tests.pages import truths
from tests.pages.markups import BY_NAME, Markup
from tests.pages.sites.engine import header_line
from tests.pages.sites.parts import photo_url, photos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.items import Item
    from tests.pages.sites.parts import Shown
    from tests.pages.told import Remark, Told

Allowed = tuple[Any, ...]


@dataclass(frozen=True)
class Read:
    """The rows that one page states, by kind."""

    posts: list[Post]
    authors: list[Author]
    comments: list[Comment]


def read(url: str, body: bytes) -> Read:
    """What the reader makes of a page that came as HTML."""
    response = HtmlResponse(url, body=body, headers={"Content-Type": "text/html"})
    return by_kind(read_page(response).items())


def by_kind(items: Sequence[Item]) -> Read:
    """Rows sorted by kind, in their order."""
    return Read(
        [item for item in items if isinstance(item, Post)],
        [item for item in items if isinstance(item, Author)],
        [item for item in items if isinstance(item, Comment)],
    )


@cache
def read_told(markup: str, truth: str, page: int) -> Read:
    """What the reader makes of a truth of the list in a markup; read once."""
    return read(*BY_NAME[markup].page(truths.BY_NAME[truth], page))


def instant(value: str | None) -> datetime | None:
    """A timestamp of a row as a moment."""
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def folded(text: str) -> str:
    """Blanks of all kinds made one."""
    return " ".join(text.replace("\u00a0", " ").split())


def differences(row: object, wanted: dict[str, Allowed]) -> dict[str, tuple[Any, Allowed]]:
    """The fields of a row whose value is not allowed, with the value and what would be."""
    wrong = {}
    for name, allowed in wanted.items():
        value = getattr(row, name)
        value = instant(value) if name == "published_at" else value
        if value not in allowed:
            wrong[name] = (value, allowed)
    return wrong


def body_texts(told: Told) -> Allowed:
    """The text of the body; the contract lets a bar of links stay or go."""
    if not told.bar:
        return (told.text,)
    if told.bar_ends == "body":
        return (
            told.text,
            told.bar_text + told.text,
            f"{told.bar_text} {told.text}",
            f"{told.bar_text}\n\n{told.text}",
        )
    return (told.text, f"{told.bar_text}\n\n{told.text}")


def open_values(told: Told, markup: Markup) -> Allowed:
    """Whether the page invites comments."""
    if markup.form == "never":
        return (True, False, None)
    return (True,) if told.open or markup.form == "always" else (False, None)


def wanted_post(told: Told, markup: Markup) -> dict[str, Allowed]:
    """The fields of the post."""
    at = told.at.astimezone(UTC) if markup.post_moment else None
    pages = len(markup.shown(told))
    count = len(told.remarks)
    return {
        "id": (markup.identity(told),),
        "title": (folded(told.title),),
        "byline": tuple(folded(line) for line in markup.byline(told)) if told.byline else (None,),
        "authors": (list(told.authors),),
        "date": (told.at.date().isoformat(),),
        "published_at": (at,),
        "published_raw": (markup.date(told.at),),
        "captions": ([folded(caption + markup.credit) for caption in told.captions],),
        "about_author": (told.about,),
        "body_text": body_texts(told),
        "tags": (list(told.topics) if markup.topics else [],),
        "language": (markup.language,),
        "comments_announced": (count,) if markup.announced and count else (None, 0) if not count else (None,),
        "comments_open": open_values(told, markup),
        "comment_pages": (pages,) if pages > 1 else (None, 0, 1),
    }


def wanted_images(told: Told, markup: Markup) -> set[str]:
    """Addresses of the post's pictures: its photos, and those in its text."""
    urls = {url for url, _ in photos(told) if url}
    if markup.name.startswith("engine"):
        urls = {photo_url(told, n) for n in range(len(photos(told)))}
    sources = [src for block in told.blocks for src in re.findall(r'<img src="([^"]+)"', block.html)]
    host = (
        "http://2007-2017-blogs.state.gov" if markup.name.startswith("static") else "http://blogs.state.gov"
    )
    host = host.replace("http:", "https:") if markup.name == "drupal-sidebar-page" else host
    return urls | {urljoin(host, src) for src in sources}


def wanted_comment(entry: Shown, number: int, page: int, markup: Markup, told: Told) -> dict[str, Allowed]:
    """The fields of a comment but for its parent."""
    remark = entry.remark
    printed = markup.remark_date(remark.at) if markup.remark_date else (None,)
    post_id = markup.identity(told)
    wanted: dict[str, Allowed] = {
        "post_id": (post_id,),
        "number": (number,),
        "page": (page,),
        "kind": ("comment",),
        "author": (remark.author,),
        "location": (remark.place,),
        "date": (remark.at.date().isoformat() if markup.remark_date else None,),
        "published_at": (remark.at.astimezone(UTC) if markup.remark_moment else None,),
        "published_raw": printed,
        "writes_line": (header_line(remark) if markup.headed else remark.writes,),
        "body_text": (remark.text,),
    }
    if markup.ids:
        wanted["id"] = (f"{post_id}#comment-{remark.number}",)
    return wanted


def wanted_parents(
    entries: list[Shown], comments: list[Comment], told: Told, markup: Markup
) -> list[Allowed]:
    """The ids allowed as parent of each comment on a page, in the ids that the page's own rows have."""
    ids = {entry.remark.number: comment.id for entry, comment in zip(entries, comments, strict=True)}
    known = {remark.number for remark in told.remarks}
    authors = {remark.number: remark.author for remark in told.remarks}

    def allowed(remark: Remark) -> Allowed:
        parent = remark.parent
        if parent is None or markup.parents == "none":
            return (None,)
        if markup.parents == "named":
            named = f"{markup.identity(told)}#comment-{parent}"
            return (named,) if parent in known else (None, named)
        if markup.parents == "name":
            return _by_name(authors.get(parent), remark)
        return (ids.get(parent),)

    def _by_name(name: str | None, remark: Remark) -> Allowed:
        # A name stands for the comment of that name if there is one before it; of several, none is surer.
        before = [n for n in ids if authors[n] == name and n < remark.number]
        return (ids[before[0]],) if len(before) == 1 else (None, *(ids[n] for n in before))

    return [allowed(entry.remark) for entry in entries]
