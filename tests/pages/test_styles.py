"""A stylesheet says what it refers to, however it is written, and never more than it can bear."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from crawler.pages.styles import DEEPEST, LONGEST, decoded, references


@pytest.mark.parametrize(
    ("css", "found"),
    [
        ("body { color: red }", []),
        ("body { background: url(a.png) }", ["image a.png"]),
        ("body { background: url( 'a b.png' ) no-repeat, URL(\"c.png\") }", ["image a b.png", "image c.png"]),
        (r"b { background: url(a\29 \)b.png) }", ["image a))b.png"]),
        (r"b { background: u\72l(a.png) }", ["image a.png"]),
        ("/* url(a.png) */ b { content: 'url(b.png)' }", []),
        ("@import 'a.css'; @import url(b.css) print;", ["style a.css", "style b.css"]),
        ('@IMPORT "a.css" layer(x) supports(display: grid) screen;', ["style a.css"]),
        ("@import 'a.css'; b { background: url(c.png) }", ["style a.css", "image c.png"]),
        (
            "@font-face { src: url(f.eot?#iefix) format('eot'), url('f.woff') } b { background: url(c.png) }",
            ["font f.eot?#iefix", "font f.woff", "image c.png"],
        ),
        (
            "@media print { b { background: url(a.png) } } i { background: url(b.png) }",
            ["image a.png", "image b.png"],
        ),
        ("@supports (a: b) { @font-face { src: url(f.woff) } }", ["font f.woff"]),
        ("b { background: image-set('a.png' 1x, url(b.png) 2x) }", ["image a.png", "image b.png"]),
        ("b { background: -webkit-image-set(url(a.png) type('image/png')) }", ["image a.png"]),
        ("b { background: image-set(linear-gradient(red, 'x'), 'a.png' 1x) }", ["image a.png"]),
        ("@namespace svg url(http://www.w3.org/2000/svg); b { background: url(a.png) }", ["image a.png"]),
        ("b { filter: url(#shadow); mask: url('') }", []),
        ("b { background: url(a.png); } i { background: url(a.png) }", ["image a.png"]),
        ("b { --picture: url(a.png) }", ["image a.png"]),
        ("b { background: url(a.png", ["image a.png"]),
        ("} url(a.png) { @font-face", ["image a.png"]),
    ],
)
def test_a_stylesheet_refers_to_what_a_browser_would_fetch(css, found):
    assert [f"{kind} {url}" for kind, url in references(css)] == found


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        (b"a{b:url(\xc3\xbc)}", None, "ü"),
        (b"a{b:url(\xfc)}", "latin1", "ü"),
        (b'@charset "latin1";a{b:url(\xfc)}', None, "ü"),
        (b'@charset "latin1";a{b:url(\xc3\xbc)}', "utf-8", "ü"),
        (b"\xef\xbb\xbfa{b:url(\xc3\xbc)}", "latin1", "ü"),
        ("\ufeffa{b:url(ü)}".encode("utf-16-le"), None, "ü"),
        (b"a{b:url(\xc3\xbc)}", "no-such-charset", "ü"),
        (b"a{b:url(\xff)}", None, "\ufffd"),
    ],
)
def test_a_stylesheet_is_decoded_as_css_says(body, charset, text):
    assert references(decoded(body, charset))[0][1] == text


@pytest.mark.parametrize("open_bracket", ["(", "[", "{", "url(", "@import (", "image-set("])
def test_brackets_that_never_close_cost_neither_the_stack_nor_the_time(open_bracket):
    began = time.monotonic()
    references(open_bracket * (DEEPEST - 1))
    references(open_bracket * LONGEST)
    assert time.monotonic() - began < 5


def test_a_stylesheet_is_read_as_far_as_it_can_be_borne():
    css = "a{b:url(first.png)}" + "/**/" * (LONGEST // 4) + "a{b:url(last.png)}"
    assert [url for _, url in references(css)] == ["first.png"]


@given(some.binary(), some.text())
@example(b"\x00@import", "\x00@import url(\\")
def test_whatever_is_no_css_refers_to_something_or_nothing(body, text):
    pieces = f"@import {text}; @font-face {{ src: url({text}) }} b {{ x: image-set({text}) }}"
    for css in (decoded(body, text), decoded(body, None), text, pieces):
        assert all(url for _, url in references(css))
