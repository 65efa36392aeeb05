"""Two copies of an archive compared, file by file, by their digests; neither has to be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.collection.journal import JOURNAL
from crawler.collection.lock import LOCK
from crawler.warc.stored_file import UNREADABLE, StoredFile, error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.warc.finding import Finding

OF_THE_MOMENT = {LOCK, f"{JOURNAL}-wal", f"{JOURNAL}-shm"}
"""Files that say who is at work, and are no part of the archive."""


class CannotCompare(ValueError):
    """A file and a folder, or something that is not there."""


def compare(path: Path, other: Path) -> Iterator[Finding]:
    """Files that are missing in the copy, that only the copy has, and that differ. Raises CannotCompare."""
    for there in (path, other):
        if not there.exists():
            raise CannotCompare(f"{there}: there is no such file or folder, expected a copy to compare")
    if path.is_dir() != other.is_dir():
        raise CannotCompare(f"{other}: expected a {'folder' if path.is_dir() else 'file'}, as {path} is")
    if not path.is_dir():
        return _compare_files(path, other)
    return _compare_folders(path, other)


def _compare_folders(path: Path, other: Path) -> Iterator[Finding]:
    mine, theirs = _names(path), _names(other)
    for name in sorted(mine | theirs):
        if name not in theirs:
            yield error("copy-missing", str(other / name), "no file", f"one, as {path / name} is")
        elif name not in mine:
            yield error("copy-extra", str(other / name), "a file", f"none, as in {path}")
        else:
            yield from _compare_files(path / name, other / name)


def _names(folder: Path) -> set[str]:
    files = (file for file in folder.rglob("*") if not file.is_dir())
    return {file.relative_to(folder).as_posix() for file in files} - OF_THE_MOMENT


def _compare_files(path: Path, other: Path) -> Iterator[Finding]:
    try:
        mine, theirs = StoredFile.at(path), StoredFile.at(other)
        if mine.size != theirs.size:
            yield error("copy-differs", str(other), f"{theirs.size} bytes", f"{mine.size}, as {path} has")
        elif (found := theirs.sha256()) != (expected := mine.sha256()):
            yield error("copy-differs", str(other), f"SHA-256 {found}", f"{expected}, as {path} has")
    except UNREADABLE as fault:
        yield error("unreadable", str(other), str(fault), "two files that can be read to their ends")
