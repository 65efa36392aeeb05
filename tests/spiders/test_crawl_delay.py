"""The Crawl-delay of robots.txt is the least time between two requests, whatever throttle and jitter say."""

from __future__ import annotations

from itertools import pairwise

import pytest
from scrapy import Request
from scrapy.core.downloader import Slot
from scrapy.exceptions import NotConfigured
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from crawler.spiders.crawl_delay import CrawlDelayFloor
from tests.small_site import Typed, front, post, serving

TOLERANCE = 0.02
"""Seconds by which an answer of a busy machine may be late."""


class Engine:
    def __init__(self, slot: Slot) -> None:
        self.downloader = self
        self.slots = {"a.example": slot}


def floored(delay: float, *, robots: bytes, jitter: float = 0.5) -> Slot:
    """The slot of a host with this robots.txt, after a request reached it."""
    slot = Slot(8, delay, jitter)
    crawler = get_crawler(
        settings_dict={"ROBOTS_CRAWL_DELAY_OBEY": True, "ROBOTSTXT_USER_AGENT": "blogarchive"}
    )
    crawler.stats = MemoryStatsCollector(crawler)
    crawler.engine = Engine(slot)  # type: ignore[assignment]
    floor = CrawlDelayFloor.from_crawler(crawler)
    request = Request("http://a.example/", meta={"download_slot": "a.example"})
    floor._robots_parsed(ProtegoRobotParser(robots, None), request)
    floor._keep(request)
    return slot


@pytest.mark.parametrize("delay", [0.0, 1.0, 3.0, 4.0, 30.0])
def test_no_delay_is_below_the_floor_whatever_the_jitter(delay):
    slot = floored(delay, robots=b"User-agent: *\nCrawl-delay: 3")
    assert min(slot.download_delay() for _ in range(500)) >= 3


def test_a_delay_above_the_floor_keeps_what_jitter_there_is_room_for():
    slot = floored(30, robots=b"User-agent: *\nCrawl-delay: 3")
    assert (slot.delay, slot.jitter) == (30, 0.5)


@pytest.mark.parametrize("robots", [b"", b"User-agent: *\nDisallow: /x", b"User-agent: *\nCrawl-delay: soon"])
def test_a_host_that_asks_for_nothing_keeps_its_delay(robots):
    assert floored(0.0, robots=robots).delay == 0


def test_a_delay_for_us_by_name_counts_before_one_for_all():
    slot = floored(0.0, robots=b"User-agent: *\nCrawl-delay: 9\n\nUser-agent: blogarchive\nCrawl-delay: 2")
    assert slot.delay == 2


def test_it_can_be_switched_off():
    with pytest.raises(NotConfigured):
        CrawlDelayFloor.from_crawler(get_crawler(settings_dict={"ROBOTS_CRAWL_DELAY_OBEY": False}))


@pytest.mark.parametrize("throttle", ["True", "False"])
def test_a_server_sees_the_delay_that_it_asked_for(tmp_path, throttle):
    paths = [f"/stories/2010/09/10/p{number}" for number in range(4)]
    with serving() as site:
        site.serve("/robots.txt", "User-agent: *\nCrawl-delay: 0.25", Content_Type="text/plain")
        site.serve("/", front(*paths))
        for path in paths:
            site.serve(path, post(path, path))
        settings = (
            f"AUTOTHROTTLE_ENABLED={throttle}",
            "AUTOTHROTTLE_START_DELAY=0.05",
            "CONCURRENT_REQUESTS=8",
        )
        words = [word for setting in settings for word in ("-s", setting)]
        Typed(tmp_path)("crawl", "dipnote", "-a", f"site={site.url}", *words)
    gaps = [after - before for (before, _), (after, _) in pairwise(site.asked)]
    assert len(gaps) >= 5
    assert min(gaps) >= 0.25 - TOLERANCE
