"""What a page says, and where it points."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.http import TextResponse

from crawler.pages import dipnote
from crawler.pages.page import Link, LinkKind, Page, UnknownLayout
from crawler.pages.requisites import Requisite, RequisiteKind, requisites_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.http import Response

__all__ = [
    "READERS",
    "Link",
    "LinkKind",
    "Page",
    "Requisite",
    "RequisiteKind",
    "UnknownLayout",
    "read_page",
    "requisites_of",
]

READERS: dict[str, Callable[[TextResponse], Page]] = {"dipnote": dipnote.read}
"""The readers by name; the first is asked where nothing tells another."""


def read_page(response: Response, pages: str | None = None) -> Page:
    """What a response says, read by the reader called ``pages``, or by the one that fits.

    Pure: one response in, one page out. Raises ``UnknownLayout`` when nothing
    fits, and ``KeyError`` for a reader that is not there.
    """
    reader = READERS[pages] if pages is not None else dipnote.read
    if not isinstance(response, TextResponse):
        raise UnknownLayout(f"{response.url}: {type(response).__name__} found, expected a text of a page")
    try:
        urlsplit(response.url)
    except ValueError as error:
        raise UnknownLayout(f"{response.url}: no URL that can be read ({error})") from error
    return reader(response)
