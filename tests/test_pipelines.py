"""A row is checked and written; whatever is no row passes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import DropItem
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from crawler.collection.visit import CURRENT, Visit
from crawler.collection.visits import Visits
from crawler.items import Comment, Post
from crawler.pipelines import CheckRow, WriteRow


@pytest.fixture
def visit():
    """The visit that is being read."""
    visit = Visit(url="u")
    token = CURRENT.set(visit)
    yield visit
    CURRENT.reset(token)


@pytest.fixture
def check(visit):
    crawler = get_crawler()
    crawler.stats = MemoryStatsCollector(crawler)
    run: Any = SimpleNamespace(visits=Visits(None, None))  # type: ignore[arg-type]  # nothing is committed
    return CheckRow(run, crawler)


def proven(**stated) -> Post:
    return Post(**({"id": "p", "url": "u", "warc_record_id": "urn:uuid:0", "captured_url": "u"} | stated))


def test_a_row_as_its_schema_says_passes(check):
    row = proven()
    assert check.process_item(row) is row


def test_a_row_against_its_schema_is_dropped_counted_and_told(check, visit):
    with pytest.raises(DropItem, match="p: title: 1, expected"):
        check.process_item(proven(title=1))
    assert check._crawler.stats.get_value("archive/bad_rows") == 1
    assert [skipped.reason for skipped in visit.skipped] == ["bad-row"]
    assert visit.outcome() == ("failed", "bad-row")


def test_a_row_without_its_proof_is_dropped(check):
    with pytest.raises(DropItem, match="no record proves it"):
        check.process_item(proven(warc_record_id=None))


@pytest.mark.parametrize("item", [{"a": 1}, None, "text"])
def test_whatever_is_no_row_passes_both(check, item):
    assert WriteRow().process_item(check.process_item(item)) is item


def test_a_row_goes_with_the_visit_that_is_being_read(visit):
    post, comment = proven(), Comment(id="c", post_id="p", post_url="u", number=1)
    for row in (post, comment):
        WriteRow().process_item(row)
    assert visit.rows == [post, comment]


def test_a_row_outside_of_any_visit_is_dropped():
    with pytest.raises(DropItem, match="outside of any callback"):
        WriteRow().process_item(proven())
