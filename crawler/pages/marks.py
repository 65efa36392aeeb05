"""Marks that carry meaning: RDFa, microdata, ``time[datetime]``, canonical links, anchors of comments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SOURCE = "marks"


@dataclass(slots=True)
class Marks:
    """Elements whose meaning is known, by field, each with the layer that knows."""

    found: dict[str, tuple[list[HtmlElement], str]] = field(default_factory=dict)
    parent: str | None = None
    """For a comment: the number of the one it answers."""

    def add(self, name: str, elements: list[HtmlElement], source: str) -> None:
        """Note the elements of a field, unless a layer before has."""
        if elements and name not in self.found:
            self.found[name] = (elements, source)

    def elements(self, name: str) -> list[HtmlElement]:
        """Every element of a field."""
        return self.found.get(name, ([], ""))[0]

    def element(self, name: str) -> HtmlElement | None:
        """The first element of a field, or None."""
        return next(iter(self.elements(name)), None)

    def source(self, name: str) -> str:
        """The layer that knows the field."""
        return self.found[name][1]


def xpath(expression: str) -> Any:  # noqa: ANN401 - lxml gives elements or strings, as the expression says
    """A compiled XPath expression, smart strings off."""
    return etree.XPath(expression, smart_strings=False)


def word(attribute: str, *words: str) -> str:
    """An XPath test: one of the blank-separated words of an attribute is one of ``words``."""
    return (
        "("
        + " or ".join(f"contains(concat(' ',normalize-space(@{attribute}),' '),' {w} ')" for w in words)
        + ")"
    )


_CANONICAL = xpath("string(//link[@rel='canonical']/@href)")
_POSTS = xpath(f"//*[@about][{word('typeof', 'sioc:Item', 'sioct:BlogPost', 'schema:BlogPosting')}]")
_POST_ITEM = xpath("//*[@itemscope][contains(@itemtype,'schema.org/BlogPosting')]")
_COMMENTS = xpath(
    f"//*[{word('typeof', 'sioct:Comment', 'schema:Comment')} or contains(@itemtype,'schema.org/Comment')"
    " or contains(@itemtype,'schema.org/UserComments')]"
)

_IN_COMMENT = {
    "author": xpath(
        ".//*[contains(@property,'foaf:name')] | .//*[@itemprop='author' or @itemprop='creator']"
    ),
    "date": xpath(
        f".//*[{word('property', 'dc:created', 'dc:date', 'schema:dateCreated')}]"
        " | .//*[@itemprop='dateCreated' or @itemprop='commentTime' or @itemprop='datePublished']"
    ),
    "body": xpath(
        f".//*[{word('property', 'content:encoded')}] | .//*[@itemprop='text' or @itemprop='commentText']"
    ),
    "subject": xpath(f".//*[self::h2 or self::h3 or self::h4][{word('property', 'dc:title')}]"),
}
_IN_POST = {
    "title": xpath(f".//*[self::h1 or self::h2][{word('property', 'dc:title')} or @itemprop='headline']"),
    "stated_title": xpath(f".//span[{word('property', 'dc:title')}][@content]"),
    "date": xpath(f".//*[{word('property', 'dc:date', 'dc:created')}] | .//*[@itemprop='datePublished']"),
    "body": xpath(f".//*[{word('property', 'content:encoded')}] | .//*[@itemprop='articleBody']"),
    "replies": xpath(f".//*[{word('property', 'sioc:num_replies')}][@content]"),
}
_REPLY_OF = xpath(".//*[@rel='sioc:reply_of']/@resource")


def canonical(root: HtmlElement) -> str | None:
    """The canonical link as written, or None."""
    return str(_CANONICAL(root)).strip() or None


def post_element(root: HtmlElement) -> HtmlElement | None:
    """The element marked as the post of the page; None where none, or more than one, is marked."""
    found = _POSTS(root) or _POST_ITEM(root)
    return found[0] if len(found) == 1 else None


def comment_elements(root: HtmlElement) -> list[HtmlElement]:
    """The elements marked as comments, in page order."""
    return list(_COMMENTS(root))


def mark_post(marks: Marks, post: HtmlElement, comments: list[HtmlElement]) -> None:
    """Note what is marked in the post, comments apart."""
    for name, find in _IN_POST.items():
        found = [element for element in find(post) if not _within(element, comments)]
        marks.add(name, found[:1], SOURCE)


def mark_comment(marks: Marks, comment: HtmlElement) -> None:
    """Note what is marked in a comment."""
    for name, find in _IN_COMMENT.items():
        marks.add(name, find(comment)[:1], SOURCE)
    for resource in _REPLY_OF(comment):
        number = resource.rpartition("#comment-")
        if number[1]:
            marks.parent = number[2]


def _within(element: HtmlElement, containers: list[HtmlElement]) -> bool:
    if not containers:
        return False
    inside = set(containers)
    return any(ancestor in inside for ancestor in element.iterancestors())
