"""A list of posts that comes where a post was asked for is no post."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse

from crawler.pages import read_page

TEASER = (
    "<h2><a href='/stories/2010/09/{day:02}/harbor-{day}'>Harbor {day}</a></h2><p>Posted by Ada Byron</p>"
    "<p>September {day}, 2010</p><p>The ferry left the pier at six, half an hour late and twice as full.</p>"
)


def page(title: str, teasers: int) -> HtmlResponse:
    body = "".join(TEASER.format(day=day) for day in range(1, teasers + 1))
    html = f"<html><head><title>{title} | Blog</title></head><body><h1>{title}</h1>{body}</body></html>"
    return HtmlResponse("http://blogs.state.gov/stories/2010/09/10/lost-ferry", body=html.encode())


@pytest.mark.parametrize("teasers", [1, 2, 3, 10])
def test_a_list_under_another_title_is_no_post(teasers):
    assert list(read_page(page("All Stories", teasers)).items()) == []


def test_a_post_that_names_another_in_a_heading_is_a_post():
    [post, *_] = read_page(page("The Lost Ferry", 1)).items()

    assert post.id == "blogs.state.gov/stories/2010/09/10/lost-ferry"
