"""A recorded Drupal site under class names and ids never seen: its pages say what its database knew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from scrapy.http import HtmlResponse
from warcio.archiveiterator import ArchiveIterator

from crawler.items import Post
from crawler.pages import UnknownLayout, read_page
from tests.pages.markups import DRUPAL, Markup
from tests.pages.recorded import pages_again, told_again
from tests.pages.rename_recording import is_page, renamed_warc
from tests.pages.renaming import renamed
from tests.pages.scoring import score
from tests.pages.sites.drupal import without_rdfa

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.pages.sites.parts import Shown
    from tests.pages.told import Told

HOST = "http://blogs.state.gov"
EVERY = 5
"""Every how many posts are read, with all their comment pages."""

LEAST = 0.995
"""The least share of right values of each field."""

SHOWS_POSTS = ("/node/", "/comment/", "/print/", "q=node")
"""What an address has that shows a post again."""


def as_recorded(page: bytes) -> bytes:
    return page


def under_other_names(page: bytes) -> bytes:
    return renamed(page, fragments=True)


def under_other_names_with_old_links(page: bytes) -> bytes:
    return renamed(page, fragments=False)


def under_other_names_without_rdfa(page: bytes) -> bytes:
    return renamed(without_rdfa(page.decode()).encode(), fragments=True)


CHANGES: list[Callable[[bytes], bytes]] = [
    as_recorded,
    under_other_names,
    under_other_names_with_old_links,
    under_other_names_without_rdfa,
]


@dataclass(frozen=True, kw_only=True)
class Recorded(Markup):
    """The markup of the recorded site itself: its pages are looked up, not written."""

    pages: dict[str, bytes] = field(default_factory=dict)
    entries: dict[str, list[list[Shown]]] = field(default_factory=dict)
    change: Callable[[bytes], bytes] = as_recorded

    def page(self, told: Told, number: int = 0) -> tuple[str, bytes]:
        url = HOST + told.name + (f"?page={number}" if number else "")
        return url, self.change(self.pages[url])

    def shown(self, told: Told) -> list[list[Shown]]:
        return self.entries[told.name]


@pytest.fixture(scope="module")
def site(shared: Path) -> dict[str, bytes]:
    """Every page of the recording that came with status 200, by its address."""
    pages = {}
    with (shared / "sites/drupal7/site.warc.gz").open("rb") as file:
        for record in ArchiveIterator(file):
            if is_page(record) and record.http_headers.get_statuscode() == "200":
                pages[record.rec_headers.get_header("WARC-Target-URI")] = record.content_stream().read()
    return pages


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_posts_and_comments_agree_with_the_database(
    shared: Path, site: dict[str, bytes], change: Callable[[bytes], bytes]
):
    truth = shared / "sites/drupal7/truth.json"
    rdfa = change is not under_other_names_without_rdfa
    markup = Recorded(
        **{
            **vars(replace(DRUPAL, name="recorded", identity=lambda told: "blogs.state.gov" + told.name)),
            "parents": "named" if rdfa else "nesting",
            "remark_moment": rdfa,
            "announced": rdfa,
        },
        pages=site,
        entries=pages_again(truth),
        change=change,
    )
    result = score(markup, told_again(truth)[::EVERY])

    # The recorded photos have addresses of their own; the truth of their number is tried elsewhere.
    short = {
        name: (round(result.share(name), 4), result.examples[name][:3])
        for name in result.all
        if name != "images" and result.share(name) < LEAST
    }
    assert short == {}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_other_pages_of_the_site_state_no_post(
    shared: Path, site: dict[str, bytes], change: Callable[[bytes], bytes]
):
    posts = {told.name for told in told_again(shared / "sites/drupal7/truth.json")}
    others = [
        url
        for url in site
        if urlsplit(url).path not in posts and not any(mark in url for mark in SHOWS_POSTS)
    ]

    assert len(others) > 200
    assert [(url, got) for url in others[::2] if (got := posts_on(url, change(site[url])))] == []


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_duplicate_states_the_post_it_duplicates_or_nothing(
    shared: Path, site: dict[str, bytes], change: Callable[[bytes], bytes]
):
    known = {"blogs.state.gov" + told.name for told in told_again(shared / "sites/drupal7/truth.json")}
    duplicates = [url for url in site if any(mark in url for mark in SHOWS_POSTS) and "/reply/" not in url]

    assert len(duplicates) > 20
    for url in duplicates[::2]:
        assert set(posts_on(url, change(site[url]))) <= known


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_print_page_and_a_reply_form_state_nothing(
    site: dict[str, bytes], change: Callable[[bytes], bytes]
):
    others = [url for url in site if "/print/" in url or "/reply/" in url]

    assert len(others) > 10
    assert [(url, got) for url in others if (got := posts_on(url, change(site[url])))] == []


def test_a_renamed_copy_of_a_recording_has_every_record_again(shared: Path, tmp_path: Path):
    source = shared / "sites/drupal7/site.warc.gz"
    copy = tmp_path / "renamed.warc.gz"
    pages = renamed_warc(source, copy)

    assert pages > 600
    assert records_of(copy) == records_of(source)


def records_of(path: Path) -> list[tuple[str, str, str]]:
    """Type, address and id of every record but the first, which tells how the file was made."""
    with path.open("rb") as file:
        return [
            (
                r.rec_type,
                r.rec_headers.get_header("WARC-Target-URI"),
                r.rec_headers.get_header("WARC-Record-ID"),
            )
            for r in ArchiveIterator(file)
            if r.rec_type != "warcinfo"
        ]


def posts_on(url: str, body: bytes) -> list[str]:
    """The ids of the posts that a page states."""
    response = HtmlResponse(url, body=body, headers={"Content-Type": "text/html; charset=utf-8"})
    try:
        return [item.id for item in read_page(response).items() if isinstance(item, Post)]
    except UnknownLayout:
        return []
