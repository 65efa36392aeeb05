"""Requests outlive the process as they were, and none that Scrapy loses keeps a crawl waiting."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from scrapy import Request

from crawler.frontier import as_text, from_text
from crawler.pages import LinkKind
from crawler.spiders.dipnote import DipNoteSpider
from tests.small_site import AT_ONCE, Typed, front, lines, post, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.small_site import Site

ONE, TWO = "/stories/2010/09/10/one", "/stories/2010/09/11/two"


@pytest.fixture
def scrapy(tmp_path: Path) -> Typed:
    """``scrapy(*words)`` in an empty folder."""
    return Typed(tmp_path)


@pytest.fixture
def blog() -> Iterator[Site]:
    """Two posts."""
    with serving() as site:
        site.serve("/", front(ONE, TWO))
        for path in (ONE, TWO):
            site.serve(path, post(path))
        site.serve("/authors/ada-example", front(ONE, TWO))
        yield site


def states(scrapy: Typed, name: str = "changed") -> dict[str, tuple[str, str | None]]:
    """State and reason of every request, by path."""
    database = sqlite3.connect(scrapy.folder / "output" / name / "journal.sqlite")
    rows = database.execute("SELECT url, state, reason FROM requests").fetchall()
    database.close()
    return {"/" + url.split("/", 3)[3]: (state, reason) for url, state, reason in rows}


def crawl(scrapy: Typed, blog: Site, code: str, *settings: str) -> Any:
    """Crawl with a spider in whose file ``code`` stands as well."""
    (scrapy.folder / "changed.py").write_text(
        f"from crawler.spiders.dipnote import DipNoteSpider\n{code}\n"
        "class Changed(DipNoteSpider):\n    name = 'changed'\n"
    )
    words = [word for setting in (*AT_ONCE, *settings) for word in ("-s", setting)]
    return scrapy("runspider", "changed.py", "-a", f"site={blog.url}", *words)


# --- As text ---


def test_a_request_outlives_the_process_as_it_was():
    spider = DipNoteSpider()
    request = Request(
        "http://a.example/b?page=0,1#c",
        callback=spider.parse,
        errback=spider.failed,
        method="POST",
        headers={"Referer": "http://a.example/", "X-Odd": b"\xff\x00"},
        body=b"\x00\xff",
        priority=7,
        cb_kwargs={"kind": LinkKind.POST, "post": None},
        meta={"depth": 3, "verbatim_url": True},
    )
    again = from_text(as_text(request), spider)
    assert again.to_dict(spider=spider) == request.to_dict(spider=spider)


def test_a_request_that_cannot_be_told_is_a_loud_error():
    with pytest.raises(TypeError):
        as_text(Request("http://a.example/", meta={"thing": object()}))


# --- Every request has an end ---


def test_each_request_has_its_state_and_its_reason(scrapy, blog):
    blog.serve(TWO, status=404)
    blog.serve("/authors/ada-example", status=503)
    blog.serve(ONE, post(ONE, body=f"<a href='/stories/2010/09/12/moved'>M</a><a href='{ONE}/x'>x</a>"))
    crawl(scrapy, blog, "", "RETRY_TIMES=0")
    assert states(scrapy)["/"] == ("done", None)
    assert states(scrapy)[ONE] == ("done", None)
    assert states(scrapy)[TWO] == ("skipped", "http-404")
    assert states(scrapy)["/authors/ada-example"] == ("failed", "http-503")


def test_a_callback_that_raises_leaves_its_request_failed(scrapy, blog):
    ended = crawl(
        scrapy,
        blog,
        "from crawler.spiders import blog\n"
        "follow = blog.BlogSpider._follow\n"
        "def _follow(self, read, response, kind):\n"
        f"    assert not response.url.endswith('{TWO}')\n"
        "    return follow(self, read, response, kind)\n"
        "blog.BlogSpider._follow = _follow\n",
    )
    assert ended.returncode == 1
    assert states(scrapy)[TWO] == ("failed", "internal-error")
    [run] = scrapy.runs("changed")
    assert len(lines(run / "posts.jsonl")) == 1


PIPELINE = """
from scrapy.exceptions import DropItem
class Odd:
    def process_item(self, item):
        if item.id.endswith('two'):
            {action}
        return item
