"""What the demo blog is made of, read from ``content.toml``: posts, their comments, the names under them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

COMMENTS_PER_PAGE = 10
CLOCK = timezone(timedelta(hours=-5))
"""The blog's clock: five hours behind UTC, all year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment, with the number that the blog gave it."""

    id: int
    author: str
    date: datetime
    """On the blog's clock."""
    text: str
    place: str | None = None
    registered: bool = False
    """Written by a user of the blog; all others are "(not verified)"."""
    reply_to: int | None = None
    writes: str | None = None
    """The line at the head of the text that the software before this one left there."""
    depth: int = 0
    """How many comments stand between it and the post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post with its comments, in the order in which they stand on its pages."""

    node: int
    """Number of the post, by age, from 1."""
    date: date
    slug: str
    title: str
    body: str
    authors: list[str] = field(default_factory=list)
    about: str | None = None
    """Text about the authors, without "About the Author(s):"."""
    about_names: list[str] = field(default_factory=list)
    """Whom the text is about, where no line names the authors."""
    about_last: bool = False
    """Whether the text about the authors stands after the body."""
    topics: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    """What each picture shows."""
    captions: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    comments_open: bool = True

    @property
    def path(self) -> str:
        """The permalink."""
        return f"/stories/{self.date:%Y/%m/%d}/{self.slug}"

    @property
    def comment_pages(self) -> list[list[Comment]]:
        """The comments, page by page; at least one page."""
        starts = range(0, len(self.comments) or 1, COMMENTS_PER_PAGE)
        return [self.comments[start : start + COMMENTS_PER_PAGE] for start in starts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that the demo blog says."""

    title: str
    slogan: str
    about: str
    posts: list[Post]
    """The newest first."""
    redirects: dict[str, str]
    """Old address to new."""


def slug(name: str) -> str:
    """The last part of the address of a name: ``Ines Calder`` has ``ines-calder``."""
    return re.sub(r"\W+", "-", name.lower()).strip("-")


def day(moment: date) -> str:
    """A day as the blog prints it: ``September 3, 2009``."""
    return f"{moment:%B} {moment.day}, {moment.year}"


@cache
def read_content() -> Content:
    """The content that comes along with the package."""
    raw = tomllib.loads(Path(__file__).with_name("content.toml").read_text("utf-8"))
    posts = [_post(node, post) for node, post in enumerate(raw.pop("posts"), start=1)]
    return Content(posts=posts[::-1], **raw)


def _post(node: int, raw: dict[str, Any]) -> Post:
    comments = raw.pop("comments", [])
    return Post(node=node, comments=_threaded(comments, parent=None, depth=0), **raw)


def _threaded(raw: list[dict[str, Any]], parent: int | None, depth: int) -> list[Comment]:
    """The replies to ``parent``, the oldest first, each followed by the replies to it."""
    thread = []
    for reply in raw:
        if reply.get("reply_to") == parent:
            moment = reply["date"].replace(tzinfo=CLOCK)
            thread.append(Comment(**{**reply, "date": moment}, depth=depth))
            thread += _threaded(raw, reply["id"], depth + 1)
    return thread
