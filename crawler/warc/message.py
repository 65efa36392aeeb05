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


class Unchunking:
    """A body without its chunking, piece by piece.

    A body that is not chunked at all is left to whoever has it: some crawlers
    store the header but not the framing.
    """

    def __init__(self) -> None:
        self.framed = True
        """Whether the body is chunked, as far as can be told; what was given of one that is not is void."""
        self.problem: str | None = None
        """Why the body is not whole; None where it is, once it was closed."""
        self.begun = False
        """The size of a chunk was read."""
        self._ended = False
        self._chunks = 0
        self._left = 0
        self._behind = False
        self._rest = b""

    def feed(self, octets: bytes) -> list[bytes]:
        """Take the next bytes; gives those of the entity body among them."""
        body = self._rest + octets if self._rest else octets
        position, parts = 0, []
        while not self._ended:
            if self._left:
                parts.append(body[position : position + self._left])
                position += len(parts[-1])
                self._left -= len(parts[-1])
                if self._left:
                    break
                self._behind = True
            step = self._read_end(body, position) if self._behind else self._read_size(body, position)
            if not step:
                break
            position += step
        self._rest = body[position:]
        return parts

    def close(self) -> None:
        """Nothing follows."""
        if self._ended:
            return
        rest = self._rest
        if self._behind and rest not in (b"\r", b""):
            self._end("chunk that is longer than it says", framed=self._chunks > 1)
        elif not self._behind and not self._left and rest and not CHUNK_SIZE.fullmatch(rest):
            self._end("chunk size that is no number", framed=self._chunks > 0)
        else:
            self._end("the chunks have no end")

    def _end(self, problem: str | None, *, framed: bool = True) -> None:
        self._ended = True
        self.framed = framed
        self.problem = problem if framed else None

    def _read_end(self, body: bytes, position: int) -> int:
        """Bytes of the line end behind a chunk; 0 where more have to come, or it is none."""
        behind = body[position : position + 2]
        if behind.startswith(b"\n") or behind == b"\r\n":
            self._behind = False
            return 1 if behind.startswith(b"\n") else 2
        if len(behind) == 2:
            self._end("chunk that is longer than it says", framed=self._chunks > 1)
        return 0

    def _read_size(self, body: bytes, position: int) -> int:
        """Bytes of the line with the size of a chunk; 0 where more have to come, or it is none."""
        newline = body.find(b"\n", position, position + CHUNK_LINE_BYTES)
        if newline < 0 and len(body) - position < CHUNK_LINE_BYTES:
            return 0
        text = body[position : newline if newline >= 0 else position + CHUNK_LINE_BYTES]
        line = CHUNK_SIZE.fullmatch(text)
        if line is None and text:
            self._end("chunk size that is no number", framed=self._chunks > 0)
        elif line is None or newline < 0:
            self._end("the chunks have no end")
        else:
            self._left = int(line[1], 16)
            self._chunks += 1
            self.begun = True
            if not self._left:
                self._end(None)
            return newline + 1 - position
        return 0


def unchunked(body: bytes) -> tuple[bytes, str | None]:
    """The body without chunking, and why it is not whole; None where it is.

    A body that is not chunked at all is given as it is.
    """
    unchunking = Unchunking()
    parts = unchunking.feed(body)
    unchunking.close()
    return (b"".join(parts), unchunking.problem) if unchunking.framed else (body, None)


def is_chunked(head: Head) -> bool:
    """Whether the body that belongs to the head is chunked."""
    codings = _transfer_codings(head)
    return bool(codings) and codings[-1] == b"chunked"


def announced_length(head: Head) -> int | None:
    """How many bytes the body should have; None where nothing that counts says so."""
    if _has_no_body(head) or _transfer_codings(head):
        return None
    lengths = head.values(b"content-length")
    one = len(set(lengths)) == 1 and re.fullmatch(rb"\d{1,18}", lengths[0])
    return int(lengths[0]) if one else None


def entity_body(head: Head, body: bytes) -> tuple[bytes, str | None]:
    """The body without transfer coding, and why it is not whole; None where it is."""
    if is_chunked(head):
        return unchunked(body)
    length = announced_length(head)
    if length is not None and len(body) < length:
        return body, f"the body has {len(body)} of {length} bytes"
    return body, None


def _has_no_body(head: Head) -> bool:
    return head.status in {204, 304} or head.status < 200


def _transfer_codings(head: Head) -> list[bytes]:
    """Those that the body has, in the order in which they were applied."""
    if _has_no_body(head):
        return []
    return [coding for coding in head.values(b"transfer-encoding") if coding not in {b"", b"identity"}]


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
