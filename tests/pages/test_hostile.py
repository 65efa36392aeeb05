"""Pages that nobody writes in good faith are read all the same, or refused in words."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse

from crawler.items import Post
from crawler.pages import UnknownLayout, read_page

URL = "http://blog.example.org/stories/2012/03/04/a-title-of-two"
PAGE = """<html><head><title>A Title of Two</title>{head}</head><body><h1>A Title of Two</h1>
<p>Posted by Ann Lee</p><p>March 4, 2012</p>
<div><p>One sentence stands in this body, and it is a long one.</p><p>A second one follows the first.</p>
<p>{body}Then another one.</p></div></body></html>"""


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<base href="http://[no-url/">', '<a href="page">A link.</a> '),
        ('<link rel="canonical" href="http://[no-url/">', ""),
        ("", '<a href="http://[no-url/">A link.</a> '),
        ("", '<a href="?page=9' + "9" * 5000 + '">A link.</a> '),
        ("", '<a href="?page=²">A link.</a> '),
        ("", '<img src="/a.jpg" width="²" height="' + "9" * 5000 + '"> '),
        ("", '<img src="http://[no-url/"> '),
    ],
)
def test_what_is_no_url_and_no_number_costs_no_post(head, body):
    page = read_page(HtmlResponse(URL, body=PAGE.format(head=head, body=body).encode()))
    [post] = [item for item in page.items() if isinstance(item, Post)]
    assert (post.title, post.authors) == ("A Title of Two", ["Ann Lee"])
    assert all(link.url.startswith("http://blog.example.org/") for link in page.links())


def test_an_address_that_is_no_url_is_refused_in_words():
    with pytest.raises(UnknownLayout, match="no URL that can be read"):
        read_page(HtmlResponse("http://[no-url/", body=PAGE.format(head="", body="").encode()))
