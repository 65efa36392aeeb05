"""WARC files with a torn tail, cut back to their last whole record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.warc.octets import (
    GZIP_MAGIC,
    VERSION_LINE,
    Cut,
    Damaged,
    Malformed,
    Member,
    Plain,
    Source,
    find_member,
)
from crawler.warc.reader import NotAnArchive
from crawler.warc.torn import cut_back
from crawler.warc.walk import Fields, read_record

if TYPE_CHECKING:
    from pathlib import Path

RECORD_END = b"\r\n\r\n"
"""What ends every record (WARC 1.1 section 4)."""


class DamagedInside(ValueError):
    """Whole records follow what is damaged: this is no torn tail, and cutting it off would cost them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What became of a file."""

    path: Path
    records: int
    """How many whole records are in it."""
    kept: int
    """Bytes in the file."""
    cut: int
    """Bytes cut off; 0 where the file was whole already."""
    torn: Path | None
    """Where the bytes are that were cut off; None where there were none."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """The whole records that stand one behind the other from a place on."""

    records: int
    end: int
    """Offset behind the last of them, in bytes."""
    fault: Malformed | Damaged | Cut | None
    """Why what follows is none; None where nothing follows."""


def repair(path: Path) -> Repair:
    """Cut a ``.warc`` or ``.warc.gz`` file back to its last whole record; a whole file is left alone.

    What was cut off is in ``NAME.torn`` (see ``cut_back``). What is kept is
    kept byte for byte: of a gzip file the members that are whole, with every
    record in them; of a plain one the records with the two CRLF that end
    them. Memory does not grow with the file.

    Nothing is touched where this raises NotAnArchive (no file, or none that
    begins with a whole record), DamagedInside, or OSError (the file or its
    folder cannot be written, the disk is full).
    """
    if not path.is_file():
        raise NotAnArchive(f"{path}: {'is no file' if path.exists() else 'there is no such file'}")
    whole = _examine(path)
    if not whole.records:
        raise NotAnArchive(f"{path}: {whole.fault or 'the file is empty'}; it begins with no whole record")
    torn = cut_back(path, whole.end)
    cut = torn.stat().st_size if torn is not None else 0
    return Repair(path=path, records=whole.records, kept=whole.end, cut=cut, torn=torn)


def _examine(path: Path) -> _Whole:
    """The whole records at the start. Raises DamagedInside where others follow what is none."""
    with path.open("rb") as file:
        source = Source(file)
        whole = _whole_records(source)
        if whole.fault is None:
            return whole
        damaged = _behind_line_feeds(source, whole.end)
        behind = _record_behind(source, damaged, whole.fault)
    if behind is not None:
        raise DamagedInside(
            f"{path}, byte {damaged}: {whole.fault}; expected nothing behind it, as in a torn file, "
            f"found a whole record at byte {behind}"
        )
    return whole


def _whole_records(source: Source, start: int = 0) -> _Whole:
    read_next = _read_member if _compressed(source) else _read_plain
    number, end = 0, start
    try:
        while source.at(end):
            found, end = read_next(source, end)
            number += found
    except (Malformed, Damaged, Cut) as fault:
        return _Whole(number, end, fault)
    return _Whole(number, end, None)


def _read_member(source: Source, offset: int) -> tuple[int, int]:
    """How many records the member holds, and where it ends: its CRC and length are right (RFC 1952).

    Raises Malformed, Damaged or Cut.
    """
    member = Member(source, offset)
    number = 0
    while not number or member.peek(1):
        read_record(member, _nothing)
        number += 1
    return number, member.end


def _read_plain(source: Source, offset: int) -> tuple[int, int]:
    """One record, and where the two CRLF behind its block end. Raises Malformed or Cut."""
    octets = Plain(source, _behind_line_feeds(source, offset))
    block_offset = 0

    def note(_fields: Fields, _start: bytes) -> int:
        nonlocal block_offset
        block_offset = octets.position
        return 0

    record = read_record(octets, note)
    end = block_offset + record.block_length
    # The walk lets a record pass without its end; what is appended to one would be lost with it.
    found = Plain(source, end).peek(len(RECORD_END))
    if found != RECORD_END:
        kind = Cut if RECORD_END.startswith(found) else Malformed
        raise kind(f"found {found!r} behind the block, expected {RECORD_END!r}")
    return 1, end + len(RECORD_END)


def _record_behind(source: Source, offset: int, fault: Exception) -> int | None:
    """Offset of a whole record behind what is damaged at an offset; None where none follows.

    What the end of the file cuts owns everything up to there: a page may
    quote records. Only records that go on to the very end are then another
    program's, which were appended to a torn file.
    """
    find_next = find_member if _compressed(source) else _find_record
    place = find_next(source, offset + 1)
    while place is not None:
        whole = _whole_records(source, place)
        if whole.records and (whole.fault is None or not isinstance(fault, Cut)):
            return place
        place = find_next(source, max(place + 1, whole.end))
    return None


def _find_record(source: Source, offset: int) -> int | None:
    """Offset of the next plain record, wherever in a line; None where none begins."""
    octets = Plain(source, offset)
    return octets.position if octets.seek(VERSION_LINE) else None


def _compressed(source: Source) -> bool:
    return source.at(0).startswith(GZIP_MAGIC)


def _behind_line_feeds(source: Source, offset: int) -> int:
    """Where the record begins that follows blank lines, if there are any."""
    octets = Plain(source, offset)
    octets.line_feeds()
    return octets.position


def _nothing(_fields: Fields, _start: bytes) -> int:
    return 0
