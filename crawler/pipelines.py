"""One item in, one item out: a row is checked against its schema, then written; other items pass."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

from crawler.collection.addon import open_run
from crawler.collection.rows import UnfitRow, violations
from crawler.collection.visit import CURRENT
from crawler.items import Row, Skipped

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.collection.run import Run

logger = logging.getLogger(__name__)


class CheckRow:
    """Drops a row that is not as its schema says: a fault of a page reader, never of the site."""

    def __init__(self, run: Run, crawler: Crawler) -> None:
        self._run = run
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for this crawl. Raises NotConfigured where nothing is archived."""
        return cls(open_run(crawler), crawler)

    def process_item(self, item: Any) -> Any:
        """Give back the item. Raises UnfitRow."""
        if not isinstance(item, Row):
            return item
        if item.warc_record_id is None:
            raise UnfitRow(
                f"{item.id}: no record proves it; only what a callback gives can be proven", "ERROR"
            )
        if wrong := violations(item):
            self._crawler.stats.inc_value("archive/bad_rows")
            self._run.visits.tell(
                Skipped(url=item.captured_url or item.id, reason="bad-row", detail="; ".join(wrong))
            )
            raise UnfitRow(f"{item.id}: {'; '.join(wrong)}", "ERROR")
        return item


class WriteRow:
    """Writes rows: each with all else of its page, when the page is committed."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for this crawl. Raises NotConfigured where nothing is archived."""
        open_run(crawler)
        return cls()

    def process_item(self, item: Any) -> Any:
        """Give back the item, which is written with the visit that is being read."""
        visit = CURRENT.get()
        if isinstance(item, Row):
            if visit is None:
                raise UnfitRow(f"{item.id}: was given outside of any callback, nothing proves it", "ERROR")
            visit.rows.append(item)
        return item
