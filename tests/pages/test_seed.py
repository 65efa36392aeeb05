"""The one real page of which everything is known: every field, from the page as Drupal serves it."""

from __future__ import annotations

import html
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


# The same page, written down from its text alone, as plainly as a page can be. The text copy has lost the
# name of the commenter and the heading of the comments; so the first shapes have neither.


def paragraphs(text: list[str]) -> str:
    return "".join(f"<p>{'<br>'.join(map(html.escape, part.split(chr(10))))}</p>" for part in text)


def breaks(text: list[str]) -> str:
    return (
        f"<div>{'<br><br>'.join('<br>'.join(map(html.escape, part.split(chr(10)))) for part in text)}</div>"
    )


def cells(text: list[str]) -> str:
    return f"<table><tr><td>{paragraphs(text)}</td></tr></table>"


SHAPES = {
    "paragraphs": ("<title>{title} | DipNote</title>", "<h1>{title}</h1>", paragraphs, "", ""),
    "line breaks": ("<title>{title} | DipNote</title>", "<h1>{title}</h1>", breaks, "", ""),
    "one cell": ("<title>DipNote: {title}</title>", "<h2>{title}</h2>", cells, "", ""),
    "no document title": ("", "<h2>{title}</h2>", paragraphs, "", "<h3>Comments</h3>"),
    "heading": ("<title>{title}</title>", "<h1>{title}</h1>", paragraphs, "", "<h2>Comments</h2>"),
    "heading twice": ("<title>{title}</title>", "<h1>{title}</h1>", paragraphs, "", "<h2>Comments</h2>" * 2),
    "heading as text": ("<title>{title}</title>", "<h1>{title}</h1>", paragraphs, "", "<p>Comments</p>"),
    "name and place": (
        "<title>{title}</title>",
        "<h1>{title}</h1>",
        paragraphs,
        "Ron | ",
        "<h2>Comments</h2>",
    ),
    "name above place": (
        "<title>{title}</title>",
        "<h1>{title}</h1>",
        paragraphs,
        "Ron\n",
        "<h2>Comments</h2>",
    ),
    "name, no heading": ("<title>{title}</title>", "<h1>{title}</h1>", paragraphs, "Ron | ", ""),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_its_bare_text_says_the_same_in_any_shape(shape: str, shared: Path, expected: dict[str, Any]):
    head, heading, written, name, opener = SHAPES[shape]
    title, *text = [part.strip() for part in (shared / "seed/page.txt").read_text("utf-8").split("\n\n")]
    text = [part for part in text if part]
    at = next(place for place, part in enumerate(text) if part.startswith("New York, USA"))
    text[at] = name + text[at]
    body = heading.format(title=title) + written(text)
    if opener:
        body = heading.format(title=title) + written(text[:at]) + opener + written(text[at:])
    page = f"<html><head>{head.format(title=title)}</head><body>{body}</body></html>"

    post, author, comment = read_page(HtmlResponse(SEED, body=page.encode(), encoding="utf-8")).items()

    wanted = {name: value for name, value in expected["post"].items() if name != "captured_url"}
    assert shared_fields(vars(post), wanted) == wanted
    [wanted] = expected["comments"]
    wanted = {name: value for name, value in wanted.items() if name != "note"}
    assert shared_fields(vars(comment), wanted) == wanted
    assert shared_fields(vars(author), expected["authors"][0]) == expected["authors"][0]
