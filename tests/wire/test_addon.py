from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.spiders import Spider

from crawler.warc.extension import WarcCapture
from crawler.wire.addon import DECODING, HANDLER, CaptureAddon
from tests.wire.conftest import read_exchanges
from tests.wire.hostile_server import BODY

ROOT = Path(__file__).parents[2]


def updated(**settings: object) -> Settings:
    made = Settings(settings)
    CaptureAddon().update_settings(made)
    return made


def test_the_handler_and_the_writer_are_put_in():
    settings = updated()
    assert {settings["DOWNLOAD_HANDLERS"][scheme] for scheme in ("http", "https")} == {HANDLER}
    assert settings["EXTENSIONS"][WarcCapture] == 500


def test_only_what_replay_tools_can_decode_is_asked_for():
    assert updated()["DEFAULT_REQUEST_HEADERS"]["Accept-Encoding"] == "gzip, deflate"
    assert updated()["DEFAULT_REQUEST_HEADERS"]["Accept-Language"] == "en"
    ours = updated(COMPRESSION_ENABLED=False, DOWNLOADER_MIDDLEWARES={DECODING: 590})
    assert ours["DEFAULT_REQUEST_HEADERS"]["Accept-Encoding"] == "gzip, deflate"
    assert "Accept-Encoding" not in updated(COMPRESSION_ENABLED=False)["DEFAULT_REQUEST_HEADERS"]


def test_this_project_asks_for_compressed_pages():
    settings = Settings()
    settings.setmodule("crawler.settings")
    CaptureAddon().update_settings(settings)
    assert settings["DEFAULT_REQUEST_HEADERS"]["Accept-Encoding"] == "gzip, deflate"


def test_nothing_is_touched_when_capture_is_off():
    settings = updated(WARC_ENABLED=False)
    assert not settings["EXTENSIONS"]
    assert not settings["DOWNLOAD_HANDLERS"]
    assert "Accept-Encoding" not in settings["DEFAULT_REQUEST_HEADERS"]


def test_what_a_project_sets_itself_stays():
    settings = updated(
        DOWNLOAD_HANDLERS={"https": None, "ftp": None},
        DEFAULT_REQUEST_HEADERS={"Accept-Encoding": "identity"},
        EXTENSIONS={"crawler.warc.extension.WarcCapture": 42},
    )
    assert dict(settings["DOWNLOAD_HANDLERS"]) == {"http": HANDLER, "https": None, "ftp": None}
    assert dict(settings["DEFAULT_REQUEST_HEADERS"]) == {"Accept-Encoding": "identity"}
    assert dict(settings["EXTENSIONS"]) == {"crawler.warc.extension.WarcCapture": 42}


def test_scrapys_own_handlers_without_a_reactor_do_not_win():
    crawler = Crawler(Spider, {"ADDONS": {CaptureAddon: 500}, "TWISTED_REACTOR_ENABLED": False})
    crawler.addons.load_settings(crawler.settings)
    crawler._apply_reactorless_default_settings()
    handlers = crawler.settings.getwithbase("DOWNLOAD_HANDLERS")
    assert handlers["http"] == handlers["https"] == HANDLER


SPIDER = """
import scrapy

class Page(scrapy.Spider):
    name = "page"

    async def start(self):
        yield scrapy.Request({url!r})

    def parse(self, response):
        yield {{"title": response.css("title::text").get(), "flags": response.flags}}
"""


@pytest.mark.parametrize("reactor", [True, False], ids=["reactor", "no-reactor"])
def test_one_line_captures_a_foreign_project(hostile, tmp_path, reactor):
    package = tmp_path / "foreign"
    package.mkdir()
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = foreign.settings\n")
    (package / "__init__.py").write_text("")
    (package / "page.py").write_text(SPIDER.format(url=hostile.url("redirect")))
    (package / "settings.py").write_text(
        "SPIDER_MODULES = ['foreign']\n"
        "ADDONS = {'crawler.wire.addon.CaptureAddon': 500}\n"
        "ROBOTSTXT_OBEY = True\n"
        "TELNETCONSOLE_ENABLED = REMOTE_CONTROL_ENABLED = COOKIES_ENABLED = False\n"
        f"TWISTED_REACTOR_ENABLED = {reactor}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "page", "-O", "items.jsonl"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"title": "hi", "flags": ["warc:urn:uuid:' in (tmp_path / "items.jsonl").read_text()
    kept = read_exchanges(tmp_path / "warc")
    assert [exchange.request for exchange in kept] == [heard.request for heard in hostile.heard]
    assert [exchange.response for exchange in kept] == [bytes(heard.sent) for heard in hostile.heard]
    assert [heard.name for heard in hostile.heard] == ["robots.txt", "redirect", "redirect-2", "redirect-3"]
    assert kept[-1].received.endswith(BODY)
    assert all(b"\r\nAccept-Encoding: gzip, deflate\r\n" in exchange.request for exchange in kept)
