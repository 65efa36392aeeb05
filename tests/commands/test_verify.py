from __future__ import annotations

import gzip
import json
import resource
import sqlite3
import time
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from crawler.collection.journal import FORMAT
from crawler.collection.lock import Lock
from tests.small_site import AT_ONCE, comment, front, lines, post, statements

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.small_site import Typed

MEMBERS = [gzip.compress(b"WARC/1.1\r\nContent-Length: 1\r\n\r\n%d\r\n\r\n" % number) for number in range(5)]
WHOLE = b"".join(MEMBERS)


def test_a_torn_file_is_repaired_and_what_was_done_is_told(scrapy):
    path = scrapy.folder / "a.warc.gz"
    path.write_bytes(WHOLE[:-20])
    ended = scrapy("verify", "--repair", "a.warc.gz")
    kept, cut = len(WHOLE) - len(MEMBERS[4]), len(MEMBERS[4]) - 20
    told = f"a.warc.gz: repaired; 4 records, {kept} bytes kept, {cut} bytes cut, now in a.warc.gz.torn\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, told, "")
    assert path.read_bytes() == WHOLE[:kept]
    assert (scrapy.folder / "a.warc.gz.torn").read_bytes() == WHOLE[kept:-20]


def test_a_whole_file_is_told_to_be_whole(scrapy):
    (scrapy.folder / "a.warc.gz").write_bytes(WHOLE)
    ended = scrapy("verify", "--repair", "a.warc.gz")
    told = f"a.warc.gz: whole already; 5 records, {len(WHOLE)} bytes kept, 0 bytes cut\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, told, "")
    assert [path.name for path in scrapy.folder.iterdir()] == ["a.warc.gz"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "no path given: expected PATH [--json] [--deep]"),
        (["text"], 2, "text: found b'no ar', expected a WARC file"),
        (["missing.warc.gz"], 2, "missing.warc.gz: there is no such file or folder"),
        (["."], 2, ".: holds no run, expected a collection"),
        (["text", "--repair", "text"], 2, "2 paths given: expected PATH"),
        (
            ["--repair", "a", "--rebuild-journal", "b"],
            2,
            "2 paths given: expected PATH [--json]",
        ),
        (["--rebuild-journal", "missing"], 2, "missing: is no folder, expected a collection"),
        (["--rebuild-journal", "."], 2, ".: holds no run, expected a collection"),
        (["--repair", "missing.warc.gz"], 2, "missing.warc.gz: there is no such file"),
        (["--repair", "."], 2, ".: is no file"),
        (["--repair", "empty"], 2, "empty: the file is empty"),
        (["--repair", "text"], 2, "text: found b'no archive'"),
        (["--repair", "damaged"], 9, f"damaged, byte {len(MEMBERS[0])}: "),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(scrapy, words, code, sentence):
    octets = {"empty": b"", "text": b"no archive", "damaged": MEMBERS[0] + MEMBERS[1][:-9] + MEMBERS[2]}
    for name, content in octets.items():
        (scrapy.folder / name).write_bytes(content)
    ended = scrapy("verify", *words)
    assert (ended.returncode, ended.stdout) == (code, "")
    [told] = ended.stderr.splitlines()
    assert told.startswith(f"scrapy verify: {sentence}")
    assert {path.name: path.read_bytes() for path in scrapy.folder.iterdir()} == octets


def test_a_full_disk_is_told_and_nothing_is_changed(scrapy):
    path = scrapy.folder / "a.warc.gz"
    torn = WHOLE + bytes(30_000)
    path.write_bytes(torn)

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    ended = scrapy("verify", "--repair", "a.warc.gz", limit=small_files)
    assert ended.returncode == 3
    assert ended.stderr == "scrapy verify: a.warc.gz: cannot be written (File too large)\n"
    assert {path.name: path.read_bytes() for path in scrapy.folder.iterdir()} == {"a.warc.gz": torn}


# --- Files of a run ---


@pytest.fixture
def run(scrapy):
    """A run whose WARC file is torn, in a collection."""
    folder = scrapy.folder / "dipnote" / "20261123T000000Z"
    folder.mkdir(parents=True)
    (folder / "a.warc.gz.open").write_bytes(WHOLE[:-20])
    (folder.parent / "lock").touch()
    return folder


@pytest.mark.parametrize(
    "words", [["--repair", "dipnote/20261123T000000Z/a.warc.gz.open"], ["--rebuild-journal", "dipnote"]]
)
def test_what_another_process_may_be_writing_is_left_alone(scrapy, run, words):
    with Lock(run.parent):
        ended = scrapy("verify", *words)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "writes it; one process at a time can" in ended.stderr
    assert {path.name: path.read_bytes() for path in run.iterdir()} == {"a.warc.gz.open": WHOLE[:-20]}
    assert {path.name for path in run.parent.iterdir()} == {run.name, "lock"}


def test_an_open_file_that_nobody_writes_is_repaired(scrapy, run):
    assert scrapy("verify", "--repair", f"dipnote/{run.name}/a.warc.gz.open").returncode == 0
    assert (run / "a.warc.gz.open").read_bytes() == WHOLE[: -len(MEMBERS[4])]


def test_a_closed_file_needs_no_lock(scrapy, run):
    (run / "a.warc.gz.open").rename(run / "a.warc.gz")
    with Lock(run.parent):
        ended = scrapy("verify", "--repair", f"dipnote/{run.name}/a.warc.gz")
    assert ended.returncode == 0


# --- A lost journal ---

ONE = "/stories/2010/09/10/one"
TWO = "/stories/2010/09/11/two"
WITHOUT_WAITING = [word for setting in AT_ONCE for word in ("-s", setting)]


