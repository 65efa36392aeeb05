"""At the end of a run it is known what a replay would show, and what it would not."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from crawler.replay.self_check import SelfCheck
from crawler.warc.cdxj import INDEX
from tests.small_site import Typed, front, lines, post, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.items import Skipped
    from tests.small_site import Site

POSTS = [f"/stories/2010/09/10/post-{n}" for n in range(3)]
LONG = "Words of the post. " * 100
IMAGE = b"GIF89a" + b"\0" * 200
KINDS = frozenset({"image", "style"})


@pytest.fixture
def scrapy(tmp_path: Path) -> Typed:
    return Typed(tmp_path)


@pytest.fixture
def blog() -> Iterator[Site]:
    """Three posts, each with a picture and a stylesheet that imports another, which has a picture."""
    with serving() as site:
        site.serve("/", front(*POSTS) + "<p>" + LONG)
        for number, path in enumerate(POSTS):
            needed = f"<link rel=stylesheet href=/theme.css><img src=/picture-{number}.gif>"
            site.serve(path, post(path, path[-6:], body=LONG + needed))
            site.serve(f"/picture-{number}.gif", IMAGE, Content_Type="image/gif")
        site.serve("/theme.css", "@import 'more.css'; body { color: red }", Content_Type="text/css")
        site.serve("/more.css", "body { background: url(paper.gif) }", Content_Type="text/css")
        site.serve("/paper.gif", IMAGE, Content_Type="image/gif")
        yield site


def replay_of(run: Path) -> Any:
    return json.loads((run / "run.json").read_text())["replay"]


def not_replayable(run: Path) -> list[dict[str, Any]]:
    return [line for line in lines(run / "skipped.jsonl") if line["reason"] == "not-replayable"]


def looked_at(collection: Path, run: Path) -> tuple[dict[str, Any], list[Skipped]]:
    """A look of one's own at the posts of a run."""
    with SelfCheck(collection, KINDS, lambda _url, _kind: False) as check:
        rows = lines(run / "posts.jsonl")
        missing = [entry for row in rows for entry in check.check(row["captured_url"], row["warc_record_id"])]
        return check.told(), missing


def without_line(collection: Path, url: str) -> None:
    """Take what the index says of a URL away."""
    index = collection / INDEX
    kept = [
        line for line in index.read_text().splitlines(True) if json.loads(line.split(" ", 2)[2])["url"] != url
    ]
    index.write_text("".join(kept))


def test_a_run_that_kept_everything_is_shown_whole(scrapy: Typed, blog: Site) -> None:
    assert scrapy.crawl(blog.url).returncode == 0
    [run] = scrapy.runs()
    assert replay_of(run) == {
        "pages": 4,
        "pages_shown": 4,
        "pages_whole": 4,
        "requisites": 6,
        "requisites_shown": 6,
        "percent": 100.0,
    }
    assert not not_replayable(run)


def test_a_second_run_is_shown_out_of_the_first(scrapy: Typed, blog: Site) -> None:
    scrapy.crawl(blog.url)
    scrapy.crawl(blog.url)
    second = scrapy.runs()[1]
    assert replay_of(second)["percent"] == 100.0


def test_what_the_host_answered_with_404_is_shown_as_it_was(scrapy: Typed, blog: Site) -> None:
    del blog.pages["/picture-1.gif"]
    scrapy.crawl(blog.url)
    [run] = scrapy.runs()
    assert replay_of(run)["percent"] == 100.0


def test_a_page_and_a_picture_behind_redirects_are_shown(scrapy: Typed, blog: Site) -> None:
    blog.serve("/", front("/old", *POSTS[1:]) + "<p>" + LONG)
    blog.serve("/old", status=301, Location=POSTS[0])
    blog.serve("/picture-0.gif", status=302, Location="/moved.gif")
    blog.serve("/moved.gif", IMAGE, Content_Type="image/gif")
    scrapy.crawl(blog.url)
    [run] = scrapy.runs()
    assert replay_of(run)["percent"] == 100.0
    assert not not_replayable(run)


