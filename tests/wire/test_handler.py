from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import socket
from collections import Counter
from typing import Any

import pytest
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    NotConfigured,
    ResponseDataLossError,
    StopDownload,
    UnsupportedURLSchemeError,
)
from scrapy.http import HtmlResponse, Response

from crawler.warc.stop import Stopped
from crawler.wire.backlog import Backlog
from crawler.wire.handler import CaptureDownloadHandler
from tests.wire.downloading import Sink, download, handling
from tests.wire.forward_proxy import ForwardProxy
from tests.wire.hostile_server import BODY, ThreadedServer, answer, read_request


def test_a_response_names_its_record_and_where_it_came_from(hostile):
    [response], sink = download(Request(hostile.url("plain")))
    [exchange] = sink.exchanges
    assert isinstance(response, HtmlResponse)
    assert (response.status, response.body, response.protocol) == (200, BODY, "HTTP/1.1")
    assert response.flags == [f"warc:{exchange.record_id}"]
    assert response.ip_address == ipaddress.ip_address("127.0.0.1")
    assert (exchange.ip_address, exchange.protocols, exchange.certificate) == (
        "127.0.0.1",
        ("http/1.1",),
        None,
    )


def test_digests_are_of_the_bytes_received_and_of_the_body_without_chunking(hostile):
    _, sink = download(Request(hostile.url("chunked")))
    message = sink.exchanges[0].response
    sent = bytes(hostile.heard[0].sent)
    assert message.head + sink.bodies[0] == sent
    assert message.block_sha1 == hashlib.sha1(sent).digest()
    assert message.payload_sha1 == hashlib.sha1(BODY).digest()
    assert message.body_length == len(sink.bodies[0])


def test_the_exchange_is_written_before_scrapy_sees_the_outcome(hostile):
    order = []

    class Slow(Sink):
        async def write(self, exchange):
            await super().write(exchange)
            order.append("written")

    async def run() -> Any:
        async with handling(Slow(delay=0.05)) as handler:
            with pytest.raises(DownloadFailedError):
                await handler.download_request(Request(hostile.url("empty")))
            order.append("raised")
            await handler.download_request(Request(hostile.url("plain")))
            order.append("returned")

    asyncio.run(run())
    assert order == ["written", "raised", "written", "returned"]


def test_what_the_writer_raises_reaches_the_caller(hostile):
    class Full(Sink):
        async def write(self, exchange):
            exchange.response.body.close()
            raise OSError(28, "No space left on device")

    [outcome], _ = download(Request(hostile.url("plain")), sink=Full())
    assert isinstance(outcome, OSError)


def test_secrets_are_sent_and_kept_nowhere(hostile, caplog):
    caplog.set_level(logging.DEBUG)
    url = hostile.url("plain").replace("http://", "http://ron:s3cret-url@")
    headers = {"Cookie": "sid=s3cret-cookie", "X-Kept": "yes", "Proxy-Authorization": "Basic s3cret-proxy"}
    _, sink = download(
        Request(url, headers=headers), Request(url, headers={"Authorization": "Bearer s3cret-own"})
    )
    first, second = (heard.request for heard in hostile.heard)
    assert b"Authorization: Basic cm9uOnMzY3JldC11cmw=\r\n" in first
    assert b"Cookie: sid=s3cret-cookie\r\n" in first
    assert b"Authorization: Bearer s3cret-own\r\n" in second
    assert b"s3cret-proxy" not in first
    for exchange, heard in zip(sink.exchanges, (first, second), strict=True):
        assert exchange.target_uri == hostile.url("plain")
        masked = [line for line in exchange.request.split(b"\r\n") if line.endswith(b": ***")]
        shown = [
            line for line in heard.split(b"\r\n") if b"uthorization" not in line and b"Cookie" not in line
        ]
        assert [line for line in exchange.request.split(b"\r\n") if line not in masked] == shown
        assert b"s3cret" not in exchange.request
        assert b"cm9uOn" not in exchange.request
    assert "s3cret" not in caplog.text


def test_a_response_does_not_tell_the_userinfo_to_its_pages(hostile):
    url = hostile.url("plain").replace("http://", "http://ron:s3cret@")
    [response], sink = download(Request(url))
    assert response.url == sink.exchanges[0].target_uri == hostile.url("plain")


