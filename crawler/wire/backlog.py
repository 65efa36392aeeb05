"""What was received and is not written yet: the brake on reading."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.wire.connection import Connection

BACKLOG_BYTES = 64 * 1024 * 1024
"""Beyond this servers wait until half of it is written."""


class Backlog:
    """Pauses the connections that are being read while more than ``limit`` bytes wait for the writer."""

    def __init__(self, limit: int = BACKLOG_BYTES) -> None:
        self._limit = limit
        self._waiting = 0
        self._reading: set[Connection] = set()
        self._paused = False

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[None]:
        """While ``connection`` carries an exchange."""
        self._reading.add(connection)
        if self._paused:
            connection.pause()
        try:
            yield
        finally:
            self._reading.discard(connection)
            connection.resume()

    @contextmanager
    def waiting(self, size: int) -> Iterator[None]:
        """While ``size`` bytes wait for the writer."""
        self._add(size)
        try:
            yield
        finally:
            self._add(-size)

    def _add(self, size: int) -> None:
        self._waiting += size
        if not self._paused and self._waiting > self._limit:
            self._paused = True
            for connection in self._reading:
                connection.pause()
        elif self._paused and self._waiting <= self._limit // 2:
            self._paused = False
            for connection in self._reading:
                connection.resume()
