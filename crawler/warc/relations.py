"""How the records of one file refer to each other: checked when all of them have been seen."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from crawler.warc.finding import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

SCHEMA = """
    PRAGMA journal_mode = OFF;
    CREATE TABLE record (id TEXT, start INT, kind TEXT, date TEXT, uri TEXT, warcinfo TEXT, method TEXT);
    CREATE TABLE concurrent (start INT, id TEXT, other TEXT);
    CREATE TABLE bodiless (start INT, id TEXT, found TEXT, expected TEXT);
    BEGIN;
"""
INDEXES = """
    CREATE INDEX by_id ON record (id);
    CREATE INDEX by_pair ON concurrent (other, id);
"""
TWICE = """
    SELECT start, id FROM record AS later WHERE id <> '' AND EXISTS (
        SELECT 1 FROM record AS first WHERE first.id = later.id AND first.rowid < later.rowid
    ) ORDER BY start
"""
MISSING = "SELECT start, other FROM concurrent WHERE other NOT IN (SELECT id FROM record) ORDER BY start"
ONE_WAY = """
    SELECT record.start, named.id FROM concurrent AS named JOIN record ON record.id = named.other
    WHERE NOT EXISTS (
        SELECT 1 FROM concurrent AS back WHERE back.other = named.id AND back.id = named.other
    ) ORDER BY 1
"""
DIFFERENT = """
    SELECT named.start, one.{0}, other.{0} FROM concurrent AS named
    JOIN record AS one ON one.id = named.id JOIN record AS other ON other.id = named.other
    WHERE one.{0} <> other.{0} ORDER BY 1
"""
STRANGE_WARCINFO = """
    SELECT min(start), warcinfo, count(*) FROM record
    WHERE warcinfo <> '' AND warcinfo NOT IN (SELECT id FROM record WHERE kind = 'warcinfo')
    GROUP BY warcinfo ORDER BY 1
"""
WITHOUT_WARCINFO = """
    SELECT start, kind FROM record WHERE warcinfo = '' AND kind <> 'warcinfo'
    AND EXISTS (SELECT 1 FROM record WHERE warcinfo <> '') ORDER BY 1
"""
BODILESS = """
    SELECT start, found, expected, (
        SELECT method FROM record WHERE kind = 'request' AND (
            id IN (SELECT other FROM concurrent WHERE id = bodiless.id)
            OR id IN (SELECT id FROM concurrent WHERE other = bodiless.id)
        ) LIMIT 1
    ) FROM bodiless ORDER BY 1
"""
BATCH = 500

Found = tuple[str, int, str, str]
"""Code of the rule, offset of the record, what was found, what was expected."""


class Related(NamedTuple):
    """One record, as far as others may refer to it."""

    record_id: str
    """With its angle brackets, as fields name it; empty where it has none."""
    offset: int
    kind: str
    date: str
    target_uri: str
    warcinfo_id: str
    method: str | None
    """Of a request; None where it has none, or the record is another."""


class Relations:
    """Remembers what the records of a file say of each other.

    A temporary database of SQLite: in memory while it is small, then on
    disk, so that memory does not grow with the file.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(SCHEMA)
        self._records: list[Related] = []
        self._concurrent: list[tuple[int, str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def note(self, record: Related, concurrent_to: Iterable[str]) -> None:
        """Remember a record, and which it names in WARC-Concurrent-To."""
        self._records.append(record)
        for other in concurrent_to:
            self._concurrent.append((record.offset, record.record_id, other))
        if len(self._records) >= BATCH:
            self._store()

    def note_bodiless(self, record_id: str, offset: int, found: str, expected: str) -> None:
        """Remember an answer without the body that it announces: right if it is one to HEAD."""
        row = offset, record_id, found, expected
        self._database.execute("INSERT INTO bodiless VALUES (?, ?, ?, ?)", row)

    def check(self) -> Iterator[Found]:
        """What does not fit together, now that all records are known."""
        self._store()
        self._database.executescript(INDEXES)
        yield from self._identities()
        yield from self._captures()
        yield from self._warcinfos()
        yield from self._bodies()

    def _identities(self) -> Iterator[Found]:
        for start, record_id in self._rows(TWICE):
            yield "record-id-twice", start, f"{shown(record_id)} again", "an identifier of its own"

    def _captures(self) -> Iterator[Found]:
        for start, other in self._rows(MISSING):
            yield "concurrent-missing", start, f"no record {shown(other)}", "the one that the record names"
        for start, other in self._rows(ONE_WAY):
            yield "concurrent-one-way", start, "no name back", f"warc-concurrent-to: {shown(other)}"
        for start, one, other in self._rows(DIFFERENT.format("date")):
            yield "concurrent-date", start, shown(one), f"{shown(other)}, as in the concurrent record"
        for start, one, other in self._rows(DIFFERENT.format("uri")):
            yield "concurrent-target", start, shown(one), f"{shown(other)}, as in the concurrent record"

    def _warcinfos(self) -> Iterator[Found]:
        for start, warcinfo, count in self._rows(STRANGE_WARCINFO):
            found = f"{shown(warcinfo)} in {count} record{'' if count == 1 else 's'}"
            yield "warcinfo-unknown", start, found, "the identifier of a warcinfo record of the file"
        for start, kind in self._rows(WITHOUT_WARCINFO):
            yield "warcinfo-unnamed", start, f"none in a {kind}", "warc-warcinfo-id, as in other records"

    def _bodies(self) -> Iterator[Found]:
        for start, found, expected, method in self._rows(BODILESS):
            if method != "HEAD":
                yield "http-cut" if method else "http-no-body", start, found, expected

    def _store(self) -> None:
        self._database.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", self._records)
        self._database.executemany("INSERT INTO concurrent VALUES (?, ?, ?)", self._concurrent)
        self._records.clear()
        self._concurrent.clear()

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        with closing(self._database.execute(query)) as rows:
            yield from rows
