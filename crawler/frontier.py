"""The frontier: how Scrapy is fed from the queue that the journal keeps."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.exceptions import NotConfigured

from crawler.collection.addon import open_run
from crawler.collection.fates import Fates
from crawler.collection.visit import CURRENT, Budget, Wanted
from crawler.collection.visits import VISIT
from crawler.items import Skipped
from crawler.warc.stop import Stopped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.collection.queue import Task
    from crawler.collection.run import Run
    from crawler.collection.visit import Visit

logger = logging.getLogger(__name__)

BUDGET = "budget"
"""Key in the meta of a request: what it is counted against, as the fields of Budget."""

UNBOUNDED = 16
"""Stands for CONCURRENT_REQUESTS where that is 0: what is fetched and not committed has to have a bound."""

LATELY = 50_000
"""So many identities are known without asking the journal."""

LOST_SECONDS = 2.0
"""A visit of which nobody works on anything for so long is lost."""


class Frontier:
    """Puts what a spider asks for into the queue, and hands out what the queue says is next.

    For a spider with ``resumable = True``. Scrapy's own scheduler holds only
    what is in flight: ``start()`` is replaced by one that waits for the
    journal, and hands a request out when the visits before it are committed.
    Three quarters of CONCURRENT_REQUESTS requests at most have left the queue
    and are not committed. Any other spider is left alone.

    The spider gets ``state``, a mapping that is committed with the page that
    changed it, and ``known``, which tells whether a request is in the queue.
    """

    def __init__(self, crawler: Crawler, run: Run) -> None:
        self._crawler = crawler
        self._run = run
        self._ready: deque[Task] = deque()
        self._changed = asyncio.Event()
        self._lately: OrderedDict[bytes, None] = OrderedDict()
        self._fates = Fates(crawler)
        self._resumable = bool(getattr(crawler.spider, "resumable", False))
        if self._resumable:
            run.window = window_of(crawler.settings.getint("CONCURRENT_REQUESTS"))
            run.on_tasks = self._take
            spider: Any = crawler.spider
            spider.state = State(run)
            spider.known = self.knows
            crawler.signals.connect(self._dropped, signal=signals.request_dropped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for this crawl. Raises NotConfigured where nothing is archived."""
        if crawler.spider is None:
            raise NotConfigured
        return cls(crawler, open_run(crawler))

    def knows(self, key: bytes) -> bool:
        """Whether there is a request of this identity, in whatever state, committed or not."""
        if key in self._lately:
            return True
        known = self._run.collection.journal.queue.knows(key)
        if known:
            self._remember(key)
        return known

    def _remember(self, key: bytes) -> None:
        """Most links of a page stand on the page before as well."""
        self._lately[key] = None
        if len(self._lately) > LATELY:
            self._lately.popitem(last=False)

    # --- Into the queue ---

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """The spider's own start for its first run, then whatever the queue holds."""
        if not self._resumable:
            async for entry in start:
                yield entry
            return
        if self._run.crawl.seeded:
            seeds = []
        else:
            seeds = [self._wanted(entry) async for entry in start if isinstance(entry, Request)]
        self._take(self._run.begin(seeds))
        async for request in self._requests():
            yield request

    async def process_spider_output(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        """Take the requests of a page as its links; all else goes on."""
        visit = CURRENT.get()
        if self._resumable and visit is not None and response.url != visit.url:
            # What a redirect of a requisite led to is no page that was read.
            visit.led_to = self._key(response.request or Request(response.url))
        async for entry in result:
            if self._resumable and visit is not None and isinstance(entry, Request):
                visit.links.append(self._wanted(entry))
            else:
                yield entry

    def _wanted(self, request: Request) -> Wanted:
        budget = request.meta.pop(BUDGET, None)
        key = self._key(request)
        self._remember(key)
        return Wanted(
            key=key,
            url=request.url,
            priority=request.priority,
            request=as_text(request),
            budget=Budget(*budget) if budget else None,
        )

    def _key(self, request: Request) -> bytes:
        fingerprinter = self._crawler.request_fingerprinter
        if fingerprinter is None:
            raise RuntimeError("the crawl has no fingerprinter; Scrapy makes one before it opens the spider")
        return fingerprinter.fingerprint(request)

    # --- Out of the queue ---

    def _take(self, tasks: list[Task]) -> None:
        """Take what is next; called after every commit."""
        for task in tasks:
            self._run.visits.begin(task)
        self._ready.extend(tasks)
        self._tell_budgets()
        self._changed.set()

    async def _requests(self) -> AsyncIterator[Request]:
        """Requests, until the queue is empty and nothing is in hand that could fill it."""
        while self._run.visits.in_hand:
            while self._ready:
                yield self._request(self._ready.popleft())
            self._changed.clear()
            before = self._lost()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOST_SECONDS)
                continue
            for visit in self._lost():
                if visit in before:
                    self._give_up(visit)

    def _request(self, task: Task) -> Request:
        visit = self._run.visits.in_hand_as(task)
        request = from_text(task.request, self._crawler.spider)
        errback = request.errback
        request.meta[VISIT] = task.number
        request.errback = lambda failure: self._failed(failure, visit, errback)
        return request

    def _failed(
        self, failure: Failure, visit: Visit, errback: Callable[[Failure], Any] | None
    ) -> Iterable[Any]:
        """What the spider says to a request that ended badly, taken as its page."""
        if isinstance(failure.value, Stopped):
            self._run.visits.give_up(visit)
            return []
        self._run.visits.read(failure.request)  # type: ignore[attr-defined]  # set by Scrapy
        return self._links_of(visit, errback(failure)) if errback is not None else []

    def _links_of(self, visit: Visit, output: Iterable[Any]) -> Iterator[Any]:
        for entry in output:
            if isinstance(entry, Request):
                visit.links.append(self._wanted(entry))
            else:
                yield entry

    # --- What cannot be seen otherwise ---

    def _lost(self) -> list[Visit]:
        """Visits that nobody works on: the request is neither queued, nor downloaded, nor read."""
        engine = self._crawler.engine
        if engine is None or engine.scheduler is None or engine.scraper.slot is None:
            return []
        busy = engine.downloader.active or engine.scheduler.has_pending_requests() or self._ready
        return [] if busy or not engine.scraper.slot.is_idle() else self._run.visits.open

    def _dropped(self, request: Request) -> None:
        """The scheduler refused a request."""
        if visit := self._run.visits.of(request):
            self._give_up(visit)

    def _give_up(self, visit: Visit) -> None:
        logger.warning("%s: the request was dropped without a word", visit.url)
        self._fates.skipped(Skipped(url=visit.url, reason="ignored", detail="dropped without a word"), visit)
        self._run.visits.end(visit)

    def _tell_budgets(self) -> None:
        over = self._run.collection.journal.queue.over_budget
        for request in over:
            if request.budget is None:
                continue
            self._fates.over_budget(request.budget.name, request.url)
        over.clear()


