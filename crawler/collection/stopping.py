"""A crawl that is to stop does so within seconds, and not when all it has queued is done."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import is_asyncio_available
from twisted.python.failure import Failure

from crawler.warc.extension import WarcCapture
from crawler.warc.stop import Stopped, stop_downloads

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.core.engine import ExecutionEngine
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

STOP_GRACE = 10.0
INTERVAL = 0.1
"""Seconds between two looks."""


class PromptStop:
    """Ends what Scrapy would do to the end when it is told to stop: what is queued at once, the rest soon.

    Scrapy waits for every request that its downloader has taken, also those
    that wait for a delay to pass, and a host that hangs costs its timeouts.
    Here a signal (SIGINT, SIGTERM) leaves ``grace`` seconds to what is under
    way, and an archive that cannot be written leaves none. A request that is
    ended so raises Stopped.

    Setting: ``STOP_GRACE`` (seconds, 10).
    """

    def __init__(self, crawler: Crawler, grace: float) -> None:
        self._crawler = crawler
        self._grace = grace
        self._watching: asyncio.Task[None] | None = None
        crawler.signals.connect(self.engine_started, signal=signals.engine_started)
        crawler.signals.connect(self.engine_stopped, signal=signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the setting. Raises NotConfigured without asyncio."""
        if not is_asyncio_available():
            raise NotConfigured("a prompt stop needs asyncio: TWISTED_REACTOR is another reactor")
        return cls(crawler, crawler.settings.getfloat("STOP_GRACE", STOP_GRACE))

    def engine_started(self) -> None:
        """Begin to watch the engine."""
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    def engine_stopped(self) -> None:
        """Watch no more: everything has ended."""
        if self._watching is not None:
            self._watching.cancel()

    async def stop(self, grace: float = 0.0) -> None:
        """End what is queued at once, and what is under way after ``grace`` seconds.

        For a crawl that is being closed: what is asked for meanwhile ends as
        well. Returns when nothing is left; may be called again, with less.
        """
        downloader = self._engine.downloader
        telling = asyncio.get_running_loop().create_task(
            self._crawler.signals.send_catch_log_async(signal=stop_downloads, grace=grace)
        )
        while downloader.active:
            for slot in downloader.slots.values():
                while slot.queue:
                    _, waiting = slot.queue.popleft()
                    waiting.errback(Failure(Stopped()))  # type: ignore[no-untyped-call]
            # What waited for robots.txt comes into the queue only now.
            await asyncio.sleep(INTERVAL)
        await telling

    async def _watch(self) -> None:
        crawler, engine = self._crawler, self._engine
        # The signal that the engine has started is sent before it runs; it may be stopped before we look.
        await _until(lambda: engine.running or not crawler.crawling)
        await _until(lambda: not engine.running or self._is_lost())
        grace = 0.0 if self._is_lost() else self._grace
        if active := len(engine.downloader.active):
            logger.info("Stopping: %d requests are given up, or have %g seconds left", active, grace)
        await self.stop(grace)

    def _is_lost(self) -> bool:
        """Whether the capture has failed, so that nothing that comes in can be kept."""
        capture = self._crawler.get_extension(WarcCapture)
        return capture is not None and capture.error is not None

    @property
    def _engine(self) -> ExecutionEngine:
        if self._crawler.engine is None:
            raise RuntimeError("PromptStop: used before there is an engine")
        return self._crawler.engine


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - Scrapy tells by no signal that it begins to stop
        await asyncio.sleep(INTERVAL)
