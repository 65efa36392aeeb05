"""A link leads where a browser goes: the right column is what Chromium 156 says to the left one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from crawler.pages.browser_url import LONGEST, Base

BASE = "http://base.example/d/e?f"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("page", "http://base.example/d/page"),
        ("/page", "http://base.example/page"),
        ("", "http://base.example/d/e?f"),
        ("?x", "http://base.example/d/e?x"),
        (" \n a\tb ", "http://base.example/d/ab"),
        ("a b|c", "http://base.example/d/a%20b%7Cc"),
        ("a^b", "http://base.example/d/a%5Eb"),
        ("a`b{c}", "http://base.example/d/a%60b%7Bc%7D"),
        ('a"b<c>', "http://base.example/d/a%22b%3Cc%3E"),
        ("x?a'b\"c<d>|^`{}[]", "http://base.example/d/x?a%27b%22c%3Cd%3E|^`{}[]"),
        ("ü/é?q=ü", "http://base.example/d/%C3%BC/%C3%A9?q=%C3%BC"),
        ("[x]", "http://base.example/d/[x]"),
        ("~'()*!$&+=:@", "http://base.example/d/~'()*!$&+=:@"),
        ("a,b", "http://base.example/d/a,b"),
        ("a%zz", "http://base.example/d/a%zz"),
        ("a%2e%2e/b", "http://base.example/d/a%2e%2e/b"),
        ("/x/%2E%2E/y", "http://base.example/y"),
        ("/x/./y/../z", "http://base.example/x/z"),
        ("..", "http://base.example/"),
        ("../../..", "http://base.example/"),
        (".", "http://base.example/d/"),
        ("a;b=1/../c", "http://base.example/d/c"),
        ("a\\b", "http://base.example/d/a/b"),
        ("http://EX.com:80/../a", "http://ex.com/a"),
        ("https://ex.com:0443/a", "https://ex.com/a"),
        ("http://ex.com:8080", "http://ex.com:8080/"),
        ("//h2", "http://h2/"),
        ("///h3/x", "http://h3/x"),
        ("http://h//a//../b", "http://h//a/b"),
        ("http:foo", "http://base.example/d/foo"),
        ("http:/h4/x", "http://base.example/h4/x"),
        ("https:foo", "https://foo/"),
        ("font.eot?", "http://base.example/d/font.eot?"),
        ("font.eot?#iefix", "http://base.example/d/font.eot?"),
        ("http://bücher.example/a", "http://xn--bcher-kva.example/a"),
        ("http://[::1]:8000/a", "http://[::1]:8000/a"),
    ],
)
def test_a_link_leads_where_a_browser_goes(href, url):
    assert Base(BASE).resolve(href) == url


@pytest.mark.parametrize(
    "href",
    [
        "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        "javascript:void(0)",
        "blob:http://base.example/1",
        "about:blank",
        "mailto:ada@example.org",
        "file:///etc/hostname",
        "ftp://h/a",
        "http://",
        "http://[no-url/",
        "http://h:port/",
        "http://h:99999/",
        "http://a b/",
        "http://name:secret@h/a.png",
        "http://" + "ü" * 300 + "/",
        "a" * (LONGEST + 1),
        "ü" * (LONGEST // 2),
    ],
)
def test_what_a_browser_would_not_fetch_is_no_url(href):
    assert Base(BASE).resolve(href) is None


def test_a_document_without_a_url_of_its_own_has_no_links():
    assert Base("about:blank").resolve("page") is None


def test_a_query_is_written_in_the_encoding_of_its_document():
    assert Base(BASE, "latin-1").resolve("ü?q=ü") == "http://base.example/d/%C3%BC?q=%FC"
    assert Base(BASE, "no-such-encoding").resolve("?q=ü") == "http://base.example/d/e?q=%C3%BC"


@given(some.text(), some.text(alphabet="/\\.:?#@[]%2eaü ", max_size=30))
def test_whatever_is_resolved_is_sendable_and_stays_as_it_is(anything, likely):
    for href in (anything, likely, f"http:{likely}", f"//{likely}"):
        url = Base(BASE).resolve(href)
        if url is not None:
            assert url.startswith(("http://", "https://"))
            assert url.isascii()
            assert not set(url) & set("\t\r\n #")
            assert Base(BASE).resolve(url) == url
