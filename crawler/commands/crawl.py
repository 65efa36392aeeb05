"""``scrapy crawl SPIDER``: archives, and ends with an exit code that says how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.commands.crawl import Command as ScrapyCrawl

from crawler.collection.log import Brief
from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import archive, say

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCrawl):
    """Scrapy's command, with an archive."""

    default_settings: ClassVar[dict[str, Any]] = {"ARCHIVE_ENABLED": True}

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Archive a blog with a spider of this project, by name"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the options, and spare the console Scrapy's lists."""
        super().process_options(args, opts)
        Brief.install()

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run one spider."""
        assert self.crawler_process is not None  # noqa: S101 - set by Scrapy before run
        if len(args) != 1:
            say("crawl", f"{len(args)} spiders given, expected one: {', '.join(self._spiders())}")
            self.exitcode = ExitCode.USAGE
            return
        try:
            crawler = self._create_crawler(args[0])
        except KeyError:
            say("crawl", f"{args[0]}: there is no such spider, expected one of {', '.join(self._spiders())}")
            self.exitcode = ExitCode.USAGE
            return
        self.exitcode = archive("crawl", self.crawler_process, crawler, opts.spargs)

    def _spiders(self) -> list[str]:
        assert self.crawler_process is not None  # noqa: S101 - as above
        return sorted(self.crawler_process.spider_loader.list())
