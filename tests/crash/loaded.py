"""Loads what a crawl loads, but for the reactor, which every process has to make for itself."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import pytest  # noqa: F401 - each fork looks at what started it
from scrapy.settings import default_settings
from scrapy.utils.misc import load_object, walk_modules_iter

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "collection commands pages pipelines spiders warc wire"
SCRAPYS = "commands.crawl core.downloader core.engine core.scheduler core.scraper crawler"


def _components() -> Iterator[str]:
    """What Scrapy's own settings name."""
    for value in vars(default_settings).values():
        for word in [value] if isinstance(value, str) else value if hasattr(value, "keys") else ():
            if isinstance(word, str) and word.startswith("scrapy."):
                yield word


for part in OURS.split():
    list(walk_modules_iter(f"crawler.{part}"))
for part in SCRAPYS.split():
    import_module(f"scrapy.{part}")
for component in _components():
    # Some need packages that are not there; nobody uses those.
    with suppress(ImportError):
        load_object(component)
import_module("tests.crash.crawls")

assert "twisted.internet.reactor" not in sys.modules
