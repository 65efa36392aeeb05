"""The Crawl-delay of robots.txt, kept as the least time between two requests to a host."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.httpobj import urlparse_cached

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)


class CrawlDelayFloor:
    """Holds every download slot at or above the delay that its host asks for, jitter included.

    AutoThrottle sets the delay of a slot after every answer, and jitter takes
    up to half of it away again; so the floor is put in after both, with as
    much jitter as the room above it allows. Order 900 among the extensions:
    after AutoThrottle.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._jitter = crawler.settings.getfloat("DOWNLOAD_DELAY_JITTER")
        self._agent = crawler.settings["ROBOTSTXT_USER_AGENT"] or crawler.settings["USER_AGENT"]
        self._floors: dict[str, float] = {}
        crawler.signals.connect(self._robots_parsed, signal=signals.robots_parsed)
        # A slot is new, or new again after a pause, when a request reaches it.
        crawler.signals.connect(self._keep, signal=signals.request_reached_downloader)
        crawler.signals.connect(self._keep, signal=signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for this crawl. Raises NotConfigured where ROBOTS_CRAWL_DELAY_OBEY is off."""
        if not crawler.settings.getbool("ROBOTS_CRAWL_DELAY_OBEY"):
            raise NotConfigured
        return cls(crawler)

    def _robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        delay = robotparser.crawl_delay(self._agent)
        host = urlparse_cached(request).hostname or ""
        if delay is None or not math.isfinite(delay) or delay <= self._floors.get(host, 0):
            return
        self._floors[host] = delay
        self._crawler.stats.set_value(f"crawl_delay/{host}", delay)
        logger.info("robots.txt of %s asks for %g seconds between requests", host, delay)

    def _keep(self, request: Request) -> None:
        floor = self._floors.get(urlparse_cached(request).hostname or "")
        slot: Slot | None = self._crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if floor is None or slot is None:
            return
        slot.delay = max(slot.delay, floor)
        slot.jitter = min(self._jitter, 1 - floor / slot.delay)
