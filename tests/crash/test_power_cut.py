"""A cut of the power loses nothing of what was committed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

from tests.crash import oracle
from tests.crash.crawls import Collection
from tests.crash.figures import FIGURES
from tests.crash.mounts import Disk

if TYPE_CHECKING:
    from pathlib import Path

SEED = os.environ.get("CRASH_SEED", "1")
CUTS = 20 if "CRASH_KILLS" in os.environ else 3
CUTS_OF_A_COLLECTION = 4


def acknowledged(root: Path, aside: Path) -> tuple[set[bytes], dict[str, int]]:
    """What the journal says is done, by key, and how long the files of its open runs are."""
    aside.mkdir()
    for path in root.glob("journal.sqlite*"):
        shutil.copy(path, aside)
    with closing(sqlite3.connect(aside / "journal.sqlite")) as journal:
        done = {key for (key,) in journal.execute("SELECT key FROM requests WHERE state = 'done'")}
        lengths = journal.execute("SELECT run || '/' || name, length FROM files").fetchall()
    return done, dict(lengths)


def cut(disk: Disk, collection: Collection, moment: float, pause: float, aside: Path) -> bool:
    """Crawl on the disk and cut its power; whether it died of that, with nothing lost."""
    site = collection.site
    with disk.on():
        crawl = collection.start()
        wanted = moment * site.manifest.pages.total()
        runs_on = crawl.wait_until(lambda: collection.hits.total() >= wanted)
        if runs_on:
            time.sleep(pause)
        before: tuple[set[bytes], dict[str, int]] = (set(), {})
        if (collection.root / "journal.sqlite").exists() and runs_on:
            # The copy is older than the cut: what it holds was acknowledged before.
            before = acknowledged(collection.root, aside / "before")
        finished = oracle.is_finished(collection.root)
        disk.cut()
        ended = crawl.kill()
    collection.story.append(
        f"power cut after {collection.hits.total()} requests: {ended.code}, {ended.sentence}"
    )
    with disk.on():
        if finished:
            return False
        if before[0]:
            done, _ = acknowledged(collection.root, aside / "after")
            assert before[0] <= done, "\n".join(collection.story)
        for name, length in before[1].items():
            path = collection.root / name
            there = path if path.exists() else path.with_name(f"{path.name}.open")
            assert there.stat().st_size >= length, "\n".join([name, *collection.story])
    return True


def test_a_cut_of_the_power_loses_nothing_that_was_committed(small_blog, undisturbed, each, hold):
    undisturbed(small_blog)

    def check(number, folder):
        chance = Random(f"{SEED} power {number}")
        disk = Disk(folder)
        collection = Collection(disk.folder, small_blog, story=[f"CRASH_SEED={SEED}"])
        wanted = min(CUTS_OF_A_COLLECTION, CUTS - number * CUTS_OF_A_COLLECTION)
        deaths = 0
        for at, moment in enumerate(sorted(chance.uniform(0.1, 0.9) for _ in range(wanted))):
            (folder / str(at)).mkdir()
            deaths += cut(disk, collection, moment, chance.uniform(0, 0.05), folder / str(at))
        FIGURES.died("crawls whose power was cut", deaths)
        with disk.on():
            hold(collection, deaths)

    each(check, -(-CUTS // CUTS_OF_A_COLLECTION))
