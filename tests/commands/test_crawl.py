"""``scrapy crawl`` archives, explains what it did not keep, and ends with a code that says how it went."""

from __future__ import annotations

import gzip
import json
import re
import resource
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from warcio import ArchiveIterator

from tests.small_site import AT_ONCE, comment, front, interrupt, lines, post, statements

ONE = "/stories/2010/09/10/one"
TWO = "/stories/2010/09/11/two"
AT_ONCE_WORDS = [word for setting in AT_ONCE for word in ("-s", setting)]


def manifest(scrapy, collection: str = "dipnote"):
    return json.loads((scrapy.runs(collection)[-1] / "run.json").read_text("utf-8"))


def reasons(scrapy, collection: str = "dipnote"):
    return {line["url"]: line["reason"] for line in lines(scrapy.runs(collection)[-1] / "skipped.jsonl")}


@pytest.fixture
def blog(site):
    """Two posts, the first with two comments."""
    site.serve("/", front(ONE, TWO))
    site.serve(ONE, post(ONE, "One", comments=comment(1) + comment(2)))
    site.serve(TWO, post(TWO, "Two"))
    site.serve("/authors/ada-example", front(ONE, TWO))
    return site


def test_a_run_holds_rows_with_proof_and_the_digest_of_every_file(scrapy, blog):
    ended = scrapy.crawl(blog.url)
    [run] = scrapy.runs()
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (
        0,
        f"scrapy crawl: output/dipnote/{run.name}: complete",
    )
    told = manifest(scrapy)
    assert told["found"] == {"posts": 2, "comments": 2, "authors": 1}
    assert (told["exit_code"], told["verdict"], told["finish_reason"]) == (0, "complete", "finished")
    assert told["arguments"] == {"site": blog.url}
    assert {entry["name"] for entry in told["files"]} == {path.name for path in run.iterdir()} - {"run.json"}
    for entry in told["files"]:
        octets = (run / entry["name"]).read_bytes()
        assert (entry["size"], entry["sha256"]) == (len(octets), sha256(octets).hexdigest())


