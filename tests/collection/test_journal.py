"""The journal keeps what was committed, and says in a sentence what it cannot work with."""

from __future__ import annotations

import sqlite3

import pytest

from crawler.collection.journal import FORMAT, BadJournal, Journal, JournalFailed
from crawler.collection.visit import Budget, Visit, Wanted
from crawler.items import Comment, Post, Row, Skipped


def wanted(name: str, priority: int = 0, budget: Budget | None = None) -> Wanted:
    return Wanted(
        key=name.encode(), url=f"http://a/{name}", priority=priority, request=f'"{name}"', budget=budget
    )


def visited(task, *links: Wanted, reason: str | None = None) -> Visit:
    skipped = [Skipped(url=task.url, reason=reason)] if reason else []
    return Visit(url=task.url, task=task.number, links=list(links), skipped=skipped)


def commit(journal: Journal, *visits: Visit, room: int = 16, bound: int = 3):
    return journal.commit("run", visits, {}, budget=lambda _: bound, room=room)


@pytest.fixture
def begun(journal):
    journal.begin_crawl("dipnote", {})
    return journal


def seeded(journal: Journal, *seeds: Wanted, bound: int = 3) -> Journal:
    journal.seed(seeds, lambda _: bound)
    return journal


def names(tasks) -> list[str]:
    return [task.url.removeprefix("http://a/") for task in tasks]


# --- The queue ---


def test_the_highest_priority_is_taken_first_and_the_oldest_of_equal_ones(begun):
    seeded(begun, wanted("a"), wanted("b", 5), wanted("c"), wanted("d", 5))
    assert names(commit(begun)) == ["b", "d", "a", "c"]


def test_no_more_is_taken_than_there_is_room_for(begun):
    seeded(begun, *map(wanted, "abc"))
    assert names(commit(begun, room=2)) == ["a", "b"]
    assert commit(begun, room=0) == []
    assert names(commit(begun, room=2)) == ["c"]


def test_an_identity_is_asked_for_once_whatever_became_of_it(begun):
    tasks = commit(seeded(begun, *map(wanted, "abc")))
    commit(begun, visited(tasks[0]), visited(tasks[1], reason="http-503"), visited(tasks[2], reason="robots"))
    begun.seed([wanted("a"), wanted("b"), wanted("c")], lambda _: 3)
    assert commit(begun) == []
    assert begun.queue.counts() == {"done": 1, "failed": 1, "skipped": 1}
    assert begun.queue.reasons() == {"http-503": 1, "robots": 1}


def test_where_redirects_led_is_not_asked_for_again(begun):
    [task] = commit(seeded(begun, wanted("a")))
    visit = visited(task, wanted("b"))
    visit.led_to = b"b"
    assert commit(begun, visit) == []
    assert begun.queue.knows(b"b")


def test_what_was_in_flight_is_queued_again_and_what_is_done_is_not(begun, tmp_path):
    tasks = commit(seeded(begun, *map(wanted, "ab")))
    commit(begun, visited(tasks[0]))
    begun.requeue(lambda _: 3)
    again = Journal(tmp_path / "journal.sqlite")
    assert names(commit(again)) == ["b"]
    again.close()


# --- Budgets ---


def pages(count: int, scope: str = "", begins: int = 0) -> list[Wanted]:
    return [wanted(f"{scope}{n}", budget=Budget("LISTING_PAGES", scope, begins)) for n in range(count)]


def test_beyond_its_budget_a_request_is_skipped_and_told(begun):
    seeded(begun, *pages(5))
    assert names(commit(begun)) == ["0", "1", "2"]
    assert [request.url for request in begun.queue.over_budget] == ["http://a/3", "http://a/4"]
    assert begun.queue.budgets_reached() == ["LISTING_PAGES"]


def test_each_scope_has_a_budget_of_its_own(begun):
    seeded(begun, *pages(4, "x"), *pages(2, "y"))
    assert names(commit(begun)) == ["x0", "x1", "x2", "y0", "y1"]


def test_what_is_counted_before_takes_from_the_budget(begun):
    seeded(begun, *pages(5, begins=1))
    assert names(commit(begun)) == ["0", "1"]


def test_a_larger_budget_takes_up_what_was_left_out_and_no_more(begun):
    seeded(begun, *pages(9))
    commit(begun)
    begun.requeue(lambda _: 5)
    assert names(commit(begun)) == ["0", "1", "2", "3", "4"]
    begun.requeue(lambda _: 5)
    assert names(commit(begun)) == ["0", "1", "2", "3", "4"]