def test_a_proxy_gets_its_password_and_the_site_does_not(hostile):
    password = b"Basic cm9uOnByb3h5"
    with ForwardProxy(password) as proxy:
        plain, secure = hostile.url("plain"), hostile.url("plain", secure=True)
        meta = {"proxy": f"http://ron:proxy@127.0.0.1:{proxy.port}"}
        outcomes, sink = download(
            Request(plain, meta=meta),
            Request(secure, meta={"proxy": proxy.url}, headers={"Proxy-Authorization": password}),
            Request(secure, meta={"proxy": proxy.url}),
        )
        connects = [head for head in proxy.heard if head.startswith(b"CONNECT")]
    assert [getattr(outcome, "status", type(outcome)) for outcome in outcomes] == [
        200,
        200,
        DownloadFailedError,
    ]
    assert "407 Password please" in str(outcomes[2])
    to_proxy, through_tunnel = hostile.heard[0].request, hostile.heard[1].request
    assert b"Proxy-Authorization: " + password in to_proxy
    assert b"Proxy-Authorization" not in through_tunnel
    assert all(password in head for head in connects[:2])
    assert [b"CONNECT" in exchange.request for exchange in sink.exchanges] == [False, False]
    assert [exchange.ip_address for exchange in sink.exchanges] == [None, None]
    assert b"Proxy-Authorization: ***\r\n" in sink.exchanges[0].request


def test_an_answer_larger_than_allowed_is_cancelled_and_its_beginning_kept(hostile, caplog):
    for name in ("announced-too-large", "grows-too-large"):
        [outcome], sink = download(Request(hostile.url(name), meta={"download_maxsize": 50_000}))
        assert isinstance(outcome, DownloadCancelledError)
        assert sink.exchanges[0].response.truncated == "length"
        assert bytes(hostile.heard[-1].sent).startswith(sink.exchanges[0].response.head + sink.bodies[0])
    assert caplog.text.count("more than DOWNLOAD_MAXSIZE (50000)") == 2


def test_an_answer_larger_than_expected_is_said_once_in_the_log(hostile, caplog):
    [response], _ = download(Request(hostile.url("grows-too-large")), settings={"DOWNLOAD_WARNSIZE": 1000})
    assert len(response.body) == 3_000_000
    assert caplog.text.count("more than DOWNLOAD_WARNSIZE (1000)") == 1


@pytest.mark.parametrize(
    ("settings", "meta", "message"),
    [
        ({}, {"download_timeout": 0.2}, "no whole answer in time"),
        ({"DOWNLOAD_TIMEOUT": 0.2}, {}, "no whole answer in time"),
        ({"FIRST_BYTE_TIMEOUT": 0.2}, {}, "no first byte in time"),
    ],
)
def test_each_timeout_ends_the_download_and_keeps_what_came(hostile, settings, meta, message):
    async def silent(reader, writer):
        await read_request(reader)
        await asyncio.sleep(30)

    with ThreadedServer() as server:
        first_byte = "FIRST_BYTE_TIMEOUT" in settings
        url = f"http://127.0.0.1:{server.listen(silent)}/" if first_byte else hostile.url("slow")
        [outcome], sink = download(Request(url, meta=meta), settings=settings)
    assert isinstance(outcome, DownloadTimeoutError)
    assert message in str(outcome)
    [exchange] = sink.exchanges
    assert exchange.error
    assert message in exchange.error
    assert exchange.response is None if first_byte else exchange.response.truncated == "time"


def test_a_connection_that_is_not_made_in_time_is_a_timeout():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        request = Request(f"http://127.0.0.1:{full.getsockname()[1]}/")
        [outcome], sink = download(request, settings={"CONNECT_TIMEOUT": 0.2})
        for client in waiting:
            client.close()
    assert isinstance(outcome, DownloadTimeoutError)
    assert sink.exchanges == []


def test_failures_are_scrapys_own_so_that_its_retries_apply(hostile):
    async def babble(reader, writer):
        writer.write(b"this is no TLS, and no HTTP")
        await writer.drain()

    with socket.socket() as unused, ThreadedServer() as server:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        expected = {
            f"http://127.0.0.1:{port}/": DownloadConnectionRefusedError,
            "http://no-such-host.invalid/": CannotResolveHostError,
            f"http://{'a' * 70}.invalid/": CannotResolveHostError,
            "http:///nowhere": UnsupportedURLSchemeError,
            hostile.url("empty"): DownloadFailedError,
            hostile.url("cut-head"): DownloadFailedError,
            hostile.url("reset"): ResponseDataLossError,
            hostile.url("cut-length"): ResponseDataLossError,
            hostile.url("cut-chunked"): ResponseDataLossError,
            hostile.url("endless-fields"): DownloadCancelledError,
            hostile.url("interim-flood"): DownloadCancelledError,
            f"https://127.0.0.1:{server.listen(babble)}/": DownloadFailedError,
        }
        outcomes, _ = download(*map(Request, expected))
    assert {url: type(outcome) for url, outcome in zip(expected, outcomes, strict=True)} == expected