def test_every_key_of_the_manifest_is_documented(scrapy, blog):
    scrapy.crawl(blog.url)
    page = (Path(__file__).parents[2] / "docs" / "collection.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(manifest(scrapy))


def test_every_row_names_the_record_of_its_page(scrapy, blog):
    scrapy.crawl(blog.url)
    [run] = scrapy.runs()
    for row in lines(run / "posts.jsonl") + lines(run / "comments.jsonl"):
        with (run / row["warc_file"]).open("rb") as file:
            file.seek(row["warc_offset"])
            record = next(ArchiveIterator(file))
            assert record.rec_headers["WARC-Record-ID"] == f"<{row['warc_record_id']}>"
            assert record.rec_headers["WARC-Date"] == row["captured_at"]
            assert record.rec_headers["WARC-Payload-Digest"] == row["payload_digest"]
            assert record.rec_headers["WARC-Target-URI"] == row["captured_url"]


def test_an_extract_of_the_archive_states_the_same_lines(scrapy, demo_blog):
    scrapy.crawl(demo_blog.url)
    [run] = scrapy.runs()
    assert scrapy("extract", str(run), "-o", "again").returncode == 0
    again = scrapy.folder / "again"
    assert len(statements(run)) > 100
    assert statements(again, "run_id") == statements(run, "run_id")


def test_pages_are_read_in_the_order_of_the_archive_though_many_are_fetched_at_once(scrapy, site):
    # Twenty posts state one author each time otherwise, so that a version depends on the order.
    paths = [f"/stories/2010/09/10/p{number}" for number in range(20)]
    site.serve("/", front(*paths))
    site.wait = 0.01
    for path in paths:
        about = f"</p><p>About the Author: Ada Example has written {path}."
        site.serve(path, post(path, path, f"Text of {path}.{about}"))
    scrapy.crawl(site.url, "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8")
    [run] = scrapy.runs()
    assert {row["version"] for row in lines(run / "authors.jsonl")} == set(range(1, 21))
    scrapy("extract", str(run), "-o", "again")
    assert statements(scrapy.folder / "again", "run_id") == statements(run, "run_id")


def test_a_crawl_of_an_unchanged_site_writes_no_row_and_one_of_a_changed_site_the_next_version(scrapy, blog):
    scrapy.crawl(blog.url)
    assert scrapy.crawl(blog.url).returncode == 0
    _, second = scrapy.runs()
    assert statements(second) == set()
    assert manifest(scrapy)["found"]["posts"] == 2
    blog.serve(TWO, post(TWO, "Two, corrected"))
    scrapy.crawl(blog.url)
    [changed] = lines(scrapy.runs()[-1] / "posts.jsonl")
    assert (changed["title"], changed["version"]) == ("Two, corrected", 2)


def test_a_collection_can_be_named(scrapy, blog):
    scrapy.crawl(blog.url, "-a", "collection=mine")
    assert len(scrapy.runs("mine")) == 1


def test_feeds_of_scrapy_still_work(scrapy, blog):
    scrapy.crawl(blog.url, "-O", "rows.jsonl")
    feed = lines(scrapy.folder / "rows.jsonl")
    assert len(feed) == 5
    assert all(row["warc_record_id"] for row in feed)


def test_the_contact_goes_into_the_user_agent_and_the_archive(scrapy, blog):
    scrapy.crawl(blog.url, "-s", "ARCHIVE_CONTACT=mailto:a@b.example")
    [path] = scrapy.runs()[0].glob("*.warc.gz")
    with gzip.open(path) as file:
        written = file.read()
    assert b"operator: mailto:a@b.example" in written
    assert written.count(b"(+mailto:a@b.example)\r\n") >= manifest(scrapy)["requests"]["sent"]


def test_who_keeps_the_archive_stands_in_the_run_and_in_its_files(scrapy, blog):
    said = {"CURATOR": "Ada  Example", "INSTITUTION": "Example Library", "RIGHTS": "CC0"}
    scrapy.crawl(
        blog.url, *(word for name, value in said.items() for word in ("-s", f"ARCHIVE_{name}={value}"))
    )
    assert manifest(scrapy)["about"] == {
        "curator": "Ada Example",
        "institution": "Example Library",
        "description": None,
        "rights": "CC0",
    }
    [path] = scrapy.runs()[0].glob("*.warc.gz")
    with gzip.open(path) as file:
        written = file.read(4096)
    for field in ("creator: Ada Example", "publisher: Example Library", "rights: CC0", "description: run "):
        assert f"\r\n{field}".encode() in written


def test_the_log_lies_beside_the_rows(scrapy, blog):
    scrapy.crawl(blog.url)
    log = lines(scrapy.runs()[0] / "crawl.log.jsonl")
    assert any(line["message"] == "Spider closed (finished)" for line in log)
    assert not any("Overridden settings" in line["message"] for line in log)


# --- What is not kept ---


def test_whatever_gives_no_row_is_told_with_its_reason(scrapy, blog):
    names = {
        "/stories/2010/09/12/missing": "http-404",
        "/stories/2010/09/12/broken": "http-503",
        "/stories/2010/09/12/cut": "cut",
        "/stories/2010/09/12/large": "too-large",
        "/stories/2010/09/12/forbidden": "robots",
        "/stories/2010/09/12/moved-away": "offsite",
        "/stories/2010/09/12/soft": "soft-404",
        "/stories/2010/09/12/picture": "not-html",
        "/stories/2010/09/12/strange": "unknown-layout",
    }
    blog.serve("/", front(ONE, *names, "/stories/2010/09/12/circle"))
    blog.serve(
        "/robots.txt", "User-agent: *\nDisallow: /stories/2010/09/12/forbidden", Content_Type="text/plain"
    )
    blog.serve("/stories/2010/09/12/broken", status=503)
    blog.serve("/stories/2010/09/12/cut", "<html>", Content_Length="1000")
    blog.serve("/stories/2010/09/12/large", b"x" * 300_000)
    blog.serve("/stories/2010/09/12/moved-away", status=301, Location="http://localhost:9/")
    blog.serve("/stories/2010/09/12/circle", status=301, Location="/stories/2010/09/12/circle")
    blog.serve("/stories/2010/09/12/soft", front(ONE, TWO, *names))
    blog.serve("/stories/2010/09/12/picture", b"\x89PNG", Content_Type="image/png")
    blog.serve("/stories/2010/09/12/strange", "<html><body><p>Nothing that is known.</p></body></html>")
    ended = scrapy.crawl(blog.url, "-s", "DOWNLOAD_MAXSIZE=200000", "-s", "RETRY_TIMES=1")
    told = {url.removeprefix(blog.url[:-1]): reason for url, reason in reasons(scrapy).items()}
    expected = names | {"/stories/2010/09/12/circle": "too-many-redirects"}
    # A redirect's end stands for what was asked for.
    expected["http://localhost:9/"] = expected.pop("/stories/2010/09/12/moved-away")
    assert told == expected
    assert ended.returncode == 6
    assert Counter(manifest(scrapy)["skipped"]) == Counter(expected.values())
    assert "Traceback" not in ended.stderr


def test_a_post_that_announces_more_comments_than_it_shows_is_a_warning(scrapy, blog):
    shown = comment(1)
    blog.serve(ONE, post(ONE, comments=f"<h2 class=title>3 Comments</h2>{shown}"))
    assert scrapy.crawl(blog.url).returncode == 0
    differing = manifest(scrapy)["comment_counts_that_differ"]
    assert differing["posts"] == len(differing["examples"])


def test_a_robots_txt_that_forbids_everything_leaves_no_post(scrapy, blog):
    blog.serve("/robots.txt", "User-agent: *\nDisallow: /", Content_Type="text/plain")
    ended = scrapy.crawl(blog.url)
    assert (ended.returncode, reasons(scrapy)) == (6, {blog.url: "robots"})
    assert ended.stderr.splitlines()[-1].endswith(": no post was found; skipped for: robots")
    assert blog.paths == ["/robots.txt"]


# --- How it ends ---


def test_a_host_that_does_not_answer_is_told_in_one_sentence(scrapy):
    ended = scrapy.crawl("http://127.0.0.1:1/", "-s", "RETRY_TIMES=0")
    assert ended.returncode == 6
    assert ended.stderr.splitlines()[-1].endswith(": the host did not answer (1 request)")
    assert "Traceback" not in ended.stderr
    assert reasons(scrapy) == {"http://127.0.0.1:1/": "connection-refused"}


def test_a_site_without_posts_is_told_in_one_sentence(scrapy, site):
    site.serve("/", front())
    ended = scrapy.crawl(site.url)
    assert (ended.returncode, ended.stderr.splitlines()[-1].rpartition(": ")[2]) == (6, "no post was found")


def test_a_budget_that_is_reached_has_an_exit_code(scrapy, blog):
    blog.serve("/", front(ONE) + "<ul class=pager><li class=pager-next><a href='/node?page=1'>next</a></ul>")
    ended = scrapy.crawl(blog.url, "-s", "LISTING_PAGES=0")
    assert (ended.returncode, [*manifest(scrapy)["budgets_reached"]]) == (7, ["LISTING_PAGES"])


def test_a_limit_of_scrapy_has_an_exit_code(scrapy, blog):
    assert scrapy.crawl(blog.url, "-s", "CLOSESPIDER_PAGECOUNT=1").returncode == 7


def test_an_interrupted_run_is_closed_and_says_so(scrapy, blog):
    blog.wait = 0.5
    process = scrapy.start("crawl", "dipnote", "-a", f"site={blog.url}", *AT_ONCE_WORDS)
    while "/" not in blog.paths:
        time.sleep(0.02)
    interrupt(process)
    process.communicate(timeout=30)
    told = manifest(scrapy)
    assert (process.returncode, told["exit_code"], told["verdict"]) == (5, 5, "interrupted before the end")
    assert not list(scrapy.runs()[0].glob("*.open"))


def test_a_second_interrupt_ends_at_once_and_leaves_the_run_open(scrapy, blog):
    blog.wait = 0.5
    process = scrapy.start("crawl", "dipnote", "-a", f"site={blog.url}", *AT_ONCE_WORDS)
    while ONE not in blog.paths:
        time.sleep(0.02)
    blog.wait = 20
    interrupt(process, times=2)
    _, told = process.communicate(timeout=15)
    assert process.returncode == 5
    assert told.splitlines()[-1].endswith(": killed before it could be closed")
    assert not (scrapy.runs()[0] / "run.json").exists()


def test_a_run_that_is_killed_leaves_nothing_that_looks_whole(scrapy, blog):
    blog.wait = 2
    process = scrapy.start("crawl", "dipnote", "-a", f"site={blog.url}", *AT_ONCE_WORDS)
    while "/robots.txt" not in blog.paths:
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=30)
    assert all(path.suffix == ".open" for path in scrapy.runs()[0].iterdir())


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def test_a_disk_that_fills_up_ends_the_run_and_nothing_looks_whole(scrapy, demo_blog):
    ended = scrapy.crawl(demo_blog.url, limit=small_files)
    assert ended.returncode == 3
    assert "the archive could not be written" in ended.stderr.splitlines()[-1]
    [run] = scrapy.runs()
    assert not (run / "run.json").exists()
    assert not (run / "posts.jsonl").exists()


