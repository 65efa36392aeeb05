"""What the WARC files of an archive hold: every record by its place and its identifier, kept on disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Self

from crawler.warc.cdxj import timestamp_of
from crawler.warc.ledger import is_indexed
from crawler.warc.revisits import Revisits
from crawler.warc.surt import surt_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from crawler.warc.checked import CheckedRecord
    from crawler.warc.finding import Finding

SCHEMA = """
    CREATE TABLE file (id INTEGER PRIMARY KEY, name TEXT UNIQUE, told TEXT);
    CREATE TABLE record (
        file INT, start INT, length INT, kind TEXT, record_id TEXT, uri TEXT, date TEXT, digest TEXT,
        status INT, mime TEXT, whole INT, indexed INT, found INT DEFAULT 0
    );
    BEGIN;
"""
INDEXES = """
    CREATE INDEX by_place ON record (file, start);
    CREATE INDEX by_id ON record (record_id);
    CREATE INDEX by_capture ON record (uri, date);
"""
ANSWERS = {"response", "revisit", "resource"}
COLUMNS = "record.rowid, kind, record_id, uri, date, digest, status, mime, whole, length, indexed"


NOTE = """
    INSERT INTO record (file, start, length, kind, record_id, uri, date, digest, status, mime, whole, indexed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
BATCH = 1000
"""Records that are noted in one go: one by one takes twice as long."""


class Record(NamedTuple):
    """A record of one of the files."""

    number: int
    """Among all records."""
    kind: str
    """WARC-Type."""
    record_id: str
    """WARC-Record-ID without angle brackets."""
    uri: str
    """WARC-Target-URI without angle brackets."""
    date: str
    """WARC-Date as it stands."""
    digest: str | None
    """WARC-Payload-Digest."""
    status: int | None
    """Of an answer over HTTP; None of other records, and of what is no HTTP."""
    mime: str
    """Media type that the answer states; empty where it states none."""
    whole: bool
    """The record has no WARC-Truncated."""
    length: int
    """Bytes in the file: of the gzip member, or of the plain record."""
    indexed: bool
    """It belongs into an index."""


class Catalogue:
    """Filled with the records of all files first, then asked. A temporary database: memory stays flat."""

    def __init__(self, *, whole: bool = True) -> None:
        """``whole``: what a revisit repeats has to be in one of the files."""
        self._revisits = Revisits(whole=whole)
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(SCHEMA)
        self._files: dict[str, int] = {}
        self._noted: list[tuple[object, ...]] = []
        self._sealed = False
        self._has_keys = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._revisits.__exit__(kind, error, trace)
        self._database.close()

    def add_file(self, name: str, told: str) -> bool:
        """Begin with a file: its name, and how the user knows it. False where the name is taken."""
        if name in self._files:
            return False
        self._files[name] = len(self._files)
        self._database.execute("INSERT INTO file VALUES (?, ?, ?)", (self._files[name], name, told))
        return True

    def has_file(self, name: str) -> bool:
        """Whether a file of this name was added."""
        return name in self._files

    def told(self, name: str) -> str:
        """A file as the user knows it."""
        found = self._database.execute("SELECT told FROM file WHERE name = ?", [name]).fetchone()
        return str(found[0]) if found else name

    def note(self, record: CheckedRecord) -> None:
        """Take a record of a file that was added."""
        self._revisits.note(record)
        is_answer = record.kind in ANSWERS and record.target_uri.lower().startswith(("http:", "https:"))
        status = 200 if record.kind == "resource" and record.status is None else record.status
        self._noted.append(
            (
                self._files[record.file],
                record.offset,
                record.length,
                record.kind,
                record.record_id,
                record.target_uri,
                record.date,
                record.fields.get("warc-payload-digest"),
                status,
                record.content_type,
                record.truncated is None,
                is_answer and is_indexed("GET", 200 if status is None else status),
            )
        )
        if len(self._noted) >= BATCH:
            self._store()

    def leave_out(self, record_ids: Iterable[str]) -> None:
        """Note that these records belong into no index: the answers to HEAD."""
        self._store()
        self._database.executemany(
            "UPDATE record SET indexed = 0 WHERE record_id = ?", [(record_id,) for record_id in record_ids]
        )

    def at(self, file: str, offset: int, record_id: str | None = None) -> Record | None:
        """The record at a place; of several in one member the one of this identifier, or the answer."""
        self._seal()
        if file not in self._files:
            return None
        rows = self._database.execute(
            f"SELECT {COLUMNS} FROM record WHERE file = ? AND start = ?"  # noqa: S608 - names of ours
            " ORDER BY record_id = ? DESC, indexed DESC",
            (self._files[file], offset, record_id),
        )
        found = rows.fetchone()
        return Record(*found) if found else None

    def has_record(self, record_id: str) -> bool:
        """Whether there is a record of this identifier."""
        self._seal()
        found = self._database.execute("SELECT 1 FROM record WHERE record_id = ? LIMIT 1", [record_id])
        return found.fetchone() is not None

    def has_capture(self, url: str, timestamp: str | None = None) -> bool:
        """Whether there is an answer of a URL, byte for byte; of a moment (14 digits) where one is given."""
        self._seal()
        dates = self._database.execute("SELECT date FROM record WHERE uri = ? AND indexed", [url])
        return any(timestamp is None or timestamp_of(date) == timestamp for (date,) in dates)

    def has_key(self, key: str) -> bool:
        """Whether there is an answer whose URL has this key."""
        self._seal()
        if not self._has_keys:
            self._database.execute("CREATE TABLE key (key TEXT PRIMARY KEY) WITHOUT ROWID")
            uris = self._database.execute("SELECT DISTINCT uri FROM record WHERE indexed")
            self._database.executemany(
                "INSERT OR IGNORE INTO key VALUES (?)", ((surt_key(uri),) for (uri,) in uris)
            )
            self._has_keys = True
        return self._database.execute("SELECT 1 FROM key WHERE key = ?", [key]).fetchone() is not None

    def mark_found(self, number: int) -> None:
        """Note that an index has the record."""
        self._database.execute("UPDATE record SET found = 1 WHERE rowid = ?", [number])

    def not_found(self) -> Iterator[tuple[str, int, Record]]:
        """Records that belong into an index and were not marked: file as told, offset, record."""
        self._seal()
        query = (
            f"SELECT told, start, {COLUMNS} FROM record JOIN file ON file.id = record.file"  # noqa: S608
            " WHERE indexed AND NOT found ORDER BY record.file, start"
        )
        with closing(self._database.execute(query)) as rows:
            for told, start, *record in rows:
                yield told, start, Record(*record)

    def count(self, condition: str = "1") -> int:
        """How many records there are of which an expression of SQL is true."""
        self._seal()
        [count] = self._database.execute(f"SELECT count(*) FROM record WHERE {condition}").fetchone()  # noqa: S608
        return int(count)

    def revisits(self) -> Iterator[Finding]:
        """What is wrong with the records that revisits repeat."""
        for found in self._revisits.findings():
            yield replace(found, file=self.told(found.file))

    def _store(self) -> None:
        self._database.executemany(NOTE, self._noted)
        self._noted.clear()

    def _seal(self) -> None:
        if not self._sealed:
            self._store()
            self._database.executescript(INDEXES)
            self._sealed = True
