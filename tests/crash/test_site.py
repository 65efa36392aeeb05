"""The site that is crawled, and what is demanded of an archive of it, agree."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest

from tests.crash import oracle
from tests.crash.crawls import Collection
from tests.crash.site import key_of_path


def test_an_undisturbed_crawl_asks_for_each_page_of_the_manifest_once(blog, undisturbed):
    # The fixture holds it to the oracle with no request beyond need.
    asked = oracle.captured(undisturbed(blog).root)
    assert {key_of_path(url.removeprefix(blog.url[:-1])) for url in asked} >= set(blog.manifest.pages)
    assert len(blog.manifest.posts) == 300


def cut_the_warc(root):
    path = next(root.glob("*/*.warc.gz"))
    path.write_bytes(path.read_bytes()[:-1])


def lose_a_row(root):
    path = next(root.glob("*/comments.jsonl"))
    path.write_bytes(path.read_bytes().partition(b"\n")[2])


def double_a_row(root):
    path = next(root.glob("*/comments.jsonl"))
    path.write_bytes(path.read_bytes().partition(b"\n")[0] + b"\n" + path.read_bytes())


def move_a_record(root):
    path = next(root.glob("*/posts.jsonl"))
    path.write_bytes(path.read_bytes().replace(b'"warc_offset": ', b'"warc_offset": 1', 1))


def leave_a_file_open(root):
    next(root.glob("*/posts.jsonl")).with_name("posts.jsonl.open").touch()


def lose_a_file(root):
    next(root.glob("*/skipped.jsonl")).unlink()


def forget_the_end(root):
    next(root.glob("*/run.json")).unlink()


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (cut_the_warc, "gzip -t"),
        (cut_the_warc, ".warc.gz: byte"),
        (lose_a_row, "1 are lost"),
        (double_a_row, "is there 2 times"),
        (move_a_record, "no such record"),
        (leave_a_file_open, "is left over"),
        (lose_a_file, "listed and not there"),
        (forget_the_end, "has no run.json"),
    ],
)
def test_a_fault_of_a_collection_is_found(small_blog, undisturbed, tmp_path, spoil, word):
    whole = undisturbed(small_blog)
    shutil.copytree(whole.folder, tmp_path / "spoilt")
    spoilt = Collection(tmp_path / "spoilt", small_blog)
    assert not oracle.faults(spoilt, deaths=0)
    spoil(spoilt.root)
    assert any(word in fault for fault in oracle.faults(spoilt, deaths=0))


def test_requests_beyond_need_are_found(small_blog, undisturbed):
    whole = undisturbed(small_blog)
    again = Counter({"/stories": 17, "/nowhere": 1})
    collection = Collection(whole.folder, small_blog, earlier=whole.hits + again)
    assert not oracle.faults(collection, deaths=2)
    assert "18 requests beyond need" in oracle.faults(collection, deaths=1)[0]
