"""Whether the records that revisits repeat are there, and what the revisits say (WARC 1.1 section 6.7)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

from crawler.warc.digests import BadDigest, read_digest
from crawler.warc.finding import Finding, shown
from crawler.warc.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from crawler.warc.checked import CheckedRecord

SCHEMA = """
    PRAGMA journal_mode = OFF;
    CREATE TABLE original (id TEXT, kind TEXT, uri TEXT, date TEXT, stated TEXT, computed TEXT);
    CREATE TABLE revisit (
        file TEXT, start INT, date TEXT, digest TEXT, refers_to TEXT, uri TEXT, original_date TEXT
    );
    BEGIN;
"""
INDEXES = """
    CREATE INDEX by_id ON original (id);
    CREATE INDEX by_capture ON original (uri, date);
"""
REVISITS = "SELECT file, start, date, digest, refers_to, uri, original_date FROM revisit ORDER BY rowid"
BY_ID = "SELECT kind, uri, date, stated, computed FROM original WHERE id = ? LIMIT 1"
BY_CAPTURE = "SELECT kind, uri, date, stated, computed FROM original WHERE uri = ? AND date = ? LIMIT 1"

ORIGINALS = frozenset({"response", "resource", "revisit"})


class Revisits:
    """Remembers revisits and what they may repeat, of one file or of many.

    ``whole`` says that every record which a revisit may repeat is among
    those that are noted: one that is not is missing then.

    A temporary database of SQLite: in memory while it is small, then on
    disk, so that memory does not grow with the archives.
    """

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def note(self, record: CheckedRecord) -> None:
        """Remember a record, whatever it is."""
        fields = record.fields
        if record.kind in ORIGINALS:
            digests = fields.get("warc-payload-digest", ""), record.payload_digest or ""
            row = record.record_id, record.kind, record.target_uri, record.date, *digests
            self._database.execute("INSERT INTO original VALUES (?, ?, ?, ?, ?, ?)", row)
        if record.kind == "revisit":
            values = (
                fields.get("warc-payload-digest", ""),
                fields.get("warc-refers-to", "").strip("<> "),
                fields.get("warc-refers-to-target-uri", "").strip("<> "),
                fields.get("warc-refers-to-date", ""),
            )
            self._database.execute(
                "INSERT INTO revisit VALUES (?, ?, ?, ?, ?, ?, ?)",
                (record.file, record.offset, record.date, *values),
            )

    def findings(self) -> Iterator[Finding]:
        """What is wrong, now that all records are known: in the order of the revisits."""
        self._database.executescript(INDEXES)
        elsewhere = 0
        with closing(self._database.execute(REVISITS)) as rows:
            for file, start, *said in rows:
                original = self._original(*said[2:])
                if original is not None:
                    yield from _differences(file, start, said, original)
                elif any(said[2:]):
                    elsewhere += 1
                    if self._whole or elsewhere == 1:
                        yield self._missing(file, start, said)

    def _original(self, refers_to: str, uri: str, date: str) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = None
        if refers_to:
            found = self._database.execute(BY_ID, (refers_to,)).fetchone()
        elif uri and date:
            found = self._database.execute(BY_CAPTURE, (uri, date)).fetchone()
        return found

    def _missing(self, file: str, start: int, said: list[str]) -> Finding:
        refers_to, uri, date = said[2:]
        named = shown(refers_to) if refers_to else f"{shown(uri)} of {date}"
        if self._whole:
            return _finding("revisit-original", file, start, f"no record {named}", "the one that is repeated")
        expected = "it in this file, or the others verified with it"
        return _finding("revisit-elsewhere", file, start, f"no record {named}", expected)


def _differences(file: str, start: int, said: list[str], original: tuple[Any, ...]) -> Iterator[Finding]:
    date, digest, _, stated_uri, stated_date = said
    kind, uri, original_date, *digests = original
    if kind == "revisit":
        yield _finding("revisit-differs", file, start, "another revisit", "a record with a body")
    for stated, found in ((stated_uri, uri), (stated_date, original_date)):
        if stated and stated != found:
            expected = f"{shown(stated)}, as the revisit says"
            yield _finding("revisit-differs", file, start, shown(found), expected)
    # To the second: not all dates have fractions.
    if original_date[:19] > date[:19]:
        found = f"an original of {shown(original_date)}"
        yield _finding("revisit-differs", file, start, found, f"one from before {shown(date)}")
    values = [value for value in map(_value, digests) if value is not None]
    wanted = _value(digest)
    # That of some writers is of the chunks, too, in the original as in the revisit.
    if wanted is not None and values and wanted not in values and wanted[0] in dict(values):
        found = f"payload digest {shown(digests[1] or digests[0])}"
        yield _finding("revisit-differs", file, start, found, f"{shown(digest)}, as the revisit says")


def _value(digest: str) -> tuple[str, bytes] | None:
    """Algorithm and digest; None where they cannot be compared."""
    try:
        read = read_digest(digest)
    except BadDigest:
        return None
    return (read.algorithm, read.value) if read.value is not None else None


def _finding(rule: str, file: str, offset: int, found: str, expected: str) -> Finding:
    severity = RULES[rule].own
    return Finding(file=file, offset=offset, rule=rule, severity=severity, found=found, expected=expected)