def test_a_url_that_cannot_be_read_is_refused_without_telling_its_password():
    urls = [
        "http://ron:s3cret@[nowhere/",
        "http://ron:s3cret@here:port/",
        "http://ron:s3cret@/",
        "http://ron:s3cret@a℀b/",
    ]
    outcomes, _ = download(*(Request(url, meta={"verbatim_url": True}) for url in urls))
    assert {type(outcome) for outcome in outcomes} == {UnsupportedURLSchemeError}
    assert "s3cret" not in str(outcomes)


def test_a_cut_answer_is_delivered_on_request(hostile):
    by_setting, _ = download(
        Request(hostile.url("cut-length")), settings={"DOWNLOAD_FAIL_ON_DATALOSS": False}
    )
    by_meta, _ = download(Request(hostile.url("cut-length"), meta={"download_fail_on_dataloss": False}))
    for [response] in (by_setting, by_meta):
        assert "dataloss" in response.flags
        assert response.body == BODY


@pytest.mark.parametrize("fail", [True, False])
@pytest.mark.parametrize("signal", [signals.headers_received, signals.bytes_received])
def test_a_receiver_may_stop_the_download(hostile, signal, fail):
    seen = []

    def stop(**about):
        seen.append(about)
        raise StopDownload(fail=fail)

    [outcome], sink = download(Request(hostile.url("slow")), receivers=[(signal, stop)])
    response = outcome.response if fail else outcome
    assert isinstance(outcome, StopDownload if fail else Response)
    assert "download_stopped" in response.flags
    assert response.flags[0] == f"warc:{sink.exchanges[0].record_id}"
    assert sink.exchanges[0].response.truncated == "length"
    assert len(seen) == 1
    if signal is signals.headers_received:
        assert (seen[0]["body_length"], response.body) == (9000, b"")
        assert seen[0]["headers"][b"Content-Type"] == b"text/html; charset=utf-8"
    else:
        assert seen[0]["data"] == response.body == BODY[:1000]


def test_an_answer_that_was_whole_when_it_was_stopped_is_not_marked(hostile):
    def stop(**about):
        raise StopDownload(fail=False)

    _, sink = download(Request(hostile.url("plain")), receivers=[(signals.headers_received, stop)])
    assert sink.exchanges[0].response.truncated is None
    assert sink.bodies == [BODY]


def test_a_body_beyond_the_cap_is_archived_whole_and_delivered_as_no_page(hostile):
    [response], sink = download(Request(hostile.url("gzip")), settings={"RESPONSE_BODY_CAP": 100})
    assert type(response) is Response
    assert "body-capped" in response.flags
    assert len(response.body) == 100
    assert b"Content-Encoding" not in response.headers
    assert sink.exchanges[0].response.head + sink.bodies[0] == bytes(hostile.heard[0].sent)


def test_latency_is_the_time_to_the_head(hostile):
    request = Request(hostile.url("slow"))
    download(request)
    assert 0 < request.meta["download_latency"] < 1


def test_the_problems_of_a_message_are_flags_of_its_response(hostile):
    [response], sink = download(Request(hostile.url("line-without-colon")))
    assert response.flags[1:] == ["header line without a colon"] == sink.exchanges[0].problems


def test_a_local_address_is_bound(hostile):
    seen = []

    async def tell(reader, writer):
        await read_request(reader)
        seen.append(writer.get_extra_info("peername")[0])
        writer.write(answer(b"Content-Length: 0\r\nConnection: close\r\n", body=b""))
        await writer.drain()

    with ThreadedServer() as server:
        url = f"http://127.0.0.1:{server.listen(tell)}/"
        download(
            Request(url),
            Request(url, meta={"bindaddress": "127.0.0.3"}),
            Request(url, meta={"bindaddress": ("127.0.0.4", 0)}),
            settings={"DOWNLOAD_BIND_ADDRESS": "127.0.0.2"},
        )
    assert seen == ["127.0.0.2", "127.0.0.3", "127.0.0.4"]


