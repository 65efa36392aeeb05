"""A page's rows are taken as a whole, or not at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.http import HtmlResponse

from crawler.collection.page_rows import PageRows, UnprovenRow
from crawler.collection.rows import Versions
from crawler.collection.tally import Tally
from crawler.items import Post, Skipped
from crawler.warc.exchange import Location

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

URL = "http://blog.example/p"
RECORD = "urn:uuid:0"


class Everything:
    """What the middleware is given: a run, a capture and fates, as far as it asks them."""

    id = "20261123T154300Z"

    def __init__(self, *, whole: bool = True) -> None:
        self.versions = Versions()
        self.tally = Tally()
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
        return [entry async for entry in rows.process_spider_output(response, callback())]

    return asyncio.run(collected())


def stated(title: str = "T") -> Post:
    return Post(id="blog.example/p", url=URL, title=title)


def test_a_new_row_goes_on_with_its_proof():
    [row] = passed(middleware(Everything()), stated())
    assert (row.warc_record_id, row.run_id, row.version) == (RECORD, Everything.id, 1)


def test_a_row_that_was_stated_before_does_not_go_on():
    rows = middleware(Everything())
    passed(rows, stated())
    assert passed(rows, stated()) == []


def test_whatever_is_no_row_goes_on_in_its_place():
    first, second = {"a": 1}, {"b": 2}
    row = stated()
    assert passed(middleware(Everything()), first, row, second) == [first, row, second]


def test_a_callback_that_raises_leaves_no_half_page():
    everything = Everything()
    rows = middleware(everything)
    with pytest.raises(ZeroDivisionError):
        passed(rows, stated(), ZeroDivisionError())
    assert everything.tally.posts == 0
    assert len(passed(rows, stated())) == 1


def test_a_note_on_what_was_skipped_goes_to_its_file_alone():
    everything = Everything()
    note = Skipped(url=URL, reason="soft-404")
    assert passed(middleware(everything), note) == []
    assert everything.told == [note]


@pytest.mark.parametrize("flags", [(), ("cached",), ("warc:urn:uuid:unknown",)])
def test_a_row_without_a_record_is_a_loud_error(flags):
    with pytest.raises(UnprovenRow, match=URL):
        passed(middleware(Everything()), stated(), flags=flags)


def test_what_is_no_row_needs_no_record():
    assert passed(middleware(Everything()), {"a": 1}, flags=()) == [{"a": 1}]


def test_a_cut_answer_states_no_row_and_is_told():
    everything = Everything(whole=False)
    assert passed(middleware(everything), stated(), {"a": 1}) == [{"a": 1}]
    assert [note.reason for note in everything.told] == ["cut"]


@pytest.mark.parametrize("flag", ["dataloss", "body-capped", "download_stopped"])
def test_a_body_that_is_only_a_part_states_no_row(flag):
    assert passed(middleware(Everything()), stated(), flags=(f"warc:{RECORD}", flag)) == []


def test_an_answer_with_another_status_states_no_row():
    assert passed(middleware(Everything()), stated(), status=203) == []


def test_a_page_out_of_the_order_of_the_archive_is_told():
    everything = Everything()
    rows = middleware(everything)
    for everything.offset in (5, 9, 7):
        passed(rows, stated())
    assert everything.late == [URL]
