"""The add-on that opens a run before the engine exists and closes it after the engine has stopped."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.exceptions import NotConfigured
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.utils.misc import load_object

from crawler.collection.about import about, as_warcinfo
from crawler.collection.held import HeldCollection
from crawler.collection.journal import BadJournal
from crawler.collection.layout import collection_name
from crawler.collection.log import OneLine
from crawler.collection.manifest import has_ended, manifest_of, outcome_of, outcome_of_broken
from crawler.collection.replayable import check_replay
from crawler.collection.rows import UnfitRow
from crawler.collection.run import Run
from crawler.collection.secrets import argument_to_tell
from crawler.collection.stopping import PromptStop
from crawler.collection.verdict import ExitCode, decide
from crawler.collection.visit import DROPPED_ROW, REQUISITE
from crawler.items import Row, Skipped
from crawler.warc.cdxj import INDEX
from crawler.warc.extension import WarcCapture

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure

    from crawler.collection.verdict import Verdict
    from crawler.warc.files import WarcFile

logger = logging.getLogger(__name__)


class ArchiveAddon:
    """Says who asks and, where ARCHIVE_ENABLED is set, keeps what a spider fetches as a run of a collection.

    An add-on, because Scrapy loads add-ons when the spider exists and its
    arguments have been accepted, but before pipelines, extensions and the
    download handlers: each of them finds the run open. And because it may
    still change settings, so that the capture writes into the run's folder.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.run: Run | None = None
        """The run, from opening on; None where nothing is archived."""
        self.verdict: Verdict | None = None
        """How the run ended; None before its end."""
        self._crawler = crawler
        self._finish_reason = "shutdown"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stops: list[asyncio.Task[None]] = []
        self._captured = False
        self._warc_files: list[WarcFile] = []
        self._replay: dict[str, Any] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for this crawl."""
        return cls(crawler)

    def update_settings(self, settings: BaseSettings) -> None:
        """Say who asks, and open the run.

        Raises BadCollectionName, and what HeldCollection and Run raise.
        """
        contact = " ".join(str(settings["ARCHIVE_CONTACT"] or "").split())
        # A User-Agent from the command line is taken as it is.
        if contact and settings.getpriority("USER_AGENT") != SETTINGS_PRIORITIES["cmdline"]:
            settings.set("USER_AGENT", f"{settings['USER_AGENT']} (+{contact})", priority="spider")
        enabled = settings.getbool("ARCHIVE_ENABLED")
        settings.set("WARC_ENABLED", enabled, priority="addon")
        if not enabled:
            return
        OneLine.install()
        self.run = self._open(settings)
        self._capture_into(self.run, settings, contact)
        if not contact:
            logger.warning("ARCHIVE_CONTACT is not set: the site's operator has no way to reach you")
        self._crawler.signals.connect(self._spider_opened, signal=signals.spider_opened)
        self._crawler.signals.connect(self._spider_closed, signal=signals.spider_closed)
        self._crawler.signals.connect(self._item_error, signal=signals.item_error)
        self._crawler.signals.connect(self._item_dropped, signal=signals.item_dropped)
        self._crawler.signals.connect(self._engine_stopped, signal=signals.engine_stopped)

    def _open(self, settings: BaseSettings) -> Run:
        spider = self._crawler.spider
        if spider is None:
            raise RuntimeError("the spider does not exist yet; Scrapy makes it before it loads add-ons")
        name = collection_name(str(getattr(spider, "collection", None) or spider.name))
        arguments = {
            name: argument_to_tell(name, str(value))
            for name, value in settings.getdict("ARCHIVE_ARGUMENTS").items()
        }
        collection = HeldCollection(Path(settings["ARCHIVE_ROOT"]) / name)
        try:
            fresh = settings.getbool("ARCHIVE_FRESH")
            crawl, continues = collection.take_up(spider.name, arguments, settings.getint, fresh=fresh)
            run = Run(
                collection,
                crawl,
                continues,
                budget=settings.getint,
                commit_pages=settings.getint("COMMIT_PAGES"),
                commit_seconds=settings.getfloat("COMMIT_SECONDS"),
                min_free=settings.getint("MIN_FREE_BYTES"),
                log_level=settings["LOG_LEVEL"],
            )
        except BaseException:
            collection.discard()
            raise
        for sentence in collection.put_in_order:
            logger.warning("%s", sentence)
        if continues is not None:
            logger.info("Run %s goes on with what run %s left", run.id, continues)
        run.on_error = self._stop_crawl
        return run

    def _capture_into(self, run: Run, settings: BaseSettings, contact: str) -> None:
        name = run.collection.path.name
        info = {"isPartOf": name, "description": f"run {run.id} of the collection {name}"}
        settings.set("WARC_FOLDER", str(run.folder), priority="addon")
        # The name of a file stands in its warcinfo, in ASCII.
        prefix = re.sub(r"[^\x20-\x7e]", "_", name)
        settings.set("WARC_PREFIX", f"{prefix}-{run.id}", priority="addon")
        settings.set("WARC_OPERATOR", contact, priority="addon")
        info |= as_warcinfo(about(settings))
        settings.set("WARC_INFO", {**info, **settings.getdict("WARC_INFO")}, priority="addon")

    def finish(self) -> Verdict:
        """The verdict; closes a run that a component ended at its start, so that no engine stopped."""
        return self.verdict or self._close()

    @property
    def may_be_closed(self) -> bool:
        """Whether the capture is closed, so that the run needs nothing more to be finished."""
        return self._captured

    @property
    def has_begun(self) -> bool:
        """Whether anything was archived."""
        return self._loop is not None and bool(self._crawler.stats.get_value("warc/bytes"))

    def discard(self) -> None:
        """Take a run away whose crawl could not begin."""
        if self.run is not None:
            self.run.discard()
            self.run.collection.discard()
            self.run = None

    def _spider_opened(self) -> None:
        self._loop = asyncio.get_running_loop()
        capture = self._crawler.get_extension(WarcCapture)
        if self.run is not None and capture is not None:
            self.run.commits.sync_records = capture.sync
            self.run.commits.take_captures = capture.take_durable
            capture.find_original = self.run.collection.journal.captures.find
        if self.run is not None and self.run.is_broken:
            self._begin_stop()

    async def _spider_closed(self, reason: str) -> None:
        self._finish_reason = reason
        if self.run is not None:
            await self.run.commits.close()

    def _item_error(self, item: Any, failure: Failure) -> None:
        """A row that a pipeline failed with: its page is not done."""
        self._crawler.stats.inc_value("archive/item_errors")
        self._tell_lost(item, "internal-error", repr(failure.value))

    def _item_dropped(self, item: Any, exception: BaseException) -> None:
        """A row that a pipeline left out; what our own drop is told by them."""
        if not isinstance(exception, UnfitRow):
            self._tell_lost(item, DROPPED_ROW, str(exception))

    def _tell_lost(self, item: Any, reason: str, detail: str) -> None:
        if self.run is not None and isinstance(item, Row):
            self.run.visits.tell(Skipped(url=item.captured_url or item.id, reason=reason, detail=detail))

    async def _engine_stopped(self) -> None:
        if self.verdict is not None:
            return
        capture = self._crawler.get_extension(WarcCapture)
        files = await capture.close() if capture is not None else []
        if capture is not None and self.run is not None:
            await self._commit_rest(self.run, capture)
        self._warc_files, self._captured = files, True
        if self.run is not None:
            await self._look_back(self.run)
        self._close()

    async def _commit_rest(self, run: Run, capture: WarcCapture) -> None:
        """Commit what was written after the last page."""
        if capture.error is not None:
            run.fail(capture.error)
        if run.is_broken:
            return
        try:
            run.commit_rest(await capture.sync(), capture.take_durable())
        except (OSError, BadJournal) as error:
            run.fail(error)

    async def _look_back(self, run: Run) -> None:
        """Find out whether a replay would show what the crawl kept, unless it was interrupted."""
        if run.is_broken:
            return
        try:
            self._settle(run)
            if self._finish_reason != "shutdown":
                self._replay = await self._check_replay(run)
        except (OSError, BadJournal) as error:
            run.fail(error)

    async def _check_replay(self, run: Run) -> dict[str, Any] | None:
        fingerprinter = self._crawler.request_fingerprinter
        named = self._crawler.settings["REPLAY_CHECK"]
        # An index that is missing is told, and was not made of this run alone.
        if not named or fingerprinter is None or not (run.collection.path / INDEX).is_file():
            return None

        def is_told(url: str, kind: str) -> bool:
            request = Request(url, meta={REQUISITE: kind, "verbatim_url": True})
            return run.collection.journal.queue.is_left(fingerprinter.fingerprint(request))

        check = load_object(named).from_settings(self._crawler.settings, run.collection.path, is_told)
        return await check_replay(run, check, self._crawler.stats)

    def _close(self) -> Verdict:
        run = self.run
        if run is None:
            raise RuntimeError("there is no run to close")
        try:
            if not run.is_broken:
                self._settle(run)
                self.verdict = self._close_in_order(run)
        except (OSError, BadJournal) as error:
            run.fail(error)
        if run.is_broken:
            run.abandon()
            self.verdict = decide(outcome_of_broken(run, self._finish_reason))
        run.collection.release()
        if self.verdict is None:
            raise RuntimeError("a run was closed without a verdict")
        return self.verdict

    def _settle(self, run: Run) -> None:
        """Return what was not brought to its end to the queue, and let the index have the rest."""
        for visit in run.visits.open:
            run.visits.give_up(visit)
        run.collection.journal.requeue(self._crawler.settings.getint)
        run.collection.bring_index_up_to_date()

    def _close_in_order(self, run: Run) -> Verdict:
        """Close all files, and decide."""
        row_files = run.close_rows()
        outcome = outcome_of(self._crawler, run, self._finish_reason)
        verdict = decide(outcome)
        level = logging.INFO if verdict.exit_code == ExitCode.COMPLETE else logging.WARNING
        logger.log(level, "Run %s in %s: %s", run.id, run.collection.path, verdict.words)
        told = manifest_of(
            self._crawler,
            run,
            outcome,
            verdict,
            replay=self._replay,
            row_files=row_files,
            warc_files=self._warc_files,
        )
        run.finish(told, crawl_ended=has_ended(outcome))
        return verdict

    def _stop_crawl(self, error: str) -> None:
        """End the crawl at once: what it fetches from here on could not be kept. From whatever thread."""
        logger.error("%s; the crawl stops", error)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin_stop)

    def _begin_stop(self) -> None:
        engine, prompt = self._crawler.engine, self._crawler.get_extension(PromptStop)
        if self._loop is None or engine.spider is None:
            return
        self._stops = [self._loop.create_task(engine.close_spider_async(reason="storage"))]
        if prompt is not None:
            self._stops.append(self._loop.create_task(prompt.stop()))


def open_run(crawler: Crawler) -> Run:
    """The run that the crawl writes. Raises NotConfigured where nothing is archived."""
    addon = crawler.get_addon(ArchiveAddon)
    if addon is None or addon.run is None:
        raise NotConfigured
    return addon.run
