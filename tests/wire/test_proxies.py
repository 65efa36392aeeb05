from __future__ import annotations

import gzip

from scrapy import Request
from scrapy.exceptions import UnsupportedURLSchemeError

from tests.wire.downloading import download
from tests.wire.forward_proxy import ForwardProxy


def test_a_proxy_may_speak_tls_itself_but_not_around_the_tls_of_a_site(hostile, certificate):
    with ForwardProxy() as proxy:
        meta = {"proxy": f"https://127.0.0.1:{proxy.listen(proxy.serve, tls=certificate.server_context())}"}
        outcomes, sink = download(
            Request(hostile.url("chunked"), meta=meta),
            Request(hostile.url("chunked"), meta=meta),
            Request(hostile.url("chunked", secure=True), meta=meta),
        )
    assert [outcome.status for outcome in outcomes[:2]] == [200, 200]
    assert isinstance(outcomes[2], UnsupportedURLSchemeError)
    assert [exchange.request for exchange in sink.exchanges] == [heard.request for heard in hostile.heard]


def test_one_tunnel_serves_many_requests(hostile):
    with ForwardProxy() as proxy:
        urls = [hostile.url(f"plain?{number}", secure=True) for number in range(3)]
        download(*(Request(url, meta={"proxy": proxy.url}) for url in urls))
        # The first is given up over the certificate, before which it cannot be known.
        assert len(proxy.heard) == 2


def test_a_proxy_of_another_kind_is_refused(hostile):
    [outcome], _ = download(Request(hostile.url("plain"), meta={"proxy": "socks5://127.0.0.1:1080"}))
    assert isinstance(outcome, UnsupportedURLSchemeError)
    assert "scheme 'socks5'" in str(outcome)


def test_the_proxies_of_the_environment_are_used_and_their_password_is_kept_nowhere(hostile, crawl, tmp_path):
    password = b"Basic cm9uOnMzY3JldA=="
    with ForwardProxy(password) as proxy:
        address = f"http://ron:s3cret@127.0.0.1:{proxy.port}"
        requests = [{"url": hostile.url("plain")}, {"url": hostile.url("plain", secure=True)}]
        environment = {"http_proxy": address, "https_proxy": address, "no_proxy": ""}
        crawled = crawl(requests, environment=environment)
        assert [head.split(b" ")[0] for head in proxy.heard] == [b"GET", b"CONNECT", b"CONNECT"]
    assert {outcome["status"] for outcome in crawled.outcomes.values()} == {200}
    written = b"".join(gzip.decompress(file.read_bytes()) for file in (tmp_path / "warc").iterdir())
    for secret in (b"s3cret", b"cm9uOnMzY3JldA"):
        assert secret not in written
        assert secret.decode() not in crawled.log
    assert b"Proxy-Authorization: ***" in written


def test_hosts_of_no_proxy_are_asked_directly(hostile, crawl):
    with ForwardProxy() as proxy:
        environment = {"http_proxy": proxy.url, "no_proxy": "127.0.0.1"}
        crawled = crawl([{"url": hostile.url("plain")}], environment=environment)
        assert proxy.heard == []
    assert len(crawled.kept) == 1
