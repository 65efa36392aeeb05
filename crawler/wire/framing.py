"""Where an HTTP/1.x response ends: a lenient incremental parser without I/O (RFC 9112)."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from crawler.wire.head import HEADLESS, Framing, ResponseHead, body_framing, keeps_alive, read_head

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_BYTES = 256 * 1024
"""Bounds a head, the interim heads before it included; trailers have the same bound again."""
HEAD_LINES = 1_000
CHUNK_LINE_BYTES = 16 * 1024

CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
STARTS = b"HTTP/", b"ICY "


class BodySink(Protocol):
    """Takes a message as it is recognised."""

    def head_received(self, head: ResponseHead) -> None:
        """The final head is there; an HTTP/0.9 answer has an empty one."""

    def body_received(self, data: bytes) -> None:
        """Bytes after the head, transfer coding intact."""

    def payload_received(self, data: bytes) -> None:
        """Bytes of the entity body, without the transfer coding."""


class _State(Enum):
    START = auto()
    HEAD = auto()
    BODY = auto()
    SIZE = auto()
    CHUNK = auto()
    CHUNK_END = auto()
    TRAILER = auto()
    ENDED = auto()


class ResponseParser:
    """Tells the parts of one response and its end, whatever the pieces it arrives in.

    Never raises on what a server sends: oddities go to ``problems``. The same
    bytes give the same result however they are split.
    """

    def __init__(self, method: str, sink: BodySink) -> None:
        self.head: ResponseHead | None = None
        """What the final head states; None until it is whole."""
        self.head_bytes = b""
        """The final head verbatim, with blank lines before it; what there is of it where it never ended."""
        self.interim = b""
        """The 1xx heads before it, verbatim."""
        self.framing = Framing.NONE
        self.length = 0
        """Content-Length where that frames the body."""
        self.problems: list[str] = []
        self.complete = False
        """The message has ended where it should."""
        self.cut: Literal["length", "unspecified"] | None = None
        """Why parsing was given up: a bound was reached, or chunking broke."""
        self._method = method
        self._sink = sink
        self._state = _State.START
        self._lines = 0
        self._line = bytearray()
        self._ends = [0]
        self._left = 0

    @property
    def ended(self) -> bool:
        """Nothing more is taken."""
        return self._state is _State.ENDED

    @property
    def reusable(self) -> bool:
        """Whether another request may follow on the connection: nothing was odd."""
        if not self.complete or self.problems or self.framing is Framing.CLOSE or self.head is None:
            return False
        return keeps_alive(self.head)

    def feed(self, data: bytes) -> int:
        """Take ``data``; the number of its bytes that belong to this message."""
        position = 0
        body = 0 if self.head else None
        while position < len(data) and not self.ended:
            position = self._steps[self._state](self, data, position)
            if body is None and self.head:
                body = position
        if body is not None and position > body:
            self._sink.body_received(data if position - body == len(data) else data[body:position])
        return position

    def close(self, *, clean: bool = True) -> None:
        """The connection has ended; where that was ``clean`` it completes a body without other end."""
        if self.ended:
            return
        if clean and self._state is _State.BODY and self.framing is Framing.CLOSE:
            self.complete = True
        elif self.head:
            self._note("connection closed within the body")
        elif self._line:
            self._keep_open_head()
            self._note("connection closed within the head")
        self._state = _State.ENDED

    def surplus(self) -> None:
        """More bytes came than belong to the message."""
        if self.complete:
            self._note("bytes after the end of the message")

    def _note(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _give_up(self, why: Literal["length", "unspecified"], problem: str) -> None:
        self._note(problem)
        if self.head is None:
            self._keep_open_head()
        self.cut = why
        self._state = _State.ENDED

    def _keep_open_head(self) -> None:
        self.head_bytes = bytes(self._line)

    def _finish(self) -> None:
        self.complete = True
        self._state = _State.ENDED

    # The head. ``_line`` holds all of it so far, ``_ends`` where its lines end.

    def _read_start(self, data: bytes, position: int) -> int:
        """Up to the point where a status line can be told from a body without head: at most five bytes."""
        self._line.append(data[position])
        begun = bytes(self._line[self._ends[-1] :])
        if begun in {b"\n", b"\r\n"}:
            self._note("blank line before the status line")
            self._ends = [len(self._line)]
            self._count_line()
        elif begun.upper() in STARTS:
            self._state = _State.HEAD
        elif begun != b"\r" and not any(start.startswith(begun.upper()) for start in STARTS):
            self._begin_headless()
        return position + 1

    def _begin_headless(self) -> None:
        self._note("no status line")
        self.head, self.framing, self._state = HEADLESS, Framing.CLOSE, _State.BODY
        begun = bytes(self._line)
        self._line.clear()
        self._sink.head_received(HEADLESS)
        self._sink.payload_received(begun)
        self._sink.body_received(begun)

    def _read_head(self, data: bytes, position: int) -> int:
        room = HEAD_BYTES - len(self.interim) - len(self._line)
        newline = data.find(b"\n", position, position + room)
        end = newline + 1 if newline >= 0 else min(len(data), position + room)
        self._line += data[position:end]
        if newline < 0:
            if end - position == room:
                self._give_up("length", f"more than {HEAD_BYTES} bytes in the head")
            return end
        line = bytes(self._line[self._ends[-1] :])
        self._ends.append(len(self._line))
        if not line.endswith(b"\r\n"):
            self._note("line that ends with LF alone")
        if line in {b"\n", b"\r\n"}:
            self._end_head()
        else:
            self._count_line()
        return end

    def _count_line(self) -> None:
        self._lines += 1
        if self._lines >= HEAD_LINES:
            self._give_up("length", f"more than {HEAD_LINES} lines in head or trailers")

    def _end_head(self) -> None:
        lines = [
            bytes(self._line[start:end]).rstrip(b"\n").removesuffix(b"\r")
            for start, end in zip(self._ends, self._ends[1:-1], strict=False)
        ]
        head = read_head(lines, self._note)
        if 100 <= head.status < 200 and head.status != 101:
            self.interim += bytes(self._line)
            self._line.clear()
            self._ends = [0]
            self._count_line()
            if not self.ended:
                self._state = _State.START
            return
        self.head, self.head_bytes = head, bytes(self._line)
        self._line.clear()
        self._begin_body(head)

    def _begin_body(self, head: ResponseHead) -> None:
        self.framing, self.length = body_framing(head, self._method, self._note)
        self._lines, self._left = 0, self.length
        if self.framing is Framing.NONE or (self.framing is Framing.LENGTH and not self.length):
            self._finish()
        else:
            self._state = _State.SIZE if self.framing is Framing.CHUNKED else _State.BODY
        self._sink.head_received(head)

    # The body.

    def _read_body(self, data: bytes, position: int) -> int:
        if self.framing is Framing.CLOSE:
            self._sink.payload_received(data[position:])
            return len(data)
        position = self._pass_on(data, position)
        if not self._left:
            self._finish()
        return position

    def _pass_on(self, data: bytes, position: int) -> int:
        piece = data[position : position + self._left]
        self._left -= len(piece)
        self._sink.payload_received(piece)
        return position + len(piece)

    def _read_chunk(self, data: bytes, position: int) -> int:
        position = self._pass_on(data, position)
        if not self._left:
            self._state = _State.CHUNK_END
        return position

    def _read_chunk_line(self, data: bytes, position: int, room: int) -> tuple[bytes | None, int]:
        """A line without its end, or None while it is incomplete; and where reading goes on."""
        room -= len(self._line)
        newline = data.find(b"\n", position, position + room)
        end = newline + 1 if newline >= 0 else min(len(data), position + room)
        self._line += data[position:end]
        if newline < 0:
            if end - position == room:
                self._give_up("length", "chunk line or trailers without an end")
            return None, end
        line = bytes(self._line)
        self._line.clear()
        if not line.endswith(b"\r\n"):
            self._note("line that ends with LF alone")
        return line.rstrip(b"\n").removesuffix(b"\r"), end

    def _read_size(self, data: bytes, position: int) -> int:
        line, position = self._read_chunk_line(data, position, CHUNK_LINE_BYTES)
        if line is None:
            return position
        if (size := CHUNK_SIZE.fullmatch(line)) is None:
            self._give_up("unspecified", "chunk size that is no number")
            return position
        self._left = int(size[1], 16)
        self._state = _State.CHUNK if self._left else _State.TRAILER
        return position

    def _read_chunk_end(self, data: bytes, position: int) -> int:
        line, position = self._read_chunk_line(data, position, CHUNK_LINE_BYTES)
        if line:
            self._give_up("unspecified", "chunk that is longer than it says")
        elif line is not None:
            self._state = _State.SIZE
        return position

    def _read_trailer(self, data: bytes, position: int) -> int:
        line, position = self._read_chunk_line(data, position, HEAD_BYTES - self._left)
        if line is None:
            return position
        # ``_left`` counts the trailer bytes, line ends included: no chunk is open any more.
        self._left += len(line) + 2
        if not line:
            self._finish()
        elif self._left >= HEAD_BYTES:
            self._give_up("length", "chunk line or trailers without an end")
        else:
            self._count_line()
        return position

    _steps: ClassVar[dict[_State, Callable[[ResponseParser, bytes, int], int]]] = {
        _State.START: _read_start,
        _State.HEAD: _read_head,
        _State.BODY: _read_body,
        _State.SIZE: _read_size,
        _State.CHUNK: _read_chunk,
        _State.CHUNK_END: _read_chunk_end,
        _State.TRAILER: _read_trailer,
    }
