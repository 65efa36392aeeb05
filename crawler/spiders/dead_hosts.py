"""Hosts that take no connection: dead picture hosts are the usual case with old blogs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.utils.httpobj import urlparse_cached

from crawler.spiders.identity import REQUISITE

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

ENOUGH = 6
"""Attempts in a row: those for robots.txt and for one requisite, retries included."""

NO_CONNECTION = (CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError)


class DeadHosts:
    """Asks no more requisites of a host after ENOUGH attempts in vain; pages are tried all the same.

    A host that swallows packets costs half a minute an attempt, and a blog
    may have a thousand pictures there. Between RetryMiddleware and the wire,
    so that every attempt is seen.
    """

    def __init__(self) -> None:
        self._attempts: Counter[str] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:  # noqa: ARG003 - Scrapy's way
        """One for this crawl."""
        return cls()

    def process_request(self, request: Request) -> None:
        """Drop a requisite of a dead host. Raises IgnoreRequest."""
        host = urlparse_cached(request).netloc
        # What has been tried once is tried to its end: its reason is then what became of it.
        fresh = REQUISITE in request.meta and "retry_times" not in request.meta
        if fresh and self._attempts[host] >= ENOUGH:
            raise IgnoreRequest(f"{host} took no connection before, in {self._attempts[host]} attempts")

    def process_response(self, request: Request, response: Response) -> Response:
        """Take note of an answer."""
        self._attempts.pop(urlparse_cached(request).netloc, None)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Take note of an attempt that led to none."""
        if isinstance(exception, NO_CONNECTION):
            self._attempts[urlparse_cached(request).netloc] += 1
