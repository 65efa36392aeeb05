"""A page's rows are taken as a whole, or not at all."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.http import HtmlResponse

from crawler.collection.page_rows import PageRows, UnprovenRow
from crawler.collection.visits import Visits
from crawler.items import Post, Skipped
from crawler.warc.exchange import Location

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from crawler.collection.journal import Journal
    from crawler.collection.visit import Visit

URL = "http://blog.example/p"
RECORD = "urn:uuid:0"


class Everything:
    """What the middleware is given: a run, a capture and fates, as far as it asks them."""

    id = "20261123T154300Z"

    def __init__(self, journal: Journal, *, whole: bool = True) -> None:
        self.collection = SimpleNamespace(journal=journal)
        self.closed: list[Visit] = []
        self.visits = Visits(journal.known, self.closed.append)
        self.told: list[Any] = []
        self.late: list[str] = []
        self.offset = 0
        self._whole = whole

    def location(self, record_id: str) -> Location | None:
        if record_id != RECORD:
            return None
        return Location(
            file="a-00000.warc.gz",
            offset=self.offset,
            length=1,
            record_id=RECORD,
            target_uri=URL,
            date="2026-11-23T15:43:00.000000Z",
            payload_digest=None,
            whole=self._whole,
        )

    def skipped(self, skipped: Skipped) -> None:
        self.told.append(skipped)

    def came_late(self, url: str) -> None:
        self.late.append(url)


@pytest.fixture
def everything(journal) -> Everything:
    return Everything(journal)


def middleware(everything: Everything) -> PageRows:
    return PageRows(everything, everything, everything)  # type: ignore[arg-type]


def passed(
    rows: PageRows, *output: Any, flags: tuple[str, ...] = (f"warc:{RECORD}",), status: int = 200
) -> list[Any]:
    """What the middleware lets on of a callback's output; an exception in it is raised by the callback."""

    async def callback() -> AsyncIterator[Any]:
        for entry in output:
            if isinstance(entry, Exception):
                raise entry
            yield entry

    async def collected() -> list[Any]:
        response = HtmlResponse(URL, flags=list(flags), status=status)
        rows.process_spider_input(response)
        return [entry async for entry in rows.process_spider_output(response, callback())]

    return asyncio.run(collected())


def stated(title: str = "T") -> Post:
    return Post(id="blog.example/p", url=URL, title=title)


def test_a_new_row_goes_on_with_its_proof(everything):
    [row] = passed(middleware(everything), stated())
    assert (row.warc_record_id, row.run_id, row.version) == (RECORD, Everything.id, 1)


def test_a_row_that_was_stated_before_does_not_go_on(everything):
    # Whether it is committed or not.
    rows = middleware(everything)
    passed(rows, stated())
    assert passed(rows, stated()) == []


def test_whatever_is_no_row_goes_on_in_its_place(everything):
    first, second = {"a": 1}, {"b": 2}
    row = stated()
    assert passed(middleware(everything), first, row, second) == [first, row, second]


def test_a_callback_that_raises_leaves_no_half_page(everything):
    rows = middleware(everything)
    with pytest.raises(ZeroDivisionError):
        passed(rows, stated(), ZeroDivisionError())
    assert [visit.stated for visit in everything.closed] == [[]]
    assert len(passed(rows, stated())) == 1


def test_a_note_on_what_was_skipped_goes_to_its_file_alone(everything):
    note = Skipped(url=URL, reason="soft-404")
    assert passed(middleware(everything), note) == []
    assert everything.told == [note]


@pytest.mark.parametrize("flags", [(), ("cached",), ("warc:urn:uuid:unknown",)])
def test_a_row_without_a_record_is_a_loud_error(everything, flags):
    with pytest.raises(UnprovenRow, match=URL):
        passed(middleware(everything), stated(), flags=flags)


def test_what_is_no_row_needs_no_record(everything):
    assert passed(middleware(everything), {"a": 1}, flags=()) == [{"a": 1}]


def test_a_cut_answer_states_no_row_and_is_told(everything):
    everything._whole = False
    assert passed(middleware(everything), stated(), {"a": 1}) == [{"a": 1}]
    assert [note.reason for note in everything.told] == ["cut"]


@pytest.mark.parametrize("flag", ["dataloss", "body-capped", "download_stopped"])
def test_a_body_that_is_only_a_part_states_no_row(everything, flag):
    assert passed(middleware(everything), stated(), flags=(f"warc:{RECORD}", flag)) == []


def test_an_answer_with_another_status_states_no_row(everything):
    assert passed(middleware(everything), stated(), status=203) == []


def test_a_page_out_of_the_order_of_the_archive_is_told(everything):
    rows = middleware(everything)
    for everything.offset in (5, 9, 7):
        passed(rows, stated())
    assert everything.late == [URL]


def test_a_visit_ends_with_the_task_that_reads_its_page(everything):
    passed(middleware(everything), stated())
    [visit] = everything.closed
    assert (visit.url, visit.record, len(visit.stated)) == (URL, RECORD, 1)
