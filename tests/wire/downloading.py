"""Downloads through the handler without a crawl around it, and a sink that remembers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from scrapy import Spider
from scrapy.crawler import Crawler

from crawler.warc.writer import CaptureLost
from crawler.wire.handler import CaptureDownloadHandler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from scrapy import Request

    from crawler.warc.exchange import Exchange


class Sink:
    """Keeps exchanges, and the bodies of their responses, in order; takes ``delay`` seconds for each."""

    def __init__(self, delay: float = 0.0) -> None:
        self.exchanges: list[Any] = []
        self.lost: list[OSError] = []
        self.bodies: list[bytes] = []
        self.delay = delay

    async def write(self, exchange: Exchange) -> None:
        await asyncio.sleep(self.delay)
        if exchange.response:
            exchange.response.body.seek(0)
            self.bodies.append(exchange.response.body.read())
            exchange.response.body.close()
        self.exchanges.append(exchange)

    async def lose(self, exchange: Exchange, cause: OSError) -> None:
        self.lost.append(cause)
        raise CaptureLost(f"{exchange.target_uri}: {cause.strerror}")


@asynccontextmanager
async def handling(
    sink: Sink,
    settings: dict[str, Any] | None = None,
    receivers: Iterable[tuple[object, Callable[..., Any]]] = (),
) -> AsyncIterator[CaptureDownloadHandler]:
    """A handler over ``sink``, closed in the end; ``receivers`` are (signal, function)."""
    crawler = Crawler(Spider, {"DOWNLOAD_TIMEOUT": 10, **(settings or {})})
    for signal, receiver in receivers:
        crawler.signals.connect(receiver, signal=signal, weak=False)
    handler = CaptureDownloadHandler(crawler, sink)
    try:
        yield handler
    finally:
        await handler.close()


def download(
    *requests: Request,
    settings: dict[str, Any] | None = None,
    receivers: Iterable[tuple[object, Callable[..., Any]]] = (),
    sink: Sink | None = None,
) -> tuple[list[Any], Sink]:
    """What became of each request, one after the other over one handler: a Response or an exception."""
    into = sink or Sink()

    async def run() -> list[Any]:
        outcomes: list[Any] = []
        async with handling(into, settings, receivers) as handler:
            for request in requests:
                try:
                    outcomes.append(await handler.download_request(request))
                except Exception as error:  # noqa: BLE001
                    outcomes.append(error)
        return outcomes

    return asyncio.run(run()), into
