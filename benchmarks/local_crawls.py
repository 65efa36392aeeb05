"""Crawls of a local site, by plain Scrapy and by ours, for the measurements of ``commit_protocol.py``.

The site is served from a process of its own and each crawl is a process of
its own, which prints its figures.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler.collection.addon import open_run
from crawler.commands.archiving import archive
from crawler.demo.blog import Blog
from crawler.demo.content import read_content
from crawler.spiders.dipnote import DipNoteSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.collection.commit import Committer
    from crawler.collection.queue import Task
    from crawler.collection.visit import Visit
    from crawler.demo.content import Content, Post
    from crawler.warc.ledger import Capture

ROOT = Path(__file__).resolve().parents[1]

COMMENT_NUMBERS = 1000
"""So far apart are the numbers of the comments of one copy of the demo's posts and the next."""

CHILDREN = 10
"""Each small page leads to so many more."""

VARIANTS = {
    "plain": "Scrapy alone, without capture, rows and pipelines",
    "captured": "the same with CaptureAddon alone",
    "archived": "ours, but the queue is Scrapy's: the spider is not resumable",
    "whole": "ours, with journal and frontier",
}


# --- The site ---


def content_of(posts: int) -> Content:
    """The demo's content, its posts told again under other names until there are so many."""
    demo = read_content()
    copies = range(-(-posts // len(demo.posts)))
    told = [_told_again(post, copy, len(demo.posts)) for copy in copies for post in demo.posts][:posts]
    return replace(demo, posts=sorted(told, key=lambda post: (post.date, post.node), reverse=True))


def _told_again(post: Post, copy: int, posts: int) -> Post:
    shift = copy * COMMENT_NUMBERS
    comments = [
        replace(comment, id=comment.id + shift, reply_to=comment.reply_to and comment.reply_to + shift)
        for comment in post.comments
    ]
    name = f"{post.slug}-{copy}" if copy else post.slug
    return replace(post, node=post.node + copy * posts, slug=name, comments=comments)


def small_page(number: int, pages: int) -> bytes:
    """A page of 2 KB with ten links to others and five to where the reader has been."""
    on = [page for page in range(CHILDREN * number + 1, CHILDREN * (number + 1) + 1) if page < pages]
    back = [number // CHILDREN ** (power + 1) for power in range(5)]
    links = "\n".join(f'<li><a href="/{page}">Page {page} of the site</a></li>' for page in [*on, *back])
    body = f"<body><p>{'so on ' * 150}</p>{links}</body>"
    return f"<html><head><title>{number}</title></head>{body}</html>".encode()


class Answers:
    """What the site answers, each made once: the demo's blog of ``size`` posts, or ``size`` small pages."""

    def __init__(self, site: str, size: int, port: int) -> None:
        self._size = size
        self._blog = Blog(f"http://127.0.0.1:{port}", content_of(size)) if site == "demo" else None
        self._made: dict[tuple[str, bool], bytes] = {}

    def answer(self, target: str, *, compressed: bool) -> bytes:
        """The whole answer, head and body."""
        if (target, compressed) not in self._made:
            self._made[target, compressed] = self._make(target, compressed=compressed)
        return self._made[target, compressed]

    def _make(self, target: str, *, compressed: bool) -> bytes:
        status, headers = 200, {"Content-Type": "text/html; charset=utf-8"}
        if self._blog is None:
            body = small_page(int(target[1:] or 0), self._size)
        else:
            told = self._blog.answer(target)
            status, headers, body = told.status, dict(told.headers), told.body
        if compressed and body and headers.get("Content-Type", "").startswith("text/"):
            headers["Content-Encoding"], body = "gzip", gzip.compress(body, mtime=0)
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {status} X\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body


def serve(site: str, size: int, ready: Connection) -> None:
    """Answer every request at once, over connections that stay open; tells its port through ``ready``."""
    answers: Answers

    class Pages(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.Transport", transport)

        def data_received(self, data: bytes) -> None:
            target = data.split(b" ", 2)[1].decode()
            self.transport.write(answers.answer(target, compressed=b"gzip" in data))

    async def run() -> None:
        nonlocal answers
        server = await asyncio.get_running_loop().create_server(Pages, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        answers = Answers(site, size, port)
        ready.send(port)
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def served(site: str, size: int) -> Iterator[str]:
    """The address of a site that is served until the block ends."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(site, size, there), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}/"
    finally:
        server.terminate()


# --- The spiders ---


class SmallSpider(Spider):
    """Follows every link, states nothing: all that it costs is the crawl itself."""

    name = "small"
    resumable = False

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first page."""
        yield Request(self.site, self.parse)  # type: ignore[attr-defined]  # an argument

    def parse(self, response: Response) -> Iterator[Request]:
        """Ask for whatever the page links to."""
        for href in response.css("a::attr(href)").getall():
            yield response.follow(href, self.parse)


class QueuedSmallSpider(SmallSpider):
    """The same, fed from the journal."""

    custom_settings = {"DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter"}  # noqa: RUF012 - Scrapy's way
    resumable = True


class PlainDipNoteSpider(DipNoteSpider):
    """DipNote's spider, which asks Scrapy's own filter what is known."""

    custom_settings = {  # noqa: RUF012 - Scrapy's way
        "REQUEST_FINGERPRINTER_CLASS": "crawler.spiders.identity.PageFingerprinter"
    }
    resumable = False

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the front page."""
        scheduler: Any = self.crawler.engine.scheduler if self.crawler.engine else None
        # Not its public property, which copies all of them each time it is asked.
        self.known = lambda fingerprint: fingerprint in scheduler.df._fingerprints  # noqa: SLF001
        async for request in super().start():
            yield request


SPIDERS: dict[str, tuple[type[Spider], type[Spider]]] = {
    "small": (SmallSpider, QueuedSmallSpider),
    "demo": (PlainDipNoteSpider, DipNoteSpider),
}
"""For each site the spider of Scrapy's queue, and ours."""


# --- A crawl ---


class Stopwatch:
    """Times the commits of a run and their steps, in seconds of the clock."""

    def __init__(self, commits: Committer) -> None:
        self.steps: defaultdict[str, list[float]] = defaultdict(list)
        """Of each commit: ``lines`` and ``records``, which go on at once, ``journal``, and ``whole``."""
        self.pages = 0
        self._began = 0.0
        self._sync_records = commits.sync_records
        self._write_lines = commits.write_lines
        self._store = commits.store
        commits.sync_records = self.sync_records if commits.sync_records is not None else None
        commits.write_lines = self.write_lines
        commits.store = self.store

    async def sync_records(self) -> Mapping[str, int]:
        """Put the records on the disk."""
        began = time.perf_counter()
        try:
            return await cast("Callable[[], Awaitable[Mapping[str, int]]]", self._sync_records)()
        finally:
            self.steps["records"].append(time.perf_counter() - began)

    def write_lines(self, visits: Sequence[Visit]) -> Mapping[str, int]:
        """Put the lines on the disk: the first step of a commit."""
        self._began = time.perf_counter()
        self.pages += len(visits)
        try:
            return self._write_lines(visits)
        finally:
            self.steps["lines"].append(time.perf_counter() - self._began)

    def store(
        self, visits: Sequence[Visit], lengths: Mapping[str, int], captures: Sequence[Capture]
    ) -> list[Task]:
        """The transaction: the last step."""
        began = time.perf_counter()
        try:
            return self._store(visits, lengths, captures)
        finally:
            ended = time.perf_counter()
            self.steps["journal"].append(ended - began)
            self.steps["whole"].append(ended - self._began)


class TimedCommits:
    """An extension that times the commits of a crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self.watch: Stopwatch | None = None
        self._crawler = crawler
        crawler.signals.connect(self._spider_opened, signal=signals.spider_opened)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> TimedCommits:
        """One for this crawl."""
        return cls(crawler)

    def _spider_opened(self) -> None:
        # The add-on, which was there before, has connected the records by now.
        self.watch = Stopwatch(open_run(self._crawler).commits)


@dataclass(kw_only=True)
class Orders:
    """What a crawl is to do."""

    site: str
    url: str
    variant: str
    folder: str
    settings: dict[str, Any]


@dataclass(kw_only=True)
class Figures:
    """What a crawl cost."""

    pages: int
    seconds: float
    cpu: float
    """Seconds of all processors, the start of the process included."""
    peak_mib: float
    commits: int
    """How many there were; 0 where nothing was timed."""
    committed: int
    """Pages in them."""
    commit_seconds: float
    """All of them together."""

    @property
    def speed(self) -> float:
        """Pages a second."""
        return self.pages / self.seconds


def crawl(orders: Orders) -> Figures:
    """Crawl in this process."""
    told = {
        "LOG_LEVEL": "WARNING",
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
        **orders.settings,
    }
    queued = orders.variant == "whole"
    spider = SPIDERS[orders.site][queued]
    settings = Settings()
    if orders.variant in ("archived", "whole"):
        settings.setmodule("crawler.settings", "project")
        told |= {"ARCHIVE_ENABLED": True, "ARCHIVE_ROOT": orders.folder, "ADDRESS_ALLOW": "127.0.0.0/8"}
        told["EXTENSIONS"] = {TimedCommits: 950}
    else:
        told |= {"COOKIES_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False}
        # The order in which ours asks.
        told["SCHEDULER_MEMORY_QUEUE"] = "scrapy.squeues.FifoMemoryQueue"
    if orders.variant == "captured":
        told |= {"ADDONS": {"crawler.wire.addon.CaptureAddon": 500}, "WARC_FOLDER": orders.folder}
    settings.update(told, "cmdline")
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(spider)
    if orders.variant in ("archived", "whole"):
        archive("crawl", process, crawler, {"site": orders.url})
    else:
        process.crawl(crawler, site=orders.url)
        process.start()
    return figures_of(crawler)


def figures_of(crawler: Crawler) -> Figures:
    """The figures of a crawl that ended in this process."""
    stats = crawler.stats.get_stats()
    timed = crawler.get_extension(TimedCommits)
    watch = timed.watch if timed is not None else None
    commits = watch.steps["whole"] if watch is not None else []
    return Figures(
        pages=stats["response_received_count"],
        seconds=stats["elapsed_time_seconds"],
        cpu=sum(os.times()[:2]),
        peak_mib=peak_mib(),
        commits=len(commits),
        committed=watch.pages if watch is not None else 0,
        commit_seconds=sum(commits),
    )


def peak_mib() -> float:
    """The most memory that this process had, in MiB."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def measure(orders: Orders) -> Figures:
    """The figures of one crawl in a process of its own."""
    return Figures(**in_process("crawl", json.dumps(asdict(orders))))


def in_process(task: str, argument: str) -> dict[str, Any]:
    """What a task of ``commit_protocol.py`` prints, done in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/commit_protocol.py"), "--do", task, argument],
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{task} {argument}: {done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
