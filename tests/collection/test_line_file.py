"""A file has its name only when it is whole."""

from __future__ import annotations

import hashlib

import pytest

from crawler.collection.line_file import LineFile


def test_a_file_is_open_until_it_is_closed(tmp_path):
    file = LineFile(tmp_path / "a.jsonl")
    file.write("ü")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl.open"]
    closed = file.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    assert (tmp_path / "a.jsonl").read_bytes() == "ü\n".encode()
    assert (closed.name, closed.size, closed.lines) == ("a.jsonl", 3, 1)
    assert closed.sha256 == hashlib.sha256("ü\n".encode()).hexdigest()


def test_an_abandoned_file_never_gets_its_name(tmp_path):
    file = LineFile(tmp_path / "a.jsonl")
    file.write("a")
    file.abandon()
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl.open"]


def test_a_closed_file_stays_when_it_is_abandoned_afterwards(tmp_path):
    file = LineFile(tmp_path / "a.jsonl")
    file.close()
    file.abandon()
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_nothing_that_is_there_is_written_over(tmp_path):
    file = LineFile(tmp_path / "a.jsonl")
    with pytest.raises(FileExistsError):
        LineFile(tmp_path / "a.jsonl")
    file.abandon()
