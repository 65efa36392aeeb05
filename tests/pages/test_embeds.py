"""Comments and players that stand elsewhere are told with their system and thread, and nothing else is."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scrapy.http import HtmlResponse

from crawler.items import Post
from crawler.pages import read_page
from crawler.pages.document import html_document
from crawler.pages.embed_systems import COMMENTS, FORMS
from crawler.pages.embeds import LONGEST_NAME, embeds_of

URL = "http://blog.example.org/stories/2012/03/04/a-title-of-two"
PAGE = """<html><head><title>A Title of Two</title></head><body><h1>A Title of Two</h1>
<p>Posted by Ann Lee</p><p>March 4, 2012</p>
<div><p>One sentence stands in this body, and it is a long one.</p><p>A second one follows the first.</p>
<p>Then another one.</p></div>{embedded}</body></html>"""


def found(html: str) -> list[tuple[str, str, str | None]]:
    root = html_document(HtmlResponse(URL, body=f"<body>{html}".encode(), encoding="utf-8"))
    return [(str(embed.kind), embed.system, embed.thread) for embed in embeds_of(root)]


CASES = [
    (
        (
            "<div id=disqus_thread></div><script>var disqus_shortname = 'shop'; var disqus_identifier = '12 http://x';"
            "(function() { d.src = '//' + disqus_shortname + '.disqus.com/embed.js'; })();</script>"
        ),
        "disqus",
        "shop/12 http://x",
    ),
    (
        (
            "<div id=disqus_thread></div><script>var disqus_config = function () {"
            " this.page.url = 'http://x/1'; this.page.identifier = \"node/5\"; };"
            "var s = d.createElement('script'); s.src = 'https://my-blog.disqus.com/embed.js';</script>"
        ),
        "disqus",
        "my-blog/node/5",
    ),
    (
        (
            r"""<script>x = {"disqusIdentifier":"7 http:\/\/x\/?p=7","disqusShortname":"wp"};</script>"""
            "<script src=//wp.disqus.com/embed.js></script>"
        ),
        "disqus",
        "wp/7 http://x/?p=7",
    ),
    ("<div id='disqus_thread'></div>", "disqus", None),
    ("<div class='wide fb-comments' data-href='http://x/1'></div>", "facebook", "http://x/1"),
    ("<fb:comments href='http://x/1'></fb:comments>", "facebook", "http://x/1"),
    (
        "<iframe src='https://www.facebook.com/plugins/comments.php?api_key=1&href=http%3A%2F%2Fx%2F1&x=2'></iframe>",
        "facebook",
        "http://x/1",
    ),
    (
        (
            "<script>var idcomments_acct = 'abc'; var idcomments_post_id = '5';</script>"
            "<script src='http://www.intensedebate.com/js/genericCommentWrapperV2.js'></script>"
        ),
        "intensedebate",
        "abc/5",
    ),
    (
        (
            "<div id=livefyre-comments></div>"
            "<script>fyre.conv.load({}, [{el: 'x', siteId: '303', articleId: 'a9'}]);"
            "</script>"
        ),
        "livefyre",
        "303/a9",
    ),
    (
        "<div id=commento></div><script src=https://cdn.commento.io/js/commento.js data-page-id=/x></script>",
        "commento",
        "/x",
    ),
    ("<hyvor-talk-comments website-id=42 page-id=p7></hyvor-talk-comments>", "hyvor-talk", "42/p7"),
    (
        (
            "<script>var HYVOR_TALK_WEBSITE = 42; var HYVOR_TALK_CONFIG = { url: 'x', id: 'p7' };</script>"
            "<script src=//talk.hyvor.com/web-api/embed.js></script>"
        ),
        "hyvor-talk",
        "42/p7",
    ),
    (
        "<script src=https://giscus.app/client.js data-repo=me/blog data-mapping=pathname></script>",
        "giscus",
        "me/blog/pathname",
    ),
    (
        "<script src=https://utteranc.es/client.js repo=me/blog issue-term=title></script>",
        "utterances",
        "me/blog/title",
    ),
    ("<div id=cusdis_thread data-app-id=a1 data-page-id=p7></div>", "cusdis", "a1/p7"),
    ("<section id=isso-thread data-isso-id=/x></section>", "isso", "/x"),
    (
        (
            "<div id=remark42></div>"
            "<script>var remark_config = { host: 'h', site_id: 's', url: 'http://x/1' }</script>"
        ),
        "remark42",
        "s/http://x/1",
    ),
    ("<div class=js-kit-comments permalink='http://x/1'></div>", "js-kit", "http://x/1"),
    ("<script src='http://www.haloscan.com/load/somebody'></script>", "haloscan", "somebody"),
    (
        "<script src=https://launcher.spot.im/spot/sp_abc data-post-id=p7></script>",
        "openweb",
        "sp_abc/p7",
    ),
    (
        (
            "<div id=coral_thread></div>"
            "<script>Coral.createStreamEmbed({ rootURL: 'https://c', storyID: 's1' });</script>"
        ),
        "coral",
        "https://c/s1",
    ),
    (
        (
            "<div id='discourse-comments'></div>"
            "<script>DiscourseEmbed = { discourseUrl: 'https://d/', topicId: 17 };"
            "</script>"
        ),
        "discourse",
        "https://d//17",
    ),
    ("<div class=cmt_iframe_holder data-href='http://x/1'></div>", "google-plus", "http://x/1"),
    ("<vf-conversations vf-container-id=c1></vf-conversations>", "viafoura", "c1"),
]


@pytest.mark.parametrize(("html", "system", "thread"), CASES)
def test_comments_that_stand_elsewhere_are_told_with_their_thread(html, system, thread):
    assert found(html) == [("comments", system, thread)]


def test_every_system_of_comments_has_a_case():
    assert {system for _, system, _ in CASES} == {system.name for system in COMMENTS}


@pytest.mark.parametrize(
    ("html", "embed"),
    [
        (
            "<iframe id=jetpack_remote_comment src='https://jetpack.wordpress.com/jetpack-comment/?blogid=5&postid=7'>",
            ("a comment form", "jetpack", "5/7"),
        ),
        (
            "<iframe id=comment-editor src='https://www.blogger.com/comment-iframe.g?blogID=5&postID=7'></iframe>",
            ("a comment form", "blogger", "5/7"),
        ),
        (
            "<iframe src=//www.youtube.com/embed/abcdefghijk?rel=0></iframe>",
            ("a player", "youtube", "abcdefghijk"),
        ),
        (
            (
                "<object><param name=movie value='http://www.youtube.com/v/abcdefghijk&hl=en'>"
                "<embed src='http://www.youtube.com/v/abcdefghijk&hl=en'></object>"
            ),
            ("a player", "youtube", "abcdefghijk"),
        ),
        ("<iframe data-src=https://player.vimeo.com/video/123></iframe>", ("a player", "vimeo", "123")),
        (
            "<embed src='http://vimeo.com/moogaloop.swf?clip_id=123&server=vimeo.com'>",
            ("a player", "vimeo", "123"),
        ),
        (
            (
                "<blockquote class=twitter-tweet><p>Hello <a href=https://twitter.com/b/status/1>x</a></p>"
                "<a href='https://twitter.com/a/status/99?s=1'>March 4</a></blockquote>"
            ),
            ("a quoted post", "twitter", "99"),
        ),
        (
            "<blockquote class=instagram-media data-instgrm-permalink=https://i/p/1></blockquote>",
            ("a quoted post", "instagram", "https://i/p/1"),
        ),
    ],
)
def test_forms_players_and_quoted_posts_are_told(html, embed):
    assert found(html) == [embed]


@pytest.mark.parametrize(
    "html",
    [
        "<p>We used disqus_thread and https://shop.disqus.com/embed.js once.</p>",
        "<pre>var disqus_shortname = 'shop';</pre>",
        "<script src=//shop.disqus.com/count.js></script>",
        "<a href='https://www.youtube.com/watch?v=abcdefghijk'>A film</a>",
        "<script src=//connect.facebook.net/en_US/all.js></script><div class=fb-like></div>",
        "<iframe src='//www.facebook.com/plugins/like.php?href=x'></iframe>",
        "<script src='http://www.intensedebate.com/js/wordpressTemplateLinkWrapper2.php'></script>",
        "<div id=comments class=comments><p>Comment</p></div>",
        "<script>var id = 'x', url = 'y', siteId = 'z'</script>",
        "<img src='http://example.org/?u=//shop.disqus.com/embed.js'>",
        "<iframe src='http://example.org/?u=//www.youtube.com/embed/abcdefghijk'></iframe>",
    ],
)
def test_what_only_looks_like_an_embed_is_none(html):
    assert found(html) == []


def test_several_systems_are_told_each_once():
    html = (
        "<div id=disqus_thread></div><div class=fb-comments></div>" + 2 * "<iframe src=//youtu.be/abcdefgh>"
    )
    assert [system for _, system, _ in found(html)] == ["disqus", "facebook", "youtube"]


def test_the_name_of_a_thread_is_one_line_of_some_length():
    html = f"<div class=fb-comments data-href='a \n b{'x' * 9999}'></div>"
    [(_, _, thread)] = found(html)
    assert thread is not None
    assert (thread[:5], len(thread)) == ("a bxx", LONGEST_NAME)


def page_with(html: str) -> tuple[Post, list[object]]:
    page = read_page(HtmlResponse(URL, body=PAGE.format(embedded=html).encode()))
    [post] = [item for item in page.items() if isinstance(item, Post)]
    return post, list(page.not_captured())


def test_a_post_whose_comments_stand_elsewhere_never_says_that_it_has_none():
    post, [told] = page_with(CASES[0][0])
    assert post.parse_warnings == ["comments by disqus (shop/12 http://x) are not captured"]
    assert (post.comments_announced, post.comments_open) == (None, None)
    values = (told.url, told.reason, told.system, told.thread, told.post_id, told.detail)  # type: ignore[attr-defined]
    assert values == (URL, "embed", "disqus", "shop/12 http://x", post.id, "comments")


def test_a_player_says_nothing_of_the_comments():
    post, [_] = page_with("<iframe src=//www.youtube.com/embed/abcdefghijk></iframe>")
    assert post.parse_warnings == ["a player by youtube (abcdefghijk) is not captured"]


def test_a_post_that_embeds_nothing_warns_of_nothing():
    post, told = page_with("")
    assert (post.parse_warnings, told) == ([], [])


def test_no_pattern_takes_long_over_what_is_made_to_hold_it_up():
    began = time.monotonic()
    for piece in (
        "disqus_shortname = '",
        "//x.disqus.com/",
        "id: '",
        "blogger.com/comment",
        "href=",
        "a" * 50 + "/",
    ):
        code = piece * (200_000 // len(piece))
        found(f"<div id=disqus_thread></div><div id=livefyre></div><iframe id=comment-editor></iframe>"
              f"<script>remark_config; Coral.createStreamEmbed; DiscourseEmbed; {code}</script>"
              f"<iframe src='//www.facebook.com/plugins/comments.php?{code}'></iframe>")  # fmt: skip
    assert time.monotonic() - began < 10


MARKS = [f"id={name}" for system in (*COMMENTS, *FORMS) for name in system.ids]
MARKS += [f"class={name}" for system in (*COMMENTS, *FORMS) for name in system.classes]


@given(some.lists(some.tuples(some.sampled_from(MARKS), some.text(max_size=20))), some.text())
def test_whatever_stands_in_a_page_its_embeds_can_be_told(elements, code):
    html = "".join(f"<div {mark} data-href='{value}'>{value}</div>" for mark, value in elements)
    for _, system, thread in found(f"{html}<script>{code}</script>"):
        assert re.fullmatch(r"[a-z0-9-]+", system)
        assert thread is None or thread == " ".join(thread.split())
