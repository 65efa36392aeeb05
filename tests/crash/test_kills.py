"""A crawl that is killed, at whatever moment, goes on with the same command as if nothing had happened."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from tests.crash import oracle
from tests.crash.crawls import Collection, Ended
from tests.crash.figures import FIGURES
from tests.crash.killing import Seam
from tests.crash.site import key_of_path
from tests.small_site import Typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KILLS = int(os.environ.get("CRASH_KILLS", "50"))
"""How many crawls are killed in all, at least."""

SEED = os.environ.get("CRASH_SEED", "1")

AT_RANDOM = KILLS // 2
KILLS_OF_A_COLLECTION = 5
AT_STEPS = KILLS * 2 // 5
DURING_RECOVERY = KILLS * 4 // 25
"""So many recoveries, each of them killed twice at the same step."""

BEGUN = ("before commit journal", 10)
"""Where the crawl dies whose recovery is killed: lines and records lie behind what is committed."""

STEPS_OF_A_BEGINNING = 30
"""So many events belong to the beginning of a run whose folder is there."""


# --- At random moments ---


def killed_at(collection: Collection, moment: float, pause: float) -> Ended:
    """Kill a crawl when the site was asked for a share of all its pages, and a pause later."""
    wanted = moment * collection.site.manifest.pages.total()
    crawl = collection.start()
    if crawl.wait_until(lambda: collection.hits.total() >= wanted):
        time.sleep(pause)
    asked = collection.hits.total()
    ended = crawl.kill()
    collection.story.append(f"killed after {asked} requests: exit code {ended.code}, {ended.sentence}")
    return ended


def test_a_crawl_killed_at_random_moments_loses_and_doubles_nothing(blog, undisturbed, each, hold):
    undisturbed(blog)

    def check(number, folder):
        chance = Random(f"{SEED} random {number}")
        left = min(KILLS_OF_A_COLLECTION, AT_RANDOM - number * KILLS_OF_A_COLLECTION)
        while left:
            collection = Collection(folder / str(left), blog, story=[f"CRASH_SEED={SEED}"])
            collection.folder.mkdir()
            deaths = 0
            for moment in sorted(chance.random() for _ in range(left)):
                if killed_at(collection, moment, chance.uniform(0, 0.2)).code == -signal.SIGKILL:
                    deaths += 1
                if oracle.is_finished(collection.root):
                    break
            FIGURES.died("crawls killed at random moments", deaths)
            hold(collection, deaths)
            left -= deaths

    each(check, -(-AT_RANDOM // KILLS_OF_A_COLLECTION))


def test_the_command_as_it_is_typed_goes_on_where_it_was_killed(small_blog, tmp_path, hold):
    typed = Typed(tmp_path)
    collection = Collection(tmp_path, small_blog)
    process = typed.start(*collection.words)
    while collection.hits.total() < 30:
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.communicate(timeout=30)
    ended = typed(*collection.words)
    assert ended.returncode == 0, ended.stderr
    hold(collection, deaths=1)


def test_the_crawl_after_one_that_was_killed_is_a_new_one_and_states_nothing_again(
    small_blog, tmp_path, hold
):
    collection = Collection(tmp_path, small_blog)
    assert killed_at(collection, 0.5, 0).code == -signal.SIGKILL
    hold(collection, deaths=1)
    before = oracle.runs(collection.root)
    again = Collection(tmp_path, small_blog)
    assert killed_at(again, 0.5, 0).code == -signal.SIGKILL
    assert again.crawl().code == 0
    later = oracle.runs(collection.root)[len(before) :]
    assert len(later) == 2
    assert not any((run / f"{kind}.jsonl").read_bytes() for run in later for kind in oracle.ROWS)
    assert {key_of_path(path) for path in again.hits} == set(small_blog.manifest.pages)


# --- At every commit step ---


def events(collection: Collection) -> list[str]:
    """Crawl, and tell each event in its order."""
    path = collection.folder / "events"
    ended = collection.crawl(seam=Seam(collection.root.parent, journal=path))
    assert ended.code == 0, ended.err
    return path.read_text("utf-8").splitlines()


def drawn(counted: Counter[str], times: int, chance: Random) -> Iterator[tuple[str, int]]:
    """So many moments: of each kind of call, before, amid and after it, as many as of any other."""
    names = sorted(counted)
    chance.shuffle(names)
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(name.rpartition(" ")[0], []).append(name)
    order = sorted(kinds)
    chance.shuffle(order)
    for number in range(times):
        of_a_kind = kinds[order[number % len(order)]]
        name = of_a_kind[number // len(order) % len(of_a_kind)]
        yield name, chance.randint(1, counted[name])


def test_a_crawl_killed_at_a_step_of_its_commit_loses_and_doubles_nothing(small_blog, tmp_path, each, hold):
    (tmp_path / "events").mkdir()
    told = Counter(events(Collection(tmp_path / "events", small_blog)))
    # Pages come into commits in other groups each time: what happens late may not happen again.
    counted = Counter({name: max(1, times * 3 // 4) for name, times in told.items()})
    steps = list(drawn(counted, AT_STEPS, Random(f"{SEED} steps")))

    def check(number, folder):
        collection = Collection(folder, small_blog, story=[f"CRASH_SEED={SEED}"])
        seam = Seam(collection.root.parent, *steps[number])
        ended = collection.crawl(seam=seam)
        assert ended.code == -signal.SIGKILL, f"{seam}: did not happen, {ended.sentence}"
        FIGURES.died("crawls killed before, amid or after a step of a commit")
        hold(collection, deaths=1)

    each(check, AT_STEPS)


# --- While a collection recovers ---


def whole(path: Path) -> bytes:
    """A file with what was cut off it."""
    torn = path.with_name(f"{path.name}.torn")
    return b"".join(part.read_bytes() for part in (path, torn) if part.exists())


def test_a_recovery_that_is_killed_is_done_again_and_throws_nothing_away(small_blog, tmp_path, each, hold):
    (tmp_path / "died").mkdir()
    died = Collection(tmp_path / "died", small_blog)
    ended = died.crawl(seam=Seam(died.root.parent, *BEGUN))
    assert ended.code == -signal.SIGKILL, ended.err
    left = {
        path.relative_to(died.folder).with_suffix(""): path.read_bytes() for path in died.root.rglob("*.open")
    }
    shutil.copytree(died.folder, tmp_path / "events")
    told = events(Collection(tmp_path / "events", small_blog))
    # From the start of the process that recovers until its own run begins.
    recovery = told[: told.index("after mkdir run") + STEPS_OF_A_BEGINNING]
    assert any(name.endswith("warc torn") for name in recovery)
    steps = [(name, recovery[: at + 1].count(name)) for at, name in enumerate(recovery)]

    def check(number, folder):
        shutil.copytree(died.folder, folder, dirs_exist_ok=True)
        collection = Collection(folder, small_blog, story=[*died.story], earlier=died.hits)
        seam = Seam(collection.root.parent, *steps[number * len(steps) // DURING_RECOVERY])
        deaths = 1
        for _ in range(2):
            ended = collection.crawl(seam=seam)
            if ended.code == 0:
                # What was to be done is done, and is not done again.
                break
            assert ended.code == -signal.SIGKILL, "\n".join([*collection.story, ended.err])
            FIGURES.died("recoveries killed before, amid or after a step")
            deaths += 1
        hold(collection, deaths)
        for path, octets in left.items():
            assert whole(folder / path) == octets, "\n".join([str(path), *collection.story])

    each(check, DURING_RECOVERY)
