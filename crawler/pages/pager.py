"""The pager of a post's comments, told from every other pager on the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from crawler.pages.address import Pagers, identity
from crawler.pages.document import resolve
from crawler.pages.marks import bearers
from crawler.pages.outline import Outline, fold

if TYPE_CHECKING:
    from lxml.html import HtmlElement
    from scrapy.http import TextResponse

_HREF = re.compile(r"[?&;]page=|/P\d+/?$")
_NUMBERED = bearers("descendant::a/@href[contains(.,'page=') or contains(.,'/P')]")
"""Links with a number; only that back to the first page has none."""

_WORD = re.compile(
    r"^[\W_]*(?:\d+|first|prev(?:ious)?|newe(?:r|st)|olde(?:r|st)|next|last)(?: page| comments)?[\W_]*$"
    r"|^[«‹<]+$",
    re.IGNORECASE,
)


def comment_pager(root: HtmlElement, response: TextResponse, post_id: str) -> tuple[int, int]:
    """The current page of comments, from 0, and how many pages the pager announces (0 without a pager).

    Links of the comments' pager differ from the page's own address in the
    first element of ``page``; those of the list in the sidebar only in the
    second.
    """
    own = _pagers(response.url)
    pages: list[tuple[int, HtmlElement]] = []
    for link in root.iter("a") if own.first else _NUMBERED(root):
        href = link.get("href") or "#"
        if href.startswith("#") or not (_HREF.search(href) or _WORD.match(fold(link.text_content()))):
            continue
        try:
            pagers = _pagers(href)
            leads_on = pagers.first != own.first and pagers.second in (own.second, None)
            url = resolve(response, href) if leads_on else None
            if url is not None and identity(url) == post_id:
                pages.append((pagers.first, link))
        except ValueError:  # no URL at all
            continue
    if not pages:
        return 0, 0
    last = max(page for page, _ in pages)
    numbered = sorted((link for _, link in pages), key=lambda link: not fold(link.text_content()).isdigit())
    marked = _unlinked_number(numbered[0])
    current = own.first if marked is None or marked > last + 1 else marked
    return current, max(current, last) + 1


def _pagers(url: str) -> Pagers:
    value = parse_qs(urlsplit(url).query, keep_blank_values=True).get("page", [""])[0]
    return Pagers.from_value(value) or Pagers()


def _unlinked_number(link: HtmlElement) -> int | None:
    """The page that a pager marks as current, from 0: the number in it that is no link."""
    around = link.getparent()
    for _ in range(3):
        if around is None:
            return None
        numbers = re.findall(r"(?<![\w.])\d{1,6}(?![\w.])", _loose_text(around))
        if numbers:
            return int(numbers[0]) - 1
        around = around.getparent()
    return None


def _loose_text(element: HtmlElement) -> str:
    """The text in an element that stands in no link."""
    loose = []
    for line in Outline(element).lines:
        linked = set(line.links)
        loose += [text for text, node in line.pieces if linked.isdisjoint((node, *node.iterancestors("a")))]
    return " ".join(loose)
