"""One connection to a server: bytes out, bytes in, one exchange at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError

if TYPE_CHECKING:
    import ssl

    from crawler.warc.exchange import Truncation
    from crawler.wire.answer import Answer


class Connection(asyncio.Protocol):
    """A connection that is open, and may carry one exchange after the other."""

    def __init__(self) -> None:
        self.certificate: str | None = None
        """Verdict on the server's certificate; None in clear."""
        self.exchanges = 0
        """How many requests went out on it."""
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._ended: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._odd = False
        self._paused = False

    @property
    def transport(self) -> asyncio.Transport:
        """The transport, in clear or TLS."""
        if self._transport is None:
            raise RuntimeError("connection: used before it was made")
        return self._transport

    @property
    def reusable(self) -> bool:
        """Whether it is open and nothing odd was seen on it."""
        return not self._odd and not self.transport.is_closing()

    @property
    def peer(self) -> str | None:
        """Address at the other end."""
        name = self.transport.get_extra_info("peername")
        return str(name[0]) if name else None

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS layer; None in clear."""
        return cast("ssl.SSLObject | None", self.transport.get_extra_info("ssl_object"))

    async def exchange(self, request: bytes, answer: Answer, first_byte: float, deadline: float) -> None:
        """Send ``request`` and return when ``answer`` has ended, for whatever reason.

        ``first_byte`` are seconds, ``deadline`` is a time of the event loop;
        reaching one gives the answer up.
        """
        loop = asyncio.get_running_loop()
        self.exchanges += 1
        self._answer, self._ended = answer, loop.create_future()
        self._deadline = deadline
        self._timer = loop.call_at(min(loop.time() + first_byte, deadline), self._time_out, answer)
        try:
            if self.transport.is_closing():
                self._lose(None)
            else:
                self.transport.write(request)
            await self._ended
        finally:
            if self._timer:
                self._timer.cancel()
            self._odd = self._odd or not answer.parser.reusable
            self._answer = self._ended = None

    def give_up(self, why: Truncation, error: Exception) -> None:
        """End the exchange that is going on, from this side."""
        if self._answer is not None and not self._answer.ended:
            self._answer.give_up(why, error)
            self._finish()

    def abort(self) -> None:
        """Close at once, without waiting for what is still to be sent."""
        self._odd = True
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Let the server wait with what it sends."""
        if not self.transport.is_closing() and not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on after ``pause()``."""
        if not self.transport.is_closing() and self._paused:
            self._paused = False
            self.transport.resume_reading()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        answer = self._answer
        if answer is None:
            # Nothing was asked: whatever this is, the next answer must not begin with it.
            self.abort()
            return
        if answer.ended:
            self._odd = True
        elif answer.feed(data) < len(data):
            answer.parser.surplus()
        if answer.ended:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._odd = True
        self._lose(exc)

    def _lose(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.ended:
            self._answer.parser.close(clean=exc is None)
            if not self._answer.whole and not self._answer.parser.head:
                self._answer.give_up("disconnect", DownloadFailedError(_lost(exc)))
        self._finish()

    def _time_out(self, answer: Answer) -> None:
        loop = asyncio.get_running_loop()
        late = loop.time() >= self._deadline
        if not late and (answer.started or self._paused):
            self._timer = loop.call_at(self._deadline, self._time_out, answer)
            return
        what = "whole answer" if late else "first byte"
        answer.give_up("time", DownloadTimeoutError(f"no {what} in time"))
        self._finish()

    def _finish(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)


def _lost(exc: Exception | None) -> str:
    return f"connection lost: {exc}" if exc else "connection closed by the server"