class State(MutableMapping[str, Any]):
    """What a spider remembers, as JSON has it: committed with the page that changed it.

    A value is replaced to be changed; a key cannot be taken away.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getitem__(self, name: str) -> Any:
        return self._run.collection.journal.known.recall(name)

    def __setitem__(self, name: str, value: Any) -> None:
        visit = CURRENT.get()
        if visit is None:
            raise RuntimeError(f"{name}: can be remembered only while a page is read")
        self._run.collection.journal.known.note(name, value, visit)

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"{name}: what was remembered cannot be taken away")

    def __iter__(self) -> Iterator[str]:
        raise TypeError("what is remembered can be asked for by name alone")

    def __len__(self) -> int:
        raise TypeError("what is remembered can be asked for by name alone")


def window_of(concurrency: int) -> int:
    """How many requests of the queue may be in hand, where so many may be sent at once (0: no bound).

    A quarter is left to their redirects and retries: what a crash costs is
    every request that was sent for a page that was not committed.
    """
    return max(1, (concurrency or UNBOUNDED) * 3 // 4)


def as_text(request: Request) -> str:
    """A request as JSON; its callback and errback are methods of the spider, what it carries is JSON."""
    told: dict[str, Any] = {
        "url": request.url,
        "method": request.method,
        "headers": [
            [name.decode("latin-1"), [value.decode("latin-1") for value in values]]
            for name, values in request.headers.items()
        ],
        "body": request.body.decode("latin-1"),
        "priority": request.priority,
        "callback": _name_of(request.callback),
        "errback": _name_of(request.errback),
        "cb_kwargs": request.cb_kwargs,
        "meta": request.meta,
    }
    return json.dumps({name: value for name, value in told.items() if value})


def from_text(text: str, spider: Spider | None) -> Request:
    """The request that ``as_text`` told of, for this spider."""
    told = json.loads(text)
    for name in ("callback", "errback"):
        told[name] = getattr(spider, told[name]) if told.get(name) else None
    told["headers"] = {
        name: [value.encode("latin-1") for value in values] for name, values in told.get("headers", [])
    }
    told["body"] = told.get("body", "").encode("latin-1")
    return Request(**told)


def _name_of(method: Callable[..., Any] | None) -> str | None:
    return getattr(method, "__name__", None)
