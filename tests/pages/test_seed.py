"""The one real page of which everything is known: every field, from the page as Drupal serves it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.http import HtmlResponse

from crawler.pages import read_page
from crawler.warc.reader import ArchivedResponse, read_records

if TYPE_CHECKING:
    from pathlib import Path

URL = "http://blogs.state.gov/stories/2010/09/10/strengthening-us-russia-relations"
SEED = "https://blogs.state.gov/stories/2010/09/10/strengthening-us-russia-relations?page=0%2C1633"


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((shared / "seed/expected.json").read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def rows(shared: Path) -> dict[str, list[dict[str, Any]]]:
    archive = shared / "sites/drupal7/site.warc.gz"
    [page] = [
        found
        for found in read_records(archive)
        if isinstance(found, ArchivedResponse) and found.location.target_uri == URL
    ]
    items = read_page(HtmlResponse(SEED, body=page.body, encoding="utf-8")).items()
    told: dict[str, list[dict[str, Any]]] = {"Post": [], "Author": [], "Comment": []}
    for item in items:
        told[type(item).__name__].append(vars(item))
    return told


def shared_fields(row: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in expected if name in row and name not in ("note", "captured_url")}


def test_the_post_says_every_field_as_expected(rows, expected):
    [post] = rows["Post"]
    wanted = {name: value for name, value in expected["post"].items() if name != "captured_url"}

    assert shared_fields(post, wanted) == wanted


def test_its_comment_says_every_field_as_expected(rows, expected):
    wanted = [{name: v for name, v in each.items() if name != "note"} for each in expected["comments"]]

    assert [shared_fields(row, wanted[0]) for row in rows["Comment"]] == wanted


def test_its_author_says_every_field_as_expected(rows, expected):
    assert [shared_fields(row, expected["authors"][0]) for row in rows["Author"]] == expected["authors"]
