"""The demo blog's pictures, drawn as PNG: a sky, a sea, a lamp, in colours that depend on what they show."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256

Colour = tuple[int, int, int]


def png(subject: str, width: int, height: int) -> bytes:
    """A picture of ``subject``; the same bytes for the same arguments."""
    seed = sha256(subject.encode()).digest()
    sky, sea = (
        (seed[0] // 3, 90 + seed[1] // 4, 150 + seed[2] // 3),
        (10, 40 + seed[3] // 5, 70 + seed[4] // 4),
    )
    lamp_x, lamp_y = width * (64 + seed[5] // 2) // 256, height * (40 + seed[6] // 4) // 256
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # no filter in this row
        for x in range(width):
            rows += bytes(_pixel(x - lamp_x, y - lamp_y, sky if y < height * 3 // 5 else sea, height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + _chunk(b"IEND", b"")
    )


def _pixel(x: int, y: int, ground: Colour, height: int) -> Colour:
    """The colour at a distance from the lamp."""
    glow = max(0, 160 - 400 * (x * x + y * y) // (height * height))
    red, green, blue = (min(255, part + glow) for part in ground)
    return red, green, blue


def _chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG: length, kind, content, checksum (PNG specification, section 5.3)."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
