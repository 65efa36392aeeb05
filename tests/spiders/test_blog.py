"""The spider asks for each page once, walks pagers one page at a time, and never enters a trap."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler
from twisted.python.failure import Failure

from crawler import settings as defaults
from crawler.collection import visit as visit_module
from crawler.collection.journal import Journal
from crawler.frontier import as_text, from_text
from crawler.items import Comment, Post, Row, Skipped, extractor_of
from crawler.pages import Link, LinkKind, Page, UnknownLayout
from crawler.spiders import blog, identity
from crawler.spiders.blog import BlogSpider, authority
from crawler.spiders.identity import PageFingerprinter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.collection.queue import Task

HOST = "http://blog.example"
BUDGETS = ("COMMENT_PAGES_PER_POST", "LISTING_PAGES", "SIDEBAR_PAGES", "DEPTH_LIMIT")


class SomeBlog(BlogSpider):
    name = "some"


@dataclass
class FakePage(Page):
    """A page that says what a test puts into it."""

    rows: list[Row] = field(default_factory=list)
    pointers: list[Link] = field(default_factory=list)
    layout: str = "fake/page"
    key: str = ""

    def items(self):
        return self.rows

    def links(self):
        return self.pointers


def link(path: str, kind: LinkKind, page: int = 0, *, host: str = HOST, rule: str | None = None) -> Link:
    return Link(url=host + path, key=path, kind=kind, page=page, rule=rule)


def post(name: str, comments: list[int], links: list[Link] | None = None, page: int = 0) -> FakePage:
    rows: list[Row] = [Post(id=name, url=f"{HOST}/{name}")]
    rows += [
        Comment(id=f"{name}#{number}", post_id=name, post_url="", number=place, page=page)
        for place, number in enumerate(comments, 1)
    ]
    return FakePage(rows, links or [])


def thread(name: str, pages: list[list[int]], first: int = 0) -> dict[str, FakePage]:
    """A post whose comments stand on several pages, each with links to all; ``first`` is the bare one."""

    def path(page: int) -> str:
        return f"/{name}" if page == first else f"/{name}?page={page}"

    links = {
        page: [link(path(other), LinkKind.COMMENTS, other) for other in range(len(pages)) if other != page]
        for page in range(len(pages))
    }
    return {path(page): post(name, pages[page], links[page], page) for page in range(len(pages))}


@dataclass
class Visit:
    """What a spider did with a site."""

    asked: list[str]
    yielded: list[Any]
    stats: dict[str, Any]


def visit(
    monkeypatch: pytest.MonkeyPatch,
    site: Mapping[str, FakePage | int | str | None],
    room: int = 1,
    **budgets: int,
) -> Visit:
    """Let a spider visit a site of fake pages; None has an unknown layout, a number is an error status."""
    settings = {name: getattr(defaults, name) for name in BUDGETS} | budgets
    crawler = get_crawler(SomeBlog, settings)
    crawler.stats = MemoryStatsCollector(crawler)
    spider = SomeBlog.from_crawler(crawler, seeds=[f"{HOST}/"], hosts=["blog.example"])

    def read_page(response: Response) -> FakePage:
        page = site[response.url.removeprefix(HOST)]
        if page == "broken":
            raise RecursionError("too deep")
        if not isinstance(page, FakePage):
            raise UnknownLayout(f"{response.url}: nothing fits")
        return page

    monkeypatch.setattr(blog, "read_page", read_page)
    for module in (blog, identity):
        monkeypatch.setattr(module, "key_of", lambda url: url.removeprefix(HOST))
    done = Visit([], [], {})
    with TemporaryDirectory() as folder, closing(Journal(Path(folder) / "journal.sqlite")) as journal:
        spider.known = journal.queue.knows
        [seed] = asyncio.run(started(spider))
        journal.begin_crawl("some", {})
        journal.seed([wanted(seed)], crawler.settings.getint)
        ended: list[visit_module.Visit] = []
        while tasks := journal.commit("run", ended, {}, budget=crawler.settings.getint, room=room):
            ended = [_visited(task, spider, site, done) for task in tasks]
        over = Counter(f"budget/{link.budget.name}" for link in journal.queue.over_budget if link.budget)
    done.stats = crawler.stats.get_stats() | over
    return done


def _visited(task: Task, spider: BlogSpider, site: Mapping[str, Any], done: Visit) -> visit_module.Visit:
    """One request of the queue, and what its page gives."""
    request = from_text(task.request, spider)
    done.asked.append(request.url.removeprefix(HOST))
    page = visit_module.Visit(url=task.url, task=task.number)
    for output in fetch(spider, site, request):
        if isinstance(output, Request):
            output.meta["depth"] = request.meta.get("depth", 0) + 1
            page.links.append(wanted(output))
        else:
            done.yielded.append(output)
    return page


async def started(spider: BlogSpider) -> list[Request]:
    return [request async for request in spider.start()]


def wanted(request: Request) -> visit_module.Wanted:
    """The request as the frontier puts it into the queue."""
    budget = request.meta.pop("budget", None)
    return visit_module.Wanted(
        key=PageFingerprinter().fingerprint(request),
        url=request.url,
        priority=request.priority,
        request=as_text(request),
        budget=visit_module.Budget(*budget) if budget else None,
    )


def fetch(spider: BlogSpider, site: Mapping[str, FakePage | int | str | None], request: Request) -> list[Any]:
    if isinstance(site.get(request.url.removeprefix(HOST), 404), int):
        failure = Failure(ValueError("404"))  # type: ignore[no-untyped-call]
        failure.request = request  # type: ignore[attr-defined]
        return list(spider.failed(failure))
    response = HtmlResponse(request.url, body=b"<html>", request=request)
    return list(spider.parse(response, **request.cb_kwargs))


def test_every_post_that_a_list_names_is_asked_for_once(monkeypatch):
    names = [link("/a", LinkKind.POST), link("/b", LinkKind.POST)]
    site = {
        "/": FakePage([], [*names, link("/?page=1", LinkKind.LISTING, 1)]),
        "/?page=1": FakePage([], [*names, link("/", LinkKind.LISTING)]),
        "/a": post("a", [], [link("/b", LinkKind.POST)]),
        "/b": post("b", [], [link("/a", LinkKind.POST)]),
    }
    assert visit(monkeypatch, site).asked == ["/", "/?page=1", "/a", "/b"]


def test_lists_come_before_posts_and_a_thread_is_ended_before_the_next_post(monkeypatch):
    site = {
        "/": FakePage(
            [], [link("/a", LinkKind.POST), link("/b", LinkKind.POST), link("/l", LinkKind.LISTING)]
        ),
        "/l": FakePage(),
        **thread("a", [[1], [2]]),
        "/b": post("b", []),
    }
    assert visit(monkeypatch, site).asked == ["/", "/l", "/a", "/a?page=1", "/b"]


@pytest.mark.parametrize("first", [0, 3, 1])
def test_every_page_of_comments_is_asked_for_whichever_comes_first(monkeypatch, first):
    site = {"/": FakePage([], [link("/a", LinkKind.POST)]), **thread("a", [[1, 2], [3], [4], [5]], first)}
    done = visit(monkeypatch, site)
    assert Counter(done.asked) == Counter(site.keys())
    assert sum(isinstance(row, Comment) for row in done.yielded) == 5


def test_a_pager_is_left_when_a_page_brings_no_new_comment(monkeypatch):
    site = {"/": FakePage([], [link("/a", LinkKind.POST)]), **thread("a", [[1], [1], [1], [1]])}
    assert visit(monkeypatch, site).asked == ["/", "/a", "/a?page=1"]


def test_a_post_that_is_read_by_another_way_does_not_end_the_walk(monkeypatch):
    pages = thread("a", [[1], [2], [3]])
    names = [link("/a", LinkKind.POST), link("/alias", LinkKind.POST)]
    site = {"/": FakePage([], names), **pages, "/alias": pages["/a"]}
    done = visit(monkeypatch, site, room=4)
    assert {"/a?page=1", "/a?page=2"} <= set(done.asked)


def test_a_page_of_comments_that_fails_does_not_end_the_walk(monkeypatch):
    pages = {"/": FakePage([], [link("/a", LinkKind.POST)]), **thread("a", [[1], [2], [3]])}
    site = pages | {"/a?page=1": 500}
    assert visit(monkeypatch, site).asked == ["/", "/a", "/a?page=1", "/a?page=2"]


def test_a_page_of_comments_that_cannot_be_read_does_not_end_the_walk(monkeypatch):
    pages = {"/": FakePage([], [link("/a", LinkKind.POST)]), **thread("a", [[1], [2], [3]])}
    site = pages | {"/a?page=1": None}
    done = visit(monkeypatch, site)
    assert done.asked == ["/", "/a", "/a?page=1", "/a?page=2"]
    assert [row.reason for row in done.yielded if isinstance(row, Skipped)] == ["unknown-layout"]


def test_a_page_of_comments_that_a_reader_stumbles_over_does_not_end_the_walk(monkeypatch):
    pages = {"/": FakePage([], [link("/a", LinkKind.POST)]), **thread("a", [[1], [2], [3]])}
    done = visit(monkeypatch, pages | {"/a?page=1": "broken"})
    assert done.asked == ["/", "/a", "/a?page=1", "/a?page=2"]
    assert [row.reason for row in done.yielded if isinstance(row, Skipped)] == ["internal-error"]


def test_the_budget_of_comment_pages_is_kept_and_told(monkeypatch):
    site = {"/": FakePage([], [link("/a", LinkKind.POST)]), **thread("a", [[n] for n in range(9)])}
    done = visit(monkeypatch, site, COMMENT_PAGES_PER_POST=3)
    assert done.asked == ["/", "/a", "/a?page=1", "/a?page=2"]
    assert done.stats["budget/COMMENT_PAGES_PER_POST"] == 1


def test_a_budget_that_is_just_enough_is_not_reached(monkeypatch):
    site = {"/": FakePage([], [link("/a", LinkKind.POST)]), **thread("a", [[0], [1], [2]])}
    assert "budget/COMMENT_PAGES_PER_POST" not in visit(monkeypatch, site, COMMENT_PAGES_PER_POST=3).stats


def endless_lists(length: int) -> dict[str, FakePage]:
    return {
        "/" if n == 0 else f"/l{n}": FakePage([], [link(f"/l{n + 1}", LinkKind.LISTING)])
        for n in range(length)
    }


def test_the_budget_of_lists_is_kept_and_told(monkeypatch):
    done = visit(monkeypatch, endless_lists(9), LISTING_PAGES=2)
    assert done.asked == ["/", "/l1", "/l2"]
    assert done.stats["budget/LISTING_PAGES"] == 1


def test_the_budget_of_depth_is_kept_and_told(monkeypatch):
    done = visit(monkeypatch, endless_lists(9), DEPTH_LIMIT=3)
    assert done.asked == ["/", "/l1", "/l2", "/l3"]
    assert done.stats["budget/DEPTH_LIMIT"] == 1


def beside(name: str, pages: dict[int, list[str]]) -> dict[str, FakePage]:
    """A post with a list beside it, of the pages given."""
    links = {
        page: [
            *(link(f"/{other}", LinkKind.POST) for other in posts),
            *(link(f"/{name}?page=0%2C{n}", LinkKind.SIDEBAR, n) for n in pages if n not in (0, page)),
        ]
        for page, posts in pages.items()
    }
    return {
        (f"/{name}" if page == 0 else f"/{name}?page=0%2C{page}"): post(name, [1], links[page])
        for page in pages
    }


def test_the_list_beside_a_post_is_walked_from_one_post_only(monkeypatch):
    site = {
        "/": FakePage([], [link("/a", LinkKind.POST)]),
        **beside("a", {0: ["b"], 1: ["c"], 2: ["d"]}),
        **beside("b", {0: ["b"], 1: ["c"], 2: ["d"]}),
        "/c": post("c", []),
        "/d": post("d", []),
    }
    assert visit(monkeypatch, site).asked == ["/", "/a", "/b", "/a?page=0%2C1", "/c", "/a?page=0%2C2", "/d"]


def test_the_list_beside_a_post_is_left_when_a_page_of_it_names_no_new_post(monkeypatch):
    site = {
        "/": FakePage([], [link("/a", LinkKind.POST)]),
        **beside("a", {0: ["b"], 1: ["b"], 2: ["b"], 3: ["b"]}),
        "/b": post("b", []),
    }
    assert visit(monkeypatch, site).asked == ["/", "/a", "/b", "/a?page=0%2C1"]


def test_the_budget_of_the_list_beside_a_post_is_kept_and_told(monkeypatch):
    names = {n: [f"p{n}"] for n in range(6)}
    site = {
        "/": FakePage([], [link("/a", LinkKind.POST)]),
        **beside("a", names),
        **{f"/p{n}": post(f"p{n}", []) for n in names},
    }
    done = visit(monkeypatch, site, SIDEBAR_PAGES=3)
    assert [path for path in done.asked if "?" in path] == ["/a?page=0%2C1", "/a?page=0%2C2"]
    assert done.stats["budget/SIDEBAR_PAGES"] == 1


def test_refused_links_are_counted_by_their_rule_and_never_asked_for(monkeypatch):
    trap = link("/a?mini=2026-10", LinkKind.REFUSED, rule="calendar")
    done = visit(monkeypatch, {"/": FakePage([], [trap, trap])})
    assert done.asked == ["/"]
    assert done.stats["refused/calendar"] == 2


@pytest.mark.parametrize(
    "host", ["http://other.example", "http://blog.example:8080", "http://www.blog.example"]
)
def test_another_host_is_never_asked(monkeypatch, host):
    done = visit(monkeypatch, {"/": FakePage([], [link("/a", LinkKind.POST, host=host)])})
    assert done.asked == ["/"]
    assert done.stats["refused/offsite"] == 1


def test_a_list_where_a_post_was_asked_for_is_told_and_not_followed(monkeypatch):
    site = {
        "/": FakePage([], [link("/gone", LinkKind.POST)]),
        "/gone": FakePage([], [link("/gone?page=1", LinkKind.LISTING)]),
    }
    done = visit(monkeypatch, site)
    assert done.asked == ["/", "/gone"]
    assert [(row.url, row.reason) for row in done.yielded] == [(f"{HOST}/gone", "soft-404")]


@pytest.mark.parametrize(
    ("flags", "reason", "detail"),
    [([], "not-html", "application/pdf"), (["body-capped"], "too-large", "the body is kept, and not read")],
)
def test_what_is_no_page_is_told(flags, reason, detail):
    crawler = get_crawler(SomeBlog, {name: getattr(defaults, name) for name in BUDGETS})
    crawler.stats = MemoryStatsCollector(crawler)
    spider = SomeBlog.from_crawler(crawler, seeds=[], hosts=["blog.example"])
    response = Response(f"{HOST}/a.pdf", headers={"Content-Type": "application/pdf"}, flags=flags)
    [skipped] = spider.parse(response, kind=LinkKind.POST)
    assert (skipped.reason, skipped.detail) == (reason, detail)


def test_rows_say_which_software_and_layout_read_them(monkeypatch):
    done = visit(monkeypatch, {"/": FakePage([], [link("/a", LinkKind.POST)]), "/a": post("a", [1])})
    assert {row.extractor for row in done.yielded} == {extractor_of("fake/page")}


@pytest.mark.parametrize(
    ("url", "verbatim"),
    [
        ("http://blog.example/a?page=0%2C1", True),
        ("http://blog.example/a?page=0,1", True),
        ("http://blog.example/a?b[]=|", True),
        ("http://blog.example/a b", False),
        ("http://blog.example/ü", False),
    ],
)
def test_a_url_that_can_be_sent_as_it_is_is_sent_so(url, verbatim):
    spider = SomeBlog(seeds=[], hosts=["blog.example"])
    request = spider._request(Link(url=url, key=url, kind=LinkKind.POST))
    assert (request.url == url) is verbatim


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://A.example/", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("http://a.example.:80/", "a.example"),
        ("http://a.example:8000/", "a.example:8000"),
        ("http://[::1]:8000/", "[::1]:8000"),
        ("http://a.example:99999/", ""),
        ("http://[/", ""),
    ],
)
def test_a_host_is_known_by_name_and_port(url, host):
    assert authority(url) == host
