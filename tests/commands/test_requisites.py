"""``scrapy crawl`` archives what pages need to be shown: after them, within bounds, from nowhere private."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from warcio import ArchiveIterator

from crawler.demo import manifest
from tests.small_site import front, lines, post, serving, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.small_site import Site, Typed

ONE = "/stories/2010/09/10/one"
LOOPBACK = ("-s", "ADDRESS_ALLOW=127.0.0.0/8")
TRUTH = {row["path"]: row["kind"] for row in manifest()["requisites"]}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def elsewhere() -> Iterator[Site]:
    """A host beside that of the blog."""
    with serving() as site:
        yield site


@pytest.fixture
def show(site: Site):
    """``show(markup)``: the blog has one post, with this in its body."""

    def serve(markup: str) -> None:
        site.serve("/", front(ONE))
        site.serve("/authors/ada-example", front(ONE))
        site.serve(ONE, post(ONE, "One", f"Some text.</p>{markup}<p>"))

    return serve


def picture(site: Site, *paths: str, octets: bytes = PNG) -> None:
    for path in paths:
        site.serve(path, octets, Content_Type="image/png")


def told(scrapy: Typed) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((scrapy.runs()[-1] / "run.json").read_text("utf-8"))
    return found


def skipped(scrapy: Typed) -> dict[str, tuple[str, str | None]]:
    """Reason and kind of requisite by URL."""
    found = lines(scrapy.runs()[-1] / "skipped.jsonl")
    return {line["url"]: (line["reason"], line["requisite"]) for line in found}


def captured(scrapy: Typed) -> dict[str, Any]:
    """The response records of the last run by target URI."""
    records = {}
    for path in sorted(scrapy.runs()[-1].glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                if record.rec_type in ("response", "revisit"):
                    records[record.rec_headers["WARC-Target-URI"]] = record.rec_headers
    return records


def test_what_a_page_needs_is_archived_once_and_behind_every_page(scrapy, site, show):
    show(
        "<img src='data:image/gif;base64,R0' data-src=/lazy.png><img srcset='/1x.png, /2x.png 2x'>"
        "<img src=/lazy.png>"
        "<link rel=stylesheet href=/style.css?v=1><link rel=stylesheet href=/style.css?v=2>"
    )
    for version in ("1", "2"):
        css = "@import 'css/more.css'; body { background: url(bg.png) }"
        site.serve(f"/style.css?v={version}", css, Content_Type="text/css")
    more = "@font-face { src: url('../font.eot?#iefix') }"
    site.serve("/css/more.css", more, Content_Type="text/css")
    site.serve("/font.eot?", b"font", Content_Type="font/eot")
    needed = ["/lazy.png", "/1x.png", "/2x.png", "/bg.png"]
    picture(site, *needed)
    ended = scrapy.crawl(site.url)
    needed += ["/style.css?v=1", "/style.css?v=2", "/css/more.css", "/font.eot?"]
    assert ended.returncode == 0, ended.stderr
    assert max(Counter(site.paths).values()) == 1
    assert set(site.paths) == {"/robots.txt", "/", "/authors/ada-example", ONE, *needed}
    assert site.paths.index(ONE) < min(site.paths.index(path) for path in needed)
    assert {site.url[:-1] + path for path in needed} < set(captured(scrapy))
    assert skipped(scrapy) == {}
    assert told(scrapy)["requisites"] == {
        "answered": 8,
        "failed": 0,
        "by_kind": {"font": 1, "image": 4, "style": 3},
        "skipped": {},
    }
    assert told(scrapy)["crawl"]["requests"] == {"done": 3}
    assert told(scrapy)["crawl"]["requisites"] == {"done": 8}


def test_another_host_is_asked_for_what_a_page_embeds_and_for_no_page(scrapy, site, elsewhere, show):
    picture(elsewhere, "/a.png", "/c.png")
    site.serve("/b.png", status=302, Location=f"{elsewhere.url}c.png")
    show(f"<img src={elsewhere.url}a.png><img src=/b.png><a href={elsewhere.url}stories/2010/09/10/x>x</a>")
    ended = scrapy.crawl(site.url, *LOOPBACK)
    assert ended.returncode == 0, ended.stderr
    assert sorted(elsewhere.paths) == ["/a.png", "/c.png", "/robots.txt"]
    assert {f"{site.url}b.png", f"{elsewhere.url}c.png"} < set(captured(scrapy))


def test_robots_txt_of_another_host_is_obeyed(scrapy, site, elsewhere, show):
    elsewhere.serve("/robots.txt", "User-agent: *\nDisallow: /private/", Content_Type="text/plain")
    picture(elsewhere, "/a.png", "/private/b.png")
    show(f"<img src={elsewhere.url}a.png><img src={elsewhere.url}private/b.png>")
    assert scrapy.crawl(site.url, *LOOPBACK).returncode == 0
    assert sorted(elsewhere.paths) == ["/a.png", "/robots.txt"]
    assert skipped(scrapy) == {f"{elsewhere.url}private/b.png": ("robots", "image")}


def test_private_addresses_are_not_asked_whatever_a_page_names(scrapy, site, elsewhere, show):
    picture(elsewhere, "/a.png", "/b.png", "/c.png")
    port = elsewhere.url.rsplit(":", 1)[1]
    site.serve("/hop.png", status=302, Location=f"{elsewhere.url}c.png")
    names = [f"{elsewhere.url}a.png", f"http://localhost:{port}b.png", "http://169.254.169.254/latest.png"]
    show("".join(f"<img src={url}>" for url in names) + "<img src=/hop.png><img src=file:///etc/hostname>")
    ended = scrapy.crawl(site.url)
    assert ended.returncode == 0, ended.stderr
    assert elsewhere.paths == []
    assert skipped(scrapy) == dict.fromkeys([*names, f"{elsewhere.url}c.png"], ("address", "image"))
    assert "Traceback" not in (scrapy.runs()[-1] / "crawl.log.jsonl").read_text("utf-8")


def test_a_requisite_that_is_too_large_is_kept_as_far_as_it_came(scrapy, site, show):
    # Too large to arrive at once: what is there to its end is kept whole.
    picture(site, "/large.png", octets=PNG * 1_000_000)
    picture(site, "/small.png")
    show("<img src=/large.png><img src=/small.png>")
    assert scrapy.crawl(site.url, "-s", "REQUISITE_MAX_BYTES=20000").returncode == 0
    assert skipped(scrapy) == {f"{site.url}large.png": ("too-large", "image")}
    kept = captured(scrapy)
    assert kept[f"{site.url}large.png"]["WARC-Truncated"] == "length"
    assert kept[f"{site.url}small.png"]["WARC-Truncated"] is None


def test_the_bound_of_all_requisites_is_a_limit_that_a_later_run_may_widen(scrapy, site, show):
    names = [f"/{number}.png" for number in range(5)]
    picture(site, *names)
    show("".join(f"<img src={name}>" for name in names))
    ended = scrapy.crawl(site.url, "-s", "REQUISITES=2")
    assert (ended.returncode, told(scrapy)["verdict"]) == (7, "a limit was reached: REQUISITES")
    assert sum(path.endswith(".png") for path in site.paths) == 2
    assert scrapy.crawl(site.url, "-s", "REQUISITES=9").returncode == 0
    assert sum(path.endswith(".png") for path in site.paths) == 5
    assert site.paths.count(ONE) == 1


def test_video_is_left_out_unless_it_is_asked_for(scrapy, site, show):
    site.serve("/a.mp4", b"film", Content_Type="video/mp4")
    picture(site, "/a.png")
    show("<video src=/a.mp4 poster=/a.png></video>")
    scrapy.crawl(site.url)
    assert (site.paths.count("/a.mp4"), site.paths.count("/a.png")) == (0, 1)
    scrapy.crawl(site.url, "-s", "REQUISITE_KINDS=video")
    assert (site.paths.count("/a.mp4"), site.paths.count("/a.png")) == (1, 1)


def test_nothing_but_pages_is_asked_for_where_requisites_are_off(scrapy, site, show):
    show("<img src=/a.png>")
    assert scrapy.crawl(site.url, "-s", "REQUISITES_ENABLED=False").returncode == 0
    assert "/a.png" not in site.paths


def test_dead_hosts_and_missing_pictures_are_explained_and_make_no_run_incomplete(scrapy, site, show):
    dead = [f"http://127.0.0.1:1/{number}.png" for number in range(20)]
    show("".join(f"<img src={url}>" for url in [*dead, "/gone.png", "/broken.png"]))
    site.serve("/broken.png", status=503)
    ended = scrapy.crawl(site.url, *LOOPBACK)
    assert (ended.returncode, told(scrapy)["verdict"]) == (0, "complete")
    found = skipped(scrapy)
    assert found.pop(f"{site.url}gone.png") == ("http-404", "image")
    assert found.pop(f"{site.url}broken.png") == ("http-503", "image")
    assert set(found) == set(dead)
    assert {reason for reason, _ in found.values()} == {"connection-refused", "unreachable"}
    assert told(scrapy)["requests"]["failed"] == 0
    assert told(scrapy)["skipped"] == {}
    assert sum(told(scrapy)["requisites"]["skipped"].values()) == 22


def test_a_picture_that_leads_to_a_page_leaves_the_page_to_be_read(scrapy, site, show):
    other = "/stories/2010/09/12/other"
    show(f"<img src=/gone.png><a href={other}>Other</a>")
    site.serve("/gone.png", status=302, Location=other)
    site.serve(other, post(other, "Other"))
    assert scrapy.crawl(site.url).returncode == 0
    assert {row["title"] for row in lines(scrapy.runs()[-1] / "posts.jsonl")} == {"One", "Other"}


def test_a_page_where_a_picture_was_asked_for_states_nothing_and_needs_nothing(scrapy, site, show):
    show("<img src=/soft.png>")
    site.serve("/soft.png", post("/stories/2010/09/13/x", "Not found", "<img src=/further.png>"))
    assert scrapy.crawl(site.url).returncode == 0
    assert [row["title"] for row in lines(scrapy.runs()[-1] / "posts.jsonl")] == ["One"]
    assert "/further.png" not in site.paths
    assert skipped(scrapy) == {}


def test_a_frame_of_the_same_site_is_archived_with_what_it_needs(scrapy, site, show):
    show(f"<iframe src=/frame></iframe><iframe src={ONE}?mini=2></iframe><iframe src=/></iframe>")
    site.serve("/frame", "<img src=/inner.png><a href=/stories/2010/09/13/x>x</a>")
    picture(site, "/inner.png")
    assert scrapy.crawl(site.url).returncode == 0
    assert site.paths[-2:] == [f"{ONE}?mini=2", "/inner.png"] or site.paths[-1] == "/inner.png"
    assert "/stories/2010/09/13/x" not in site.paths
    assert site.paths.count("/") == 1


def test_stylesheets_that_import_each_other_without_end_are_followed_so_far(scrapy, site, show):
    show("<link rel=stylesheet href=/0.css>")
    for number in range(20):
        site.serve(f"/{number}.css", f"@import '{number + 1}.css'", Content_Type="text/css")
    assert scrapy.crawl(site.url).returncode == 0
    assert [path for path in site.paths if path.endswith(".css")] == [f"/{number}.css" for number in range(5)]


def test_the_depth_of_pages_says_nothing_of_what_they_need(scrapy, site, show):
    picture(site, "/a.png")
    show("<img src=/a.png>")
    scrapy.crawl(site.url, "-s", "DEPTH_LIMIT=1")
    assert "/a.png" in site.paths


def test_an_extract_states_what_the_crawl_stated(scrapy, demo_blog):
    assert scrapy.crawl(demo_blog.url).returncode == 0
    [run] = scrapy.runs()
    assert scrapy("extract", str(run), "-o", "again").returncode == 0
    assert statements(scrapy.folder / "again", "run_id") == statements(run, "run_id")
    assert told(scrapy)["requisites"]["by_kind"] == dict(Counter(TRUTH.values()))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("REQUISITE_KINDS=image,pictures", "REQUISITE_KINDS: 'pictures', expected some of image, style"),
        ("REQUISITES=many", "REQUISITES: 'many', expected a number"),
        ("REQUISITE_MAX_BYTES=1 MB", "REQUISITE_MAX_BYTES: '1 MB', expected a number"),
        ("ADDRESS_ALLOW=10.0.0.0/8,home", "ADDRESS_ALLOW: 'home', expected networks such as"),
    ],
)
def test_a_bound_that_is_none_is_told_before_anything_begins(scrapy, site, setting, words):
    ended = scrapy.crawl(site.url, "-s", setting)
    assert ended.returncode == 2
    assert words in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert scrapy.runs() == []
    assert site.paths == []


def test_comments_that_stand_elsewhere_are_told_by_crawl_and_extract_alike(scrapy, site, show):
    show(
        "<div id=disqus_thread></div>"
        "<script>var disqus_shortname = 'shop', disqus_identifier = 'p1';</script>"
        "<iframe src=//www.youtube.com/embed/abcdefghijk></iframe>"
    )
    ended = scrapy.crawl(site.url)
    [run] = scrapy.runs()
    assert (ended.returncode, told(scrapy)["skipped"]) == (0, {"embed": 2})
    assert told(scrapy)["crawl"]["requests"] == {"done": 3}
    [row] = lines(run / "posts.jsonl")
    assert row["parse_warnings"] == [
        "comments by disqus (shop/p1) are not captured",
        "a player by youtube (abcdefghijk) is not captured",
    ]
    assert (row["comments_announced"], row["comments_open"]) == (None, None)
    disqus, youtube = lines(run / "skipped.jsonl")
    assert (disqus["url"], disqus["post_id"], disqus["system"], disqus["thread"], disqus["detail"]) == (
        row["captured_url"],
        row["id"],
        "disqus",
        "shop/p1",
        "comments",
    )
    assert (disqus["warc_file"], disqus["warc_offset"]) == (row["warc_file"], row["warc_offset"])
    assert (youtube["system"], youtube["thread"]) == ("youtube", "abcdefghijk")
    assert scrapy("extract", str(run), "-o", "again").returncode == 0
    assert lines(scrapy.folder / "again" / "skipped.jsonl") == [disqus, youtube]
    assert statements(scrapy.folder / "again", "run_id") == statements(run, "run_id")


def test_a_page_that_is_cut_tells_neither_rows_nor_embeds(scrapy, site, show):
    show("<div id=disqus_thread></div>")
    status, headers, body = site.pages[ONE]
    site.pages[ONE] = (status, headers | {"Content-Length": str(len(body) + 9)}, body)
    scrapy.crawl(site.url, "-s", "DOWNLOAD_FAIL_ON_DATALOSS=False", "-s", "RETRY_TIMES=0")
    assert [reason for reason, _ in skipped(scrapy).values()] == ["cut"]
