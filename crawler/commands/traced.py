"""What a trace tells, in words for a terminal and as an object of JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crawler.replay.pywb import replay_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.collection.lookup import StoredRow
    from crawler.commands.tracing import Trace
    from crawler.warc.cdxj import Entry
    from crawler.warc.evidence import Evidence

NEWEST = 10
"""Captures that are told in words; JSON has them all."""


def in_words(trace: Trace, port: int) -> Iterator[str]:
    """Paragraphs for a terminal; nothing in them can steer it."""
    if (row := trace.row) is not None:
        lines = [f"Row: {row.path}, line {row.line}", json.dumps(row.values, ensure_ascii=False, indent=2)]
        yield printable("\n".join(lines))
    if trace.evidence is not None:
        yield from _record_in_words("Record", trace.evidence)
    if trace.original is not None:
        yield from _record_in_words("Record that has the body", trace.original)
    if trace.versions:
        told = [f"  {_version(row)}" for row in trace.versions]
        yield printable("\n".join(["Versions:", *told]))
    if trace.captures:
        left_out = len(trace.captures) - NEWEST
        told = [f"  {_capture(entry)}" for entry in trace.captures[-NEWEST:]]
        more = [f"  and {left_out} older, which --json tells"] if left_out > 0 else []
        yield printable("\n".join(["Captures of the page:", *told, *more]))
    yield printable(
        f"To look at it: scrapy replay {trace.collection} --port {port}, and\n  {address(trace, port)}"
    )
    if trace.findings:
        told = [f"  {finding.as_line()}" for finding in trace.findings]
        yield printable("\n".join(["Not as it should be:", *told]))


def as_object(trace: Trace, port: int) -> dict[str, Any]:
    """The same for programs, every key present."""
    row = trace.row
    return {
        "wanted": trace.wanted,
        "collection": str(trace.collection),
        "row": row.values if row is not None else None,
        "row_file": str(row.path) if row is not None else None,
        "row_line": row.line if row is not None else None,
        "record": _record(trace.evidence),
        "original": _record(trace.original),
        "versions": [
            {"version": row.values.get("version"), "file": str(row.path), "line": row.line, "row": row.values}
            for row in trace.versions
        ],
        "captures": [
            {
                "timestamp": entry.timestamp,
                "url": entry.url,
                "mime": entry.mime,
                "status": entry.status,
                "digest": entry.digest,
                "warc_file": entry.filename,
                "warc_offset": entry.offset,
                "warc_length": entry.length,
            }
            for entry in trace.captures
        ],
        "replay": address(trace, port),
        "findings": [finding.as_dict() for finding in trace.findings],
    }


def address(trace: Trace, port: int) -> str:
    """Where ``scrapy replay`` shows the very capture."""
    timestamp = trace.entry.timestamp if trace.entry is not None else ""
    return f"http://127.0.0.1:{port}{replay_path(trace.url, timestamp)}"


def printable(text: str) -> str:
    """Text of an archive, with whatever would steer a terminal written as an escape."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def _record_in_words(title: str, evidence: Evidence) -> Iterator[str]:
    record, told = evidence.record, evidence.header.decode("utf-8", "backslashreplace")
    verdict = "as they should be" if evidence.right else "NOT as they should be, see below"
    place = f"{title}: {evidence.path}, byte {record.offset}, {record.length} bytes"
    yield printable(f"{place}; its digests, computed again, are {verdict}\n{_indented(told)}")
    if (head := evidence.http_head) is not None:
        size = record.block_length - len(head)
        body = f"{size} bytes of body" if record.kind != "revisit" else "a body that stands in another record"
        words = f"HTTP message: {len(head)} bytes of head, and {body} (--raw writes both)"
        yield printable(f"{words}\n{_indented(head.decode('latin-1'))}")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.replace("\r\n", "\n").rstrip("\n").split("\n"))


def _version(row: StoredRow) -> str:
    values = row.values
    return f"{values.get('version')}  {values.get('captured_at')}  {row.path}, line {row.line}"


def _capture(entry: Entry) -> str:
    place = f"{entry.filename}, byte {entry.offset}"
    return f"{entry.timestamp}  {entry.status}  {entry.mime}  {entry.digest}  {place}"


def _record(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    record, head = evidence.record, evidence.http_head
    return {
        "file": str(evidence.path),
        "offset": record.offset,
        "length": record.length,
        "type": record.kind,
        "header": evidence.header.decode("utf-8", "backslashreplace"),
        "fields": record.fields,
        "http_status": record.status,
        "http_head": head.decode("latin-1") if head is not None else None,
        "body_bytes": record.block_length - len(head) if head is not None else None,
        "right": evidence.right,
    }
