"""A page says what it needs to be shown: each address once, as a browser asks for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scrapy.http import HtmlResponse, Response, TextResponse, XmlResponse

from crawler.pages import requisites_of
from crawler.pages.requisite_elements import candidates
from crawler.pages.requisites import MOST

URL = "http://blog.example.org/2012/post?page=1"
ROOT = "http://blog.example.org/2012/"


def found(html: str, url: str = URL) -> list[str]:
    """The kind and address of each requisite of a page; of those beside it without the folder."""
    page = HtmlResponse(url, body=html.encode(), encoding="utf-8")
    return [f"{requisite.kind} {requisite.url.removeprefix(ROOT)}" for requisite in requisites_of(page)]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>nothing</p>", []),
        ("<img src=a.png>", ["image a.png"]),
        ("<IMG SRC=' a.png\n'>", ["image a.png"]),
        ("<img src=a.png><img src=a.png#top>", ["image a.png"]),
        ("<img src=/a.png?v=1><img src=/a.png?v=2>", [f"image {ROOT[:-5]}a.png?v={n}" for n in (1, 2)]),
        ("<img src=//cdn.example/a.png>", ["image http://cdn.example/a.png"]),
        ("<img src='data:image/gif;base64,R0' data-src=a.png>", ["image a.png"]),
        ("<img data-lazy-src=a.png data-lazy-srcset='b.png 2x'>", ["image a.png", "image b.png"]),
        ("<img data-original=a.png>", ["image a.png"]),
        ("<img data-srcset='a.png 1x, b.png 2x'>", ["image a.png", "image b.png"]),
        ("<img srcset='a.png, b.png 2x' src=c.png>", ["image c.png", "image a.png", "image b.png"]),
        (
            "<picture><source srcset='a.webp 1x' type=image/webp><img src=a.png></picture>",
            ["image a.webp", "image a.png"],
        ),
        ("<noscript><img src=a.png></noscript>", ["image a.png"]),
        ("<head><noscript><link rel=stylesheet href=a.css></noscript></head>", ["style a.css"]),
        ("<audio src=a.mp3><source src=b.ogg></audio>", ["audio a.mp3", "audio b.ogg"]),
        (
            "<video src=a.mp4 poster=a.jpg><source src=b.webm><track src=c.vtt></video>",
            ["video a.mp4", "image a.jpg", "video b.webm", "video c.vtt"],
        ),
        ("<link rel=stylesheet href=a.css>", ["style a.css"]),
        ("<link rel='alternate stylesheet' href=a.css>", ["style a.css"]),
        ("<link rel='Shortcut Icon' href=a.ico>", ["icon a.ico"]),
        ("<link rel=apple-touch-icon href=a.png>", ["icon a.png"]),
        ("<link rel=preload as=font href=a.woff2>", ["font a.woff2"]),
        ("<link rel=preload as=image imagesrcset='a.png 1x'>", ["image a.png"]),
        ("<link rel=preload as=fetch href=a.json>", []),
        ("<link rel=manifest href=site.webmanifest>", ["document site.webmanifest"]),
        ("<link rel=canonical href=a><link rel=next href=b><link rel=alternate href=c>", []),
        ("<script src=a.js></script><script>document.write('<img src=b.png>')</script>", ["script a.js"]),
        ("<input type=image src=a.png><input type=text src=b.png>", ["image a.png"]),
        ("<body background=a.gif><table background=b.gif><tr><td background=c.gif></table>",
         ["image a.gif", "image b.gif", "image c.gif"]),
        ("<div data-bg=a.jpg></div>", ["image a.jpg"]),
        ("<p style=\"background: url('a.png')\">", ["image a.png"]),
        ("<style>@import 'a.css'; @font-face { src: url(b.woff) }</style>", ["style a.css", "font b.woff"]),
        ("<svg><use xlink:href='a.svg#x'/><use href='#y'/></svg>", ["image a.svg"]),
        ("<svg><image href=a.png /><image xlink:href=b.png /></svg>", ["image a.png", "image b.png"]),
        ("<meta property=og:image content=a.png>", ["image a.png"]),
        ("<meta name=twitter:image content=a.png>", ["image a.png"]),
        ("<meta property=og:title content=a.png>", []),
        ("<a href=a.pdf>one</a><a href=b>two</a>", ["document a.pdf"]),
        ("<a href=A.JPG?x=1><img src=a-300x200.jpg></a>", ["image a-300x200.jpg", "image A.JPG?x=1"]),
        ("<a href=http://other.example/a.pdf>", []),
        ("<a href=http://www.blog.example.org/a.pdf>", ["document http://www.blog.example.org/a.pdf"]),
        ("<a href=?file=a.pdf>", []),
        ("<map><area href=a.doc></map>", ["document a.doc"]),
        ("<iframe src=inner></iframe><iframe src=http://other.example/x></iframe>", ["frame inner"]),
        ("<frameset><frame src=menu.html></frameset>", ["frame menu.html"]),
        ("<object data=a.swf></object><embed src=b.mp3><object data=c></object>",
         ["document a.swf", "audio b.mp3", "frame c"]),
        ("<base href=http://cdn.example/x/><img src=a.png>", ["image http://cdn.example/x/a.png"]),
        ("<base target=_top><base href=sub/><base href=no/><img src=a.png>", ["image sub/a.png"]),
        (f"<!--{'x' * 5000}--><base href=sub/><img src=a.png>", ["image sub/a.png"]),
        ("<base href='javascript:1'><img src=a.png>", ["image a.png"]),
        ("<template><img src=a.png></template>", ["image a.png"]),
        ("<!--[if IE]><link rel=stylesheet href=ie.css><![endif]-->", []),
        ("<img src='file:///etc/passwd'><img src='http://[no-url/'><img src='http://h:x/'>", []),
    ],
)  # fmt: skip
def test_a_page_needs_what_a_browser_would_fetch(html, expected):
    assert found(html) == expected


@pytest.mark.parametrize(
    ("srcset", "urls"),
    [
        ("", []),
        ("a.png", ["a.png"]),
        (" a.png 1x , b.png 2x ", ["a.png", "b.png"]),
        ("a.png,b.png 2x", ["a.png,b.png"]),
        ("a.png, b.png", ["a.png", "b.png"]),
        ("w_1,h_2/a.png 1x,w_3,h_4/b.png 2x", ["w_1,h_2/a.png", "w_3,h_4/b.png"]),
        ("a.png (1x, 2x), b.png", ["a.png", "b.png"]),
        ("data:image/png;base64,AAAA 1x, b.png 2x", ["data:image/png;base64,AAAA", "b.png"]),
        (",,,", []),
    ],
)
def test_a_srcset_is_taken_apart_as_html_says(srcset, urls):
    assert list(candidates(srcset)) == urls


@pytest.mark.parametrize(
    ("url", "content_type", "needs"),
    [
        (f"{ROOT}css/style.css?v=1", "text/css; charset=utf-8", ["css/bg.png"]),
        (f"{ROOT}css/style", "TEXT/CSS", ["css/bg.png"]),
        (f"{ROOT}css/style.css", None, ["css/bg.png"]),
        (f"{ROOT}css/style.css", "text/plain", []),
        (f"{ROOT}css/style.js", "text/javascript", []),
    ],
)
def test_a_stylesheet_is_known_by_its_type_and_its_addresses_are_its_own(url, content_type, needs):
    headers = {"Content-Type": content_type} if content_type else {}
    response = Response(url, headers=headers, body=b"body { background: url(bg.png) }")
    assert [requisite.url.removeprefix(ROOT) for requisite in requisites_of(response)] == needs


def test_a_stylesheet_is_decoded_by_its_charset():
    headers = {"Content-Type": "text/css; charset='latin1'"}
    response = Response(f"{ROOT}a.css", headers=headers, body=b"body { background: url(\xfc.png) }")
    assert [requisite.url for requisite in requisites_of(response)] == [f"{ROOT}%C3%BC.png"]


@pytest.mark.parametrize("kind", [Response, TextResponse, XmlResponse])
def test_what_is_neither_page_nor_stylesheet_needs_nothing(kind):
    body = b"<rss><item><link>a</link><img src='a.png'/></item></rss>"
    assert requisites_of(kind(URL, body=body)) == []


def test_of_a_page_that_is_made_of_pictures_so_many_are_read():
    html = "".join(f"<img src={number}.png>" for number in range(MOST + 5))
    assert len(found(html)) == MOST


@pytest.mark.parametrize("url", ["http://[no-url/", "about:blank", "http://blog.example.org:port/"])
def test_a_page_without_a_url_needs_only_what_names_its_host(url):
    assert found("<img src=a.png><img src=http://h/b.png><a href=http://h/c.pdf>", url) in (
        [],
        ["image http://h/b.png"],
    )


def test_elements_that_nest_without_end_are_read():
    assert found("<div>" * 100_000 + "<img src=a.png>") in ([], ["image a.png"])


ATTRIBUTES = (
    "src",
    "srcset",
    "href",
    "style",
    "data",
    "data-srcset",
    "background",
    "poster",
    "rel",
    "content",
)
TAGS = ("img", "link", "a", "iframe", "source", "style", "base", "meta", "object", "svg", "use", "video")


@given(
    some.lists(some.tuples(some.sampled_from(TAGS), some.sampled_from(ATTRIBUTES), some.text(max_size=30))),
    some.binary(),
)
def test_whatever_a_page_holds_its_requisites_are_urls_that_can_be_asked_for(elements, noise):
    html = "".join(
        f"<{tag} rel=stylesheet {attribute}='{value}'>{value}" for tag, attribute, value in elements
    )
    for body in (html.encode("utf-8", "replace"), noise, html.encode("utf-8", "replace") + noise):
        needed = requisites_of(HtmlResponse(URL, body=body))
        assert len({requisite.url for requisite in needed}) == len(needed)
        for requisite in needed:
            assert requisite.url.startswith(("http://", "https://"))
            assert requisite.url.isascii()
            assert not set(requisite.url) & set("# \n")
        requisites_of(Response(URL, headers={"Content-Type": "text/css"}, body=body))
