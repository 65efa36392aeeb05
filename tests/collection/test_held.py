"""What a process finds in a collection: runs that died, runs that were edited, crawls to go on with."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest

from crawler.collection.held import CannotResume, ClockBehind, HeldCollection
from crawler.collection.journal import BadJournal, Journal
from crawler.collection.recovery import EditedRun
from crawler.collection.visit import Budget, Visit, Wanted

WARC = "dipnote-00000.warc.gz"
COMMITTED = {WARC: 60, "posts.jsonl": 20}


def die(folder: Path, *, lengths: dict[str, int] | None = None) -> Path:
    """A run whose process died: files longer than what was committed; gives the run's folder."""
    collection = HeldCollection(folder)
    crawl, continues = collection.take_up("dipnote", {"site": "a"}, lambda _: 9, fresh=False)
    if not crawl.seeded:
        collection.journal.seed([wanted("seed")], lambda _: 9)
    run = collection.begin_run(crawl, continues)
    (run / f"{WARC}.open").write_bytes(b"w" * 100)
    (run / "posts.jsonl.open").write_bytes(b"p" * 19 + b"\n" + b"torn")
    (run / "crawl.log.jsonl.open").write_bytes(b'{"line": 1}\n{"li')
    collection.journal.commit(
        run.name, [], COMMITTED if lengths is None else lengths, budget=lambda _: 9, room=1
    )
    collection.release()
    return run


def wanted(name: str) -> Wanted:
    return Wanted(key=name.encode(), url=name, priority=0, request="{}")


def opened(folder: Path) -> HeldCollection:
    collection = HeldCollection(folder)
    collection.release()
    return collection


def told(run: Path):
    return json.loads((run / "run.json").read_text("utf-8"))


def sizes(run: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in run.iterdir() if path.name != "run.json"}


def test_a_dead_run_is_cut_back_to_what_was_committed_and_closed(tmp_path):
    run = die(tmp_path / "dipnote")
    said = opened(tmp_path / "dipnote").put_in_order
    assert sizes(run) == {
        WARC: 60,
        f"{WARC}.torn": 40,
        "posts.jsonl": 20,
        "posts.jsonl.torn": 4,
        "crawl.log.jsonl": 12,
        "crawl.log.jsonl.torn": 4,
    }
    assert (told(run)["finish_reason"], told(run)["exit_code"]) == ("interrupted", 5)
    for entry in told(run)["files"]:
        assert entry["sha256"] == sha256((run / entry["name"]).read_bytes()).hexdigest()
    assert any(f"{WARC}: cut back to the 60 bytes committed; 40 are in {WARC}.torn" in line for line in said)


def test_a_run_is_closed_once(tmp_path):
    run = die(tmp_path / "dipnote")
    opened(tmp_path / "dipnote")
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in run.iterdir()}
    assert opened(tmp_path / "dipnote").put_in_order == []
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in run.iterdir()} == before


def test_a_file_that_was_closed_behind_the_last_commit_is_cut_back_as_well(tmp_path):
    run = die(tmp_path / "dipnote")
    (run / f"{WARC}.open").rename(run / WARC)
    opened(tmp_path / "dipnote")
    assert (sizes(run)[WARC], sizes(run)[f"{WARC}.torn"]) == (60, 40)


def test_a_warc_file_of_which_nothing_was_committed_is_all_torn(tmp_path):
    run = die(tmp_path / "dipnote", lengths={})
    opened(tmp_path / "dipnote")
    assert WARC not in sizes(run)
    assert sizes(run)[f"{WARC}.torn"] == 100
    assert sizes(run)["posts.jsonl"] == 0