"""


@pytest.mark.parametrize(
    ("action", "exit_code", "state", "reason"),
    [
        ("raise DropItem('not wanted')", 0, "done", "dropped-row"),
        ("1 // 0", 1, "failed", "internal-error"),
    ],
)
def test_what_a_pipeline_does_with_a_row_is_told_with_its_page(
    scrapy, blog, action, exit_code, state, reason
):
    ended = crawl(scrapy, blog, PIPELINE.format(action=action), 'ITEM_PIPELINES={"changed.Odd": 300}')
    assert ended.returncode == exit_code
    assert states(scrapy)[TWO][0] == state
    [run] = scrapy.runs("changed")
    assert reason in {line["reason"] for line in lines(run / "skipped.jsonl")}
    assert len(lines(run / "posts.jsonl")) == 1


@pytest.mark.parametrize("answer", ["False", "True"], ids=["refuses", "forgets"])
def test_a_request_that_the_scheduler_loses_does_not_keep_the_crawl_waiting(scrapy, blog, answer):
    code = (
        "from scrapy.core.scheduler import Scheduler\n"
        "class Losing(Scheduler):\n"
        "    def enqueue_request(self, request):\n"
        f"        return {answer} if request.url.endswith('two') else super().enqueue_request(request)\n"
    )
    ended = crawl(scrapy, blog, code, "SCHEDULER=changed.Losing")
    assert ended.returncode == 0
    assert states(scrapy)[TWO] == ("skipped", "ignored")
    assert states(scrapy)[ONE] == ("done", None)


def test_a_redirect_to_another_host_ends_its_request(scrapy, blog):
    blog.serve(TWO, status=301, Location="http://localhost:9/")
    assert crawl(scrapy, blog, "").returncode == 0
    assert states(scrapy)[TWO] == ("skipped", "offsite")


def test_what_a_redirect_led_to_is_not_asked_for_again(scrapy, blog):
    blog.serve("/", front("/stories/2010/09/09/old", TWO))
    blog.serve("/stories/2010/09/09/old", status=301, Location=ONE)
    blog.serve(TWO, front(ONE))
    blog.serve(ONE, post(ONE))
    crawl(scrapy, blog, "", "CONCURRENT_REQUESTS=1")
    assert blog.paths.count(ONE) == 1


def test_no_more_is_under_way_than_requests_may_be(scrapy, blog):
    paths = [f"/stories/2010/09/10/p{n}" for n in range(12)]
    blog.serve("/", front(*paths))
    for path in paths:
        blog.serve(path, post(path))
    blog.wait = 0.02
    code = (
        "from scrapy import signals\n"
        "from crawler.collection.addon import open_run\n"
        "class Watch:\n"
        "    def __init__(self, crawler):\n"
        "        self.most, self.crawler = 0, crawler\n"
        "        crawler.signals.connect(self.look, signal=signals.request_reached_downloader)\n"
        "        crawler.signals.connect(self.tell, signal=signals.spider_closed)\n"
        "    @classmethod\n"
        "    def from_crawler(cls, crawler):\n"
        "        return cls(crawler)\n"
        "    def look(self):\n"
        "        self.most = max(self.most, open_run(self.crawler).visits.in_hand)\n"
        "    def tell(self):\n"
        "        open('most', 'w').write(str(self.most))\n"
    )
    crawl(scrapy, blog, code, 'EXTENSIONS={"changed.Watch": 1}', "CONCURRENT_REQUESTS=8")
    assert json.loads((scrapy.folder / "most").read_text()) == 6
