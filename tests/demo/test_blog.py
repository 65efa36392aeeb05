"""The demo blog is whole: its links lead somewhere, its pages show what the manifest says."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from urllib.parse import urldefrag, urljoin

import pytest
from parsel import Selector
from scrapy.http import HtmlResponse, Response

from crawler.demo.blog import Blog
from crawler.demo.manifest import manifest
from crawler.pages import requisites_of

ORIGIN = "http://127.0.0.1:8000"
WELCOME = "/stories/2009/02/03/welcome-lamp-room"


@pytest.fixture(scope="module")
def blog() -> Blog:
    return Blog(ORIGIN)


@pytest.fixture(scope="module")
def page(blog):
    def read(path: str) -> Selector:
        return Selector(blog.answer(path).body.decode())

    return read


def reached(blog: Blog) -> dict[str, int]:
    """Status of every address that can be reached from the front page without the calendar's trap."""
    status = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in status:
            continue
        answer = blog.answer(path)
        status[path] = answer.status
        if location := answer.headers.get("Location"):
            waiting.append(location.removeprefix(ORIGIN))
        if answer.headers["Content-Type"].startswith("text/html") and answer.body:
            for link in (
                Selector(answer.body.decode()).css("::attr(href), ::attr(src), ::attr(action)").getall()
            ):
                url = urldefrag(urljoin(ORIGIN + path, link)).url
                if url.startswith(ORIGIN) and "mini=" not in url:
                    waiting.append(url.removeprefix(ORIGIN))
    return status


def test_every_link_leads_somewhere_but_for_one_dead_and_one_old_one(blog):
    status = reached(blog)
    assert [path for path, code in status.items() if code == 404 and "page=" not in path] == [
        "/stories/2010/04/01/exhibition-withdrawn"
    ]
    assert [path for path, code in status.items() if code == 301] == [
        "/stories/2009/05/01/posting-lighthouse"
    ]
    assert {row["path"] for row in manifest()["posts"]} <= status.keys()
    assert {path for row in manifest()["posts"] for path in row["images"]} <= status.keys()


def test_the_blog_is_large_enough_to_show_something():
    truth = manifest()
    assert len(truth["posts"]) == 16
    assert len(truth["comments"]) == 83
    assert [row["comment_pages"] for row in truth["posts"] if (row["comment_pages"] or 0) > 1] == [4, 3]
    assert [row["name"] for row in truth["authors"] if row["kind"] == "organization"] == [
        "Lamp Room Bloggers"
    ]
    assert len(truth["authors"]) == 5


@pytest.mark.parametrize("post", manifest()["posts"], ids=lambda post: post["path"])
def test_a_post_shows_what_the_manifest_says(page, post):
    shown = page(post["path"])
    assert shown.css("h1::text").get("").strip() == post["title"]
    assert shown.css("#content .date-display-single::text").get() == post["published_raw"]
    assert shown.css(".field-name-field-caption .field-item::text").getall() == post["captions"]
    assert shown.css(".field-name-field-topics a::text").getall() == post["tags"]
    assert shown.css(".field-name-field-photo img::attr(src)").getall() == post["images"]
    assert shown.css("[property='sioc:num_replies']::attr(content)").get() == str(post["comments_announced"])
    assert bool(shown.css("form.comment-form")) == post["comments_open"]
    body = "".join(shown.css(".node-full .field-name-body .field-item ::text").getall())
    assert all(line in body for line in post["body_text"].split("\n"))
    assert (post["about_author"] or "") in body


@pytest.mark.parametrize("post", manifest()["posts"], ids=lambda post: post["path"])
def test_the_comments_of_a_post_stand_on_its_pages_in_order(page, post):
    expected = [row for row in manifest()["comments"] if row["post"] == post["path"]]
    shown = [
        (number, int(anchor.removeprefix("comment-")))
        for number in range(post["comment_pages"] or 1)
        for anchor in page(f"{post['path']}?page={number}")
        .css("#comments > a::attr(id), .indented > a::attr(id)")
        .getall()
    ]
    assert shown == [(row["page"], row["comment"]) for row in expected]


def test_a_reply_names_its_parent(page):
    parents = {row["comment"]: row["parent"] for row in manifest()["comments"] if row["parent"]}
    replies = page(WELCOME).css(".indented > .comment")
    for reply in replies:
        number = int(reply.attrib["about"].rpartition("-")[2])
        assert reply.css(f"[resource='/comment/{parents[number]}#comment-{parents[number]}']")
    assert replies


def test_a_page_that_begins_with_a_reply_begins_indented(page):
    [first] = [
        row
        for row in manifest()["comments"]
        if row["post"] == WELCOME and (row["page"], row["number"]) == (1, 1)
    ]
    assert first["parent"]
    anchors = page(f"{WELCOME}?page=1").css("#comments a[id]")
    assert anchors[0].attrib["id"] == f"comment-{first['comment']}"
    assert anchors[0].xpath("parent::div[@class='indented']")


