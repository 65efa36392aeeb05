"""Addresses: one identity for every way to write one, and no trap among what is asked for."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.address import Address, Pagers, address_of, day_of, host_of, identity, key_of, same_site
from crawler.pages.page import LinkKind

SITE = "http://blogs.state.gov"
POST = SITE + "/stories/2010/09/10/strengthening-us-russia-relations"
ID = "blogs.state.gov/stories/2010/09/10/strengthening-us-russia-relations"


def known(url: str) -> Address:
    address = address_of(url)
    assert address is not None
    return address


@pytest.mark.parametrize(
    "url",
    [
        POST,
        POST + "/",
        POST + ".html",
        POST + "#comment-12",
        POST.replace("http:", "https:"),
        POST.replace("blogs", "www.blogs"),
        POST.replace("blogs.state.gov", "BLOGS.State.Gov."),
        POST.replace("blogs.state.gov", "blogs.state.gov:80"),
        POST.replace("http://blogs.state.gov", "https://blogs.state.gov:443"),
        POST.replace("blogs.state.gov", "somebody:secret@blogs.state.gov"),
        POST.replace("blogs.", "2007-2017-blogs.") + ".html",
        POST.replace("/stories/", "//stories//"),
        POST.replace("strengthening", "%73trengthening"),
        POST + "?page=0",
        POST + "?page=",
    ],
)
def test_every_way_to_write_a_post_has_one_identity(url: str):
    assert (key_of(url), known(url).id, known(url).kind) == (ID, ID, LinkKind.POST)


def test_another_port_is_another_site():
    assert identity("http://127.0.0.1:8000/stories/2010/09/10/a") == "127.0.0.1:8000/stories/2010/09/10/a"
    assert identity("http://[::1]:8000/a") == "[::1]:8000/a"
    assert not same_site(POST, POST.replace("state.gov", "state.gov:8080"))


def test_escapes_are_written_one_way():
    assert identity(SITE + "/%c3%a9t%C3%A9") == identity(SITE + "/été") == "blogs.state.gov/%C3%A9t%C3%A9"


def test_an_escaped_slash_parts_nothing():
    assert identity(SITE + "/a%2fb") == "blogs.state.gov/a%2Fb"


@pytest.mark.parametrize("front", ["", "/", "/node", "/index.php", "/index.html", "/?page=0", "/node?page=0"])
def test_the_front_page_has_one_identity(front: str):
    assert key_of(SITE + front) == "blogs.state.gov/"


def test_the_front_pages_pager_does_not_stay_on_the_front_page():
    assert key_of(SITE + "/node?page=3") == key_of(SITE + "/?page=3") == "blogs.state.gov/?page=3"


@pytest.mark.parametrize(
    ("value", "pagers"),
    [
        ("2", (2, None)),
        ("", (0, None)),
        ("0", (0, None)),
        ("2,7", (2, 7)),
        (",5", (0, 5)),
        ("2,", (2, 0)),
        ("0,1633", (0, 1633)),
    ],
)
def test_a_page_value_keeps_its_positions(value: str, pagers: tuple[int, int | None]):
    assert Pagers.from_value(value) == pagers


@pytest.mark.parametrize("value", ["abc", "-1", "1,2,3", "1.5", "²", "٣", " 1", "0x1", "9" * 5000])
def test_what_no_drupal_prints_is_no_page_value(value: str):
    assert Pagers.from_value(value) is None
    assert known(f"{POST}?page={quote(value)}").rule == "garbage-pager"


@pytest.mark.parametrize("comma", [",", "%2C", "%2c"])
def test_the_second_pager_is_the_list_beside(comma: str):
    address = known(f"{POST}?page=0{comma}12")

    assert (address.kind, address.page, address.key) == (LinkKind.SIDEBAR, 12, f"{ID}?sidebar=12")
    assert key_of(f"{POST}?page={comma}12") == address.key


def test_comment_pages_are_pages_of_their_post():
    address = known(POST + "?page=3")

    assert (address.kind, address.page, address.id, address.key) == (
        LinkKind.COMMENTS,
        3,
        ID,
        f"{ID}?page=3",
    )


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/stories/2010/09/10/a?page=2%2C7", "two-pagers"),
        ("/archive/201009?page=0,3", "two-pagers"),
        ("/stories/2010/09/10/a?page=0%2C0%2C0", "garbage-pager"),
        ("/stories/2010/09/10/a?mini=2010-10", "calendar"),
        ("/calendar/month/2010-10", "calendar"),
        ("/stories?order=title&sort=asc", "sort"),
        ("/stories/2010/09/10/a?sort=oldest", "sort"),
        ("/stories/2010/09/10/a?utm_source=x", "unknown-query"),
        ("/?q=node/812", "duplicate-query"),
        ("/node/812", "node"),
        ("/print/812?page=2%2C7", "print"),
        ("/comment/12#comment-12", "comment-permalink"),
        ("/comment/reply/812/12", "reply-form"),
        ("/user/login?destination=node/812", "account"),
        ("/user", "account"),
        ("/search/node/x", "search"),
        ("/filter/tips", "help"),
        ("/taxonomy/term/3", "term"),
        ("/taxonomy/term/3/feed", "listing-feed"),
        ("/authors/ann-lee/feed", "listing-feed"),
    ],
)
def test_traps_are_refused_by_rule(path: str, rule: str):
    address = known(SITE + path)

    assert (address.kind, address.rule) == (LinkKind.REFUSED, rule)


def test_a_trap_has_another_key_than_the_page_it_repeats():
    assert key_of(POST + "?mini=2010-10") != key_of(POST)


@pytest.mark.parametrize(
    "path",
    """/stories /stories/2010 /stories/2010/09 /archive /archive/201009 /authors/ann-lee /category/water
    /latest-stories""".split(),
)
def test_lists_are_lists(path: str):
    assert known(SITE + path).kind is LinkKind.LISTING
    assert known(SITE + path + "?page=2").page == 2


@pytest.mark.parametrize("path", ["/rss.xml", "/atom.xml", "/feed", "/index.php/site/rss_2.0/"])
def test_feeds_are_feeds(path: str):
    assert known(SITE + path).kind is LinkKind.FEED


@pytest.mark.parametrize(
    "path", ["entires/clinton_kenya/", "entries/clinton_kenya", "site/entry/clinton_kenya"]
)
def test_posts_of_expressionengine_are_posts(path: str):
    address = known(f"{SITE}/index.php/{path}")

    assert (address.kind, address.id) == (
        LinkKind.POST,
        f"blogs.state.gov/index.php/{path.rstrip('/')}",
    )


def test_pages_of_expressionengine_count_by_offset():
    comments = known(SITE + "/index.php/site/entry/clinton_kenya/P50")
    front = known(SITE + "/index.php/P10/")
    topic = known(SITE + "/index.php/site/topic/category/photos/P5")

    assert (comments.kind, comments.page, comments.id) == (
        LinkKind.COMMENTS,
        50,
        "blogs.state.gov/index.php/site/entry/clinton_kenya",
    )
    assert (front.kind, front.page, front.id, front.key) == (
        LinkKind.LISTING,
        10,
        "blogs.state.gov/",
        "blogs.state.gov/P10",
    )
    assert (topic.kind, topic.id) == (
        LinkKind.LISTING,
        "blogs.state.gov/index.php/site/topic/category/photos",
    )


@pytest.mark.parametrize(
    "url",
    [
        SITE + "/sites/default/files/photo.jpg",
        "mailto:dipnote@example.org",
        "javascript:void(0)",
        POST.replace("http:", "ftp:"),
        POST.replace("state.gov", "state.gov:x"),
        POST.replace("state.gov", "state.gov:99999"),
        SITE + "/Stories/2010/09/10/wrong-case",
    ],
)
def test_what_is_no_page_of_the_blog_has_no_address(url: str):
    assert address_of(url) is None


def test_the_day_stands_in_the_path():
    assert day_of(POST + "?page=2") == "2010-09-10"
    assert day_of(SITE + "/index.php/entries/clinton_kenya") is None


def test_the_host_of_an_address_without_one_is_empty():
    assert host_of("mailto:dipnote@example.org") == ""


SEGMENTS = st.text("abcxyz019-_.~é ²%/", min_size=1, max_size=12).map(lambda text: quote(text, safe=""))
PATHS = st.one_of(
    st.just("/stories/2010/09/10/a-b"),
    st.just("/index.php/site/entry/a_b/P50"),
    st.just("/index.php/P5"),
    st.just("/node"),
    st.lists(SEGMENTS, max_size=5).map(lambda names: "/" + "/".join(names)),
)
QUERIES = st.one_of(
    st.just(""),
    st.text("0123456789,abc-", max_size=8).map(lambda value: f"?page={value}"),
    st.text("abq=&12%C", max_size=10).map(lambda value: f"?{value}"),
)


@given(PATHS, QUERIES)
def test_the_key_of_a_key_is_the_key(path: str, query: str):
    key = key_of(SITE + path + query)

    assert key_of("http://" + key) == key


@given(PATHS, QUERIES)
def test_scheme_host_form_and_fragment_make_no_difference(path: str, query: str):
    other = f"HTTPS://WWW.blogs.state.gov:443{path}{query}#comment-5"

    assert key_of(other) == key_of(SITE + path + query)


@given(st.integers(0, 99), st.one_of(st.none(), st.integers(0, 2000)))
def test_a_comma_is_a_comma_however_it_is_escaped(first: int, second: int | None):
    value = str(first) if second is None else f"{first},{second}"

    assert known(f"{POST}?page={value}").kind is known(f"{POST}?page={quote(value)}").kind
    assert known(f"{POST}?page={value}").page == known(f"{POST}?page={quote(value)}").page


@given(st.lists(st.sampled_from("abcdef-"), min_size=1, max_size=20), st.data())
def test_escaping_letters_makes_no_other_identity(letters: list[str], data: st.DataObject):
    escaped = [
        data.draw(st.sampled_from([letter, f"%{ord(letter):02X}", f"%{ord(letter):02x}"]))
        for letter in letters
    ]

    assert identity(f"{SITE}/{''.join(escaped)}") == identity(f"{SITE}/{''.join(letters)}")


@given(st.text(max_size=40))
def test_any_path_has_an_identity(text: str):
    assert re.match(r"blogs\.state\.gov/", identity(f"{SITE}/{quote(text)}"))
