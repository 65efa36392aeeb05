"""What the browser gets that shows a WACZ file in ReplayWeb.page, asked by hand."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from crawler.replay.origins import OriginServers
from crawler.replay.replayweb import WACZ, NoAssets, ReplayWeb, assets_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from pathlib import Path

OCTETS = bytes(range(256)) * 4


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    for name in ("ui.js", "sw.js"):
        (folder / name).write_text(f"// {name}")
    return folder


@pytest.fixture
def servers(tmp_path: Path, assets: Path) -> Iterator[OriginServers]:
    wacz = tmp_path / "a <b>.wacz"
    wacz.write_bytes(OCTETS)
    with OriginServers(0) as made:
        made.start(ReplayWeb(assets, wacz))
        yield made


def asked(origin: str, target: str, method: str = "GET", **fields: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection(origin.removeprefix("http://"), timeout=10)) as connection:
        connection.request(method, target, headers={name.replace("_", "-"): v for name, v in fields.items()})
        answer = connection.getresponse()
        return answer, answer.read()


def test_the_archive_is_given_in_ranges(servers: OriginServers) -> None:
    answer, octets = asked(servers.origins.content, WACZ, Range="bytes=250-259")
    assert (answer.status, octets) == (206, OCTETS[250:260])
    assert answer.headers["Content-Range"] == "bytes 250-259/1024"
    answer, octets = asked(servers.origins.content, WACZ, Range="bytes=-5000")
    assert (answer.status, octets) == (206, OCTETS)
    answer, _ = asked(servers.origins.content, WACZ, Range="bytes=1024-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */1024")


def test_the_archive_is_given_whole_to_who_asks_for_no_range(servers: OriginServers) -> None:
    answer, octets = asked(servers.origins.content, WACZ)
    assert (answer.status, octets, answer.headers["Accept-Ranges"]) == (200, OCTETS, "bytes")
    answer, octets = asked(servers.origins.content, WACZ, method="HEAD")
    assert (answer.headers["Content-Length"], octets) == ("1024", b"")


def test_the_window_holds_a_frame_that_cannot_move_it(servers: OriginServers) -> None:
    _, octets = asked(servers.origins.frame, "/?url=http://a.example/%22%3E&ts=2020")
    page = octets.decode()
    assert f'src="{servers.origins.content}/?url=http://a.example/%22%3E&amp;ts=2020"' in page
    assert 'sandbox="allow-scripts' in page
    assert "allow-top-navigation" not in page
    assert "allow-popups" not in page
    assert "a &lt;b&gt;.wacz" in page


def test_an_archived_page_that_is_asked_for_cannot_break_out_of_its_attribute(
    servers: OriginServers,
) -> None:
    _, octets = asked(
        servers.origins.content, "/?url=http://a.example/%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    )
    assert b"<script>alert" not in octets
    assert b'url="http://a.example/&quot;&gt;&lt;script' in octets


def test_no_content_fills_a_window(servers: OriginServers) -> None:
    answer, _ = asked(servers.origins.content, "/replay/", Sec_Fetch_Dest="document")
    assert (answer.status, answer.headers["Location"]) == (302, f"{servers.origins.frame}/")


def test_the_service_worker_is_theirs_below_ours(servers: OriginServers) -> None:
    answer, octets = asked(servers.origins.content, "/replay/sw.js?serveIndex=1", Service_Worker="script")
    assert answer.status == 200
    assert b"importScripts(told.engine)" in octets
    assert b"sandbox allow-scripts" in octets
    _, engine = asked(servers.origins.content, "/replay/engine.js")
    assert engine == b"// sw.js"
    assert asked(servers.origins.content, "/replay/engine.js", Service_Worker="script")[0].status == 403


def test_nothing_else_is_given(servers: OriginServers) -> None:
    for origin, target in (
        (servers.origins.content, "/replay/../package/sw.js"),
        (servers.origins.content, "/replay/LICENSE"),
        (servers.origins.frame, "/archive.wacz"),
    ):
        assert asked(origin, target)[0].status == 404


def test_the_files_are_found_as_npm_leaves_them(tmp_path: Path, assets: Path) -> None:
    assert assets_in(assets) == assets_in(tmp_path) == assets
    installed = tmp_path / "project" / "node_modules" / "replaywebpage"
    installed.mkdir(parents=True)
    for name in ("ui.js", "sw.js"):
        (installed / name).touch()
    assert assets_in(tmp_path / "project") == installed
    (installed / "sw.js").unlink()
    with pytest.raises(
        NoAssets, match=r"project: has no ui.js and sw.js, expected .* 'npm pack replaywebpage@"
    ):
        assets_in(tmp_path / "project")
