"""From an endpoint to a connection that takes requests: socket, proxy tunnel, TLS."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from typing import TYPE_CHECKING

from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError

from crawler.wire.answer import Answer
from crawler.wire.connect import open_socket
from crawler.wire.connection import Connection

if TYPE_CHECKING:
    from crawler.wire.address_guard import AddressGuard
    from crawler.wire.head import ResponseHead
    from crawler.wire.request import Endpoint, ProxyServer
    from crawler.wire.tls import TlsPolicy


class _TunnelWatcher:
    """Stops at an answer to CONNECT that opens no tunnel (RFC 9110 section 9.3.6)."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def head_received(self, head: ResponseHead, length: int | None) -> Exception | None:  # noqa: ARG002
        if 200 <= head.status < 300:
            return None
        reason = head.reason.decode("latin-1")
        return _no_tunnel(self._endpoint, f"{head.status} {reason}".strip())

    def payload_received(self, data: bytes) -> Exception | None:  # noqa: ARG002
        return None


class Dialer:
    """Opens connections that ``guard`` admits, with ``tls`` towards those who speak it."""

    def __init__(self, tls: TlsPolicy, guard: AddressGuard) -> None:
        self._tls = tls
        self._guard = guard

    async def open(self, endpoint: Endpoint, seconds: float) -> Connection:
        """A connection on which requests for ``endpoint`` may be sent, within ``seconds``.

        What is said to open a tunnel is no part of any exchange. Raises
        CannotResolveHostError, DownloadConnectionRefusedError,
        DownloadTimeoutError, DownloadFailedError or AddressRefused.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        return await self._open(endpoint, seconds)
                    except ssl.SSLCertVerificationError:
                        # The verdict is kept by now: the host is met once more, without verification.
                        if self._tls.require:
                            raise
        except TimeoutError as error:
            where = f"{endpoint.host}:{endpoint.port}"
            raise DownloadTimeoutError(f"{where}: no connection within {seconds:g} seconds") from error
        except OSError as error:
            raise DownloadFailedError(f"{endpoint.host}:{endpoint.port}: {error}") from error

    async def _open(self, endpoint: Endpoint, seconds: float) -> Connection:
        if (proxy := endpoint.proxy) is None:
            secure = endpoint.scheme == "https"
            return await self._reach(endpoint, endpoint, seconds, secure=secure)
        connection = await self._reach(proxy, endpoint, seconds, secure=proxy.scheme == "https")
        if not endpoint.tunneled:
            return connection
        try:
            await self._tunnel(connection, endpoint, proxy, seconds)
            return await self._start_tls(connection, endpoint)
        except BaseException:
            connection.abort()
            raise

    async def _reach(
        self, server: Endpoint | ProxyServer, endpoint: Endpoint, seconds: float, *, secure: bool
    ) -> Connection:
        """A connection to the server or proxy that is met first."""
        loop = asyncio.get_running_loop()
        # A proxy is the operator's own.
        admit = partial(self._guard.admit, endpoint) if server is endpoint else list
        connected = await open_socket(server.host, server.port, endpoint.bind, seconds, admit)
        if not secure:
            _, connection = await loop.create_connection(Connection, sock=connected)
            return connection
        context = self._tls.context(server.host, server.port)
        try:
            _, connection = await loop.create_connection(
                Connection, sock=connected, ssl=context, server_hostname=server.host
            )
        except ssl.SSLCertVerificationError as error:
            self._tls.distrust(server.host, server.port, error)
            raise
        connection.certificate = self._tls.verdict(server.host, server.port)
        return connection

    async def _tunnel(
        self, connection: Connection, endpoint: Endpoint, proxy: ProxyServer, seconds: float
    ) -> None:
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        authority = f"{host}:{endpoint.port}".encode("ascii")
        lines = [b"CONNECT " + authority + b" HTTP/1.1", b"Host: " + authority]
        if proxy.authorization:
            lines.append(b"Proxy-Authorization: " + proxy.authorization)
        answer = Answer("CONNECT", _TunnelWatcher(endpoint))
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            await connection.exchange(b"\r\n".join([*lines, b"", b""]), answer, seconds, deadline)
        finally:
            answer.discard()
        if answer.error:
            raise answer.error
        if not answer.whole:
            raise _no_tunnel(endpoint, "no whole answer")

    async def _start_tls(self, connection: Connection, endpoint: Endpoint) -> Connection:
        context = self._tls.context(endpoint.host, endpoint.port)
        secured = Connection()
        try:
            transport = await asyncio.get_running_loop().start_tls(
                connection.transport, secured, context, server_hostname=endpoint.host
            )
        except ssl.SSLCertVerificationError as error:
            self._tls.distrust(endpoint.host, endpoint.port, error)
            raise
        if transport is None:
            raise _no_tunnel(endpoint, "closed while TLS was started")
        secured.connection_made(transport)
        secured.certificate = self._tls.verdict(endpoint.host, endpoint.port)
        return secured


def _no_tunnel(endpoint: Endpoint, found: str) -> DownloadFailedError:
    what = f"proxy {endpoint.proxy}: tunnel to {endpoint.host}:{endpoint.port}"
    return DownloadFailedError(f"{what}: {found}, expected a status of 2xx")
