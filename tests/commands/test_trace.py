"""From the id of a row, or a URL, to the bytes that prove it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.small_site import ROOT, comment, front, lines, post

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_site import Site, Typed

POST = "/stories/2010/09/10/post-0"
LONG = "Words of the post. " * 100


@pytest.fixture
def blog(site: Site) -> Site:
    site.serve("/", front(POST) + "<p>" + LONG)
    site.serve(POST, post(POST, "First", body=LONG, comments=comment(1) + comment(2)))
    return site


@pytest.fixture
def archive(scrapy: Typed, blog: Site) -> Path:
    """The collection, crawled once."""
    assert scrapy.crawl(blog.url).returncode == 0
    return scrapy.folder / "output" / "dipnote"


def traced(scrapy: Typed, *words: str, code: int = 0) -> dict[str, Any]:
    ended = scrapy("trace", *words, "--json")
    assert ended.returncode == code, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def raw(scrapy: Typed, *words: str) -> bytes:
    """The bytes that ``--raw`` writes to standard output."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
    command = [sys.executable, "-m", "scrapy", "trace", *words, "--raw"]
    ended = subprocess.run(command, cwd=scrapy.folder, env=environment, capture_output=True, check=True)
    return ended.stdout


def sha1(octets: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(octets).digest()).decode()


def row(archive: Path, name: str) -> dict[str, Any]:
    """The last row of the newest run."""
    return lines(max(archive.glob(f"*/{name}.jsonl")))[-1]


@pytest.mark.parametrize("name", ["posts", "comments", "authors"])
def test_an_id_leads_to_the_row_and_the_record_that_proves_it(
    scrapy: Typed, archive: Path, name: str
) -> None:
    expected = row(archive, name)
    told = traced(scrapy, expected["id"])
    assert told["row"] == expected
    record = told["record"]
    assert record["right"]
    assert record["fields"]["warc-record-id"] == f"<{expected['warc_record_id']}>"
    assert (record["offset"], record["length"]) == (expected["warc_offset"], expected["warc_length"])
    assert record["http_status"] == 200
    assert told["findings"] == []
    assert told["captures"][0]["warc_offset"] == expected["warc_offset"]


def test_a_permalink_leads_to_its_comment(scrapy: Typed, archive: Path, blog: Site) -> None:
    told = traced(scrapy, f"{blog.url}{POST[1:]}#comment-2")
    assert (told["row"]["number"], told["row"]["body_text"]) == (2, "A remark.")


def test_raw_bytes_are_those_of_the_wire(scrapy: Typed, archive: Path, blog: Site) -> None:
    wanted = row(archive, "posts")
    octets = raw(scrapy, wanted["id"])
    record = traced(scrapy, wanted["id"])["record"]
    assert sha1(octets) == record["fields"]["warc-block-digest"]
    assert octets.partition(b"\r\n\r\n")[2] == blog.pages[POST][2]
    assert octets.startswith(record["http_head"].encode("latin-1"))


def test_raw_bytes_go_into_a_new_file_and_into_no_other(scrapy: Typed, archive: Path, blog: Site) -> None:
    words = ("trace", f"{blog.url}robots.txt", "--raw", "-o", "message.http")
    assert scrapy(*words).returncode == 0
    written = (scrapy.folder / "message.http").read_bytes()
    assert written.startswith(b"HTTP/1.1 200 OK\r\n")
    again = scrapy(*words)
    assert again.returncode == 2
    assert again.stderr == "scrapy trace: message.http: is there already, expected a new file\n"
    assert (scrapy.folder / "message.http").read_bytes() == written


def test_a_captured_url_without_row_is_traced(scrapy: Typed, archive: Path, blog: Site) -> None:
    told = traced(scrapy, f"{blog.url}robots.txt")
    assert told["row"] is None
    assert told["record"]["http_status"] == 200
    assert told["replay"].endswith(f"/{blog.url}robots.txt")


