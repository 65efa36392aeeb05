"""A second crawl of an unchanged site: what is there already is referred to, and found again."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from crawler.collection.rebuild import rebuild_journal
from crawler.warc.cdxj import Index
from crawler.warc.reader import BadRecord, read_records
from crawler.warc.walk import StoredRecord, records
from tests.small_site import comment, front, post, statements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.small_site import Site, Typed

POSTS = [f"/stories/2010/09/10/post-{n}" for n in range(4)]
LONG = "Words of the post. " * 100


@pytest.fixture
def blog(site: Site) -> Site:
    site.serve("/", front(*POSTS) + "<p>" + LONG)
    for path in POSTS:
        site.serve(path, post(path, path[-6:], body=LONG, comments=comment(1)))
    return site


def collection(scrapy: Typed) -> Path:
    return scrapy.folder / "output" / "dipnote"


def stored(run: Path, kind: str) -> dict[str, StoredRecord]:
    """Records of a type, by target URI."""

    def found() -> Iterator[StoredRecord]:
        for path in run.glob("*.warc.gz"):
            with path.open("rb") as file:
                for record in records(file, lambda _fields, _start: 2**20):
                    assert isinstance(record, StoredRecord)
                    yield record

    return {r.fields["warc-target-uri"]: r for r in found() if r.fields["warc-type"] == kind}


def twice(scrapy: Typed, blog: Site) -> list[Path]:
    assert scrapy.crawl(blog.url).returncode == 0
    assert scrapy.crawl(blog.url).returncode == 0
    return scrapy.runs()


def test_an_unchanged_page_becomes_a_revisit_that_names_its_original(scrapy: Typed, blog: Site) -> None:
    first, second = twice(scrapy, blog)
    originals, revisits = stored(first, "response"), stored(second, "revisit")
    assert {blog.url + path[1:] for path in POSTS} <= set(revisits)
    for url, revisit in revisits.items():
        fields, original = revisit.fields, originals[url].fields
        assert fields["warc-profile"].endswith("/revisit/identical-payload-digest")
        assert fields["warc-refers-to"] == original["warc-record-id"]
        assert fields["warc-refers-to-target-uri"] == url
        assert fields["warc-refers-to-date"] == original["warc-date"]
        assert fields["warc-payload-digest"] == original["warc-payload-digest"]
        assert fields["warc-truncated"] == "length"
        assert revisit.block.startswith(b"HTTP/1.1 200 OK\r\n")
        assert revisit.block.endswith(b"\r\n\r\n")


def test_a_page_that_changed_is_kept_whole(scrapy: Typed, blog: Site) -> None:
    scrapy.crawl(blog.url)
    blog.serve(POSTS[0], post(POSTS[0], "Changed", body=LONG))
    scrapy.crawl(blog.url)
    second = scrapy.runs()[1]
    assert blog.url + POSTS[0][1:] in stored(second, "response")
    assert blog.url + POSTS[1][1:] in stored(second, "revisit")


def test_a_small_body_is_kept_anew(scrapy: Typed, blog: Site) -> None:
    _, second = twice(scrapy, blog)
    assert blog.url + "robots.txt" in stored(second, "response")


def test_a_body_that_is_chunked_stands_for_no_other(scrapy: Typed, blog: Site) -> None:
    """Replay tools put the new head before the old bytes, framing and all."""
    scrapy.crawl(blog.url)
    status, headers, body = blog.pages[POSTS[0]]
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    blog.pages[POSTS[0]] = status, {**headers, "Transfer-Encoding": "chunked"}, chunked
    scrapy.crawl(blog.url)
    second = scrapy.runs()[1]
    assert blog.url + POSTS[0][1:] in stored(second, "response")
    assert statements(second) == set()


def test_a_body_that_is_cut_stands_for_no_other(scrapy: Typed, blog: Site) -> None:
    status, headers, body = blog.pages[POSTS[0]]
    blog.pages[POSTS[0]] = status, {**headers, "Content-Length": str(len(body) + 1)}, body
    scrapy.crawl(blog.url)
    scrapy.crawl(blog.url, "-a", "fresh=1")
    second = scrapy.runs()[1]
    assert blog.url + POSTS[0][1:] in stored(second, "response")
    assert blog.url + POSTS[1][1:] in stored(second, "revisit")


def test_every_revisit_is_read_with_the_body_of_its_original(scrapy: Typed, blog: Site) -> None:
    runs = twice(scrapy, blog)
    found = list(read_records(*(path for run in runs for path in run.glob("*.warc.gz"))))
    assert not [response for response in found if isinstance(response, BadRecord)]
    bodies: dict[str, set[bytes]] = {}
    for response in found:
        assert not isinstance(response, BadRecord)
        bodies.setdefault(response.location.target_uri, set()).add(response.body)
    assert {len(of_url) for of_url in bodies.values()} == {1}


def test_the_index_is_the_one_that_another_tool_makes(scrapy: Typed, blog: Site) -> None:
    runs = twice(scrapy, blog)
    files = [str(path) for run in runs for path in run.glob("*.warc.gz")]
    other = subprocess.run(
        [sys.executable, "-m", "cdxj_indexer.main", "--sort", *files], capture_output=True, check=True
    )
    # It adds a digest of the block for revisits, which nobody reads.
    expected = [_without(line, "recordDigest") for line in other.stdout.decode().splitlines()]
    assert (collection(scrapy) / "index.cdxj").read_text("ascii").splitlines() == expected


def _without(line: str, name: str) -> str:
    key, timestamp, text = line.split(" ", 2)
    told = json.loads(text)
    told.pop(name, None)
    return f"{key} {timestamp} {json.dumps(told)}"


def test_an_entry_of_the_index_is_a_gzip_member(scrapy: Typed, blog: Site) -> None:
    runs = {path.name: path for run in twice(scrapy, blog) for path in run.glob("*.warc.gz")}
    with Index(collection(scrapy) / "index.cdxj") as index:
        entries = index.captures(blog.url + POSTS[0][1:])
        assert [entry.mime for entry in entries] == ["text/html", "warc/revisit"]
        for entry in index:
            with runs[entry.filename].open("rb") as file:
                file.seek(entry.offset)
                inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
                record = inflate.decompress(file.read(entry.length))
            assert inflate.eof
            assert not inflate.unused_data
            assert f"WARC-Target-URI: {entry.url}\r\n".encode() in record
            assert f"WARC-Payload-Digest: {entry.digest}\r\n".encode() in record


def test_a_rebuilt_journal_knows_the_same_payloads_and_the_index_is_the_same(
    scrapy: Typed, blog: Site
) -> None:
    twice(scrapy, blog)
    root = collection(scrapy)

    def payloads() -> list[Any]:
        database = sqlite3.connect(root / "journal.sqlite")
        try:
            return database.execute("SELECT * FROM payloads ORDER BY identity").fetchall()
        finally:
            database.close()

    before, index = payloads(), (root / "index.cdxj").read_bytes()
    (root / "index.cdxj").write_text("garbage\n")
    rebuild_journal(root)
    assert len(before) > len(POSTS)
    assert payloads() == before
    assert (root / "index.cdxj").read_bytes() == index


def test_an_index_that_is_missing_is_told_and_not_made_of_half_of_the_runs(scrapy: Typed, blog: Site) -> None:
    scrapy.crawl(blog.url)
    (collection(scrapy) / "index.cdxj").unlink()
    done = scrapy.crawl(blog.url)
    assert done.returncode == 0
    assert "index.cdxj: is missing; scrapy verify --rebuild-journal" in done.stderr
    assert not (collection(scrapy) / "index.cdxj").exists()
    rebuild_journal(collection(scrapy))
    with Index(collection(scrapy) / "index.cdxj") as index:
        assert len(index.captures(blog.url)) == 2
