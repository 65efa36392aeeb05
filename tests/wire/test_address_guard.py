"""Hosts that only pages name are reached at public addresses, whatever a name leads to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.settings import Settings

from crawler.wire import connect
from crawler.wire.address_guard import AddressGuard, AddressRefused, allowed_networks
from crawler.wire.connect import Address
from crawler.wire.handler import CaptureDownloadHandler
from crawler.wire.request import Endpoint
from tests.wire.downloading import Sink
from tests.wire.forward_proxy import ForwardProxy

PUBLIC = "93.184.216.34"


def endpoint(host: str, port: int = 80) -> Endpoint:
    return Endpoint(scheme="http", host=host, port=port)


def at(*addresses: str) -> list[Address]:
    return [
        Address(socket.AF_INET6, (text, 80, 0, 0)) if ":" in text else Address(socket.AF_INET, (text, 80))
        for text in addresses
    ]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_an_address_that_is_not_public_is_refused(address):
    with pytest.raises(AddressRefused, match=r"expected a public address"):
        AddressGuard({"blog.example"}).admit(endpoint("cdn.example"), at(address))


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", f"::ffff:{PUBLIC}"])
def test_a_public_address_is_admitted(address):
    assert AddressGuard(set()).admit(endpoint("cdn.example"), at(address)) == at(address)


def test_of_several_addresses_the_public_ones_are_left():
    found = AddressGuard(set()).admit(endpoint("cdn.example"), at("127.0.0.1", PUBLIC, "::1"))
    assert found == at(PUBLIC)


@pytest.mark.parametrize(
    ("host", "port", "trusted"),
    [
        ("blog.example", 80, True),
        ("BLOG.example.", 443, True),
        ("blog.example", 8080, False),
        ("sub.blog.example", 80, False),
        ("127.0.0.1", 8000, True),
        ("127.0.0.1", 6379, False),
        ("::1", 8000, True),
    ],
)
def test_a_host_that_the_operator_named_is_admitted_wherever_it_is(host, port, trusted):
    guard = AddressGuard({"blog.example", "127.0.0.1:8000", "[::1]:8000"})
    if trusted:
        assert guard.admit(endpoint(host, port), at("127.0.0.1")) == at("127.0.0.1")
    else:
        with pytest.raises(AddressRefused):
            guard.admit(endpoint(host, port), at("127.0.0.1"))


def test_a_network_that_is_allowed_is_admitted():
    guard = AddressGuard(set(), [ipaddress.ip_network("10.0.0.0/8")])
    assert guard.admit(endpoint("cdn.example"), at("10.1.2.3", "192.168.0.1")) == at("10.1.2.3")


def test_a_spider_that_names_no_hosts_asks_for_what_it_likes():
    assert AddressGuard(None).admit(endpoint("cdn.example"), at("127.0.0.1")) == at("127.0.0.1")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "::1"]
)
def test_a_proxy_is_not_asked_for_what_names_the_machine_itself(host):
    with pytest.raises(AddressRefused):
        AddressGuard(set()).check_name(endpoint(host))


@pytest.mark.parametrize("host", ["cdn.example", PUBLIC])
def test_a_proxy_is_asked_for_other_names(host):
    AddressGuard(set()).check_name(endpoint(host))


@pytest.mark.parametrize(
    ("value", "networks"),
    [
        ("", []),
        ("10.0.0.0/8, 127.0.0.1", ["10.0.0.0/8", "127.0.0.1/32"]),
        (["fc00::/7"], ["fc00::/7"]),
    ],
)
def test_networks_are_read_from_the_setting(value, networks):
    assert list(map(str, allowed_networks(Settings({"ADDRESS_ALLOW": value})))) == networks


@pytest.mark.parametrize("value", ["home", "10.0.0.1/8", "10.0.0.0/99"])
def test_a_network_that_is_none_is_told(value):
    with pytest.raises(ValueError, match=r"ADDRESS_ALLOW: .*expected networks such as"):
        allowed_networks(Settings({"ADDRESS_ALLOW": value}))


# --- On the wire ---


class BlogSpider(Spider):
    name = "blog"
    hosts: frozenset[str]


def outcomes(*requests: Request, host: str = "blog.example") -> list[Any]:
    """What becomes of requests, one after the other, of a spider that names this host alone."""

    async def run() -> list[Any]:
        crawler = Crawler(BlogSpider, {"DOWNLOAD_TIMEOUT": 10})
        crawler.spider = BlogSpider(hosts=frozenset({host}))
        handler = CaptureDownloadHandler(crawler, Sink())
        found: list[Any] = []
        try:
            for request in requests:
                try:
                    found.append(await handler.download_request(request))
                except AddressRefused as error:
                    found.append(error)
        finally:
            await handler.close()
        return found

    return asyncio.run(run())


def test_a_private_server_does_not_hear_of_a_request_for_it(hostile):
    [refused] = outcomes(Request(hostile.url("plain")))
    assert isinstance(refused, AddressRefused)
    assert not hostile.heard


def test_a_name_is_looked_up_once_so_that_what_is_connected_to_is_what_was_admitted(hostile, monkeypatch):
    looks: list[str] = []

    async def resolve(host: str, port: int) -> list[Address]:
        looks.append(host)
        return [Address(socket.AF_INET, ("127.0.0.1" if len(looks) == 1 else PUBLIC, port))]

    monkeypatch.setattr(connect, "resolve", resolve)
    [refused] = outcomes(Request(hostile.url("plain").replace("127.0.0.1", "evil.example")))
    assert isinstance(refused, AddressRefused)
    assert looks == ["evil.example"]
    assert not hostile.heard


def test_a_proxy_is_the_operators_own_and_no_kept_connection_to_it_leads_to_private_addresses(hostile):
    port = hostile.url("plain").split(":")[2].partition("/")[0]
    with ForwardProxy() as proxy:
        proxied = {"proxy": proxy.url}
        answered, refused = outcomes(
            Request(hostile.url("plain"), meta=proxied),
            Request("http://169.254.169.254/latest", meta=proxied),
            host=f"127.0.0.1:{port}",
        )
    assert answered.status == 200
    assert isinstance(refused, AddressRefused)
    assert len(hostile.heard) == 1
