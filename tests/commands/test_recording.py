"""The recording of a real Drupal site, crawled as if it were live."""

from __future__ import annotations

import json
import re

import pytest

from tests.recording import crawl_recording
from tests.small_site import Typed, lines


@pytest.fixture(scope="module")
def visited(shared, tmp_path_factory):
    """The run of a crawl of the recording, and what the host was asked."""
    scrapy = Typed(tmp_path_factory.mktemp("archive"))
    hits = scrapy.folder / "hits.jsonl"
    crawl_recording(shared, scrapy, hits)
    [run] = scrapy.runs()
    return run, lines(hits)


@pytest.fixture(scope="module")
def truth(shared):
    return json.loads((shared / "sites" / "drupal7" / "truth.json").read_text("utf-8"))


def test_every_post_and_every_comment_is_archived_once(visited, truth):
    run, _ = visited
    posts, comments = lines(run / "posts.jsonl"), lines(run / "comments.jsonl")
    assert len(posts) == len({row["id"] for row in posts}) == 159
    assert len(comments) == len({row["id"] for row in comments}) == 3021


def test_few_requests_are_needed_for_a_useful_page(visited):
    _, hits = visited
    useful = {hit["url"] for hit in hits if hit["recorded"] and "%2C" not in hit["url"]}
    assert len(hits) <= 1.25 * len(useful)
    assert len({hit["url"] for hit in hits}) == len(hits)


def test_no_trap_is_asked_for_but_the_list_beside_one_post(visited):
    _, hits = visited
    traps = (
        "mini=",
        "sort=",
        "order=",
        "/node/",
        "/print/",
        "/comment/",
        "/user",
        "/calendar",
        "/filter",
        "/search",
    )
    pages = [hit["url"] for hit in hits if not re.search(r"\.(?:css|js|png|jpe?g|gif|ico)\b", hit["url"])]
    assert not [url for url in pages if any(trap in url for trap in traps)]
    walked = [hit["url"] for hit in hits if "%2C" in hit["url"] or "," in hit["url"]]
    assert len({url.partition("?")[0] for url in walked}) <= 1
    assert all("?page=0%2C" in url for url in walked)
