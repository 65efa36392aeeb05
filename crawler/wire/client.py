"""An HTTP/1.1 client that keeps what crosses the wire: every attempt ends as one exchange in the sink."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from scrapy.exceptions import DownloadCancelledError

from crawler.warc.exchange import Exchange
from crawler.wire.answer import Answer
from crawler.wire.backlog import Backlog

if TYPE_CHECKING:
    from crawler.wire.answer import Watcher
    from crawler.wire.connection import Connection
    from crawler.wire.dial import Dialer
    from crawler.wire.pool import Pool
    from crawler.wire.request import WireRequest


class ExchangeSink(Protocol):
    """Where exchanges go: the WARC writer."""

    async def write(self, exchange: Exchange) -> object:
        """Return once ``exchange`` is written; close the body of its response."""


@dataclass(slots=True, kw_only=True)
class Fetched:
    """The last attempt at a request; its exchange is written."""

    exchange: Exchange
    answer: Answer
    peer: str | None
    """Address at the other end: the proxy's where there is one."""
    certificate: bytes | None
    """The server's certificate (DER); None in clear."""


class Client:
    """Sends requests through ``pool``; ``connect`` and ``first_byte`` are timeouts in seconds."""

    def __init__(
        self, sink: ExchangeSink, dialer: Dialer, pool: Pool, *, connect: float, first_byte: float
    ) -> None:
        self._sink, self._dialer, self._pool = sink, dialer, pool
        self._connect, self._first_byte = connect, first_byte
        self._backlog = Backlog()
        self._writing: set[asyncio.Task[object]] = set()
        self._open: dict[Connection, asyncio.Future[None]] = {}

    async def fetch(self, request: WireRequest, watcher: Watcher, seconds: float) -> Fetched:
        """Send ``request`` and take the answer, both within ``seconds``.

        How it ended stands in the answer. Raises what ``Dialer.open`` raises
        when there is no connection, and what the sink raises.
        """
        written: list[asyncio.Task[object]] = []
        try:
            async with self._pool.place(request.endpoint):
                deadline = asyncio.get_running_loop().time() + seconds
                connection = self._pool.take(request.endpoint.connection_key)
                if connection is not None:
                    fetched = await self._attempt(connection, request, watcher, deadline, written)
                    if not _stale(request, fetched.answer):
                        return fetched
                connection = await self._dial(request, deadline)
                return await self._attempt(connection, request, watcher, deadline, written)
        finally:
            # The place is free by now; the caller still waits until all is written.
            if written:
                await asyncio.wait(written)
                for task in written:
                    task.result()

    async def close(self) -> None:
        """Close all connections; exchanges in flight are cut and written."""
        self._pool.close()
        ending = list(self._open.values())
        for connection in self._open:
            connection.give_up("unspecified", DownloadCancelledError("the crawl was stopped"))
        if ending:
            await asyncio.wait(ending)
        if self._writing:
            await asyncio.wait(self._writing)

    async def _dial(self, request: WireRequest, deadline: float) -> Connection:
        self._pool.make_room()
        left = deadline - asyncio.get_running_loop().time()
        return await self._dialer.open(request.endpoint, max(0.0, min(self._connect, left)))

    async def _attempt(
        self,
        connection: Connection,
        request: WireRequest,
        watcher: Watcher,
        deadline: float,
        written: list[asyncio.Task[object]],
    ) -> Fetched:
        """One exchange on ``connection``, and the task that writes it."""
        answer = Answer(request.method, watcher)
        exchange = _begun(request, connection)
        tls = connection.tls
        fetched = Fetched(
            exchange=exchange,
            answer=answer,
            peer=connection.peer,
            certificate=tls.getpeercert(binary_form=True) if tls else None,
        )
        first_byte = min(deadline, asyncio.get_running_loop().time() + self._first_byte)
        ended = self._open[connection] = asyncio.get_running_loop().create_future()
        try:
            with self._backlog.reading(connection):
                await connection.exchange(request.sent, answer, first_byte, deadline)
        except asyncio.CancelledError:
            answer.give_up("unspecified", DownloadCancelledError("the download was cancelled"))
            raise
        finally:
            del self._open[connection]
            if connection.reusable:
                self._pool.keep(request.endpoint.connection_key, connection)
            else:
                connection.abort()
            _conclude(exchange, answer)
            written.append(self._write(exchange))
            ended.set_result(None)
        return fetched

    def _write(self, exchange: Exchange) -> asyncio.Task[object]:
        async def write() -> object:
            with self._backlog.waiting(exchange.response.body_length if exchange.response else 0):
                return await self._sink.write(exchange)

        task = asyncio.ensure_future(write())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return task


def _begun(request: WireRequest, connection: Connection) -> Exchange:
    tls = connection.tls
    version = tls.version() if tls else None
    return Exchange(
        target_uri=request.target_uri,
        method=request.method,
        sent_at=datetime.now(UTC),
        request=request.masked,
        ip_address=None if request.endpoint.proxy else connection.peer,
        protocols=("http/1.1", version.lower().replace("tlsv", "tls/")) if version else ("http/1.1",),
        certificate=connection.certificate,
    )


def _conclude(exchange: Exchange, answer: Answer) -> None:
    parser = answer.parser
    exchange.response = answer.message()
    exchange.interim = parser.interim
    exchange.problems = list(parser.problems)
    if parser.head:
        major, minor = parser.head.version
        exchange.protocols = (f"http/{major}.{minor}", *exchange.protocols[1:])
    if not answer.whole:
        exchange.error = answer.explanation


def _stale(request: WireRequest, answer: Answer) -> bool:
    """Whether a kept connection turned out to be closed before the server saw ``request``."""
    return request.idempotent and not answer.started and answer.why == "disconnect"
