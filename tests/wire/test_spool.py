"""A temporary folder that is full ends the crawl: what it cannot hold cannot be archived either."""

from __future__ import annotations

import re
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from scrapy import Request

from crawler.warc.writer import CaptureLost
from crawler.wire.spool import MEMORY_BYTES, Spool
from tests.small_site import Typed, serving
from tests.wire.downloading import download

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPIDER = """
import scrapy

class Large(scrapy.Spider):
    name = "large"

    async def start(self):
        for number in range(20):
            yield scrapy.Request(f"{self.site}{number}")

    def parse(self, response):
        pass
"""


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process grows beyond ``size`` bytes meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))


def test_an_answer_that_cannot_be_spooled_is_lost_and_said_to_be():
    with serving() as site:
        site.serve("/", b"x" * (2 * MEMORY_BYTES))
        with files_up_to(500_000):
            [outcome], sink = download(Request(site.url))
    assert isinstance(outcome, CaptureLost)
    assert sink.exchanges == []
    [error] = sink.lost
    assert re.fullmatch(
        r"the temporary folder \S+ cannot hold an answer: File too large", str(error.strerror)
    )


def test_the_last_bytes_of_an_answer_are_not_lost_in_silence():
    spool = Spool()
    spool.body(b"x" * (MEMORY_BYTES + 1))
    spool.body(b"y" * 100)
    with files_up_to(MEMORY_BYTES + 50):
        with pytest.raises(OSError, match=r"temporary folder .* cannot hold an answer: File too large"):
            spool.message(b"", None)
        spool.discard()


def test_a_crawl_ends_there_and_says_which_folder_it_was(tmp_path: Path):
    scrapy = Typed(tmp_path)
    (tmp_path / "large.py").write_text(SPIDER)
    with serving() as site:
        for number in range(20):
            # In the archive it is small.
            site.serve(f"/{number}", b"x" * (2 * MEMORY_BYTES))
        ended = scrapy(
            "runspider",
            "large.py",
            *("-a", f"site={site.url}"),
            *("-s", "AUTOTHROTTLE_ENABLED=False"),
            limit=small_files,
        )
        asked = len(site.paths)
    assert ended.returncode == 3
    assert "the archive could not be written: " in ended.stderr.splitlines()[-1]
    assert "not archived, the temporary folder " in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert asked < 20
