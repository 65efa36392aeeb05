from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import bagit
import pytest

from tests.collection.made import FRONT, ROBOTS, Made, Page, html, post
from tests.crash.mounts import small_disk

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = "20261123T154300Z", "20261124T154300Z"
BOTH = f"{FIRST}, {SECOND}"


@pytest.fixture
def made(scrapy) -> Made:
    """A collection of two runs, the second of which refers to the first."""
    collection = Made(scrapy.folder / "lamps")
    collection.run(
        FIRST, ROBOTS, FRONT, post("/one", "One"), about={"institution": "Lamp\nMuseum", "rights": "CC0"}
    )
    same = Page("/", FRONT.body, revisit_of=collection.locations[FIRST, "/"])
    collection.run(SECOND, ROBOTS, same, post("/two", "Two"))
    return collection


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_collection_becomes_one_file(scrapy, made):
    ended = scrapy("package", "lamps", "-o", "lamps.wacz")
    size = (scrapy.folder / "lamps.wacz").stat().st_size
    told = f"lamps.wacz: 2 runs, 3 pages, {size} bytes\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, told, "")
    assert zipfile.ZipFile(scrapy.folder / "lamps.wacz").testzip() is None
    assert names(scrapy.folder) == {"lamps", "lamps.wacz"}


def test_one_run_becomes_one_file_with_what_it_refers_to(scrapy, made):
    ended = scrapy("package", "lamps/", "--run", SECOND, "-o", "run.wacz")
    size = (scrapy.folder / "run.wacz").stat().st_size
    told = f"run.wacz: 1 run, 2 pages, {size} bytes; 1 record of other runs came along\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, told, "")


def test_a_file_that_is_there_is_replaced_only_when_it_is_asked_for(scrapy, made):
    path = scrapy.folder / "x.wacz"
    path.write_bytes(b"precious")
    assert scrapy("package", "lamps", "-o", "x.wacz").returncode == 2
    assert path.read_bytes() == b"precious"
    assert scrapy("package", "lamps", "-o", "x.wacz", "--force").returncode == 0
    assert zipfile.is_zipfile(path)


def test_a_file_that_is_to_be_replaced_stays_where_the_new_one_cannot_be_made(scrapy, made):
    path = scrapy.folder / "x.wacz"
    path.write_bytes(b"precious")
    (made.path / "index.cdxj").unlink()
    ended = scrapy("package", "lamps", "-o", "x.wacz", "--force")
    assert ended.returncode == 9
    assert ended.stderr.startswith("scrapy package: lamps/index.cdxj: cannot be read")
    assert path.read_bytes() == b"precious"
    assert names(scrapy.folder) == {"lamps", "x.wacz"}


WRONG = [
    ([], "no collection given: expected COLLECTION -o FILE.wacz [--run ID] [--force] | COLLECTION --bag FOL"),
    (["lamps"], "neither -o nor --bag given: expected COLLECTION -o"),
    (["lamps", "other", "-o", "x.wacz"], "other: expected COLLECTION -o"),
    (["lamps", "-o", "x.wacz", "--bag", "bag"], "both -o and --bag given: expected COLLECTION -o"),
    (["lamps", "--bag", "bag", "--run", FIRST], "--run with --bag: expected COLLECTION -o"),
    (["lamps", "--bag", "bag", "--force"], "--force with --bag: expected COLLECTION -o"),
    (["lamps", "-o", "x.zip"], "x.zip: expected a name that ends in .wacz"),
    (["lamps", "-o", "there.wacz"], "there.wacz: is there already, expected a new name, or --force"),
    (["lamps", "-o", "folder.wacz", "--force"], "folder.wacz: is a folder, expected a new name"),
    (["lamps", "-o", "missing/x.wacz"], "missing/x.wacz: missing is no folder, expected one that is there"),
    (["lamps", "--bag", "lamps"], "lamps: is there already, expected a new name"),
    (["lamps", "--bag", "missing/bag"], "missing/bag: missing is no folder, expected one that is there"),
    (["missing", "-o", "x.wacz"], "missing: is no folder, expected a collection"),
    (["there.wacz", "-o", "x.wacz"], "there.wacz: is no folder, expected a collection"),
    (["folder.wacz", "-o", "x.wacz"], "folder.wacz: holds no run, expected a collection"),
    (["folder.wacz", "--bag", "bag"], "folder.wacz: holds no run, expected a collection"),
    (["begun", "-o", "x.wacz"], f"begun: no run is closed yet, expected at least one ({FIRST} is open)"),
    (
        ["lamps", "-o", "x.wacz", "--run", "first"],
        f"lamps, run first: there is no such run, expected one of {BOTH}",
    ),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG)
