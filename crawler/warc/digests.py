"""Labelled digests, ``sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ`` and the like (WARC 1.1 section 5.8)."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
"""Bytes of the digests that can be computed here, by the label's algorithm."""

_BASE32 = re.compile("[A-Za-z2-7]+")
_TO_DIGITS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz234567",
    "0123456789abcdefghijklmnop0123456789abcdefghijklmnopqrstuv",
)
"""From the digits of base32 to those of Python's numbers to the base 32."""


class BadDigest(ValueError):
    """A labelled digest is not of its form."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What a labelled digest states."""

    algorithm: str
    """Lower case, without dash: ``sha1``."""
    value: bytes | None
    """The digest; None for an algorithm that is not known."""


@lru_cache(maxsize=64)
def _form(label: str) -> tuple[str, int | None]:
    algorithm = label.lower().replace("-", "")
    return algorithm, SIZES.get(algorithm)


# Each is read some times in a row: as a field, for the block, for the payload.
@lru_cache(maxsize=256)
def read_digest(text: str) -> Digest:
    """A labelled digest: its value in base32, or hexadecimal. Raises BadDigest."""
    label, colon, value = text.partition(":")
    algorithm, size = _form(label)
    if not colon or not label or not value or not text.isascii():
        raise BadDigest(text)
    if size is None:
        return Digest(algorithm, None)
    try:
        if len(value) == size * 2:
            return Digest(algorithm, bytes.fromhex(value))
        decoded = _base32(value.rstrip("="))
    except ValueError as error:
        raise BadDigest(text) from error
    if len(decoded) != size:
        raise BadDigest(text)
    return Digest(algorithm, decoded)


def _base32(text: str) -> bytes:
    """What letters of base32 (RFC 4648 section 6) stand for, however cased and without their padding.

    As a number of that base: Python's own decoder takes three times as long. Raises ValueError.
    """
    if not _BASE32.fullmatch(text):
        raise ValueError(text)
    bits = len(text) * 5
    return (int(text.translate(_TO_DIGITS), 32) >> bits % 8).to_bytes(bits // 8)


def written_like(text: str, value: bytes) -> str:
    """The digest labelled and coded as another is, to be compared by eye."""
    label, _, stated = text.partition(":")
    coded = value.hex() if len(stated) == len(value) * 2 else base64.b32encode(value).decode("ascii")
    return f"{label}:{coded}"


class Digests:
    """Digests of several algorithms, of bytes that come in pieces."""

    def __init__(self, *algorithms: str) -> None:
        self._digests: dict[str, Any] = {
            algorithm: hashlib.new(algorithm, usedforsecurity=False) for algorithm in algorithms
        }

    def feed(self, octets: bytes | memoryview) -> None:
        """Take the next bytes."""
        for digest in self._digests.values():
            digest.update(octets)

    def __getitem__(self, algorithm: str) -> bytes:
        value: bytes = self._digests[algorithm].digest()
        return value
