"""The visits under way: from leaving the queue to being committed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crawler.collection.reasons import meaning_of
from crawler.collection.visit import CURRENT, Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy import Request

    from crawler.collection.known import Known
    from crawler.collection.queue import Task
    from crawler.items import Skipped

VISIT = "blogarchive_visit"
"""Key in the meta of a request: the number of its task in the queue, which hops and retries inherit."""


class Visits:
    """Finds the visit that something belongs to, and closes it when all has been told.

    ``commit`` is called with each visit that is closed. A request that is in
    no queue of ours has a visit for each page that is read, and for each line
    that tells of it.
    """

    def __init__(self, known: Known, commit: Callable[[Visit], None]) -> None:
        self._known = known
        self._commit = commit
        self._in_hand: dict[int, Visit] = {}

    @property
    def in_hand(self) -> int:
        """How many requests have left the queue and are not committed."""
        return len(self._in_hand)

    @property
    def open(self) -> list[Visit]:
        """Visits of the queue that are not closed."""
        return [visit for visit in self._in_hand.values() if not visit.closed]

    def begin(self, task: Task) -> Visit:
        """Take a request in hand."""
        visit = self._in_hand[task.number] = Visit(url=task.url, task=task.number)
        return visit

    def in_hand_as(self, task: Task) -> Visit:
        """The visit of a task that was begun."""
        return self._in_hand[task.number]

    def of(self, request: Request) -> Visit | None:
        """The visit that a request is made for; None where it is in no queue of ours."""
        return self._in_hand.get(request.meta.get(VISIT, 0))

    def read(self, request: Request) -> Visit:
        """The visit that the present task is for, which ends with the task.

        Scrapy makes one task for each answer: it holds the callback, the
        spider middlewares and the pipelines of every item, so that its end is
        the end of the page, whatever was raised or dropped in it.
        """
        visit = self.of(request) or Visit(url=request.url)
        CURRENT.set(visit)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a page is read outside of any task")
        task.add_done_callback(lambda _: self.end(visit))
        return visit

    def tell(self, skipped: Skipped, of: Request | Visit | None = None) -> None:
        """Write down that something was not kept, with its visit, or without one with what is being read.

        Raises KeyError for a reason that has no meaning.
        """
        meaning_of(skipped.reason)
        visit = of if isinstance(of, Visit) else CURRENT.get() if of is None else self.of(of)
        # What a task starts inherits its visit, also where that has ended since.
        if visit is not None and not visit.closed:
            visit.skipped.append(skipped)
        else:
            self.end(Visit(url=skipped.url or "", skipped=[skipped]))

    def empty(self, visit: Visit) -> None:
        """Take back what a page said that is not to be kept; why it is not is kept."""
        self._known.settle(visit)
        for told in (visit.rows, visit.stated, visit.statements, visit.links, visit.notes):
            told.clear()

    def end(self, visit: Visit) -> None:
        """Nothing more is to come: the visit can be committed."""
        if not visit.closed:
            visit.closed = True
            self._commit(visit)

    def give_up(self, visit: Visit) -> None:
        """Leave the visit to a later run: nothing of it is committed, its request returns to the queue."""
        visit.closed = True
        self.settled(visit)

    def settled(self, visit: Visit) -> None:
        """The visit is committed or given up."""
        self._known.settle(visit)
        if visit.task is not None:
            self._in_hand.pop(visit.task, None)
