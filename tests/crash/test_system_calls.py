"""A crawl that is killed in the middle of what SQLite does goes on as if nothing had happened.

The seams of ``tests.crash.killing`` see no call that SQLite makes by itself;
``strace`` does.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from random import Random

import pytest

from tests.crash.crawls import LONGEST, ROOT, Collection
from tests.crash.figures import FIGURES
from tests.crash.mounts import attempt

SEED = os.environ.get("CRASH_SEED", "1")
KILLS = 40 if "CRASH_KILLS" in os.environ else 2

CALLS = ("pwrite64", "fdatasync", "ftruncate", "unlink", "rename")
"""SQLite's writes and syncs, the cutting and removing of its log, and what we do around them."""

_CALL = re.compile(r"\d+ +(\w+)\(")


def traced(collection: Collection, *words: str) -> int:
    """Crawl under strace; gives the exit code."""
    strace = ["strace", "-f", "-qq", "-e", f"trace={','.join(CALLS)}", *words]
    process = subprocess.run(
        [*strace, sys.executable, "-m", "scrapy", *collection.words],
        cwd=collection.folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "crawler.settings"},
        capture_output=True,
        timeout=LONGEST,
        check=False,
    )
    return process.returncode


@pytest.fixture(scope="module")
def calls(small_blog, tmp_path_factory) -> Counter[str]:
    """How often a crawl makes each call, in the thread that makes it most."""
    attempt("strace", "-f", "-qq", "-o", os.devnull, "true")
    collection = Collection(tmp_path_factory.mktemp("calls"), small_blog)
    told = collection.folder / "calls"
    assert traced(collection, "-o", str(told)) == 0
    of_threads = Counter(
        line.partition("(")[0] for line in told.read_text().splitlines() if _CALL.match(line)
    )
    counted = Counter[str]()
    for thread, times in of_threads.items():
        call = thread.split()[-1]
        counted[call] = max(counted[call], times)
    return counted


def test_a_crawl_killed_at_a_system_call_loses_and_doubles_nothing(
    small_blog, calls, undisturbed, each, hold
):
    undisturbed(small_blog)
    known = sorted(calls)
    assert {"pwrite64", "fdatasync"} <= set(known)

    def check(number, folder):
        chance = Random(f"{SEED} call {number}")
        call = known[number % len(known)]
        at = chance.randint(1, max(1, calls[call] * 3 // 4))
        collection = Collection(
            folder, small_blog, story=[f"CRASH_SEED={SEED}, killed at {call} number {at}"]
        )
        code = traced(collection, "-o", os.devnull, "-e", f"inject={call}:signal=SIGKILL:when={at}")
        assert code == -signal.SIGKILL, f"{collection.story}: exit code {code}"
        FIGURES.died("crawls killed at a system call")
        hold(collection, deaths=1)

    each(check, KILLS)