def test_what_cannot_be_done_is_told_in_one_sentence(scrapy, made, words, sentence):
    (scrapy.folder / "folder.wacz").mkdir()
    (scrapy.folder / "there.wacz").write_bytes(b"precious")
    (scrapy.folder / "begun" / FIRST).mkdir(parents=True)
    before = names(scrapy.folder)
    ended = scrapy("package", *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    [told] = ended.stderr.splitlines()
    assert told.startswith(f"scrapy package: {sentence}")
    assert names(scrapy.folder) == before


def test_a_run_that_is_not_closed_is_named(scrapy, made):
    (made.path / "20261125T154300Z").mkdir()
    ended = scrapy("package", "lamps", "-o", "x.wacz")
    assert ended.returncode == 0
    assert ended.stderr == "scrapy package: run 20261125T154300Z is not closed, and left out\n"


def test_damage_is_told_and_gives_nothing(scrapy, made):
    path = made.path / FIRST / "posts.jsonl"
    path.write_bytes(path.read_bytes().replace(b"One", b"Eno"))
    for words in (["-o", "x.wacz"], ["--bag", "bag"]):
        ended = scrapy("package", "lamps", *words)
        assert (ended.returncode, ended.stdout) == (9, "")
        [told] = ended.stderr.splitlines()
        assert told.startswith(f"scrapy package: lamps/{FIRST}/posts.jsonl: its SHA-256 is ")
        assert names(scrapy.folder) == {"lamps"}


# --- Disks and signals ---


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


@pytest.mark.parametrize("words", [["-o", "x.wacz"], ["--bag", "bag"]])
def test_what_cannot_be_written_leaves_nothing(scrapy, made, words):
    ended = scrapy("package", "lamps", *words, limit=small_files)
    told = f"scrapy package: {words[1]}: cannot be written (File too large)\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", told)
    assert names(scrapy.folder) == {"lamps"}


@pytest.mark.parametrize("words", [["-o", "disk/x.wacz"], ["--bag", "disk/bag"]])
@pytest.mark.parametrize("room", ["0", "1"])
def test_a_disk_that_is_full_is_told_and_nothing_is_left_on_it(scrapy, made, words, room):
    big = Page("/big", html("Big", "x" * 10))
    big.body += bytes(range(256)) * 4096
    made.run("20261125T154300Z", big)
    with small_disk(scrapy.folder / "disk", 4096 * 4) as disk:
        ended = scrapy("package", "lamps", *words, "-s", f"MIN_FREE_BYTES={room}")
        assert (ended.returncode, ended.stdout) == (3, "")
        [told] = ended.stderr.splitlines()
        assert told.startswith(f"scrapy package: {words[1]}: cannot be written (")
        assert names(disk) == set()


def test_a_package_that_was_interrupted_leaves_nothing(scrapy, tmp_path):
    made = Made(scrapy.folder / "lamps")
    made.run(FIRST, *(post(f"/{number}", text="x" * 20_000) for number in range(600)))
    process = scrapy.start("package", "lamps", "-o", "x.wacz")
    while not (scrapy.folder / "x.wacz.open").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (5, "scrapy package: x.wacz: interrupted, nothing was written\n")
    assert names(scrapy.folder) == {"lamps"}


def test_what_a_killed_process_left_is_written_over(scrapy, made):
    (scrapy.folder / "x.wacz.open").write_bytes(b"half" * 100_000)
    (scrapy.folder / "bag.open").mkdir()
    (scrapy.folder / "bag.open" / "half").touch()
    assert scrapy("package", "lamps", "-o", "x.wacz").returncode == 0
    assert scrapy("package", "lamps", "--bag", "bag").returncode == 0
    assert names(scrapy.folder) == {"lamps", "x.wacz", "bag"}
    assert zipfile.ZipFile(scrapy.folder / "x.wacz").testzip() is None
    assert not (scrapy.folder / "bag" / "data" / "half").exists()


# --- Bags ---


def test_a_collection_becomes_a_bag_that_the_library_of_congress_finds_valid(scrapy, made):
    ended = scrapy("package", "lamps", "--bag", "bag")
    files = sorted(path.relative_to(made.path) for path in made.path.rglob("*") if path.is_file())
    size = sum((made.path / path).stat().st_size for path in files)
    told = f"bag: 2 runs, {len(files)} files, {size} bytes\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, told, "")
    payload = scrapy.folder / "bag" / "data"
    assert sorted(path.relative_to(payload) for path in payload.rglob("*") if path.is_file()) == files
    for path in files:
        assert (payload / path).read_bytes() == (made.path / path).read_bytes()
    checked = subprocess.run(
        [sys.executable, bagit.__file__, "--validate", str(scrapy.folder / "bag")],
        capture_output=True,
        check=False,
    )
    assert checked.returncode == 0


def test_a_bag_says_whose_it_is_and_how_much_is_in_it(scrapy, made):
    scrapy("package", "lamps", "--bag", "bag")
    bag = bagit.Bag(str(scrapy.folder / "bag"))
    assert sorted(bag.algorithms) == ["sha256", "sha512"]
    assert bag.info["Source-Organization"] == "Lamp Museum"
    assert bag.info["Rights"] == "CC0"
    assert bag.info["External-Identifier"] == "lamps"
    assert "Contact-Name" not in bag.info
    assert bag.info["Bag-Software-Agent"].startswith("blogarchive ")
    assert len(bag.info["Bagging-Date"]) == 10
    size, _, files = bag.info["Payload-Oxum"].partition(".")
    payload = [path for path in (scrapy.folder / "bag" / "data").rglob("*") if path.is_file()]
    assert (int(size), int(files)) == (sum(path.stat().st_size for path in payload), len(payload))


def test_a_bag_shares_nothing_with_the_collection(scrapy, made):
    scrapy("package", "lamps", "--bag", "bag")
    for path in (scrapy.folder / "bag" / "data").rglob("*"):
        assert path.is_dir() or path.stat().st_nlink == 1


def test_a_journal_and_a_lock_stay_where_they_are(scrapy, made):
    (made.path / "lock").write_text(json.dumps({"pid": 1}))
    (made.path / "journal.sqlite").write_bytes(b"")
    scrapy("package", "lamps", "--bag", "bag")
    assert names(scrapy.folder / "bag" / "data") == {FIRST, SECOND, "index.cdxj"}
