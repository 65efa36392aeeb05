"""Bytes of an archive read forward: a file as it is, or one gzip member of it inflated."""

from __future__ import annotations

import os
import re
import zlib
from abc import ABC, abstractmethod
from typing import IO
from zipfile import BadZipFile

SLICE = 64 * 1024
GZIP_MAGIC = b"\x1f\x8b\x08"
RECORD_BEGINS = b"WARC/"

MEMBER_BEGIN = re.compile(re.escape(GZIP_MAGIC))
VERSION_LINE = re.compile(rb"WARC/\d\.\d{1,2}\r?\n[A-Za-z]")
RECORD_LINE = re.compile(rb"(?<=\n)" + VERSION_LINE.pattern)
LONGEST_SOUGHT = 64
"""Bytes of what is sought, with what has to stand before it, are at most so many."""


class Malformed(Exception):
    """What stands here is no record; the bytes after it can be read."""


class Damaged(Exception):
    """What stands here cannot be inflated: nothing tells where it was meant to end."""


class Cut(Exception):
    """The file ends before the record does."""


class Unreadable(Cut):
    """The medium, or the ZIP archive around the file, gives no more."""


class Source:
    """A file that is read in slices, from any offset."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._start = 0
        self._octets = b""

    def at(self, offset: int) -> bytes:
        """Bytes from the offset on, at most a slice; none at the end of the file.

        Raises Unreadable.
        """
        behind = offset - self._start
        if not 0 <= behind < len(self._octets):
            try:
                self._file.seek(offset)
                self._octets = self._file.read(SLICE)
            except (OSError, EOFError, BadZipFile, zlib.error) as error:
                self._octets = b""
                raise Unreadable(f"the file cannot be read from byte {offset} on: {error}") from error
            self._start, behind = offset, 0
        return self._octets[behind:] if behind else self._octets

    def read(self, offset: int, size: int) -> bytes:
        """So many bytes from the offset on, fewer at the end of the file. Raises Unreadable."""
        begin = offset - self._start
        if begin >= 0 and begin + size <= len(self._octets):
            return self._octets[begin : begin + size]
        octets = self.at(offset)[:size]
        while len(octets) < size and (more := self.at(offset + len(octets))):
            octets += more[: size - len(octets)]
        return octets

    def size(self) -> int:
        """Bytes in the file."""
        return self._file.seek(0, os.SEEK_END)


class Octets(ABC):
    """Bytes that are read forward, beginning at ``offset`` of a source.

    An error (Cut, Damaged) is raised where bytes behind it are asked for, not
    before: what precedes it can be read.
    """

    def __init__(self, source: Source, offset: int) -> None:
        self.source = source
        self.offset = offset
        self._next = offset
        self._ready = bytearray()
        self._error: Cut | Damaged | None = None

    @abstractmethod
    def _more(self) -> bytes:
        """The next bytes; none at the end. Raises Cut or Damaged."""

    @abstractmethod
    def short(self, what: str) -> Exception:
        """The error to raise where the bytes end too early."""

    def near(self, size: int) -> bytes:
        """The next ``size`` bytes, or as many as can be read, without taking them."""
        self._fill(size)
        return bytes(self._ready[:size])

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes, fewer at the end, without taking them."""
        if self._fill(size) < size:
            self._raise_error()
        return bytes(self._ready[:size])

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes, fewer at the end."""
        octets = self.peek(size)
        del self._ready[:size]
        return octets

    def skip(self, size: int) -> int:
        """Pass over ``size`` bytes; gives how many there were."""
        left = size
        while left > 0 and self._fill(1):
            passed = min(left, len(self._ready))
            del self._ready[:passed]
            left -= passed
        if left:
            self._raise_error()
        return size - left

    def line_feeds(self) -> bytes:
        """Take all CR and LF that follow."""
        taken = b""
        while (octet := self.near(1)) in (b"\r", b"\n"):
            taken += octet
            del self._ready[:1]
        return taken

    def head(self, limit: int) -> bytes | None:
        """Take everything up to and with the next blank line; None where none comes within the limit."""
        searched = 0
        while True:
            have = self._fill(searched + SLICE)
            end = blank_line(self._ready, limit, max(0, searched - 3))
            if end is not None:
                return self.take(end)
            if have >= limit:
                return None
            if have == searched:
                self._raise_error()
                return None
            searched = have

    def seek(self, sought: re.Pattern[bytes]) -> bool:
        """Pass on to what is sought; False where it does not come."""
        while self._fill(SLICE):
            if match := sought.search(self._ready):
                del self._ready[: match.start()]
                return True
            # What could be the beginning of it stays; at the end nothing does.
            keep = LONGEST_SOUGHT if len(self._ready) >= SLICE else 0
            del self._ready[: len(self._ready) - keep]
        return False

    def _fill(self, size: int) -> int:
        try:
            while len(self._ready) < size and self._error is None and (octets := self._more()):
                self._ready += octets
        except (Cut, Damaged) as error:
            self._error = error
        return len(self._ready)

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error


class Plain(Octets):
    """The bytes of the file as they are."""

    @property
    def position(self) -> int:
        """Offset of the next byte in the file."""
        return self._next - len(self._ready)

    def _more(self) -> bytes:
        octets = self.source.at(self._next)
        self._next += len(octets)
        return octets

    def short(self, what: str) -> Exception:
        """Nothing follows the end of the file."""
        return Cut(what)


class Member(Octets):
    """One gzip member (RFC 1952), inflated."""

    def __init__(self, source: Source, offset: int) -> None:
        super().__init__(source, offset)
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def end(self) -> int:
        """Offset behind the member; known when everything was read."""
        return self._next - len(self._inflate.unused_data)

    def drain(self) -> int:
        """Read to the end of the member; gives its offset. Raises Cut or Damaged."""
        while self._fill(1):
            self._ready.clear()
        self._raise_error()
        return self.end

    def _more(self) -> bytes:
        while not self._inflate.eof:
            octets = self._inflate.unconsumed_tail
            if not octets:
                octets = self.source.at(self._next)
                self._next += len(octets)
            try:
                inflated = self._inflate.decompress(octets, 4 * SLICE)
            except zlib.error as error:
                raise Damaged(f"the gzip member cannot be inflated: {error}") from error
            if inflated:
                return inflated
            if not octets and not self._inflate.eof:
                raise Cut("the file ends within the gzip member")
        return b""

    def short(self, what: str) -> Exception:
        """Another member follows."""
        return Malformed(what)


def blank_line(octets: bytes | bytearray, limit: int, start: int = 0) -> int | None:
    """The offset behind the first empty line within the limit; lines end with LF or CR LF."""
    end = octets.find(b"\n\r\n", start, limit)
    bare = octets.find(b"\n\n", start, limit if end < 0 else end + 1)
    if bare >= 0:
        return bare + 2
    return end + 3 if end >= 0 else None


def find_member(source: Source, offset: int) -> int | None:
    """Offset of the next gzip member that holds a record, from the given offset on; None where none does."""
    octets = Plain(source, offset)
    while octets.seek(MEMBER_BEGIN):
        if _holds_record(source, octets.position):
            return octets.position
        octets.skip(1)
    return None


def _holds_record(source: Source, offset: int) -> bool:
    try:
        return Member(source, offset).peek(len(RECORD_BEGINS)) == RECORD_BEGINS
    except (Cut, Damaged):
        return False
