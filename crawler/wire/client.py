"""An HTTP/1.1 client that keeps what crosses the wire: every attempt ends as one exchange in the sink."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from scrapy.exceptions import DownloadCancelledError

from crawler.warc.exchange import Exchange
from crawler.warc.stop import Stopped
from crawler.wire.answer import Answer
from crawler.wire.backlog import Backlog
from crawler.wire.cutoff import Cutoff

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawler.wire.answer import Watcher
    from crawler.wire.connection import Connection
    from crawler.wire.dial import Dialer
    from crawler.wire.pool import Pool
    from crawler.wire.request import Endpoint, WireRequest


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
        self._fetches = 0
        self._all_ended = asyncio.Event()
        self._under_way: set[Attempt] = set()
        self._admitting, self._dialing = Cutoff(), Cutoff()

    async def fetch(self, request: WireRequest, watcher: Watcher, seconds: float) -> Attempt:
        """Send ``request`` and take the answer, both within ``seconds``; gives the last attempt, written.

        How it ended stands in its answer. Raises what ``Dialer.open`` raises
        when there is no connection, Stopped when there is none because the
        client is being stopped, and what the sink raises.
        """
        self._fetches += 1
        try:
            return await self._fetch(request, watcher, seconds)
        finally:
            self._fetches -= 1
            if not self._fetches:
                self._all_ended.set()

    async def stop(self, grace: float) -> None:
        """Refuse what has no place yet, and cut what is under way after ``grace`` seconds.

        An exchange that is cut ends with Stopped as its error. Returns when
        all have ended and are written; may be called again, with less grace.
        """
        self._admitting.cut()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._end()
        self._pool.close()
        self._dialing.cut()
        for attempt in self._under_way:
            attempt.connection.give_up("unspecified", Stopped())
        await self._end()

    async def close(self) -> None:
        """Close all connections; exchanges under way are cut and written."""
        await self.stop(0)

    async def _end(self) -> None:
        """Return once no request is on its way."""
        while self._fetches:
            self._all_ended.clear()
            await self._all_ended.wait()

    async def _fetch(self, request: WireRequest, watcher: Watcher, seconds: float) -> Attempt:
        attempt: Attempt | None = None
        try:
            async with self._place(request.endpoint):
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

    @asynccontextmanager
    async def _place(self, endpoint: Endpoint) -> AsyncIterator[None]:
        """A place in the pool; only the wait for it may be cut."""
        async with AsyncExitStack() as held:
            async with self._admitting.guard():
                await held.enter_async_context(self._pool.place(endpoint))
            yield

    async def _dial(self, request: WireRequest, deadline: float) -> Connection:
        self._pool.make_room()
        left = deadline - asyncio.get_running_loop().time()
        async with self._dialing.guard():
            return await self._dialer.open(request.endpoint, max(0.0, min(self._connect, left)))

    def _begin(self, request: WireRequest, connection: Connection, watcher: Watcher) -> Attempt:
        tls = connection.tls
        return Attempt(
            exchange=_begun(request, connection),
            answer=Answer(request.method, watcher),
            connection=connection,
            peer=connection.peer,
            certificate=tls.getpeercert(binary_form=True) if tls else None,
        )

    async def _run(self, attempt: Attempt, request: WireRequest, deadline: float) -> None:
        """Send the request and take the answer; then the connection is kept or closed."""
        connection, answer = attempt.connection, attempt.answer
        self._under_way.add(attempt)
        try:
            with self._backlog.reading(connection):
                await connection.exchange(request.sent, answer, self._first_byte, deadline)
        except asyncio.CancelledError:
            answer.give_up("unspecified", DownloadCancelledError("the download was cancelled"))
            raise
        finally:
            self._under_way.discard(attempt)
            if connection.reusable:
                self._pool.keep(request.endpoint.connection_key, connection)
            else:
                connection.abort()
            _conclude(attempt.exchange, answer)

    async def _write(self, attempt: Attempt) -> None:
        if attempt.answer.unkept is not None:
            await self._sink.lose(attempt.exchange, attempt.answer.unkept)
            return
        response = attempt.exchange.response
        with self._backlog.waiting(response.body_length if response else 0):
            await self._sink.write(attempt.exchange)


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
