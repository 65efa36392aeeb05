"""One record where it stands: its header as it was written, and whether its bytes are what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from crawler.warc.header import read_header
from crawler.warc.message import read_head
from crawler.warc.octets import GZIP_MAGIC, Malformed, Member, Plain, Source
from crawler.warc.record_check import RecordCheck
from crawler.warc.relations import Relations
from crawler.warc.report import Report
from crawler.warc.walk import HEADER_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.warc.checked import CheckedRecord
    from crawler.warc.finding import Finding

PIECE = 2**20
"""Bytes of a block that are in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A record that was read to its end, every digest computed again."""

    path: Path
    header: bytes
    """From its version line on, with the blank line that ends it."""
    record: CheckedRecord
    findings: list[Finding]
    """What is wrong with it, and what is only odd."""

    @property
    def right(self) -> bool:
        """Whether every digest is what the header says, and nothing else is wrong."""
        return all(finding.severity != "error" for finding in self.findings)

    @property
    def http_head(self) -> bytes | None:
        """The head of the HTTP response in it, with the blank line that ends it; None where it holds none."""
        if self.record.status is None:
            return None
        return self.record.start[: read_head(self.record.start).end]


def evidence_at(path: Path, offset: int) -> Evidence:
    """The record whose gzip member, or which itself, begins at an offset of a file.

    In little memory, however large it is. Raises Malformed, Damaged or Cut
    where no whole record stands there, OSError where the file cannot be read.
    """
    report = Report(path.name)
    with path.open("rb") as file, Relations() as relations:
        header = _octets(file, offset).head(HEADER_LIMIT)
        octets = _octets(file, offset)
        check = RecordCheck(path.name, report, relations)
        read = check.read(octets, offset)
        end = octets.drain() if isinstance(octets, Member) else octets.position
        record = check.finish(read, offset, end - offset)
    return Evidence(path=path, header=header or b"", record=record, findings=report.take())


def copy_block(path: Path, offset: int, write: Callable[[bytes], object], *, from_body: bool = False) -> None:
    """Write the block of a record, byte for byte; ``from_body``: what stands behind the head of a response.

    Raises as ``evidence_at`` does.
    """
    with path.open("rb") as file:
        octets = _octets(file, offset)
        header = octets.head(HEADER_LIMIT)
        if header is None:
            raise octets.short("the record's header has no end")
        left = int(read_header(header, offset, Report(path.name)).fields["content-length"])
        skipped = read_head(octets.near(min(left, PIECE))).end if from_body else 0
        left -= octets.skip(skipped)
        while left:
            piece = octets.take(min(left, PIECE))
            if not piece:
                raise octets.short(f"{left} bytes of the block are missing")
            write(piece)
            left -= len(piece)


def _octets(file: IO[bytes], offset: int) -> Member | Plain:
    source = Source(file)
    begin = source.at(offset)
    if not begin:
        raise Malformed(f"the file has {source.size()} bytes, expected a record at byte {offset}")
    return Member(source, offset) if begin.startswith(GZIP_MAGIC) else Plain(source, offset)
