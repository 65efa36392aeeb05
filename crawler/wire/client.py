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
        """Return once ``exchange`` is written; close the body of its response.

        What was handed over is written even where the caller is cancelled meanwhile.
        """

    async def lose(self, exchange: Exchange, cause: OSError) -> None:
        """Take note that ``exchange`` could not be kept until now; raise what ``write`` raises then."""


@dataclass(slots=True, kw_only=True, eq=False)
class Attempt:
    """A request on one connection, and what came of it."""

    exchange: Exchange
    answer: Answer
    connection: Connection
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
        self._under_way: set[Attempt] = set()
        self._all_ended = asyncio.Event()

    async def fetch(self, request: WireRequest, watcher: Watcher, seconds: float) -> Attempt:
        """Send ``request`` and take the answer, both within ``seconds``; gives the last attempt, written.

        How it ended stands in its answer. Raises what ``Dialer.open`` raises
        when there is no connection, and what the sink raises.
        """
        attempt: Attempt | None = None
        try:
            async with self._pool.place(request.endpoint):
                deadline = asyncio.get_running_loop().time() + seconds
                # On a kept connection the fate of a request may stay unknown: not one that changes something.
                kept = self._pool.take(request.endpoint.connection_key) if request.idempotent else None
                if kept is not None:
                    attempt = self._begin(request, kept, watcher)
                    await self._run(attempt, request, deadline)
                    if _stale(attempt.answer):
                        stale, attempt = attempt, None
                        await self._write(stale)
                if attempt is None:
                    attempt = self._begin(request, await self._dial(request, deadline), watcher)
                    await self._run(attempt, request, deadline)
        finally:
            # The place is free by now; only the caller waits until all is written.
            if attempt is not None:
                await self._write(attempt)
        return attempt

    async def close(self) -> None:
        """Close all connections; exchanges under way are cut and written."""
        self._pool.close()
        for attempt in list(self._under_way):
            attempt.connection.give_up("unspecified", DownloadCancelledError("the crawl was stopped"))
        while self._under_way:
            self._all_ended.clear()
            await self._all_ended.wait()

    async def _dial(self, request: WireRequest, deadline: float) -> Connection:
        self._pool.make_room()
        left = deadline - asyncio.get_running_loop().time()
        return await self._dialer.open(request.endpoint, max(0.0, min(self._connect, left)))

    def _begin(self, request: WireRequest, connection: Connection, watcher: Watcher) -> Attempt:
        tls = connection.tls
        attempt = Attempt(
            exchange=_begun(request, connection),
            answer=Answer(request.method, watcher),
            connection=connection,
            peer=connection.peer,
            certificate=tls.getpeercert(binary_form=True) if tls else None,
        )
        self._under_way.add(attempt)
        return attempt

    async def _run(self, attempt: Attempt, request: WireRequest, deadline: float) -> None:
        """Send the request and take the answer; then the connection is kept or closed."""
        connection, answer = attempt.connection, attempt.answer
        try:
            with self._backlog.reading(connection):
                await connection.exchange(request.sent, answer, self._first_byte, deadline)
        except asyncio.CancelledError:
            answer.give_up("unspecified", DownloadCancelledError("the download was cancelled"))
            raise
        finally:
            if connection.reusable:
                self._pool.keep(request.endpoint.connection_key, connection)
            else:
                connection.abort()
            _conclude(attempt.exchange, answer)

    async def _write(self, attempt: Attempt) -> None:
        response = attempt.exchange.response
        try:
            if attempt.answer.unkept is not None:
                await self._sink.lose(attempt.exchange, attempt.answer.unkept)
                return
            with self._backlog.waiting(response.body_length if response else 0):
                await self._sink.write(attempt.exchange)
        finally:
            self._under_way.discard(attempt)
            if not self._under_way:
                self._all_ended.set()


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


def _stale(answer: Answer) -> bool:
    """Whether a kept connection turned out to be closed before the server saw the request."""
    return not answer.started and answer.why == "disconnect"
