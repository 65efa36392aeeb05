"""Pages that a person can check by hand: a folder each, with its address and the rows it must state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.http import HtmlResponse, TextResponse, XmlResponse

from crawler.pages import read_page

if TYPE_CHECKING:
    from crawler.items import Item

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/*/expected.jsonl"))
TYPES: dict[str, tuple[type[TextResponse], str]] = {
    ".html": (HtmlResponse, "text/html"),
    ".xml": (XmlResponse, "application/rss+xml; charset=utf-8"),
}


def items_of(case: Path) -> list[Item]:
    [page] = case.glob("page.*")
    response, content_type = TYPES[page.suffix]
    url = (case / "url").read_text(encoding="utf-8").strip()
    return list(
        read_page(response(url, body=page.read_bytes(), headers={"Content-Type": content_type})).items()
    )


def wrong_values(item: Item, expected: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The keys of the expected row for which the item has another value: what it has, what it should."""
    values = {key: getattr(item, key) for key in expected if key != "row"}
    return {key: (value, expected[key]) for key, value in values.items() if value != expected[key]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_page_states_the_rows_beside_it_and_no_others(case: Path):
    lines = (case / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    expected = [json.loads(line) for line in lines]
    items = items_of(case)

    assert [type(item).__name__.lower() for item in items] == [row["row"] for row in expected]
    for item, row in zip(items, expected, strict=True):
        assert wrong_values(item, row) == {}


def test_listings_feeds_and_print_pages_are_among_the_cases():
    silent = {case.name for case in CASES if not (case / "expected.jsonl").read_text(encoding="utf-8")}

    assert {"drupal-soft-404", "drupal-front-page", "drupal-print-page", "engine-index", "feed"} <= silent
