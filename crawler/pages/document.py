"""The document in a response, as a tree of elements."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement
from scrapy.http import XmlResponse

if TYPE_CHECKING:
    from scrapy.http import TextResponse

# lxml.html asks a Python function for the class of every element it hands out; here one class is enough.
_PARSER = etree.HTMLParser(encoding="utf-8", recover=True, huge_tree=True)
_PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))


def html_document(response: TextResponse) -> HtmlElement:
    """The root of a page, whatever it is served as: an empty one where there is no text."""
    text = response.text.strip().replace("\x00", "")
    root = etree.fromstring(text.encode("utf-8", "replace") or b"<html/>", _PARSER)
    return root if root is not None else etree.fromstring(b"<html/>", _PARSER)


def resolve(response: TextResponse, href: str) -> str | None:
    """The URL that a link leads to; None for what is none. A ``<base>`` that is no URL counts for nothing."""
    for join in (response.urljoin, partial(urljoin, response.url)):
        with suppress(ValueError):
            url = join(href.strip())
            urlsplit(url)
            return url
    return None


def document(response: TextResponse) -> HtmlElement:
    """The root of a page, or of a feed as XML; elements of XML are not of HTML's class."""
    if isinstance(response, XmlResponse):
        root: HtmlElement = response.selector.root
        return root
    return html_document(response)
