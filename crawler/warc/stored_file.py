"""A file of an archive that is verified, wherever it lies: in a folder, or in a ZIP file."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from crawler.warc.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLICE = 1024 * 1024
"""Bytes that are read at a time."""

UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)
"""What comes of reading a medium, or a ZIP file, that is damaged."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, and how it is opened."""

    told: str
    """Its name as the user knows it: with its folder, or with the ZIP file that holds it."""
    size: int
    """Bytes."""
    open: Callable[[], IO[bytes]]
    """Open it for reading, at its beginning. Raises one of UNREADABLE."""

    @property
    def name(self) -> str:
        """Its name without folder."""
        return PurePosixPath(self.told.replace("\\", "/")).name

    @classmethod
    def at(cls, path: Path) -> StoredFile:
        """A file in a folder. Raises OSError."""
        return cls(str(path), path.stat().st_size, lambda: path.open("rb"))

    def sha256(self) -> str:
        """Hexadecimal SHA-256. Raises one of UNREADABLE."""
        digest = hashlib.sha256()
        with self.open() as file:
            while octets := file.read(SLICE):
                digest.update(octets)
        return digest.hexdigest()

    def read(self) -> bytes:
        """All of a small file. Raises one of UNREADABLE."""
        with self.open() as file:
            return file.read()


class Window(io.RawIOBase):
    """A part of a file, as a file: what a ZIP file stores without compression is read where it lies."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte of the part."""
        begins = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        self._position = max(0, begins[whence] + offset)
        return self._position

    def tell(self) -> int:
        """The byte of the part that is read next."""
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer
        """Read at most as many bytes as there is room for."""
        left = max(0, self._size - self._position)
        self._file.seek(self._start + self._position)
        octets = self._file.read(min(len(buffer), left))
        buffer[: len(octets)] = octets
        self._position += len(octets)
        return len(octets)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def error(
    rule: str,
    file: str,
    found: str,
    expected: str,
    *,
    line: int | None = None,
    offset: int | None = None,
) -> Finding:
    """Something that is damaged or written wrongly."""
    return Finding(file=file, line=line, offset=offset, rule=rule, found=found, expected=expected)


def note(
    rule: str,
    file: str,
    found: str,
    expected: str,
    *,
    line: int | None = None,
    offset: int | None = None,
) -> Finding:
    """Something that is right, or cannot be decided, and not as it should be."""
    return Finding(
        file=file, line=line, offset=offset, rule=rule, severity="note", found=found, expected=expected
    )
