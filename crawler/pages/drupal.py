"""The usual marks of Drupal 7: the class names of its default templates and field names that say their use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.pages.marks import Marks, word, xpath

if TYPE_CHECKING:
    from lxml.html import HtmlElement

SOURCE = "drupal"

_NODE = xpath(f"//*[{word('class', 'node')}][not({word('class', 'node-teaser')})][starts-with(@id,'node-')]")
_COMMENTS = xpath(f"//*[@id='comments']//*[self::div or self::article][{word('class', 'comment')}]")


def _field(*names: str) -> str:
    return word("class", *(f"field-name-{name}" for name in names))


_NOT_COMMENT = "[not(ancestor::*[@id='comments'])]"
_IN_POST = {
    "byline": xpath(
        f".//*[{_field('field-author', 'field-authors', 'field-byline', 'field-posted-by')}]{_NOT_COMMENT}"
    ),
    "date": xpath(
        f".//*[{_field('field-post-date', 'field-date', 'field-publish-date')}]{_NOT_COMMENT}"
        f"//*[{word('class', 'date-display-single')} or self::time]"
    ),
    "captions": xpath(
        f".//*[contains(@class,'field-name-') and contains(@class,'caption')]{_NOT_COMMENT}"
        f"//*[{word('class', 'field-item')}]"
    ),
    "body": xpath(f".//*[{_field('body')}]{_NOT_COMMENT}//*[{word('class', 'field-item')}]"),
    "tags": xpath(
        f".//*[{_field('field-topics', 'field-topic', 'field-tags', 'field-categories', 'field-category')}]"
        f"{_NOT_COMMENT}"
    ),
    "photos": xpath(f".//*[contains(@class,'field-type-image')]{_NOT_COMMENT}//img"),
}
_TITLE = xpath(f"//h1[@id='page-title'] | //h1[{word('class', 'title', 'page-title', 'page__title')}]")
_IN_COMMENT = {
    "author": xpath(f".//*[{word('class', 'username')}]"),
    "location": xpath(f".//*[{_field('field-location')}]//*[{word('class', 'field-item')}]"),
    "body": xpath(f".//*[{_field('comment-body')}][not(ancestor::form)]//*[{word('class', 'field-item')}]"),
    "subject": xpath(f".//h3[a[{word('class', 'permalink')}]]"),
}


def post_element(root: HtmlElement) -> HtmlElement | None:
    """The node of a page that shows one whole; else None."""
    found = _NODE(root)
    return found[0] if len(found) == 1 else None


def comment_elements(root: HtmlElement) -> list[HtmlElement]:
    """The comments of the node, in page order."""
    return list(_COMMENTS(root))


def mark_post(marks: Marks, root: HtmlElement, post: HtmlElement) -> None:
    """Note what the node's class names tell."""
    marks.add("title", _TITLE(root)[:1], SOURCE)
    for name, find in _IN_POST.items():
        marks.add(name, find(post), SOURCE)


def mark_comment(marks: Marks, comment: HtmlElement) -> None:
    """Note what the comment's class names tell."""
    for name, find in _IN_COMMENT.items():
        marks.add(name, find(comment)[:1], SOURCE)
