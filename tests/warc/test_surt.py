"""The key under which replay tools look a URL up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.surt import surt_key

KEYS = {
    "http://example.com": "com,example)/",
    "https://www.Example.com:443/": "com,example)/",
    "http://www2.example.com./A/": "com,example)/a",
    "http://www-1.example.com/": "com,example,www-1)/",
    "http://www.com/": "com)/",
    "http://user:pw@example.com:8080/x/": "com,example:8080)/x",
    "https://example.com:80/": "com,example:80)/",
    "http://127.0.0.1:8000/x": "1,0,0,127:8000)/x",
    "http://3279880203/blah": "11,0,127,195)/blah",
    "http://[::1]:8000/x": "::1:8000)/x",
    "http://münchen.de/ä": "de,xn--mnchen-3ya)/%c3%a4",
    "http://example.com/a//b/../c/./d": "com,example)/a/c/d",
    "http://example.com/%7Efoo": "com,example)/~foo",
    "http://example.com/%25": "com,example)/%25",
    "http://example.com/a%252e": "com,example)/a.",
    "http://example.com/a b%0a": "com,example)/a%20b%0a",
    "http://example.com/?page=0%2C1633": "com,example)/?page=0,1633",
    "http://example.com/x/?b=2&a=1": "com,example)/x?a=1&b=2",
    "http://example.com/x?a-b=1&a=1": "com,example)/x?a=1&a-b=1",
    "http://example.com/a?#frag": "com,example)/a",
    "http://example.com/x?a=1&sid=0123456789abcdef0123456789abcdef": "com,example)/x?&a=1",
    "http://example.com/x?phpsessid=0123456789abcdef0123456789abcdef&a=1": "com,example)/x?a=1",
    "http://example.com/(a(0123456789abcdefghijklmn))/x.aspx?a": "com,example)/x.aspx?a",
    "ftp://example.com/x": "com,example)/x",
    "dns:example.com": "dns:example.com",
    "urn:uuid:1": "urn:uuid:1",
}


@pytest.mark.parametrize("url", KEYS)
def test_a_url_has_the_key_that_other_tools_give_it(url: str) -> None:
    assert surt_key(url) == KEYS[url]


@pytest.mark.parametrize(
    "url", ["http://[", "http://a:x/", "", "  ", "http:///x", "http://\udcff/", "http://%/"]
)
def test_what_is_no_url_has_a_key_too(url: str) -> None:
    assert set(surt_key(url)) <= {chr(code) for code in range(0x21, 0x7F)}


@given(st.text(), st.text(), st.text())
def test_no_key_breaks_a_line(host: str, path: str, query: str) -> None:
    key = surt_key(f"http://{host}/{path}?{query}")
    assert set(key) <= {chr(code) for code in range(0x21, 0x7F)}
