"""``scrapy runspider FILE``: archives what the spider of a file fetches, into a collection named after it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands.runspider import Command as ScrapyRunspider
from scrapy.utils.spider import iter_spider_classes

from crawler.collection.log import Brief
from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import archive, say

if TYPE_CHECKING:
    import argparse

    from scrapy import Spider


class NoSpider(ValueError):
    """A file without a spider in it."""


class Command(ScrapyRunspider):
    """Scrapy's command, with an archive."""

    default_settings: ClassVar[dict[str, Any]] = {
        **ScrapyRunspider.default_settings,
        "ARCHIVE_ENABLED": True,
    }

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Archive what the spider in a Python file fetches"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the options, and spare the console Scrapy's lists."""
        super().process_options(args, opts)
        Brief.install()

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run the last spider of the file, as Scrapy does."""
        assert self.crawler_process is not None  # noqa: S101 - set by Scrapy before run
        try:
            spider = spider_in(args)
        except NoSpider as error:
            say("runspider", str(error))
            self.exitcode = ExitCode.USAGE
            return
        crawler = self._create_crawler(spider)
        self.exitcode = archive("runspider", self.crawler_process, crawler, opts.spargs)


def spider_in(files: list[str]) -> type[Spider]:
    """The spider that the one Python file defines. Raises NoSpider."""
    if len(files) != 1:
        raise NoSpider(f"{len(files)} files given, expected one")
    path = Path(files[0])
    if not path.is_file():
        raise NoSpider(f"{path}: there is no such file, expected one with a spider in it")
    if path.suffix not in {".py", ".pyw"}:
        raise NoSpider(f"{path}: expected a Python file")
    sys.path.insert(0, str(path.resolve().parent))
    try:
        module = importlib.import_module(path.stem)
    except Exception as error:
        raise NoSpider(f"{path}: cannot be imported: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    spiders = list(iter_spider_classes(module))
    if not spiders:
        raise NoSpider(f"{path}: no spider is in it, expected a class of scrapy.Spider with a name")
    return spiders[-1]
