"""The mechanics of a blog: fetch, ask the page, follow."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import HtmlResponse, XmlResponse

from crawler.items import Comment, Post, Skipped, extractor_of
from crawler.pages import read_page
from crawler.pages.address import key_of
from crawler.pages.page import Link, LinkKind, UnknownLayout
from crawler.spiders.budgets import BUDGETS, check_budgets, whole_number
from crawler.spiders.identity import fingerprint_of
from crawler.spiders.requisites import Requisites
from crawler.spiders.walk import Walk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping, Sequence

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.items import Item

logger = logging.getLogger(__name__)

PRIORITY = {
    # Lists first, so that every post is known early; then what was begun is brought to its end.
    LinkKind.LISTING: 40,
    LinkKind.COMMENTS: 30,
    LinkKind.POST: 20,
    LinkKind.FEED: 10,
    # Last: by then most of the posts that it names are known.
    LinkKind.SIDEBAR: 0,
}

SIDEBAR = "sidebar"
"""Name of the one walk through a list beside a post."""

REACHED = "reached "
"""Begins the name under which a bound that was reached is remembered."""

OVER = "over"
"""Stands for a walk that is at its end."""

_SENDABLE = re.compile(r"https?://[!-~]+")
"""A URL that can go into a request line as it is (RFC 9112, 3)."""


class BadArgument(ValueError):
    """An argument of a spider that it cannot work with."""


class Read(NamedTuple):
    """What a page says and where it points, without the page."""

    layout: str
    items: Sequence[Item]
    links: Sequence[Link]
    not_captured: Sequence[Skipped] = ()

    @property
    def posts(self) -> list[Post]:
        """The posts among the items: one on the page of a post, none elsewhere."""
        return [item for item in self.items if isinstance(item, Post)]


class BlogSpider(Spider):
    """Visits a blog: its lists, its posts, and the pages of their comments, each once.

    What is at a URL is known by its key before it is asked for, so that a
    page is asked for once however many ways there are to write its URL.
    Redirects and retries belong to their request and are not asked about.
    """

    custom_settings = {  # noqa: RUF012 - Scrapy's way
        # The collection's queue keeps each identity once; Scrapy's filter forgets them with the process.
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        # What is at a URL, however it is written.
        "REQUEST_FINGERPRINTER_CLASS": "crawler.spiders.identity.PageFingerprinter",
    }

    expects_posts = True
    """A run without any post is not complete."""

    resumable = True
    """All that this spider has to know of its past stands in its requests and in ``state``."""

    state: MutableMapping[str, Any]
    """What outlives the process, as JSON has it: the walks through pagers."""

    def __init__(self, *, seeds: Sequence[str], hosts: Sequence[str], collection: str | None = None) -> None:
        super().__init__()
        self.seeds = list(seeds)
        """Where the crawl begins: front pages."""
        self.hosts = frozenset(hosts)
        """The only hosts whose pages are asked for, with the port where it is not 80 or 443."""
        self.allowed_domains = sorted({(urlsplit(f"//{host}").hostname or "") for host in hosts})
        self.collection = collection
        self.state = {}
        self.known: Callable[[bytes], bool] = lambda _fingerprint: False
        """Whether there is a request of this fingerprint already; told by who keeps the queue."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """One for this crawl. Raises ValueError for a budget that is no number."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        check_budgets(crawler.settings)
        spider.depth_limit = whole_number(crawler.settings, "DEPTH_LIMIT")
        spider.requisites = Requisites.from_settings(crawler.settings, spider.follows)
        return spider

    depth_limit: int = 0
    """Hops from the front page; 0 for no bound."""

    requisites: Requisites
    """Asks for what pages need to be shown."""

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the front pages."""
        for url in self.seeds:
            seed = self._request(Link(url=url, key=key_of(url), kind=LinkKind.LISTING))
            # Asked for in any case.
            del seed.meta["budget"]
            yield seed

    def follows(self, url: str) -> bool:
        """Whether the URL is on a host that this crawl asks."""
        return authority(url) in self.hosts

    def parse(
        self, response: Response, *, kind: str = LinkKind.LISTING, post: str | None = None
    ) -> Iterator[Any]:
        """Ask the page what it says, where it points and what it needs to be shown.

        ``kind`` is what the request was for, ``post`` the post whose pager it continues.
        """
        yield from self._visit(response, LinkKind(kind), post)
        yield from self.requisites.of_page(response, self.parse_requisite, self.known)

    def parse_requisite(self, response: Response, *, depth: int) -> Iterator[Request]:
        """Ask a requisite what it needs itself; what it says is nobody's concern."""
        yield from self.requisites.of_requisite(response, self.parse_requisite, self.known, depth)

    def _visit(self, response: Response, kind: LinkKind, post: str | None) -> Iterator[Any]:
        self._count(f"pages/{kind}")
        read = self._read(response)
        if isinstance(read, Skipped):
            yield read
            yield from self._walk_on(kind, post)
            return
        yield from read.items
        yield from read.not_captured
        if kind in (LinkKind.POST, LinkKind.COMMENTS) and not read.posts:
            yield Skipped(url=response.url, reason="soft-404", detail=f"{read.layout} states no post")
            yield from self._walk_on(kind, post)
            return
        yield from self._follow(read, response, kind)

    def failed(self, failure: Failure) -> Iterator[Request]:
        """A request that ended badly; a pager's walk goes on with the next page."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        yield from self._walk_on(LinkKind(request.cb_kwargs["kind"]), request.cb_kwargs.get("post"))

    def _read(self, response: Response) -> Read | Skipped:
        if "body-capped" in response.flags:
            return Skipped(url=response.url, reason="too-large", detail="the body is kept, and not read")
        if not isinstance(response, HtmlResponse | XmlResponse):
            found = (response.headers.get("Content-Type") or b"no Content-Type").decode("latin-1")
            return Skipped(url=response.url, reason="not-html", detail=found)
        try:
            # A response keeps the tree that is made of it, and Scrapy keeps the response until its last row
            # is written; a copy takes its tree along. Seen: 114 MB instead of 194 with 16 pages at a time.
            page = read_page(response.replace())
            read = Read(page.layout, page.items(), page.links(), page.not_captured())
        except UnknownLayout as error:
            return Skipped(url=response.url, reason="unknown-layout", detail=str(error))
        except Exception as error:  # a page that a reader stumbles over must not end a walk through a pager
            logger.exception("%s: the page cannot be read", response.url)
            return Skipped(url=response.url, reason="internal-error", detail=repr(error))
        for item in read.items:
            item.extractor = extractor_of(read.layout)
        return read

    def _follow(self, read: Read, response: Response, kind: LinkKind) -> Iterator[Request]:
        links = [link for link in read.links if self._wanted(link)]
        depth = response.meta.get("depth", 0)
        if self.depth_limit and depth >= self.depth_limit and links:
            self._reached("DEPTH_LIMIT", response.url)
            return
        for link in links:
            if link.kind in (LinkKind.POST, LinkKind.LISTING, LinkKind.FEED) and not self._is_known(link):
                yield self._request(link)
        if kind is LinkKind.SIDEBAR:
            yield from self._walk_sidebar(links)
            return
        for post in read.posts:
            yield from self._walk_comments(post.id, read.items, links, kind)
            yield from self._begin_sidebar(post.id, links)

    def _wanted(self, link: Link) -> bool:
        if link.kind is LinkKind.REFUSED:
            self._count(f"refused/{link.rule}")
            return False
        if not self.follows(link.url):
            self._count("refused/offsite")
            return False
        return True

    def _is_known(self, link: Link) -> bool:
        return self.known(fingerprint_of(link.key))

    def _walk_comments(
        self, post: str, items: Sequence[Item], links: list[Link], kind: LinkKind
    ) -> Iterator[Request]:
        """The next page of the post's comments; none when this one brought no new comment."""
        name = f"thread {post}"
        if self.state.get(name) == OVER:
            return
        comments = [item for item in items if isinstance(item, Comment)]
        walk, first = self._walk(name) or Walk(), name not in self.state
        current = comments[0].page if comments else 0
        new = walk.arrive(current, (comment.id for comment in comments))
        walk.learn(link for link in links if link.kind is LinkKind.COMMENTS)
        if new or first:
            yield from self._step(walk, name, post)
        elif kind is LinkKind.COMMENTS:
            self.state[name] = OVER
        # The post itself may be read twice, by another way to it, while the walk waits for its next page.

    def _begin_sidebar(self, post: str, links: list[Link]) -> Iterator[Request]:
        """Walk the list beside this post, if no other post's is being walked."""
        sidebar = [link for link in links if link.kind is LinkKind.SIDEBAR]
        if sidebar and SIDEBAR not in self.state:
            walk = Walk()
            walk.arrive(0, _posts(links))
            walk.learn(sidebar)
            yield from self._step(walk, SIDEBAR, post)

    def _walk_sidebar(self, links: list[Link]) -> Iterator[Request]:
        walk = self._walk(SIDEBAR)
        if walk is None:
            return
        if walk.arrive(0, _posts(links)):
            walk.learn(link for link in links if link.kind is LinkKind.SIDEBAR)
            yield from self._step(walk, SIDEBAR, None)
        else:
            self.state[SIDEBAR] = OVER

    def _walk_on(self, kind: LinkKind, post: str | None) -> Iterator[Request]:
        """The next page of the pager that a request of this kind continues, after one that gave nothing."""
        if kind in (LinkKind.SIDEBAR, LinkKind.COMMENTS):
            name = SIDEBAR if kind is LinkKind.SIDEBAR else f"thread {post}"
            walk = self._walk(name)
            if walk is not None:
                yield from self._step(walk, name, post)

    def _walk(self, name: str) -> Walk | None:
        """A walk that has begun and is not over."""
        state = self.state.get(name, OVER)
        return None if state == OVER else Walk.from_state(state)

    def _step(self, walk: Walk, name: str, post: str | None) -> Iterator[Request]:
        """Ask for the next page of a walk that nobody has asked for, and remember where it stands."""
        while (link := walk.step()) is not None:
            if not self._is_known(link):
                self.state[name] = walk.as_state()
                yield self._request(link, post)
                return
        self.state[name] = OVER

    def _request(self, link: Link, post: str | None = None) -> Request:
        # Scrapy would escape more than browsers do; the archive keeps the page's own link.
        meta: dict[str, Any] = {"verbatim_url": True} if _SENDABLE.fullmatch(link.url) else {}
        if (budget := BUDGETS.get(link.kind)) is not None:
            name, begins = budget
            meta["budget"] = [name, (post or "") if link.kind is LinkKind.COMMENTS else "", begins]
        return Request(
            link.url,
            callback=self.parse,
            errback=self.failed,
            cb_kwargs={"kind": link.kind, "post": post},
            priority=PRIORITY[link.kind],
            meta=meta,
        )

    def _reached(self, budget: str, where: str) -> None:
        self.state[f"{REACHED}{budget}"] = True
        if not self.crawler.stats.get_value(f"budget/{budget}"):
            logger.warning("%s is reached, first at %s: what lies beyond is not archived", budget, where)
        self._count(f"budget/{budget}")

    def _count(self, event: str) -> None:
        self.crawler.stats.inc_value(event)


def authority(url: str) -> str:
    """The host of a URL, lower case, with its port where that is not 80 or 443; empty for a broken URL."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    if ":" in host:
        host = f"[{host}]"
    return host if port in (None, 80, 443) else f"{host}:{port}"


def _posts(links: list[Link]) -> Iterator[str]:
    return (link.key for link in links if link.kind is LinkKind.POST)
