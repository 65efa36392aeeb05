"""Running a spider as an archive: what it says on a wrong start, and the exit code at the end."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

from scrapy.utils.misc import load_object

from crawler import settings as project
from crawler.collection.addon import ArchiveAddon
from crawler.collection.layout import BadCollectionName, BrokenCollection, NotWritable
from crawler.collection.verdict import ExitCode
from crawler.commands.setting_values import unfit_setting

if TYPE_CHECKING:
    from scrapy.crawler import Crawler, CrawlerProcessBase
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

COMPONENTS = ("ADDONS", "ITEM_PIPELINES", "SPIDER_MIDDLEWARES", "DOWNLOADER_MIDDLEWARES", "EXTENSIONS")
"""Dictionaries of components without which a crawl is no archive."""


def say(command: str, sentence: str) -> None:
    """Tell the operator, on standard error, whatever becomes of the log."""
    sys.stderr.write(f"scrapy {command}: {sentence}\n")


def archive(
    command: str, process: CrawlerProcessBase, crawler: Crawler, arguments: dict[str, str]
) -> ExitCode:
    """Crawl to the end; gives the exit code of the run (``docs/exit-codes.md``)."""
    if unfit := unfit_setting(crawler.settings):
        say(command, unfit)
        return ExitCode.USAGE
    if not crawler.settings.getbool("WARC_ENABLED", default=True):
        say(command, "WARC_ENABLED: False, expected True: without records no row can be proven")
        return ExitCode.USAGE
    _keep_components(crawler.settings)
    crawler.settings.set("ARCHIVE_ARGUMENTS", arguments, priority="cmdline")
    crawl = process.crawl(crawler, **arguments)
    process.start()
    error: BaseException | None = None
    if isinstance(crawl, asyncio.Task) and crawl.done() and not crawl.cancelled():
        # Asked for, it is not printed once more as one that nobody asked for.
        error = crawl.exception()
    addon = crawler.get_addon(ArchiveAddon)
    if error is not None:
        return _wrong_start(command, crawler, addon, error)
    if addon is None or addon.run is None:
        return ExitCode.INTERNAL_ERROR if process.bootstrap_failed else ExitCode.COMPLETE
    if isinstance(crawl, asyncio.Task) and not crawl.done():
        say(command, f"{addon.run.folder}: killed before it could be closed")
        return ExitCode.INTERRUPTED
    verdict = addon.finish()
    say(command, f"{addon.run.folder}: {verdict.words}")
    return verdict.exit_code


def _keep_components(settings: BaseSettings) -> None:
    """Put back what a spider replaced that sets a dictionary of components in its ``custom_settings``.

    It adds to ours; to take one of ours away, it has to name it, with None.
    """
    for name in COMPONENTS:
        for path, order in getattr(project, name).items():
            settings.setdefault_in_component_priority_dict(name, load_object(path), order)


def _wrong_start(
    command: str, crawler: Crawler, addon: ArchiveAddon | None, error: BaseException
) -> ExitCode:
    if isinstance(error, NotWritable):
        say(command, str(error))
        return ExitCode.STORAGE
    if isinstance(error, BadCollectionName | BrokenCollection):
        say(command, str(error))
        return ExitCode.USAGE
    if addon is not None:
        addon.discard()
    wrong_value = isinstance(error, ValueError)
    if crawler.spider is None:
        # The arguments are all that a spider is made of.
        say(command, str(error) if wrong_value else f"the spider cannot be made: {_named(error)}")
        logger.debug("The spider cannot be made", exc_info=error)
        return ExitCode.USAGE
    say(command, f"the crawl cannot begin: {_named(error)}")
    logger.log(logging.DEBUG if wrong_value else logging.ERROR, "The crawl cannot begin", exc_info=error)
    return ExitCode.USAGE if wrong_value else ExitCode.INTERNAL_ERROR


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