def test_a_requisite_whose_lack_is_told_is_not_told_twice(scrapy: Typed, blog: Site) -> None:
    scrapy.crawl(blog.url, "-s", "REQUISITES=2")
    [run] = scrapy.runs()
    told = replay_of(run)
    assert told["pages_shown"] == 4
    assert told["percent"] < 100
    assert not not_replayable(run)


def test_what_is_not_asked_for_is_not_missed(scrapy: Typed, blog: Site) -> None:
    scrapy.crawl(blog.url, "-s", "REQUISITES_ENABLED=False")
    told = replay_of(scrapy.runs()[0])
    assert (told["requisites"], told["percent"]) == (0, 100.0)


def test_nothing_is_said_where_no_check_is_asked_for(scrapy: Typed, blog: Site) -> None:
    assert scrapy.crawl(blog.url, "-s", "REPLAY_CHECK=").returncode == 0
    assert replay_of(scrapy.runs()[0]) is None


def test_a_check_that_stumbles_costs_the_run_nothing(scrapy: Typed, blog: Site) -> None:
    assert scrapy.crawl(blog.url, "-s", "REPLAY_CHECK=tests.replay.checks.Broken").returncode == 0
    [run] = scrapy.runs()
    assert {line["url"] for line in not_replayable(run)} >= {blog.url + path[1:] for path in POSTS}
    assert scrapy("verify", "output/dipnote").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_amid_the_check_ends_a_whole_run_without_it(
    scrapy: Typed, blog: Site, number: signal.Signals
) -> None:
    posts = [f"/stories/2011/01/01/post-{n}" for n in range(60)]
    blog.serve("/", front(*posts) + "<p>" + LONG)
    for path in posts:
        blog.serve(path, post(path, path[-6:], body=LONG))
    words = ["-s", "REPLAY_CHECK=tests.replay.checks.Slow", "-s", "DOWNLOAD_DELAY=0"]
    words += ["-s", "AUTOTHROTTLE_ENABLED=False"]
    process = scrapy.start("crawl", "dipnote", "-a", f"site={blog.url}", *words)
    index = scrapy.folder / "output" / "dipnote" / INDEX
    until = time.monotonic() + 30
    while not (index.is_file() and index.stat().st_size) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    [run] = scrapy.runs()
    assert replay_of(run) is None
    assert not list(run.glob("*.open"))
    assert scrapy("verify", "output/dipnote").returncode == 0


def test_a_page_that_the_index_does_not_name_is_told(scrapy: Typed, blog: Site) -> None:
    scrapy.crawl(blog.url)
    [run] = scrapy.runs()
    without_line(run.parent, blog.url + POSTS[1][1:])
    told, missing = looked_at(run.parent, run)
    assert told["pages_shown"] == 2
    assert [entry.url for entry in missing] == [blog.url + POSTS[1][1:]]
    assert "the index does not lead to" in (missing[0].detail or "")


def test_a_requisite_that_the_index_does_not_name_is_told_once(scrapy: Typed, blog: Site) -> None:
    scrapy.crawl(blog.url)
    [run] = scrapy.runs()
    without_line(run.parent, blog.url + "paper.gif")
    told, missing = looked_at(run.parent, run)
    assert told["pages_shown"] == 3
    assert told["pages_whole"] < 3
    assert [entry.url for entry in missing] == [blog.url + "paper.gif"]
    assert any(path in (missing[0].detail or "") for path in POSTS)


@pytest.mark.parametrize("damage", ["gone", "flipped", "cut"])
def test_a_warc_file_that_is_gone_or_damaged_is_told_for_each_page(
    scrapy: Typed, blog: Site, damage: str
) -> None:
    scrapy.crawl(blog.url)
    [run] = scrapy.runs()
    [warc] = run.glob("*.warc.gz")
    octets = warc.read_bytes()
    if damage == "gone":
        warc.unlink()
    elif damage == "flipped":
        warc.write_bytes(octets[:600] + bytes(byte ^ 0x55 for byte in octets[600:]))
    else:
        warc.write_bytes(octets[:600])
    told, missing = looked_at(run.parent, run)
    assert told == {
        "pages": 3,
        "pages_shown": 0,
        "pages_whole": 0,
        "requisites": 0,
        "requisites_shown": 0,
        "percent": 0.0,
    }
    assert len(missing) == 3
    assert all(warc.name in (entry.detail or "") for entry in missing)
