"""A record of a WARC file that was checked, and what its bytes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.warc.walk import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRecord:
    """A record that was read to its end."""

    file: str
    """Name of the WARC file, as it was given."""
    offset: int
    """Of its gzip member, or of the record in a plain file, in bytes."""
    length: int
    """Bytes of the member, or of the plain record with its end; 0 where it shares a member with others."""
    sound: bool
    """No error was found in it."""
    version: str
    """``WARC/1.1``, or whatever stands there."""
    fields: Fields
    """Values by lower-case name; of a repeated field the first."""
    concurrent_to: tuple[str, ...]
    """All values of WARC-Concurrent-To, with their angle brackets."""
    block_length: int
    """Bytes."""
    start: bytes
    """The first bytes of the block, at most 1 MiB."""
    status: int | None
    """Of the HTTP response; None where the record holds none."""
    content_type: str
    """Media type that the HTTP response states, lower case, without parameters; or empty."""
    method: str | None
    """Of the HTTP request; None where the record holds none."""
    payload_digest: str | None
    """``sha1:BASE32`` of the payload, computed; None where the record has none of its own, as a revisit."""
    payload_length: int | None
    """Bytes of the payload as it stands in the block, with its transfer coding; None likewise."""

    @property
    def kind(self) -> str:
        """WARC-Type; empty where it is missing."""
        return self.fields.get("warc-type", "")

    @property
    def record_id(self) -> str:
        """WARC-Record-ID without angle brackets; empty where it is missing."""
        return self.fields.get("warc-record-id", "").strip("<> ")

    @property
    def target_uri(self) -> str:
        """WARC-Target-URI without angle brackets; empty where it is missing."""
        return self.fields.get("warc-target-uri", "").strip("<> ")

    @property
    def date(self) -> str:
        """WARC-Date as it stands there; empty where it is missing."""
        return self.fields.get("warc-date", "")

    @property
    def truncated(self) -> str | None:
        """WARC-Truncated; None where the record is whole."""
        return self.fields.get("warc-truncated")
