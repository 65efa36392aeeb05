from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler
from warcio.archiveiterator import ArchiveIterator

from crawler import __version__
from crawler.warc.extension import WarcCapture, default_prefix, warcinfo

ROOT = Path(__file__).parents[2]

CRAWL = """
    import json, logging, sys
    from scrapy import Request, Spider
    from scrapy.core.downloader.handlers.base import BaseDownloadHandler
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.http import TextResponse
    from crawler.warc.extension import WarcCapture
    from tests.warc.exchanges import make_exchange, make_message

    class Handler(BaseDownloadHandler):
        '''Answers every request itself and hands an exchange to the capture.'''

        lazy = False

        async def download_request(self, request):
            capture = self.crawler.get_extension(WarcCapture)
            response = None if "nothing" in request.url else make_message(
                b"page", truncated="time" if "slow" in request.url else None
            )
            exchange = make_exchange(target_uri=request.url, response=response)
            location = await capture.write(exchange)
            assert capture.location(exchange.record_id) == location
            return TextResponse(request.url, body=b"page", flags=["warc:" + exchange.record_id])

        async def close(self):
            pass

    class Pages(Spider):
        name = "pages"

        async def start(self):
            for path in sys.argv[3:]:
                yield Request("http://blog.example/" + path)

        def parse(self, response):
            pass

    settings = {
        "DOWNLOAD_HANDLERS": {"http": Handler},
        "EXTENSIONS": {WarcCapture: 0},
        "WARC_FOLDER": sys.argv[1],
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_LEVEL": "INFO",
        **json.loads(sys.argv[2]),
    }
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Pages)
    process.crawl(crawler)
    process.start()
    stats = {key: value for key, value in crawler.stats.get_stats().items() if key.startswith("warc/")}
    print(json.dumps({**stats, "reason": crawler.stats.get_value("finish_reason"),
                      "requests": crawler.stats.get_value("downloader/request_count")}))
"""


def crawl(folder: Path, *paths: str, **settings) -> tuple[dict[str, object], str]:
    """Crawl the paths with a handler that answers itself; gives statistics and the log."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CRAWL), str(folder), json.dumps(settings), *paths],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout), done.stderr


def test_a_crawl_is_captured_counted_and_closed(tmp_path):
    stats, log = crawl(tmp_path / "warc", "a", "slow", "nothing", WARC_OPERATOR="ann@blog.example")
    [path] = (tmp_path / "warc").iterdir()
    assert re.fullmatch(r"pages-\d{8}T\d{6}Z-00000\.warc\.gz", path.name)
    size = path.stat().st_size
    assert stats == {
        "warc/response_written": 2,
        "warc/request_only": 1,
        "warc/truncated/time": 1,
        "warc/bytes": size,
        "warc/files": 1,
        "reason": "finished",
        "requests": 3,
    }
    assert f"Closed {path.name}: 6 records, {size} bytes" in log
    with path.open("rb") as file:
        info = next(iter(ArchiveIterator(file))).raw_stream.read().decode()
    assert "operator: ann@blog.example\r\n" in info


@pytest.mark.parametrize("reactor", [True, False])
def test_a_crawl_that_cannot_be_kept_ends_with_reason_storage(tmp_path, reactor):
    (tmp_path / "warc").write_text("a file where the folder should be")
    stats, log = crawl(
        tmp_path / "warc", *(str(number) for number in range(300)), TWISTED_REACTOR_ENABLED=reactor
    )
    assert stats["reason"] == "storage"
    assert int(str(stats["requests"])) < 50
    assert "File exists" in str(stats["warc/write_error"])
    assert "warc/response_written" not in stats
    assert len(re.findall(r"ERROR: .*; the crawl stops", log)) == 1


def test_capture_can_be_switched_off():
    with pytest.raises(NotConfigured, match="WARC_ENABLED is False"):
        WarcCapture.from_crawler(get_crawler(settings_dict={"WARC_ENABLED": False}))


def test_settings_reach_the_writer(tmp_path, exchange):
    settings = {"WARC_FOLDER": str(tmp_path), "WARC_PREFIX": "state", "WARC_MAX_BYTES": 1}

    async def capturing() -> list[str]:
        capture = WarcCapture.from_crawler(get_crawler(settings_dict=settings))
        for _ in range(2):
            await capture.write(exchange())
        return [file.name for file in await capture.close()]

    assert asyncio.run(capturing()) == ["state-00000.warc.gz", "state-00001.warc.gz"]


def test_warcinfo_says_who_and_how_and_no_secret():
    settings = Settings(
        {
            "ROBOTSTXT_OBEY": True,
            "DOWNLOAD_DELAY": 2.5,
            "USER_AGENT": "blogarchive (ann@blog.example)",
            "WARC_INFO": {"isPartOf": "dipnote", "description": "The blog"},
            "HTTPPROXY_PASSWORD": "secret",
            "DEFAULT_REQUEST_HEADERS": {"Authorization": "Basic secret"},
        }
    )
    fields = warcinfo(settings)
    assert list(fields)[:3] == ["software", "format", "conformsTo"]
    assert fields["software"].startswith(f"blogarchive/{__version__} Scrapy/")
    assert fields["format"] == "WARC File Format 1.1"
    assert fields["robots"] == "obey"
    assert fields["http-header-user-agent"] == "blogarchive (ann@blog.example)"
    assert fields["isPartOf"] == "dipnote"
    assert fields["description"] == "The blog"
    assert fields["DOWNLOAD_DELAY"] == "2.5"
    assert "operator" not in fields
    assert not any("secret" in value for value in fields.values())


@pytest.mark.parametrize("robots", [("True", "obey"), ("False", "ignore")])
def test_warcinfo_says_whether_robots_were_obeyed(robots):
    obeyed, said = robots
    assert warcinfo(Settings({"ROBOTSTXT_OBEY": obeyed}))["robots"] == said


def test_the_name_of_a_spider_makes_a_file_name():
    assert re.fullmatch(r"a_b_-\d{8}T\d{6}Z", default_prefix("a/ bé"))