def test_ipv6_is_spoken(optional):
    async def page(reader, writer):
        requests.append(await read_request(reader))
        writer.write(answer(b"Content-Length: 0\r\n", body=b""))
        await writer.drain()

    requests: list[bytes] = []
    with ThreadedServer() as server:
        try:
            port = server.listen(page, host="::1")
        except OSError as error:
            optional(False, f"no IPv6 here: {error}")
        [response], sink = download(Request(f"http://[::1]:{port}/six"))
    assert response.status == 200
    assert f"\r\nHost: [::1]:{port}\r\n".encode() in requests[0]
    assert (sink.exchanges[0].ip_address, sink.exchanges[0].target_uri) == ("::1", f"http://[::1]:{port}/six")


def test_a_verbatim_url_is_sent_as_it_is(hostile):
    path = "plain?page=1%2C1633&q={a|b}'\"&ü=^"
    verbatim = Request(hostile.url(path), meta={"verbatim_url": True})
    download(verbatim, Request(hostile.url(path + "#fragment")))
    sent = [heard.request.split(b"\r\n")[0] for heard in hostile.heard]
    assert sent[0] == b"GET /plain?page=1%2C1633&q={a|b}'\"&%C3%BC=^ HTTP/1.1"
    assert sent[1] == b"GET /plain?page=1%2C1633&q=%7Ba%7Cb%7D%27%22&%C3%BC=%5E HTTP/1.1"


def test_no_header_can_forge_another(hostile):
    sneaky = {
        "X-Note": "a\r\nX-Forged: 1",
        "Content-Length": "0",
        "Transfer-Encoding": "chunked",
        "Host": "a\nb",
    }
    outcomes, _ = download(
        Request(hostile.url("post"), method="POST", body="a=1", headers=sneaky),
        Request(hostile.url("plain"), headers={"X Bad:": "1"}),
        Request(hostile.url("plain"), method="GET / HTTP/1.1\r\nX-Forged: 1\r\n"),
    )
    [heard] = hostile.heard
    assert b"\r\nX-Note: a X-Forged: 1\r\n" in heard.request
    assert b"\r\nContent-Length: 3\r\n\r\na=1" in heard.request
    assert b"Transfer-Encoding" not in heard.request
    assert b"\r\nHost: a b\r\n" in heard.request
    assert [type(outcome) for outcome in outcomes[1:]] == [ValueError, ValueError]


def test_connections_are_kept_and_used_again(hostile):
    download(*(Request(hostile.url(f"plain?{number}")) for number in range(5)))
    assert hostile.connections == 1


@pytest.mark.parametrize(
    "name",
    [
        "until-close",
        "http10",
        "more-than-announced",
        "line-without-colon",
        "lines-with-lf",
        "same-length-twice",
    ],
)
def test_a_connection_is_not_used_again_after_anything_odd(hostile, name):
    download(Request(hostile.url(name)), Request(hostile.url("plain")))
    assert [heard.connection for heard in hostile.heard] == [1, 2]


def test_bytes_on_an_idle_connection_close_it(hostile):
    async def talkative(reader, writer):
        connections.append(writer)
        while True:
            await read_request(reader)
            writer.write(answer(b"Content-Length: 2\r\n", body=b"ok"))
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")

    async def run(url: str) -> Any:
        sink = Sink()
        async with handling(sink) as handler:
            for _ in range(2):
                response = await handler.download_request(Request(url))
                await asyncio.sleep(0.15)
                assert response.body == b"ok"
        return sink

    connections: list[object] = []
    with ThreadedServer() as server:
        sink = asyncio.run(run(f"http://127.0.0.1:{server.listen(talkative)}/"))
    assert (len(connections), sink.bodies) == (2, [b"ok", b"ok"])


def test_a_stale_connection_costs_one_more_attempt_and_both_are_kept(hostile):
    outcomes, sink = download(Request(hostile.url("plain")), Request(hostile.url("stale")))
    assert [outcome.status for outcome in outcomes] == [200, 200]
    assert [(exchange.response is None, exchange.error) for exchange in sink.exchanges] == [
        (False, None),
        (True, "connection closed by the server"),
        (False, None),
    ]
    assert [(heard.name, heard.connection) for heard in hostile.heard] == [
        ("plain", 1),
        ("stale", 1),
        ("stale", 2),
    ]


def test_a_request_that_changes_something_goes_over_a_connection_of_its_own(hostile):
    outcomes, sink = download(Request(hostile.url("plain")), Request(hostile.url("stale"), method="POST"))
    assert [outcome.status for outcome in outcomes] == [200, 200]
    assert [heard.connection for heard in hostile.heard] == [1, 2]
    assert len(sink.exchanges) == 2


