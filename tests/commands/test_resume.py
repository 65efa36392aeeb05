"""What one command leaves undone the same command takes up; what is in the way is said in one sentence."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from tests.small_site import AT_ONCE, comment, front, interrupt, lines, page, post, statements

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.small_site import Site, Typed

POSTS = [f"/stories/2010/09/10/post-{n}" for n in range(12)]
AT_ONCE_WORDS = [word for setting in AT_ONCE for word in ("-s", setting)]


@pytest.fixture
def blog(site):
    """Twelve posts, each with two comments."""
    site.serve("/", front(*POSTS))
    for path in POSTS:
        site.serve(path, post(path, path[-6:], comments=comment(1) + comment(2)))
    site.serve("/authors/ada-example", front(*POSTS))
    return site


def told(run: Path) -> Any:
    return json.loads((run / "run.json").read_text("utf-8"))


def posts_of(scrapy: Typed) -> Counter[str]:
    return Counter(row["id"] for run in scrapy.runs() for row in lines(run / "posts.jsonl"))


def start(scrapy: Typed, site: Site, *words: str) -> subprocess.Popen[str]:
    return scrapy.start("crawl", "dipnote", "-a", f"site={site.url}", *AT_ONCE_WORDS, *words)


def kill_after(scrapy: Typed, site: Site, asked: int, how: int = signal.SIGKILL, *words: str) -> int:
    """Crawl until the site was asked so often, then send the signal; gives what the process ended with."""
    process = start(scrapy, site, *words)
    until = len(site.asked) + asked
    while len(site.asked) < until and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(how)
    process.communicate(timeout=30)
    return process.returncode


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


# --- Going on ---


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_the_same_command_goes_on_with_what_was_left(scrapy, blog, how):
    blog.wait = 0.05
    kill_after(scrapy, blog, 7, how, "-s", "CONCURRENT_REQUESTS=2")
    ended = scrapy.crawl(blog.url)
    assert ended.returncode == 0
    first, second = scrapy.runs()
    assert (told(first)["finish_reason"], told(first)["exit_code"]) in {("interrupted", 5), ("shutdown", 5)}
    assert told(second)["continues"] == first.name
    assert told(second)["previous_run"] == {
        "run_id": first.name,
        "sha256": sha256((first / "run.json").read_bytes()).hexdigest(),
    }
    assert sorted(posts_of(scrapy).values()) == [1] * len(POSTS)
    assert told(second)["found"] == {"posts": 12, "comments": 24, "authors": 1}
    assert not list(scrapy.folder.rglob("*.open"))


def test_no_page_that_was_committed_is_asked_for_again(scrapy, blog):
    blog.wait = 0.05
    kill_after(scrapy, blog, 9, signal.SIGKILL, "-s", "CONCURRENT_REQUESTS=2")
    database = sqlite3.connect(scrapy.folder / "output" / "dipnote" / "journal.sqlite")
    done = {url for (url,) in database.execute("SELECT url FROM requests WHERE state = 'done'")}
    database.close()
    blog.asked.clear()
    scrapy.crawl(blog.url)
    assert done
    assert not done & {blog.url[:-1] + path for path in blog.paths}


def test_a_walk_through_comments_goes_on_where_it_stood(scrapy, site):
    path = POSTS[0]
    pager = "".join(f"<li class=pager-item><a href='{path}?page={n}'>{n + 1}</a></li>" for n in range(9))
    site.serve("/", front(path))
    for n in range(9):
        url = path if n == 0 else f"{path}?page={n}"
        site.serve(url, post(path, comments=comment(n + 1) + f"<ul class=pager>{pager}</ul>"))
    site.wait = 0.05
    kill_after(scrapy, site, 6)
    assert scrapy.crawl(site.url).returncode == 0
    assert told(scrapy.runs()[-1])["found"]["comments"] == 9
    assert max(Counter(path for path in site.paths if "page=" in path).values()) <= 2


def test_a_crawl_of_an_unchanged_site_asks_for_all_and_writes_no_row(scrapy, blog):
    scrapy.crawl(blog.url)
    blog.asked.clear()
    assert scrapy.crawl(blog.url).returncode == 0
    first, second = scrapy.runs()
    assert (told(second)["continues"], told(second)["crawl"]["number"]) == (None, 2)
    assert set(POSTS) <= set(blog.paths)
    assert statements(second) == set()
    assert statements(first) != set()


def test_another_content_is_the_next_version(scrapy, blog):
    scrapy.crawl(blog.url)
    blog.serve(POSTS[0], post(POSTS[0], "Changed", comments=comment(1) + comment(2)))
    scrapy.crawl(blog.url)
    [row] = lines(scrapy.runs()[1] / "posts.jsonl")
    assert (row["title"], row["version"]) == ("Changed", 2)


def test_a_fresh_crawl_begins_anew(scrapy, blog):
    blog.wait = 0.05
    kill_after(scrapy, blog, 7)
    assert scrapy.crawl(blog.url, "-a", "fresh=1").returncode == 0
    assert told(scrapy.runs()[-1])["continues"] is None
    assert "fresh" not in told(scrapy.runs()[-1])["arguments"]


def test_a_limit_of_scrapy_is_taken_up_again_and_again_until_all_is_there(scrapy, blog):
    codes = [scrapy.crawl(blog.url, "-s", "CLOSESPIDER_PAGECOUNT=5").returncode for _ in range(3)]
    assert codes[0] == 7
    while codes[-1] == 7:
        codes.append(scrapy.crawl(blog.url, "-s", "CLOSESPIDER_PAGECOUNT=5").returncode)
    assert codes[-1] == 0
    assert sorted(posts_of(scrapy).values()) == [1] * len(POSTS)


def test_a_larger_budget_takes_up_what_a_smaller_one_left_out(scrapy, site):
    pager = "<ul class=pager><li class=pager-next><a href='/?page={}'>next</a></li></ul>"
    site.serve("/", front(POSTS[0]).replace("</body>", pager.format(1) + "</body>"))
    for n in range(1, 6):
        site.serve(f"/?page={n}", front(POSTS[n]).replace("</body>", pager.format(n + 1) + "</body>"))
    for path in POSTS[:6]:
        site.serve(path, post(path))
    assert scrapy.crawl(site.url, "-s", "LISTING_PAGES=2").returncode == 7
    # The front page is asked for in any case; one page of the pager and the author's were allowed.
    assert len(posts_of(scrapy)) == 2
    assert scrapy.crawl(site.url, "-s", "LISTING_PAGES=100").returncode == 0
    assert told(scrapy.runs()[1])["continues"] == scrapy.runs()[0].name
    assert len(posts_of(scrapy)) == 6
    assert site.paths.count("/") == 1


def test_a_request_that_failed_is_not_lost_with_the_run(scrapy, blog):
    blog.serve(POSTS[3], status=503)
    assert scrapy.crawl(blog.url, "-s", "RETRY_TIMES=0").returncode == 6
    [run] = scrapy.runs()
    assert told(run)["crawl"]["requests"]["failed"] == 1
    assert [line["reason"] for line in lines(run / "skipped.jsonl")] == ["http-503"]


def test_a_spider_of_ones_own_is_captured_and_begins_anew(scrapy, blog):
    (scrapy.folder / "own.py").write_text(
        "import scrapy\n"
        "class Own(scrapy.Spider):\n"
        "    name = 'own'\n"
        f"    start_urls = ['{blog.url}']\n"
        "    def parse(self, response):\n"
        f"        yield from response.follow_all({POSTS[:3]!r}, callback=self.parse_post)\n"
        "    def parse_post(self, response):\n"
        "        yield {'url': response.url}\n"
    )
    for _ in range(2):
        assert scrapy("runspider", "own.py", *AT_ONCE_WORDS).returncode == 0
    assert [told(run)["continues"] for run in scrapy.runs("own")] == [None, None]
    assert blog.paths.count(POSTS[0]) == 2


# --- What is in the way ---


def test_a_second_process_ends_at_once_names_the_first_and_changes_no_byte(scrapy, blog):
    blog.wait = 1
    process = start(scrapy, blog)
    while "/" not in blog.paths:
        time.sleep(0.02)
    # The first waits for its first page, and writes nothing meanwhile but what it has begun.
    blog.wait = 20
    while len(blog.asked) < 4:
        time.sleep(0.02)
    time.sleep(1.5)
    before = snapshot(scrapy.folder)
    ended = scrapy.crawl(blog.url)
    assert (ended.returncode, snapshot(scrapy.folder) == before) == (4, True)
    assert f"output/dipnote: process {process.pid} (since " in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    interrupt(process, times=2)
    process.communicate(timeout=30)


@pytest.fixture
def interrupted(scrapy, blog):
    """A collection whose crawl was killed."""
    blog.wait = 0.05
    kill_after(scrapy, blog, 7)
    blog.wait = 0
    return scrapy


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-a", "collection=dipnote"], "collection: 'dipnote', expected none"),
        (["-a", "fresh=yes"], "argument fresh: 'yes', expected 1"),
        (["-s", "JOBDIR=job"], "JOBDIR: 'job', expected none"),
    ],
)
def test_a_command_that_cannot_go_on_is_told_and_nothing_is_lost(interrupted, blog, words, sentence):
    ended = interrupted.crawl(blog.url, *words)
    assert ended.returncode == 2
    assert sentence in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert interrupted.crawl(blog.url).returncode == 0
    assert sorted(posts_of(interrupted).values()) == [1] * len(POSTS)


def not_sqlite(collection):
    (collection / "journal.sqlite").write_bytes(b"This is no database. " * 500)


def newer(collection):
    database = sqlite3.connect(collection / "journal.sqlite")
    database.execute("PRAGMA user_version = 99")
    database.close()


def without_rows(collection):
    [run] = collection.glob("*Z")
    (run / "posts.jsonl").write_text("")


def future(collection):
    database = sqlite3.connect(collection / "journal.sqlite", isolation_level=None)
    database.execute("UPDATE runs SET id = '29991231T235959Z'")
    database.close()
    [run] = collection.glob("*Z")
    run.rename(collection / "29991231T235959Z")


@pytest.mark.parametrize(
    ("change", "exit_code", "sentence"),
    [
        (
            not_sqlite,
            2,
            "journal.sqlite: file is not a database, expected the journal of a collection; scrapy verify",
        ),
        (newer, 2, "journal.sqlite: its format is 99, expected 2 at most: a newer blogarchive made it"),
        (without_rows, 9, "posts.jsonl: has 0 bytes, expected "),
        (future, 2, "output/dipnote: the clock says 2"),
    ],
)
def test_a_collection_that_is_not_as_it_was_left_is_told_in_one_sentence(
    scrapy, blog, change, exit_code, sentence
):
    scrapy.crawl(blog.url)
    collection = scrapy.folder / "output" / "dipnote"
    change(collection)
    before = {path: octets for path, (_, octets) in snapshot(collection).items() if not path.endswith("lock")}
    ended = scrapy.crawl(blog.url)
    assert ended.returncode == exit_code
    assert sentence in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    after = {path: octets for path, (_, octets) in snapshot(collection).items() if not path.endswith("lock")}
    assert after == before


def test_a_crawl_that_cannot_begin_leaves_no_collection(scrapy, blog):
    assert scrapy.crawl(blog.url, "-s", "MIN_FREE_BYTES=999999999999999").returncode == 3
    assert not (scrapy.folder / "output" / "dipnote").exists()


def test_too_little_space_is_told_with_its_figures(scrapy, blog):
    ended = scrapy.crawl(blog.url, "-s", "MIN_FREE_BYTES=999999999999999")
    assert " bytes free, too few for MIN_FREE_BYTES (999999999999999)" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_signal_before_the_first_request_leaves_no_run(scrapy, blog):
    (scrapy.folder / "early.py").write_text(
        "import os, signal\n"
        "class Early:\n"
        "    def __init__(self):\n"
        "        signal.raise_signal(signal.SIGINT)\n"
    )
    ended = scrapy.crawl(blog.url, "-s", 'EXTENSIONS={"early.Early": 1}')
    assert ended.returncode == 5
    assert not list(scrapy.folder.rglob("*.open"))


def test_a_bound_that_an_earlier_run_reached_is_told_by_the_last(scrapy, blog):
    code = (
        "from crawler.spiders.dipnote import DipNoteSpider\nclass Deep(DipNoteSpider):\n    name = 'deep'\n"
    )
    (scrapy.folder / "deep.py").write_text(code)
    words = ["runspider", "deep.py", "-a", f"site={blog.url}", *AT_ONCE_WORDS, "-s", "DEPTH_LIMIT=1"]
    assert scrapy(*words, "-s", "CLOSESPIDER_PAGECOUNT=9").returncode == 7
    ended = scrapy(*words)
    assert (ended.returncode, "DEPTH_LIMIT" in ended.stderr.splitlines()[-1]) == (7, True)


def test_a_spider_of_ones_own_may_abandon_what_another_left(interrupted, blog):
    (interrupted.folder / "own.py").write_text(
        "import scrapy\n"
        "class Own(scrapy.Spider):\n"
        "    name, collection = 'own', 'dipnote'\n"
        f"    start_urls = ['{blog.url}']\n"
        "    def parse(self, response):\n"
        "        yield response.follow('/robots.txt', meta={'visit': {}}, callback=self.parse_robots)\n"
        "    def parse_robots(self, response):\n"
        "        yield {'robots': True}\n"
    )
    refused = interrupted("runspider", "own.py", *AT_ONCE_WORDS)
    assert (refused.returncode, "spider: own, expected dipnote" in refused.stderr) == (2, True)
    assert interrupted("runspider", "own.py", "-a", "fresh=1", *AT_ONCE_WORDS).returncode == 0


def test_redirects_are_one_visit_and_lead_to_one_page(scrapy, site):
    site.serve("/", front(POSTS[0], "/stories/2010/09/10/old"))
    site.serve("/stories/2010/09/10/old", status=301, Location=POSTS[0])
    site.serve(POSTS[0], post(POSTS[0]))
    assert scrapy.crawl(site.url).returncode == 0
    assert sum(posts_of(scrapy).values()) == 1


def test_a_page_that_leads_nowhere_ends_the_crawl_at_once(scrapy, site):
    site.serve("/", page("DipNote", "<p>Nothing.</p>"))
    began = time.monotonic()
    assert scrapy.crawl(site.url).returncode == 6
    # Well below what it takes to give up a request that is lost.
    assert time.monotonic() - began < 5 + float(os.environ.get("SLOW", "5"))
