"""What a replay would show of the pages that a crawl kept, found out without a browser."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin

from crawler.items import Skipped
from crawler.pages.requisites import RequisiteKind, requisites_of
from crawler.warc.archived import response_of
from crawler.warc.captured import Captured, NotCaptured
from crawler.warc.cdxj import INDEX, Index
from crawler.warc.reader import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from scrapy.http import Response
    from scrapy.settings import BaseSettings

    from crawler.collection.replayable import IsTold
    from crawler.pages.requisites import Requisite
    from crawler.warc.archived import ArchivedResponse
    from crawler.warc.cdxj import Entry

REASON = "not-replayable"

MOST_HOPS = 20
"""Redirects in a row that a browser follows."""

DEEPEST = 5
"""Stylesheets that import each other are followed so far from the page, as the crawl does."""


class SelfCheck:
    """Looks up each page, and what it needs to be shown, in the index of a collection.

    A page is replayable when the index leads to the record that it was read
    from, also by redirects, when its body is whole and decodes, and when each
    of its requisites is in the archive; what the host answered for one
    (404, say) is shown as it was. Raises OSError where there is no index.
    """

    def __init__(self, collection: Path, kinds: frozenset[str], is_told: IsTold) -> None:
        self._kinds = kinds
        self._is_told = is_told
        self._paths = {path.name: path for path in collection.glob("*/*.warc.gz")}
        self._index = Index(collection / INDEX)
        self._captured = Captured(self._index, self._paths.get, MAX_BODY)
        # In memory while it is small, then on disk: memory does not grow with the collection.
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute("CREATE TABLE requisite (url BLOB PRIMARY KEY, shown INT) WITHOUT ROWID")
        self.pages = 0
        self.pages_shown = 0
        """Pages that are there and can be read."""
        self.pages_whole = 0
        """Those of them whose requisites are there as well."""

    @classmethod
    def from_settings(cls, settings: BaseSettings, collection: Path, is_told: IsTold) -> Self:
        """One that asks for the requisites that the crawl asked for."""
        kinds = settings.getlist("REQUISITE_KINDS") if settings.getbool("REQUISITES_ENABLED") else []
        return cls(collection, frozenset(str(kind).strip() for kind in kinds), is_told)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._index.__exit__(kind, error, trace)
        self._seen.close()

    def check(self, url: str, record_id: str) -> list[Skipped]:
        """Look at the page that was asked for as ``url`` and read from a record; tells what is missing.

        A requisite is told with the first page that needs it, unless it was told before why it is not there.
        """
        self.pages += 1
        try:
            page = self._page(url, record_id)
        except NotCaptured as error:
            return [Skipped(url=url, reason=REASON, detail=str(error))]
        self.pages_shown += 1
        missing: list[Skipped] = []
        self.pages_whole += self._has_requisites(response_of(page), url, missing, 0)
        return missing

    def told(self) -> dict[str, Any]:
        """What ``run.json`` says of it."""
        query = "SELECT count(*), coalesce(sum(shown), 0) FROM requisite"
        count, shown = self._seen.execute(query).fetchone()
        return {
            "pages": self.pages,
            "pages_shown": self.pages_shown,
            "pages_whole": self.pages_whole,
            "requisites": count,
            "requisites_shown": shown,
            "percent": round(100 * self.pages_whole / self.pages, 2) if self.pages else None,
        }

    # --- Pages ---

    def _page(self, url: str, record_id: str) -> ArchivedResponse:
        entry = self._entry_of(url, record_id)
        answer = self._captured.answer(entry)
        if not answer.whole:
            raise NotCaptured(f"{entry.filename}, byte {entry.offset}: {answer.cut or answer.undecoded}")
        return answer

    def _entry_of(self, url: str, record_id: str) -> Entry:
        """The entry of the record that a URL leads to."""
        for hop in self._hops(url):
            for entry in reversed(self._captured.captures(hop)):
                if _id(self._captured.header(entry)) == record_id:
                    return entry
        raise NotCaptured(f"the index does not lead to {record_id}, the record that it was read from")

    def _hops(self, url: str) -> Iterator[str]:
        """The URL and those that its newest captures redirect to."""
        for _ in range(MOST_HOPS):
            yield url
            newest = self._captured.captures(url)[-1:]
            location = self._location(newest[0]) if newest else None
            if location is None:
                return
            url = location

    def _location(self, entry: Entry) -> str | None:
        """Where an entry redirects to; None where it does not."""
        if not entry.status.startswith("3"):
            return None
        headers = self._captured.answer(entry).headers
        value = next((value for name, value in headers if name.lower() == b"location"), None)
        return urljoin(entry.url, value.decode("utf-8", "replace").strip()) if value else None

    # --- Requisites ---

    def _has_requisites(self, response: Response, page: str, missing: list[Skipped], depth: int) -> bool:
        """Whether all that a page or a stylesheet needs is there."""
        wanted = [found for found in requisites_of(response) if found.kind in self._kinds]
        # Each is looked up, also behind one that is missing.
        there = [self._has(requisite, page, missing, depth) for requisite in wanted]
        return all(there)

    def _has(self, requisite: Requisite, page: str, missing: list[Skipped], depth: int) -> bool:
        """Whether a requisite is there with all that it needs itself; looked up once."""
        key = blake2b(requisite.url.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._seen.execute("SELECT shown FROM requisite WHERE url = ?", (key,)).fetchone()
        if known is not None:
            return bool(known[0])
        # Noted before it is read: stylesheets may import each other in a circle.
        self._seen.execute("INSERT INTO requisite VALUES (?, 1)", (key,))
        try:
            entry = self._shown(requisite.url)
        except NotCaptured as error:
            self._seen.execute("UPDATE requisite SET shown = 0 WHERE url = ?", (key,))
            if not self._is_told(requisite.url, requisite.kind):
                missing.append(Skipped(url=requisite.url, reason=REASON, detail=f"{error}; {page} needs it"))
            return False
        if requisite.kind != RequisiteKind.STYLE or depth >= DEEPEST:
            return True
        return self._has_requisites(response_of(self._captured.answer(entry)), page, missing, depth + 1)

    def _shown(self, url: str) -> Entry:
        """What a browser would get for a URL in the end."""
        for hop in self._hops(url):
            captures = self._captured.captures(hop)
            if not captures:
                named = "it" if hop == url else f"a redirect leads to {hop}, which"
                raise NotCaptured(f"{named} is not in the index")
            if not captures[-1].status.startswith("3"):
                self._captured.header(captures[-1])
                return captures[-1]
        raise NotCaptured("it redirects without end")


def _id(fields: Any) -> str:
    return str(fields.get("warc-record-id", "")).strip("<> ")
