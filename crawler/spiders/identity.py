"""Which requests ask for the same: for one page, however its URL is written, or for one requisite."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from crawler.pages.address import key_of

if TYPE_CHECKING:
    from scrapy import Request

DIGEST_BYTES = 16


REQUISITE = "requisite"
"""Key in the meta of a request for a page requisite: its kind. Hops and retries inherit it."""


class PageFingerprinter:
    """Scrapy's request fingerprinter by the identity of the page (``Link.key``), not by the URL's letters.

    A requisite is known by every letter of its URL: ``style.css?v=2`` is not
    ``?v=1``. It is never the page at the same URL, which is read.
    """

    def fingerprint(self, request: Request) -> bytes:
        """16 bytes, the same for every request for the page."""
        if REQUISITE in request.meta:
            return fingerprint_of_requisite(request.url)
        return fingerprint_of(key_of(request.url))


def fingerprint_of_requisite(url: str) -> bytes:
    """The fingerprint of requests for the requisite at a URL; its fragment counts for nothing."""
    return fingerprint_of(f"requisite {url.partition('#')[0]}")


def fingerprint_of(key: str) -> bytes:
    """The fingerprint of requests for what a key (``Link.key``) stands for."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()
