"""What capture costs: pages a second and peak memory of a crawl with it, against plain Scrapy without.

``python benchmarks/capture_overhead.py [--pages 2000] [--rounds 5]`` serves a site on
127.0.0.1 from one process and crawls it from another, in turn without and with
``CaptureAddon``, so that both meet the machine in the same state. Ratios are of
the two crawls of one round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from multiprocessing.connection import Connection

    from scrapy.http import Response

ROOT = Path(__file__).parents[1]
DISTINCT_PAGES = 100


def page(number: int, comments: int = 60) -> bytes:
    """One page of 30 KB: a post with comments, as compressible as those of real blogs (5:1)."""
    chance = random.Random(number)
    # Short words are common, long ones rare, as in prose.
    words = ["".join(chance.choices("etaoinshrdlu", k=1 + rank % 9)) for rank in range(1500)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    blocks = []
    for comment in range(comments):
        prose = " ".join(chance.choices(words, weights, k=50))
        blocks.append(
            f'<div class="comment comment-by-anonymous clearfix" id="comment-{number}{comment}">\n'
            f'  <div class="submitted"><span class="username">Ron in New York</span> writes:</div>\n'
            f'  <div class="field field-name-comment-body"><p>{prose}</p></div>\n'
            f'  <ul class="links inline"><li><a href="/reply/{number}/{comment}">reply</a></li></ul>\n'
            "</div>"
        )
    body = "\n".join(blocks)
    return f"<html><head><title>Page {number}</title></head><body>{body}</body></html>".encode()


def serve(ready: Connection) -> None:
    """Answer every request at once, over connections that stay open; tells its port through ``ready``."""
    answers = []
    for number in range(DISTINCT_PAGES):
        body = page(number)
        fields = b"Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n" % len(body)
        answers.append(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + body)

    class Pages(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.Transport", transport)

        def data_received(self, data: bytes) -> None:
            number = data[5 : data.index(b" ", 5)]
            self.transport.write(answers[int(number) % DISTINCT_PAGES])

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Pages, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def crawl(port: int, pages: int, capture: str) -> None:
    """Crawl in this process, with capture into the folder ``capture`` (none: without); print the figures."""
    from scrapy import Request, Spider  # noqa: PLC0415
    from scrapy.crawler import AsyncCrawlerProcess  # noqa: PLC0415

    class Bench(Spider):
        name = "bench"

        async def start(self) -> AsyncIterator[Request]:
            for number in range(pages):
                yield Request(f"http://127.0.0.1:{port}/{number}")

        def parse(self, response: Response) -> None:
            if not response.css("title::text").get():
                raise ValueError(f"{response.url}: no title")

    settings: dict[str, Any] = {
        "LOG_LEVEL": "WARNING",
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "COOKIES_ENABLED": False,
    }
    if capture:
        settings |= {"ADDONS": {"crawler.wire.addon.CaptureAddon": 500}, "WARC_FOLDER": capture}
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Bench)
    process.crawl(crawler)
    process.start()
    stats = crawler.stats.get_stats()
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    figures = {
        "pages": stats["response_received_count"],
        "seconds": stats["elapsed_time_seconds"],
        "cpu": sum(os.times()[:2]),
        "peak_mib": peak / 1024,
    }
    print(json.dumps(figures))


def measure(port: int, pages: int, *, captured: bool) -> dict[str, float]:
    """The figures of one crawl in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--crawl", str(port), "--pages", str(pages), "--into", folder if captured else ""]
        done = subprocess.run(
            [sys.executable, __file__, *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if figures["pages"] != pages:
        raise RuntimeError(f"{figures['pages']} pages arrived, expected {pages}")
    return figures


def compare(pages: int, rounds: int) -> None:
    """Crawl in turn, print a line a round and the medians."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    compressor = "isal" if find_spec("isal") else "zlib"
    print(f"{pages} pages of {len(page(0)) // 1000} KB, {rounds} rounds, {compressor}")
    print("round  plain/s  captured/s  ratio  cpu ratio  plain MiB  captured MiB  more")
    rows = []
    for number in range(1, rounds + 1):
        # Who goes first changes, in case the machine gets busier or idler meanwhile.
        order = (False, True) if number % 2 else (True, False)
        figures = {captured: measure(port, pages, captured=captured) for captured in order}
        plain, captured = figures[False], figures[True]
        speeds = pages / plain["seconds"], pages / captured["seconds"]
        memory = plain["peak_mib"], captured["peak_mib"]
        cpu = captured["cpu"] / plain["cpu"]
        rows.append((*speeds, speeds[1] / speeds[0], cpu, *memory, memory[1] - memory[0]))
        print(f"{number:>5}  {_columns(rows[-1])}")
    print(f"median {_columns(tuple(map(statistics.median, zip(*rows, strict=True))))}")
    server.terminate()


def _columns(row: tuple[float, ...]) -> str:
    return "{:7.0f}  {:10.0f}  {:5.2f}  {:9.2f}  {:9.1f}  {:12.1f}  {:4.1f}".format(*row)


def main() -> None:
    """Compare, or be one of the crawls that are compared."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--crawl", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--into", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.crawl:
        crawl(arguments.crawl, arguments.pages, arguments.into)
    else:
        compare(arguments.pages, arguments.rounds)


if __name__ == "__main__":
    main()
