"""The captures in a WARC file, as the writer would have told of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from crawler.warc.archived import Reading, is_answer
from crawler.warc.cdxj import REVISIT
from crawler.warc.ledger import REVISIT_MIN_BYTES, Capture, entry_of, identity_of_payload, is_indexed
from crawler.warc.message import entity_body, read_head
from crawler.warc.walk import Fault, StoredRecord, records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.warc.walk import Fields

LARGEST = 64 * 2**20
"""Bytes of a block that are held in memory; no revisit will refer to a larger one."""


def captures_in(path: Path) -> Iterator[Capture]:
    """The answers in a file of our writer, in order; what is damaged is passed over. Raises OSError."""
    reading = Reading(path.name.removesuffix(".open"), lambda _status, _type: True, LARGEST)
    heads: set[str] = set()
    with path.open("rb") as file:
        for record in records(file, _keep):
            if isinstance(record, Fault):
                continue
            if record.fields.get("warc-type") == "request" and record.block.startswith(b"HEAD "):
                heads.add(record.fields.get("warc-concurrent-to", ""))
            elif is_answer(record.fields) and record.fields["warc-type"] != "resource":
                method = "HEAD" if _bracketed_id(record) in heads else "GET"
                yield _capture(record, reading, method)


def _keep(fields: Fields, _start: bytes) -> int:
    kind = fields.get("warc-type")
    return LARGEST if kind in {"response", "revisit"} else len("HEAD ") if kind == "request" else 0


def _bracketed_id(record: StoredRecord) -> str:
    return record.fields.get("warc-record-id", "")


def _capture(record: StoredRecord, reading: Reading, method: str) -> Capture:
    location, head = reading.location(record), read_head(record.block)
    refers = record.fields["warc-type"] == "revisit"
    payload = None
    if not refers and location.whole and len(record.block) == record.block_length:
        body, cut = entity_body(head, record.block[head.end :])
        if cut is None and len(body) >= REVISIT_MIN_BYTES:
            payload = identity_of_payload(head, hashlib.sha256(body).digest())
    entry = entry_of(location, head.status, REVISIT if refers else head.content_type())
    return Capture(
        location=location, entry=entry if is_indexed(method, head.status) else None, payload=payload
    )