def test_one_identity_is_counted_once(begun):
    seeded(begun, *pages(2), *pages(2), *pages(3))
    assert names(commit(begun)) == ["0", "1", "2"]


# --- Versions, finds, notes ---


def post(title: str, announced: int | None = None) -> Post:
    row = Post(id="p", url="u", title=title, comments_announced=announced)
    row.content_digest = row.digest()
    return row


def test_the_next_content_is_the_next_version_committed_or_not(begun):
    first, second = Visit(url="u"), Visit(url="u")
    rows: list[Row] = [post("A"), post("B")]
    assert begun.known.number(rows[0], first)
    assert not begun.known.number(post("A"), second)
    assert begun.known.number(rows[1], second)
    first.rows, second.rows = rows[:1], rows[1:]
    commit(begun, first, second)
    for visit in (first, second):
        begun.known.settle(visit)
    assert [row.version for row in rows] == [1, 2]
    assert not begun.known.number(post("A"), Visit(url="u"))


def test_a_content_of_a_visit_that_was_given_up_is_new_again(begun):
    visit = Visit(url="u")
    begun.known.number(post("A"), visit)
    begun.known.settle(visit)
    assert begun.known.number(post("A"), Visit(url="u"))


def test_a_content_whose_row_was_dropped_is_new_again(begun):
    visit = Visit(url="u")
    begun.known.number(post("A"), visit)
    commit(begun, visit)
    begun.known.settle(visit)
    assert begun.known.number(post("A"), Visit(url="u"))


def test_what_a_crawl_found_is_counted_over_its_visits(begun):
    comments: list[Row] = [Comment(id=f"c{n}", post_id="p", post_url="u", number=n) for n in (1, 2)]
    commit(begun, Visit(url="u", stated=[post("A", 3), comments[0]]))
    commit(begun, Visit(url="u", stated=[post("A", 4), *comments]))
    assert begun.known.counts() == {"posts": 1, "comments": 2, "authors": 0}
    assert begun.known.comments_that_differ() == [{"post_id": "p", "announced": 4, "found": 2}]


def test_a_note_is_recalled_at_once_and_kept_with_its_visit(begun):
    visit = Visit(url="u")
    begun.known.note("walk", [1], visit)
    assert begun.known.recall("walk") == [1]
    commit(begun, visit)
    begun.known.settle(visit)
    assert begun.known.recall("walk") == [1]


def test_a_note_of_a_visit_that_was_given_up_is_forgotten(begun):
    visit = Visit(url="u")
    begun.known.note("walk", [1], visit)
    begun.known.settle(visit)
    with pytest.raises(KeyError):
        begun.known.recall("walk")


def test_a_new_crawl_forgets_queue_finds_and_notes_but_no_content(begun):
    visit = Visit(url="u", stated=[post("A")], rows=[post("A")])
    begun.known.number(post("A"), visit)
    begun.known.note("walk", 1, visit)
    commit(seeded(begun, wanted("a")), visit)
    begun.known.settle(visit)
    begun.begin_crawl("dipnote", {})
    assert (begun.queue.counts(), begun.known.counts()["posts"]) == ({}, 0)
    assert not begun.known.number(post("A"), Visit(url="u"))


# --- The file ---


def test_a_commit_is_all_or_nothing(begun, monkeypatch):
    [task] = commit(seeded(begun, wanted("a")))
    monkeypatch.setattr(begun.known, "learn", lambda _: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        begun.commit("run", [visited(task, wanted("b"))], {"x": 1}, budget=lambda _: 3, room=1)
    assert begun.queue.counts() == {"in flight": 1}
    assert begun.lengths("run") == {}


def test_one_file_is_left_when_the_journal_is_closed(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite")
    journal.begin_crawl("dipnote", {})
    journal.close()
    assert [path.name for path in tmp_path.iterdir()] == ["journal.sqlite"]


def test_every_transaction_is_on_the_disk_when_it_returns(journal):
    settings = [
        journal._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    ]
    assert settings == ["wal", 2]


def test_a_journal_of_a_newer_version_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "journal.sqlite"
    Journal(path).close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {FORMAT + 1}")
    database.close()
    before = path.read_bytes()
    with pytest.raises(BadJournal, match=f"its format is {FORMAT + 1}, expected {FORMAT} at most"):
        Journal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "octets", [b"no database at all, but longer than its header" * 99, b"SQLite format 3\0" * 99]
)
def test_a_file_that_is_no_journal_is_refused_and_not_touched(tmp_path, octets):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(octets)
    with pytest.raises((BadJournal, JournalFailed), match=r"journal\.sqlite: "):
        Journal(path)
    assert path.read_bytes() == octets
