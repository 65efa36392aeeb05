"""The records of one WARC file, in order, whatever state the file is in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import IO

from crawler.warc.octets import (
    GZIP_MAGIC,
    LONGEST_SOUGHT,
    RECORD_BEGINS,
    RECORD_LINE,
    Cut,
    Damaged,
    Malformed,
    Member,
    Octets,
    Plain,
    Source,
    find_member,
)

HEADER_LIMIT = 1024 * 1024
"""Bytes of a record's own header; more is no record."""
PEEK = 64 * 1024
"""Bytes of the block that are shown to who decides whether to keep it."""

_LENGTH = re.compile(r"\d{1,18}")

Fields = dict[str, str]
"""Named fields by lower-case name; of a repeated one the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record as it stands in a file."""

    offset: int
    """Of its gzip member, or of the record in a plain file, in bytes."""
    length: int
    """Bytes of the member, or of the plain record with the blank lines that end it."""
    fields: Fields
    block: bytes
    """As much of the block as was asked for, from its start."""
    block_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Bytes of a file that are no whole record."""

    offset: int
    reason: str


Keep = Callable[[Fields, bytes], int]
"""Given the fields and the first bytes of a block: how many bytes of the block to keep."""


def records(file: IO[bytes], keep: Keep) -> Iterator[StoredRecord | Fault]:
    """All records of a file, one gzip member each, several in one, or plain.

    Behind a fault, reading goes on at the next member or line that begins a
    record. A record that the file's end cuts owns everything up to there: a
    page may quote records, which must not be taken for the archive's own.
    Only what must have been appended to a torn record is read.
    """
    return _records(Source(file), 0, keep)


def _records(source: Source, offset: int, keep: Keep) -> Iterator[StoredRecord | Fault]:
    try:
        compressed = source.at(offset).startswith(GZIP_MAGIC)
        for found in _members(source, offset, keep) if compressed else _plain(source, offset, keep):
            offset = found.offset + (found.length if isinstance(found, StoredRecord) else 1)
            yield found
    except Cut as cut:
        yield Fault(offset=offset, reason=str(cut))


def read_record(octets: Octets, keep: Keep) -> StoredRecord:
    """One record, from its version line to the blank lines behind its block.

    Raises Malformed, Damaged or Cut. Offset and length are left to the caller.
    """
    if octets.peek(len(RECORD_BEGINS)) != RECORD_BEGINS:
        raise Malformed(f"found {octets.peek(20)!r}, expected a record that begins with {RECORD_BEGINS!r}")
    header = octets.head(HEADER_LIMIT)
    if header is None:
        raise octets.short("the record's header has no end")
    fields = _fields(header)
    announced = fields.get("content-length", "")
    if not _LENGTH.fullmatch(announced):
        raise Malformed(f"Content-Length is {announced!r}, expected a number of bytes")
    length = int(announced)
    kept = min(length, keep(fields, octets.near(min(length, PEEK))))
    block = octets.take(kept)
    found = len(block) + octets.skip(length - kept)
    if found < length:
        raise octets.short(f"the block has {found} of {length} bytes")
    ended = octets.line_feeds().replace(b"\r", b"").startswith(b"\n\n")
    # At the end of the file the next record may itself be cut within these letters.
    if not ended and not RECORD_BEGINS.startswith(octets.near(len(RECORD_BEGINS))):
        raise Malformed(f"the record does not end where its Content-Length of {length} says")
    return StoredRecord(offset=0, length=0, fields=fields, block=block, block_length=length)


def _fields(header: bytes) -> Fields:
    """The named fields (WARC 1.1 section 4), folded lines joined; other lines without colon say nothing."""
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError:
        text = header.decode("latin-1")
    fields: Fields = {}
    name = ""
    for line in text.split("\n")[1:]:
        if line[:1] in (" ", "\t") and name:
            fields[name] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower() if colon else ""
        if name in fields:
            name = ""
        elif name:
            fields[name] = value.strip()
    return fields


def first_fault(source: Source, offset: int) -> Fault | None:
    """The first from the offset on; None where records go on to the very end of the file."""
    return next((found for found in _records(source, offset, _nothing) if isinstance(found, Fault)), None)


def _members(source: Source, start: int, keep: Keep) -> Iterator[StoredRecord | Fault]:
    offset: int | None = start
    while offset is not None and source.at(offset):
        member = Member(source, offset)
        try:
            record = read_record(member, keep)
            alone = not member.peek(1)
        except (Malformed, Damaged, Cut) as fault:
            yield Fault(offset=offset, reason=str(fault))
            offset = behind(member)
            continue
        if alone:
            yield replace(record, offset=offset, length=member.end - offset)
            offset = member.end
        else:
            end = behind(member)
            yield from _shared(source, offset, end, keep)
            offset = end


def behind(member: Member) -> int | None:
    """Where to go on behind a member; None where it goes to the end of the file, or nothing follows."""
    try:
        return member.drain()
    except Damaged:
        return find_member(member.source, member.offset + 1)
    except Cut:
        return _appended(member)


def _appended(torn: Member) -> int | None:
    """Where the records begin that were appended to a torn member; None where there are none.

    It was inflated on into them, to the end of the file. They are whole up to
    there; and they do not come out of the member as they stand in the file:
    what does may be an archive that a page is, in a block that deflate has
    stored. The two cannot be told apart then, and it is left to the page.
    """
    source = torn.source
    place = find_member(source, torn.offset + 1)
    while place is not None:
        fault = first_fault(source, place)
        if fault is None:
            return None if _shows(torn, place) else place
        place = find_member(source, fault.offset + 1)
    return None


def _shows(member: Member, place: int) -> bool:
    """Whether what the member holds has the bytes that stand at the place in the file."""
    octets = Plain(member.source, place).near(LONGEST_SOUGHT)
    return Member(member.source, member.offset).seek(re.compile(re.escape(octets)))


def _shared(source: Source, offset: int, end: int | None, keep: Keep) -> Iterator[StoredRecord | Fault]:
    """The records of a member that holds several: all have the member's place."""
    member = Member(source, offset)
    length = (end if end is not None else source.size()) - offset
    more = True
    while more:
        try:
            member.line_feeds()
            if not member.peek(1):
                return
            yield replace(read_record(member, keep), offset=offset, length=length)
        except Malformed as fault:
            yield Fault(offset=offset, reason=str(fault))
            more = member.seek(RECORD_LINE)
        except (Damaged, Cut) as fault:
            yield Fault(offset=offset, reason=str(fault))
            more = False


