"""The journal of a collection: what is committed, in one SQLite database."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crawler.collection.captures import Captures
from crawler.collection.known import Known
from crawler.collection.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from crawler.collection.queue import Task
    from crawler.collection.visit import Visit, Wanted
    from crawler.warc.ledger import Capture

JOURNAL = "journal.sqlite"

MIGRATIONS = (
    """
    CREATE TABLE crawls (
        id INTEGER PRIMARY KEY, spider TEXT NOT NULL, arguments TEXT NOT NULL,
        seeded INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE runs (
        id TEXT PRIMARY KEY, crawl INTEGER NOT NULL, continues TEXT, started_at TEXT NOT NULL, manifest TEXT
    ) WITHOUT ROWID;
    CREATE TABLE files (
        run TEXT NOT NULL, name TEXT NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (run, name)
    ) WITHOUT ROWID;
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, url TEXT NOT NULL, priority INTEGER NOT NULL,
        state TEXT NOT NULL, reason TEXT, budget TEXT, request TEXT, record TEXT, run TEXT
    );
    CREATE INDEX queued ON requests (priority DESC, id) WHERE state = 'queued';
    CREATE INDEX in_flight ON requests (id) WHERE state = 'in flight';
    CREATE INDEX over_budget ON requests (budget) WHERE reason = 'budget';
    CREATE TABLE budgets (name TEXT PRIMARY KEY, asked INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE contents (
        id BLOB NOT NULL, digest BLOB NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (id, digest)
    ) WITHOUT ROWID;
    CREATE TABLE found (
        id BLOB PRIMARY KEY, kind TEXT NOT NULL, post BLOB, name TEXT, announced INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX found_of_post ON found (post) WHERE post IS NOT NULL;
    """,
    """
    CREATE TABLE payloads (
        identity BLOB PRIMARY KEY, record TEXT NOT NULL, uri TEXT NOT NULL, date TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE unindexed (line TEXT PRIMARY KEY) WITHOUT ROWID;
    """,
)
"""How each format is made from the one before, the first from nothing; none is changed once published."""

FORMAT = len(MIGRATIONS)


class BadJournal(ValueError):
    """A journal that this version cannot work with."""


class JournalFailed(OSError):
    """The journal cannot be written: the disk is full, broken or read-only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """A visit to the whole of a site, over as many runs as it takes."""

    number: int
    spider: str
    arguments: Mapping[str, str]
    seeded: bool
    """Whether its first requests are in the queue."""
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRun:
    """A run as the journal has it."""

    id: str
    crawl: int
    continues: str | None
    started_at: str
    manifest: str | None
    """Hexadecimal SHA-256 of its ``run.json``; None while it is being written."""


class Journal:
    """One transaction after the other, each on the disk when it returns (WAL, full sync).

    All writing belongs to one thread at a time; ``known`` and ``queue.knows``
    read through a connection of their own, for another thread. Every method
    raises JournalFailed when the disk does.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the journal. Raises BadJournal, JournalFailed."""
        self.path = path
        self.on_error: Callable[[BadJournal | JournalFailed], None] | None = None
        """Told whatever the journal fails with, in the thread where it does."""
        with self._failing():
            self._writer = _connect(path)
            try:
                self._migrate()
                self._reader = _connect(path)
            except BaseException:
                self._writer.close()
                raise
        self.queue = Queue(self._writer, self._read)
        self.known = Known(self._writer, self._read)
        self.captures = Captures(self._writer, self._read)

    def close(self) -> None:
        """Leave one file: what the write-ahead log holds goes into the database."""
        with self._failing():
            self._reader.close()
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writer.close()

    # --- Crawls ---

    def crawl(self) -> Crawl | None:
        """The last crawl; None before the first."""
        row = self._one("SELECT id, spider, arguments, seeded, ended FROM crawls ORDER BY id DESC LIMIT 1")
        if row is None:
            return None
        number, spider, arguments, seeded, ended = row
        return Crawl(
            number=number,
            spider=spider,
            arguments=json.loads(arguments),
            seeded=bool(seeded),
            ended=bool(ended),
        )

    def begin_crawl(self, spider: str, arguments: Mapping[str, str]) -> Crawl:
        """Begin a new crawl: what was left of the one before is forgotten."""
        with self._transaction() as database:
            self.queue.clear()
            self.known.clear()
            database.execute(
                "INSERT INTO crawls (spider, arguments) VALUES (?, ?)",
                (spider, json.dumps(dict(arguments), sort_keys=True)),
            )
        crawl = self.crawl()
        if crawl is None:
            raise RuntimeError("the crawl that was just begun is not there")
        return crawl

    def reopen(self, crawl: Crawl) -> Crawl:
        """The crawl, which goes on: what interrupts it leaves it to be taken up again."""
        with self._transaction() as database:
            database.execute("UPDATE crawls SET ended = 0 WHERE id = ?", (crawl.number,))
        return replace(crawl, ended=False)

    def seed(self, seeds: Sequence[Wanted], budget: Callable[[str], int]) -> None:
        """Put the first requests of the crawl into the queue."""
        with self._transaction() as database:
            self.queue.add(seeds, budget)
            database.execute("UPDATE crawls SET seeded = 1 WHERE id = (SELECT max(id) FROM crawls)")

    def requeue(self, budget: Callable[[str], int]) -> None:
        """Put what was in flight, and what the budgets allow by now, back into the queue."""
        with self._transaction():
            self.queue.requeue(budget)

    # --- Runs ---

    def runs(self) -> list[KnownRun]:
        """All runs, oldest first."""
        columns = "id, crawl, continues, started_at, manifest"
        rows = self._all(f"SELECT {columns} FROM runs ORDER BY id")  # noqa: S608 - names of columns
        return [
            KnownRun(id=name, crawl=crawl, continues=continues, started_at=started_at, manifest=manifest)
            for name, crawl, continues, started_at, manifest in rows
        ]

    def begin_run(self, run: str, crawl: int, continues: str | None, started_at: str) -> None:
        """Know of a run before its folder is there."""
        with self._transaction() as database:
            database.execute(
                "INSERT INTO runs (id, crawl, continues, started_at) VALUES (?, ?, ?, ?)",
                (run, crawl, continues, started_at),
            )

    def forget_run(self, run: str) -> None:
        """Know no more of a run that has no folder."""
        with self._transaction() as database:
            database.execute("DELETE FROM files WHERE run = ?", (run,))
            database.execute("DELETE FROM runs WHERE id = ?", (run,))

    def close_run(self, run: str, manifest: str, *, crawl_ended: bool) -> None:
        """Note the digest of a run's ``run.json``, and whether the crawl ended with it."""
        with self._transaction() as database:
            database.execute("UPDATE runs SET manifest = ? WHERE id = ?", (manifest, run))
            database.execute("DELETE FROM files WHERE run = ?", (run,))
            if crawl_ended:
                database.execute(
                    "UPDATE crawls SET ended = 1 WHERE id = (SELECT crawl FROM runs WHERE id = ?)", (run,)
                )

    def lengths(self, run: str) -> dict[str, int]:
        """How many bytes of each file of an open run are committed."""
        return dict(self._all("SELECT name, length FROM files WHERE run = ?", (run,)))

    # --- The commit ---

    def commit(
        self,
        run: str,
        visits: Sequence[Visit],
        lengths: Mapping[str, int],
        *,
        captures: Sequence[Capture] = (),
        budget: Callable[[str], int],
        room: int,
    ) -> list[Task]:
        """Commit visits whose records and lines are on the disk; gives at most ``room`` next requests."""
        with self._transaction() as database:
            database.executemany(
                "INSERT INTO files VALUES (?, ?, ?)"
                " ON CONFLICT (run, name) DO UPDATE SET length = excluded.length",
                [(run, name, length) for name, length in lengths.items()],
            )
            self.captures.learn(captures)
            for visit in visits:
                self.queue.settle(visit, run)
                self.queue.add(visit.links, budget)
                self.known.learn(visit)
            return self.queue.take(room)

    # --- The index ---

    def has_unindexed(self) -> bool:
        """Whether there is anything that the index does not have yet."""
        return self._one("SELECT 1 FROM unindexed LIMIT 1") is not None

    def forget_unindexed(self) -> None:
        """The index has all that was committed."""
        with self._transaction():
            self.captures.indexed()

    # --- SQLite ---

    def _migrate(self) -> None:
        [found] = self._writer.execute("PRAGMA user_version").fetchone()
        if found > FORMAT:
            raise BadJournal(
                f"{self.path}: its format is {found}, expected {FORMAT} at most: "
                "a newer blogarchive made it, and has to be used on"
            )
        for number in range(found, FORMAT):
            self._writer.executescript(
                f"BEGIN; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._failing():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A disk that is full has ended the transaction already.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def _read(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        """Ask what is committed, through the connection of the thread that reads."""
        with self._failing():
            return self._reader.execute(query, values).fetchall()

    def _one(self, query: str) -> Any:
        with self._failing():
            return self._writer.execute(query).fetchone()

    def _all(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._failing():
            return self._writer.execute(query, values).fetchall()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Name the fact behind an error of SQLite, and tell it."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            told = self._named(error)
            if self.on_error is not None:
                self.on_error(told)
            raise told from error

    def _named(self, error: sqlite3.DatabaseError) -> BadJournal | JournalFailed:
        if isinstance(error, sqlite3.OperationalError):
            return JournalFailed(f"{self.path}: cannot be read or written ({error})")
        return BadJournal(
            f"{self.path}: {error}, expected the journal of a collection; "
            f"scrapy verify --rebuild-journal {self.path.parent} makes it anew from the runs"
        )


def _connect(path: Path) -> sqlite3.Connection:
    # Another thread than this one commits; transactions are begun and ended by name.
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        # A transaction is on the disk when COMMIT returns; WAL's default would lose the last on a power cut.
        database.execute("PRAGMA synchronous = FULL")
    except BaseException:
        database.close()
        raise
    return database