def test_a_revisit_is_traced_to_the_record_that_has_the_body(
    scrapy: Typed, archive: Path, blog: Site
) -> None:
    scrapy.crawl(blog.url)
    told = traced(scrapy, blog.url)
    assert (told["record"]["type"], told["original"]["type"]) == ("revisit", "response")
    assert [entry["mime"] for entry in told["captures"]] == ["text/html", "warc/revisit"]
    message = raw(scrapy, blog.url)
    assert message.startswith(told["record"]["http_head"].encode("latin-1"))
    body = message.partition(b"\r\n\r\n")[2]
    assert body == blog.pages["/"][2]
    assert sha1(body) == told["record"]["fields"]["warc-payload-digest"]
    assert traced(scrapy, blog.url, "--version", "1")["record"]["type"] == "response"


def test_all_versions_are_told_and_any_can_be_asked_for(scrapy: Typed, archive: Path, blog: Site) -> None:
    blog.serve(POST, post(POST, "Second", body=LONG, comments=comment(1) + comment(2)))
    scrapy.crawl(blog.url)
    wanted = row(archive, "posts")["id"]
    told = traced(scrapy, wanted)
    assert [version["version"] for version in told["versions"]] == [1, 2]
    assert told["row"]["title"] == "Second"
    assert traced(scrapy, wanted, "--version", "1")["row"]["title"] == "First"
    ended = scrapy("trace", wanted, "--version", "3")
    assert (ended.returncode, ended.stderr) == (
        2,
        f"scrapy trace: {wanted}: has no version 3, expected one of 1, 2\n",
    )


def test_words_for_a_terminal_tell_it_all(scrapy: Typed, archive: Path, blog: Site) -> None:
    wanted = row(archive, "comments")
    told = scrapy("trace", wanted["id"])
    assert told.returncode == 0
    for words in (
        '"body_text": "A remark."',
        "WARC-Type: response",
        "its digests, computed again, are as they should be",
        "HTTP/1.1 200 OK",
        f"http://127.0.0.1:8080/archive/{wanted['captured_at'][:4]}",
    ):
        assert words in told.stdout


def test_what_an_archive_holds_cannot_steer_the_terminal(scrapy: Typed, blog: Site) -> None:
    status, headers, body = blog.pages[POST]
    blog.pages[POST] = status, {**headers, "X-Evil": "\x1b]0;owned\x07\x9b31m"}, body
    blog.serve(POST, post(POST, "A \u202etitle\x9b31m", body=LONG), X_Evil="\x1b]0;owned\x07")
    scrapy.crawl(blog.url)
    told = scrapy("trace", f"{blog.url}{POST[1:]}").stdout
    assert "X-Evil: \\x1b]0;owned\\x07" in told
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(told)


# --- What is not as it should be ---


def changed_record(archive: Path, wanted: dict[str, Any], old: bytes, new: bytes) -> None:
    """Change bytes of a record and compress it anew, as somebody would who wants it unseen."""
    [path] = archive.glob(f"*/{wanted['warc_file']}")
    octets = path.read_bytes()
    begin = wanted["warc_offset"]
    end = begin + wanted["warc_length"]
    record = gzip.decompress(octets[begin:end])
    assert old in record
    path.write_bytes(octets[:begin] + gzip.compress(record.replace(old, new)) + octets[end:])


def test_a_page_that_was_changed_in_the_archive_is_told(scrapy: Typed, archive: Path) -> None:
    wanted = row(archive, "comments")
    changed_record(archive, wanted, b"A remark.", b"A ruling.")
    told = traced(scrapy, wanted["id"], code=9)
    rules = {finding["rule"] for finding in told["findings"]}
    assert {"block-digest", "payload-digest"} <= rules
    assert not told["record"]["right"]
    words = scrapy("trace", wanted["id"])
    assert words.returncode == 9
    assert "NOT as they should be" in words.stdout


def test_a_row_that_was_edited_is_told(scrapy: Typed, archive: Path) -> None:
    [path] = archive.glob("*/comments.jsonl")
    wanted = row(archive, "comments")
    path.write_text(path.read_text().replace("A remark.", "A ruling."))
    told = traced(scrapy, wanted["id"], code=9)
    assert [finding["rule"] for finding in told["findings"]] == ["row-content-digest"]


