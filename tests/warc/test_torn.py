from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.warc.torn import cut_back

ROOT = Path(__file__).parents[2]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"whole\ntorn")
    return path


@pytest.mark.parametrize("length", range(10))
def test_what_is_cut_off_is_kept_beside_the_file(tmp_path, path, length):
    whole = path.read_bytes()
    assert cut_back(path, length) == tmp_path / "a.jsonl.torn"
    assert files(tmp_path) == {"a.jsonl": whole[:length], "a.jsonl.torn": whole[length:]}


def test_a_file_of_the_right_length_is_left_alone(tmp_path, path):
    assert cut_back(path, 10) is None
    assert files(tmp_path) == {"a.jsonl": b"whole\ntorn"}


@pytest.mark.parametrize("length", [11, -1])
def test_a_file_that_is_shorter_is_refused(tmp_path, path, length):
    with pytest.raises(ValueError, match=f"has 10 bytes, expected at least the {length} "):
        cut_back(path, length)
    assert files(tmp_path) == {"a.jsonl": b"whole\ntorn"}


def test_a_torn_file_of_other_content_stays(tmp_path, path):
    (tmp_path / "a.jsonl.torn").write_bytes(b"past")
    (tmp_path / "a.jsonl.torn.1").mkdir()
    assert cut_back(path, 6) == tmp_path / "a.jsonl.torn.2"
    assert (tmp_path / "a.jsonl.torn").read_bytes() == b"past"
    assert (tmp_path / "a.jsonl.torn.2").read_bytes() == b"torn"


DYING = """
import os, sys
from pathlib import Path
from crawler.warc.torn import cut_back

left = int(sys.argv[2])

def instead_of(real):
    def step(*arguments):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return real(*arguments)
    return step

os.fsync = instead_of(os.fsync)
Path.replace = instead_of(Path.replace)
cut_back(Path(sys.argv[1]), 6)
"""
"""Cuts a file, and is gone before the step of the given number: nothing is tidied up behind it."""


@pytest.mark.parametrize("steps", range(5))
def test_after_a_crash_at_any_step_a_second_try_ends_the_same(tmp_path, path, steps):
    died = subprocess.run([sys.executable, "-c", DYING, path, str(steps)], cwd=ROOT, check=False)
    assert died.returncode == (9 if steps < 4 else 0)
    cut_back(path, 6)
    assert files(tmp_path) == {"a.jsonl": b"whole\n", "a.jsonl.torn": b"torn"}


def test_the_rest_is_on_the_disk_before_the_file_is_cut(tmp_path, path, monkeypatch):
    seen = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        seen.append(sorted(files(tmp_path).items()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    cut_back(path, 6)
    assert seen == [
        [("a.jsonl", b"whole\ntorn"), ("a.jsonl.torn.part", b"torn")],
        [("a.jsonl", b"whole\ntorn"), ("a.jsonl.torn", b"torn")],
        [("a.jsonl", b"whole\n"), ("a.jsonl.torn", b"torn")],
    ]


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        cut_back(path, 6)
    assert files(tmp_path) == {"a.jsonl": b"whole\ntorn"}
