"""What a collection knows: contents and versions, what this crawl found, what its spider remembers."""

from __future__ import annotations

import json
from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from crawler.collection.visit import Statement
from crawler.items import Comment, Post

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from crawler.collection.visit import Visit
    from crawler.items import Row

IDENTITY_BYTES = 16
"""Of a digest: among ten million rows, two share one with a chance of one in ten to the 24th."""


class Known:
    """Kept in the journal; what visits brought that are not committed yet is known as well.

    ``number`` and ``recall`` are for the thread that reads, ``learn`` and
    ``clear`` belong into a transaction of the journal.
    """

    def __init__(self, writer: sqlite3.Connection, read: Callable[[str, tuple[Any, ...]], list[Any]]) -> None:
        self._writer = writer
        self._read = read
        self._pending: defaultdict[bytes, list[Statement]] = defaultdict(list)
        self._notes: defaultdict[str, dict[Visit, Any]] = defaultdict(dict)

    # --- Versions ---

    def number(self, row: Row, visit: Visit) -> bool:
        """Give the row its version; False when its content has been stated before."""
        if row.content_digest is None:
            raise ValueError(f"{row.id}: has no content digest; it has to be proven first")
        identity, digest = identity_of(type(row), row.id), digest_of(row.content_digest)
        stated = self._read("SELECT digest, version FROM contents WHERE id = ?", (identity,))
        stated += [(pending.digest, pending.version) for pending in self._pending.get(identity, ())]
        if any(digest == known for known, _ in stated):
            return False
        row.version = 1 + max((version for _, version in stated), default=0)
        statement = Statement(identity, digest, row.version)
        self._pending[identity].append(statement)
        visit.statements.append(statement)
        return True

    def remember(self, identity: bytes, digest: bytes, version: int) -> None:
        """Take a content from a line that is on the disk."""
        self._writer.execute("INSERT OR IGNORE INTO contents VALUES (?, ?, ?)", (identity, digest, version))

    # --- Notes ---

    def recall(self, name: str) -> Any:
        """What the spider remembered under this name. Raises KeyError."""
        if pending := self._notes.get(name):
            return next(reversed(pending.values()))
        rows = self._read("SELECT value FROM notes WHERE name = ?", (name,))
        if not rows:
            raise KeyError(name)
        return json.loads(rows[0][0])

    def note(self, name: str, value: Any, visit: Visit) -> None:
        """Remember a value with the visit that is being made."""
        self._notes[name].pop(visit, None)
        self._notes[name][visit] = value
        visit.notes[name] = value

    # --- What a visit brought ---

    def learn(self, visit: Visit) -> None:
        """Keep what a visit states, found and noted."""
        written = {identity_of(type(row), row.id) for row in visit.rows}
        self._writer.executemany(
            "INSERT OR IGNORE INTO contents VALUES (?, ?, ?)",
            [statement for statement in visit.statements if statement.identity in written],
        )
        self._writer.executemany(
            "INSERT INTO notes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [(name, json.dumps(value)) for name, value in visit.notes.items()],
        )
        self._writer.executemany(
            "INSERT INTO found VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET announced = excluded.announced WHERE kind = 'Post'",
            map(_found, visit.stated),
        )

    def settle(self, visit: Visit) -> None:
        """Look for what the visit brought in the journal from now on; also where it was given up."""
        for statement in visit.statements:
            pending = self._pending[statement.identity]
            pending.remove(statement)
            if not pending:
                del self._pending[statement.identity]
        for name in visit.notes:
            self._notes[name].pop(visit, None)
            if not self._notes[name]:
                del self._notes[name]

    def clear(self) -> None:
        """Forget what the crawl found and noted, but no content."""
        for table in ("found", "notes"):
            self._writer.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours

    # --- Counts ---

    def bounds_reached(self) -> list[str]:
        """Bounds that the spider noted as reached, whichever run did it."""
        rows = self._read("SELECT name FROM notes WHERE name LIKE 'reached %' ORDER BY name", ())
        return [name.removeprefix("reached ") for (name,) in rows]

    def counts(self) -> dict[str, int]:
        """How many posts, comments and authors the crawl found."""
        found = dict(self._read("SELECT kind, count(*) FROM found GROUP BY kind", ()))
        return {f"{kind.lower()}s": found.get(kind, 0) for kind in ("Post", "Comment", "Author")}

    def comments_that_differ(self) -> list[dict[str, Any]]:
        """Posts that announce another number of comments than were found."""
        rows = self._read(
            "SELECT name, announced, (SELECT count(*) FROM found AS c WHERE c.post = p.id) AS comments"
            " FROM found AS p WHERE kind = 'Post' AND announced IS NOT NULL AND announced != comments"
            " ORDER BY name",
            (),
        )
        return [{"post_id": post, "announced": announced, "found": found} for post, announced, found in rows]


def identity_of(kind: type[Row], row_id: str) -> bytes:
    """The identity of a row as the journal has it, 16 bytes."""
    text = f"{kind.__name__} {row_id}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=IDENTITY_BYTES).digest()


def digest_of(content_digest: str) -> bytes:
    """A content digest as the journal has it, 16 bytes."""
    return bytes.fromhex(content_digest.removeprefix("sha256:"))[:IDENTITY_BYTES]


def _found(row: Row) -> tuple[bytes, str, bytes | None, str | None, int | None]:
    identity, kind = identity_of(type(row), row.id), type(row).__name__
    if isinstance(row, Post):
        return identity, kind, None, row.id, row.comments_announced
    if isinstance(row, Comment):
        return identity, kind, identity_of(Post, row.post_id), None, None
    return identity, kind, None, None, None
