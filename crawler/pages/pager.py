"""Links of a page, and the pager of a post's comments among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from crawler.pages.address import Pagers, identity
from crawler.pages.marks import xpath
from crawler.pages.outline import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement
    from scrapy.http import TextResponse

_HREFS = xpath(
    "//a/@href | //area/@href | //link[@rel='alternate' and contains(@type,'xml')]/@href"
    " | //link[@rel='next' or @rel='prev' or @rel='canonical']/@href"
)
_REFRESH = xpath("//meta[translate(@http-equiv,'REFSH','refsh')='refresh']/@content")
_FEED_LINKS = xpath("//*[local-name()='item' or local-name()='entry']/*[local-name()='link']")
_REFRESH_URL = re.compile(r"^\s*[\d.]*\s*[;,]\s*(?:url\s*=\s*)?[\"']?(?P<url>[^\"']+)", re.IGNORECASE)


def hrefs(root: HtmlElement) -> Iterator[str]:
    """Every address a page or feed points to, as written: links, alternates, a meta refresh."""
    yield from map(str, _HREFS(root))
    for content in _REFRESH(root):
        if match := _REFRESH_URL.match(str(content)):
            yield match["url"]
    for link in _FEED_LINKS(root):
        if href := link.get("href") or fold(link.text):
            yield href


def comment_pager(root: HtmlElement, response: TextResponse, post_id: str) -> tuple[int, int]:
    """The current page of comments, from 0, and how many pages the pager announces (0 without a pager).

    Links of the comments' pager differ from the page's own address in the
    first element of ``page``; those of the list in the sidebar only in the
    second.
    """
    own = _pagers(response.url) or Pagers()
    pages: list[tuple[int, HtmlElement]] = []
    for link in root.iterfind(".//a[@href]"):
        href = link.get("href") or ""
        if "page=" not in href and not re.search(r"/P\d+/?$", urlsplit(href).path):
            continue
        try:
            url = response.urljoin(href)
            pagers = _pagers(url) if identity(url) == post_id else None
        except ValueError:
            continue
        if pagers is not None and pagers.first != own.first and pagers.second in (own.second, None):
            pages.append((pagers.first, link))
    if not pages:
        return 0, 0
    current = _unlinked_number(pages[0][1])
    if current is None:
        current = own.first
    return current, max(current, *(page for page, _ in pages)) + 1


def _pagers(url: str) -> Pagers | None:
    value = parse_qs(urlsplit(url).query, keep_blank_values=True).get("page", [""])[0]
    return Pagers.from_value(value)


def _unlinked_number(link: HtmlElement) -> int | None:
    """The page that a pager marks as current, from 0: the number in it that is no link."""
    around = link.getparent()
    for _ in range(3):
        if around is None:
            return None
        loose = _loose_text(around)
        numbers = [int(text) for text in re.findall(r"(?<![\w.])\d+(?![\w.])", loose)]
        if numbers:
            return numbers[0] - 1
        around = around.getparent()
    return None


def _loose_text(element: HtmlElement) -> str:
    """The text in an element that stands in no link."""
    return " ".join(
        text for text in element.itertext() if not any(a.tag == "a" for a in _around(text, element))
    )  # fmt: skip


def _around(text: object, _element: HtmlElement) -> Iterator[HtmlElement]:
    node = text.getparent()  # type: ignore[attr-defined]
    if text.is_tail:  # type: ignore[attr-defined]
        node = node.getparent()
    while node is not None:
        yield node
        node = node.getparent()
