"""From a name to an open socket: the one place where addresses are resolved and connected to."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FALLBACK_SECONDS = 3.0
"""How long one of several addresses may take before the next is tried."""


@dataclass(frozen=True, slots=True)
class Address:
    """One answer of the resolver."""

    family: socket.AddressFamily
    sockaddr: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


async def resolve(host: str, port: int) -> list[Address]:
    """All addresses of ``host``, IPv6 and IPv4, as the system orders them; never empty.

    Raises CannotResolveHostError.
    """
    try:
        found = await _ask_resolver(host, port)
    except (OSError, UnicodeError) as error:
        raise CannotResolveHostError(f"{host}: {error}") from error
    if not found:
        raise CannotResolveHostError(f"{host}: the resolver gave no address")
    return [Address(family, sockaddr) for family, _, _, _, sockaddr in found]


async def _ask_resolver(host: str, port: int) -> list[tuple[Any, ...]]:
    """What ``socket.getaddrinfo`` gives.

    In a thread of its own: the process would wait for one of the event
    loop's before it ends, and a resolver may take minutes.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[tuple[Any, ...]]] = loop.create_future()

    def ask() -> None:
        settle: Callable[[Any], None] = answer.set_result
        found: object
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            settle, found = answer.set_exception, error
        # The loop may be closed by now.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, settle, found)

    def tell(settle: Callable[[Any], None], found: object) -> None:
        if not answer.done():
            settle(found)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    return await answer


async def open_socket(
    host: str,
    port: int,
    bind: tuple[str, int] | None,
    seconds: float,
    admit: Callable[[list[Address]], list[Address]] = list,
) -> socket.socket:
    """A socket connected to the first address of ``host`` that answers, within ``seconds``.

    ``admit`` gives those of its addresses that may be connected to, at least
    one. Raises CannotResolveHostError, DownloadConnectionRefusedError,
    DownloadTimeoutError or DownloadFailedError, and what ``admit`` raises.
    """
    try:
        async with asyncio.timeout(seconds):
            addresses = admit(await resolve(host, port))
            return await _first_connected(addresses, bind)
    except ConnectionRefusedError as error:
        raise DownloadConnectionRefusedError(f"{host}:{port}: connection refused") from error
    except TimeoutError as error:
        raise DownloadTimeoutError(f"{host}:{port}: no connection within {seconds:g} seconds") from error
    except OSError as error:
        raise DownloadFailedError(f"{host}:{port}: {error}") from error


async def _first_connected(addresses: list[Address], bind: tuple[str, int] | None) -> socket.socket:
    *others, last = addresses
    for address in others:
        # A host whose first address leads nowhere must not cost the whole time.
        with suppress(OSError):
            async with asyncio.timeout(FALLBACK_SECONDS):
                return await _connect(address, bind)
    return await _connect(last, bind)


async def _connect(address: Address, bind: tuple[str, int] | None) -> socket.socket:
    connecting = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connecting.settimeout(0)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if bind is not None:
            connecting.bind(bind)
        await asyncio.get_running_loop().sock_connect(connecting, address.sockaddr)
    except BaseException:
        connecting.close()
        raise
    return connecting