@pytest.mark.parametrize("step", range(1, 40))
def test_a_recovery_that_is_killed_anywhere_ends_in_the_same_files(tmp_path, monkeypatch, step):
    whole = tmp_path / "whole"
    die(whole / "dipnote")
    copytree(whole, tmp_path / "killed")
    opened(whole / "dipnote")
    steps = iter(range(1, 1000))

    class Killed(BaseException):
        pass

    def dying(original: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(steps) == step:
                raise Killed
            return original(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("rename", "replace", "unlink", "open", "stat"):
            patch.setattr(Path, name, dying(getattr(Path, name)))
        with suppress(Killed):
            opened(tmp_path / "killed" / "dipnote")
    opened(tmp_path / "killed" / "dipnote")
    [one], [other] = (sorted((root / "dipnote").glob("*Z")) for root in (whole, tmp_path / "killed"))
    assert sizes(other) == sizes(one)


def test_less_than_was_committed_is_never_repaired(tmp_path):
    run = die(tmp_path / "dipnote")
    (run / f"{WARC}.open").write_bytes(b"w" * 59)
    with pytest.raises(EditedRun, match=r"has 59 bytes, expected at least the 60 that were committed"):
        HeldCollection(tmp_path / "dipnote")
    assert sizes(run)[f"{WARC}.open"] == 59


def test_a_file_that_is_gone_is_told(tmp_path):
    run = die(tmp_path / "dipnote")
    (run / f"{WARC}.open").unlink()
    with pytest.raises(EditedRun, match=f"{WARC}: is missing"):
        HeldCollection(tmp_path / "dipnote")


def test_a_folder_with_committed_pages_that_is_gone_is_told(tmp_path):
    rmtree(die(tmp_path / "dipnote"))
    with pytest.raises(EditedRun, match=r"Z: is missing, expected the folder of a run"):
        HeldCollection(tmp_path / "dipnote")


def test_a_run_that_died_before_its_folder_was_made_is_forgotten(tmp_path):
    run = die(tmp_path / "dipnote", lengths={})
    rmtree(run)
    collection = HeldCollection(tmp_path / "dipnote")
    assert collection.journal.runs() == []
    collection.release()


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            lambda run: (run / "run.json").write_text("{}"),
            r"run\.json: its SHA-256 is \w{64}, expected \w{64}",
        ),
        (lambda run: (run / "run.json").unlink(), r"run\.json: cannot be read \(No such file"),
        (lambda run: (run / "posts.jsonl").write_text(""), r"posts\.jsonl: has 0 bytes, expected 20"),
        (lambda run: (run / WARC).unlink(), rf"{WARC}: is missing \(No such file.*\), expected a file of 60"),
        (rmtree, r"run\.json: cannot be read"),
    ],
    ids=["run.json", "no run.json", "rows", "no WARC", "no folder"],
)
def test_a_closed_run_that_was_edited_is_told_and_nothing_is_changed(tmp_path, edit, sentence):
    run = die(tmp_path / "dipnote")
    opened(tmp_path / "dipnote")
    edit(run)
    with pytest.raises(EditedRun, match=sentence):
        HeldCollection(tmp_path / "dipnote")


def test_a_run_that_the_journal_does_not_know_is_told(tmp_path):
    run = die(tmp_path / "dipnote")
    opened(tmp_path / "dipnote")
    copytree(run, run.with_name("20200101T000000Z"))
    with pytest.raises(BadJournal, match="20200101T000000Z: is not in the journal"):
        HeldCollection(tmp_path / "dipnote")


def test_runs_are_chained_by_the_digest_of_run_json(tmp_path):
    first, second = die(tmp_path / "dipnote"), die(tmp_path / "dipnote")
    opened(tmp_path / "dipnote")
    assert told(first)["previous_run"] is None
    digest = sha256((first / "run.json").read_bytes()).hexdigest()
    assert told(second)["previous_run"] == {"run_id": first.name, "sha256": digest}
    assert told(second)["continues"] == first.name


# --- Crawls ---


@pytest.fixture
def interrupted(tmp_path):
    """A collection whose crawl was interrupted."""
    die(tmp_path / "dipnote")
    collection = HeldCollection(tmp_path / "dipnote")
    yield collection
    collection.release()


def take_up(collection: HeldCollection, arguments: dict[str, str], *, spider="dipnote", bound=9, fresh=False):
    return collection.take_up(spider, arguments, lambda _: bound, fresh=fresh)


