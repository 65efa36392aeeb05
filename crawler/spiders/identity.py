"""Which requests ask for the same: those for one page, however its URL is written."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from crawler.pages.address import key_of

if TYPE_CHECKING:
    from scrapy import Request

DIGEST_BYTES = 16


class PageFingerprinter:
    """Scrapy's request fingerprinter by the identity of the page (``Link.key``), not by the URL's letters."""

    def fingerprint(self, request: Request) -> bytes:
        """16 bytes, the same for every request for the page."""
        return fingerprint_of(key_of(request.url))


def fingerprint_of(key: str) -> bytes:
    """The fingerprint of requests for what a key (``Link.key``) stands for."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()
