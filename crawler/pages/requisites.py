"""What a page or a stylesheet needs to be shown as it was, read from the response alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapy.http import HtmlResponse

from crawler.pages.address import same_site
from crawler.pages.browser_url import Base
from crawler.pages.document import html_document
from crawler.pages.requisite import Requisite, RequisiteKind
from crawler.pages.requisite_elements import ending_of, needed, needed_of_the_same_site
from crawler.pages.styles import decoded, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement
    from scrapy.http import Response

    from crawler.pages.styles import Reference

__all__ = ["Requisite", "RequisiteKind", "is_stylesheet", "requisites_of"]

MOST = 10_000
"""Requisites of one response that are read: more is no page that anybody looks at."""

_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)


def requisites_of(response: Response) -> list[Requisite]:
    """What a response needs to be shown, each URL once: of a page (HTML) or of a stylesheet (CSS).

    Pure, and never raises: what cannot be read needs nothing, nor does anything
    else (a picture, a script, a feed). Addresses are absolute http(s) URLs
    without fragment, as a browser asks for them. They may lead to any host, but
    frames and linked files only to the page's own site (``same_site``). Give it
    a body without its content coding. MOST are given at most.
    """
    if isinstance(response, HtmlResponse):
        found = _of_page(response)
    elif is_stylesheet(response):
        found = _resolved(references(decoded(response.body, _charset(response))), Base(response.url))
    else:
        return []
    by_url: dict[str, Requisite] = {}
    for requisite in found:
        by_url.setdefault(requisite.url, requisite)
        if len(by_url) >= MOST:
            break
    return list(by_url.values())


def is_stylesheet(response: Response) -> bool:
    """Whether a response is CSS: by its Content-Type, or without one by the end of its path."""
    told = _content_type(response).partition(";")[0].strip().lower()
    return told == "text/css" or (not told and ending_of(response.url) == "css")


def _content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def _charset(response: Response) -> str | None:
    match = _CHARSET.search(_content_type(response))
    return match[1] if match else None


def _of_page(page: HtmlResponse) -> Iterator[Requisite]:
    root = html_document(page)
    base = _base_of(root, page)
    yield from _resolved(needed(root), base)
    for requisite in _resolved(needed_of_the_same_site(root), base):
        if _on_same_site(requisite.url, page.url):
            yield requisite


def _base_of(root: HtmlElement, page: HtmlResponse) -> Base:
    """Where links lead: the first ``<base>`` with an address counts, wherever it stands (HTML, 4.2.3)."""
    own = Base(page.url, page.encoding)
    href = next((element.get("href") for element in root.iter("base") if element.get("href")), None)
    return Base((href and own.resolve(href)) or page.url, page.encoding)


def _resolved(found: Iterable[Reference], base: Base) -> Iterator[Requisite]:
    for kind, href in found:
        if (url := base.resolve(href)) is not None:
            yield Requisite(url, kind)


def _on_same_site(url: str, page: str) -> bool:
    try:
        return same_site(url, page)
    except ValueError:
        return False
