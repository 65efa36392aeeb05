"""A run whose disk fails says so once, and nothing of it looks whole."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import sqlite3

import pytest

from crawler.collection import run as run_module
from crawler.collection.layout import NotWritable
from crawler.collection.line_file import LineFile
from crawler.collection.run import Run
from crawler.collection.visit import Visit
from crawler.items import Post, Skipped


def begun(held, **settings) -> Run:
    crawl, continues = held.take_up("dipnote", {}, lambda _: 10, fresh=False)
    return Run(held, crawl, continues, budget=lambda _: 10, **settings)


@pytest.fixture
def run(held):
    opened = begun(held)
    yield opened
    opened.discard()


def fail(*arguments, **options):
    raise OSError(errno.ENOSPC, "No space left on device")


def commit(run: Run, *visits: Visit) -> None:
    async def committed() -> None:
        for visit in visits:
            run.commits.add(visit)
        await run.commits.close()

    asyncio.run(committed())


def page(name: str, *skipped: Skipped) -> Visit:
    return Visit(url=name, rows=[Post(id=name, url=name)], skipped=list(skipped))


def text(run: Run, name: str) -> str:
    return (run.folder / name).read_text("utf-8")


def test_a_visit_is_written_with_all_its_lines(run):
    commit(run, page("p"), page("q", Skipped(url="q", reason="http-404")))
    run.close_rows()
    assert [json.loads(line)["id"] for line in text(run, "posts.jsonl").splitlines()] == ["p", "q"]
    assert json.loads(text(run, "skipped.jsonl"))["url"] == "q"


def test_what_is_committed_is_as_long_as_the_journal_says(run):
    commit(run, page("p"))
    assert run.collection.journal.lengths(run.id) == {
        "posts.jsonl": (run.folder / "posts.jsonl.open").stat().st_size
    }


def test_a_disk_that_fails_while_writing_is_told_once(run, monkeypatch):
    told: list[str] = []
    run.on_error = told.append
    monkeypatch.setattr(LineFile, "write", fail)
    commit(run, page("p"))
    assert told == [run.storage_error] == [f"{run.folder}: No space left on device"]


def test_nothing_is_committed_behind_an_error(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(LineFile, "sync", fail)
        commit(run, page("p"))
    assert run.collection.journal.lengths(run.id) == {}


def test_a_journal_that_cannot_be_written_is_an_error_of_the_disk(run, monkeypatch):
    monkeypatch.setattr(run.collection.journal.queue, "settle", lambda *_: raise_full())
    commit(run, page("p"))
    path = run.collection.journal.path
    assert run.storage_error == f"{path}: cannot be read or written (database or disk is full)"


def raise_full() -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_log_that_cannot_be_written_is_an_error_of_the_disk(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(run._log._file, "write", fail)
        logging.getLogger("crawler.anything").error("a line")
    assert run.storage_error == f"{run.folder}: No space left on device"


def test_after_an_error_no_file_of_rows_gets_its_name(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(LineFile, "write", fail)
        commit(run, page("p"))
    run.abandon()
    assert {path.suffix for path in run.folder.iterdir()} == {".open"}


def test_a_fault_of_this_program_is_no_error_of_the_disk(run, monkeypatch):
    monkeypatch.setattr(run.collection.journal.queue, "settle", lambda *_: 1 // 0)
    commit(run, page("p"))
    assert run.is_broken
    assert (run.storage_error, run.fault) == (None, "ZeroDivisionError: integer division or modulo by zero")


def test_run_json_is_the_last_file_and_names_the_log(run):
    run.close_rows()
    run.finish({"files": []}, crawl_ended=True)
    assert not list(run.folder.glob("*.open"))
    manifest = json.loads(text(run, "run.json"))
    assert [entry["name"] for entry in manifest["files"]] == ["crawl.log.jsonl"]


def test_a_run_that_is_discarded_leaves_nothing(run):
    run.discard()
    assert not run.folder.exists()
    assert run.collection.journal.runs() == []
    assert run._log not in logging.getLogger().handlers


def test_a_reason_without_a_meaning_is_never_written(run):
    with pytest.raises(KeyError):
        run.visits.tell(Skipped(url="u", reason="because"))


def test_a_name_and_password_are_never_written(run):
    url = "http://me:secret@a.example/"
    commit(run, page("p", Skipped(url=url, reason="dns", detail=f"{url}: no such host")))
    run.close_rows()
    assert "secret" not in text(run, "skipped.jsonl")


def test_a_disk_with_too_little_space_gets_no_run(held):
    with pytest.raises(NotWritable, match="MIN_FREE_BYTES"):
        begun(held, min_free=1 << 60)
    assert held.journal.runs() == []


def test_a_folder_whose_files_cannot_be_opened_is_taken_away_again(held, monkeypatch):
    monkeypatch.setattr(run_module, "LineFile", fail)
    with pytest.raises(NotWritable, match="No space left on device"):
        begun(held)
    assert {path.name for path in held.path.iterdir() if path.is_dir()} == set()
