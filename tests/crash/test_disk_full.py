"""A disk that is full, broken or read-only ends a crawl with exit code 3; with room it goes on."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.crash import oracle
from tests.crash.crawls import Collection
from tests.crash.figures import FIGURES
from tests.crash.killing import Seam
from tests.crash.mounts import Disk, enlarge, read_only, small_disk
from tests.small_site import lines

if TYPE_CHECKING:
    from tests.crash.crawls import Ended

NO_FLOOR = ("MIN_FREE_BYTES=0",)
LARGE = "CRASH_KILLS" in os.environ
SIZES = 64 if LARGE else 24
DISKS = 24 if LARGE else 6
STOPS_WITHIN = 5
"""Seconds in which a crawl stops whose disk fails, as it promises."""


def assert_told(ended: Ended, collection: Collection) -> None:
    """It ended as a crawl ends whose disk fails, and what looks whole is whole."""
    collection.story.append(f"exit code {ended.code}, {ended.sentence}")
    assert ended.code == 3, ended.err
    assert ended.sentence.startswith("scrapy crawl: "), ended.err
    assert "Traceback" not in ended.err, ended.err
    assert "Logging error" not in ended.err
    # All that it does otherwise takes half a second.
    assert ended.seconds < STOPS_WITHIN + 5
    assert not oracle.invalid(collection.root.glob("*/*.warc.gz")), "\n".join(collection.story)
    for run in oracle.runs(collection.root):
        rows = [
            ("row", row, run)
            for kind in oracle.ROWS
            for path in run.glob(f"{kind}.jsonl")
            for row in lines(path)
        ]
        assert not list(oracle.unproven(rows)), "\n".join(collection.story)


# --- Files that cannot grow ---


@pytest.fixture(scope="module")
def sizes(small_blog, undisturbed) -> list[int]:
    """Limits from nothing to the largest file: middles of records and of the journal's pages among them."""
    root = undisturbed(small_blog).root
    [warc] = root.glob("*/*.warc.gz")
    [posts] = root.glob("*/posts.jsonl")
    rows = lines(posts)
    middles = [row["warc_offset"] + row["warc_length"] // 2 for row in rows]
    # The last pages may come in another order, and then the file ends before them.
    largest = int(warc.stat().st_size * 0.95)
    journal = (root / "journal.sqlite").stat().st_size
    chosen = {0, 1, 100, 4096, 4096 + 24, journal // 2, journal // 2 + 2048}
    chosen |= {middle for middle in middles[:: max(1, len(middles) // 6)] if middle < largest}
    chosen = {size for size in chosen if size < largest}
    wanted = SIZES - len(chosen)
    chosen |= {largest * number // (wanted + 1) for number in range(1, wanted + 1)}
    return sorted(chosen)


def test_a_crawl_whose_files_cannot_grow_ends_and_goes_on_when_they_can(small_blog, sizes, each, hold):
    def check(number, folder):
        collection = Collection(folder, small_blog, NO_FLOOR)
        ended = collection.crawl(file_size=sizes[number])
        assert_told(ended, collection)
        FIGURES.died("crawls whose files could not grow")
        hold(collection, deaths=1)

    each(check, len(sizes))


# --- A full disk ---


def test_a_crawl_on_a_full_disk_ends_and_goes_on_when_there_is_room(small_blog, undisturbed, each, hold):
    root = undisturbed(small_blog).root
    whole = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())

    def check(number, folder):
        size = 4096 * (1 + whole * number // DISKS // 4096)
        with small_disk(folder / "disk", size) as disk:
            collection = Collection(disk, small_blog, NO_FLOOR, [f"a disk of {size} bytes"])
            assert_told(collection.crawl(), collection)
            FIGURES.died("crawls on a full disk")
            enlarge(disk)
            hold(collection, deaths=1)

    each(check, DISKS)


def test_a_disk_with_less_room_than_the_floor_is_left_alone(small_blog, tmp_path):
    floor = 2**60
    collection = Collection(tmp_path, small_blog, (f"MIN_FREE_BYTES={floor}",))
    ended = collection.crawl()
    assert ended.code == 3, ended.err
    assert "Traceback" not in ended.err, ended.err
    figures = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]{6,}", ended.sentence)]
    assert floor in figures, ended.sentence
    assert len(figures) >= 2, ended.sentence
    assert not collection.hits


def test_a_disk_whose_room_falls_below_the_floor_ends_the_crawl(small_blog, tmp_path, hold):
    with small_disk(tmp_path / "disk", 4 * 2**20) as disk:
        collection = Collection(disk, small_blog, (f"MIN_FREE_BYTES={4 * 2**20 - 300_000}",))
        assert_told(collection.crawl(), collection)
        enlarge(disk)
        hold(collection, deaths=1)


# --- A disk that fails ---


OUTPUTS = [
    "write warc",
    "fdatasync warc",
    "write posts.jsonl",
    "fdatasync comments.jsonl",
    "write skipped.jsonl",
    "write crawl.log.jsonl",
    "commit journal",
    "change journal",
    "write run.json",
    "rename posts.jsonl",
    "rename warc",
]


ERRORS = [errno.ENOSPC, errno.EIO, errno.EROFS]

FAILURES = [
    (call, error)
    for number, call in enumerate(OUTPUTS)
    for error in (ERRORS if LARGE else [ERRORS[number % len(ERRORS)]])
]


def test_an_error_of_any_output_ends_the_crawl_and_it_goes_on(small_blog, each, hold):
    def check(number, folder):
        call, error = FAILURES[number]
        collection = Collection(folder, small_blog, NO_FLOOR)
        ended = collection.crawl(seam=Seam(collection.root.parent, f"before {call}", error=error))
        assert_told(ended, collection)
        FIGURES.died("crawls of which an output failed")
        hold(collection, deaths=1)

    each(check, len(FAILURES))


@pytest.mark.parametrize("requests", [10, 30, 50])
def test_a_disk_that_breaks_while_a_crawl_runs_ends_it_and_it_goes_on(small_blog, tmp_path, hold, requests):
    disk = Disk(tmp_path)
    collection = Collection(disk.folder, small_blog, NO_FLOOR)
    with disk.on():
        crawl = collection.start()
        crawl.wait_until(lambda: collection.hits.total() >= requests)
        disk.cut()
        ended = crawl.end(within=STOPS_WITHIN + 5)
    with disk.on():
        assert_told(ended, collection)
        FIGURES.died("crawls whose disk broke")
        hold(collection, deaths=1)


@pytest.mark.parametrize("which", ["output", "dipnote"])
def test_a_folder_that_is_read_only_is_told_in_one_sentence(small_blog, tmp_path, hold, which):
    collection = Collection(tmp_path, small_blog, NO_FLOOR)
    collection.root.mkdir(parents=True)
    folder = collection.root if which == "dipnote" else collection.root.parent
    with read_only(folder):
        assert_told(collection.crawl(), collection)
    assert not collection.hits
    hold(collection, deaths=0)


def test_a_collection_that_became_read_only_is_taken_up_when_it_is_writable(small_blog, tmp_path, hold):
    collection = Collection(tmp_path, small_blog, NO_FLOOR)
    crawl = collection.start()
    crawl.wait_until(lambda: collection.hits.total() >= 30)
    crawl.kill()
    with read_only(collection.root):
        ended = collection.crawl()
        assert ended.code == 3, ended.err
        assert "Traceback" not in ended.err, ended.err
    hold(collection, deaths=1)
