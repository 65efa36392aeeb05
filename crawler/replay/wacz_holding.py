"""A WACZ file as pywb can read it: where it lies, by an index whose offsets count in the ZIP file itself."""

from __future__ import annotations

import gzip
import heapq
import struct
import zipfile
import zlib
from contextlib import ExitStack
from dataclasses import replace
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from crawler.replay.holding import INDEX, WARC_ENDS, Holding, NotReplayable
from crawler.warc.cdxj import BadLine, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INDEX_ENDS = (".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz")

LOCAL = struct.Struct("<4s5H3I2H")
"""The header before the bytes of an entry (APPNOTE 6.3.10, 4.3.7), lengths of name and extra field last."""
LOCAL_MAGIC = b"PK\x03\x04"

LONGEST_LINE = 1024 * 1024

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What comes of reading a ZIP file that is damaged, or encrypted."""


def wacz_holding(wacz: Path, folder: Path) -> Holding:
    """The holding of a WACZ file; its index is written into ``folder``, nothing else is copied.

    Raises NotReplayable, and OSError where a file cannot be read or written.
    """
    if not wacz.is_file() or not zipfile.is_zipfile(wacz):
        raise NotReplayable(f"{wacz}: is no ZIP file, expected a collection or a WACZ file")
    try:
        with zipfile.ZipFile(wacz) as opened:
            places = _places(wacz, opened)
            index = folder / INDEX
            _write_index(wacz, opened, places, index)
    except BROKEN as error:
        raise NotReplayable(f"{wacz}: {error}, expected a WACZ file that can be read") from error
    return Holding(index.absolute(), [(name, wacz.absolute()) for name in sorted(places)])


def _places(wacz: Path, opened: zipfile.ZipFile) -> dict[str, tuple[int, int]]:
    """Where the bytes of each WARC file begin, and how many they are, by its name."""
    places = {}
    with wacz.open("rb") as file:
        for info in opened.infolist():
            path = PurePosixPath(info.filename)
            if not (info.filename.startswith("archive/") and path.name.endswith(WARC_ENDS)):
                continue
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
                raise NotReplayable(f"{wacz}: {info.filename} is compressed or encrypted, expected it stored")
            file.seek(info.header_offset)
            header = file.read(LOCAL.size)
            if len(header) < LOCAL.size or not header.startswith(LOCAL_MAGIC):
                raise NotReplayable(f"{wacz}: {info.filename} is not where the directory says")
            *_, name_length, extra_length = LOCAL.unpack(header)
            start = info.header_offset + LOCAL.size + name_length + extra_length
            places[path.name] = (start, info.file_size)
    if not places:
        raise NotReplayable(f"{wacz}: holds no archive/*.warc.gz, expected a WACZ file")
    return places


def _write_index(
    wacz: Path, opened: zipfile.ZipFile, places: dict[str, tuple[int, int]], index: Path
) -> None:
    names = [name for name in opened.namelist() if name.startswith("indexes/") and name.endswith(INDEX_ENDS)]
    if not names:
        raise NotReplayable(
            f"{wacz}: holds no indexes/*.cdx or .cdx.gz, expected the index of its WARC files"
        )
    with index.open("wb") as file:
        for line in heapq.merge(*(_shifted(wacz, opened, name, places) for name in names)):
            file.write(line)


def _shifted(
    wacz: Path, opened: zipfile.ZipFile, name: str, places: dict[str, tuple[int, int]]
) -> Iterator[bytes]:
    """The lines of an index, their offsets counted from the beginning of the ZIP file."""
    before = b""
    for number, line in enumerate(_lines(opened, name), 1):
        told = f"{wacz}: {name}, line {number}"
        if line < before:
            raise NotReplayable(f"{told}: sorts before the line above it, expected a sorted index")
        before = line
        if line.startswith((b"!", b" ")):
            # What says of itself that it is no entry: "!meta", " CDX".
            continue
        try:
            entry = Entry.from_line(line.decode("utf-8", "replace"))
        except BadLine as error:
            raise NotReplayable(f"{told}: {error}") from error
        file = PurePosixPath(entry.filename).name
        start, size = places.get(file, (0, -1))
        if size < 0:
            raise NotReplayable(f"{told}: names {file}, which is not in archive/")
        if not 0 <= entry.offset <= entry.offset + entry.length <= size:
            raise NotReplayable(f"{told}: byte {entry.offset} is not in the {size} bytes of {file}")
        shifted = replace(entry, offset=start + entry.offset, filename=file)
        yield f"{shifted.as_line()}\n".encode()


def _lines(opened: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with ExitStack() as files:
        stream: IO[bytes] = files.enter_context(opened.open(name))
        if name.endswith(".gz"):
            stream = cast("IO[bytes]", files.enter_context(gzip.open(stream)))
        while line := stream.readline(LONGEST_LINE):
            yield line
