"""A row is checked and written; whatever is no row passes."""

from __future__ import annotations

import pytest
from scrapy.exceptions import DropItem
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from crawler.collection.run import Run
from crawler.items import Comment, Post
from crawler.pipelines import CheckRow, WriteRow


@pytest.fixture
def run(tmp_path):
    opened = Run(tmp_path / "dipnote")
    yield opened
    for file in (*opened._rows.values(), opened._skipped):
        file.abandon()
    opened._log.close_file()


@pytest.fixture
def check(run):
    crawler = get_crawler()
    crawler.stats = MemoryStatsCollector(crawler)
    return CheckRow(run, crawler)


def proven(**stated) -> Post:
    return Post(**({"id": "p", "url": "u", "warc_record_id": "urn:uuid:0", "captured_url": "u"} | stated))


def test_a_row_as_its_schema_says_passes(check):
    row = proven()
    assert check.process_item(row) is row


def test_a_row_against_its_schema_is_dropped_counted_and_told(check, run):
    with pytest.raises(DropItem, match="p: title: 1, expected"):
        check.process_item(proven(title=1))
    assert check._crawler.stats.get_value("archive/bad_rows") == 1
    run.close_rows()
    assert '"reason": "bad-row"' in (run.folder / "skipped.jsonl").read_text("utf-8")


def test_a_row_without_its_proof_is_dropped(check):
    with pytest.raises(DropItem, match="no record proves it"):
        check.process_item(proven(warc_record_id=None))


@pytest.mark.parametrize("item", [{"a": 1}, None, "text"])
def test_whatever_is_no_row_passes_both(check, run, item):
    assert WriteRow(run).process_item(check.process_item(item)) is item


def test_each_kind_of_row_goes_to_its_file(run):
    write = WriteRow(run)
    write.process_item(proven())
    write.process_item(Comment(id="c", post_id="p", post_url="u", number=1))
    run.close_rows()
    written = {path.name: path.read_text("utf-8").count("\n") for path in run.folder.glob("*.jsonl")}
    assert written == {"posts.jsonl": 1, "comments.jsonl": 1, "authors.jsonl": 0, "skipped.jsonl": 0}
