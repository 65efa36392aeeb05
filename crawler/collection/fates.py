"""What became of every request: an answer, a failure or a refusal, each counted and explained."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.core.downloader import Downloader
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK
from twisted.internet.defer import Deferred, inlineCallbacks

from crawler.collection.addon import open_run
from crawler.collection.reasons import meaning_of, reason_for
from crawler.collection.visit import REQUISITE
from crawler.items import Skipped
from crawler.warc.stop import Stopped

if TYPE_CHECKING:
    from collections.abc import Generator

    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.collection.run import Run
    from crawler.collection.visit import Visit

logger = logging.getLogger(__name__)


class Fates:
    """Writes down what became of a request; without a run it does nothing."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._run: Run | None
        try:
            self._run = open_run(crawler)
        except NotConfigured:
            self._run = None

    def answered(self, request: Request, response: Response) -> None:
        """The request ended with an answer, retries and redirects done."""
        code = f"http-{response.status}"
        failed = response.status != 200 and meaning_of(code).failed
        self._count("failed" if failed else "answered", request)
        if REQUISITE in request.meta and response.status == 200:
            self._count(f"kind/{request.meta[REQUISITE]}", request)
        if response.status != 200 and not _is_robots(request):
            self.skipped(Skipped(url=response.url, reason=code), request)

    def failed(self, request: Request, error: BaseException) -> None:
        """The request ended without an answer."""
        reason = reason_for(error)
        if meaning_of(reason).failed:
            self._count("failed", request)
        if not _is_robots(request):
            detail = str(error) or type(error).__name__
            self.skipped(Skipped(url=request.url, reason=reason, detail=detail), request)

    def skipped(self, skipped: Skipped, request: Request | Visit | None = None) -> None:
        """Write it down, with the visit of the request or that is being read, and count it by its reason."""
        if isinstance(request, Request):
            skipped.requisite = request.meta.get(REQUISITE)
        self._count(f"skipped/{skipped.reason}", request)
        if self._run is not None:
            self._run.visits.tell(skipped, request)

    def dropped(self, request: Request) -> None:
        """The request will not be sent, and no callback will hear of it."""
        visit = self._run.visits.of(request) if self._run is not None else None
        if self._run is not None and visit is not None:
            self._run.visits.end(visit)

    def over_budget(self, budget: str, url: str) -> None:
        """A budget did not allow a request; the crawl ends without it, and a larger one takes it up."""
        if not self._crawler.stats.get_value(f"budget/{budget}"):
            logger.warning("%s is reached, first at %s: what lies beyond is not archived", budget, url)
        self._crawler.stats.inc_value(f"budget/{budget}")

    def came_late(self, url: str) -> None:
        """A page was read after one whose record stands behind its own: versions may count otherwise."""
        self._count("read_out_of_order")
        logger.warning(
            "%s: read out of the order of the archive; an extract may number versions otherwise", url
        )

    def _count(self, event: str, request: Request | Visit | None = None) -> None:
        """Count an event; those of requisites apart, because no archive is incomplete for lack of one."""
        if self._run is not None:
            of_requisite = isinstance(request, Request) and REQUISITE in request.meta
            self._crawler.stats.inc_value(f"archive/{'requisites/' if of_requisite else ''}{event}")


class WatchedDownloader(Downloader):
    """Scrapy's downloader, which tells what became of each request.

    No signal and no middleware sees every end: exceptions that a middleware
    raises on an answer (a redirect too many, a bomb) pass all of them by, and
    a spider without errbacks never hears of any. ``fetch`` sees every one.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._fates = Fates(crawler)

    @inlineCallbacks
    def fetch(  # type: ignore[override]  # Scrapy's spider argument is deprecated
        self, request: Request
    ) -> Generator[Deferred[Any], Any, Response | Request]:
        """Fetch; a Request that comes back is a hop, and its own fetch tells the end."""
        try:
            ended: Response | Request = yield super().fetch(request)
        except Stopped:
            # Nothing became of it; whoever goes on asks again.
            raise
        except Exception as error:
            self._fates.failed(request, error)
            raise
        if isinstance(ended, Response):
            self._fates.answered(request, ended)
        return ended


class WatchedOffsite(OffsiteMiddleware):
    """Scrapy's filter, which tells what it dropped: a redirect to another host has no other trace.

    A spider with a method ``follows(url)`` decides by itself, down to the port.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler.stats)
        self.crawler = crawler
        self._fates = Fates(crawler)
        crawler.signals.connect(self.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(self.request_scheduled, signal=signals.request_scheduled)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for this crawl."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:  # type: ignore[override]  # as above
        """Drop what is offsite. Raises IgnoreRequest."""
        try:
            super().process_request(request)
        except IgnoreRequest as error:
            self._fates.failed(request, error)
            raise

    def request_scheduled(self, request: Request, spider: Spider) -> None:  # noqa: ARG002 - a signal gives it
        """Drop what is offsite before it is in the queue: no downloader and no errback hears of it."""
        try:
            self.process_request(request)
        except IgnoreRequest:
            self._fates.dropped(request)
            raise

    def should_follow(self, request: Request, spider: Spider) -> bool:
        """Whether the request stays on site; robots.txt is asked only for what does."""
        if _is_robots(request):
            return True
        follows = getattr(spider, "follows", None)
        return bool(follows(request.url)) if follows else super().should_follow(request, spider)


def _is_robots(request: Request) -> bool:
    """Whether this is Scrapy's own question for robots.txt; a host without one is no gap."""
    return request.callback is NO_CALLBACK and request.url.endswith("/robots.txt")
