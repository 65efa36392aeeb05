"""Marks that carry meaning: RDFa, microdata, canonical links, ``time[datetime]``, anchors of comments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from lxml.html import HtmlElement

SOURCE = "marks"
"""What `field_sources` says of a field that such a mark gave."""


@dataclass(slots=True)
class Marks:
    """Elements whose meaning is known, by field, each with the layer that knows it."""

    found: dict[str, tuple[list[HtmlElement], str]] = field(default_factory=dict)
    parent: str | None = None
    """For a comment: the number of the one it answers."""

    def add(self, name: str, elements: list[HtmlElement], source: str) -> None:
        """Note the elements of a field, unless a layer before has."""
        if elements and name not in self.found:
            self.found[name] = (elements, source)

    def elements(self, name: str) -> list[HtmlElement]:
        """Every element of a field."""
        return self.found[name][0] if name in self.found else []

    def element(self, name: str) -> HtmlElement | None:
        """The first element of a field, or None."""
        return self.found[name][0][0] if name in self.found else None

    def source(self, name: str, otherwise: str) -> str:
        """The layer that knows the field, or another word."""
        return self.found[name][1] if name in self.found else otherwise


def xpath(expression: str) -> Any:
    """A compiled XPath expression."""
    return etree.XPath(expression, smart_strings=False)


def bearers(expression: str) -> Callable[[HtmlElement], list[HtmlElement]]:
    """A function that gives the elements whose attributes an XPath expression finds, in page order.

    To look at attributes is quicker than to try every element, and the way
    back is not XPath's own: in libxml2 the time of a step to the parent grows
    with the square of what is found, as does that of ``//*``.
    """
    find: Any = etree.XPath(expression)

    def elements(root: HtmlElement) -> list[HtmlElement]:
        return list(dict.fromkeys([value.getparent() for value in find(root)]))

    return elements


# The expressions only fetch candidates, which is what XPath is quick at; words are compared in Python.
_CANONICAL = xpath("string(descendant::link[@rel='canonical']/@href)")
_TYPED = bearers(
    "(descendant-or-self::*/@typeof | descendant-or-self::*/@itemtype)"
    "[contains(.,'Item') or contains(.,'Post') or contains(.,'Comment')]"
)
_PROPERTIES = bearers("descendant::*/@property | descendant::*/@itemprop")
_REPLY_OF = xpath("descendant::*[@rel='sioc:reply_of']/@resource")

_COMMENT_RESOURCE = re.compile(r"(?:#comment-|/comment/)(\d+)")

_POST_TYPES = {"sioc:Item", "sioct:BlogPost", "schema:BlogPosting", "BlogPosting"}
_COMMENT_TYPES = {"sioct:Comment", "schema:Comment", "Comment", "UserComments"}
_POST_PROPERTIES = {
    "dc:title": "title",
    "headline": "title",
    "dc:date": "date",
    "dc:created": "date",
    "datePublished": "date",
    "content:encoded": "body",
    "articleBody": "body",
    "sioc:num_replies": "replies",
}
_COMMENT_PROPERTIES = {
    "foaf:name": "author",
    "author": "author",
    "creator": "author",
    "dc:created": "date",
    "dc:date": "date",
    "dateCreated": "date",
    "commentTime": "date",
    "datePublished": "date",
    "content:encoded": "body",
    "text": "body",
    "commentText": "body",
}


def canonical(root: HtmlElement) -> str | None:
    """The canonical link as written, or None."""
    return str(_CANONICAL(root)).strip() or None


def typed(root: HtmlElement) -> tuple[HtmlElement | None, list[HtmlElement]]:
    """The element marked as the page's post (None unless there is just one), and those marked as comments."""
    posts, comments = [], []
    for element in _TYPED(root):
        types = {
            kind.rpartition("/")[2]
            for name in ("typeof", "itemtype")
            for kind in element.get(name, "").split()
        }
        if types & _COMMENT_TYPES:
            comments.append(element)
        elif types & _POST_TYPES and (element.get("about") or element.get("itemscope") is not None):
            posts.append(element)
    return posts[0] if len(posts) == 1 else None, comments


def mark_post(marks: Marks, post: HtmlElement, comments: Collection[HtmlElement]) -> None:
    """Note what is marked in the post, its comments apart."""
    apart = set(comments)
    candidates = (element for element in _PROPERTIES(post) if apart.isdisjoint(element.iterancestors()))
    _add_first(marks, candidates, _POST_PROPERTIES)


def mark_comment(marks: Marks, comment: HtmlElement) -> None:
    """Note what is marked in a comment, and which it says it answers."""
    _add_first(marks, _PROPERTIES(comment), _COMMENT_PROPERTIES)
    for resource in _REPLY_OF(comment):
        if match := _COMMENT_RESOURCE.search(resource):
            marks.parent = match[1]


def _add_first(marks: Marks, elements: Iterable[HtmlElement], fields: Mapping[str, str]) -> None:
    wanted = set(fields.values()) - set(marks.found)
    for element in elements:
        for word in f"{element.get('property', '')} {element.get('itemprop', '')}".split():
            if (name := fields.get(word)) in wanted and name is not None:
                marks.add(name, [element], SOURCE)
                wanted.discard(name)
        if not wanted:
            return
