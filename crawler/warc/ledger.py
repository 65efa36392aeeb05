"""What the writer has written, told on when it is on the disk: for an index, and for revisits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.warc.cdxj import REVISIT, Entry, timestamp_of
from crawler.warc.message import Head, read_head
from crawler.warc.surt import surt_key

if TYPE_CHECKING:
    from crawler.warc.exchange import Exchange, Location, Message

REVISIT_MIN_BYTES = 1024
"""A smaller body is kept anew: a record that refers to another is hardly smaller than it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """An answer that stands in an archive."""

    location: Location
    entry: Entry | None
    """How an index has it; None where it is left out of it."""
    payload: bytes | None
    """Identity of its body (see ``payload_identity``); None where no revisit may refer to it."""


class Ledger:
    """Captures, from being written until somebody has taken them. Belongs to the event loop."""

    def __init__(self) -> None:
        self._written: list[Capture] = []
        self._durable: list[Capture] = []

    def note(self, exchange: Exchange, location: Location) -> None:
        """An exchange was written, and may be lost again."""
        if exchange.response is not None:
            self._written.append(capture_of(exchange, exchange.response, location))

    def keep(self) -> None:
        """What was written so far is on the disk."""
        self._durable += self._written
        self._written = []

    def take(self) -> list[Capture]:
        """Captures that no loss of power takes away any more, each told once."""
        taken, self._durable = self._durable, []
        return taken


def capture_of(exchange: Exchange, response: Message, location: Location) -> Capture:
    """What is to be known of an exchange that was written."""
    head = read_head(response.head)
    indexed = is_indexed(exchange.method, head.status)
    refers = exchange.original is not None
    mime = REVISIT if refers else head.content_type()
    return Capture(
        location=location,
        entry=entry_of(location, head.status, mime) if indexed else None,
        payload=None if refers else payload_identity(response, head),
    )


def is_indexed(method: str, status: int) -> bool:
    """Whether a replay has anything to show: not of HEAD, interim answers and 304, whose bodies are empty."""
    return method != "HEAD" and status >= 200 and status != 304


def entry_of(location: Location, status: int, mime: str) -> Entry:
    """How the index has a record."""
    return Entry(
        key=surt_key(location.target_uri),
        timestamp=timestamp_of(location.date),
        url=location.target_uri,
        mime=mime or "unk",
        status=f"{status:03}",
        digest=location.payload_digest or "-",
        length=location.length,
        offset=location.offset,
        filename=location.file,
    )


def payload_identity(response: Message, head: Head | None = None) -> bytes | None:
    """What bodies have in common that stand for each other, 32 bytes; None for one that stands for itself.

    That is: a truncated one, and one under REVISIT_MIN_BYTES (WARC 1.1 says
    nothing of size). Not the SHA-1 of WARC-Payload-Digest: of that two bodies
    can be made which have the same, and one of them would be lost. Replay
    tools put the head of the revisit before the original's body as it stands,
    so that both have to be chunked, or neither.
    """
    if response.truncated is not None or response.payload_length < REVISIT_MIN_BYTES:
        return None
    return identity_of_payload(head or read_head(response.head), response.payload_sha256)


def identity_of_payload(head: Head, sha256: bytes) -> bytes:
    """The same, of a payload's SHA-256 and the head before it."""
    framing = b",".join(head.values(b"transfer-encoding"))
    return hashlib.sha256(framing + b"\n" + sha256).digest()
