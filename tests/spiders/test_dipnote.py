"""DipNote has its doors, and refuses arguments that it does not know."""

from __future__ import annotations

import pytest

from crawler.spiders.blog import BadArgument
from crawler.spiders.dipnote import DipNoteSpider


def test_the_static_copy_is_the_door_that_is_open():
    spider = DipNoteSpider()
    assert spider.seeds == ["http://2007-2017-blogs.state.gov/"]
    assert spider.allowed_domains == ["2007-2017-blogs.state.gov"]


def test_the_live_door_leads_to_the_blog_itself():
    spider = DipNoteSpider(door="live")
    assert spider.seeds == ["http://blogs.state.gov/"]
    assert spider.follows("https://www.blogs.state.gov/stories/")
    assert not spider.follows("http://2007-2017-blogs.state.gov/")
    assert not spider.follows("http://any.blogs.state.gov/")


@pytest.mark.parametrize("door", ["static", "live"])
def test_a_copy_is_the_only_host_asked_whatever_the_door(door):
    spider = DipNoteSpider(door=door, site="http://localhost:8000/dipnote/")
    assert spider.seeds == ["http://localhost:8000/dipnote/"]
    assert spider.allowed_domains == ["localhost"]
    assert spider.follows("http://localhost:8000/stories/")
    assert not spider.follows("http://localhost:8001/")
    assert not spider.follows("http://blogs.state.gov/")


def test_a_copy_without_a_path_has_its_front_page_at_the_root():
    assert DipNoteSpider(site="http://localhost:8000").seeds == ["http://localhost:8000/"]


@pytest.mark.parametrize(
    "site",
    [
        "",
        "localhost",
        "localhost:8000",
        "ftp://localhost/",
        "http://",
        "http://a b/",
        "http://a:99999/",
        "http://[/",
    ],
)
def test_a_site_that_is_no_url_is_refused(site):
    with pytest.raises(BadArgument, match="site"):
        DipNoteSpider(site=site)


def test_a_name_and_password_in_a_site_are_refused_and_not_repeated():
    with pytest.raises(BadArgument, match="HTTPAUTH_USER, HTTPAUTH_PASS and HTTPAUTH_DOMAIN") as refused:
        DipNoteSpider(site="http://me:secret@localhost/")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("arguments", [{"door": "back"}, {"url": "http://localhost/"}])
def test_an_argument_that_it_does_not_know_is_refused(arguments):
    with pytest.raises(BadArgument, match="expected"):
        DipNoteSpider(**arguments)
