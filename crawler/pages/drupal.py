"""The usual marks of Drupal 7: class names of its default templates, and field names that tell their use."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.pages.marks import Marks, bearers, xpath

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SOURCE = "drupal"
"""What `field_sources` says of a field that such a mark gave."""

_NODES = bearers("descendant::*/@id[starts-with(.,'node-')]")
_COMMENTS = xpath(
    "descendant::*[@id='comments']/descendant::*[contains(@class,'comment')][self::div or self::article]"
)
_TITLES = xpath("descendant::h1[contains(@class,'title') or contains(@id,'title')]")
_FIELDS = bearers("descendant::*/@class[contains(.,'field-name-')]")
_ITEMS = xpath("descendant::*[contains(@class,'field-item ') or @class='field-item']")
_DATES = xpath("descendant::*[contains(@class,'date-display-single')] | .//time")
_COMMENT_MARKS = bearers("descendant::*/@class[contains(.,'field-name-') or contains(.,'username')]")

_POST_FIELDS = {
    "byline": re.compile(r"field-name-field-(?:authors?|byline|posted-by)$"),
    "date": re.compile(r"field-name-field-(?:post-|publish(?:ed)?-)?date$"),
    "captions": re.compile(r"field-name-field-(?:.*-)?caption$"),
    "body": re.compile(r"field-name-body$"),
    "tags": re.compile(r"field-name-(?:field-)?(?:topics?|tags|categor(?:y|ies)|taxonomy.*)$"),
    "photos": re.compile(r"field-type-image$"),
}
_COMMENT_FIELDS = {
    "author": re.compile(r"username$"),
    "location": re.compile(r"field-name-field-location$"),
    "body": re.compile(r"field-name-comment-body$"),
}


def post_element(root: HtmlElement) -> HtmlElement | None:
    """The node of a page that shows one whole; else None."""
    nodes = [node for node in _NODES(root) if "node" in node.get("class", "").split()]
    return nodes[0] if len(nodes) == 1 and "node-teaser" not in nodes[0].get("class", "").split() else None


def comment_elements(root: HtmlElement) -> list[HtmlElement]:
    """The comments of the node, in page order."""
    return [element for element in _COMMENTS(root) if "comment" in element.get("class", "").split()]


def mark_post(marks: Marks, root: HtmlElement, post: HtmlElement) -> None:
    """Note what the node's class names tell."""
    marks.add("title", _TITLES(root)[:1], SOURCE)
    for element in _FIELDS(post):
        name = _post_field(element.get("class", ""))
        if (
            name is None
            or name in marks.found
            or any(e.get("id") == "comments" for e in element.iterancestors())
        ):
            continue
        if name == "date":
            marks.add(name, _DATES(element), SOURCE)
        elif name == "photos":
            marks.add(name, list(element.iterdescendants("img")), SOURCE)
        elif name in ("byline", "tags"):
            marks.add(name, [element], SOURCE)
        else:
            marks.add(name, _ITEMS(element), SOURCE)


def mark_comment(marks: Marks, comment: HtmlElement) -> None:
    """Note what the comment's class names tell."""
    for element in _COMMENT_MARKS(comment):
        name = _comment_field(element.get("class", ""))
        if name is not None and name not in marks.found:
            marks.add(name, [element] if name == "author" else _ITEMS(element), SOURCE)


# A site has few class names, and repeats them in every comment of every page.
@lru_cache(maxsize=1024)
def _post_field(names: str) -> str | None:
    return _field(names.split(), _POST_FIELDS)


@lru_cache(maxsize=1024)
def _comment_field(names: str) -> str | None:
    return _field(names.split(), _COMMENT_FIELDS)


def _field(words: list[str], fields: dict[str, re.Pattern[str]]) -> str | None:
    return next(
        (name for name, pattern in fields.items() if any(pattern.match(word) for word in words)), None
    )
