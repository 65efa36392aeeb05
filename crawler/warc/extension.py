"""The Scrapy side of the writer: settings in, statistics out, and the end of a crawl that cannot be kept."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler import __version__
from crawler.warc.ledger import payload_identity
from crawler.warc.writer import GIGABYTE, MEBIBYTE, CaptureLost, WarcWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from crawler.warc.exchange import Exchange, Location, Original
    from crawler.warc.files import WarcFile
    from crawler.warc.ledger import Capture

logger = logging.getLogger(__name__)

SPECIFICATION = "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"

SETTINGS_THAT_MATTER = (
    "ROBOTSTXT_OBEY",
    "ROBOTS_CRAWL_DELAY_OBEY",
    "DOWNLOAD_DELAY",
    "AUTOTHROTTLE_ENABLED",
    "CONCURRENT_REQUESTS",
    "CONCURRENT_REQUESTS_PER_DOMAIN",
    "COOKIES_ENABLED",
    "DEPTH_LIMIT",
    "DOWNLOAD_MAXSIZE",
    "DOWNLOAD_TIMEOUT",
    "DOWNLOAD_VERIFY_CERTIFICATES",
    "HTTPCACHE_ENABLED",
    "REDIRECT_ENABLED",
    "RETRY_TIMES",
)
"""Settings that decide what an archive holds, written into warcinfo under their own names."""


class WarcCapture:
    """Writes every exchange of a crawl into WARC files; the download handler hands them over.

    Settings: ``WARC_ENABLED`` (True), ``WARC_FOLDER`` ("warc"),
    ``WARC_PREFIX`` (spider's name and time of the start), ``WARC_MAX_BYTES``
    (1 GB, then a new file), ``WARC_QUEUE_BYTES`` (64 MiB in memory before the
    crawl waits), ``MIN_FREE_BYTES`` (0; the crawl stops rather than leave
    fewer free on the disk), ``WARC_OPERATOR`` (a contact, for warcinfo) and
    ``WARC_INFO`` (further fields of warcinfo, e.g. description, isPartOf).
    """

    def __init__(self, crawler: Crawler, writer: WarcWriter) -> None:
        self.writer = writer
        self._crawler = crawler
        self._stop: asyncio.Task[None] | None = None
        self.find_original: Callable[[bytes], Original | None] | None = None
        """Tells by a payload's identity which durable record holds it; set by who keeps an index of them."""
        writer.on_error = self._lost
        crawler.signals.connect(self.engine_stopped, signal=signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the settings once. Raises NotConfigured where WARC_ENABLED is False."""
        settings = crawler.settings
        if not settings.getbool("WARC_ENABLED", default=True):
            raise NotConfigured("WARC_ENABLED is False")
        name = crawler.spider.name if crawler.spider else crawler.spidercls.name
        writer = WarcWriter(
            Path(settings.get("WARC_FOLDER") or "warc"),
            settings.get("WARC_PREFIX") or default_prefix(name),
            warcinfo=warcinfo(settings),
            max_bytes=settings.getint("WARC_MAX_BYTES", GIGABYTE),
            queue_bytes=settings.getint("WARC_QUEUE_BYTES", 64 * MEBIBYTE),
            min_free=settings.getint("MIN_FREE_BYTES"),
        )
        return cls(crawler, writer)

    @property
    def error(self) -> CaptureLost | None:
        """Why the archive has a hole; None while all is well."""
        return self.writer.error

    async def write(self, exchange: Exchange) -> Location:
        """Write the exchange; returns when its records are in the file. Raises CaptureLost."""
        answered = exchange.response is not None
        truncated = exchange.response.truncated if exchange.response else None
        exchange.original = self._original_of(exchange)
        location = await self.writer.write(exchange)
        self._count("response_written" if answered else "request_only")
        if exchange.original is not None:
            self._count("revisits")
        if truncated is not None:
            self._count(f"truncated/{truncated}")
        self._set("bytes", self.writer.bytes_written)
        return location

    async def lose(self, exchange: Exchange, cause: OSError) -> None:
        """End the crawl: ``exchange`` could not be kept until it was to be written. Raises CaptureLost."""
        await self.writer.lose(exchange, cause)

    async def sync(self) -> dict[str, int]:
        """Put on the disk what was handed over before; the bytes of each file that has grown, by final name.

        Raises CaptureLost where that cannot be said.
        """
        return await self.writer.sync()

    def take_durable(self) -> list[Capture]:
        """The answers that are on the disk since they were last taken."""
        return self.writer.ledger.take()

    def _original_of(self, exchange: Exchange) -> Original | None:
        """The record that holds the same payload already; None where the answer has to be written whole."""
        if self.find_original is None or exchange.response is None or exchange.method == "HEAD":
            return None
        identity = payload_identity(exchange.response)
        return self.find_original(identity) if identity is not None else None

    def location(self, record_id: str) -> Location | None:
        """Where a record stands; None when it is not one of the last that were written."""
        return self.writer.location(record_id)

    async def close(self) -> list[WarcFile]:
        """Write what waits and close the file; gives all files, again and again the same."""
        files = await self.writer.close()
        self._set("bytes", sum(file.size for file in files))
        self._set("files", len(files))
        return files

    async def engine_stopped(self) -> None:
        """Close the file after the last exchange, downloads of pipelines included."""
        for file in await self.close():
            logger.info("Closed %s: %d records, %d bytes", file.name, file.records, file.size)

    def _lost(self, error: CaptureLost) -> None:
        """Say it once, and end the crawl: what it fetches from here on could not be proven."""
        logger.error("%s; the crawl stops", error)
        self._set("write_error", str(error))
        engine = self._crawler.engine
        if engine is not None and engine.spider is not None:
            self._stop = asyncio.get_running_loop().create_task(engine.close_spider_async(reason="storage"))

    def _count(self, event: str) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"warc/{event}")

    def _set(self, event: str, value: object) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.set_value(f"warc/{event}", value)


def default_prefix(spider_name: str) -> str:
    """Name of the spider and the present time, e.g. ``dipnote-20261123T154300Z``."""
    name = re.sub(r"[^\w.-]+", "_", spider_name, flags=re.ASCII)
    return f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def warcinfo(settings: BaseSettings) -> dict[str, str]:
    """What a file says of how it was made.

    Names no host and no address of the machine it was made on.
    """
    fields = {
        "software": f"blogarchive/{__version__} Scrapy/{version('scrapy')} warcio/{version('warcio')}",
        "format": "WARC File Format 1.1",
        "conformsTo": SPECIFICATION,
        "operator": settings.get("WARC_OPERATOR"),
        "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        "http-header-user-agent": settings.get("USER_AGENT"),
        **settings.getdict("WARC_INFO"),
        **{name: settings.get(name) for name in SETTINGS_THAT_MATTER},
    }
    return {name: str(value) for name, value in fields.items() if value not in (None, "")}