def _parallel(urls: list[str], settings: dict[str, int]) -> tuple[Sink, int]:
    async def run() -> Any:
        sink = Sink()
        async with handling(sink, settings) as handler:
            await asyncio.gather(*(handler.download_request(Request(url)) for url in urls))
            idle = handler._client._pool.idle
        return sink, idle

    ended: tuple[Sink, int] = asyncio.run(run())
    return ended


def test_open_connections_are_bounded_for_each_host_and_in_all():
    now: Counter[object] = Counter()
    most: Counter[object] = Counter()

    async def page(reader, writer):
        port = writer.get_extra_info("sockname")[1]
        now.update([port, "all"])
        most[port], most["all"] = max(most[port], now[port]), max(most["all"], now["all"])
        try:
            while True:
                await read_request(reader)
                await asyncio.sleep(0.02)
                writer.write(answer(b"Content-Length: 0\r\n", body=b""))
                await writer.drain()
        finally:
            now.subtract([port, "all"])

    with ThreadedServer() as server:
        ports = [server.listen(page) for _ in range(3)]
        urls = [f"http://127.0.0.1:{port}/{number}" for port in ports for number in range(10)]
        sink, idle = _parallel(urls, {"CONCURRENT_REQUESTS_PER_DOMAIN": 2, "CONCURRENT_REQUESTS": 5})
    assert len(sink.exchanges) == 30
    assert [most[port] for port in ports] == [2, 2, 2]
    # One more may be seen while the server has not noticed the end of the one that made room.
    assert most["all"] <= 6
    assert idle <= 5


def test_closing_ends_what_is_under_way_and_keeps_what_came(hostile):
    async def run() -> Any:
        sink = Sink()
        async with handling(sink) as handler:
            under_way = asyncio.ensure_future(handler.download_request(Request(hostile.url("slow"))))
            await asyncio.sleep(0.3)
        with pytest.raises(Stopped, match="slow: the crawl was stopped"):
            await under_way
        return sink

    [exchange] = asyncio.run(run()).exchanges
    assert exchange.response.truncated == "unspecified"


def test_a_cancelled_download_is_kept_too(hostile):
    async def run() -> Any:
        sink = Sink()
        async with handling(sink) as handler:
            under_way = asyncio.ensure_future(handler.download_request(Request(hostile.url("slow"))))
            await asyncio.sleep(0.3)
            under_way.cancel()
            with pytest.raises(asyncio.CancelledError):
                await under_way
        return sink

    [exchange] = asyncio.run(run()).exchanges
    assert exchange.response.truncated == "unspecified"


def test_reading_waits_while_the_writer_is_behind(hostile):
    sent = []

    async def large(reader, writer):
        await read_request(reader)
        writer.write(answer(b"Content-Length: 50000000\r\n", body=b""))
        for _ in range(500):
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent.append(100_000)

    async def run(url: str) -> Any:
        sink = Sink(delay=0.6)
        async with handling(sink) as handler:
            handler._client._backlog = Backlog(limit=1000)
            first = asyncio.ensure_future(handler.download_request(Request(hostile.url("plain"))))
            await asyncio.sleep(0.2)
            second = asyncio.ensure_future(handler.download_request(Request(url)))
            await asyncio.sleep(0.2)
            while_behind = sum(sent)
            await first
            response = await second
        return while_behind, len(response.body)

    with ThreadedServer() as server:
        while_behind, received = asyncio.run(run(f"http://127.0.0.1:{server.listen(large)}/"))
    assert while_behind < 20_000_000
    assert received == 32 * 1024 * 1024


def test_without_the_writer_there_is_no_handler():
    crawler = Crawler(Spider)
    crawler.extensions = type("Extensions", (), {"middlewares": ()})()

    async def run() -> Any:
        CaptureDownloadHandler.from_crawler(crawler)

    with pytest.raises(NotConfigured, match="WarcCapture is not enabled"):
        asyncio.run(run())


@pytest.mark.parametrize("path", ["plain?", "plain?#iefix", "plain?x?"])
def test_an_empty_query_is_part_of_the_address(hostile, path):
    url = hostile.url(path)
    [response], sink = download(Request(url, meta={"verbatim_url": True}))
    bare = url.partition("#")[0]
    assert (response.url, sink.exchanges[0].target_uri) == (bare, bare)
    assert sink.exchanges[0].request.startswith(f"GET /{path.partition('#')[0]} HTTP/1.1\r\n".encode())


def test_a_request_may_say_how_much_of_its_body_is_held_in_memory(hostile):
    [response], sink = download(Request(hostile.url("plain"), meta={"response_body_cap": 5}))
    assert (response.body, "body-capped" in response.flags) == (BODY[:5], True)
    assert sink.bodies[0] == BODY
