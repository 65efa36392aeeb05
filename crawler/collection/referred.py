"""What the revisits of a run refer to in other runs: taken along, a package of the run stands alone.

From each WARC file that holds such a record its ``warcinfo`` and the
exchanges that are referred to (request, response, metadata) are taken, member
by member as they stand in it. They make a file of their own,
``<its name>-originals.warc.gz``.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from crawler.collection.closed import SLICE
from crawler.collection.packaged_index import indexed
from crawler.collection.recovery import EditedRun
from crawler.warc.cdxj import REVISIT, Entry, Index, timestamp_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from crawler.collection.closed import ClosedRun, RunFile
    from crawler.warc.walk import StoredRecord

SCHEMA = """
    CREATE TABLE original (file TEXT, start INT, line TEXT, begins INT, ends INT, PRIMARY KEY (file, start));
    CREATE TABLE ending (file TEXT, byte INT, PRIMARY KEY (file, byte)) WITHOUT ROWID;
    BEGIN;
"""
BEFORE = "SELECT max(byte) FROM ending WHERE file = ? AND byte <= ?"
RANGES = "SELECT begins, ends, start, line FROM original WHERE file = ? ORDER BY start"


class Referred:
    """The records outside of a run that its revisits stand for, in a temporary database."""

    def __init__(self, index: Path, runs: Sequence[ClosedRun], run: ClosedRun) -> None:
        """Find them. Raises BadIndex, EditedRun where one is not there, OSError."""
        self._index = index
        self._files = {file.name: file for other in runs for file in other.warcs}
        self._own = {file.name: file.size for file in run.warcs}
        self._database = sqlite3.connect("", isolation_level=None)
        try:
            self._database.executescript(SCHEMA)
            self._find()
            self._note_endings()
            self._widen()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    @property
    def count(self) -> int:
        """How many records are referred to."""
        return int(self._database.execute("SELECT count(*) FROM original").fetchone()[0])

    @property
    def sources(self) -> list[RunFile]:
        """The files that hold them, by name."""
        names = self._database.execute("SELECT DISTINCT file FROM original ORDER BY file")
        return [self._files[name] for (name,) in names]

    def members(self, source: RunFile) -> Iterator[bytes]:
        """The bytes of the file that is made of one source."""
        with source.path.open("rb") as file:
            for begin, end in [(0, source.record_at(0).length), *self._ranges(source)]:
                file.seek(begin)
                left = end - begin
                while left and (octets := file.read(min(left, SLICE))):
                    left -= len(octets)
                    yield octets

    def lines(self) -> list[bytes]:
        """Their lines in the index of the package, sorted, with line ends."""
        made = []
        for source in self.sources:
            place = source.record_at(0).length
            rows = self._database.execute(RANGES, [source.name])
            for begin, end, start, line in rows:
                entry = replace(
                    Entry.from_line(line), filename=packaged_name(source), offset=place + start - begin
                )
                made.append(entry.as_line().encode() + b"\n")
                place += end - begin
        return sorted(made)

    def _ranges(self, source: RunFile) -> list[tuple[int, int]]:
        return [(begin, end) for begin, end, _, _ in self._database.execute(RANGES, [source.name])]

    def _find(self) -> None:
        with Index(self._index) as index:
            for _, entry in indexed(self._index, self._own, lambda _: True):
                if entry.mime == REVISIT:
                    self._find_original(index, self._files[entry.filename], entry)

    def _find_original(self, index: Index, file: RunFile, revisit: Entry) -> None:
        fields = file.record_at(revisit.offset).fields
        uri = fields.get("warc-refers-to-target-uri", "").strip("<> ")
        record_id = fields.get("warc-refers-to", "").strip("<> ")
        moment = timestamp_of(fields.get("warc-refers-to-date", ""))
        for entry in index.captures(uri):
            if entry.timestamp != moment or entry.filename not in self._files or entry.mime == REVISIT:
                continue
            if _id(self._files[entry.filename].record_at(entry.offset)) == record_id:
                if entry.filename not in self._own:
                    row = entry.filename, entry.offset, entry.as_line()
                    self._database.execute(
                        "INSERT OR IGNORE INTO original (file, start, line) VALUES (?, ?, ?)", row
                    )
                return
        raise EditedRun(
            f"{file.path}, byte {revisit.offset}: a revisit of {record_id} ({uri}, {moment}), "
            "which the index does not know, expected a record of this collection"
        )

    def _note_endings(self) -> None:
        """Note where records end that the index knows: from there a walk leads to those that it does not."""
        sources = {source.name: source.size for source in self.sources}
        if not sources:
            return
        for _, entry in indexed(self._index, sources, lambda _: True):
            row = entry.filename, entry.offset + entry.length
            self._database.execute("INSERT OR IGNORE INTO ending VALUES (?, ?)", row)

    def _widen(self) -> None:
        """Take the other records of each exchange along."""
        with closing(self._database.execute("SELECT file, start FROM original")) as originals:
            for name, start in originals.fetchall():
                begin, end = self._exchange(self._files[name], start)
                self._database.execute(
                    "UPDATE original SET begins = ?, ends = ? WHERE file = ? AND start = ?",
                    (begin, end, name, start),
                )

    def _exchange(self, file: RunFile, start: int) -> tuple[int, int]:
        """First byte of an exchange, and the byte behind its last; ``start`` is where its response stands."""
        response = file.record_at(start)
        begin: int | None = None
        place = self._database.execute(BEFORE, [file.name, start]).fetchone()[0] or 0
        while place < start:
            record = file.record_at(place)
            if begin is None and _belongs(record, response):
                begin = place
            place += record.length
        end = start + response.length
        while end < file.size and _belongs(record := file.record_at(end), response):
            end += record.length
        return (start if begin is None else begin), end


def packaged_name(source: RunFile) -> str:
    """Name of the file that holds what was taken from this one."""
    return f"{source.name.removesuffix('.gz').removesuffix('.warc')}-originals.warc.gz"


def _belongs(record: StoredRecord, response: StoredRecord) -> bool:
    return record.fields.get("warc-concurrent-to", "").strip("<> ") == _id(response)


def _id(record: StoredRecord) -> str:
    return record.fields.get("warc-record-id", "").strip("<> ")
