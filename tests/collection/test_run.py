"""A run whose disk fails says so once, and nothing of it looks whole."""

from __future__ import annotations

import errno
import json
import logging

import pytest

from crawler.collection import run as run_module
from crawler.collection.layout import NotWritable
from crawler.collection.line_file import LineFile
from crawler.collection.run import Run
from crawler.items import Post, Skipped


@pytest.fixture
def run(tmp_path):
    opened = Run(tmp_path / "dipnote")
    yield opened
    opened.discard()


def fail(*arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fails_while_writing_is_told_once(run, monkeypatch):
    told: list[str] = []
    run.on_error = told.append
    monkeypatch.setattr(LineFile, "write", fail)
    run.write(Post(id="p", url="u"))
    run.write(Post(id="q", url="u"))
    assert told == [run.storage_error] == [f"{run.folder}: No space left on device"]


def test_after_an_error_no_file_of_rows_gets_its_name(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(LineFile, "write", fail)
        run.write(Post(id="p", url="u"))
    assert run.close_rows() == []
    assert {path.suffix for path in run.folder.iterdir()} == {".open"}


def test_a_disk_that_fails_while_closing_is_an_error_too(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(LineFile, "close", fail)
        assert run.close_rows() == []
    assert run.storage_error is not None


def test_run_json_is_the_last_file_and_names_the_log(run):
    run.close_rows()
    run.finish({"files": []})
    assert not list(run.folder.glob("*.open"))
    manifest = json.loads((run.folder / "run.json").read_text("utf-8"))
    assert [entry["name"] for entry in manifest["files"]] == ["crawl.log.jsonl"]


def test_a_run_that_is_discarded_leaves_nothing(run):
    run.discard()
    assert list(run.collection.iterdir()) == []
    assert run._log not in logging.getLogger().handlers


def test_a_reason_without_a_meaning_is_never_written(run):
    with pytest.raises(KeyError):
        run.skip(Skipped(url="u", reason="because"))


def test_a_name_and_password_are_never_written(run):
    url = "http://me:secret@a.example/"
    run.skip(Skipped(url=url, reason="dns", detail=f"{url}: no such host"))
    run.close_rows()
    assert "secret" not in (run.folder / "skipped.jsonl").read_text("utf-8")


def test_a_folder_whose_files_cannot_be_opened_is_taken_away_again(tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "LineFile", fail)
    with pytest.raises(NotWritable, match="No space left on device"):
        Run(tmp_path / "dipnote")
    assert list((tmp_path / "dipnote").iterdir()) == []
