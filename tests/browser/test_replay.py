"""What a person sees who opens the archive in a web browser, years later and offline."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.warc.cdxj import Entry
from tests.browser.conftest import rows
from tests.small_site import Typed, front, post, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.browser.conftest import Shown


def entries(archive: Path) -> list[Entry]:
    return [Entry.from_line(line) for line in (archive / "index.cdxj").read_text().splitlines()]


def test_a_post_is_shown_with_its_comments_styles_and_pictures(
    demo_archive: Path, shown: Callable[[Path], Shown]
) -> None:
    pictured = next(row for row in rows(demo_archive, "posts") if row["images"])
    window = shown(demo_archive)
    frame = window.open(str(pictured["url"]))
    assert str(pictured["title"]) in frame.title()
    widths = frame.evaluate(
        "Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth)))"
    )
    assert widths
    assert all(width > 0 for width in widths)
    # What a browser has without any style is white and transparent.
    assert frame.evaluate("getComputedStyle(document.body).backgroundColor") not in (
        "rgba(0, 0, 0, 0)",
        "rgb(255, 255, 255)",
    )
    window.keep_screenshot("post")
    assert not window.elsewhere


def test_comments_are_shown_on_every_page_of_them(demo_archive: Path, shown: Callable[[Path], Shown]) -> None:
    comments = rows(demo_archive, "comments")
    second = next(row for row in comments if row["page"] == 1)
    first = next(row for row in comments if row["page"] == 0 and row["post_id"] == second["post_id"])
    window = shown(demo_archive)
    frame = window.open(str(second["post_url"]))
    assert first_line(first) in frame.inner_text("body")
    path = str(second["captured_url"]).partition("/stories/")[2]
    frame.click(f"a[href*='{path.partition('?')[2]}']")
    frame = window.archived(str(second["captured_url"]))
    assert first_line(second) in frame.inner_text("body")
    window.keep_screenshot("second-page-of-comments")
    assert not window.elsewhere


def first_line(row: dict[str, Any]) -> str:
    return str(row["body_text"]).split("\n")[0]


def test_a_redirect_leads_where_it_led(demo_archive: Path, shown: Callable[[Path], Shown]) -> None:
    moved = next(entry for entry in entries(demo_archive) if entry.status == "301")
    window = shown(demo_archive)
    window.go_to(moved.url)
    window.page.wait_for_timeout(500)
    pages = {str(row["url"]): str(row["title"]) for row in rows(demo_archive, "posts")}
    for _ in range(100):
        titles = [frame.title() for frame in window.page.frames if "mp_/" in frame.url]
        if any(title in text for text in titles for title in pages.values()):
            break
        window.page.wait_for_timeout(200)
    else:
        pytest.fail(f"{moved.url} leads to {titles}")
    assert not window.elsewhere


def test_the_newest_view_of_a_page_that_did_not_change_shows_it(
    demo_archive: Path, shown: Callable[[Path], Shown]
) -> None:
    revisit = next(
        entry for entry in entries(demo_archive) if entry.mime == "warc/revisit" and "/stories/" in entry.url
    )
    title = next(
        str(row["title"]) for row in rows(demo_archive, "posts") if row["captured_url"] == revisit.url
    )
    window = shown(demo_archive)
    frame = window.open(revisit.url, revisit.timestamp)
    assert title in frame.inner_text("h1#page-title, h1")
    assert not window.elsewhere


def test_a_package_is_shown_like_the_collection(
    demo_archive: Path, shown: Callable[[Path], Shown], tmp_path: Path
) -> None:
    wacz = tmp_path / "demo.wacz"
    assert Typed(tmp_path)("package", str(demo_archive), "-o", str(wacz)).returncode == 0
    row = rows(demo_archive, "posts")[0]
    window = shown(wacz)
    frame = window.open(str(row["url"]))
    assert str(row["title"]) in frame.title()
    assert not window.elsewhere


def test_a_real_blog_is_shown_with_the_comments_of_a_second_page(
    drupal_archive: Path, shown: Callable[[Path], Shown]
) -> None:
    second = next(row for row in rows(drupal_archive, "comments") if row["page"] == 1)
    title = next(str(row["title"]) for row in rows(drupal_archive, "posts") if row["id"] == second["post_id"])
    window = shown(drupal_archive)
    assert title in window.open(str(second["post_url"])).inner_text("body")
    frame = window.open(str(second["captured_url"]))
    assert first_line(second)[:60] in frame.inner_text("body")
    window.keep_screenshot("drupal")
    assert not window.elsewhere


# --- A page that means harm ---


class Listener:
    """Notes whoever connects, by TCP or UDP."""

    def __init__(self) -> None:
        self.met: list[str] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        for take in (self._take_tcp, self._take_udp):
            threading.Thread(target=take, daemon=True).start()

    def _take_tcp(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._tcp.accept()
                connection.settimeout(2)
                with connection, suppress(OSError):
                    self.met.append(connection.recv(200).decode("latin-1").split("\r\n")[0] or "a connection")

    def _take_udp(self) -> None:
        with suppress(OSError):
            while octets := self._udp.recv(200):
                self.met.append(f"a datagram of {len(octets)} bytes")

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


WAYS_OUT = (Path(__file__).parent / "ways_out.html").read_text("utf-8")


@pytest.fixture
def hostile_archive(listener: Listener, tmp_path: Path) -> tuple[Path, str]:
    """A blog with a post that tries to get out, and the post's address."""
    path = "/stories/2010/09/10/escape"
    with serving() as site:
        site.serve("/", front(path))
        site.serve(path, post(path, "Escape") + WAYS_OUT.replace("%PORT%", str(listener.port)))
        ended = Typed(tmp_path).crawl(site.url)
        assert ended.returncode == 0, ended.stderr
        return tmp_path / "output" / "dipnote", site.url + path[1:]


def test_a_page_that_tries_every_way_out_reaches_nobody(
    hostile_archive: tuple[Path, str], listener: Listener, shown: Callable[[Path], Shown]
) -> None:
    archive, url = hostile_archive
    before = len(listener.met)
    window = shown(archive)
    said: list[str] = []
    window.page.on("console", lambda message: said.append(message.text))
    window.go_to(url)
    for _ in range(200):
        if tried := [int(text.removeprefix("ways out: ")) for text in said if text.startswith("ways out: ")]:
            break
        window.page.wait_for_timeout(200)
    else:
        pytest.fail(f"the page did not try anything: {said}")
    assert max(tried) >= 30
    # The last of them is tried a second and a half later.
    window.page.wait_for_timeout(5000)
    assert listener.met[before:] == []
    assert window.page.url.startswith(window.frame)
    assert len(window.page.context.pages) == 1
    window.keep_screenshot("escape")


def test_the_listener_would_have_noticed(listener: Listener) -> None:
    with socket.create_connection(("127.0.0.1", listener.port)) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\n\r\n")
        connection.recv(1)
    assert listener.met == ["GET /x HTTP/1.1"]
