"""The journal of a collection, read only, held against its runs and rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

from crawler.collection.journal import FORMAT, JOURNAL
from crawler.warc.stored_file import error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from crawler.collection.row_catalogue import RowCatalogue
    from crawler.collection.run_check import Manifest
    from crawler.warc.catalogue import Catalogue
    from crawler.warc.finding import Finding


def open_read_only(path: Path) -> sqlite3.Connection:
    """The database, without writing to it or beside it. Raises sqlite3.Error.

    Where no write-ahead log lies beside it, nobody has it open, and SQLite is
    told not to make one.
    """
    mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?{mode}", uri=True, isolation_level=None)


class JournalCheck:
    """What is wrong with the journal of a collection."""

    def __init__(self, collection: Path, manifests: Sequence[Manifest], open_runs: Sequence[str]) -> None:
        self._path = collection / JOURNAL
        self._told = str(self._path)
        self._manifests = {manifest.run.id: manifest for manifest in manifests}
        self._open = set(open_runs)

    def run(
        self, rows: RowCatalogue, records: Catalogue, reasons: Mapping[tuple[str, str], int]
    ) -> Iterator[Finding]:
        """All of it; ``reasons`` are lines of ``skipped.jsonl`` by run and reason."""
        if not self._path.is_file():
            expected = f"one; scrapy verify --rebuild-journal {self._path.parent} makes it anew"
            yield error("journal-missing", self._told, "no file", expected)
            return
        try:
            with closing(open_read_only(self._path)) as database:
                database.execute("BEGIN")
                yield from self._check(database, rows, records, reasons)
        except sqlite3.Error as fault:
            yield error("journal", self._told, str(fault), "a whole database of SQLite")

    def _check(
        self,
        database: sqlite3.Connection,
        rows: RowCatalogue,
        records: Catalogue,
        reasons: Mapping[tuple[str, str], int],
    ) -> Iterator[Finding]:
        [version] = database.execute("PRAGMA user_version").fetchone()
        if version > FORMAT or version < 1:
            yield error("journal", self._told, f"format {version}", f"1 to {FORMAT}")
            return
        for (word,) in database.execute("PRAGMA integrity_check(5)").fetchall():
            if word != "ok":
                yield error("journal", self._told, word, "a whole database of SQLite")
        yield from self._check_runs(database)
        yield from self._check_contents(database, rows)
        yield from self._check_requests(database, records, reasons)

    def _check_runs(self, database: sqlite3.Connection) -> Iterator[Finding]:
        known = dict(database.execute("SELECT id, manifest FROM runs ORDER BY id").fetchall())
        for run, manifest in known.items():
            there = self._manifests.get(run)
            if there is None and manifest is not None:
                folder = self._path.parent / run
                found = "no run.json" if run in self._open else "no folder"
                yield error("run-missing", str(folder), found, "a run, which the journal knows as closed")
            elif there is not None and manifest is not None and there.sha256 != manifest:
                told = there.run.manifest_file.told
                yield error(
                    "manifest-digest", told, f"SHA-256 {there.sha256}", f"{manifest}, as the journal has it"
                )
        for run in sorted(self._manifests.keys() - known.keys()):
            told = self._manifests[run].run.told
            yield error("run-unknown", told, "a run", "none that the journal does not know")

    def _check_contents(self, database: sqlite3.Connection, rows: RowCatalogue) -> Iterator[Finding]:
        yield from rows.not_in(database, self._told)
        if not self._open and (missing := rows.missing(database)):
            found = f"{missing} contents of which there is no row"
            yield error("row-missing", self._told, found, "a row in some run for each content that it knows")

    def _check_requests(
        self, database: sqlite3.Connection, records: Catalogue, reasons: Mapping[tuple[str, str], int]
    ) -> Iterator[Finding]:
        """What the last crawl asked for: what is done has its record, what gave no row its reason."""
        done = (
            "SELECT url, record, run FROM requests WHERE record IS NOT NULL AND run IS NOT NULL ORDER BY id"
        )
        with closing(database.execute(done)) as requests:
            for url, record, run in requests:
                if run in self._manifests and not records.has_record(record):
                    told = self._manifests[run].run.told
                    yield error(
                        "page-missing", told, f"no record {record} of {url}", "it, as the journal says"
                    )
        failed = (
            "SELECT run, reason, count(*) FROM requests"
            " WHERE reason IS NOT NULL AND run IS NOT NULL GROUP BY run, reason"
        )
        for run, reason, count in database.execute(failed).fetchall():
            lines = reasons.get((run, reason), 0)
            if run in self._manifests and lines < count:
                told = f"{self._manifests[run].run.told}/skipped.jsonl"
                yield error(
                    "skipped-missing", told, f"{lines} lines with {reason}", f"{count}, as the journal says"
                )
