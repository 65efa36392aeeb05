"""The index of captures: one line each, sorted, so that a URL is found without reading the archive.

The form is CDXJ, as pywb, ReplayWeb.page and WACZ 1.1.1 read it:
``key timestamp {json}``, one capture a line, lines sorted by their bytes.
"""

from __future__ import annotations

import heapq
import json
import os
import re
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import IO, TYPE_CHECKING, Self

from crawler.warc.durable import sync_folder
from crawler.warc.surt import surt_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

INDEX = "index.cdxj"
REVISIT = "warc/revisit"
"""Stands for the media type of a capture whose body is in another record."""

LONGEST_LINE = 1024 * 1024
_TIMESTAMP = re.compile(r"\d{14}")
_STATUS = re.compile(r"\d{3}|-")
_NOT_A_DIGIT = re.compile(r"\D")


class BadLine(ValueError):
    """A line that is no entry of an index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A capture as the index has it."""

    key: str
    timestamp: str
    """WARC-Date to the second, 14 digits."""
    url: str
    """The target URI, byte for byte."""
    mime: str
    """Media type; ``warc/revisit`` where the body is in another record, ``unk`` where none is stated."""
    status: str
    """Three digits."""
    digest: str
    """As in WARC-Payload-Digest."""
    length: int
    """Bytes of the record in its file, compressed."""
    offset: int
    filename: str
    """Name of the WARC file, without folder."""

    def as_line(self) -> str:
        """The line, without its end; in ASCII."""
        told = {name: str(value) for name, value in asdict(self).items() if name not in {"key", "timestamp"}}
        return f"{self.key} {self.timestamp} {json.dumps(told)}"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """The entry of a line. Raises BadLine."""
        try:
            key, timestamp, text = line.rstrip("\n").split(" ", 2)
            told = json.loads(text)
            entry = cls(
                key=key,
                timestamp=timestamp,
                url=str(told["url"]),
                mime=str(told.get("mime", "unk")),
                status=str(told.get("status", "-")),
                digest=str(told.get("digest", "-")),
                length=int(told["length"]),
                offset=int(told["offset"]),
                filename=str(told["filename"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadLine(f"{line[:80]!r}: no entry of an index ({type(error).__name__}: {error})") from error
        if not _TIMESTAMP.fullmatch(timestamp) or not _STATUS.fullmatch(entry.status):
            raise BadLine(f"{line[:80]!r}: expected 14 digits, and a status of 3 digits")
        return entry


def timestamp_of(warc_date: str) -> str:
    """A WARC-Date in the 14 digits of an index."""
    return _NOT_A_DIGIT.sub("", warc_date)[:14]


class Index:
    """A sorted index that is searched where it lies.

    Raises OSError where the file cannot be read, BadLine where a line is no entry.
    """

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("rb")
        self._size = self._file.seek(0, os.SEEK_END)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Entry]:
        """All entries, in order."""
        self._file.seek(0)
        for line in self._file:
            yield Entry.from_line(line.decode("utf-8", "replace"))

    def captures(self, url: str) -> list[Entry]:
        """The captures of a URL, however it is written, oldest first."""
        return self.captures_of(surt_key(url))

    def captures_of(self, key: str) -> list[Entry]:
        """The captures of a key, oldest first."""
        begin = key.encode() + b" "
        self._file.seek(self._first_not_below(begin))
        found = []
        while (line := self._file.readline(LONGEST_LINE)).startswith(begin):
            found.append(Entry.from_line(line.decode("utf-8", "replace")))
        return found

    def closest(self, url: str, timestamp: str) -> Entry | None:
        """The capture of a URL that is nearest in time; None where there is none."""
        wanted = int(timestamp)
        return min(self.captures(url), key=lambda entry: abs(int(entry.timestamp) - wanted), default=None)

    def _first_not_below(self, begin: bytes) -> int:
        """Offset of the first line that is not sorted before ``begin``."""
        low, high = 0, self._size
        while low < high:
            middle = (low + high) // 2
            start, line = self._line_behind(middle, low)
            if line and line < begin:
                low = start + len(line)
            else:
                high = middle
        start, _ = self._line_behind(low, low)
        return start

    def _line_behind(self, offset: int, low: int) -> tuple[int, bytes]:
        """The first line that begins at an offset or behind it, and where; ``low`` begins a line."""
        self._file.seek(offset)
        if offset > low:
            self._file.seek(offset - 1)
            self._file.readline()
        return self._file.tell(), self._file.readline(LONGEST_LINE)


def merge_into(path: Path, lines: Iterable[str], *, anew: bool = False) -> int:
    """Put sorted lines into an index, which may not be there yet; gives how many it has then.

    ``anew`` leaves out what the index has until now.

    A line that it has already is not put there twice. The index is replaced
    in one step: what is there is whole, before, after, and after a crash.
    Raises OSError.
    """
    draft = path.with_name(path.name + ".open")
    written = 0
    with draft.open("wb") as stream:
        for line in _merged(None if anew or not path.exists() else path, lines):
            stream.write(line)
            written += 1
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    sync_folder(path.parent)
    return written


def _merged(path: Path | None, lines: Iterable[str]) -> Iterator[bytes]:
    new = (f"{line}\n".encode() for line in lines)
    if path is None:
        yield from (line for line, _ in groupby(new))
        return
    with path.open("rb") as old:
        yield from (line for line, _ in groupby(heapq.merge(old, new)))