def test_an_interrupted_crawl_goes_on_and_what_was_in_flight_is_queued_again(interrupted):
    crawl, continues = take_up(interrupted, {"site": "a"})
    assert (crawl.number, continues) == (1, interrupted.journal.runs()[0].id)
    assert interrupted.journal.queue.counts() == {"queued": 1}


def test_a_fresh_crawl_abandons_the_interrupted_one(interrupted):
    crawl, continues = take_up(interrupted, {"site": "b"}, fresh=True)
    assert (crawl.number, continues) == (2, None)
    assert interrupted.journal.queue.counts() == {}


@pytest.mark.parametrize(
    ("arguments", "spider", "difference"),
    [
        ({"site": "b"}, "dipnote", "site: 'b', expected 'a'"),
        ({}, "dipnote", "site: none, expected 'a'"),
        ({"site": "a", "door": "live"}, "dipnote", "door: 'live', expected none"),
        ({"site": "a"}, "blog", "spider: blog, expected dipnote"),
    ],
)
def test_other_arguments_are_told_by_name_and_nothing_is_abandoned(
    interrupted, arguments, spider, difference
):
    with pytest.raises(CannotResume, match=difference):
        take_up(interrupted, arguments, spider=spider)
    assert interrupted.journal.queue.counts() == {"in flight": 1}


def test_a_crawl_whose_last_page_was_committed_goes_on_to_its_end(interrupted):
    journal = interrupted.journal
    journal.commit("run", [Visit(url="seed", task=1)], {}, budget=lambda _: 9, room=0)
    crawl, continues = take_up(interrupted, {"site": "a"})
    assert (crawl.number, continues is not None) == (1, True)


def test_after_its_end_a_crawl_begins_anew_with_whatever_arguments(interrupted):
    run = interrupted.journal.runs()[0].id
    interrupted.journal.close_run(run, "0", crawl_ended=True)
    interrupted.journal.commit("run", [Visit(url="seed", task=1)], {}, budget=lambda _: 9, room=0)
    crawl, continues = take_up(interrupted, {"site": "b"})
    assert (crawl.number, continues) == (2, None)


def test_an_ended_crawl_that_goes_on_is_not_abandoned_by_other_arguments(interrupted):
    seed = replace(wanted("more"), budget=Budget("LISTING_PAGES"))
    interrupted.journal.seed([seed], lambda _: 0)
    run = interrupted.journal.runs()[0].id
    interrupted.journal.commit("run", [Visit(url="seed", task=1)], {}, budget=lambda _: 9, room=0)
    interrupted.journal.close_run(run, "0", crawl_ended=True)
    crawl, _ = take_up(interrupted, {"site": "a"}, bound=1)
    assert (crawl.number, crawl.ended) == (1, False)
    with pytest.raises(CannotResume):
        take_up(interrupted, {"site": "b"})


@pytest.mark.parametrize("octets", [b"no journal" * 500, None], ids=["broken", "newer"])
def test_a_journal_that_is_refused_is_not_taken_away(tmp_path, octets):
    path = tmp_path / "dipnote" / "journal.sqlite"
    path.parent.mkdir()
    if octets is None:
        with closing(Journal(path)) as journal:
            journal._writer.execute("PRAGMA user_version = 99")
    else:
        path.write_bytes(octets)
    before = path.read_bytes()
    with pytest.raises(BadJournal):
        HeldCollection(path.parent)
    assert path.read_bytes() == before


def test_a_collection_behind_a_link_keeps_it(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "dipnote").symlink_to(tmp_path / "disk")
    HeldCollection(tmp_path / "dipnote").discard()
    assert (tmp_path / "dipnote").is_symlink()


def test_a_clock_behind_the_last_run_is_told_and_nothing_is_changed(tmp_path):
    run = die(tmp_path / "dipnote")
    collection = opened(tmp_path / "dipnote")
    with closing(Journal(collection.path / "journal.sqlite")) as journal:
        journal.begin_run("29991231T235959Z", 1, None, "2999-12-31T23:59:59.000Z")
    with pytest.raises(
        ClockBehind, match=r"the clock says 2.*, expected a time after the last run, 29991231"
    ):
        HeldCollection(collection.path)
    assert [path for path in collection.path.iterdir() if path.is_dir()] == [run]