def test_a_fault_of_a_page_reader_costs_its_page_alone(scrapy, blog):
    (scrapy.folder / "broken.py").write_text(
        "from crawler.spiders import blog\n"
        "from crawler.spiders.dipnote import DipNoteSpider\n"
        "read = blog.read_page\n"
        "def read_page(response):\n"
        "    if response.url.endswith('two'):\n"
        "        raise ZeroDivisionError\n"
        "    return read(response)\n"
        "blog.read_page = read_page\n"
        "class Broken(DipNoteSpider):\n"
        "    name = 'broken'\n"
    )
    ended = scrapy("runspider", "broken.py", "-a", f"site={blog.url}", *AT_ONCE_WORDS)
    assert ended.returncode == 1
    assert "1 internal error" in ended.stderr.splitlines()[-1]
    assert reasons(scrapy, "broken") == {f"{blog.url[:-1]}{TWO}": "internal-error"}
    assert len(lines(scrapy.runs("broken")[0] / "posts.jsonl")) == 1


# --- Wrong input ---


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nosuch"], "nosuch: there is no such spider, expected one of dipnote"),
        ([], "0 spiders given, expected one: dipnote"),
        (["dipnote", "-a", "door=back"], "door 'back': expected live or static"),
        (["dipnote", "-a", "site=blog"], "site 'blog': expected a URL such as http://localhost:8000/"),
        (
            ["dipnote", "-a", "url=http://a/"],
            "argument url: dipnote has no such argument, expected door, site or",
        ),
        (["dipnote", "-a", "collection=../x"], "collection name '../x': expected"),
    ],
)
def test_a_wrong_word_is_told_in_one_sentence_and_makes_no_run(scrapy, words, sentence):
    ended = scrapy("crawl", *words)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(f"scrapy crawl: {sentence}")
    assert "Traceback" not in ended.stderr
    assert not (scrapy.folder / "output").exists()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("DOWNLOAD_DELAY=soon", "DOWNLOAD_DELAY: 'soon', expected a number"),
        ("LISTING_PAGES=1.5", "LISTING_PAGES: '1.5', expected a whole number"),
    ],
)
def test_a_setting_that_makes_no_sense_is_told_in_one_sentence_and_leaves_no_run(
    scrapy, blog, setting, sentence
):
    ended = scrapy.crawl(blog.url, "-s", setting)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(f"scrapy crawl: {sentence}")
    assert "Traceback" not in ended.stderr
    assert scrapy.runs() == []


