"""The demo blog's pagers behave like Drupal 7's, traps included."""

from __future__ import annotations

import re

import pytest

from crawler.demo.pager import Pagers


def hrefs(html: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', html)


def words(html: str) -> list[str]:
    return re.findall(r"<li[^>]*>(?:<a[^>]*>)?([^<]*)", html)


@pytest.mark.parametrize(
    ("query", "element", "number", "link"),
    [
        ("", 0, 1, "/p?page=1"),
        ("", 0, 0, "/p"),
        ("page=1", 0, 0, "/p"),
        ("", 1, 1, "/p?page=0%2C1"),
        ("page=0%2C1", 1, 0, "/p?page=0%2C0"),
        ("page=2,7", 0, 3, "/p?page=3%2C7"),
        ("page=2,7", 1, 8, "/p?page=2%2C8"),
        ("page=2,7", 0, 0, "/p?page=0%2C7"),
        ("page=abc", 1, 1, "/p?page=abc%2C1"),
        ("page=0,0,0", 1, 1, "/p?page=0%2C1%2C0"),
        ("page=,5", 0, 1, "/p?page=1%2C5"),
        ("mini=2010-08&page=1", 0, 2, "/p?page=2&mini=2010-08"),
    ],
)
def test_a_link_copies_the_state_of_the_other_pagers(query, element, number, link):
    assert Pagers.from_query("/p", query).link(element, number) == link


@pytest.mark.parametrize(
    ("query", "current"),
    [("", 0), ("page=2", 2), ("page=99", 3), ("page=-1", 0), ("page=abc", 0), ("page=2x", 2)],
)
def test_a_page_beyond_the_end_is_the_last_one(query, current):
    assert Pagers.from_query("/p", query).current(0, 4) == current


def test_the_first_page_offers_no_way_back():
    html = Pagers("/p").render(0, 3)
    assert words(html) == ["1", "2", "3", "next ›", "last »"]
    assert hrefs(html) == ["/p?page=1", "/p?page=2", "/p?page=1", "/p?page=2"]
    assert '<li class="pager-current first">1</li>' in html


def test_the_last_page_offers_no_way_on():
    html = Pagers.from_query("/p", "page=2").render(0, 3)
    assert words(html) == ["« first", "‹ previous", "1", "2", "3"]
    assert hrefs(html)[:2] == ["/p", "/p?page=1"]


def test_nine_numbers_are_shown_at_most():
    html = Pagers.from_query("/p", "page=10").render(0, 20)
    numbers = [str(number) for number in range(7, 16)]
    assert words(html) == ["« first", "‹ previous", "…", *numbers, "…", "next ›", "last »"]


def test_a_single_page_has_no_pager():
    assert Pagers("/p").render(0, 1) == ""
