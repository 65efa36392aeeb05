"""Collections and runs have their places, each with a name that fits."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from crawler.collection.layout import (
    BadCollectionName,
    NotWritable,
    collection_name,
    make_run_folder,
    run_id_of,
)


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
    begun: list[str] = []
    folders = {make_run_folder(tmp_path, begun.append) for _ in range(3)}
    assert begun == sorted(folder.name for folder in folders)
    assert len(folders) == 3
    assert all(folder.is_dir() for folder in folders)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(
        NotWritable, match=r"file.dipnote.\w+: no run can be written here \(Not a directory\)"
    ):
        make_run_folder(tmp_path / "file" / "dipnote", lambda _: None)
