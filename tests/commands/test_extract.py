"""``scrapy extract`` reads what anyone archived, by the rules of a crawl, and says what it could not read."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from crawler.commands.extraction import find_archives, read_archives
from crawler.items import Comment, Post, Row, Skipped
from crawler.pages import read_page
from crawler.warc.reader import NotAnArchive
from tests.small_site import comment, front, lines, post, statements

if TYPE_CHECKING:
    from pathlib import Path

ONE = "http://blog.example/stories/2010/09/10/one"
TWO = "http://blog.example/stories/2010/09/11/two"


def record(kind: str, uri: str, block: bytes, **fields: str) -> bytes:
    """A record as other software writes it: whole seconds, no digest."""
    named = {
        "WARC-Type": kind,
        "WARC-Target-URI": uri,
        "WARC-Date": "2012-01-02T03:04:05Z",
        "WARC-Record-ID": f"<{uuid4().urn}>",
        "Content-Type": "application/http;msgtype=response",
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    header = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return b"WARC/1.0\r\n" + header.encode() + b"\r\n" + block + b"\r\n\r\n"


def archive(path: Path, *pages: tuple[str, str], status: str = "200 OK", **fields: str) -> Path:
    """An archive of pages, given as URL and body; compressed where its name says so."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    records = [record("response", uri, (head + body).encode(), **fields) for uri, body in pages]
    path.write_bytes(b"".join(map(gzip.compress, records) if path.suffix == ".gz" else records))
    return path


def path_of(uri: str) -> str:
    return uri.removeprefix("http://blog.example")


@pytest.fixture
def two(tmp_path):
    """An archive of two posts, of another's make."""
    return archive(
        tmp_path / "two.warc.gz",
        (ONE, post(path_of(ONE), "One", comments=comment(1))),
        (TWO, post(path_of(TWO), "Two")),
    )


def test_rows_name_the_archive_they_come_from(two):
    rows = [row for row in read_archives([two]) if isinstance(row, Row)]
    assert [row.title for row in rows if isinstance(row, Post)] == ["One", "Two"]
    assert {(row.warc_file, row.source) for row in rows} == {("two.warc.gz", "warc")}
    assert all(row.run_id and row.content_digest and row.extractor for row in rows)


def test_the_first_statement_of_a_content_counts(tmp_path):
    first, again, changed = (post(path_of(ONE), title) for title in ("One", "One", "Another"))
    path = archive(tmp_path / "a.warc.gz", (ONE, first), (ONE, again), (ONE, changed))
    rows = [row for row in read_archives([path]) if isinstance(row, Post)]
    assert [(row.title, row.version) for row in rows] == [("One", 1), ("Another", 2)]
    assert [row.warc_offset == 0 for row in rows] == [True, False]


def test_only_whole_answers_with_status_200_state_rows(tmp_path):
    gone = archive(tmp_path / "gone.warc.gz", (ONE, post(path_of(ONE))), status="404 Not Found")
    cut = archive(tmp_path / "cut.warc.gz", (TWO, post(path_of(TWO))), WARC_Truncated="disconnect")
    [skipped] = read_archives([gone, cut])
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.url, skipped.warc_file) == ("cut", TWO, "cut.warc.gz")


def test_a_page_of_no_known_layout_is_told(tmp_path):
    path = archive(tmp_path / "a.warc.gz", (ONE, "<html><body><p>Nothing that is known."))
    [skipped] = read_archives([path])
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.url) == ("unknown-layout", ONE)


def test_a_page_that_a_reader_stumbles_over_costs_itself_alone(two, monkeypatch):
    def stumble(response, pages):
        if response.url == ONE:
            raise RecursionError("too deep")
        return read_page(response, pages)

    monkeypatch.setattr("crawler.commands.extraction.read_page", stumble)
    skipped, *rows = read_archives([two])
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "internal-error"
    assert [row.title for row in rows if isinstance(row, Post)] == ["Two"]


def test_the_command_writes_a_file_of_each_kind(scrapy, two):
    ended = scrapy("extract", "two.warc.gz", "-o", "rows")
    assert ended.returncode == 0
    assert ended.stderr == "scrapy extract: rows: 2 posts, 1 authors, 1 comments\n"
    rows = scrapy.folder / "rows"
    assert sorted(path.name for path in rows.iterdir()) == [
        "authors.jsonl",
        "comments.jsonl",
        "posts.jsonl",
        "skipped.jsonl",
    ]


