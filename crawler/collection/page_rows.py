"""A page is the unit: what a callback says is taken as a whole, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from scrapy import Request
from scrapy.exceptions import NotConfigured

from crawler.collection.addon import open_run
from crawler.collection.fates import Fates
from crawler.collection.rows import prove
from crawler.collection.visit import CURRENT, EMBED
from crawler.items import Row, Skipped
from crawler.warc.extension import WarcCapture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.collection.run import Run
    from crawler.warc.exchange import Location

CAPTURE_FLAG = "warc:"
"""A response's flag that names its record; unlike ``meta`` it belongs to the response alone."""

PARTIAL = {"dataloss", "body-capped", "download_stopped", "undecoded"}
"""Flags of a response whose body is not all that the server meant to send."""


class UnprovenRow(RuntimeError):
    """A row without the record that proves it: nothing of its page may be written."""


class PageRows:
    """Waits for all that a callback gives, proves its rows and lets those on that are new.

    Here, and not in a pipeline, because pages come to callbacks in the order
    of their records, while Scrapy's pipelines mix the rows of several pages:
    only so a crawl and an extract of its archive count the same versions. A
    callback that raises leaves no half page.
    """

    def __init__(self, run: Run, capture: WarcCapture, fates: Fates) -> None:
        self._run = run
        self._capture = capture
        self._fates = fates
        self._last = ("", -1)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for this crawl. Raises NotConfigured where nothing is archived."""
        run = open_run(crawler)
        capture = crawler.get_extension(WarcCapture)
        if capture is None:
            raise NotConfigured("WARC_ENABLED is off: no row can be proven, none is written")
        return cls(run, capture, Fates(crawler))

    def process_spider_input(self, response: Response) -> None:
        """Begin to read a page: what is told from here on, in this task, belongs to its visit."""
        visit = self._run.visits.read(response.request or Request(response.url))
        visit.record = _record_of(response)

    async def process_spider_output(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        """Let on whatever is no row, and the rows that are new."""
        output = [entry async for entry in result]
        rows = [entry for entry in output if isinstance(entry, Row)]
        embeds = [entry for entry in output if isinstance(entry, Skipped) and entry.reason == EMBED]
        unwanted = self._restated(response, rows, embeds) if rows else set()
        for entry in output:
            if id(entry) in unwanted:
                continue
            if isinstance(entry, Skipped):
                self._fates.skipped(entry)
            else:
                yield entry

    def process_spider_exception(self, response: Response, exception: Exception) -> None:
        """A callback that raised: its page gives nothing, and that is written down."""
        if visit := CURRENT.get():
            self._run.visits.empty(visit)
        self._fates.skipped(Skipped(url=response.url, reason="internal-error", detail=repr(exception)))

    def _restated(self, response: Response, rows: list[Row], embeds: list[Skipped]) -> set[int]:
        """Identities (in memory) of what is not to be written; decided at once for the page."""
        location = self._location(response)
        if response.status != 200:
            return set(map(id, [*rows, *embeds]))
        if not location.whole or PARTIAL & set(response.flags):
            self._fates.skipped(Skipped(url=response.url, reason="cut", detail="its rows are left out"))
            return set(map(id, [*rows, *embeds]))
        for embed in embeds:
            embed.warc_file, embed.warc_offset = location.file, location.offset
        place = (location.file, location.offset)
        if place < self._last:
            self._fates.came_late(response.url)
        self._last = max(place, self._last)
        visit = CURRENT.get()
        if visit is None:
            raise UnprovenRow(f"{response.url}: is read outside of any visit")
        for row in rows:
            prove(row, location, run_id=self._run.id, source="live")
            visit.stated.append(row)
        return {id(row) for row in rows if not self._run.collection.journal.known.number(row, visit)}

    def _location(self, response: Response) -> Location:
        record_id = _record_of(response)
        if record_id is None:
            raise UnprovenRow(
                f"{response.url}: its response names no record, expected a flag {CAPTURE_FLAG}..."
            )
        location = self._capture.location(record_id)
        if location is None:
            raise UnprovenRow(f"{response.url}: record {record_id} is not in the archive of this run")
        return location


def _record_of(response: Response) -> str | None:
    """The record that a response was written to; None where no flag names one."""
    flags = (flag for flag in response.flags if flag.startswith(CAPTURE_FLAG))
    return next((flag.removeprefix(CAPTURE_FLAG) for flag in flags), None)
