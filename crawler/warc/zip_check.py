"""A ZIP file as a WACZ has it: what its directory says agrees with what stands in it, byte for byte."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, cast

from crawler.warc.finding import shown
from crawler.warc.stored_file import SLICE, UNREADABLE, StoredFile, Window, error, note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.warc.finding import Finding

LOCAL = struct.Struct("<4s5H3I2H")
"""The header of an entry (APPNOTE.TXT 4.3.7): signature, version, flags, method, time, date, CRC, sizes."""
LOCAL_MAGIC = b"PK\x03\x04"
ENCRYPTED, DESCRIPTOR, UTF8 = 0x1, 0x8, 0x800
UNKNOWN_SIZE = 0xFFFFFFFF
DESCRIPTOR_SIZES = {12, 16, 20, 24}
"""Bytes that a data descriptor takes, with or without signature, with or without ZIP64."""


class ZipCheck:
    """Checks the form of a ZIP file, and gives its entries to read."""

    def __init__(self, path: Path) -> None:
        """Read its directory. Raises one of UNREADABLE."""
        self._path = path
        with zipfile.ZipFile(path) as archive:
            self._infos = archive.infolist()
            self._directory = archive.start_dir
        self._size = path.stat().st_size
        self._data: dict[str, int] = {}
        self.stored: set[str] = set()
        """Names of entries without compression."""

    def check(self) -> Iterator[Finding]:
        """What is wrong with its form; ``files`` can be asked afterwards."""
        told = str(self._path)
        names: set[str] = set()
        end = 0
        with self._path.open("rb") as file:
            for info in sorted(self._infos, key=lambda info: info.header_offset):
                name = info.filename
                yield from self._check_name(told, info, names)
                names.add(name)
                if info.header_offset != end and not self._is_descriptor(info.header_offset - end):
                    what = (
                        "overlapping entries" if info.header_offset < end else "bytes that belong to no entry"
                    )
                    yield error(
                        "zip-gap", told, f"{what} before {shown(name)}", f"it at byte {end}", offset=end
                    )
                begin = yield from self._check_local(told, file, info)
                end = max(end, begin + info.compress_size)
                self._data.setdefault(name, begin)
                if info.compress_type == zipfile.ZIP_STORED:
                    self.stored.add(name)
        if self._directory != end and not self._is_descriptor(self._directory - end):
            yield error("zip-gap", told, "bytes that belong to no entry", "the directory", offset=end)

    def files(self) -> dict[str, StoredFile]:
        """The entries by name, without folders."""
        return {
            info.filename: StoredFile(f"{self._path}/{info.filename}", info.file_size, self._opener(info))
            for info in self._infos
            if not info.is_dir() and not info.flag_bits & ENCRYPTED
        }

    def check_content(self) -> Iterator[Finding]:
        """Entries whose bytes are not what their CRC-32 says; reads all of them."""
        for name, file in self.files().items():
            info = next(info for info in self._infos if info.filename == name)
            crc = 0
            try:
                with file.open() as stream:
                    while octets := stream.read(SLICE):
                        crc = zlib.crc32(octets, crc)
            except (*UNREADABLE, zlib.error) as fault:
                yield error("zip-content", file.told, str(fault), "an entry that can be read to its end")
                continue
            if crc != info.CRC:
                yield error(
                    "zip-content", file.told, f"CRC-32 {crc:08x}", f"{info.CRC:08x}, as the ZIP file says"
                )

    def _opener(self, info: zipfile.ZipInfo):  # type: ignore[no-untyped-def]  # see StoredFile.open
        begin = self._data.get(info.filename)

        def opened() -> IO[bytes]:
            if info.compress_type == zipfile.ZIP_STORED and begin is not None:
                window = Window(self._path, begin, info.file_size)
                return cast("IO[bytes]", io.BufferedReader(window, SLICE // 4))
            return zipfile.ZipFile(self._path).open(info)

        return opened

    def _check_name(self, told: str, info: zipfile.ZipInfo, names: set[str]) -> Iterator[Finding]:
        name, offset = info.filename, info.header_offset
        if name in names:
            yield error("zip-twice", told, f"{shown(name)} once more", "each name once", offset=offset)
        parts = name.rstrip("/").split("/")
        if name.startswith("/") or "\\" in name or ":" in parts[0] or {"", ".", ".."} & set(parts):
            yield error("zip-name", told, shown(name), "a name below the root, without ..", offset=offset)
        if stat.S_ISLNK(info.external_attr >> 16):
            yield error("zip-name", told, f"{shown(name)}, a symbolic link", "a file", offset=offset)
        if info.flag_bits & ENCRYPTED:
            yield error("zip-encrypted", told, shown(name), "entries that everybody can read", offset=offset)
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            found = f"{shown(name)} with method {info.compress_type}"
            yield error("zip-method", told, found, "stored or deflated entries", offset=offset)

    def _check_local(self, told: str, file: IO[bytes], info: zipfile.ZipInfo):  # type: ignore[no-untyped-def]
        """Hold the header at the entry against the directory; gives where its bytes begin."""
        offset = info.header_offset
        file.seek(offset)
        octets = file.read(LOCAL.size)
        if len(octets) < LOCAL.size or not octets.startswith(LOCAL_MAGIC):
            yield error(
                "zip-header", told, shown(octets[:4]), f"the header of {shown(info.filename)}", offset=offset
            )
            return offset + LOCAL.size + len(info.orig_filename.encode())
        _, _, flags, method, clock, day, crc, packed, size, name_length, extra_length = LOCAL.unpack(octets)
        encoding = "utf-8" if flags & UTF8 else "cp437"
        name = file.read(name_length).decode(encoding, "replace")
        differing = [
            ("name", name, info.orig_filename),
            ("flags", flags, info.flag_bits),
            ("date", (clock, day), _as_in_dos(info.date_time)),
            ("method", method, info.compress_type),
        ]
        if not flags & DESCRIPTOR:
            differing.append(("CRC-32", crc, info.CRC))
            differing += [
                (what, found, expected)
                for what, found, expected in (
                    ("compressed size", packed, info.compress_size),
                    ("size", size, info.file_size),
                )
                # With ZIP64 the sizes stand behind the name.
                if found != UNKNOWN_SIZE
            ]
        elif method == zipfile.ZIP_STORED:
            found = f"{shown(info.filename)}: its size stands behind it"
            yield note(
                "zip-descriptor", told, found, "it before, for readers that do not seek", offset=offset
            )
        for what, found, expected in differing:
            if found != expected:
                yield error(
                    "zip-header",
                    told,
                    f"{what} {shown(str(found))} at the entry",
                    f"{shown(str(expected))}, as the directory says",
                    offset=offset,
                )
        return offset + LOCAL.size + name_length + extra_length

    def _is_descriptor(self, gap: int) -> bool:
        return gap in DESCRIPTOR_SIZES and any(info.flag_bits & DESCRIPTOR for info in self._infos)


def _as_in_dos(moment: tuple[int, int, int, int, int, int]) -> tuple[int, int]:
    """Time and date as an entry has them (APPNOTE.TXT 4.4.6)."""
    year, month, day, hour, minute, second = moment
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day
