"""The queue of a crawl, kept in the journal: every request it ever knew, and the state of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from crawler.collection.visit import Visit, Wanted


REQUISITES = "REQUISITES"
"""The budget that every page requisite is counted against; requests of no other are."""

KEPT_PAGES = """
    SELECT id, url, record FROM requests
    WHERE id > ? AND state = 'done' AND record IS NOT NULL AND budget IS NOT ? ORDER BY id LIMIT 1000
"""


class Task(NamedTuple):
    """A request that was taken from the queue."""

    number: int
    url: str
    request: str
    """As it was given in ``Wanted``."""


class Queue:
    """Requests by identity, in one of five states.

    ``queued``, ``in flight`` (taken, and not settled), ``done``, ``failed`` with a
    reason, ``skipped`` with a reason; of these ``budget`` is for what a budget
    did not allow. An identity is in the queue once, whatever its state. All
    but ``knows`` belong into a transaction of the journal.
    """

    def __init__(self, writer: sqlite3.Connection, read: Callable[[str, tuple[Any, ...]], list[Any]]) -> None:
        self._writer = writer
        self._read = read
        self.over_budget: list[Wanted] = []
        """What budgets did not allow since this was last emptied."""

    def knows(self, key: bytes) -> bool:
        """Whether a committed request has this identity; for the thread that reads."""
        return bool(self._read("SELECT 1 FROM requests WHERE key = ?", (key,)))

    def add(self, wanted: Sequence[Wanted], budget: Callable[[str], int]) -> None:
        """Queue what is not known yet; ``budget`` gives the bound that a setting sets."""
        for request in wanted:
            name = request.budget and f"{request.budget.name} {request.budget.scope}"
            added = self._writer.execute(
                "INSERT OR IGNORE INTO requests (key, url, priority, state, budget, request)"
                " VALUES (?, ?, ?, 'queued', ?, ?)",
                (request.key, request.url, request.priority, name, request.request),
            )
            if added.rowcount and request.budget is not None:
                self._count(request, budget(request.budget.name))

    def _count(self, request: Wanted, bound: int) -> None:
        """Count a new request against its budget; beyond the bound it is skipped."""
        if request.budget is None:
            return
        name = f"{request.budget.name} {request.budget.scope}"
        self._writer.execute("INSERT OR IGNORE INTO budgets VALUES (?, ?)", (name, request.budget.begins))
        counted = self._writer.execute(
            "UPDATE budgets SET asked = asked + 1 WHERE name = ? AND asked < ?", (name, bound)
        )
        if not counted.rowcount:
            self._writer.execute(
                "UPDATE requests SET state = 'skipped', reason = 'budget' WHERE key = ?", (request.key,)
            )
            self.over_budget.append(request)

    def take(self, room: int) -> list[Task]:
        """The next requests, ``room`` at most: highest priority first, then as they came."""
        if room <= 0:
            return []
        rows = self._writer.execute(
            "SELECT id, url, request FROM requests WHERE state = 'queued' ORDER BY priority DESC, id LIMIT ?",
            (room,),
        ).fetchall()
        self._writer.executemany(
            "UPDATE requests SET state = 'in flight' WHERE id = ?", [(number,) for number, _, _ in rows]
        )
        return [Task(*row) for row in rows]

    def settle(self, visit: Visit, run: str) -> None:
        """Note how a visit ended, and that what its redirects led to has been visited as well."""
        if visit.led_to is not None:
            self._writer.execute(
                "INSERT OR IGNORE INTO requests (key, url, priority, state, run, budget)"
                " VALUES (?, ?, 0, 'done', ?, (SELECT budget FROM requests WHERE id = ?))",
                (visit.led_to, visit.url, run, visit.task),
            )
        if visit.task is not None:
            state, reason = visit.outcome()
            self._writer.execute(
                "UPDATE requests SET state = ?, reason = ?, record = ?, run = ?, request = NULL WHERE id = ?",
                (state, reason, visit.record, run, visit.task),
            )

    def requeue(self, budget: Callable[[str], int]) -> None:
        """Queue again what is in flight, and what budgets allow by now."""
        self._writer.execute("UPDATE requests SET state = 'queued' WHERE state = 'in flight'")
        over = self._writer.execute(
            "SELECT budget, count(*) FROM requests WHERE reason = 'budget' GROUP BY budget"
        ).fetchall()
        for name, waiting in over:
            [asked] = self._writer.execute("SELECT asked FROM budgets WHERE name = ?", (name,)).fetchone()
            allowed = min(waiting, budget(name.partition(" ")[0]) - asked)
            if allowed > 0:
                self._allow(name, allowed)

    def _allow(self, budget: str, count: int) -> None:
        self._writer.execute(
            "UPDATE requests SET state = 'queued', reason = NULL WHERE id IN"
            " (SELECT id FROM requests WHERE reason = 'budget' AND budget = ? ORDER BY id LIMIT ?)",
            (budget, count),
        )
        self._writer.execute("UPDATE budgets SET asked = asked + ? WHERE name = ?", (count, budget))

    def clear(self) -> None:
        """Forget every request."""
        for table in ("requests", "budgets"):
            self._writer.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours

    def counts(self, *, requisites: bool = False) -> dict[str, int]:
        """How many requests there are in each state: for pages, or for their requisites."""
        return self._counted("state", requisites=requisites)

    def reasons(self, *, requisites: bool = False) -> dict[str, int]:
        """How many requests failed or were skipped, by reason: for pages, or for their requisites."""
        return self._counted("reason", requisites=requisites)

    def _counted(self, column: str, *, requisites: bool) -> dict[str, int]:
        belongs = "budget IS ?" if requisites else "budget IS NOT ?"
        query = (
            f"SELECT {column}, count(*) FROM requests WHERE {belongs} AND {column} IS NOT NULL"  # noqa: S608
            f" GROUP BY {column} ORDER BY {column}"
        )
        return dict(self._read(query, (f"{REQUISITES} ",)))

    @property
    def is_empty(self) -> bool:
        """Whether no request is known, in whatever state."""
        return not self._read("SELECT 1 FROM requests LIMIT 1", ())

    @property
    def has_queued(self) -> bool:
        """Whether any request waits to be sent."""
        return bool(self._read("SELECT 1 FROM requests WHERE state = 'queued' LIMIT 1", ()))

    def is_left(self, key: bytes) -> bool:
        """Whether a request failed or was skipped, and its reason is told; for the thread that reads."""
        return bool(self._read("SELECT 1 FROM requests WHERE key = ? AND reason IS NOT NULL", (key,)))

    def kept_pages(self) -> Iterator[tuple[str, str]]:
        """The pages of the crawl that are done: the URL asked for, and the id of the record that was read.

        For the thread that reads; gives what is committed when it is asked.
        """
        last = 0
        while rows := self._read(KEPT_PAGES, (last, f"{REQUISITES} ")):
            for _, url, record_id in rows:
                yield url, record_id
            last = rows[-1][0]

    def budgets_reached(self) -> list[str]:
        """The settings that bound what is left of this crawl."""
        rows = self._read("SELECT DISTINCT budget FROM requests WHERE reason = 'budget'", ())
        return sorted({name.partition(" ")[0] for (name,) in rows})
