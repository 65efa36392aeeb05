"""``scrapy runspider`` archives whatever a spider of one's own fetches, rows or not."""

from __future__ import annotations

import json

import pytest
from warcio import ArchiveIterator

SPIDER = """
import scrapy

class Mine(scrapy.Spider):
    name = "mine"

    async def start(self):
        yield scrapy.Request(self.site)

    def parse(self, response):
        yield {"title": response.css("title::text").get()}
"""


@pytest.fixture
def mine(scrapy, site):
    site.serve("/", "<title>Hello</title>")
    (scrapy.folder / "mine.py").write_text(SPIDER)
    return lambda *words: scrapy("runspider", "mine.py", "-a", f"site={site.url}", *words)


def test_what_it_fetches_is_archived_in_a_collection_of_its_name(scrapy, mine, site):
    ended = mine("-s", "AUTOTHROTTLE_ENABLED=False")
    assert ended.returncode == 0
    [run] = scrapy.runs("mine")
    [path] = run.glob("*.warc.gz")
    with path.open("rb") as file:
        uris = [
            record.rec_headers["WARC-Target-URI"]
            for record in ArchiveIterator(file)
            if record.rec_type == "response"
        ]
    assert uris == [f"{site.url}robots.txt", site.url]
    assert (run / "posts.jsonl").read_bytes() == b""
    assert json.loads((run / "run.json").read_text("utf-8"))["arguments"] == {"site": site.url}


def test_its_items_go_to_its_feed(scrapy, mine):
    mine("-O", "items.jsonl", "-s", "AUTOTHROTTLE_ENABLED=False")
    assert (scrapy.folder / "items.jsonl").read_text("utf-8") == '{"title": "Hello"}\n'


def test_its_collection_can_be_named(scrapy, mine):
    mine("-a", "collection=other", "-s", "AUTOTHROTTLE_ENABLED=False")
    assert len(scrapy.runs("other")) == 1


def test_a_row_that_no_record_proves_is_never_written(scrapy, mine):
    (scrapy.folder / "mine.py").write_text(
        SPIDER + "        from crawler.items import Post\n"
        "        yield Post(id='p', url='u')\n"
        "    async def start(self):\n"
        "        from crawler.items import Post\n"
        "        yield Post(id='q', url='u')\n"
        "        yield scrapy.Request(self.site)\n"
    )
    ended = mine("-s", "AUTOTHROTTLE_ENABLED=False")
    [run] = scrapy.runs("mine")
    assert [json.loads(line)["id"] for line in (run / "posts.jsonl").read_text("utf-8").splitlines()] == ["p"]
    assert "q: no record proves it" in ended.stderr


@pytest.mark.parametrize(
    "name", ["ADDONS", "ITEM_PIPELINES", "SPIDER_MIDDLEWARES", "DOWNLOADER_MIDDLEWARES", "EXTENSIONS"]
)
def test_a_spider_with_components_of_its_own_is_archived_too(scrapy, mine, name):
    (scrapy.folder / "mine.py").write_text(
        SPIDER.replace('{"title": response', "Post(id='p', url='u', title=response").replace(
            "get()}", "get())"
        )
        + f"    custom_settings = {{'{name}': {{}}}}\nfrom crawler.items import Post\n"
    )
    assert mine("-s", "AUTOTHROTTLE_ENABLED=False").returncode == 0
    [run] = scrapy.runs("mine")
    assert len(list(run.glob("*.warc.gz"))) == 1
    assert (run / "posts.jsonl").stat().st_size > 0


def test_a_spider_may_have_any_name_that_a_folder_can_have(scrapy, mine):
    assert mine("-a", "collection=café 世界", "-s", "AUTOTHROTTLE_ENABLED=False").returncode == 0
    [run] = scrapy.runs("café 世界")
    assert [path.name for path in run.glob("*.warc.gz")] == [f"caf_ __-{run.name}-00000.warc.gz"]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("missing.py", None, "missing.py: there is no such file"),
        ("spider.txt", "", "spider.txt: expected a Python file"),
        ("empty.py", "", "empty.py: no spider is in it"),
        ("wrong.py", "1/0", "wrong.py: cannot be imported: ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_without_a_spider_is_told_in_one_sentence(scrapy, name, text, sentence):
    if text is not None:
        (scrapy.folder / name).write_text(text)
    ended = scrapy("runspider", name)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(f"scrapy runspider: {sentence}")
    assert "Traceback" not in ended.stderr


def test_an_argument_that_the_spider_needs_is_missed_in_one_sentence(scrapy):
    (scrapy.folder / "strict.py").write_text(
        "import scrapy\nclass Strict(scrapy.Spider):\n    name = 'strict'\n"
        "    def __init__(self, site):\n        super().__init__()\n"
    )
    ended = scrapy("runspider", "strict.py")
    assert ended.returncode == 2
    assert "the spider cannot be made: TypeError" in ended.stderr.splitlines()[-1]
    assert not scrapy.runs("strict")
