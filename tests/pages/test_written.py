"""The pages themselves: they show what is told, in text that a reader can find, whatever the markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from lxml import html

from tests.pages.expected_text import page_text, titles
from tests.pages.markups import BY_NAME, MARKUPS, Markup
from tests.pages.sites import drupal
from tests.pages.sites.engine import header_line
from tests.pages.truths import BY_NAME as TRUTH
from tests.pages.truths import TRUTHS

if TYPE_CHECKING:
    from tests.pages.told import Told


def folded(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def shows_in_order(text: str, parts: list[str]) -> list[str]:
    """The parts that are not found after the one before them."""
    missing, at = [], 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            missing.append(part)
        else:
            at = found + len(part)
    return missing


@pytest.mark.parametrize("told", TRUTHS, ids=lambda t: t.name)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda m: m.name)
def test_a_page_shows_title_body_and_comments_in_order(markup: Markup, told: Told):
    for page, entries in enumerate(markup.shown(told)):
        text = page_text(markup.page(told, page)[1])
        said = [folded(told.title), *[part for part in told.text.split("\n\n") if part]]
        for entry in entries:
            line = header_line(entry.remark) if markup.headed else entry.remark.writes
            said += [line] if line else []
            said += [part for part in entry.remark.text.split("\n\n") if part]

        assert shows_in_order(text, said) == []


@pytest.mark.parametrize("told", TRUTHS, ids=lambda t: t.name)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda m: m.name)
def test_a_page_shows_byline_date_captions_and_author(markup: Markup, told: Told):
    page = markup.page(told, 0)[1]
    text = folded(f"{page_text(page)} {titles(page)}")

    assert folded(markup.date(told.at)) in text
    assert [c for c in told.captions if folded(c + markup.credit) not in text] == []
    assert not told.about or folded(told.about) in text
    assert not told.byline or [name for name in told.authors if name not in text] == []


def test_renaming_leaves_no_class_or_id_of_drupal():
    told = TRUTH["thread"]
    page = BY_NAME["drupal-renamed-links"].page(told)[1].decode()
    known = set(re.findall(r'(?:class|id)="([^"]+)"', drupal.write(told, 0)))

    assert not {word for names in known for word in names.split()} & {
        word for names in re.findall(r'(?:class|id)="([^"]+)"', page) for word in names.split()
    }
    assert 'href="/comment/2104#comment-2104"' not in page
    assert "/comment/2104#" in page


def test_renaming_without_links_leaves_fragments_as_they_are():
    page = BY_NAME["drupal-renamed"].page(TRUTH["thread"])[1].decode()

    assert 'href="/comment/2104#comment-2104"' in page
    assert 'id="comment-2104"' not in page


def test_a_bare_page_has_no_rdfa_left():
    page = BY_NAME["drupal-bare"].page(TRUTH["thread"])[1]
    document = html.fromstring(page)

    assert (
        document.xpath(
            "//body//@*[name()='property' or name()='typeof' or name()='about' or name()='content']"
        )
        == []
    )
    assert b"sioc:" not in page
