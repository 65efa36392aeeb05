"""Crawls as processes of their own, begun so quickly that hundreds of them can be killed.

A server that has loaded everything forks them; each is a process like that of
``scrapy crawl``, with its own signals, limits and exit code.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.cmdline import execute

from tests.small_site import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from tests.crash.killing import Seam
    from tests.crash.site import CrashSite

ROOT = Path(__file__).parents[2]

LOADED = "tests.crash.loaded"
"""What the server of forks loads before the first one."""

LONGEST = 120
"""No crawl of these tests takes so many seconds; one that does hangs."""


@dataclass
class Ended:
    """What became of a crawl."""

    code: int
    """Its exit code; of a killed one the signal's number, negative."""
    err: str
    """What it wrote on standard error."""
    seconds: float
    """How long it ran."""

    @property
    def sentence(self) -> str:
        """The last line on standard error."""
        return self.err.splitlines()[-1] if self.err.strip() else ""


@dataclass
class Orders:
    """How a crawl is to run."""

    folder: Path
    words: tuple[str, ...]
    seam: Seam | None = None
    file_size: int | None = None
    """RLIMIT_FSIZE of the process, in bytes."""


def _crawl(orders: Orders, err: Connection) -> None:
    """Be the process."""
    os.chdir(orders.folder)
    os.dup2(err.fileno(), 1)
    os.dup2(err.fileno(), 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["SCRAPY_SETTINGS_MODULE"] = "crawler.settings"
    sys.argv = ["scrapy", *orders.words]
    if orders.file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (orders.file_size, orders.file_size))
    if orders.seam is not None:
        orders.seam.install()
    try:
        execute()
    finally:
        sys.stderr.flush()


class Crawl:
    """A crawl that runs."""

    def __init__(self, orders: Orders) -> None:
        with _LOCK:
            context = _server()
            reads, writes = context.Pipe(duplex=False)
            self._process = context.Process(target=_crawl, args=(orders, writes), daemon=True)
            self._began = time.monotonic()
            self._process.start()
            writes.close()
        self._told: list[bytes] = []
        self._reader = threading.Thread(target=self._read, args=(reads,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return int(self._process.pid)

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        # Whoever asks first reads how it ended from a pipe; another thread would find that empty.
        with _LOCK:
            return bool(self._process.is_alive())

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.runs:
            os.kill(self.pid, number)

    def kill(self) -> Ended:
        """As ``kill -9`` does it."""
        self.signal(signal.SIGKILL)
        return self.end(10)

    def end(self, within: float = LONGEST) -> Ended:
        """Wait for the end. Raises AssertionError where it does not come in time."""
        last = time.monotonic() + within
        while self.runs:
            if time.monotonic() > last:
                self.signal(signal.SIGKILL)
                raise AssertionError(f"the crawl did not end within {within:g} seconds: {self.text}")
            time.sleep(0.002)
        seconds = time.monotonic() - self._began
        self._reader.join(10)
        with _LOCK:
            code = int(self._process.exitcode)
            self._process.close()
        return Ended(code, self.text, seconds)

    def wait_until(self, holds: Callable[[], bool], within: float = LONGEST) -> bool:
        """Wait until something holds or the crawl has ended; whether it still runs."""
        last = time.monotonic() + within
        while self.runs and not holds():
            assert time.monotonic() < last, f"waited {within:g} seconds in vain: {self.text}"
            time.sleep(0.001)
        return self.runs

    @property
    def text(self) -> str:
        """What it has written on standard error so far."""
        return b"".join(self._told).decode("utf-8", "replace")

    def _read(self, reads: Connection) -> None:
        with reads:
            while octets := os.read(reads.fileno(), 65536):
                self._told.append(octets)


_SERVER: list[Any] = []
_LOCK = threading.RLock()
_VISITORS = count(1)


def _server() -> Any:
    """The server of forks, begun with the first of them."""
    if not _SERVER:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([LOADED])
        with _on_the_path(ROOT):
            context.Process(target=int, daemon=True).start()
        _SERVER.append(context)
    return _SERVER[0]


@contextmanager
def _on_the_path(folder: Path) -> Iterator[None]:
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@dataclass
class Collection:
    """A folder in which the same site is crawled, again and again."""

    folder: Path
    site: CrashSite
    settings: tuple[str, ...] = ()
    """More settings, as ``NAME=VALUE``."""
    story: list[str] = field(default_factory=list)
    """What was done here, for who has to do it again."""
    earlier: Counter[str] = field(default_factory=Counter)
    """What the site was asked by the crawls of the collection of which this one is a copy."""
    visitor: str = field(default_factory=lambda: f"crash-test/{next(_VISITORS)}")
    """The User-Agent of its crawls, by which the site knows them."""

    @property
    def hits(self) -> Counter[str]:
        """What the site was asked for this collection, by path."""
        return self.earlier + self.site.hits(self.visitor)

    @property
    def beyond_need(self) -> Counter[str]:
        """What the site was asked for more often than needed."""
        return self.site.beyond_need(self.hits)

    @property
    def root(self) -> Path:
        """Where the runs lie."""
        return self.folder / "output" / "dipnote"

    @property
    def words(self) -> tuple[str, ...]:
        """The command."""
        settings = [*AT_ONCE, f"USER_AGENT={self.visitor}", *self.settings]
        return (
            "crawl",
            "dipnote",
            "-a",
            f"site={self.site.url}",
            *(word for one in settings for word in ("-s", one)),
        )

    def start(self, **orders: Any) -> Crawl:
        """Begin a crawl, with an order of ``Orders`` or two."""
        return Crawl(Orders(self.folder, self.words, **orders))

    def crawl(self, **orders: Any) -> Ended:
        """Crawl to the end."""
        ended = self.start(**orders).end()
        self.story.append(f"{orders or 'undisturbed'}: exit code {ended.code}, {ended.sentence}")
        return ended
