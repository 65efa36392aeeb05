"""Records of one file checked one by one, each from its version line to the blank lines behind its block."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.warc.block import PIECE, Block
from crawler.warc.checked import CheckedRecord
from crawler.warc.field_rules import check_fields
from crawler.warc.finding import shown
from crawler.warc.header import read_header
from crawler.warc.octets import RECORD_BEGINS, Malformed
from crawler.warc.relations import Related
from crawler.warc.walk import HEADER_LIMIT

if TYPE_CHECKING:
    from crawler.warc.header import Header
    from crawler.warc.octets import Octets
    from crawler.warc.relations import Relations
    from crawler.warc.report import Report

RECORD_END = b"\r\n\r\n"
"""What ends every record (WARC 1.1 section 4)."""

_LENGTH = re.compile(r"\d{1,18}")
_OURS = re.compile(rb"^software:[ \t]*blogarchive/", re.MULTILINE | re.IGNORECASE)


class NoRecord(Malformed):
    """What stands here cannot be read as a record: which rule it breaks, what was found and what expected."""

    def __init__(self, rule: str, found: str, expected: str) -> None:
        super().__init__(f"{rule}: found {found}, expected {expected}")
        self.rule = rule
        self.found = found
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Read:
    """A record that was read to its end, whose place is still to be told."""

    header: Header
    block: Block
    length: int
    """Bytes of the block."""
    errors: int
    """How many there were in the file before it."""


class RecordCheck:
    """Reads the records of one file, and reports what is wrong with them."""

    def __init__(self, name: str, report: Report, relations: Relations) -> None:
        self._name = name
        self._report = report
        self._relations = relations
        self._records = 0
        self._warcinfos = 0
        self._undigested = 0
        self._version = ""
        self._previous: CheckedRecord | None = None

    def read(self, octets: Octets, offset: int) -> Read:
        """Read one record. Raises NoRecord, BrokenMember or Cut."""
        errors = self._report.errors
        begin = octets.peek(len(RECORD_BEGINS))
        if begin != RECORD_BEGINS:
            fault = octets.short("the version line has no end")
            if RECORD_BEGINS.startswith(begin) and not isinstance(fault, Malformed):
                raise fault
            raise NoRecord("version", shown(octets.near(20)), "a record, which begins with 'WARC/'")
        head = octets.head(HEADER_LIMIT)
        if head is None:
            raise octets.short("the record's header has no end")
        header = read_header(head, offset, self._report)
        self._records += 1
        block = Block(header, offset, self._report)
        try:
            length = self._read_block(octets, header, block)
            block.close()
        finally:
            self._look_at_file(header, block, offset)
            check_fields(header, offset, self._report)
            self._note(header, block, offset)
        self._check_end(octets, block, offset)
        return Read(header, block, length, errors)

    def finish(self, read: Read, offset: int, length: int) -> CheckedRecord:
        """The record, now that its place in the file is known."""
        header, block, payload = read.header, read.block, read.block.payload
        head = block.head
        record = CheckedRecord(
            file=self._name,
            offset=offset,
            length=length,
            sound=self._report.errors == read.errors,
            version=header.version,
            fields=header.fields,
            concurrent_to=header.concurrent_to,
            block_length=read.length,
            start=block.start,
            status=head.status if head is not None else None,
            content_type=head.content_type() if head is not None else "",
            method=block.method,
            payload_digest=_labelled(payload.digest("sha1")) if payload is not None else None,
            payload_length=payload.length if payload is not None else None,
        )
        if self._report.own:
            self._check_order(record)
        self._previous = record
        return record

    def check_whole(self) -> None:
        """Report what can only be told of the file as a whole."""
        if not self._records:
            self._report.add("empty", None, "no record", "at least one")
        elif not self._warcinfos:
            self._report.add("warcinfo-missing", None, "none", "a warcinfo record at the beginning")
        if self._undigested:
            found = f"{self._undigested} of {self._records} records without warc-block-digest"
            self._report.add("undigested", None, found, "one in each")

    def _read_block(self, octets: Octets, header: Header, block: Block) -> int:
        stated = header.fields.get("content-length", "")
        if not _LENGTH.fullmatch(stated):
            raise NoRecord("block-short", f"Content-Length {shown(stated)}", "a number of bytes")
        length = left = int(stated)
        while left:
            piece = octets.take(min(left, PIECE))
            if not piece:
                found = f"{length - left} of {length} bytes"
                fault = octets.short(f"the block has {found}")
                raise NoRecord("block-short", found, "all of them") if isinstance(fault, Malformed) else fault
            block.feed(piece)
            left -= len(piece)
        return length

    def _check_end(self, octets: Octets, block: Block, offset: int) -> None:
        found = octets.peek(len(RECORD_END))
        if found == RECORD_END:
            octets.take(len(RECORD_END))
            return
        if len(found) < len(RECORD_END) and RECORD_END.startswith(found):
            fault = octets.short("the blank lines behind the block are missing")
            if not isinstance(fault, Malformed):
                raise fault
        if block.digest_right is False:
            # It is the length that is wrong: where the block ends cannot be told.
            raise NoRecord("record-end", shown(found), shown(RECORD_END))
        self._report.add("record-end", offset, shown(found), shown(RECORD_END))
        octets.line_feeds()

    def _look_at_file(self, header: Header, block: Block, offset: int) -> None:
        """What a record tells of the file that it stands in."""
        fields = header.fields
        if fields.get("warc-type") == "warcinfo":
            self._warcinfos += 1
            self._look_at_warcinfo(fields, block, offset)
        if not self._version:
            self._version = header.version
        elif header.version != self._version:
            self._report.add("version-mixed", offset, shown(header.version), f"{self._version}, as before")
        if block.start and "warc-block-digest" not in fields:
            self._undigested += 1

    def _look_at_warcinfo(self, fields: dict[str, str], block: Block, offset: int) -> None:
        if self._warcinfos == 1:
            self._report.own = _OURS.search(block.start) is not None
            if self._records > 1:
                found = f"a warcinfo as record {self._records}"
                self._report.add("warcinfo-first", offset, found, "it as the first")
        else:
            self._report.add(
                "warcinfo-twice", offset, f"warcinfo number {self._warcinfos}", "one in the file"
            )
        named = fields.get("warc-filename")
        if named is not None and named != self._name.removesuffix(".open"):
            self._report.add("warcinfo-filename", offset, shown(named), shown(self._name))

    def _note(self, header: Header, block: Block, offset: int) -> None:
        fields = header.fields
        record_id = fields.get("warc-record-id", "")
        related = Related(
            record_id=record_id,
            offset=offset,
            kind=fields.get("warc-type", ""),
            date=fields.get("warc-date", ""),
            target_uri=fields.get("warc-target-uri", "").strip("<>"),
            warcinfo_id=fields.get("warc-warcinfo-id", ""),
            method=block.method,
        )
        self._relations.note(related, header.concurrent_to)
        if block.bodiless is not None:
            self._relations.note_bodiless(record_id, offset, *block.bodiless)

    def _check_order(self, record: CheckedRecord) -> None:
        """Our writer puts the records of a capture together: request, response, metadata."""
        before = self._previous
        if not record.concurrent_to or before is None or before.offset + before.length != record.offset:
            return
        if record.kind == "request":
            misplaced = record.fields["warc-record-id"] in before.concurrent_to
        else:
            one = {before.fields.get("warc-record-id"), *before.concurrent_to}
            misplaced = one.isdisjoint({record.fields.get("warc-record-id"), *record.concurrent_to})
            misplaced |= record.kind in {"response", "revisit"} and before.kind != "request"
        if misplaced:
            found = f"a {record.kind} behind a {before.kind}"
            self._report.add(
                "exchange-order", record.offset, found, "request, response, metadata of one capture"
            )


# Half of all records are requests, with an empty payload.
@lru_cache(maxsize=16)
def _labelled(sha1: bytes) -> str:
    return f"sha1:{base64.b32encode(sha1).decode('ascii')}"