def test_files_folders_and_patterns_are_read_by_name(tmp_path, two):
    folder = tmp_path / "more"
    folder.mkdir()
    shutil.copy(two, folder / "b.warc.gz")
    shutil.copy(two, folder / "a.warc.gz")
    (folder / "c.warc.gz.open").write_bytes(two.read_bytes())
    (folder / "notes.txt").touch()
    found = [folder / "a.warc.gz", folder / "b.warc.gz"]
    assert find_archives([str(folder)]) == found
    assert find_archives([str(folder / "*.gz")]) == found
    assert find_archives([str(two), str(folder), str(two)]) == [two, *found]
    assert find_archives([str(tmp_path / "mo*")]) == found


@pytest.mark.parametrize("name", ["missing.warc", "empty", "no*.gz"])
def test_a_name_that_stands_for_no_archive_is_told(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotAnArchive, match=name.replace("*", r"\*")):
        find_archives([name])


def test_a_bad_record_is_skipped_and_the_rest_is_read(scrapy, two):
    whole = two.read_bytes()
    (scrapy.folder / "bad.warc.gz").write_bytes(whole[:-40])
    ended = scrapy("extract", "bad.warc.gz", "-o", "rows")
    assert ended.returncode == 6
    [skipped] = lines(scrapy.folder / "rows" / "skipped.jsonl")
    assert (skipped["reason"], skipped["warc_file"]) == ("bad-record", "bad.warc.gz")
    told = f"scrapy extract: bad.warc.gz, offset {skipped['warc_offset']}: bad-record, {skipped['detail']}"
    assert ended.stderr.splitlines()[0] == told
    assert [row["title"] for row in lines(scrapy.folder / "rows" / "posts.jsonl")] == ["One"]


def test_an_archive_without_a_post_is_incomplete(scrapy):
    archive(scrapy.folder / "a.warc.gz", ("http://blog.example/", "<html>"))
    ended = scrapy("extract", "a.warc.gz", "-o", "rows")
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (6, "scrapy extract: no post was found")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["-o", "rows"], 2, "no archive given"),
        (["two.warc.gz"], 2, "no folder given, expected -o DIR"),
        (["missing.warc.gz", "-o", "rows"], 2, "missing.warc.gz: there is no such file"),
        (["nothing", "-o", "rows"], 2, "nothing: the file is empty"),
        (["text", "-o", "rows"], 2, "text: found b'no archive'"),
        (["two.warc.gz", "-o", "full"], 2, "full: is there and not empty"),
        (["two.warc.gz", "-o", "text"], 2, "text: is there and not empty"),
        (["two.warc.gz", "-o", "rows", "--pages", "other"], 2, "--pages other: expected dipnote"),
        (["two.warc.gz", "-o", "text/rows"], 3, "text/rows: cannot be written"),
    ],
)
def test_a_wrong_word_is_told_in_one_sentence(scrapy, two, words, code, sentence):
    (scrapy.folder / "nothing").touch()
    (scrapy.folder / "text").write_text("no archive")
    (scrapy.folder / "full").mkdir()
    (scrapy.folder / "full" / "file").touch()
    ended = scrapy("extract", *words)
    assert ended.returncode == code
    [told] = ended.stderr.splitlines()
    assert told.startswith(f"scrapy extract: {sentence}")
    assert not (scrapy.folder / "rows").exists()


def test_pages_can_be_read_by_a_reader_that_is_named(scrapy, two):
    assert scrapy("extract", "two.warc.gz", "-o", "rows", "--pages", "dipnote").returncode == 0


def test_rows_are_the_same_however_the_archive_is_stored(tmp_path, two):
    plain = archive(
        tmp_path / "plain.warc",
        (ONE, post(path_of(ONE), "One", comments=comment(1))),
        (TWO, post(path_of(TWO), "Two")),
    )
    [of_plain, of_gzip] = (
        [(type(row), row.id, row.content_digest) for row in read_archives([path]) if isinstance(row, Row)]
        for path in (plain, two)
    )
    assert of_plain == of_gzip
    assert any(kind is Comment for kind, *_ in of_plain)


def test_a_wacz_is_read_and_knows_who_made_it(scrapy, site):
    path = path_of(ONE)
    site.serve("/", front(path))
    site.serve(path, post(path, "One"))
    scrapy.crawl(site.url)
    [run] = scrapy.runs()
    [warc] = run.glob("*.warc.gz")
    with zipfile.ZipFile(scrapy.folder / "run.wacz", "w") as wacz:
        wacz.write(warc, f"archive/{warc.name}")
    assert scrapy("extract", "run.wacz", "-o", "rows").returncode == 0
    assert statements(scrapy.folder / "rows", "run_id") == statements(run, "run_id")


def test_a_run_and_its_extract_differ_in_nothing_but_the_run(scrapy, demo_blog):
    scrapy.crawl(demo_blog.url)
    [run] = scrapy.runs()
    scrapy("extract", "output/dipnote/*/*.warc.gz", "-o", "rows")
    assert statements(scrapy.folder / "rows", "run_id") == statements(run, "run_id")
