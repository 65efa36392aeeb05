"""Connections that are kept for the next request, and how many may be open."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawler.wire.connection import Connection
    from crawler.wire.request import Endpoint

IDLE_SECONDS = 30.0
"""An idle connection is closed after this: servers seldom keep it for much longer."""


@dataclass(slots=True)
class _Host:
    """The places of one endpoint."""

    places: asyncio.Semaphore
    users: int = 0
    """Requests that hold a place or wait for one."""


@dataclass(slots=True, eq=False)
class _Idle:
    key: Endpoint
    connection: Connection
    expiry: asyncio.TimerHandle = field(repr=False)


class Pool:
    """Bounds connections to ``per_host`` at one host and ``total`` in all (0: no bound)."""

    def __init__(self, per_host: int, total: int = 0) -> None:
        self._per_host = max(1, per_host)
        self._total = total
        self._hosts: dict[Endpoint, _Host] = {}
        self._places = asyncio.Semaphore(total) if total else nullcontext()
        self._active = 0
        self._idle: dict[Endpoint, deque[_Idle]] = defaultdict(deque)

    @property
    def idle(self) -> int:
        """Connections that are kept for later."""
        return sum(map(len, self._idle.values()))

    @asynccontextmanager
    async def place(self, endpoint: Endpoint) -> AsyncIterator[None]:
        """Wait until a request to ``endpoint`` may have a connection; hold the place meanwhile."""
        host = self._hosts.setdefault(endpoint, _Host(asyncio.Semaphore(self._per_host)))
        host.users += 1
        try:
            async with host.places, self._places:
                self._active += 1
                try:
                    yield
                finally:
                    self._active -= 1
        finally:
            host.users -= 1
            if not host.users:
                del self._hosts[endpoint]

    def take(self, key: Endpoint) -> Connection | None:
        """The connection of ``key`` that was used last, if one is still fit for use."""
        kept = self._idle.get(key)
        while kept:
            idle = kept.pop()
            self._forget(idle)
            if idle.connection.reusable:
                return idle.connection
            idle.connection.abort()
        return None

    def keep(self, key: Endpoint, connection: Connection) -> None:
        """Keep a connection for later."""
        expiry = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._expire, connection)
        self._idle[key].append(_Idle(key, connection, expiry))

    def make_room(self) -> None:
        """Close the idle connections that stand in the way of a new one of the holder of a place."""
        while self._total and self._active + self.idle > self._total and self.idle:
            self._drop(min(self._all_idle(), key=lambda idle: idle.expiry.when()))

    def close(self) -> None:
        """Close all idle connections."""
        for idle in self._all_idle():
            self._drop(idle)

    def _all_idle(self) -> list[_Idle]:
        return [idle for kept in self._idle.values() for idle in kept]

    def _expire(self, connection: Connection) -> None:
        for idle in self._all_idle():
            if idle.connection is connection:
                self._drop(idle)

    def _drop(self, idle: _Idle) -> None:
        self._idle[idle.key].remove(idle)
        self._forget(idle)
        idle.connection.abort()

    def _forget(self, idle: _Idle) -> None:
        idle.expiry.cancel()
        if not self._idle[idle.key]:
            del self._idle[idle.key]
