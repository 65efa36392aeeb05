"""A crawl that is told to stop stops cleanly, soon, and can be taken up again."""

from __future__ import annotations

import signal
import time
from random import Random

import pytest

from tests.crash import oracle
from tests.crash.crawls import Collection
from tests.crash.figures import FIGURES

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_ends_a_crawl_in_order_and_the_next_one_goes_on(small_blog, tmp_path, hold, number, seed):
    chance = Random(f"{number.name} {seed}")
    collection = Collection(tmp_path, small_blog)
    wanted = chance.uniform(1, 0.8 * small_blog.manifest.pages.total())
    crawl = collection.start()
    crawl.wait_until(lambda: collection.hits.total() >= wanted)
    crawl.signal(number)
    ended = crawl.end(within=30)
    collection.story.append(f"{number.name} after {wanted:.0f} requests: {ended.code}, {ended.sentence}")
    assert ended.code == 5, ended.err
    assert "Traceback" not in ended.err, ended.err
    assert not list(oracle.leftovers(collection.root))
    assert not oracle.invalid(collection.root.glob("*/*.warc.gz"))
    [run] = oracle.runs(collection.root)
    assert oracle.manifest(run)["exit_code"] == 5
    FIGURES.died("crawls told to stop")
    hold(collection, deaths=1)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_second_signal_ends_a_crawl_at_once_and_is_as_safe_as_a_kill(
    small_blog, tmp_path, hold, number, seed
):
    chance = Random(f"{number.name} twice {seed}")
    collection = Collection(tmp_path, small_blog)
    wanted = chance.uniform(1, 0.8 * small_blog.manifest.pages.total())
    crawl = collection.start()
    crawl.wait_until(lambda: collection.hits.total() >= wanted)
    crawl.signal(number)
    time.sleep(chance.uniform(0, 0.03))
    crawl.signal(number)
    second = time.monotonic()
    ended = crawl.end(within=10)
    collection.story.append(f"{number.name} twice after {wanted:.0f} requests: {ended.sentence}")
    assert time.monotonic() - second < 2
    assert ended.code == 5, ended.err
    FIGURES.died("crawls told to stop, twice")
    hold(collection, deaths=1)
