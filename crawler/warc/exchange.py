"""One exchange as it crossed the wire: what the client hands to the writer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Truncation = Literal["length", "time", "disconnect", "unspecified"]
"""Why a message is not whole, in the words of WARC 1.1 (WARC-Truncated)."""


def new_record_id() -> str:
    """A fresh record identifier: ``urn:uuid:...``, without angle brackets."""
    return uuid.uuid4().urn


@dataclass(slots=True, kw_only=True)
class Message:
    """The final response message, exactly as received.

    ``head`` runs from the status line to the blank line inclusive (empty for
    HTTP/0.9), ``body`` is everything after it with transfer coding intact,
    from its start; the reader of ``body`` rewinds it first.
    """

    head: bytes
    body: IO[bytes]
    body_length: int
    """Bytes in ``body``."""
    block_sha1: bytes
    """SHA-1 of ``head`` and ``body``, taken while they arrived (20 bytes)."""
    payload_sha1: bytes
    """SHA-1 of the entity body: ``body`` without its transfer coding (20 bytes)."""
    payload_sha256: bytes
    """SHA-256 of the same (32 bytes)."""
    payload_length: int
    """Bytes of the same."""
    truncated: Truncation | None = None
    """Why the message ends early; None when it is whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The record that holds the body which a revisit leaves out."""

    record_id: str
    """``urn:uuid:...`` without angle brackets."""
    target_uri: str
    date: str
    """WARC-Date."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request on one connection, and whatever came back.

    Every attempt is one exchange: a retry, a redirect hop, robots.txt, an
    attempt on a stale connection.
    """

    target_uri: str
    """The URI as sent, without userinfo and fragment."""
    method: str
    sent_at: datetime
    """When the request was sent: aware, UTC."""
    request: bytes
    """Request head and body as sent, with the values of secret fields masked."""
    response: Message | None = None
    """None when no byte of an answer arrived."""
    interim: bytes = b""
    """The 1xx messages that came before the final one, verbatim."""
    ip_address: str | None = None
    """Address of the host of the target URI; None behind a proxy."""
    protocols: tuple[str, ...] = ()
    """Values of WARC-Protocol, e.g. ``("http/1.1", "tls/1.3")``."""
    problems: list[str] = field(default_factory=list)
    """What the parser complained about, and surplus bytes that were cut off."""
    error: str | None = None
    """Why there is no whole answer, in words."""
    certificate: str | None = None
    """Verdict on the server's certificate, e.g. ``ok`` or ``self-signed certificate``; None in clear."""
    original: Original | None = None
    """The record that holds the same payload; the answer becomes a revisit of it."""
    record_id: str = field(default_factory=new_record_id)
    """Identifier of the response record (of the request record where there is no answer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a record stands in a file: the proof of a row."""

    file: str
    """Name of the WARC file, without folder and without ``.open``."""
    offset: int
    length: int
    record_id: str
    """``urn:uuid:...`` without angle brackets."""
    target_uri: str
    date: str
    """WARC-Date, microseconds, ``Z``."""
    payload_digest: str | None
    """``sha1:BASE32``; None where the record has none."""
    whole: bool
    """False when the record carries WARC-Truncated."""
