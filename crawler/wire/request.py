"""A Scrapy request as the bytes that go out, and the same bytes with its secrets masked."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit

from scrapy.exceptions import UnsupportedURLSchemeError

if TYPE_CHECKING:
    from scrapy import Request

MASK = b"***"
"""Stands in records where a secret was sent."""
SECRET_FIELDS = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
# The client frames the message; a second opinion in the head would only confuse servers.
FRAMING_FIELDS = frozenset({b"content-length", b"transfer-encoding"})
DEFAULT_PORTS = {"http": 80, "https": 443}
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
# What may stand in a request target as it is; all else is percent-encoded, verbatim URL or not.
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where to connect, and through which proxy."""

    scheme: str
    host: str
    """Name or address, without brackets."""
    port: int
    proxy: ProxyServer | None = None
    bind: tuple[str, int] | None = None

    @property
    def tunneled(self) -> bool:
        """Whether the proxy is asked for a tunnel (CONNECT)."""
        return self.proxy is not None and self.scheme == "https"

    @property
    def connection_key(self) -> Endpoint:
        """Requests with the same key may go over the same connection."""
        if self.proxy is None or self.tunneled:
            return self
        # One connection to a proxy carries requests for any host.
        return replace(self, host="", port=0, proxy=replace(self.proxy, authorization=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyServer:
    """A proxy, and what opens its tunnels."""

    scheme: str
    host: str
    port: int
    authorization: bytes | None = None
    """Value of Proxy-Authorization."""

    def __repr__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """One request, ready to be sent."""

    method: str
    target_uri: str
    """The URI asked for, without userinfo and fragment."""
    endpoint: Endpoint
    sent: bytes
    masked: bytes
    """``sent`` with ``MASK`` for the values of secret fields: the form that is kept."""

    @property
    def idempotent(self) -> bool:
        """Whether it may be sent again when its fate is unknown (RFC 9110 section 9.2.2)."""
        return self.method in IDEMPOTENT

    def __repr__(self) -> str:
        return f"<{self.method} {self.target_uri}>"


def wire_request(request: Request, bind: tuple[str, int] | None = None) -> WireRequest:
    """The bytes of ``request``, to be sent from the local address ``bind``.

    A userinfo in its URL is sent as ``Authorization`` (RFC 7617) unless the
    request has one. ``Proxy-Authorization`` goes to the proxy alone. Raises
    UnsupportedURLSchemeError for a URL or proxy that cannot be connected to,
    ValueError for a method or header field that cannot be sent.
    """
    if not TOKEN.fullmatch(request.method.encode()):
        raise ValueError(f"method {request.method!r}, expected an HTTP token")
    url = _split(request.url)._replace(fragment="")
    host, port = _host_and_port(url)
    proxy = _proxy(request)
    target = quote(url._replace(scheme="", netloc="").geturl(), safe=PRINTABLE)
    if not url.query and request.url.partition("#")[0].endswith("?"):
        # An empty query is part of the address (as in "font.eot?#iefix"); urlsplit loses it.
        target += "?"
    if not target.startswith("/"):
        target = "/" + target
    netloc = _bare_netloc(url, host)
    target_uri = f"{url.scheme}://{netloc}{target}"
    endpoint = Endpoint(scheme=url.scheme, host=host, port=port, proxy=proxy, bind=bind)
    to_proxy = proxy is not None and not endpoint.tunneled
    start = f"{request.method} {target_uri if to_proxy else target} HTTP/1.1".encode("ascii")
    host_field = netloc.removesuffix(f":{DEFAULT_PORTS[url.scheme]}").removesuffix(":").encode("ascii")
    fields = [(b"Host", _one_line(request.headers.get(b"Host") or host_field)), *_fields(request, url)]
    if to_proxy and proxy and proxy.authorization:
        fields.append((b"Proxy-Authorization", proxy.authorization))
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        fields.append((b"Content-Length", b"%d" % len(request.body)))
    return WireRequest(
        method=request.method,
        target_uri=target_uri,
        endpoint=endpoint,
        sent=_head(start, fields) + request.body,
        masked=_head(start, [(name, _masked(name, value)) for name, value in fields]) + request.body,
    )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        # Neither the URL nor Python's message about it, which may hold a password.
        raise UnsupportedURLSchemeError(
            "a URL whose host cannot be read, expected http://host/path"
        ) from None


def _host_and_port(url: SplitResult) -> tuple[str, int]:
    """Host without brackets, in ASCII, and port."""
    shown = f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
    if url.scheme not in DEFAULT_PORTS:
        raise UnsupportedURLSchemeError(f"{shown}: scheme {url.scheme!r}, expected http or https")
    try:
        host, port = url.hostname or "", url.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError as error:
        raise UnsupportedURLSchemeError(f"{shown}: {error}") from error
    if not host:
        raise UnsupportedURLSchemeError(f"{shown}: no host")
    return host, port or DEFAULT_PORTS[url.scheme]


def _bare_netloc(url: SplitResult, host: str) -> str:
    """Host and port as the URL writes them; the host in ASCII, nothing before it."""
    netloc = url.netloc.rpartition("@")[2]
    if netloc.isascii():
        return quote(netloc, safe=PRINTABLE)
    return host if url.port is None else f"{host}:{url.port}"


def _fields(request: Request, url: SplitResult) -> list[tuple[bytes, bytes]]:
    fields = []
    for name, values in request.headers.items():
        if name.lower() in {b"host", b"proxy-authorization"} | FRAMING_FIELDS:
            continue
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{request.method} request: header field name {name!r}, expected an HTTP token")
        fields += [(name, _one_line(value)) for value in values]
    if "@" in url.netloc and not any(name.lower() == b"authorization" for name, _ in fields):
        fields.append((b"Authorization", _basic(url)))
    return fields


def _proxy(request: Request) -> ProxyServer | None:
    """The proxy that ``meta["proxy"]`` names, with the request's own Proxy-Authorization."""
    if not (address := request.meta.get("proxy")):
        return None
    url = _split(address if "://" in address else f"http://{address}")
    host, port = _host_and_port(url)
    if url.scheme == "https" and request.url.startswith("https:"):
        # asyncio (seen in 3.11) breaks down when a certificate fails inside another TLS connection.
        raise UnsupportedURLSchemeError(
            f"https://{host}:{port}: TLS to a proxy, expected http:// for an https page"
        )
    authorization = request.headers.get(b"Proxy-Authorization")
    if authorization is None and "@" in url.netloc:
        authorization = _basic(url)
    value = None if authorization is None else _one_line(authorization)
    return ProxyServer(scheme=url.scheme, host=host, port=port, authorization=value)


def _basic(url: SplitResult) -> bytes:
    credentials = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return b"Basic " + base64.b64encode(credentials.encode())


def _one_line(value: bytes) -> bytes:
    """A line end inside a value would begin another field."""
    return b" ".join(value.splitlines())


def _masked(name: bytes, value: bytes) -> bytes:
    return MASK if name.lower() in SECRET_FIELDS else value


def _head(start: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    return b"\r\n".join([start, *(name + b": " + value for name, value in fields), b"", b""])
