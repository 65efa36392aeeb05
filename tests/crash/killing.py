"""The seams between a crawl and the disk, at each of which it can be killed, or told of an error.

Nothing of this is in the program: ``Seam.install`` puts itself between Python
and the system calls of a process, for files within one folder. An *event* is
"<phase> <call> <file>", such as "before fdatasync posts.jsonl": *before* the
call, *amid* it (a write of which half has happened) or *after* it.

    python -m tests.crash.killing "amid write warc" 3 crawl dipnote -a site=...

runs Scrapy's command and dies in the middle of the third write to a WARC file.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import re
import signal
import sqlite3
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from errno import errorcode
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_RUN = re.compile(r"\d{8}T\d{6}Z")
_SQL = re.compile(r"\s*(\w+)")
_TRANSACTION = {"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"}
_READS = {"SELECT", "PRAGMA", "EXPLAIN", "WITH"}


@dataclass
class Seam:
    """Where a process is to be killed, or to meet an error; nowhere without an event."""

    folder: Path
    """Only what lies in here is looked at."""
    event: str = ""
    """The event at which it happens."""
    number: int = 1
    """At which of these events, counted from 1."""
    error: int = 0
    """The error that the call gives from then on, as a full disk would; 0 kills."""
    journal: Path | None = None
    """A file outside the folder to which the name of every event is added."""
    _counted: Counter[str] = field(default_factory=Counter)
    _broken: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        what = errorcode[self.error] if self.error else "killed"
        return f"{what} {self.event}, number {self.number}" if self.event else "counted"

    def install(self) -> None:
        """Stand between this process and its files, from now on."""
        _Installed(self).install()


class _Installed:
    """A seam in its process."""

    def __init__(self, seam: Seam) -> None:
        self.seam = seam
        self._root = os.path.realpath(seam.folder)
        self._lock = threading.RLock()
        self._write = os.write
        self._log = (
            os.open(seam.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            if seam.journal is not None
            else None
        )

    # --- Events ---

    @contextlib.contextmanager
    def around(self, call: str, place: str) -> Iterator[None]:
        """A call that happens between two events."""
        self.event("before", call, place)
        yield
        self.event("after", call, place)

    def event(self, phase: str, call: str, place: str) -> None:
        """Tell of an event, and die of it where that is wanted."""
        name = f"{phase} {call} {place}"
        with self._lock:
            self.seam._counted[name] += 1
            if self._log is not None:
                self._write(self._log, f"{name}\n".encode())
            if self.seam.error:
                self._fail(name, f"{call} {place}")
            elif self.due(name):
                os.kill(os.getpid(), signal.SIGKILL)

    def due(self, name: str, ahead: int = 0) -> bool:
        """Whether this is the event that was asked for; with ``ahead`` 1, the next one of its name."""
        return name == self.seam.event and self.seam._counted[name] + ahead == self.seam.number

    def _fail(self, name: str, call: str) -> None:
        if self.due(name):
            self.seam._broken.add(call)
        if call in self.seam._broken:
            if "journal" in call:
                raise sqlite3.OperationalError(os.strerror(self.seam.error))
            raise OSError(self.seam.error, os.strerror(self.seam.error), call)

    # --- Places ---

    def place(self, target: Any) -> str | None:
        """A file or folder by what it is for; None for what is none of ours."""
        try:
            if isinstance(target, int):
                target = os.readlink(f"/proc/self/fd/{target}")  # noqa: PTH115 - a Path would come back here
            path = os.path.realpath(os.path.abspath(os.fsdecode(target)))  # noqa: PTH100 - the same
        except (OSError, TypeError, ValueError):
            return None
        if not path.startswith(self._root):
            return None
        return place_of(path)

    # --- Calls ---

    def install(self) -> None:
        """Replace the calls."""
        for name in (
            "fsync fdatasync rename replace link symlink unlink remove rmdir mkdir truncate ftruncate "
            "write pwrite writev sendfile copy_file_range"
        ).split():
            if hasattr(os, name):
                setattr(os, name, self._watched(name, getattr(os, name)))
        opened = self._opened(builtins.open)
        builtins.open = io.open = opened
        connect = self._connected(sqlite3.connect)
        sqlite3.connect = sqlite3.dbapi2.connect = connect

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *arguments: Any, **named: Any) -> Any:
            place = self.place(target)
            if place is None:
                return real(target, *arguments, **named)
            with self.around(name, place):
                if name == "write" and self.due(f"amid {name} {place}", ahead=1):
                    real(target, arguments[0][: len(arguments[0]) // 2])
                if name in {"write", "pwrite"}:
                    self.event("amid", name, place)
                return real(target, *arguments, **named)

        return call

    def _opened(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(
            file: Any,
            mode: str = "r",
            buffering: int = -1,
            encoding: str | None = None,
            errors: str | None = None,
            newline: str | None = None,
            closefd: bool = True,
            opener: Any = None,
        ) -> Any:
            place = self.place(file) if set(mode) & set("wxa+") else None
            if place is None:
                return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
            with self.around("open", place):
                raw = _Raw(self, place, file, mode.replace("b", "").replace("t", ""), closefd, opener)
            if buffering == 0:
                return raw
            buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            if "b" in mode:
                return buffered
            return io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)

        return call

    def _connected(self, real: Callable[..., Any]) -> Callable[..., Any]:
        seam = self

        class Connection(sqlite3.Connection):
            """A connection whose changes are events."""

            def cursor(self, factory: Any = None) -> Any:
                return super().cursor(factory or _cursor_of(seam))

            def execute(self, sql: str, *values: Any) -> Any:
                with seam.statement(sql):
                    return super().execute(sql, *values)

            def executemany(self, sql: str, *values: Any) -> Any:
                with seam.statement(sql):
                    return super().executemany(sql, *values)

            def executescript(self, sql: str) -> Any:
                with seam.around("script", "journal"):
                    return super().executescript(sql)

            def commit(self) -> None:
                with seam.around("commit", "journal"):
                    super().commit()

            def close(self) -> None:
                with seam.around("close", "journal"):
                    super().close()

        def connect(database: Any, *arguments: Any, **named: Any) -> Any:
            plain = str(database).removeprefix("file:").partition("?")[0]
            if self.place(plain) is None:
                return real(database, *arguments, **named)
            with self.around("open", "journal"):
                return real(database, *arguments, **(named | {"factory": Connection}))

        return connect

    @contextlib.contextmanager
    def statement(self, sql: str) -> Iterator[None]:
        """An SQL statement: an event where it changes something."""
        match = _SQL.match(sql)
        word = match[1].upper() if match else ""
        checkpoint = "wal_checkpoint" in sql
        if word in _READS and not checkpoint:
            yield
            return
        name = "checkpoint" if checkpoint else word.lower() if word in _TRANSACTION else "change"
        with self.around(name, "journal"):
            yield


class _Raw(io.FileIO):
    """A file of which each write is an event."""

    def __init__(
        self, seam: _Installed, place: str, file: Any, mode: str, closefd: bool, opener: Any
    ) -> None:
        super().__init__(file, mode, closefd, opener)
        self._seam = seam
        self._place = place

    def write(self, octets: Any) -> int:
        with self._seam.around("write", self._place):
            if self._seam.due(f"amid write {self._place}", ahead=1):
                super().write(bytes(octets)[: len(octets) // 2])
            self._seam.event("amid", "write", self._place)
            return super().write(octets)

    def truncate(self, size: int | None = None) -> int:
        with self._seam.around("truncate", self._place):
            return super().truncate(size)


def _cursor_of(seam: _Installed) -> Any:
    class Cursor(sqlite3.Cursor):
        """A cursor whose changes are events."""

        def execute(self, sql: str, *values: Any) -> Any:
            with seam.statement(sql):
                return super().execute(sql, *values)

        def executemany(self, sql: str, *values: Any) -> Any:
            with seam.statement(sql):
                return super().executemany(sql, *values)

    return Cursor


def place_of(path: str) -> str:
    """A file or folder of a collection by what it is for: ``warc``, ``posts.jsonl``, ``run`` and so on."""
    name = path.rpartition("/")[2]
    if _RUN.fullmatch(name):
        return "run"
    torn = " torn" if ".torn" in name else ""
    if ".warc.gz" in name:
        return f"warc{torn}"
    if "sqlite" in name:
        return "journal"
    known = re.match(r"[a-z_]+(\.[a-z_]+)*?\.(jsonl|json|lock|cdxj)", name)
    return f"{known[0] if known else re.sub(r'[0-9]+', '#', name)}{torn}"


def main(words: list[str]) -> None:
    """Run a command of Scrapy, to be killed at an event."""
    from scrapy.cmdline import execute  # noqa: PLC0415 - only here

    event, number, *command = words
    Seam(Path.cwd(), event, int(number)).install()
    execute(["scrapy", *command])


if __name__ == "__main__":
    main(sys.argv[1:])
