"""Where every row of an archive stands, and what it names: kept on disk while the archive is verified."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple, Self

from crawler.collection.known import digest_of, identity_of
from crawler.items import ITEM_FILES, Author, Comment, Post
from crawler.warc.stored_file import error, note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from crawler.items import Row
    from crawler.warc.finding import Finding
    from crawler.warc.stored_file import StoredFile

SCHEMA = """
    CREATE TABLE row (
        kind TEXT, id TEXT, version INT, digest TEXT, record_id TEXT, file INT, line INT, start INT,
        length INT, confirmed INT DEFAULT 0, identity BLOB, content BLOB
    );
    CREATE TABLE named (
        kind TEXT, id TEXT, field TEXT, file INT, line INT, PRIMARY KEY (kind, id, field)
    ) WITHOUT ROWID;
    BEGIN;
"""
INDEXES = """
    CREATE INDEX by_id ON row (kind, id, version);
    CREATE INDEX by_content ON row (identity, content);
    CREATE INDEX by_record ON row (record_id);
"""
TWICE = """
    SELECT id, {what}, file, line FROM row AS later WHERE EXISTS (
        SELECT 1 FROM row WHERE kind = later.kind AND id = later.id AND {what} = later.{what}
            AND rowid < later.rowid
    )
"""
GAPS = """
    SELECT id, max(version), count(*), file, line FROM row GROUP BY kind, id HAVING max(version) != count(*)
"""
UNKNOWN = """
    SELECT named.kind, named.id, field, file, line FROM named
    WHERE NOT EXISTS (SELECT 1 FROM row WHERE kind = named.kind AND id = named.id) ORDER BY file, line
