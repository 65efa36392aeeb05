"""Content codings of an archived body (RFC 9110 section 8.4.1) removed, within bounds."""

from __future__ import annotations

import re
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GZIP = 16 + zlib.MAX_WBITS
RAW = -zlib.MAX_WBITS
PIECE = 256
"""Bytes handed to zlib at a time when a broken body is read as far as it goes."""

_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def _first_module(*names: str) -> Any:
    """The first of the modules that is installed; None where none is."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


brotli = _first_module("brotli", "brotlicffi")
zstd = _first_module("compression.zstd", "backports.zstd")


class Undecodable(Exception):
    """A body is not in the coding it is said to be in, or is broken, or is too large.

    ``body`` is what could be read.
    """

    def __init__(self, reason: str, body: bytes) -> None:
        super().__init__(reason)
        self.body = body


def decoded(body: bytes, codings: Sequence[bytes], limit: int) -> bytes:
    """The body with all codings removed, the last applied first; at most ``limit`` bytes.

    A body that cannot be decoded but is plainly text is decoded already: many
    crawlers keep the header of what they decoded. Raises Undecodable.
    """
    for coding in reversed([coding for coding in codings if coding not in {b"", b"identity"}]):
        decoder = DECODERS.get(coding)
        if decoder is None:
            raise Undecodable(f"the content coding {coding.decode('latin-1')!r} is not known", body)
        try:
            body = decoder(body, limit) if body else body
        except Undecodable:
            if _NOT_TEXT.search(body[:PIECE]):
                raise
    if len(body) > limit:
        raise _too_large(body, limit)
    return body


def _gunzip(body: bytes, limit: int) -> bytes:
    """All members; what follows them and is no member is passed over, as browsers do."""
    inflated, rest = _inflate(body, GZIP, limit)
    parts = [inflated]
    while rest.startswith(b"\x1f\x8b"):
        inflated, rest = _inflate(rest, GZIP, limit - sum(map(len, parts)))
        parts.append(inflated)
    return b"".join(parts)


def _undeflate(body: bytes, limit: int) -> bytes:
    """RFC 9110 means the zlib format; some servers send raw deflate."""
    zlib_header = body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2]) % 31 == 0
    return _inflate(body, zlib.MAX_WBITS if zlib_header else RAW, limit)[0]


def _unbrotli(body: bytes, limit: int) -> bytes:
    decompressor = brotli.Decompressor()
    parts: list[bytes] = []
    try:
        part = decompressor.process(body, output_buffer_limit=limit + 1)
        while part:
            parts.append(part)
            if sum(map(len, parts)) > limit:
                raise _too_large(b"".join(parts), limit)
            part = (
                b""
                if decompressor.is_finished()
                else decompressor.process(b"", output_buffer_limit=limit + 1)
            )
    except brotli.error as error:
        raise Undecodable(f"the br coding is broken: {error}", b"".join(parts)) from error
    if not decompressor.is_finished():
        raise Undecodable("the br coding ends early", b"".join(parts))
    return b"".join(parts)


def _unzstd(body: bytes, limit: int) -> bytes:
    decompressor = zstd.ZstdDecompressor()
    try:
        decompressed: bytes = decompressor.decompress(body, limit + 1)
    except zstd.ZstdError as error:
        raise Undecodable(f"the zstd coding is broken: {error}", b"") from error
    if len(decompressed) > limit:
        raise _too_large(decompressed, limit)
    if not decompressor.eof:
        raise Undecodable("the zstd coding ends early", decompressed)
    return decompressed


DECODERS: dict[bytes, Callable[[bytes, int], bytes]] = {
    b"gzip": _gunzip,
    b"x-gzip": _gunzip,
    b"deflate": _undeflate,
    **({b"br": _unbrotli} if brotli else {}),
    **({b"zstd": _unzstd} if zstd else {}),
}


def _inflate(body: bytes, window: int, limit: int) -> tuple[bytes, bytes]:
    """One stream inflated, and what follows it."""
    decompressor = zlib.decompressobj(window)
    try:
        inflated = decompressor.decompress(body, limit + 1)
    except zlib.error as error:
        raise Undecodable(
            f"the compressed body is broken: {error}", _as_far_as_it_goes(body, window, limit)
        ) from error
    if len(inflated) > limit:
        raise _too_large(inflated, limit)
    if not decompressor.eof:
        raise Undecodable("the compressed body ends early", inflated)
    return inflated, decompressor.unused_data


def _as_far_as_it_goes(body: bytes, window: int, limit: int) -> bytes:
    decompressor = zlib.decompressobj(window)
    inflated = b""
    try:
        for start in range(0, len(body), PIECE):
            inflated += decompressor.decompress(body[start : start + PIECE], limit)
    except zlib.error:
        pass
    return inflated[:limit]


def _too_large(body: bytes, limit: int) -> Undecodable:
    return Undecodable(f"the body has more than {limit} bytes", body[:limit])
