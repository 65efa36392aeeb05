"""A file of lines on its way into a folder: under ``NAME.open`` while it is written, then ``NAME``."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler.warc.durable import sync_data, sync_folder

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedFile:
    """A file that will not change, as a manifest names it."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""
    lines: int


class LineFile:
    """Takes lines; none of its final name is ever seen half written.

    Every method raises OSError where the disk does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._size = 0
        self._sha256 = hashlib.sha256()
        self._stream = path.with_name(path.name + ".open").open("xb")

    def write(self, line: str) -> None:
        """Add a line, given without its end."""
        octets = line.encode() + b"\n"
        self._stream.write(octets)
        self._sha256.update(octets)
        self._size += len(octets)
        self.lines += 1

    def sync(self) -> int:
        """Put every line so far on the disk; gives the length of the file in bytes."""
        self._stream.flush()
        sync_data(self._stream.fileno())
        return self._size

    def flush(self) -> None:
        """Hand every line so far to the operating system."""
        self._stream.flush()

    def close(self) -> ClosedFile:
        """Put the file on the disk and give it its name."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self.path.with_name(self.path.name + ".open").rename(self.path)
        return ClosedFile(
            name=self.path.name, size=self._size, sha256=self._sha256.hexdigest(), lines=self.lines
        )

    def abandon(self) -> None:
        """Leave the file under its ``.open`` name, as far as it got."""
        with contextlib.suppress(OSError):
            self._stream.close()


def write_json(path: Path, content: dict[str, Any]) -> str:
    """Write a file of one JSON object, whole or not at all; gives its SHA-256 (hexadecimal).

    Raises OSError.
    """
    octets = json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n"
    draft = path.with_name(path.name + ".open")
    with draft.open("wb") as stream:
        stream.write(octets)
        stream.flush()
        os.fsync(stream.fileno())
    draft.rename(path)
    sync_folder(path.parent)
    return hashlib.sha256(octets).hexdigest()
