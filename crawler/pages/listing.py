"""Pages that state nothing themselves and only point elsewhere: lists of posts, feeds, duplicates."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from crawler.pages.address import address_of, identity, key_of, same_site
from crawler.pages.document import document, resolve
from crawler.pages.marks import canonical, xpath
from crawler.pages.outline import fold
from crawler.pages.page import Link, LinkKind, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml.html import HtmlElement
    from scrapy.http import TextResponse

    from crawler.items import Item
    from crawler.pages.outline import Line

_HREFS = xpath(
    "descendant::a/@href | descendant::area/@href"
    " | descendant::link[@rel='alternate' and contains(@type,'xml')]/@href"
    " | descendant::link[@rel='next' or @rel='prev' or @rel='canonical']/@href"
)
_REFRESH = xpath("descendant::meta[translate(@http-equiv,'REFSH','refsh')='refresh']/@content")
_FEED_LINKS = xpath(
    "descendant-or-self::*[local-name()='item' or local-name()='entry']/*[local-name()='link']"
)
_REFRESH_URL = re.compile(r"^\s*[\d.]*\s*[;,]\s*(?:url\s*=\s*)?[\"']?(?P<url>[^\"']+)", re.IGNORECASE)
_WHOLE_DUPLICATES = frozenset({"node", "comment-permalink", "duplicate-query"})
"""Rules that refuse addresses under which Drupal shows a whole post once more."""
_TITLE_ELEMENTS = frozenset({"h1", "h2", "h3", "h4", "td", "dt"})


class Listing(Page):
    """A page that only points elsewhere."""

    layout = "dipnote/listing"

    def __init__(self, response: TextResponse) -> None:
        self.response = response
        self.key = key_of(response.url)

    @cached_property
    def root(self) -> HtmlElement:
        """The document."""
        return document(self.response)

    @cached_property
    def canonical_url(self) -> str | None:
        """The canonical link, resolved, where it stays on the site."""
        href = canonical(self.root)
        url = resolve(self.response, href) if href else None
        return url if url and same_site(url, self.response.url) else None

    @cached_property
    def post_id(self) -> str:
        """Identity of the post that the URL asks for."""
        url = self.canonical_url
        return identity(url if url and is_permalink(url) else self.response.url)

    @cached_property
    def shows_a_post(self) -> bool:
        """Whether a post was asked for: by its permalink, or where the permalink is stated as canonical.

        A print view is another text of the post, and a reply form shows only a part.
        """
        if is_permalink(self.response.url):
            return True
        address = address_of(self.response.url)
        whole = address is not None and address.rule in _WHOLE_DUPLICATES
        return whole and self.canonical_url is not None and is_permalink(self.canonical_url)

    def posts_listed(self, lines: Iterable[Line]) -> set[str]:
        """The other posts whose link is the whole of a heading or of a table cell."""
        found: set[str] = set()
        for line in lines:
            if len(line.links) == 1 and line.is_links and line.block.tag in _TITLE_ELEMENTS:
                url = resolve(self.response, line.links[0].get("href") or "")
                if url is not None and is_permalink(url):
                    found.add(identity(url))
        return found - {self.post_id}

    def items(self) -> Sequence[Item]:
        """Nothing: it states no post of its own."""
        return []

    def links(self) -> Sequence[Link]:
        """Where the page points, within the site."""
        found: dict[str, Link] = {}
        own = self.post_id if self.shows_a_post else None
        for href in self._hrefs():
            link = self._link(href, own)
            if link is not None:
                found.setdefault(link.key, link)
        return list(found.values())

    def _hrefs(self) -> Iterator[str]:
        """Every address the page or feed points to, as written: links, alternates, a meta refresh."""
        yield from map(str, _HREFS(self.root))
        for content in _REFRESH(self.root):
            if match := _REFRESH_URL.match(str(content)):
                yield match["url"]
        for link in _FEED_LINKS(self.root):
            if href := link.get("href") or fold(link.text):
                yield href

    def _link(self, href: str, own: str | None) -> Link | None:
        resolved = resolve(self.response, href)
        if resolved is None or not same_site(resolved, self.response.url):
            return None
        url = urldefrag(resolved).url
        address = address_of(url)
        if address is None:
            return None
        if address.kind in (LinkKind.COMMENTS, LinkKind.SIDEBAR) and address.id != own:
            return None
        return Link(url=url, key=address.key, kind=address.kind, page=address.page, rule=address.rule)


def is_permalink(url: str) -> bool:
    """Whether the path of ``url``, whatever its query, is a post's."""
    address = address_of(urlsplit(url)._replace(query="", fragment="").geturl())
    return address is not None and address.kind in (LinkKind.POST, LinkKind.COMMENTS)
