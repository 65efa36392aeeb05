# ruff: noqa: E402 - run as a script, it must find the checkout first
"""Speed of ``scrapy verify`` against the checks of warcio and FastWARC, and its memory for what is large.

``python benchmarks/verify_speed.py FOLDER [--gigabytes 5] [--megabytes 1500] [--rounds 3]`` makes a WARC
file of so many megabytes, uncompressed, of pages as compressible as those of real blogs, and has each tool
check it in turn: ratios are of the best times of one run. Then it verifies a collection of so many
gigabytes, which ``package_memory.py`` makes in ``FOLDER/large`` if it is not there; 0 for none. The others
check less: block and payload digests alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.capture_overhead import DISTINCT_PAGES, page
from benchmarks.package_memory import FIRST, LIMIT, make
from tests.collection.made import FRONT, ROBOTS, Made, post

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.collection.made import Page

LEAST = 0.8
"""Of warcio's speed."""


def make_warc(folder: Path, megabytes: int) -> Path:
    """A WARC file of so many megabytes before compression, by this software."""
    path = folder / "speed"
    shutil.rmtree(path, ignore_errors=True)
    bodies = [page(number) for number in range(DISTINCT_PAGES)]
    count = megabytes * 1_000_000 // len(bodies[0])

    def pages() -> Iterator[Page]:
        yield ROBOTS
        yield FRONT
        for number in range(count):
            made = post(f"/{number % 97}/post-{number}", f"Post {number}", "Words.")
            made.body += b"<!-- %d -->" % number + bodies[number % DISTINCT_PAGES]
            yield made

    Made(path).run_of(FIRST, pages())
    [warc] = (path / FIRST).glob("*.warc.gz")
    return warc


def measure(*words: str, code: int = 0) -> tuple[float, int]:
    """Seconds that a command takes which ends with a code, and bytes of memory that it had at most."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
    nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    begin = time.perf_counter()
    process = os.posix_spawn(sys.executable, [sys.executable, *words], environment, file_actions=[nowhere])
    _, status, usage = os.wait4(process, 0)
    if (ended := os.waitstatus_to_exitcode(status)) != code:
        raise SystemExit(f"{' '.join(words)}: ended with {ended}, expected {code}")
    return time.perf_counter() - begin, usage.ru_maxrss * 1024


def compare(warc: Path, rounds: int) -> float:
    """Tell the speeds; gives ours as a share of warcio's."""
    fastwarc = str(Path(sys.executable).with_name("fastwarc"))
    commands = {
        "scrapy verify": ("-m", "scrapy", "verify", str(warc)),
        "warcio check": ("-m", "warcio.cli", "check", str(warc)),
        "fastwarc check": (fastwarc, "check", "--quiet", "--verify-payloads", str(warc)),
    }
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(rounds):
        for name, words in commands.items():
            best[name] = min(best[name], measure(*words)[0])
    size = warc.stat().st_size / 1e6
    for name, seconds in best.items():
        sys.stdout.write(f"{name}: {seconds:.1f} s, {size / seconds:.0f} MB/s of gzip, ")
        sys.stdout.write(f"{best['warcio check'] / seconds:.2f} of warcio's speed\n")
    return best["warcio check"] / best["scrapy verify"]


def main() -> None:
    """Compare, and measure memory; ends with 1 where verify is slower than LEAST or needs more than LIMIT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gigabytes", type=float, default=5)
    parser.add_argument("--megabytes", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    # In a process of its own: the memory of this one is counted to those that it starts.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        warc = pool.submit(make_warc, asked.folder, asked.megabytes).result()
        share = compare(warc, asked.rounds)
        failed = share < LEAST
        if asked.gigabytes:
            large = pool.submit(make, asked.folder, asked.gigabytes).result()
            # It has no journal, and run.json says only what a package needs: that is told, and nothing else.
            seconds, memory = measure("-m", "scrapy", "verify", str(large), code=9)
            size = sum(path.stat().st_size for path in large.rglob("*.warc.gz"))
            told = f"a collection of {size / 1e9:.2f} GB: {seconds:.0f} s, {size / 1e6 / seconds:.0f} MB/s"
            sys.stdout.write(f"{told}, {memory / 2**20:.0f} MiB of memory\n")
            failed |= memory > LIMIT
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
