"""Keeps a crawl out of private networks: hosts that only pages name are reached at public addresses."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import IgnoreRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from crawler.wire.connect import Address
    from crawler.wire.request import Endpoint

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Stands for the whole of IPv4 (RFC 6052)."""


class AddressRefused(IgnoreRequest):
    """A host that has no public address; for Scrapy a request that is not sent, nor sent again."""


class AddressGuard:
    """Admits ``named`` hosts anywhere, all others only at public addresses or in ``allowed`` networks.

    A page that anybody can write embeds what it likes: ``http://localhost:6379/``,
    or a name that leads to 169.254.169.254. So the address is looked at that is
    then connected to. ``named`` has hosts in lower case, with their ports where
    those are not 80 or 443; None admits everything.
    """

    def __init__(self, named: Collection[str] | None, allowed: Sequence[Network] = ()) -> None:
        self._named = named
        self._allowed = allowed

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One that trusts the spider's ``hosts``; a spider without asks for what its author wrote.

        Raises ValueError for ADDRESS_ALLOW as ``allowed_networks`` does.
        """
        return cls(getattr(crawler.spider, "hosts", None), allowed_networks(crawler.settings))

    def admit(self, endpoint: Endpoint, addresses: Sequence[Address]) -> list[Address]:
        """Those of the addresses that may be connected to, at least one. Raises AddressRefused."""
        if self._trusts(endpoint):
            return list(addresses)
        admitted = [address for address in addresses if self._is_admitted(str(address.sockaddr[0]))]
        if not admitted:
            found = ", ".join(dict.fromkeys(str(address.sockaddr[0]) for address in addresses))
            raise AddressRefused(f"{endpoint.host}:{endpoint.port}: is at {found}, expected a public address")
        return admitted

    def check_name(self, endpoint: Endpoint) -> None:
        """Look at what a proxy is asked to connect to: it resolves names by itself. Raises AddressRefused."""
        host = endpoint.host.rstrip(".").lower()
        if self._trusts(endpoint) or not (_is_local(host) or self._is_refused_literal(host)):
            return
        raise AddressRefused(f"{host}:{endpoint.port}: is no public address, expected one")

    def _trusts(self, endpoint: Endpoint) -> bool:
        return self._named is None or _authority(endpoint) in self._named

    def _is_refused_literal(self, host: str) -> bool:
        try:
            # Resolvers take "0x7f.1" and "2130706433" for addresses as well.
            literal = host if ":" in host else str(ipaddress.ip_address(socket.inet_aton(host)))
            return not self._is_admitted(literal)
        except (OSError, ValueError):
            return False

    def _is_admitted(self, text: str) -> bool:
        address = _meant(ipaddress.ip_address(text.partition("%")[0]))
        if any(address in network for network in self._allowed):
            return True
        return address.is_global and not address.is_multicast


def allowed_networks(settings: BaseSettings) -> list[Network]:
    """The networks of ADDRESS_ALLOW. Raises ValueError for one that is none."""
    found: list[Network] = []
    for word in settings.getlist("ADDRESS_ALLOW"):
        if not (name := str(word).strip()):
            continue
        try:
            found.append(ipaddress.ip_network(name))
        except ValueError as error:
            raise ValueError(
                f"ADDRESS_ALLOW: {name!r}, expected networks such as 127.0.0.0/8 ({error})"
            ) from error
    return found


def _authority(endpoint: Endpoint) -> str:
    host = endpoint.host.rstrip(".").lower()
    host = f"[{host}]" if ":" in host else host
    return host if endpoint.port in (80, 443) else f"{host}:{endpoint.port}"


def _is_local(host: str) -> bool:
    """Whether a name means the machine itself (RFC 6761, 6.3)."""
    return host == "localhost" or host.endswith(".localhost")


def _meant(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
