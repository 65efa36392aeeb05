# ruff: noqa: E402 - run as a script, it must find the checkout first
"""Memory and speed of handing a large collection over, as a WACZ, as one run of it, and as a bag.

``python benchmarks/package_memory.py FOLDER [--gigabytes 5]`` makes a collection of
two runs in ``FOLDER/large``, if it is not there: posts of 50,000 bytes that do
not compress, each with its row, and a second run that finds a fifth of them
unchanged. It can serve other measurements, too. Then it packages it, and says
for each package how long it took, at what rate, and how much memory the
process had at most. What was packaged is removed again.
"""

from __future__ import annotations

import argparse
import os
import random
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

from tests.collection.made import FRONT, ROBOTS, Made, Page, post

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = "20261123T000000Z", "20261124T000000Z"
BODY = 50_000
"""Bytes of a page."""
LIMIT = 200 * 2**20
"""Bytes of memory that no package may need."""


def make(folder: Path, gigabytes: float) -> Path:
    """A collection of about so many gigabytes; the one that is there, if it was made to its end."""
    path = folder / "large"
    if (path / SECOND / "run.json").exists():
        return path
    shutil.rmtree(path, ignore_errors=True)
    made = Made(path)
    count = int(gigabytes * 1e9 / BODY)
    noise = random.Random(0).randbytes(8 * 2**20)

    def pages(*, unchanged: bool) -> Iterator[Page]:
        yield ROBOTS
        yield FRONT
        for number in range(0, count, 5 if unchanged else 1):
            page = post(f"/{number % 97}/post-{number}", f"Post {number}", f"Words of post {number}. " * 100)
            begin = number * 61 % (len(noise) - BODY)
            page.body += f"{number}:".encode() + noise[begin : begin + BODY]
            if unchanged:
                page.rows.clear()
                page.revisit_of = made.locations[FIRST, page.path]
            yield page

    made.run_of(FIRST, pages(unchanged=False))
    made.run_of(SECOND, pages(unchanged=True))
    return path


def measure(*words: str) -> tuple[float, int]:
    """Seconds that ``scrapy WORDS`` takes, and bytes of memory that it had at most."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
    begin = time.perf_counter()
    process = os.posix_spawn(sys.executable, [sys.executable, "-m", "scrapy", *words], environment)
    _, status, usage = os.wait4(process, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"scrapy {' '.join(words)}: ended with {code}, expected 0")
    return time.perf_counter() - begin, usage.ru_maxrss * 1024


def main() -> None:
    """Make, package, tell; ends with 1 where a package needed more than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gigabytes", type=float, default=5)
    asked = parser.parse_args()
    # In a process of its own: the memory of this one is counted to those that it starts.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        collection = pool.submit(make, asked.folder, asked.gigabytes).result()
    wacz, bag = asked.folder / "measured.wacz", asked.folder / "measured-bag"
    most = 0
    for words in (["-o", str(wacz)], ["--run", SECOND, "-o", str(wacz)], ["--bag", str(bag)]):
        seconds, memory = measure("package", str(collection), *words)
        most = max(most, memory)
        made = Path(words[-1])
        size = sum(path.stat().st_size for path in (made, *made.rglob("*")) if path.is_file())
        told = f"{words[0]}: {size / 1e9:.2f} GB, {seconds:.1f} s, {size / 1e6 / seconds:.0f} MB/s"
        sys.stdout.write(f"{told}, {memory / 2**20:.0f} MiB of memory\n")
        wacz.unlink(missing_ok=True)
        shutil.rmtree(bag, ignore_errors=True)
    sys.exit(int(most > LIMIT))


if __name__ == "__main__":
    main()
