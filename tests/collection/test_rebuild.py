"""A lost journal is made anew from the runs, and from nothing that is not as a run left it."""

from __future__ import annotations

import errno
import gzip
import json
import os
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.collection.held import HeldCollection
from crawler.collection.journal import FORMAT, Journal, JournalFailed
from crawler.collection.line_file import write_json
from crawler.collection.rebuild import NotACollection, Rebuilt, rebuild_journal
from crawler.collection.recovery import EditedRun, file_on_disk
from crawler.items import Author, Comment, Post
from crawler.warc.repair import DamagedInside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.items import Row

ONE, TWO, THREE = "20161121T000000Z", "20161122T000000Z", "20161123T000000Z"
MEMBERS = [gzip.compress(b"WARC/1.1\r\nContent-Length: 1\r\n\r\n%d\r\n\r\n" % number) for number in range(3)]
WARC = "dipnote-00000.warc.gz"


def post(name: str, version: int = 1, member: int = 0) -> Post:
    row = Post(id=name, url=f"http://{name}", title=f"{name}, {version}", version=version)
    row.content_digest = row.digest()
    row.warc_file, row.warc_length = WARC, len(MEMBERS[member])
    row.warc_offset = sum(map(len, MEMBERS[:member]))
    return row


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    path.write_text("".join(f"{row.as_line()}\n" for row in rows), "utf-8")


