"""Whatever happens in whatever order, the queue neither loses nor doubles a request."""

from __future__ import annotations

import tempfile
from pathlib import Path
from shutil import rmtree

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from crawler.collection.journal import Journal
from crawler.collection.visit import Visit, Wanted
from crawler.items import Skipped

IDENTITIES = st.integers(0, 30)


def wanted(number: int) -> Wanted:
    return Wanted(key=bytes([number]), url=str(number), priority=number % 3, request="{}")


class Frontier(RuleBasedStateMachine):
    """Links are found, requests taken, finished, failed and given up; the process dies and comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.journal = Journal(self.folder / "journal.sqlite")
        self.journal.begin_crawl("any", {})
        self.expected: dict[int, str] = {}
        self.in_hand: dict[int, int] = {}

    def commit(self, *visits: Visit, room: int = 0) -> None:
        for task in self.journal.commit("run", visits, {}, budget=lambda _: 0, room=room):
            number = int(task.url)
            assert self.expected[number] == "queued", "taken twice"
            self.expected[number] = "in flight"
            self.in_hand[number] = task.number

    @rule(links=st.lists(IDENTITIES, max_size=6))
    def find(self, links: list[int]) -> None:
        """A page of another queue gives links."""
        for number in links:
            self.expected.setdefault(number, "queued")
        self.commit(Visit(url="page", links=list(map(wanted, links))))

    @rule(room=st.integers(0, 4))
    def take(self, room: int) -> None:
        self.commit(room=room)

    @precondition(lambda self: self.in_hand)
    @rule(
        data=st.data(),
        links=st.lists(IDENTITIES, max_size=4),
        reason=st.sampled_from([None, "dns", "robots"]),
    )
    def finish(self, data: st.DataObject, links: list[int], reason: str | None) -> None:
        """A visit ends, and what it found is committed with it."""
        number = data.draw(st.sampled_from(sorted(self.in_hand)))
        skipped = [Skipped(url=str(number), reason=reason)] if reason else []
        visit = Visit(
            url=str(number), task=self.in_hand.pop(number), links=list(map(wanted, links)), skipped=skipped
        )
        self.expected[number] = visit.outcome().state
        for link in links:
            self.expected.setdefault(link, "queued")
        self.commit(visit)

    @rule()
    def die(self) -> None:
        """The process is killed, and another one comes."""
        self.journal._reader.close()
        self.journal._writer.close()
        self.journal = Journal(self.folder / "journal.sqlite")
        # Twice: to recover is to recover once.
        for _ in range(2):
            self.journal.requeue(lambda _: 0)
        for number in self.in_hand:
            self.expected[number] = "queued"
        self.in_hand.clear()

    @invariant()
    def every_identity_is_there_once_in_the_state_that_it_has(self) -> None:
        rows = self.journal._read("SELECT url, state FROM requests", ())
        assert sorted(rows) == sorted((str(number), state) for number, state in self.expected.items())

    def teardown(self) -> None:
        self.take(room=99)
        assert "queued" not in self.expected.values(), "lost"
        self.journal.close()
        rmtree(self.folder)


TestQueue = Frontier.TestCase
TestQueue.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
