"""Running a spider as an archive: what it says on a wrong start, and the exit code at the end."""

from __future__ import annotations

import asyncio
import logging
import sys
from inspect import signature
from typing import TYPE_CHECKING

from scrapy.utils.misc import load_object

from crawler import settings as project
from crawler.collection.addon import ArchiveAddon
from crawler.collection.held import CannotResume, ClockBehind
from crawler.collection.journal import BadJournal, JournalFailed
from crawler.collection.layout import BadCollectionName, NotWritable
from crawler.collection.lock import Locked
from crawler.collection.recovery import EditedRun
from crawler.collection.verdict import ExitCode
from crawler.commands.setting_values import unfit_setting

if TYPE_CHECKING:
    from scrapy.crawler import Crawler, CrawlerProcessBase
    from scrapy.settings import BaseSettings

    from crawler.collection.run import Run

logger = logging.getLogger(__name__)

COMPONENTS = ("ADDONS", "ITEM_PIPELINES", "SPIDER_MIDDLEWARES", "DOWNLOADER_MIDDLEWARES", "EXTENSIONS")
"""Dictionaries of components without which a crawl is no archive."""


WRONG_STARTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], ExitCode], ...] = (
    ((NotWritable, JournalFailed), ExitCode.STORAGE),
    (Locked, ExitCode.LOCKED),
    (EditedRun, ExitCode.NOT_VERIFIED),
    ((BadCollectionName, BadJournal, CannotResume, ClockBehind), ExitCode.USAGE),
)
"""Why a run cannot begin, each said in the words of the exception, and the exit code."""


def say(command: str, sentence: str) -> None:
    """Tell the operator, on standard error, whatever becomes of the log."""
    sys.stderr.write(f"scrapy {command}: {sentence}\n")


def archive(
    command: str, process: CrawlerProcessBase, crawler: Crawler, arguments: dict[str, str]
) -> ExitCode:
    """Crawl to the end; gives the exit code of the run (``docs/exit-codes.md``)."""
    if unfit := unfit_setting(crawler.settings) or _unfit(crawler, arguments):
        say(command, unfit)
        return ExitCode.USAGE
    # The process gives its own settings to the crawler once more, those from the command line among them.
    for settings in (process.settings, crawler.settings):
        _keep_components(settings)
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
    if isinstance(crawl, asyncio.Task) and not crawl.done() and not addon.may_be_closed:
        return _killed(command, addon, addon.run)
    verdict = addon.finish()
    say(command, f"{addon.run.folder}: {verdict.words}")
    return verdict.exit_code


def _killed(command: str, addon: ArchiveAddon, run: Run) -> ExitCode:
    """Say how far a run got that was ended without being closed."""
    if addon.has_begun:
        say(command, f"{run.folder}: killed before it could be closed")
    else:
        addon.discard()
        say(command, f"{run.collection.path}: interrupted before anything was archived")
    return ExitCode.INTERRUPTED


def _unfit(crawler: Crawler, arguments: dict[str, str]) -> str | None:
    """What cannot be archived so, in words; takes ``fresh`` out, unless the spider has one of its own."""
    if not crawler.settings.getbool("WARC_ENABLED", default=True):
        return "WARC_ENABLED: False, expected True: without records no row can be proven"
    if "fresh" in signature(crawler.spidercls.__init__).parameters:
        return None
    if getattr(crawler.spidercls, "resumable", False) and crawler.settings.get("JOBDIR"):
        return f"JOBDIR: {crawler.settings['JOBDIR']!r}, expected none: the journal keeps the queue"
    fresh = arguments.pop("fresh", "0")
    if fresh not in {"0", "1"}:
        return f"argument fresh: {fresh!r}, expected 1 to abandon an interrupted crawl, or 0"
    crawler.settings.set("ARCHIVE_FRESH", fresh, priority="cmdline")
    return None


def _keep_components(settings: BaseSettings) -> None:
    """Put back what was replaced by a spider's ``custom_settings`` or with ``-s``.

    It adds to ours; to take one of ours away, it has to name it, with None.
    """
    for name in COMPONENTS:
        for path, order in getattr(project, name).items():
            settings.setdefault_in_component_priority_dict(name, load_object(path), order)


def _wrong_start(
    command: str, crawler: Crawler, addon: ArchiveAddon | None, error: BaseException
) -> ExitCode:
    if addon is not None and addon.verdict is None:
        addon.discard()
    for kinds, exit_code in WRONG_STARTS:
        if isinstance(error, kinds):
            say(command, str(error))
            return exit_code
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