def close(folder: Path, previous: Path | None = None, **told: Any) -> None:
    """Write the ``run.json`` of a folder; None takes a key away."""
    before = previous and {
        "run_id": previous.name,
        "sha256": file_on_disk(previous / "run.json")["sha256"],
    }
    manifest = {
        "run_id": folder.name,
        "continues": None,
        "previous_run": before,
        "spider": "dipnote",
        "arguments": {"site": "http://blog.example/"},
        "started_at": "2016-11-21T00:00:00.000Z",
        "crawl": {"number": 1, "ended": True},
        "files": [file_on_disk(path) for path in sorted(folder.iterdir()) if path.name != "run.json"],
    }
    write_json(folder / "run.json", {key: value for key, value in (manifest | told).items() if value != ()})


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Three runs of two crawls: two posts, one of them changed later, and a run without rows."""
    path = tmp_path / "dipnote"
    runs = [path / run for run in (ONE, TWO, THREE)]
    for run in runs:
        run.mkdir(parents=True)
        (run / WARC).write_bytes(b"".join(MEMBERS))
    write_rows(runs[0] / "posts.jsonl", [post("a"), post("b")])
    write_rows(runs[1] / "posts.jsonl", [post("a", 2)])
    write_rows(runs[2] / "posts.jsonl", [])
    close(runs[0], crawl={"number": 1, "ended": False})
    close(runs[1], runs[0], continues=ONE)
    close(runs[2], runs[1], crawl={"number": 2, "ended": True})
    return path


def table(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path / "journal.sqlite")) as database:
        return database.execute(query).fetchall()


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def versions(path: Path) -> list[int]:
    return sorted(version for (version,) in table(path, "SELECT version FROM contents"))


def test_runs_crawls_and_contents_stand_in_the_new_journal(collection):
    done = rebuild_journal(collection)
    assert done == Rebuilt(
        path=collection / "journal.sqlite", runs=3, rows=3, set_aside=None, lost_queue=None
    )
    manifests = [file_on_disk(collection / run / "run.json")["sha256"] for run in (ONE, TWO, THREE)]
    with closing(Journal(collection / "journal.sqlite")) as journal:
        told = [(run.id, run.crawl, run.continues, run.manifest) for run in journal.runs()]
        crawl = journal.crawl()
    assert told == list(zip((ONE, TWO, THREE), (1, 1, 2), (None, ONE, None), manifests, strict=True))
    assert crawl is not None
    assert (crawl.number, crawl.spider, crawl.seeded, crawl.ended) == (2, "dipnote", True, True)
    assert crawl.arguments == {"site": "http://blog.example/"}
    assert versions(collection) == [1, 1, 2]


def test_every_kind_of_row_is_known_as_a_crawl_knows_it(collection):
    posts, digest = post("c"), "sha256:" + "ab" * 32
    comment = Comment(id="c#comment-1", post_id="c", post_url="http://c", number=1, content_digest=digest)
    author = Author(id="c", name="c", content_digest=digest, version=3)
    folder = collection / "20161124T000000Z"
    folder.mkdir()
    for name, row in (("posts", posts), ("comments", comment), ("authors", author)):
        write_rows(folder / f"{name}.jsonl", [row])
    close(folder, collection / THREE)
    rebuild_journal(collection)
    held = HeldCollection(collection)
    visit: Any = type("Visit", (), {"statements": []})()
    try:
        assert not any(held.journal.known.number(row, visit) for row in (posts, comment, author))
        changed = post("a", 3)
        assert held.journal.known.number(changed, visit)
        assert changed.version == 3
    finally:
        held.release()


def test_the_new_journal_is_one_file_and_the_runs_are_as_they_were(collection):
    before = files(collection)
    rebuild_journal(collection)
    after = files(collection)
    assert set(after) - set(before) == {"journal.sqlite", "index.cdxj"}
    assert before.items() <= after.items()


def test_runs_of_before_there_were_journals_are_crawls_that_ended(collection):
    for run in (ONE, TWO, THREE):
        close(collection / run, crawl=(), previous_run=())
    assert rebuild_journal(collection).lost_queue is None
    assert table(collection, "SELECT id, crawl FROM runs") == [(ONE, 1), (TWO, 2), (THREE, 3)]


def test_a_crawl_that_was_not_at_its_end_is_told_and_taken_for_ended(collection):
    close(collection / THREE, collection / TWO, crawl={"number": 2, "ended": False})
    assert rebuild_journal(collection).lost_queue == 2
    assert table(collection, "SELECT id, seeded, ended FROM crawls") == [(1, 1, 1), (2, 1, 1)]
    held = HeldCollection(collection)
    crawl, continues = held.take_up("dipnote", {}, lambda _: 10, fresh=False)
    held.release()
    assert (crawl.number, continues) == (3, None)


# --- The journal that was there ---


@pytest.mark.parametrize(
    "octets", [b"", b"no database", b"SQLite format 3\0" + bytes(4000)], ids=["empty", "text", "damaged"]
)
def test_a_journal_that_is_none_is_set_aside_as_it_is(collection, octets):
    for name in ("journal.sqlite.old", "journal.sqlite.old.1"):
        (collection / "journal.sqlite").write_bytes(octets)
        done = rebuild_journal(collection)
        assert done.set_aside == collection / name
        assert (collection / name).read_bytes() == octets
        assert versions(collection) == [1, 1, 2]


def test_a_journal_of_a_newer_format_is_set_aside(collection):
    with closing(sqlite3.connect(collection / "journal.sqlite")) as database:
        database.execute(f"PRAGMA user_version = {FORMAT + 1}")
    rebuild_journal(collection)
    assert table(collection, "PRAGMA user_version") == [(FORMAT,)]
    assert (collection / "journal.sqlite.old").exists()


def test_a_write_ahead_log_goes_with_its_database(collection):
    names = ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"]
    for name in names:
        (collection / name).write_text(name)
    # Left by a rebuild that crashed; no log of it may be taken for that of another.
    (collection / "journal.sqlite.new").write_text("half")
    (collection / "journal.sqlite.new-wal").write_text("half")
    rebuild_journal(collection)
    kept = ["journal.sqlite.old", "journal.sqlite.old-wal", "journal.sqlite.old-shm"]
    assert [(collection / name).read_text() for name in kept] == names
    assert {path.name for path in collection.glob("journal*")} == {"journal.sqlite", *kept}


@pytest.mark.parametrize("call", ["link", "replace"])
def test_a_rebuild_that_stops_at_the_last_step_leaves_the_old_journal(collection, call, monkeypatch):
    (collection / "journal.sqlite").write_text("old")

    def stop(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, call, stop)
        with pytest.raises(KeyboardInterrupt):
            rebuild_journal(collection)
    assert (collection / "journal.sqlite").read_text() == "old"
    assert rebuild_journal(collection).rows == 3


def test_where_a_file_can_have_one_name_only_the_old_journal_is_renamed(collection, monkeypatch):
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    (collection / "journal.sqlite").write_text("old")
    monkeypatch.setattr(os, "link", refuse)
    rebuild_journal(collection)
    assert (collection / "journal.sqlite.old").read_text() == "old"
    assert versions(collection) == [1, 1, 2]


def test_a_journal_that_cannot_be_written_leaves_the_old_one(collection, monkeypatch):
    (collection / "journal.sqlite").write_text("old")
    monkeypatch.setattr("crawler.collection.rebuild._insert", broken)
    with pytest.raises(JournalFailed, match=r"journal\.sqlite\.new: cannot be written \(database or disk is"):
        rebuild_journal(collection)
    assert [path.name for path in collection.glob("journal*")] == ["journal.sqlite"]
    assert (collection / "journal.sqlite").read_text() == "old"


def broken(*_: Any) -> int:
    raise sqlite3.OperationalError("database or disk is full")


# --- Runs that are not as they were left ---


def edit_manifest(collection: Path) -> str:
    path = collection / TWO / "run.json"
    path.write_bytes(path.read_bytes().replace(b"dipnote", b"dipnope"))
    return rf"{TWO}/run\.json: its SHA-256 is \w{{64}}, expected \w{{64}} as the run {THREE} behind it says"


def edit_rows(collection: Path) -> str:
    path = collection / ONE / "posts.jsonl"
    path.write_bytes(path.read_bytes().replace(b"a, 1", b"a, 9"))
    return rf"{ONE}/posts\.jsonl: its SHA-256 is \w{{64}}, expected \w{{64}}: it was changed by hand"


def shorten_records(collection: Path) -> str:
    (collection / THREE / WARC).write_bytes(MEMBERS[0])
    return rf"{THREE}/{WARC}: has {len(MEMBERS[0])} bytes, expected {sum(map(len, MEMBERS))}"


def remove_rows(collection: Path) -> str:
    (collection / THREE / "posts.jsonl").unlink()
    return rf"{THREE}/posts\.jsonl: is missing"


def remove_run(collection: Path) -> str:
    (collection / TWO).rename(collection.parent / TWO)
    return rf"{TWO}/run\.json: is missing, expected \w{{64}} as the run {THREE} behind it says"


def remove_manifest(collection: Path) -> str:
    (collection / ONE / "run.json").unlink()
    return rf"{ONE}/run\.json: is missing"


def rename_run(collection: Path) -> str:
    (collection / THREE).rename(collection / "20161125T000000Z")
    return rf"run_id is '{THREE}', expected '20161125T000000Z'"


def break_manifest(collection: Path) -> str:
    (collection / THREE / "run.json").write_text('{"run_id": ')
    return (
        rf"{THREE}/run\.json: cannot be read \(JSONDecodeError: .*\), expected the manifest of a closed run"
    )


def empty_manifest(collection: Path) -> str:
    (collection / THREE / "run.json").write_text("[]")
    return rf"{THREE}/run\.json: cannot be read"


EDITS = [
    edit_manifest,
    edit_rows,
    shorten_records,
    remove_rows,
    remove_run,
    remove_manifest,
    rename_run,
    break_manifest,
    empty_manifest,
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_a_run_that_is_not_as_it_was_left_is_refused_and_nothing_is_changed(collection, edit):
    said = edit(collection)
    (collection / "20161126T000000Z").mkdir()
    (collection / "20161126T000000Z" / "posts.jsonl.open").write_text("torn")
    before = files(collection)
    with pytest.raises(EditedRun, match=said) as refusal:
        rebuild_journal(collection)
    assert "\n" not in str(refusal.value)
    assert files(collection) == before


def test_a_line_that_is_no_row_is_refused_with_its_number(collection):
    (collection / THREE / "posts.jsonl").write_text(f'{post("a").as_line()}\n{{"id": "b"}}\n')
    close(collection / THREE, collection / TWO)
    with pytest.raises(EditedRun, match=rf"{THREE}/posts\.jsonl, line 2: found no row"):
        rebuild_journal(collection)


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch], ids=["none", "empty", "file"])
def test_what_is_no_collection_is_refused_and_not_touched(tmp_path, make):
    path = tmp_path / "collection"
    make(path)
    before = list(tmp_path.rglob("*"))
    with pytest.raises(NotACollection, match="expected a collection"):
        rebuild_journal(path)
    assert list(tmp_path.rglob("*")) == before


# --- Runs whose process died ---


@pytest.fixture
def dead(collection: Path) -> Path:
    """A run behind the others, whose last record and last lines are torn."""
    folder = collection / "20161124T000000Z"
    folder.mkdir()
    (folder / f"{WARC}.open").write_bytes(b"".join(MEMBERS)[:-1])
    lines = [row.as_line() for row in (post("c"), post("d", member=1), post("e", member=2), post("f"))]
    (folder / "posts.jsonl.open").write_text("\n".join(lines) + "\n")
    comment = Comment(
        id="c#comment-1", post_id="c", post_url="http://c", number=1, warc_file=WARC, warc_offset=0
    )
    comment.content_digest, comment.warc_length = comment.digest(), len(MEMBERS[0])
    (folder / "comments.jsonl.open").write_text(f"{comment.as_line()}\n{comment.as_line()[:-9]}")
    (folder / "authors.jsonl.open").touch()
    (folder / "skipped.jsonl.open").write_text(
        '{"url": "x", "reason": "robots", "warc_file": null, "warc_offset": null}\n'
        f'{{"url": "y", "reason": "http-404", "warc_file": "{WARC}", "warc_offset": 0}}\n'
    )
    (folder / "crawl.log.jsonl.open").write_text('{"message": "hi"}\n{"mess')
    return folder


def test_a_run_that_did_not_end_is_closed_with_what_is_whole_and_proven(collection, dead):
    said: list[str] = []
    torn_record = MEMBERS[2][:-1]
    done = rebuild_journal(collection, said.append)
    assert (dead / WARC).read_bytes() == MEMBERS[0] + MEMBERS[1]
    assert (dead / f"{WARC}.open.torn").read_bytes() == torn_record
    rows = [json.loads(line)["id"] for line in (dead / "posts.jsonl").read_text().splitlines()]
    torn = [json.loads(line)["id"] for line in (dead / "posts.jsonl.torn").read_text().splitlines()]
    assert (rows, torn) == (["c", "d"], ["e", "f"])
    assert len((dead / "comments.jsonl").read_text().splitlines()) == 1
    assert len((dead / "skipped.jsonl").read_text().splitlines()) == 2
    assert (dead / "crawl.log.jsonl").read_text() == '{"message": "hi"}\n'
    assert not list(dead.glob("*.open"))
    assert (done.runs, done.rows, done.lost_queue) == (4, 6, 3)
    assert said[0].startswith(f"{dead}: did not end, and the journal that knew")
    assert said[1] == (
        f"{dead}/{WARC}.open: cut back to its last whole record; "
        f"{len(torn_record)} bytes are in {WARC}.open.torn"
    )
    assert all(any(sentence.startswith(f"{dead / name}: ") for sentence in said) for name in CUT)
    told = json.loads((dead / "run.json").read_text())
    assert told["previous_run"]["run_id"] == THREE
    assert (told["crawl"], told["spider"]) == ({"number": 3, "ended": False}, None)


CUT = ("posts.jsonl", "comments.jsonl", "crawl.log.jsonl")


def test_a_collection_with_a_run_that_did_not_end_can_be_held_and_rebuilt_again(collection, dead):
    rebuild_journal(collection)
    first = files(dead)
    held = HeldCollection(collection)
    assert held.put_in_order == []
    held.release()
    assert rebuild_journal(collection).rows == 6
    assert files(dead) == first


@pytest.mark.parametrize("octets", [b"", MEMBERS[0][:-1], b"no archive"], ids=["empty", "torn", "text"])
def test_where_no_record_is_whole_no_row_is_kept(collection, dead, octets):
    (dead / f"{WARC}.open").write_bytes(octets)
    assert rebuild_journal(collection).rows == 3
    assert (dead / "posts.jsonl").read_bytes() == b""
    assert not (dead / WARC).exists()
    if octets:
        assert (dead / f"{WARC}.torn").read_bytes() == octets


def test_lines_that_a_power_cut_left_unwritten_are_cut_off(collection, dead):
    path = dead / "posts.jsonl.open"
    whole = f"{post('c').as_line()}\n".encode()
    path.write_bytes(whole + bytes(4096) + b"\n")
    rebuild_journal(collection)
    assert (dead / "posts.jsonl").read_bytes() == whole


def test_a_run_that_died_at_its_beginning_is_closed_empty(collection):
    folder = collection / "20161124T000000Z"
    folder.mkdir()
    rebuild_journal(collection)
    assert [path.name for path in folder.iterdir()] == ["run.json"]


def test_a_collection_of_nothing_but_a_run_that_did_not_end_is_rebuilt(tmp_path, dead):
    alone = tmp_path / "alone"
    alone.mkdir()
    dead.rename(alone / dead.name)
    assert rebuild_journal(alone).rows == 3
    assert json.loads((alone / dead.name / "run.json").read_text())["previous_run"] is None


def test_damage_within_the_records_of_a_run_that_did_not_end_is_refused(collection, dead):
    path = dead / f"{WARC}.open"
    path.write_bytes(MEMBERS[0] + MEMBERS[1][:-9] + MEMBERS[2])
    before = files(collection)
    with pytest.raises(DamagedInside, match=rf"{WARC}\.open, byte {len(MEMBERS[0])}: "):
        rebuild_journal(collection)
    assert files(collection) == before


# --- Large collections ---


def test_memory_does_not_grow_with_the_rows(tmp_path):
    folder = tmp_path / "dipnote" / ONE
    folder.mkdir(parents=True)
    row = json.loads(post("a").as_line()) | {"body_html": "x" * 2000}
    with (folder / "posts.jsonl").open("w") as file:
        for number in range(20_000):
            file.write(json.dumps(row | {"id": f"blog.example/{number}"}) + "\n")
    close(folder)
    tracemalloc.start()
    try:
        assert rebuild_journal(folder.parent).rows == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 2**20
