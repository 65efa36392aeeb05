"""Group commit: closed visits go to the disk together, and only then count."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from crawler.collection.queue import Task
    from crawler.collection.visit import Visit
    from crawler.warc.ledger import Capture

logger = logging.getLogger(__name__)


class Committer:
    """Commits visits: records and lines on the disk first, then one transaction of the journal.

    A group is committed when it has ``pages`` visits, ``seconds`` after its
    first, or when ``hurry`` says that nothing else can go on. One thread does
    it, while the next group gathers. After the first error nothing more is
    committed, and ``failed`` is called with it.
    """

    def __init__(self, *, pages: int, seconds: float) -> None:
        self._pages = max(1, pages)
        self._seconds = seconds
        self._closed: list[Visit] = []
        self._enough = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self.error: BaseException | None = None
        self.hurry: Callable[[], bool] = lambda: False
        self.sync_records: Callable[[], Awaitable[Mapping[str, int]]] | None = None
        """Puts the records on the disk; gives the length of each WARC file that grew."""
        self.take_captures: Callable[[], Sequence[Capture]] = tuple
        """The answers that are on the disk since the last time."""
        self.write_lines: Callable[[Sequence[Visit]], Mapping[str, int]]
        """Puts the lines of visits on the disk; gives the length of each file that grew. In the thread."""
        self.store: Callable[[Sequence[Visit], Mapping[str, int], Sequence[Capture]], list[Task]]
        """The transaction; gives the requests that are next. In the thread."""
        self.committed: Callable[[Sequence[Visit], list[Task]], None]
        self.failed: Callable[[BaseException], None]

    def add(self, visit: Visit) -> None:
        """Take a closed visit; it is committed soon."""
        self._closed.append(visit)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())
        elif self._is_enough():
            self._enough.set()

    async def close(self) -> None:
        """Commit what is closed, and end."""
        self.hurry = lambda: True
        self._enough.set()
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    def _is_enough(self) -> bool:
        return len(self._closed) >= self._pages or self.hurry()

    async def _work(self) -> None:
        while self._closed and self.error is None:
            if not self._is_enough():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._enough.wait(), self._seconds)
            self._enough.clear()
            group, self._closed = self._closed, []
            await self._commit(group)

    async def _commit(self, group: Sequence[Visit]) -> None:
        in_thread = asyncio.get_running_loop().run_in_executor
        try:
            lines = in_thread(self._thread, self.write_lines, group)
            records = await self.sync_records() if self.sync_records is not None else {}
            captures = self.take_captures()
            lengths = {**records, **await lines}
            tasks = await in_thread(self._thread, self.store, group, lengths, captures)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may be committed behind it
            self.error = error
            self.failed(error)
        else:
            self.committed(group, tasks)
