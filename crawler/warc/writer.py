"""The writer: exchanges from the crawl's event loop into WARC files, through one thread."""

from __future__ import annotations

import asyncio
import queue
import re
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

from crawler.warc.files import WarcFile, WarcFiles, exchange_bytes
from crawler.warc.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from crawler.warc.exchange import Exchange, Location

T = TypeVar("T")

GIGABYTE = 10**9
MEBIBYTE = 2**20


class CaptureLost(Exception):
    """An exchange could not be written: the archive would have a hole.

    ``__cause__`` says why (OSError for a full disk). It is no OSError itself,
    because Scrapy's RETRY_EXCEPTIONS would send the request again.
    """


@dataclass(slots=True, kw_only=True)
class _Job(Generic[T]):
    """Work for the thread."""

    work: Callable[[], T]
    failure: str
    """What is to be said where the work fails."""
    size: int = 0
    """Bytes of HTTP that are kept in memory for it."""
    body: IO[bytes] | None = None
    """What it reads; closed when it is done."""
    then: Callable[[T], None] | None = None
    """What is to be noted when it is done, also where nobody waits for it any more."""
    done: asyncio.Future[T] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def release(self) -> None:
        """Close the body."""
        if self.body is not None:
            self.body.close()


class WarcWriter:
    """Writes exchanges, in the order in which they come, and says where each one stands.

    Belongs to the event loop of its first ``write``. One thread compresses
    and writes; at most ``queue_bytes`` are handed to it at a time (one larger
    exchange goes alone), and ``write`` returns when the records are in the
    file, so that a crawl that awaits it slows down by itself.

    After the first error nothing more is written, the file keeps ``.open``,
    and every ``write`` raises CaptureLost; ``on_error`` is called once. An
    exchange that would leave fewer than ``min_free`` bytes free on the disk
    is such an error (0: no such floor).
    """

    def __init__(
        self,
        folder: Path,
        prefix: str,
        *,
        warcinfo: Mapping[str, str],
        max_bytes: int = GIGABYTE,
        queue_bytes: int = 64 * MEBIBYTE,
        min_free: int = 0,
        remembered: int = 10_000,
        on_error: Callable[[CaptureLost], None] | None = None,
    ) -> None:
        if not re.fullmatch(r"[\x20-\x7e]+", prefix) or "/" in prefix or "\\" in prefix:
            raise ValueError(
                f"prefix {prefix!r} cannot begin the name of a file, expected ASCII without slashes"
            )
        self.queued_bytes = 0
        """Bytes of HTTP that the thread has before it."""
        self.bytes_written = 0
        """Bytes in all files so far, compressed."""
        self.error: CaptureLost | None = None
        """Why nothing more is written; None while all is well."""
        self.ledger = Ledger()
        """Answers that were written; those on the disk can be taken."""
        self._files = WarcFiles(folder, prefix, dict(warcinfo), max_bytes, min_free=min_free)
        self._queue_bytes = queue_bytes
        self._remembered = remembered
        self.on_error = on_error
        self._locations: OrderedDict[str, Location] = OrderedDict()
        self._synced: dict[str, int] = {}
        self._waiting: deque[_Job[Any]] = deque()
        self._queue: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed: asyncio.Future[list[WarcFile]] | None = None

    async def write(self, exchange: Exchange) -> Location:
        """Write the exchange; returns when its records are in the file.

        The body of the response is read from its start and closed, also where
        the caller is cancelled: then the exchange is written nevertheless.
        Raises CaptureLost when it could not be written, or not any more.
        """
        location = await self._perform(
            _Job(
                work=lambda: self._files.write(exchange),
                failure=_not_archived(exchange),
                size=exchange_bytes(exchange),
                body=exchange.response.body if exchange.response else None,
                then=lambda location: self.ledger.note(exchange, location),
            )
        )
        self._remember(location)
        return location

    async def lose(self, exchange: Exchange, cause: OSError) -> None:
        """End the capture, as an error of the disk does: ``exchange`` could not be kept until now.

        Raises CaptureLost.
        """

        def fail() -> None:
            raise cause

        await self._perform(_Job(work=fail, failure=_not_archived(exchange)))

    async def sync(self) -> dict[str, int]:
        """Put on the disk what was handed over before, also what waits; gives the files that have grown.

        By final name (without ``.open``): the bytes that no loss of power
        takes away any more, for every file that is longer than the last sync
        said, files closed since among them. Raises CaptureLost where it
        failed, or something was lost before.
        """
        lengths = await self._lengths()
        grown = {name: size for name, size in lengths.items() if size != self._synced.get(name)}
        self._synced |= grown
        return grown

    def location(self, record_id: str) -> Location | None:
        """Where a record stands; None when it is not one of the last that were written."""
        return self._locations.get(record_id)

    async def close(self) -> list[WarcFile]:
        """Write what waits, close the file; gives all files that were closed whole.

        May be called again and gives the same. Does not raise: see ``error``.
        """
        if self._closed is None:
            self._closed = asyncio.get_running_loop().create_future()
            if self._loop is None:
                self._closed.set_result([])
            self._admit()
        return list(await asyncio.shield(self._closed))

    async def _lengths(self) -> dict[str, int]:
        """Bytes of all files, which are on the disk by then."""
        if self._loop is None:
            return {}
        if self._closed is not None:
            files = await self.close()
            if self.error is None:
                return {file.name: file.size for file in files}
        return await self._perform(
            _Job(
                work=self._files.sync,
                failure="the WARC file could not be put on the disk",
                then=lambda _: self.ledger.keep(),
            )
        )

    async def _perform(self, job: _Job[T]) -> T:
        """Let the thread do the job, after all that it was given before. Raises CaptureLost."""
        if self.error is not None or self._closed is not None:
            job.release()
            raise self._lost()
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            threading.Thread(target=self._work, args=(self._loop,), name="warc-writer", daemon=True).start()
        self._waiting.append(job)
        self._admit()
        return await job.done

    def _lost(self) -> CaptureLost:
        if self.error is None:
            return CaptureLost("the WARC writer is closed, the exchange came too late")
        lost = CaptureLost(*self.error.args)
        lost.__cause__ = self.error.__cause__
        return lost

    def _admit(self) -> None:
        """Hand to the thread what there is room for, in order, and the end when all is handed over."""
        while self._waiting and self._has_room(self._waiting[0].size):
            job = self._waiting.popleft()
            self.queued_bytes += job.size
            self._queue.put(job)
        if self._closed is not None and not self._waiting and not self.queued_bytes:
            self._queue.put(None)

    def _has_room(self, size: int) -> bool:
        return not self.queued_bytes or self.queued_bytes + size <= self._queue_bytes

    def _performed(self, job: _Job[T], result: T | None, error: CaptureLost | None, total: int) -> None:
        """Take the thread's answer, in the event loop."""
        self.queued_bytes -= job.size
        self.bytes_written = total
        if error is not None:
            self._stop(error)
        elif result is not None and job.then is not None:
            job.then(result)
        if not job.done.done():
            if result is not None:
                job.done.set_result(result)
            else:
                job.done.set_exception(self._lost())
        self._admit()

    def _remember(self, location: Location) -> None:
        self._locations[location.record_id] = location
        if len(self._locations) > self._remembered:
            self._locations.popitem(last=False)

    def _ended(self, closed: list[WarcFile], error: CaptureLost | None) -> None:
        if error is not None:
            self._stop(error)
        else:
            self.ledger.keep()
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(closed)

    def _stop(self, error: CaptureLost) -> None:
        if self.error is None:
            self.error = error
            if self.on_error is not None:
                self.on_error(error)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        """The thread: one job after the other, until the end or the first error."""
        error: CaptureLost | None = None
        while (job := self._queue.get()) is not None:
            result: object = None
            if error is None:
                result, error = self._attempt(job)
            job.release()
            loop.call_soon_threadsafe(self._performed, job, result, error, self._files.size)
        if error is None:
            error = self._finish()
        loop.call_soon_threadsafe(self._ended, self._files.closed, error)

    def _attempt(self, job: _Job[T]) -> tuple[T | None, CaptureLost | None]:
        try:
            return job.work(), None
        except Exception as error:  # noqa: BLE001  (whatever it is, the record is not in the file)
            self._files.abandon()
            return None, _capture_lost(job.failure, error)

    def _finish(self) -> CaptureLost | None:
        try:
            self._files.close()
        except OSError as error:
            self._files.abandon()
            return _capture_lost("the last WARC file could not be closed", error)
        return None


def _not_archived(exchange: Exchange) -> str:
    return f"{exchange.target_uri}: not archived"


def _capture_lost(what: str, cause: Exception) -> CaptureLost:
    words = str(cause)
    if isinstance(cause, OSError) and cause.strerror and not cause.filename:
        # The number of an error says nothing to an operator; the name of a file does.
        words = cause.strerror
    lost = CaptureLost(f"{what}, {words}")
    lost.__cause__ = cause
    return lost
