"""Collections and runs have their places, and a new run knows what earlier ones state."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from crawler.collection.layout import (
    BadCollectionName,
    BrokenCollection,
    NotWritable,
    collection_name,
    known_versions,
    make_run_folder,
    run_id_of,
)

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize("name", ["dipnote", "blog.example_8080", "ein Blog", "блог"])
def test_a_name_that_can_be_a_folder_is_taken_as_it_is(name):
    assert collection_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a\nb", "a\0b", " a", "a:b", "x" * 101]
)
def test_a_name_that_cannot_be_a_folder_is_refused(name):
    with pytest.raises(BadCollectionName, match="collection name"):
        collection_name(name)


def test_a_run_is_named_for_its_start_in_utc():
    moment = datetime(2026, 11, 23, 10, 43, 0, tzinfo=timezone(-timedelta(hours=5)))
    assert run_id_of(moment) == "20261123T154300Z"


def test_runs_that_start_within_one_second_have_folders_of_their_own(tmp_path):
    folders = {make_run_folder(tmp_path) for _ in range(3)}
    assert len(folders) == 3
    assert all(folder.is_dir() for folder in folders)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotWritable, match=r"file.dipnote: no run can be written here \(Not a directory\)"):
        make_run_folder(tmp_path / "file" / "dipnote")


def test_what_closed_runs_state_is_known_and_what_open_files_hold_is_not(tmp_path):
    run = tmp_path / run_id_of(datetime.now(UTC))
    run.mkdir()
    (run / "posts.jsonl").write_text(json.dumps({"id": "p", "content_digest": DIGEST}) + "\n")
    (run / "comments.jsonl.open").write_text(json.dumps({"id": "c", "content_digest": DIGEST}) + "\n")
    versions = known_versions(tmp_path)
    assert versions.remember("Post", "p", DIGEST) is None
    assert versions.remember("Post", "p", "sha256:" + "cd" * 32) == 2
    assert versions.remember("Comment", "c", DIGEST) == 1


@pytest.mark.parametrize("line", ["no JSON", "[]", "{}", '{"id": "p", "content_digest": null}', '{"id": "p'])
def test_a_line_that_no_run_writes_is_named(tmp_path, line):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "posts.jsonl").write_text(line)
    with pytest.raises(BrokenCollection, match=r"posts\.jsonl, line 1: is no row of ours"):
        known_versions(tmp_path)