def test_divs_are_closed_as_often_as_opened(blog, page):
    for path in (WELCOME, f"{WELCOME}?page=1", "/", "/archive/200902", "/print/1"):
        text = blog.answer(path).body.decode()
        assert text.count("<div") == text.count("</div>"), path


def test_the_sidebar_pager_is_the_first_one_where_the_comments_have_none(page):
    post = "/stories/2009/03/17/keeper-s-logbook-read-aloud"
    assert page(post).css(".pager-next a::attr(href)").getall() == [f"{post}?page=0%2C1"]
    assert page(WELCOME).css(".pager-next a::attr(href)").getall() == [
        f"{WELCOME}?page=1",
        f"{WELCOME}?page=0%2C1",
    ]


def test_the_sidebar_turns_its_page_without_turning_that_of_the_comments(page):
    plain, turned = page(f"{WELCOME}?page=1"), page(f"{WELCOME}?page=1%2C2")
    assert plain.css("#comments > a::attr(id)").getall() == turned.css("#comments > a::attr(id)").getall()
    stories = ".view-latest-stories .views-field-title a::attr(href)"
    assert len(turned.css(stories).getall()) == 5
    assert not set(plain.css(stories).getall()) & set(turned.css(stories).getall())


def test_the_sidebar_vanishes_where_a_page_beyond_its_end_is_asked_for(page):
    assert not page(f"{WELCOME}?page=0%2C1633").css(".view-latest-stories")


def test_the_pager_of_the_front_page_leads_to_node(page):
    assert page("/").css("#content .pager-next a::attr(href)").getall() == ["/node?page=1"]


@pytest.mark.parametrize("path", ["/node/1", "/comment/30", f"{WELCOME}/", f"{WELCOME}?utm_source=feed"])
def test_a_duplicate_answers_200_and_names_the_permalink(blog, path):
    answer = blog.answer(path)
    assert answer.status == 200
    assert answer.headers["Link"].startswith(f'<{WELCOME}>; rel="canonical"')


def test_a_comment_has_an_address_that_shows_its_page(page):
    assert page("/comment/30").css("#comment-30")


def test_the_months_hold_every_post_once(page):
    months = page("/archive").css("#content .views-summary a::attr(href)").getall()
    counted = Counter(
        link for month in months for link in page(month).css("#content h2 > a::attr(href)").getall()
    )
    assert counted == Counter(row["path"] for row in manifest()["posts"])


def test_authors_and_topics_list_their_posts(page):
    assert len(page("/authors/maud-okonjo").css("#content .node-teaser")) == 3
    assert page("/category/photos").css("#content h2 > a::text").getall() == ["The Week in Pictures"] * 2


def test_the_feed_has_the_ten_newest_posts(blog):
    feed = Selector(blog.answer("/rss.xml").body.decode(), type="xml")
    newest = [ORIGIN + row["path"] for row in reversed(manifest()["posts"])][:10]
    assert feed.css("item > link::text").getall() == newest


def test_an_old_address_leads_to_the_new_one(blog):
    answer = blog.answer("/stories/2009/05/01/posting-lighthouse")
    assert (answer.status, answer.headers["Location"]) == (
        301,
        f"{ORIGIN}/stories/2009/05/02/how-post-lighthouse",
    )


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/node/99",
        "/comment/999",
        "/print/99",
        "/archive/209901",
        "/authors/nobody",
        "/category/none",
        "/users/nobody",
        "/comment/reply/99",
        "/sites/default/files/styles/large/public/photos/none.png",
        '/"><script>',
    ],
)
def test_what_is_not_there_is_404_with_a_page(blog, path):
    answer = blog.answer(path)
    assert answer.status == 404
    assert b"could not be found" in answer.body
    assert b"<script>" not in answer.body


def test_a_picture_is_a_png_of_its_size(blog):
    data = blog.answer("/sites/default/files/styles/large/public/photos/ferry-rail-with-ice.png").body
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (240, 160)
    length = struct.unpack(">I", data[33:37])[0]
    assert len(zlib.decompress(data[41 : 41 + length])) == 160 * (1 + 240 * 3)


def test_the_blog_is_the_same_every_time(blog):
    assert blog.answer(WELCOME) == Blog(ORIGIN).answer(WELCOME)


def test_what_pages_need_to_be_shown_is_what_the_manifest_says(blog):
    needed: dict[str, str] = {}
    for path in (*reached(blog), "/themes/lamproom/style.css"):
        answer = blog.answer(path)
        kind = HtmlResponse if answer.headers["Content-Type"].startswith("text/html") else Response
        response = kind(ORIGIN + path, headers=answer.headers, body=answer.body)
        needed |= {found.url.removeprefix(ORIGIN): str(found.kind) for found in requisites_of(response)}
    assert needed == {row["path"]: row["kind"] for row in manifest()["requisites"]}
    assert {blog.answer(path).status for path in needed} == {200}