def _plain(source: Source, offset: int, keep: Keep) -> Iterator[StoredRecord | Fault]:
    octets: Plain | None = Plain(source, offset)
    while octets is not None:
        octets.line_feeds()
        offset = octets.position
        if not octets.peek(1):
            return
        try:
            record = read_record(octets, keep)
            yield replace(record, offset=offset, length=octets.position - offset)
        except Malformed as fault:
            yield Fault(offset=offset, reason=str(fault))
            octets = next_plain(source, offset)
        except Cut as fault:
            yield Fault(offset=offset, reason=str(fault))
            octets = next_plain(source, offset)
            # Unless what follows are records up to the very end, it is a piece of the one that was cut.
            if octets is not None and first_fault(source, octets.position):
                return


def next_plain(source: Source, offset: int) -> Plain | None:
    """At the next line behind an offset that begins a plain record; None where none does."""
    octets = Plain(source, offset + 1)
    return octets if octets.seek(RECORD_LINE) else None


def _nothing(_fields: Fields, _start: bytes) -> int:
    return 0


def record_at(file: IO[bytes], offset: int, record_id: str, keep: Keep) -> StoredRecord:
    """The record that was found at an offset. Raises Malformed, Damaged or Cut where it is not there."""
    source = Source(file)
    compressed = source.at(offset).startswith(GZIP_MAGIC)
    octets: Member | Plain = Member(source, offset) if compressed else Plain(source, offset)
    while octets.peek(1):
        record = read_record(octets, keep)
        if record.fields.get("warc-record-id", "").strip("<> ") == record_id:
            end = octets.drain() if isinstance(octets, Member) else octets.position
            return replace(record, offset=offset, length=end - offset)
    raise Malformed(f"the record {record_id} is no more at byte {offset}")


def only_record_at(file: IO[bytes], offset: int, keep: Keep) -> StoredRecord:
    """The one record of the member at an offset, or the plain record there.

    Raises Malformed, Damaged or Cut, also where the member holds several.
    """
    source = Source(file)
    if not source.at(offset).startswith(GZIP_MAGIC):
        plain = Plain(source, offset)
        return replace(read_record(plain, keep), offset=offset, length=plain.position - offset)
    member = Member(source, offset)
    record = read_record(member, keep)
    if member.peek(1):
        raise Malformed(f"the member at byte {offset} holds more than one record")
    return replace(record, offset=offset, length=member.end - offset)