def test_a_row_that_names_another_record_is_told(scrapy: Typed, archive: Path) -> None:
    [path] = archive.glob("*/comments.jsonl")
    wanted = row(archive, "comments")
    [front_page] = traced(scrapy, wanted["captured_url"].partition("stories")[0])["captures"]
    path.write_text(
        path.read_text().replace(f'{wanted["warc_offset"]}, "warc_l', f'{front_page["warc_offset"]}, "warc_l')
    )
    told = traced(scrapy, wanted["id"], code=9)
    assert {"row-warc-record-id", "row-captured-url"} <= {finding["rule"] for finding in told["findings"]}


def test_a_file_that_is_gone_is_told_and_the_row_all_the_same(scrapy: Typed, archive: Path) -> None:
    wanted = row(archive, "posts")
    [path] = archive.glob("*/*.warc.gz")
    path.unlink()
    told = traced(scrapy, wanted["id"], code=9)
    assert told["row"] == wanted
    assert told["record"] is None
    assert [finding["rule"] for finding in told["findings"]] == ["missing"]


def test_bytes_that_are_no_record_are_told(scrapy: Typed, archive: Path) -> None:
    wanted = row(archive, "posts")
    [path] = archive.glob("*/*.warc.gz")
    octets = bytearray(path.read_bytes())
    octets[wanted["warc_offset"] + 200] ^= 0xFF
    path.write_bytes(octets)
    told = traced(scrapy, wanted["id"], code=9)
    assert [finding["rule"] for finding in told["findings"]] == ["unreadable"]
    raw_ended = scrapy("trace", wanted["id"], "--raw", "-o", "message.http")
    assert raw_ended.returncode == 2
    assert "its record cannot be read" in raw_ended.stderr


def test_a_line_that_the_index_lacks_is_told(scrapy: Typed, archive: Path) -> None:
    wanted = row(archive, "posts")
    index = archive / "index.cdxj"
    kept = [line for line in index.read_text().splitlines(keepends=True) if POST not in line]
    index.write_text("".join(kept))
    told = traced(scrapy, wanted["id"], code=9)
    assert [finding["rule"] for finding in told["findings"]] == ["index-missing"]
    assert told["record"]["right"]


def test_an_index_that_cannot_be_read_is_told_and_not_that_nothing_is_there(
    scrapy: Typed, archive: Path, blog: Site
) -> None:
    index = archive / "index.cdxj"
    index.write_text("garbage\n" * len(index.read_text().splitlines()))
    told = traced(scrapy, f"{blog.url}robots.txt", code=9)
    assert [finding["rule"] for finding in told["findings"]] == ["index-line"]
    assert scrapy("trace", f"{blog.url}robots.txt").returncode == 9
    assert scrapy("trace", f"{blog.url}robots.txt", "--raw").returncode == 2


# --- Wrong words ---


def test_what_no_collection_knows_is_refused_in_a_sentence(scrapy: Typed, archive: Path, blog: Site) -> None:
    elsewhere = scrapy.folder / "output" / "again"
    for words, sentence in (
        (["nothing"], "nothing: not in output/dipnote: expected the id of a row, or a URL that was captured"),
        ([], "0 words given: expected ID|URL [COLLECTION] [--version N] [--json | --raw [-o FILE]]"),
        (["x", "nowhere"], "nowhere: holds no run, expected a collection"),
        ([blog.url, "-o", "x"], "-o is given without --raw: expected both, or neither"),
        ([blog.url, "--version", "9"], f"{blog.url}: has no capture 9, expected 1 to 1"),
    ):
        ended = scrapy("trace", *words)
        assert (ended.returncode, ended.stderr) == (2, f"scrapy trace: {sentence}\n")
    scrapy.crawl(blog.url, "-a", "collection=again")
    ended = scrapy("trace", blog.url)
    assert ended.returncode == 2
    assert "output/again, output/dipnote: expected the folder of one of them" in ended.stderr
    assert traced(scrapy, blog.url, str(elsewhere))["collection"] == str(elsewhere)


def test_without_any_collection_it_says_so(scrapy: Typed) -> None:
    ended = scrapy("trace", "x")
    assert (ended.returncode, ended.stderr) == (
        2,
        "scrapy trace: output: holds no collection, expected one, or its folder behind the id\n",
    )
