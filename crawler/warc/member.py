"""One gzip member of a WARC file, inflated, with everything checked that RFC 1952 lays down."""

from __future__ import annotations

import struct
import zlib
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from crawler.warc.octets import SLICE, Cut, Damaged, Malformed, Octets

if TYPE_CHECKING:
    from crawler.warc.octets import Source

# Inflates twice as fast; without it the code takes zlib.
inflater: Any = import_module("isal.isal_zlib") if find_spec("isal") else zlib

RAW = -zlib.MAX_WBITS
FIXED = struct.Struct("<3sBIBB")
"""Magic with method, flags, time, extra flags, operating system (RFC 1952 section 2.3)."""
TRAILER = struct.Struct("<II")
"""CRC-32 and length of what was compressed."""
FHCRC, FEXTRA, FNAME, FCOMMENT, RESERVED = 2, 4, 8, 16, 0xE0
NAME_LIMIT = 64 * 1024
"""Bytes of a file's name or a comment in a header; more is no header."""


class BrokenMember(Damaged):
    """A member is not as RFC 1952 lays down: which rule it breaks, what was found and what expected."""

    def __init__(self, rule: str, found: str, expected: str) -> None:
        super().__init__(f"{rule}: found {found}, expected {expected}")
        self.rule = rule
        self.found = found
        self.expected = expected


class CheckedMember(Octets):
    """A member from its header to its length, of which every byte is looked at.

    The error of its end (CRC-32, length) is raised when the bytes behind its
    last one are asked for.
    """

    def __init__(self, source: Source, offset: int) -> None:
        super().__init__(source, offset)
        self.form = (0, 0, 0, False)
        """Flags, extra flags and operating system of the header, and whether it has a time; once read."""
        self._inflate: Any = None
        self._crc = 0
        self._length = 0
        self._ended = False

    @property
    def end(self) -> int:
        """Offset behind the member; known when everything was read."""
        return self._next

    def short(self, what: str) -> Exception:
        """Another member follows."""
        return Malformed(what)

    def _more(self) -> bytes:
        if self._inflate is None:
            self._next = self._read_header()
            self._inflate = inflater.decompressobj(RAW)
        while not self._inflate.eof:
            octets = self._inflate.unconsumed_tail or self._compressed()
            try:
                inflated: bytes = self._inflate.decompress(octets, 4 * SLICE)
            except (zlib.error, inflater.error) as error:
                raise BrokenMember("deflate", str(error), "data that can be inflated") from error
            if inflated:
                self._crc = inflater.crc32(inflated, self._crc)
                self._length += len(inflated)
                return inflated
            if not octets and not self._inflate.eof:
                raise Cut("the file ends within the gzip member")
        if not self._ended:
            self._read_trailer()
        return b""

    def _compressed(self) -> bytes:
        octets = self.source.at(self._next)
        self._next += len(octets)
        return octets

    def _read_header(self) -> int:
        """Offset of the compressed data."""
        fixed = self._exactly(self.offset, FIXED.size)
        magic, flags, time, extra, system = FIXED.unpack(fixed)
        if magic != b"\x1f\x8b\x08" or flags & RESERVED:
            raise BrokenMember("gzip-header", fixed[:4].hex(" "), "1f 8b 08 and flags below 20")
        self.form = (flags, extra, system, bool(time))
        end = self.offset + FIXED.size
        if flags & FEXTRA:
            end += 2 + int.from_bytes(self._exactly(end, 2), "little")
        for text in (FNAME, FCOMMENT):
            if flags & text:
                end = self._behind_text(end)
        return self._behind_crc(end) if flags & FHCRC else end

    def _behind_text(self, offset: int) -> int:
        text = self.source.read(offset, NAME_LIMIT)
        length = text.find(b"\0") + 1
        if not length:
            if len(text) < NAME_LIMIT:
                raise Cut("the file ends within the header of a gzip member")
            raise BrokenMember(
                "gzip-header", f"a text of more than {NAME_LIMIT} bytes", "a zero byte at its end"
            )
        return offset + length

    def _behind_crc(self, offset: int) -> int:
        """Behind the CRC-16 of the header. Raises BrokenMember where it is wrong."""
        stated = int.from_bytes(self._exactly(offset, 2), "little")
        found = zlib.crc32(self.source.read(self.offset, offset - self.offset)) & 0xFFFF
        if stated != found:
            raise BrokenMember("gzip-header", f"CRC-16 {found:04x}", f"{stated:04x}")
        return offset + 2

    def _read_trailer(self) -> None:
        self._ended = True
        behind = self._next - len(self._inflate.unused_data)
        crc, length = TRAILER.unpack(self._exactly(behind, TRAILER.size))
        self._next = behind + TRAILER.size
        if crc != self._crc:
            raise BrokenMember("gzip-crc", f"{self._crc:08x}", f"{crc:08x}")
        if length != self._length & 0xFFFFFFFF:
            raise BrokenMember("gzip-length", f"{self._length} bytes", f"{length} (modulo 2**32)")

    def _exactly(self, offset: int, size: int) -> bytes:
        octets = self.source.read(offset, size)
        if len(octets) < size:
            raise Cut("the file ends within the gzip member")
        return octets
