"""Ends waiting from elsewhere, for good."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from crawler.warc.stop import Stopped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Cutoff:
    """Whatever is awaited inside ``guard`` ends with Stopped once ``cut`` is called."""

    def __init__(self) -> None:
        self._is_cut = False
        self._waiting: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def guard(self) -> AsyncIterator[None]:
        """Raises Stopped, at once where the cut was made before."""
        if self._is_cut:
            raise Stopped
        try:
            async with asyncio.timeout(None) as limit:
                self._waiting.add(limit)
                try:
                    yield
                finally:
                    self._waiting.discard(limit)
        except TimeoutError:
            if limit.expired():
                raise Stopped from None
            raise

    def cut(self) -> None:
        """End everything inside, and let nothing in any more."""
        self._is_cut = True
        while self._waiting:
            # A time that has passed already.
            self._waiting.pop().reschedule(0.0)
