"""The head of an HTTP/1.x response: its status line and fields, read as browsers read them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Note = Callable[[str], None]
"""Takes one problem in words."""

STATUS_LINE = re.compile(rb"HTTP/(\d)\.(\d)[ \t]+(\d{3})(?!\d)[ \t]*(.*)", re.IGNORECASE | re.DOTALL)
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# No body has 10^18 bytes; the bound also keeps int() away from endless digits.
LENGTH_DIGITS = 18


class Framing(Enum):
    """How the end of a message body is found (RFC 9112 section 6.3)."""

    NONE = auto()
    LENGTH = auto()
    CHUNKED = auto()
    CLOSE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHead:
    """What a response head states; the bytes themselves are kept elsewhere."""

    version: tuple[int, int]
    """(0, 9) where the answer has no head at all."""
    status: int
    """200 where the status line states none, as browsers take it."""
    reason: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    """Names and values in order, blanks around them removed, folded lines joined."""

    def values(self, name: bytes) -> list[bytes]:
        """Elements of all fields called ``name`` (lower case), split at commas."""
        found = (value for field, value in self.fields if field.lower() == name)
        return [element.strip() for value in found for element in value.split(b",")]


HEADLESS = ResponseHead(version=(0, 9), status=200, reason=b"", fields=())
"""Stands for the head of an HTTP/0.9 answer."""


def read_head(lines: Iterable[bytes], note: Note) -> ResponseHead:
    """The head that ``lines`` (status line first, line ends removed) state; what is odd goes to ``note``."""
    first, *rest = lines
    version, status, reason = _status_line(first, note)
    return ResponseHead(version=version, status=status, reason=reason, fields=tuple(_fields(rest, note)))


def _status_line(line: bytes, note: Note) -> tuple[tuple[int, int], int, bytes]:
    if match := STATUS_LINE.match(line):
        major, minor, status, reason = match.groups()
        if CONTROL.search(reason):
            note("control byte in the status line")
        return (int(major), int(minor)), int(status), reason
    note("status line that is not HTTP")
    words = line.split(None, 2)
    status = words[1] if len(words) > 1 else b""
    if re.fullmatch(rb"\d{3}", status) is None:
        note("status line without a status code")
        return (1, 0), 200, b""
    return (1, 0), int(status), words[2] if len(words) > 2 else b""


def _fields(lines: Iterable[bytes], note: Note) -> Iterable[tuple[bytes, bytes]]:
    fields: list[tuple[bytes, bytes]] = []
    for line in lines:
        if CONTROL.search(line):
            note("control byte in a header field")
        if line[:1] in {b" ", b"\t"} and fields:
            note("folded header field")
            name, value = fields[-1]
            fields[-1] = name, value + b" " + line.strip()
            continue
        name, colon, value = line.partition(b":")
        if not colon:
            note("header line without a colon")
            continue
        bare = name.strip()
        if not bare or bare != name or b" " in bare:
            note("blank or missing header field name")
        if bare:
            fields.append((bare, value.strip()))
    return fields


def body_framing(head: ResponseHead, method: str, note: Note) -> tuple[Framing, int]:
    """How the body of the answer to ``method`` ends, and its length where ``Framing.LENGTH``."""
    if method == "HEAD" or head.status in {204, 304} or 100 <= head.status < 200:
        return Framing.NONE, 0
    if method == "CONNECT" and 200 <= head.status < 300:
        return Framing.NONE, 0
    lengths = head.values(b"content-length")
    codings = [coding.lower() for coding in head.values(b"transfer-encoding")]
    codings = [coding for coding in codings if coding not in {b"", b"identity"}]
    if codings:
        return _coded_framing(codings, note, has_length=bool(lengths)), 0
    return _length_framing(lengths, note)


def _coded_framing(codings: list[bytes], note: Note, *, has_length: bool) -> Framing:
    if has_length:
        note("Content-Length beside Transfer-Encoding")
    if codings != [b"chunked"]:
        # Nothing was asked for with TE; the payload keeps what is not chunking.
        note("transfer coding that was not asked for")
    return Framing.CHUNKED if codings[-1] == b"chunked" else Framing.CLOSE


def _length_framing(lengths: list[bytes], note: Note) -> tuple[Framing, int]:
    if not lengths:
        return Framing.CLOSE, 0
    if not all(length.isdigit() and len(length) <= LENGTH_DIGITS for length in lengths):
        note("Content-Length that is no length")
        return Framing.CLOSE, 0
    if len(set(map(int, lengths))) > 1:
        note("Content-Length fields that disagree")
        return Framing.CLOSE, 0
    if len(lengths) > 1:
        note("repeated Content-Length")
    return Framing.LENGTH, int(lengths[0])


def keeps_alive(head: ResponseHead) -> bool:
    """Whether the server says that the connection may be used again (RFC 9112 section 9.3)."""
    options = [option.lower() for option in head.values(b"connection")]
    if b"close" in options or head.status == 101:
        return False
    return head.version == (1, 1) or b"keep-alive" in options
