"""The payload of a record and its digests, as the block goes by (WARC 1.1 sections 5.9 and 6)."""

from __future__ import annotations

from crawler.warc.digests import Digests
from crawler.warc.message import Unchunking


class Payload:
    """Digests of a body, with its transfer coding and without.

    ``algorithm`` is that of the record's own digest; SHA-1 is always taken.
    """

    def __init__(self, algorithm: str | None, *, chunked: bool = False) -> None:
        algorithms = dict.fromkeys(["sha1", *([algorithm] if algorithm else [])])
        self.length = 0
        """Bytes of the body as it stands in the block."""
        self._decoded = Digests(*algorithms)
        self._unchunking = Unchunking() if chunked else None
        self._raw = Digests(*algorithms) if chunked else self._decoded

    def feed(self, octets: bytes) -> None:
        """Take the next bytes of the body."""
        self.length += len(octets)
        self._raw.feed(octets)
        if self._unchunking is not None:
            for part in self._unchunking.feed(octets):
                self._decoded.feed(part)

    def close(self) -> None:
        """Nothing follows."""
        if self._unchunking is not None:
            self._unchunking.close()

    @property
    def problem(self) -> str | None:
        """Why the chunks are not whole; None where they are, or there are none."""
        return self._unchunking.problem if self._unchunking is not None else None

    @property
    def framed(self) -> bool:
        """False for a body that its head says is chunked, and is not."""
        unchunking = self._unchunking
        return unchunking is None or (unchunking.framed and (unchunking.begun or not self.length))

    def digest(self, algorithm: str) -> bytes:
        """Of the entity body."""
        return (self._decoded if self.framed else self._raw)[algorithm]

    def raw_digest(self, algorithm: str) -> bytes:
        """Of the body with its transfer coding."""
        return self._raw[algorithm]

    def begun_digest(self, algorithm: str) -> bytes:
        """Of what could be read as chunks, also of a body that is not chunked: a client has no more of it."""
        return self._decoded[algorithm]