"""

KINDS = {kind.__name__: kind for kind in ITEM_FILES}


class StatedRow(NamedTuple):
    """Where a row stands."""

    number: int
    file: int
    line: int
    start: int
    """Byte of the file at which its line begins."""
    length: int
    record_id: str


class RowCatalogue:
    """Filled with all rows first, then asked. A temporary database: memory stays flat."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(SCHEMA)
        self.files: list[StoredFile] = []
        self._sealed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add_file(self, file: StoredFile) -> int:
        """Begin with a file; gives its number."""
        self.files.append(file)
        return len(self.files) - 1

    def note(self, row: Row, file: int, line: int, start: int, length: int) -> None:
        """Take a row that has an identity, a content digest and a version."""
        kind, digest = type(row).__name__, row.content_digest or ""
        try:
            content = digest_of(digest)
        except ValueError:
            content = b""
        self._database.execute(
            "INSERT INTO row (kind, id, version, digest, record_id, file, line, start, length, identity,"
            " content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                kind,
                row.id,
                row.version,
                digest,
                row.warc_record_id,
                file,
                line,
                start,
                length,
                identity_of(type(row), row.id),
                content,
            ),
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO named VALUES (?, ?, ?, ?, ?)",
            [(kind, named, field, file, line) for kind, field, named in _named(row)],
        )

    def count(self) -> int:
        """How many rows there are."""
        return int(self._database.execute("SELECT count(*) FROM row").fetchone()[0])

    # --- Rows and each other ---

    def check(self, *, complete: bool, dropped: bool) -> Iterator[Finding]:
        """What is wrong with how rows are numbered and name each other.

        ``complete``: all runs of the collection are here, so that what is
        named has to be. ``dropped``: a pipeline left rows out.
        """
        self._seal()
        yield from self._check_versions(complete=complete)
        tell = error if complete and not dropped else note
        with closing(self._database.execute(UNKNOWN)) as names:
            for kind, row_id, field, file, line in names:
                # The page with the comment that is answered may lie beyond a budget.
                told = note if field == "parent_id" else tell
                rule = "comment-parent" if field == "parent_id" else f"{kind.lower()}-missing"
                expected = f"a {kind.lower()} of that id in some run"
                yield told(rule, self.files[file].told, f"{field} {row_id}", expected, line=line)

    def _check_versions(self, *, complete: bool) -> Iterator[Finding]:
        for what, rule in (("version", "version-twice"), ("digest", "content-twice")):
            with closing(self._database.execute(TWICE.format(what=what))) as rows:
                for row_id, value, file, line in rows:
                    found = f"{what} {value} of {row_id} once more"
                    yield error(rule, self.files[file].told, found, "one row of each", line=line)
        if not complete:
            return
        with closing(self._database.execute(GAPS)) as rows:
            for row_id, version, count, file, line in rows:
                found = f"{count} versions of {row_id}, the last number {version}"
                # A page that was given up after it was numbered leaves a gap, too.
                yield note("version-gap", self.files[file].told, found, f"1 to {count}", line=line)

    # --- Rows and the journal ---

    def not_in(self, journal: sqlite3.Connection, told: str) -> Iterator[Finding]:
        """Rows that the journal does not know, or with another version."""
        self._seal()
        query = "SELECT identity, content, id, version, file, line FROM row ORDER BY rowid"
        with closing(self._database.execute(query)) as rows:
            for identity, content, row_id, version, file, line in rows:
                found = journal.execute(
                    "SELECT version FROM contents WHERE id = ? AND digest = ?", (identity, content)
                ).fetchone()
                if found is None:
                    expected = f"a content that {told} knows"
                    yield error("row-unknown", self.files[file].told, row_id, expected, line=line)
                elif found[0] != version:
                    expected = f"{found[0]}, as {told} has it"
                    yield error(
                        "row-version",
                        self.files[file].told,
                        f"version {version} of {row_id}",
                        expected,
                        line=line,
                    )

    def missing(self, journal: sqlite3.Connection) -> int:
        """How many contents the journal knows of which there is no row."""
        self._seal()
        with closing(journal.execute("SELECT id, digest FROM contents")) as contents:
            return sum(
                self._database.execute(
                    "SELECT 1 FROM row WHERE identity = ? AND content = ? LIMIT 1", content
                ).fetchone()
                is None
                for content in contents
            )

    # --- Rows and pages read again ---

    def find(self, kind: str, row_id: str, digest: str) -> StatedRow | None:
        """The first row that states a content; None where there is none."""
        self._seal()
        found = self._database.execute(
            "SELECT rowid, file, line, start, length, record_id FROM row"
            " WHERE kind = ? AND id = ? AND digest = ? ORDER BY rowid LIMIT 1",
            (kind, row_id, digest),
        ).fetchone()
        return StatedRow(*found) if found else None

    def confirm(self, number: int) -> None:
        """Note that the row's record states it."""
        self._database.execute("UPDATE row SET confirmed = 1 WHERE rowid = ?", [number])

    def unconfirmed(self) -> Iterator[tuple[str, StatedRow]]:
        """Identity and place of rows that were not confirmed."""
        self._seal()
        query = (
            "SELECT id, rowid, file, line, start, length, record_id FROM row"
            " WHERE NOT confirmed ORDER BY rowid"
        )
        with closing(self._database.execute(query)) as rows:
            for row_id, *row in rows:
                yield row_id, StatedRow(*row)

    def line_of(self, row: StatedRow) -> bytes:
        """The line of a row. Raises one of UNREADABLE."""
        with self.files[row.file].open() as stream:
            stream.seek(row.start)
            return stream.read(row.length)

    def _seal(self) -> None:
        if not self._sealed:
            self._database.executescript(INDEXES)
            self._sealed = True


def _named(row: Row) -> Iterator[tuple[str, str, str]]:
    """Rows that a row names: kind, field, identity."""
    if isinstance(row, Comment):
        yield Post.__name__, "post_id", row.post_id
        if row.parent_id is not None:
            yield Comment.__name__, "parent_id", row.parent_id
    elif isinstance(row, Post):
        for author in row.author_ids:
            yield Author.__name__, "author_ids", author
    elif isinstance(row, Author) and row.about_post_id is not None:
        yield Post.__name__, "about_post_id", row.about_post_id
