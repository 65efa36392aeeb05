"""A browser, and archives that are shown to it."""

from __future__ import annotations

import json
import shutil
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Frame, Page, sync_playwright

from crawler.replay.environment import NotInstalled, pywb_environment
from crawler.replay.replayweb import NoAssets, assets_in
from tests.conftest import ROOT, optional
from tests.recording import crawl_recording
from tests.small_site import Typed

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crawler.demo import DemoBlog

CHROMIUM = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

SCREENSHOTS = ROOT / "build" / "screenshots"

ENGINES = ("pywb", "replayweb")

PATIENCE = 40.0
"""Seconds for a page to be shown, on a machine with other work."""


@dataclass
class Shown:
    """An archive that is being replayed, and a window of the browser that looks at it."""

    engine: str
    frame: str
    """Origin of the window."""
    page: Page
    asked: list[str]
    """All that the browser has asked for."""

    def go_to(self, url: str, timestamp: str = "") -> None:
        """Open an archived page as ``replay`` tells its address."""
        if self.engine == "replayweb":
            path = f"/?url={url}&ts={timestamp}"
        else:
            path = f"/archive/{timestamp}{'/' * bool(timestamp)}{url}"
        self.page.goto(f"{self.frame}{path}")

    def open(self, url: str, timestamp: str = "") -> Frame:
        """Open an archived page; gives the frame that it is in."""
        self.go_to(url, timestamp)
        return self.archived(url)

    def archived(self, url: str) -> Frame:
        """The frame with an archived page, once it is there and loaded."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for frame in self.page.frames:
                if "mp_/" in frame.url and frame.url.partition("mp_/")[2] == url:
                    frame.wait_for_load_state("load")
                    return frame
            self.page.wait_for_timeout(100)
        shown = [frame.url for frame in self.page.frames]
        raise AssertionError(f"{url} is not shown, but {shown}")

    def keep_screenshot(self, name: str) -> None:
        """Keep what is seen, to be looked at by people."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}-{self.engine}.png")

    @property
    def elsewhere(self) -> set[str]:
        """What was asked of anything but the two origins of the replay."""
        own = ("data:", "blob:", "about:", self.frame, self.content)
        return {url for url in self.asked if not url.startswith(own)}

    @property
    def content(self) -> str:
        """Origin of what is archived: of the frame in the window."""
        return "/".join(self.page.frames[1].url.split("/")[:3])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    program = shutil.which("chromium")
    optional(program, "chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def assets() -> Path:
    """The files of ReplayWeb.page."""
    try:
        return assets_in(next(iter(sorted((ROOT / ".venvs").glob("replaywebpage-*"))), ROOT))
    except NoAssets:
        optional(None, "ReplayWeb.page is not there: make replayweb")
        raise


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The program that shows the archive."""
    name: str = request.param
    if name == "replayweb":
        request.getfixturevalue("assets")
    else:
        try:
            pywb_environment(print)
        except NotInstalled as error:
            optional(None, str(error))
    return name


@pytest.fixture
def shown(engine: str, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[[Path], Shown]]:
    """``shown(path)``: a collection or WACZ file in a window, until the test ends."""
    with contextmanager(_shown)(engine, browser, request) as show:
        yield show


def _shown(
    engine: str, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[[Path], Shown]]:
    running: list[subprocess.Popen[str]] = []
    context = browser.new_context()

    def show(path: Path) -> Shown:
        words = ["replay", str(path), "--port", "0", "--engine", engine]
        if engine == "replayweb":
            words += ["--assets", str(request.getfixturevalue("assets"))]
        process = Typed(path.parent).start(*words)
        running.append(process)
        assert process.stdout is not None
        told = process.stdout.readline()
        assert " is shown at " in told, process.communicate()
        frame = "/".join(told.split(" is shown at ")[1].strip().split("/")[:3])
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: asked.append(socket.url)))
        return Shown(engine=engine, frame=frame, page=context.new_page(), asked=asked)

    try:
        yield show
    finally:
        context.close()
        for process in running:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


@pytest.fixture(scope="session")
def demo_archive(demo_blog: DemoBlog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo blog, crawled twice: in the second run nothing has changed."""
    scrapy = Typed(tmp_path_factory.mktemp("demo"))
    for _ in range(2):
        ended = scrapy.crawl(demo_blog.url)
        assert ended.returncode == 0, ended.stderr
    return scrapy.folder / "output" / "dipnote"


@pytest.fixture(scope="session")
def drupal_archive(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a real Drupal site, crawled as if it were live."""
    scrapy = Typed(tmp_path_factory.mktemp("drupal"))
    crawl_recording(shared, scrapy, scrapy.folder / "hits.jsonl")
    return scrapy.folder / "output" / "dipnote"


def rows(archive: Path, name: str) -> list[dict[str, object]]:
    """The lines of a kind of all runs."""
    found = []
    for path in sorted(archive.glob(f"*/{name}.jsonl")):
        found += [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    return found
