"""The two origins of a replay as servers on 127.0.0.1."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol, Self

from crawler.replay.policy import Origins, content_fields, frame_fields, kept_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from email.message import Message
    from types import TracebackType

HOST = "127.0.0.1"

MAX_BODY = 10_000_000
"""Bytes that a form or a script may send; they only choose among what is archived."""


class PortInUse(OSError):
    """The port that was asked for is not free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a browser asks."""

    method: str
    """GET, HEAD or POST."""
    target: str
    """Path and query, as sent."""
    fields: Message
    body: bytes
    origins: Origins

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]

    @property
    def fills_window(self) -> bool:
        """Whether the answer is to fill a window, not a frame in it; False where a browser does not say."""
        return is_window(self.fields)


def is_window(fields: Message) -> bool:
    """Whether a request's fields say that its answer is to fill a window."""
    return fields.get("Sec-Fetch-Dest") == "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a browser gets; ``fields`` without those of connections and policies."""

    status: int = 200
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: Iterable[bytes] = ()


class Engine(Protocol):
    """What shows an archive; ``frame`` and ``content`` are called by several threads at once."""

    @property
    def worker(self) -> str | None:
        """Path of its service worker; no other can be registered. None where it has none."""

    @property
    def ended(self) -> bool:
        """Whether it ended by itself, and shows nothing more."""

    @property
    def start(self) -> str:
        """Path on the frame's origin that the browser opens first."""

    def address_of(self, url: str, timestamp: str) -> str:
        """Path on the frame's origin of an archived page, as it was at a moment (14 digits)."""

    def frame(self, request: Request) -> Answer:
        """Answer on the origin of the frame. Raises OSError, HTTPException."""

    def content(self, request: Request) -> Answer:
        """Answer on the origin of the archived content. Raises OSError, HTTPException."""


def sentence(status: int, words: str) -> Answer:
    """An answer in plain words."""
    octets = f"{words}\n".encode()
    return Answer(
        status=status,
        fields=[("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(octets)))],
        body=[octets],
    )


def elsewhere(address: str) -> Answer:
    """A redirect."""
    return Answer(status=302, fields=[("Location", address), ("Content-Length", "0")])


class OriginServers:
    """Answers on both origins from ``start`` to the end of the ``with`` block."""

    def __init__(self, port: int) -> None:
        """Take ``port`` for the frame, 0 for any; for the content the one behind it, or any.

        Raises PortInUse.
        """
        self._frame = _listening(port)
        try:
            self._content = _listening(self._frame.server_port + 1)
        except PortInUse:
            self._content = _listening(0)
        self.origins = Origins(
            frame=f"http://{HOST}:{self._frame.server_port}",
            content=f"http://{HOST}:{self._content.server_port}",
        )
        self._started = False

    def start(self, engine: Engine) -> None:
        """Answer from now on; who asked before has been waiting."""
        self._started = True
        for server, answer in ((self._frame, engine.frame), (self._content, engine.content)):
            server.origins, server.worker, server.answer = self.origins, engine.worker, answer
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in (self._frame, self._content):
            if self._started:
                server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    origins: Origins
    worker: str | None
    answer: Callable[[Request], Answer]

    @property
    def own(self) -> str:
        """The origin that it is."""
        return f"http://{HOST}:{self.server_port}"

    @property
    def is_frame(self) -> bool:
        return self.own == self.origins.frame

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser closes connections as it likes."""


def _listening(port: int) -> _Server:
    try:
        return _Server((HOST, port), _Handler)
    except (OSError, OverflowError) as error:
        raise PortInUse(
            f"port {port} of {HOST}: cannot be listened on ({getattr(error, 'strerror', None) or error}); "
            "give another with --port, or --port 0 for any"
        ) from error


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # A browser that sends nothing more must not keep a thread for ever.
    timeout = 60

    def do_GET(self) -> None:
        self._send(self._refused() or self._answer())

    do_HEAD = do_POST = do_GET  # noqa: N815 - the names that http.server looks for

    def _refused(self) -> Answer | None:
        """The answer to what is not ours to answer; None where it is."""
        found, expected = self.headers.get("Host", ""), self.server.own.removeprefix("http://")
        if found == f"localhost:{self.server.server_port}" and is_window(self.headers):
            return elsewhere(f"{self.server.own}{self.path}")
        if found != expected:
            # Another name that leads here, as in DNS rebinding, is another origin's.
            return sentence(421, f"host {found!r}: expected {expected}")
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return sentence(413, f"expected at most {MAX_BODY} bytes, with their number")
        if "Service-Worker" in self.headers and self.path.partition("?")[0] != self.server.worker:
            return sentence(403, "an archived page has no service worker here: it would outlive the replay")
        return None

    def _answer(self) -> Answer:
        request = Request(
            method=self.command,
            target=self.path,
            fields=self.headers,
            body=self.rfile.read(int(self.headers.get("Content-Length", "0"))),
            origins=self.server.origins,
        )
        try:
            return self.server.answer(request)
        except (OSError, HTTPException) as error:
            return sentence(502, f"the engine does not answer ({type(error).__name__}: {error})")

    def _send(self, answer: Answer) -> None:
        origins = self.server.origins
        fields = kept_fields(answer.fields, origins)
        given = {name.lower(): value for name, value in fields}
        media_type = given.get("content-type", "").partition(";")[0].strip().lower()
        ours = frame_fields(origins) if self.server.is_frame else content_fields(origins, media_type)
        self.send_response(answer.status)
        for name, value in [*fields, *ours]:
            self.send_header(name, value)
        if "content-length" not in given and answer.status not in {204, 304}:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            for octets in answer.body:
                self.wfile.write(octets)

    def log_message(self, *_: object) -> None:
        """Say nothing: the browser's own tools show what it asks."""
