"""The front page of an archive: the page that its crawl began with, in its newest capture."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.http import HtmlResponse

from crawler.collection.packaged_index import indexed
from crawler.collection.page_list import FrontPage
from crawler.warc.archived import Reading, response_of
from crawler.warc.cdxj import REVISIT, Entry, Index
from crawler.warc.reader import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from crawler.collection.closed import ClosedRun, RunFile

HTML = {"text/html", "application/xhtml+xml"}


def front_page(
    index: Path, runs: Sequence[ClosedRun], chosen: Sequence[ClosedRun], *, fallback: str
) -> FrontPage | None:
    """The first page that the crawl of the chosen runs kept, as they captured it last; None where not.

    ``runs`` are all closed runs of the collection, ``fallback`` is the title of
    a page that has none. Raises BadIndex, and EditedRun where a record is not
    where the index says.
    """
    seed = _seed(index, _beginning(runs, chosen[0]))
    if seed is None:
        return None
    with Index(index) as captures:
        found = [
            entry for entry in captures.captures(seed.url) if entry.url == seed.url and entry.status == "200"
        ]
    packaged = {file.name for run in chosen for file in run.warcs}
    shown = [entry for entry in found if entry.filename in packaged]
    if not shown:
        return None
    files = {file.name: file for run in runs for file in run.warcs}
    newest = files[shown[-1].filename].record_at(shown[-1].offset)
    # A revisit has no body to take a title from.
    whole = [entry for entry in found if entry.mime in HTML and entry.filename in files]
    title = _title(files[whole[-1].filename], whole[-1].offset) if whole else None
    return FrontPage(url=seed.url, captured_at=newest.fields["warc-date"], title=title or fallback)


def _beginning(runs: Sequence[ClosedRun], run: ClosedRun) -> ClosedRun:
    """The run in which the crawl of a run began."""
    known: Mapping[str, ClosedRun] = {other.id: other for other in runs}
    while (before := known.get(run.manifest.get("continues") or "")) is not None and before.id < run.id:
        run = before
    return run


def _seed(index: Path, run: ClosedRun) -> Entry | None:
    """The first page that a run kept: its records stand in the order in which they came."""
    files = {file.name: file.size for file in run.warcs}
    pages = (entry for _, entry in indexed(index, files, lambda _: True) if may_be_page(entry))
    return min(pages, key=lambda entry: (entry.filename, entry.offset), default=None)


def may_be_page(entry: Entry) -> bool:
    """Whether a capture is of a page, as far as the index tells: a revisit can be of anything."""
    is_page = entry.mime in HTML or entry.mime == REVISIT
    return entry.status == "200" and is_page and urlsplit(entry.url).path != "/robots.txt"


def _title(file: RunFile, offset: int) -> str | None:
    reading = Reading(file.name, lambda _status, _media_type: True, MAX_BODY)
    archived = reading.response(file.record_at(offset, reading.keep))
    page = response_of(archived) if archived else None
    if not isinstance(page, HtmlResponse):
        return None
    return " ".join(page.css("title::text").get(default="").split()) or None
