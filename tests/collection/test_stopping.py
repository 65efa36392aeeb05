"""Whatever the hosts do, a crawl that is told to stop does so at once, and keeps what came until then."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import socket
import ssl
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.small_site import Typed, lines, serving
from tests.wire.hostile_server import ThreadedServer, answer, read_request

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.small_site import Site

SPIDER = """
import json, scrapy

class Many(scrapy.Spider):
    name = "many"

    async def start(self):
        for url in json.loads(self.urls):
            yield scrapy.Request(url, dont_filter=True)

    def parse(self, response):
        pass
"""
HANGING_RESOLVER = """
import pathlib, socket, time

def hang(*arguments, **more):
    pathlib.Path("asked").touch()
    time.sleep(600)

socket.getaddrinfo = hang
"""
SETTINGS = (
    'EXTENSIONS={"crawler.collection.stopping.PromptStop": 900}',
    "AUTOTHROTTLE_ENABLED=False",
    "ROBOTSTXT_OBEY=False",
    "STOP_GRACE=0.5",
)
SOON = 15.0
"""Seconds; each of these crawls would go on for minutes, and a machine may be slow."""


class Crawl:
    """A crawl that is going on in a process of its own."""

    def __init__(self, scrapy: Typed, urls: list[str], *settings: str, spider: str = SPIDER, **more: Any):
        self._scrapy = scrapy
        (scrapy.folder / "many.py").write_text(spider)
        chosen = [word for setting in (*SETTINGS, *settings) for word in ("-s", setting)]
        self.process: subprocess.Popen[str] = scrapy.start(
            "runspider", "many.py", "-a", f"urls={json.dumps(urls)}", *chosen, **more
        )
        self.told = ""

    def signal(self, number: int = signal.SIGINT) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """The exit code, once the process has ended of itself."""
        _, self.told = self.process.communicate(timeout=SOON)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def run(self) -> Path:
        [folder] = self._scrapy.runs("many")
        return folder

    @property
    def log(self) -> str:
        return "".join(
            path.read_text() for path in self._scrapy.folder.glob("output/many/*/crawl.log.jsonl*")
        )

    @property
    def responses(self) -> list[tuple[str, str | None]]:
        """Target and WARC-Truncated of every answer that was kept."""
        kept = []
        for path in self.run.glob("*.warc.gz"):
            with path.open("rb") as file:
                for record in ArchiveIterator(file, no_record_parse=True):
                    if record.rec_type == "response":
                        fields = record.rec_headers
                        kept.append((fields["WARC-Target-URI"], fields["WARC-Truncated"]))
        return kept

    def is_closed(self) -> bool:
        """Whether the run was closed as one that was interrupted, and holds nothing against any host."""
        manifest = json.loads((self.run / "run.json").read_text())
        assert (manifest["exit_code"], manifest["verdict"]) == (5, "interrupted before the end")
        assert lines(self.run / "skipped.jsonl") == []
        assert "Traceback" not in self.told
        return not list(self.run.glob("*.open"))


@pytest.fixture
def crawl(tmp_path: Path) -> Iterator[Callable[..., Crawl]]:
    with ExitStack() as started:

        def start(*arguments: Any, **more: Any) -> Crawl:
            made = Crawl(Typed(tmp_path), *arguments, **more)
            started.callback(made.kill)
            return made

        yield start


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


@pytest.fixture
def server() -> Iterator[ThreadedServer]:
    with ThreadedServer() as made:
        yield made


def until(condition: Callable[[], object]) -> None:
    for _ in range(1500):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("it never came to that")


class Host:
    """A host that hangs once it is asked: says ``opening`` and then ``drop`` again and again."""

    def __init__(self, server: ThreadedServer, opening: bytes = b"", drop: bytes = b"") -> None:
        self.asked = threading.Event()
        self._opening, self._drop = opening, drop
        self.url = f"http://127.0.0.1:{server.listen(self._serve)}/"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(self._opening)
        self.asked.set()
        while True:
            await asyncio.sleep(0.05)
            writer.write(self._drop)
            await writer.drain()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("reactor", [True, False])
def test_requests_that_wait_for_a_delay_are_given_up(crawl, site, number, reactor):
    site.serve("/", "a page")
    going = crawl([site.url] * 16, "DOWNLOAD_DELAY=5", f"TWISTED_REACTOR_ENABLED={reactor}")
    until(lambda: "/" in site.paths)
    going.signal(number)
    assert going.end() == 5
    assert going.is_closed()
    assert len(site.paths) <= 2


def test_a_host_that_never_answers_is_cut(crawl, server):
    host = Host(server)
    going = crawl([host.url])
    assert host.asked.wait(SOON)
    going.signal()
    assert going.end() == 5
    assert going.is_closed()


def test_what_a_dripping_host_said_until_then_is_kept_and_marked(crawl, server):
    host = Host(server, answer(b"Content-Length: 1000000\r\n", body=b""), b"x")
    going = crawl([host.url])
    assert host.asked.wait(SOON)
    going.signal()
    assert going.end() == 5
    assert going.is_closed()
    assert going.responses == [(host.url, "unspecified")]


def test_an_answer_that_comes_within_the_grace_is_whole(crawl, site):
    site.serve("/", "a page")
    site.wait = 1.0
    going = crawl([site.url], "STOP_GRACE=60")
    until(lambda: site.paths)
    going.signal()
    assert going.end() == 5
    assert going.is_closed()
    assert going.responses == [(site.url, None)]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_never_takes_the_connection_is_cut(crawl, scheme):
    with socket.socket() as full, ExitStack() as clients:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # A secure one is taken, by the system, and then never speaks.
        for _ in range(3 if scheme == "http" else 0):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        going = crawl([f"{scheme}://127.0.0.1:{full.getsockname()[1]}/"])
        until(lambda: "Spider opened" in going.log)
        time.sleep(0.3)
        going.signal()
        assert going.end() == 5
        assert going.is_closed()


def test_a_resolver_that_hangs_keeps_no_process_from_ending(crawl, tmp_path):
    going = crawl(["http://blog.example/"], spider=HANGING_RESOLVER + SPIDER)
    until((tmp_path / "asked").exists)
    going.signal()
    assert going.end() == 5
    assert going.is_closed()


def test_no_page_is_asked_for_where_robots_txt_was_cut(crawl, server):
    """Scrapy goes on without robots.txt where it cannot be had."""
    host = Host(server)
    going = crawl([f"{host.url}{number}" for number in range(5)], "ROBOTSTXT_OBEY=True")
    assert host.asked.wait(SOON)
    going.signal()
    assert going.end() == 5
    assert going.is_closed()
    with ExitStack() as opened:
        files = [opened.enter_context(path.open("rb")) for path in going.run.glob("*.warc.gz")]
        records = [record for file in files for record in ArchiveIterator(file)]
        targets = {record.rec_headers["WARC-Target-URI"] for record in records[1:]}
    assert targets == {f"{host.url}robots.txt"}


def test_a_second_signal_does_not_wait_for_the_grace(crawl, server):
    host = Host(server)
    going = crawl([host.url], "STOP_GRACE=600")
    assert host.asked.wait(SOON)
    going.signal()
    until(lambda: "Stopping: " in going.log)
    going.signal()
    assert going.end() == 5


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))


def test_an_archive_that_cannot_be_written_leaves_no_grace(crawl, site, server):
    host = Host(server)
    site.serve("/", ssl.RAND_bytes(900_000))
    going = crawl([host.url, site.url], "STOP_GRACE=600", limit=small_files)
    assert going.end() == 3
    assert "could not be written" in going.told.splitlines()[-1]
