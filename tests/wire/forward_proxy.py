"""A forward proxy that passes bytes on as they are, plain or through CONNECT, with a password or without."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from tests.wire.hostile_server import ThreadedServer


class ForwardProxy(ThreadedServer):
    """``heard`` holds the first head of every connection; ``password`` is a value of Proxy-Authorization."""

    def __init__(self, password: bytes | None = None) -> None:
        super().__init__()
        self.heard: list[bytes] = []
        self.password = password
        self.port = self.listen(self.serve)
        self.url = f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heard.append(head)
        if self.password and b"\r\nProxy-Authorization: " + self.password + b"\r\n" not in head:
            writer.write(
                b"HTTP/1.1 407 Password please\r\nContent-Length: 0\r\nProxy-Authenticate: Basic\r\n\r\n"
            )
            await writer.drain()
            return
        method, target, _ = head.decode("latin-1").split(" ", 2)
        authority = urlsplit(f"//{target}" if method == "CONNECT" else target)
        upstream_reader, upstream = await asyncio.open_connection(authority.hostname, authority.port or 80)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n")
        else:
            upstream.write(head)
        await asyncio.gather(_relay(reader, upstream), _relay(upstream_reader, writer))


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()
