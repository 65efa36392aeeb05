"""What the journal knows of captures: which payloads are archived, and what the index does not have yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.warc.exchange import Original

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from crawler.warc.ledger import Capture


class Captures:
    """Kept in the journal. ``find`` is for the thread that reads, the others are for the one that writes."""

    def __init__(self, writer: sqlite3.Connection, read: Callable[[str, tuple[Any, ...]], list[Any]]) -> None:
        self._writer = writer
        self._read = read

    def learn(self, captures: Iterable[Capture]) -> None:
        """Keep captures whose records are on the disk. In a transaction."""
        learn(self._writer, captures)

    def find(self, payload: bytes) -> Original | None:
        """The record that holds a payload; None where none does that is committed."""
        rows = self._read("SELECT record, uri, date FROM payloads WHERE identity = ?", (payload,))
        if not rows:
            return None
        record_id, uri, date = rows[0]
        return Original(record_id=record_id, target_uri=uri, date=date)

    def unindexed(self) -> Iterator[str]:
        """Lines that the index does not have yet, sorted by their bytes."""
        for (line,) in self._writer.execute("SELECT line FROM unindexed ORDER BY line"):
            yield line

    def indexed(self) -> None:
        """The index has them now. In a transaction."""
        self._writer.execute("DELETE FROM unindexed")


def learn(database: sqlite3.Connection, captures: Iterable[Capture]) -> None:
    """Put captures into the tables; of several with one payload the first counts."""
    for capture in captures:
        if capture.entry is not None:
            database.execute("INSERT OR IGNORE INTO unindexed VALUES (?)", (capture.entry.as_line(),))
        if capture.payload is not None:
            at = capture.location
            database.execute(
                "INSERT OR IGNORE INTO payloads VALUES (?, ?, ?, ?)",
                (capture.payload, at.record_id, at.target_uri, at.date),
            )