@pytest.fixture
def blog(site):
    """Two posts, the first with a comment."""
    site.serve("/", front(ONE, TWO))
    site.serve(ONE, post(ONE, "One", comments=comment(1)))
    site.serve(TWO, post(TWO, "Two"))
    site.serve("/authors/ada-example", front(ONE, TWO))
    return site


@pytest.fixture
def collection(scrapy, blog) -> Path:
    """A collection of two runs, in the second of which a post had changed."""
    assert scrapy.crawl(blog.url).returncode == 0
    blog.serve(TWO, post(TWO, "Two, corrected"))
    assert scrapy.crawl(blog.url).returncode == 0
    folder: Path = scrapy.folder / "output" / "dipnote"
    return folder


def rebuild(scrapy: Typed) -> subprocess.CompletedProcess[str]:
    return scrapy("verify", "--rebuild-journal", "output/dipnote")


def tables(path: Path) -> list[Any]:
    """What a journal says of runs, crawls and contents."""
    columns = {"runs": "id, crawl, continues, manifest", "crawls": "*", "contents": "*"}
    with closing(sqlite3.connect(path)) as database:
        return [sorted(database.execute(f"SELECT {of} FROM {table}")) for table, of in columns.items()]


def test_a_crawl_goes_on_with_a_journal_that_was_lost_and_rebuilt(scrapy, blog, collection):
    known = tables(collection / "journal.sqlite")
    (collection / "journal.sqlite").unlink()
    refused = scrapy.crawl(blog.url)
    assert refused.returncode == 2
    assert "scrapy verify --rebuild-journal output/dipnote" in refused.stderr.splitlines()[-1]
    ended = rebuild(scrapy)
    told = f"output/dipnote/journal.sqlite: rebuilt from 2 runs; {len(known[2])} rows\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, told, "")
    assert tables(collection / "journal.sqlite") == known
    assert scrapy.crawl(blog.url).returncode == 0
    _, second, third = scrapy.runs()
    assert statements(third) == set()
    assert json.loads((third / "run.json").read_text())["previous_run"]["run_id"] == second.name
    blog.serve(TWO, post(TWO, "Two, once more"))
    scrapy.crawl(blog.url)
    [row] = lines(scrapy.runs()[-1] / "posts.jsonl")
    assert row["version"] == 3


def test_a_journal_that_is_none_is_set_aside_and_rebuilt(scrapy, blog, collection):
    (collection / "journal.sqlite").write_bytes(b"no database" * 1000)
    assert scrapy.crawl(blog.url).returncode == 2
    ended = rebuild(scrapy)
    assert ended.returncode == 0
    assert ended.stdout.endswith("; the one before is journal.sqlite.old\n")
    assert scrapy.crawl(blog.url).returncode == 0
    assert statements(scrapy.runs()[-1]) == set()


def test_a_journal_of_a_newer_version_is_set_aside_and_rebuilt(scrapy, blog, collection):
    with closing(sqlite3.connect(collection / "journal.sqlite")) as database:
        database.execute(f"PRAGMA user_version = {FORMAT + 1}")
    assert scrapy.crawl(blog.url).returncode == 2
    assert rebuild(scrapy).returncode == 0
    assert scrapy.crawl(blog.url).returncode == 0


def test_a_run_that_was_changed_by_hand_is_told_and_gets_no_journal(scrapy, collection):
    (collection / "journal.sqlite").unlink()
    path = scrapy.runs()[0] / "posts.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Two", b"Owt"))
    ended = rebuild(scrapy)
    assert (ended.returncode, ended.stdout) == (9, "")
    [told] = ended.stderr.splitlines()
    assert told.startswith(f"scrapy verify: output/dipnote/{path.parent.name}/posts.jsonl: its SHA-256 is ")
    assert not (collection / "journal.sqlite").exists()


def test_an_interrupted_crawl_is_told_to_have_lost_its_queue(scrapy, blog):
    scrapy.crawl(blog.url, "-s", "CLOSESPIDER_PAGECOUNT=1")
    ended = rebuild(scrapy)
    assert ended.returncode == 0
    assert "; crawl 1 was not at its end and its queue is lost, the next begins anew" in ended.stdout
    assert scrapy.crawl(blog.url).returncode == 0
    stated = [row["id"] for row in chain.from_iterable(lines(run / "posts.jsonl") for run in scrapy.runs())]
    assert len(stated) == len(set(stated)) == 2


def test_a_crawl_that_was_killed_is_rebuilt_and_nothing_is_doubled(scrapy, blog):
    paths = [f"/stories/2010/09/10/p{number}" for number in range(40)]
    blog.serve("/", front(*paths))
    for path in paths:
        blog.serve(path, post(path, path))
    blog.wait = 0.01
    process = scrapy.start("crawl", "dipnote", "-a", f"site={blog.url}", *WITHOUT_WAITING)
    while len(blog.paths) < 25:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    for journal in (scrapy.folder / "output" / "dipnote").glob("journal*"):
        journal.unlink()
    ended = rebuild(scrapy)
    assert ended.returncode == 0
    assert "did not end, and the journal that knew what it had committed is lost" in ended.stdout
    assert scrapy.crawl(blog.url).returncode == 0
    stated = [row["id"] for row in chain.from_iterable(lines(run / "posts.jsonl") for run in scrapy.runs())]
    assert len(stated) == len(set(stated)) == 42


def test_a_full_disk_is_told_and_the_old_journal_stays(scrapy, collection):
    before = (collection / "journal.sqlite").read_bytes()

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    ended = scrapy("verify", "--rebuild-journal", "output/dipnote", limit=small_files)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.startswith("scrapy verify: output/dipnote/journal.sqlite.new: cannot be")
    assert len(ended.stderr.splitlines()) == 1
    assert (collection / "journal.sqlite").read_bytes() == before
