"""A server of odd HTTP messages that remembers both directions of every exchange, byte for byte."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

import brotli  # type: ignore[import-untyped]

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterator

Ending = Literal["keep", "close", "reset", "close later"]

BODY = b"<html><head><title>hi</title></head><body>%s<a href='/x'>x</a></body></html>" % (
    b"lorem ipsum " * 300
)
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
GZIPPED = gzip.compress(BODY, mtime=0)
# zstd of the same, made once: tests need no zstd module of their own.
ZSTD_EMPTY_FRAME = bytes.fromhex("28b52ffd2000010000")


@dataclass(frozen=True)
class Scenario:
    """What is sent, in pieces (a float is a pause in seconds), and what then becomes of the connection."""

    pieces: tuple[bytes | float, ...]
    ending: Ending = "keep"


def length(body: bytes = BODY) -> bytes:
    return b"Content-Length: %d\r\n" % len(body)


def chunks(
    data: bytes = BODY,
    size: int = 700,
    *,
    extension: bytes = b"",
    trailer: bytes = b"",
    end: bytes = b"\r\n",
    form: bytes = b"%x",
) -> bytes:
    coded = b""
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        coded += form % len(piece) + extension + end + piece + end
    return coded + b"0" + extension + end + trailer + end


def answer(*fields: bytes, body: bytes = BODY, start: bytes = OK) -> bytes:
    return start + b"".join(fields) + b"\r\n" + body


def _one(*fields: bytes, body: bytes = BODY, start: bytes = OK, ending: Ending = "keep") -> Scenario:
    return Scenario((answer(*fields, body=body, start=start),), ending)


_WHOLE = HTML + length()
_LF = (OK + _WHOLE + b"\r\n").replace(b"\r\n", b"\n")

SCENARIOS: dict[str, Scenario] = {
    "plain": _one(_WHOLE),
    "odd-case": _one(
        b"X-oDd-CaSe: A\r\nseT-cookie: a=1; Path=/\r\nx-odd-case: b\r\nSET-COOKIE: b=2\r\n",
        b"content-TYPE: text/html\r\nSet-Cookie: c=3\r\nzz-first:  two blanks \r\ncontent-LENGTH: %d\r\n"
        % len(BODY),
        start=b"HTTP/1.1 200 oK fInE\r\n",
    ),
    "folded-field": _one(b"X-Fold: one\r\n two\r\n\tthree\r\n", _WHOLE),
    "chunked": _one(HTML, CHUNKED, body=chunks()),
    "chunk-extensions-and-trailers": _one(
        HTML,
        b"Transfer-Encoding: Chunked\r\nTrailer: X-Sum\r\n",
        body=chunks(extension=b';foo="bar baz";q', trailer=b"X-Sum: abc\r\nX-More: 1\r\n"),
    ),
    "chunk-sizes-with-zeros": _one(HTML, CHUNKED, body=chunks(form=b"000%X")),
    "chunk-sizes-with-blanks": _one(HTML, CHUNKED, body=chunks(form=b"%x  ")),
    "chunk-lines-with-lf": _one(HTML, CHUNKED, body=chunks(end=b"\n")),
    "until-close": _one(HTML, ending="close"),
    "interim": Scenario(
        (
            b"HTTP/1.1 100 Continue\r\n\r\n",
            0.02,
            b"HTTP/1.1 102 Processing\r\nX-A: 1\r\n\r\n" + EARLY_HINTS,
            0.02,
            answer(_WHOLE),
        )
    ),
    "head": _one(_WHOLE, body=b""),
    "head-chunked": _one(HTML, CHUNKED, body=b""),
    "no-content": _one(b"X-A: b\r\n", body=b"", start=b"HTTP/1.1 204 No Content\r\n"),
    "not-modified": _one(
        b'ETag: "x"\r\nContent-Length: 4000\r\n', body=b"", start=b"HTTP/1.1 304 Not Modified\r\n"
    ),
    "http10": _one(HTML, start=b"HTTP/1.0 200 OK\r\n", ending="close"),
    "http10-keep-alive": _one(b"Connection: keep-alive\r\n", _WHOLE, start=b"HTTP/1.0 200 OK\r\n"),
    "cut-length": _one(HTML, b"Content-Length: 9000\r\n", ending="close"),
    "cut-chunked": _one(HTML, CHUNKED, body=chunks()[:-300], ending="close"),
    # The pause lets the client read before the reset, which may throw away what it has not read.
    "reset": Scenario((answer(HTML, b"Content-Length: 9000\r\n"), 0.3), "reset"),
    "field-of-12-kb": _one(b"X-Big: " + b"a" * 12_000 + b"\r\n", _WHOLE),
    "field-of-40-kb": _one(b"X-Big: " + b"a" * 40_000 + b"\r\n", _WHOLE),
    "400-fields": _one(b"".join(b"X-H%d: %s\r\n" % (i, b"v" * 60) for i in range(400)), _WHOLE),
    "gzip": _one(HTML, b"Content-Encoding: gzip\r\n", length(GZIPPED), body=GZIPPED),
    "gzip-chunked": _one(HTML, b"Content-Encoding: gzip\r\n", CHUNKED, body=chunks(GZIPPED, 50)),
    "br": _one(HTML, b"Content-Encoding: br\r\n", CHUNKED, body=chunks(brotli.compress(BODY))),
    "zstd": _one(HTML, b"Content-Encoding: zstd\r\n", length(ZSTD_EMPTY_FRAME), body=ZSTD_EMPTY_FRAME),
    "gzip-that-is-none": _one(_WHOLE, b"Content-Encoding: gzip\r\n"),
    "redirect": _one(
        b"Location: /redirect-2\r\nSet-Cookie: s=1\r\nContent-Length: 3\r\n",
        body=b"302",
        start=b"HTTP/1.1 302 Found\r\n",
    ),
    "redirect-2": _one(
        b"Location: /redirect-3\r\nSet-Cookie: t=1\r\nSet-Cookie: u=1\r\n",
        CHUNKED,
        body=chunks(b"moved"),
        start=b"HTTP/1.1 301 Moved\r\n",
    ),
    "redirect-3": _one(_WHOLE),
    "bytes-beyond-ascii": _one(
        b"X-L: caf\xe9\r\nX-U: caf\xc3\xa9 \xe2\x98\x83\r\n",
        b'Content-Disposition: attachment; filename="\xff\xfe.txt"\r\n',
        _WHOLE,
        start=b"HTTP/1.1 200 D\xe9j\xe0\r\n",
    ),
    "empty-reason": _one(_WHOLE, start=b"HTTP/1.1 200 \r\n"),
    "missing-reason": _one(_WHOLE, start=b"HTTP/1.1 200\r\n"),
    "lines-with-lf": Scenario((_LF + BODY,)),
    "lines-of-both-kinds": Scenario((b"HTTP/1.1 200 OK\n" + HTML + b"%s\n\r\n" % length().strip() + BODY,)),
    "line-without-colon": _one(b"this line has no colon\r\n", _WHOLE),
    "blank-in-name": _one(b"X Bad Name: 1\r\nX-Sp : 2\r\n", _WHOLE),
    "empty-name": _one(b": nothing\r\n", _WHOLE),
    "nul-in-value": _one(b"X-Nul: a\x00b\x01\r\n", _WHOLE),
    "same-length-twice": _one(HTML, length() * 2),
    "lengths-that-disagree": _one(_WHOLE, b"Content-Length: 5\r\n", ending="close"),
    "length-that-is-none": _one(HTML, b"Content-Length: abc\r\n", ending="close"),
    "length-and-chunked": _one(HTML, b"Content-Length: 10\r\n", CHUNKED, body=chunks()),
    "transfer-gzip": _one(HTML, b"Transfer-Encoding: gzip, chunked\r\n", body=chunks(GZIPPED)),
    "transfer-identity": _one(_WHOLE, b"Transfer-Encoding: identity\r\n", ending="close"),
    "more-than-announced": _one(HTML, b"Content-Length: 5\r\n", body=b"HELLO EXTRA", ending="close"),
    "blank-lines-first": _one(_WHOLE, start=b"\r\n\r\n" + OK),
    "http12": _one(_WHOLE, start=b"HTTP/1.2 200 OK\r\n", ending="close"),
    "icy": _one(_WHOLE, start=b"ICY 200 OK\r\n", ending="close"),
    "status-999": _one(_WHOLE, start=b"HTTP/1.1 999 Request denied\r\n"),
    "status-404": _one(_WHOLE, start=b"HTTP/1.1 404 Nope\r\n"),
    "status-500": _one(_WHOLE, start=b"HTTP/1.1 500 Oops\r\n"),
    "empty": Scenario((), "close"),
    "cut-head": Scenario((OK + b"X-A: b\r\nX-B",), "close"),
    "http09": Scenario((BODY,), "close"),
    "slow": Scenario((answer(HTML, b"Content-Length: 9000\r\n", body=BODY[:1000]), 1.5, BODY), "close"),
    # More than any buffer on the way holds: what arrives whole in one read is not cut.
    "announced-too-large": _one(HTML, b"Content-Length: 3000000\r\n", body=b"z" * 3_000_000),
    "grows-too-large": _one(HTML, CHUNKED, body=chunks(b"z" * 3_000_000, 10_000)),
    "post": _one(_WHOLE),
    "byte-by-byte": Scenario(tuple(bytes([byte]) for byte in answer(CHUNKED, body=chunks(b"abcdef", 2)))),
    "closes-silently": Scenario((answer(b"Connection: keep-alive\r\n", _WHOLE), 0.05), "close"),
    # Beyond the 59 of the study: what has no end or no sense.
    "endless-fields": Scenario((OK, *[b"X-More: %s\r\n" % (b"m" * 1000)] * 2000)),
    "endless-field": Scenario((OK + b"X-More: ", *[b"m" * 10_000] * 200)),
    "interim-flood": Scenario((b"HTTP/1.1 102 Processing\r\n\r\n",) * 5000),
    "blank-line-flood": Scenario((b"\r\n" * 500,) * 100),
    "endless-chunk-line": Scenario((answer(HTML, CHUNKED, body=b"5;"), *[b"e" * 10_000] * 100)),
    "endless-trailers": Scenario(
        (answer(HTML, CHUNKED, body=b"0\r\n"), *[b"X: %s\r\n" % (b"t" * 1000)] * 2000)
    ),
    "chunk-size-that-is-none": _one(HTML, CHUNKED, body=b"5\r\nhello\r\nxyz\r\nmore\r\n"),
    "chunk-longer-than-it-says": _one(HTML, CHUNKED, body=b"5\r\nhello world\r\n0\r\n\r\n"),
    "chunks-mostly-of-coding": Scenario(
        (answer(HTML, CHUNKED, body=b""), *[b"1;" + b"e" * 8000 + b"\r\na\r\n"] * 200)
    ),
    "robots.txt": _one(
        b"Content-Type: text/plain\r\nContent-Length: 28\r\n", body=b"User-agent: *\nDisallow: /zz\n"
    ),
}
REDIRECT_HOPS = {"redirect-2", "redirect-3"}
BEYOND_THE_STUDY = {
    "endless-fields", "endless-field", "interim-flood", "blank-line-flood", "endless-chunk-line",
    "endless-trailers", "chunk-size-that-is-none", "chunk-longer-than-it-says", "chunks-mostly-of-coding",
}  # fmt: skip


@dataclass
class Heard:
    """One exchange as the server saw it."""

    name: str
    """First segment of the path."""
    request: bytes
    sent: bytearray = field(default_factory=bytearray)
    connection: int = 0


class ThreadedServer:
    """asyncio servers on 127.0.0.1 in a thread of their own; ``addresses`` as (host, port)."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.servers: list[asyncio.Server] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def listen(
        self,
        serve: Callable[..., Awaitable[None]],
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> int:
        """Listen on a free port; gives its number."""

        async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self.tasks.add(task)
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await serve(reader, writer)
            finally:
                self.tasks.discard(task)
                writer.close()
                with suppress(OSError, asyncio.CancelledError):
                    await writer.wait_closed()

        started = asyncio.start_server(tracked, host, 0, ssl=tls, limit=1 << 20)
        server = asyncio.run_coroutine_threadsafe(started, self.loop).result(10)
        self.servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        async def drain() -> None:
            for server in self.servers:
                server.close()
            while self.tasks:
                for task in list(self.tasks):
                    task.cancel()
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(drain(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class HostileServer(ThreadedServer):
    """Answers ``/NAME...`` as ``SCENARIOS[NAME]`` says; ``heard`` holds every exchange."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.heard: list[Heard] = []
        self.connections = 0
        self.port = self.listen(self.serve)
        self.tls_port = self.listen(self.serve, tls=tls) if tls else None

    def url(self, name: str, *, secure: bool = False) -> str:
        return (
            f"https://127.0.0.1:{self.tls_port}/{name}" if secure else f"http://127.0.0.1:{self.port}/{name}"
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection, served = self.connections, 0
        while True:
            request = await read_request(reader)
            heard = Heard(name_of(request), request, connection=connection)
            self.heard.append(heard)
            served += 1
            if heard.name == "stale" and served > 1:
                # Read, and closed without a word: what a client sees of a connection given up meanwhile.
                return
            scenario = SCENARIOS.get(heard.name) or SCENARIOS["plain"]
            for piece in scenario.pieces:
                if isinstance(piece, float):
                    await asyncio.sleep(piece)
                    continue
                heard.sent += piece
                writer.write(piece)
                await writer.drain()
                if len(piece) == 1:
                    await asyncio.sleep(0)
            if scenario.ending == "reset":
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            if scenario.ending != "keep":
                return


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One request as it came. Raises IncompleteReadError at the end of the connection."""
    request = await reader.readuntil(b"\r\n\r\n")
    for line in request.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            request += await reader.readexactly(int(line.split(b":")[1]))
    return request


def name_of(request: bytes) -> str:
    """First segment of the path that a request asks for, in either form."""
    target = request.split(b" ", 2)[1].decode("latin-1")
    path = target.split("://", 1)[-1].partition("/")[2]
    return path.split("?")[0].split("/")[0]


def scenario_names() -> Iterator[str]:
    """Those that are asked for by name: all but the hops of redirects and robots.txt."""
    return (name for name in SCENARIOS if name not in REDIRECT_HOPS | {"robots.txt"})
