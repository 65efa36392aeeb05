"""The sites that are crawled, what an undisturbed crawl of them states, and the figures at the end."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.crash import oracle
from tests.crash.crawls import Collection
from tests.crash.figures import FIGURES
from tests.crash.site import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.crash.site import CrashSite

ONLY = os.environ.get("CRASH_ONLY")
"""The number of the one case to try, of those that a test tries at once."""

TOLD = 10
"""At most so many faults of a collection are told."""


@pytest.fixture(scope="session")
def blog() -> Iterator[CrashSite]:
    """Three hundred posts."""
    with serving(300) as site:
        yield site


@pytest.fixture(scope="session")
def small_blog() -> Iterator[CrashSite]:
    """Twenty posts, so that one crawl takes half a second."""
    with serving(20) as site:
        yield site


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[CrashSite], Collection]:
    """Gives a collection of a site that nothing happened to."""
    made: dict[str, Collection] = {}
    lock = threading.Lock()

    def crawled(site: CrashSite) -> Collection:
        with lock:
            if site.url not in made:
                collection = Collection(tmp_path_factory.mktemp("undisturbed"), site)
                ended = collection.crawl()
                assert ended.code == 0, ended.err
                assert not oracle.faults(collection, deaths=0)
                made[site.url] = collection
            return made[site.url]

    return crawled


@pytest.fixture
def hold(undisturbed: Callable[[CrashSite], Collection]) -> Callable[..., None]:
    """Crawls a collection to its end, and says whether it is as if nothing had happened."""

    def examine(collection: Collection, deaths: int) -> None:
        stated = oracle.contents(undisturbed(collection.site).root)
        # A crawl that dies when its run is closed has nothing left to do; the next would be a new one.
        if not oracle.is_finished(collection.root):
            ended = collection.crawl()
            assert ended.code == 0, "\n".join([*collection.story, ended.err])
        found = oracle.faults(collection, deaths=deaths, stated=stated)
        FIGURES.examined(deaths, collection.beyond_need.total(), faulty=bool(found))
        told = [*found[:TOLD], f"{len(found)} faults"]
        assert not found, "\n".join([*told, *collection.story])

    return examine


@pytest.fixture
def each(tmp_path: Path) -> Callable[[Callable[[int, Path], None], int], None]:
    """Tries so many cases, several at once, each by its number in a folder of its own."""

    def case(check: Callable[[int, Path], None], number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        check(number, folder)
        shutil.rmtree(folder)

    def run(check: Callable[[int, Path], None], cases: int) -> None:
        numbers = [int(ONLY)] if ONLY else range(cases)
        # Much of the time is spent waiting: for the next second, which names the next run, and for the disk.
        with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
            tried = {number: pool.submit(case, check, number) for number in numbers}
        failed = {number: error for number, one in tried.items() if (error := one.exception())}
        for error in failed.values():
            if not isinstance(error, AssertionError):
                raise error
        told = [f"--- CRASH_ONLY={number}: {error}" for number, error in failed.items()]
        assert not failed, f"{len(failed)} of {len(tried)} cases failed\n" + "\n".join(told)

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many crawls ended early, and what that cost."""
    if told := FIGURES.lines():
        terminalreporter.section("crawls that ended early")
        for line in told:
            terminalreporter.write_line(line)
