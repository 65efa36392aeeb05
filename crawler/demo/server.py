"""The demo blog on a port of this machine, as a web server of its time serves it."""

from __future__ import annotations

import gzip
import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from crawler.demo.blog import Blog

if TYPE_CHECKING:
    from types import TracebackType

    from crawler.demo.blog import Answer

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
CHUNKED_FROM = 4096
"""A body of so many bytes as sent, or more, goes out in chunks, as from a server that cannot hold it back."""
CHUNK_SIZE = 4096


class DemoBlog:
    """The running blog: ``with DemoBlog() as blog`` answers at ``blog.url`` until the block ends.

    Port 0 lets the system choose a free one. Raises ``OSError`` where the
    port is taken.
    """

    def __init__(self, port: int = 0) -> None:
        self._server = _Server((HOST, port), _Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Address of the front page."""
        return f"{self._server.blog.origin}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Serve until somebody interrupts."""
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.blog = Blog(f"http://{HOST}:{self.server_address[1]}")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "LampRoom"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    # One segment an answer, and none held back: a crawl waits for nothing.
    wbufsize = -1
    disable_nagle_algorithm = True
    # A connection that nobody uses ends by itself.
    timeout = 30

    def do_GET(self) -> None:
        answer = self.server.blog.answer(self.path)
        headers, body = self._encoded(answer)
        chunked = len(body) >= CHUNKED_FROM and self.request_version == "HTTP/1.1"
        framing = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(body))}
        self.send_response(answer.status)
        for name, value in (headers | framing).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(_chunks(body) if chunked else body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _encoded(self, answer: Answer) -> tuple[dict[str, str], bytes]:
        """Headers and body, the body compressed where it is text and the client takes that."""
        if not answer.body or answer.headers["Content-Type"].startswith("image/"):
            return answer.headers, answer.body
        headers = answer.headers | {"Vary": "Accept-Encoding"}
        if "gzip" not in self.headers.get("Accept-Encoding", ""):
            return headers, answer.body
        return headers | {"Content-Encoding": "gzip"}, gzip.compress(answer.body, mtime=0)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        logger.debug(format, *args)


def _chunks(body: bytes) -> bytes:
    """The body in the chunked transfer coding (RFC 9112, section 7.1)."""
    pieces = (body[start : start + CHUNK_SIZE] for start in range(0, len(body), CHUNK_SIZE))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