def test_a_component_that_ends_the_crawl_at_its_start_leaves_a_closed_run(scrapy, blog):
    (scrapy.folder / "ending.py").write_text(
        "from scrapy.exceptions import CloseSpider\n"
        "class Ending:\n"
        "    def open_spider(self):\n"
        "        raise CloseSpider('enough')\n"
    )
    ended = scrapy.crawl(blog.url, "-s", 'ITEM_PIPELINES={"ending.Ending": 1}')
    assert ended.returncode == 6
    assert manifest(scrapy)["finish_reason"] == "enough"


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(scrapy, blog):
    (scrapy.folder / "file").touch()
    ended = scrapy.crawl(blog.url, "-s", "ARCHIVE_ROOT=file")
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (
        3,
        "scrapy crawl: file/dipnote: no run can be written here (Not a directory)",
    )
    assert "Traceback" not in ended.stderr
    assert blog.paths == []


def test_a_collection_without_its_journal_is_told_in_one_sentence_and_gets_no_run(scrapy, blog):
    earlier = scrapy.folder / "output" / "dipnote" / "20200101T000000Z"
    earlier.mkdir(parents=True)
    (earlier / "posts.jsonl").write_text("torn")
    ended = scrapy.crawl(blog.url)
    assert ended.returncode == 2
    assert "journal.sqlite: there is none, but 1 runs" in ended.stderr.splitlines()[-1]
    assert scrapy.runs() == [earlier]
    assert [path.name for path in earlier.iterdir()] == ["posts.jsonl"]
    assert "Traceback" not in ended.stderr


# --- Commands that look ---


@pytest.mark.parametrize(
    "command", [["fetch"], ["parse", "--spider=dipnote", "-a", "site={}"], ["shell", "-c", "response.status"]]
)
def test_commands_that_look_do_not_archive(scrapy, blog, command):
    ended = scrapy(*(word.format(blog.url) for word in command), *AT_ONCE_WORDS, blog.url)
    assert ended.returncode == 0
    assert "/" in blog.paths
    assert list(scrapy.folder.iterdir()) == []
