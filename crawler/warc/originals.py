"""Which record holds what a revisit leaves out: an index on disk, kept while archives are read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from crawler.warc.exchange import Location

SCHEMA = """
    CREATE TABLE response (archive INT, start INT, record_id TEXT, uri TEXT, date TEXT, digest TEXT);
    CREATE TABLE revisit (
        archive INT, start INT, record_id TEXT, refers_to TEXT, uri TEXT, date TEXT, digest TEXT
    );
    BEGIN;
"""
INDEXES = """
    CREATE INDEX by_id ON response (record_id);
    CREATE INDEX by_capture ON response (uri, date);
    CREATE INDEX by_digest ON response (digest, uri);
"""
ORIGINAL = """
    SELECT archive, start, record_id FROM response WHERE record_id = :refers_to
    UNION ALL SELECT archive, start, record_id FROM response WHERE uri = :uri AND date = :date
    UNION ALL SELECT archive, start, record_id FROM response WHERE digest = :digest AND uri = :uri
    UNION ALL SELECT archive, start, record_id FROM response WHERE digest = :digest
    LIMIT 1
"""


class Place(NamedTuple):
    """Where a record stands."""

    archive: int
    """Number of the file among those that are read."""
    offset: int
    record_id: str


class Originals:
    """Responses and revisits of the archives that are being read.

    A temporary database of SQLite: in memory while it is small, then on
    disk, so that memory does not grow with the archives.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def note_response(self, archive: int, at: Location) -> None:
        """Remember a record that may be the original of a revisit."""
        row = archive, at.offset, at.record_id, at.target_uri, at.date, at.payload_digest
        self._database.execute("INSERT INTO response VALUES (?, ?, ?, ?, ?, ?)", row)

    def note_revisit(self, archive: int, at: Location, *, refers_to: str, uri: str, date: str) -> None:
        """Remember a revisit, and what it says of its original; what it does not say is empty."""
        row = archive, at.offset, at.record_id, refers_to, uri, date, at.payload_digest
        self._database.execute("INSERT INTO revisit VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def revisits(self) -> Iterator[tuple[Place, Place | None]]:
        """Each revisit in order, with its original; None where no archive holds that."""
        self._database.executescript(INDEXES)
        found = "SELECT archive, start, record_id, refers_to, uri, date, digest FROM revisit ORDER BY rowid"
        with closing(self._database.execute(found)) as rows:
            for archive, start, record_id, refers_to, uri, date, digest in rows:
                said = {"refers_to": refers_to, "uri": uri, "date": date, "digest": digest}
                original = self._database.execute(ORIGINAL, said).fetchone()
                yield Place(archive, start, record_id), Place(*original) if original else None
