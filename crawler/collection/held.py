"""A collection while this process holds it: locked, its journal open, earlier runs in order."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.collection.index import bring_up_to_date, can_be_kept
from crawler.collection.journal import JOURNAL, BadJournal, Journal
from crawler.collection.layout import NotWritable, is_run_id, make_run_folder, moment, run_id_of
from crawler.collection.lock import LOCK, Lock
from crawler.collection.recovery import check_closed_run, close_dead_run
from crawler.warc.cdxj import INDEX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from crawler.collection.journal import Crawl, KnownRun


class CannotResume(ValueError):
    """What a crawl left undone cannot be taken up by this command."""


class ClockBehind(ValueError):
    """The clock shows a time before the last run began."""


class HeldCollection:
    """Holds the lock of a collection and its journal, from opening to ``release``.

    Raises at opening: Locked, BadJournal, EditedRun, ClockBehind, NotWritable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made_folder = not path.exists()
        self._made_journal = not (path / JOURNAL).exists()
        self._index_is_kept = True
        self._told_index = False
        self.put_in_order: list[str] = []
        """What was done about runs whose process died, in words."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(path)
        except OSError as error:
            raise NotWritable(f"{path}: no run can be written here ({error.strerror or error})") from error
        try:
            self._refuse_runs_without_journal()
            self.journal = Journal(path / JOURNAL)
        except BaseException:
            self._leave_nothing()
            self._lock.release()
            raise
        try:
            self._check_clock()
            self._put_in_order()
        except OSError as error:
            self.release()
            raise NotWritable(f"{path}: a run that died cannot be closed ({error})") from error
        except BaseException:
            self.release()
            raise

    @property
    def last_run(self) -> KnownRun | None:
        """The run before the one that is being made; None before the first."""
        runs = [run for run in self.journal.runs() if run.manifest is not None]
        return runs[-1] if runs else None

    def take_up(
        self, spider: str, arguments: Mapping[str, str], budget: Callable[[str], int], *, fresh: bool
    ) -> tuple[Crawl, str | None]:
        """The crawl that a run is for, and the run that it continues (None for a new crawl).

        What an earlier run left undone comes first, unless ``fresh`` abandons
        it. Raises CannotResume when spider or arguments are others than then.
        """
        crawl = self.journal.crawl()
        if crawl is not None and not fresh and not self.journal.queue.is_empty:
            if not crawl.ended:
                self._refuse_change(crawl, spider, arguments)
            if not crawl.ended or (crawl.spider, crawl.arguments) == (spider, arguments):
                self.journal.requeue(budget)
                # An ended crawl goes on where a budget allows more than it did.
                if not crawl.ended or self.journal.queue.has_queued:
                    return self.journal.reopen(crawl), self._last_run_of(crawl)
        return self.journal.begin_crawl(spider, arguments), None

    def begin_run(self, crawl: Crawl, continues: str | None) -> Path:
        """The folder of a new run, named for the present second. Raises NotWritable."""
        return make_run_folder(
            self.path,
            lambda run: self.journal.begin_run(run, crawl.number, continues, moment(datetime.now(UTC))),
        )

    def bring_index_up_to_date(self) -> None:
        """Put what is committed into ``index.cdxj``, unless that has lost what it had. Raises OSError."""
        if self._index_is_kept:
            bring_up_to_date(self.path, self.journal)
        elif not self._told_index:
            self._told_index = True
            self.put_in_order.append(
                f"{self.path / INDEX}: is missing; scrapy verify --rebuild-journal {self.path} makes it anew"
            )

    def release(self) -> None:
        """Close the journal and let others write the collection."""
        self._close_journal()
        self._lock.release()

    def discard(self) -> None:
        """Release the collection, and take away what this process has made of it."""
        self._close_journal()
        self._leave_nothing()
        self._lock.release()

    def _close_journal(self) -> None:
        # Its last transaction is on the disk; to put its log into it can wait for the next who opens it.
        with contextlib.suppress(OSError, BadJournal):
            self.journal.close()

    def _leave_nothing(self) -> None:
        if not self._made_journal or self._folders():
            return
        with contextlib.suppress(OSError):
            for name in (JOURNAL, LOCK):
                (self.path / name).unlink(missing_ok=True)
            if self._made_folder:
                self.path.rmdir()

    def _check_clock(self) -> None:
        """Runs are told apart, and their rows put in order, by when they began."""
        runs = self.journal.runs()
        now = run_id_of(datetime.now(UTC))
        if runs and now < runs[-1].id:
            raise ClockBehind(
                f"{self.path}: the clock says {now}, expected a time after the last run, {runs[-1].id}: "
                "set the clock right, or wait until then"
            )

    def _refuse_runs_without_journal(self) -> None:
        if not (self.path / JOURNAL).exists() and (runs := self._folders()):
            raise BadJournal(
                f"{self.path / JOURNAL}: there is none, but {len(runs)} runs; "
                f"scrapy verify --rebuild-journal {self.path} makes it anew from them"
            )

    def _folders(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir() if is_run_id(path.name) and path.is_dir())

    def _put_in_order(self) -> None:
        """Check the closed runs, and close those whose process died."""
        runs = {run.id: run for run in self.journal.runs()}
        self._index_is_kept = can_be_kept(self.path, self.journal)
        previous: KnownRun | None = None
        for run in runs.values():
            if run.manifest is not None:
                check_closed_run(self.path / run.id, run.manifest)
            else:
                self.put_in_order += close_dead_run(self.path / run.id, run, self.journal, previous)
            previous = next((known for known in self.journal.runs() if known.id == run.id), previous)
        if any(run.manifest is not None for run in self.journal.runs()):
            self.bring_index_up_to_date()
        if unknown := [name for name in self._folders() if name not in runs]:
            raise BadJournal(
                f"{self.path / unknown[0]}: is not in the journal; was it copied here? "
                f"scrapy verify --rebuild-journal {self.path} takes it in"
            )

    def _refuse_change(self, crawl: Crawl, spider: str, arguments: Mapping[str, str]) -> None:
        differences = []
        if crawl.spider != spider:
            differences.append(f"spider: {spider}, expected {crawl.spider}")
        for name in sorted({*crawl.arguments, *arguments}):
            found, expected = arguments.get(name), crawl.arguments.get(name)
            if found != expected:
                differences.append(f"{name}: {_told(found)}, expected {_told(expected)}")
        if differences:
            raise CannotResume(
                f"{self.path}: an interrupted crawl has other arguments ({'; '.join(differences)}); "
                "give the same to go on, or -a fresh=1 to abandon it"
            )

    def _last_run_of(self, crawl: Crawl) -> str | None:
        runs = [run.id for run in self.journal.runs() if run.crawl == crawl.number]
        return runs[-1] if runs else None


def _told(value: str | None) -> str:
    return "none" if value is None else repr(value)
