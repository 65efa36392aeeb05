from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.wire.forward_proxy import ForwardProxy
from tests.wire.hostile_server import BEYOND_THE_STUDY, HostileServer, name_of, scenario_names

if TYPE_CHECKING:
    from collections.abc import Iterator

# What no client can deliver: cut or reset, too slow, too large, undecodable, no answer.
LOST = {
    "cut-length", "cut-chunked", "reset", "gzip-that-is-none", "empty", "cut-head", "slow",
    "announced-too-large", "grows-too-large",
}  # fmt: skip
MARKS = {
    "cut-length": "disconnect", "cut-chunked": "disconnect", "reset": "disconnect", "cut-head": "disconnect",
    "slow": "time", "announced-too-large": "length", "grows-too-large": "length",
    "endless-fields": "length", "endless-field": "length", "blank-line-flood": "length",
    "endless-chunk-line": "length", "endless-trailers": "length", "chunks-mostly-of-coding": "length",
    "chunk-size-that-is-none": "unspecified", "chunk-longer-than-it-says": "unspecified",
}  # fmt: skip
# What is cut on this side; an answer that the server cut itself is kept exactly.
PREFIXES = BEYOND_THE_STUDY | {"more-than-announced", "announced-too-large", "grows-too-large", "slow"}
METHODS = {"head": "HEAD", "head-chunked": "HEAD", "post": "POST"}
SETTINGS = {
    "DOWNLOAD_MAXSIZE": 100_000,
    "DOWNLOAD_TIMEOUT": 20,
    "USER_AGENT": "hostile-test",
}


def requests_for(server: HostileServer, proxy: str | None, *, secure: bool) -> Iterator[dict[str, Any]]:
    """Every scenario once; some twice in a row, so that connections are taken up again."""
    names = [*scenario_names(), "plain", "closes-silently", "stale", "stale"]
    for number, name in enumerate(names):
        meta: dict[str, Any] = {"proxy": proxy} if proxy else {}
        if name == "slow":
            meta["download_timeout"] = 0.7
        body = {"body": "a=1&b=2"} if name == "post" else {}
        url = server.url(f"{name}?{number}", secure=secure)
        yield {"url": url, "method": METHODS.get(name, "GET"), "meta": meta, **body}


@pytest.mark.parametrize(
    ("secure", "proxied", "reactor"),
    [
        (False, False, True),
        (True, False, True),
        (False, True, True),
        (True, True, True),
        (True, False, False),
    ],
    ids=["clear", "tls", "proxy", "connect", "no-reactor"],
)
def test_every_exchange_is_kept_exactly_once_and_most_reach_the_spider(
    hostile, crawl, secure, proxied, reactor
):
    proxy = ForwardProxy() if proxied else None
    try:
        asked = list(requests_for(hostile, proxy.url if proxy else None, secure=secure))
        settings = {**SETTINGS, "ROBOTSTXT_OBEY": not proxied, "TWISTED_REACTOR_ENABLED": reactor}
        crawled = crawl(asked, settings)
    finally:
        if proxy:
            proxy.stop()
    kept = defaultdict(list)
    for exchange in crawled.kept:
        kept[exchange.request].append(exchange)
    exact, prefixes = set(), set()
    for heard in hostile.heard:
        sent = bytes(heard.sent)
        candidates = kept[heard.request]
        match = next((one for one in candidates if one.received == sent), None)
        if match:
            exact.add(heard.name)
        else:
            match = next((one for one in candidates if one.received and sent.startswith(one.received)), None)
            assert match, (
                f"{heard.name}: {len(sent)} bytes sent, {[len(one.received) for one in candidates]} kept"
            )
            prefixes.add(heard.name)
        candidates.remove(match)
        assert match.headers.get("WARC-Truncated") == MARKS.get(heard.name), heard.name
    left = [one for candidates in kept.values() for one in candidates]
    assert all(one.response is None for one in left), "answers that the server never gave"

    delivered: set[str] = set()
    lost: set[str] = set()
    for url, outcome in crawled.outcomes.items():
        name = name_of(f"GET {url} HTTP/1.1".encode())
        (lost if "error" in outcome else delivered).add(name)
    studied = set(scenario_names()) - BEYOND_THE_STUDY
    assert lost & studied == LOST
    assert len(delivered & studied) >= 50
    assert lost >= BEYOND_THE_STUDY
