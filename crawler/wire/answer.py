"""One answer while it arrives: parser, spool and whoever watches."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Protocol

from scrapy.exceptions import DownloadCancelledError, DownloadFailedError

from crawler.wire.framing import ResponseParser
from crawler.wire.head import Framing
from crawler.wire.spool import Spool

if TYPE_CHECKING:
    from crawler.warc.exchange import Message, Truncation
    from crawler.wire.head import ResponseHead


class Watcher(Protocol):
    """Sees an answer arrive, and stops it by giving an error."""

    def head_received(self, head: ResponseHead, length: int | None) -> Exception | None:
        """The final head, and the length of the body where a Content-Length frames it."""

    def payload_received(self, data: bytes) -> Exception | None:
        """A piece of the entity body."""


class Answer:
    """Keeps every byte of the answer to a ``method``, from when that is sent, and knows why it ended.

    ``overhead`` bounds what transfer coding may add to twice the payload, in bytes.
    """

    def __init__(self, method: str, watcher: Watcher, overhead: int = 64 * 1024) -> None:
        # A cycle would keep every body in memory until the garbage collector comes by.
        self.parser = ResponseParser(method, weakref.proxy(self))
        self.error: Exception | None = None
        """Why it was given up from this side."""
        self.started = False
        """Whether any byte arrived."""
        self.latency: float | None = None
        """Seconds from the request to the end of the final head."""
        self.why: Truncation = "disconnect"
        """What a message that is not whole is marked with."""
        self.unkept: OSError | None = None
        """Why what arrived could not be kept; None as long as it is."""
        self._began = time.monotonic()
        self._watcher = watcher
        self._overhead = overhead
        self._spool = Spool()

    @property
    def ended(self) -> bool:
        """Nothing more is expected."""
        return self.parser.ended or self.error is not None

    @property
    def whole(self) -> bool:
        """The message arrived to its end, and all of it is kept."""
        return self.parser.complete and self.unkept is None

    @property
    def explanation(self) -> str:
        """Why it is not whole, in words."""
        if self.error is not None:
            return str(self.error) or type(self.error).__name__
        return self.parser.problems[-1] if self.parser.problems else "no end was seen"

    def feed(self, data: bytes) -> int:
        """Take ``data``; the number of its bytes that belong to the message."""
        self.started = True
        return self.parser.feed(data)

    def give_up(self, why: Truncation, error: Exception) -> None:
        """End the answer from this side; the first reason stands."""
        if self.error is None:
            self.why, self.error = why, error

    def message(self) -> Message | None:
        """All that arrived of the final message; None when that is nothing, or it could not be kept."""
        parser = self.parser
        if self.unkept is None and (parser.head_bytes or self._spool.length):
            if parser.head is None:
                self._spool.head(parser.head_bytes)
            try:
                return self._spool.message(parser.head_bytes, None if self.whole else parser.cut or self.why)
            except OSError as error:
                self._spoil(error)
        self.discard()
        return None

    def discard(self) -> None:
        """Nobody is going to ask for the message."""
        self._spool.discard()

    # The parser's sink.

    def head_received(self, head: ResponseHead) -> None:  # noqa: D102
        self.latency = time.monotonic() - self._began
        self._spool.head(self.parser.head_bytes)
        length = self.parser.length if self.parser.framing is Framing.LENGTH else None
        if error := self._watcher.head_received(head, length):
            self.give_up("length", error)

    def body_received(self, data: bytes) -> None:  # noqa: D102
        if self.unkept is not None:
            return
        try:
            self._spool.body(data)
        except OSError as error:
            self._spoil(error)
        if self._spool.length > 2 * self._spool.payload_length + self._overhead:
            self.give_up("length", DownloadCancelledError("the transfer coding is larger than the payload"))

    def payload_received(self, data: bytes) -> None:  # noqa: D102
        self._spool.payload(data)
        if self.error is None and (error := self._watcher.payload_received(data)):
            self.give_up("length", error)

    def _spoil(self, error: OSError) -> None:
        self.unkept = error
        self.give_up("unspecified", DownloadFailedError(error.strerror))
