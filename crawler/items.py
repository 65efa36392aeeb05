"""The rows of the JSON Lines: a post, an author, a comment, field by field.

The text under each field is its description in the published JSON Schema
(``docs/schema/*.json``, made by ``scrapy schema``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

from crawler import __version__

SCHEMA_VERSION = "1"
"""Raised when a field changes its meaning or goes away; a new field does not raise it."""


def extractor_of(layout: str) -> str:
    """The value of ``extractor`` for rows that were read from a page of this layout."""
    return f"blogarchive {__version__} {layout}"


def as_line(values: dict[str, Any]) -> str:
    """One line of JSON, without the line end.

    Lone surrogates, which UTF-8 cannot carry, become U+FFFD; the three
    characters that some readers take for a line end are escaped.
    """
    text = json.dumps(values, ensure_ascii=False)
    for character in "\u2028\u2029\u0085":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _values(row: Row | Skipped) -> dict[str, Any]:
    """The values by field; not ``asdict``, which copies every list and dictionary for nothing."""
    return {spec.name: getattr(row, spec.name) for spec in fields(row)}


@dataclass(kw_only=True)
class Row:
    """What every line carries: its identity, its version and its proof.

    A page states a row; ``run_id``, ``version``, ``content_digest`` and the
    fields of the proof are filled in before the line is written.
    """

    STATED: ClassVar[tuple[str, ...]] = ()
    """The fields that make up the content: another value of one of them is another version."""

    id: str
    """Stable identity, the same in every run and behind every door."""
    schema_version: str = SCHEMA_VERSION
    """Version of this schema."""
    run_id: str | None = None
    """The run that wrote the line, e.g. `20261123T154300Z`."""
    version: int = 1
    """1 for the first content of this id, 2 for the next, and so on; (id, version) is unique."""
    content_digest: str | None = None
    """`sha256:` and the hexadecimal digest of the stated content."""
    state: Literal["present", "gone", "erased"] = "present"
    """Whether the site still states it."""
    extractor: str | None = None
    """Software, version and layout that read the page, e.g. `blogarchive 0.1.0 dipnote/drupal`."""
    warc_file: str | None = None
    """Name of the WARC file with the record that proves the line."""
    warc_offset: int | None = None
    """Where the record's gzip member (or the plain record) begins in the file, in bytes."""
    warc_length: int | None = None
    """How long the member (or the plain record) is, in bytes."""
    warc_record_id: str | None = None
    """The record's WARC-Record-ID with `urn:uuid:` and without angle brackets."""
    payload_digest: str | None = None
    """The record's WARC-Payload-Digest, `sha1:` and base32."""
    captured_at: str | None = None
    """The record's WARC-Date: when the request was sent, UTC, ending in `Z`."""
    captured_url: str | None = None
    """The record's target URI, byte for byte as it was asked for."""
    source: Literal["live", "wayback", "commoncrawl", "warc"] = "live"
    """The door the page came through; a static copy on the web is `live`."""
    original_url: str | None = None
    """Behind a web archive: the URL that the archive says it kept; null when live."""
    memento_at: str | None = None
    """Behind a web archive: when the archive says it kept it, UTC; null when live."""
    parse_warnings: list[str] = field(default_factory=list)
    """What was odd about the page where this was read."""

    def digest(self) -> str:
        """`sha256:` and the hexadecimal digest of the stated content."""
        stated = {name: getattr(self, name) for name in self.STATED}
        text = json.dumps(stated, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()

    def as_line(self) -> str:
        """The row as one line of JSON, without the line end."""
        return as_line(_values(self))


@dataclass(kw_only=True)
class Post(Row):
    """One post of a blog."""

    STATED = (
        "title",
        "byline",
        "authors",
        "date",
        "captions",
        "about_author",
        "body_text",
        "tags",
    )

    url: str
    """Canonical URL of the post."""
    title: str | None = None
    """Title with its blanks folded."""
    byline: str | None = None
    """The line that names the author, as printed, without a date that shares the line."""
    authors: list[str] = field(default_factory=list)
    """Names of the authors in the order of the byline; without a byline, from the about-the-author text."""
    author_ids: list[str] = field(default_factory=list)
    """`id` of each author, in the order of `authors`."""
    date: str | None = None
    """The day as printed, `YYYY-MM-DD`."""
    published_at: str | None = None
    """Moment of publication, UTC; null when the page gives no time zone, or midnight only."""
    published_raw: str | None = None
    """The date as printed."""
    captions: list[str] = field(default_factory=list)
    """Captions of the post's own pictures, in page order."""
    about_author: str | None = None
    """The text after "About the Author(s):"."""
    body_text: str | None = None
    """Text of the body: a blank line between blocks, a line end for `<br>`."""
    body_html: str | None = None
    """The body as served, from the page's own container."""
    language: str | None = None
    """Language the page declares, e.g. `en`."""
    tags: list[str] = field(default_factory=list)
    """Topics, categories and tags, in page order."""
    images: list[dict[str, str | None]] = field(default_factory=list)
    """Pictures of the post: `url`, `alt`, `caption`."""
    links: list[str] = field(default_factory=list)
    """Absolute URLs that the body links to."""
    comments_announced: int | None = None
    """How many comments the page says there are."""
    comments_open: bool | None = None
    """Whether the page invites comments; null where it does not show."""
    comment_pages: int | None = None
    """How many pages of comments the page announces."""
    field_sources: dict[str, str] = field(default_factory=dict)
    """Which rule gave each field."""


@dataclass(kw_only=True)
class Comment(Row):
    """One comment on a post."""

    STATED = (
        "parent_id",
        "kind",
        "author",
        "author_url",
        "location",
        "date",
        "writes_line",
        "body_text",
    )

    post_id: str
    """`id` of the post."""
    post_url: str
    """Canonical URL of the post."""
    number: int
    """Place on its comment page, in page order, from 1."""
    page: int = 0
    """The comment page by the pager's mark, from 0; 0 where there is no pager."""
    parent_id: str | None = None
    """`id` of the comment this one answers; null when it answers none, or the page does not say which."""
    kind: Literal["comment", "pingback", "trackback"] = "comment"
    """What it is."""
    author: str | None = None
    """Name of the commenter."""
    author_url: str | None = None
    """Where the commenter's name links to."""
    location: str | None = None
    """Place of the commenter."""
    date: str | None = None
    """The day as printed, `YYYY-MM-DD`."""
    published_at: str | None = None
    """Moment of publication, UTC; null when the page gives no time zone."""
    published_raw: str | None = None
    """The date as printed."""
    writes_line: str | None = None
    """The line "Ron in New York writes:" at the head of the text, as printed."""
    body_text: str | None = None
    """Text of the comment without the writes line."""
    body_html: str | None = None
    """The comment as served, from its own container."""


@dataclass(kw_only=True)
class Author(Row):
    """One author of posts."""

    STATED = ("name", "kind", "url", "about")

    name: str
    """Name as in `authors` of the posts."""
    kind: Literal["person", "organization"] = "person"
    """A person, or a group such as "DipNote Bloggers"."""
    url: str | None = None
    """Page of the author, where the name links to one."""
    about: str | None = None
    """What a post says about the author."""
    about_post_id: str | None = None
    """`id` of the post that says it."""


@dataclass(kw_only=True)
class Skipped:
    """A line of ``skipped.jsonl``: what was asked for, or read, and gave no row.

    A spider may yield one from a callback; it goes to that file, and to no
    pipeline and no feed.
    """

    url: str | None
    """What was asked for; null where an archive's record does not say."""
    reason: str
    """One of the codes of `docs/reason-codes.md`."""
    detail: str | None = None
    """What was found, in words."""
    warc_file: str | None = None
    """The archive with the record, where there is one."""
    warc_offset: int | None = None
    """Where the record begins in it, in bytes."""
    requisite: str | None = None
    """For what a page needs to be shown: its kind, e.g. `image`; null for a page."""
    post_id: str | None = None
    """For an embed: the post that it belongs to."""
    system: str | None = None
    """For an embed: whose it is, e.g. `disqus`."""
    thread: str | None = None
    """For an embed: what names the thread or recording there; null where the page does not say."""

    def as_line(self) -> str:
        """One line of JSON, without the line end."""
        return as_line(_values(self))


Item = Post | Comment | Author

ITEM_FILES: dict[type[Any], str] = {
    Post: "posts.jsonl",
    Author: "authors.jsonl",
    Comment: "comments.jsonl",
}
"""The file of a run in which each kind of row stands."""
