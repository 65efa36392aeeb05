"""The HTTP response in the block of a record, whoever wrote it: head, and body without transfer coding.

Read as leniently as the client reads the wire: what was delivered to a live
crawl is delivered from its archive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.warc.octets import blank_line

STATUS_LINE = re.compile(rb"(?:HTTP/\d\.\d[ \t]+|\S+[ \t]+)(\d{3})(?!\d)", re.IGNORECASE)
BEGINS = b"HTTP/", b"ICY "
CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?", re.DOTALL)
CHUNK_LINE_BYTES = 16 * 1024

HeaderList = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the head of a response states, and where its body begins."""

    status: int
    """200 where the status line states none, or there is none (HTTP/0.9)."""
    headers: HeaderList
    """Names and values in order, blanks around them removed, folded lines joined."""
    end: int
    """Offset of the body in the block."""

    def values(self, name: bytes) -> list[bytes]:
        """Elements of all fields of the name (lower case), in order, split at commas and in lower case."""
        found = (value for field, value in self.headers if field.lower() == name)
        return [element.strip().lower() for value in found for element in value.split(b",")]

    def content_type(self) -> str:
        """Media type without parameters, in lower case; of several the last, as Scrapy takes it; or empty."""
        stated = [value for field, value in self.headers if field.lower() == b"content-type"] or [b""]
        return stated[-1].partition(b";")[0].strip().lower().decode("latin-1")


def read_head(block: bytes) -> Head:
    """The head of the final response; heads of interim (1xx) responses before it are passed over."""
    start = 0
    while True:
        begin = _first_line(block, start)
        if not block[begin : begin + 5].upper().startswith(BEGINS):
            return Head(status=200, headers=[], end=start)
        end = blank_line(block, len(block), begin)
        stop = len(block) if end is None else end
        head = _head(block[begin:stop], stop)
        if end is None or not 100 <= head.status < 200 or head.status == 101:
            return head
        start = end


def unchunked(body: bytes) -> tuple[bytes, str | None]:
    """The body without chunking, and why it is not whole; None where it is.

    A body that is not chunked at all is given as it is: some crawlers store
    the header but not the framing.
    """
    chunks: list[bytes] = []
    position = 0
    while True:
        newline = body.find(b"\n", position, position + CHUNK_LINE_BYTES)
        text = body[position : newline if newline >= 0 else position + CHUNK_LINE_BYTES]
        line = CHUNK_SIZE.fullmatch(text)
        if line is None and text:
            return (b"".join(chunks), "chunk size that is no number") if chunks else (body, None)
        if line is None or newline < 0:
            return b"".join(chunks), "the chunks have no end"
        size = int(line[1], 16)
        if not size:
            return b"".join(chunks), None
        position = newline + 1 + size
        chunks.append(body[newline + 1 : position])
        if len(chunks[-1]) < size:
            return b"".join(chunks), "the chunks have no end"
        behind = body[position : position + 2]
        if behind not in (b"\r\n", b"\r", b"") and not behind.startswith(b"\n"):
            return (
                (b"".join(chunks), "chunk that is longer than it says") if len(chunks) > 1 else (body, None)
            )
        position += 1 if behind.startswith(b"\n") else 2


def entity_body(head: Head, body: bytes) -> tuple[bytes, str | None]:
    """The body without transfer coding, and why it is not whole; None where it is."""
    if head.status in {204, 304} or head.status < 200:
        return body, None
    codings = [coding for coding in head.values(b"transfer-encoding") if coding not in {b"", b"identity"}]
    if codings:
        return unchunked(body) if codings[-1] == b"chunked" else (body, None)
    lengths = head.values(b"content-length")
    if len(set(lengths)) == 1 and re.fullmatch(rb"\d{1,18}", lengths[0]) and len(body) < int(lengths[0]):
        return body, f"the body has {len(body)} of {int(lengths[0])} bytes"
    return body, None


def _first_line(block: bytes, start: int) -> int:
    """Where the first line that is not empty begins."""
    while block.startswith((b"\r\n", b"\n"), start):
        start += 1 if block.startswith(b"\n", start) else 2
    return start


def _head(head: bytes, end: int) -> Head:
    first, *lines = head.split(b"\n")
    found = STATUS_LINE.match(first)
    headers: HeaderList = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and headers:
            name, value = headers[-1]
            headers[-1] = name, value + b" " + line.strip()
            continue
        name, colon, value = line.partition(b":")
        if colon and name.strip():
            headers.append((name.strip(), value.strip()))
    return Head(status=int(found[1]) if found else 200, headers=headers, end=end)
