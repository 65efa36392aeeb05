"""Files cut back to a length: what is cut off goes to ``NAME.torn`` beside the file, and is never lost."""

from __future__ import annotations

import os
from itertools import chain, count
from typing import IO, TYPE_CHECKING

from crawler.warc.durable import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLICE = 1024 * 1024
"""Bytes that are copied at a time."""


def cut_back(path: Path, length: int) -> Path | None:
    """Cut a file to ``length`` bytes; gives the file that keeps the rest, None where there is no rest.

    The rest is on the disk under its name before the file is shortened: after
    a crash anywhere, cutting once more ends in the same two files. A
    ``.torn`` of other content stays; the rest then goes to ``.torn.1`` and so
    on. Raises ValueError where the file is shorter, OSError where the disk or
    the folder does not allow it; the file is then as it was.
    """
    size = path.stat().st_size
    if not 0 <= length <= size:
        raise ValueError(f"{path}: has {size} bytes, expected at least the {length} it is to be cut back to")
    if length == size:
        return None
    # Asked for before anything is written, so that a file that may not be changed gets no .torn.
    with path.open("r+b") as file:
        torn = _keep_rest(file, path, length)
        file.truncate(length)
        os.fsync(file.fileno())
    return torn


def _keep_rest(file: IO[bytes], path: Path, length: int) -> Path:
    """Put what follows ``length`` on the disk, under the first name that is free or has it already."""
    copy = path.with_name(f"{path.name}.torn.part")
    try:
        with copy.open("wb") as rest:
            file.seek(length)
            for octets in _slices(file):
                rest.write(octets)
            rest.flush()
            os.fsync(rest.fileno())
        # A try that crashed before the cut left this very content: it is replaced by itself.
        torn = next(name for name in _names(path) if not name.exists() or _same(name, copy))
        copy.replace(torn)
        sync_folder(path.parent)
    finally:
        copy.unlink(missing_ok=True)
    return torn


def _names(path: Path) -> Iterator[Path]:
    for end in chain(["torn"], (f"torn.{number}" for number in count(1))):
        yield path.with_name(f"{path.name}.{end}")


def _same(one: Path, other: Path) -> bool:
    if not one.is_file() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        return all(octets == right.read(SLICE) for octets in _slices(left))


def _slices(file: IO[bytes]) -> Iterator[bytes]:
    while octets := file.read(SLICE):
        yield octets
