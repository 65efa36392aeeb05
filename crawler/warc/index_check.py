"""An index held against the records it is of: every line resolves, every answer has its line."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from crawler.warc.cdxj import REVISIT, BadLine, Entry, timestamp_of
from crawler.warc.finding import shown
from crawler.warc.stored_file import error
from crawler.warc.surt import surt_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crawler.warc.catalogue import Catalogue, Record
    from crawler.warc.finding import Finding

LONGEST_LINE = 1024 * 1024


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """Lines with their ends, one that goes on forever in pieces."""
    while line := file.readline(LONGEST_LINE):
        yield line


def check_index(
    told: str, lines: Iterable[bytes], catalogue: Catalogue, passed_over: Callable[[str], bool]
) -> Iterator[Finding]:
    """What is wrong with the lines of an index, in order; marks in the catalogue what they have.

    Entries of a file for which ``passed_over`` is true, and which the catalogue does not
    have, are not asked where they lead.
    """
    last = b""
    for number, line in enumerate(lines, 1):
        if line == last:
            yield error("index-twice", told, "the line before once more", "each entry once", line=number)
        elif line < last:
            yield error(
                "index-order",
                told,
                shown(line),
                f"lines sorted by their bytes, behind {shown(last)}",
                line=number,
            )
        last = line
        try:
            entry = Entry.from_line(_text(line))
        except BadLine as fault:
            yield error("index-line", told, str(fault), "an entry: key, timestamp, object", line=number)
            continue
        if catalogue.has_file(entry.filename) or not passed_over(entry.filename):
            yield from _check_entry(told, number, entry, catalogue)


def check_complete(told: str, catalogue: Catalogue) -> Iterator[Finding]:
    """The answers that no line has."""
    for file, offset, record in catalogue.not_found():
        yield error(
            "index-missing", told, f"no line for byte {offset} of {file}", f"one for {shown(record.uri)}"
        )


def _text(line: bytes) -> str:
    if not line.endswith(b"\n"):
        raise BadLine(f"{line[:80]!r}: has no end")
    try:
        return line[:-1].decode("utf-8")
    except UnicodeDecodeError as fault:
        raise BadLine(f"{line[:80]!r}: {fault}") from fault


def _check_entry(told: str, number: int, entry: Entry, catalogue: Catalogue) -> Iterator[Finding]:
    if not catalogue.has_file(entry.filename):
        yield error("index-file", told, shown(entry.filename), "a WARC file of the archive", line=number)
        return
    if entry.key != (key := surt_key(entry.url)):
        yield error("index-key", told, shown(entry.key), f"{shown(key)}, the key of its url", line=number)
    record = catalogue.at(entry.filename, entry.offset)
    if record is None or not record.kind:
        place = f"byte {entry.offset} of {entry.filename}"
        yield error("index-offset", told, place, "where a record begins", line=number)
        return
    catalogue.mark_found(record.number)
    for rule, found, expected in _compared(entry, record):
        if found != expected:
            told_as = f"{shown(expected)}, as the record {record.record_id} has it"
            yield error(rule, told, shown(found), told_as, line=number)


def _compared(entry: Entry, record: Record) -> Iterator[tuple[str, str, str]]:
    """Rule, what the entry has, what the record has."""
    yield "index-length", str(entry.length), str(record.length)
    yield "index-url", entry.url, record.uri
    yield "index-timestamp", entry.timestamp, timestamp_of(record.date)
    if record.kind == "revisit":
        yield "index-mime", entry.mime, REVISIT
        if entry.status == "-":
            return
    elif record.kind == "response":
        yield "index-mime", entry.mime, record.mime or "unk"
    if record.status is not None:
        yield "index-status", entry.status, f"{record.status:03}"
    if entry.digest != "-" and record.digest is not None:
        # Some tools leave the algorithm out.
        yield "index-digest", entry.digest.rpartition(":")[2], record.digest.rpartition(":")[2]
    elif record.digest is not None:
        yield "index-digest", entry.digest, record.digest
