"""One run of a spider: its folder, and the files in it from opening to ``run.json``."""

from __future__ import annotations

import contextlib
import logging
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.collection.commit import Committer
from crawler.collection.journal import BadJournal, JournalFailed
from crawler.collection.layout import LOG, RUN_JSON, SKIPPED, NotWritable
from crawler.collection.line_file import ClosedFile, LineFile, write_json
from crawler.collection.log import JsonLog
from crawler.collection.secrets import without_userinfo
from crawler.collection.visit import Visit
from crawler.collection.visits import Visits
from crawler.items import ITEM_FILES
from crawler.warc.durable import sync_folder
from crawler.warc.space import check_space
from crawler.warc.writer import CaptureLost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crawler.collection.held import HeldCollection
    from crawler.collection.journal import Crawl
    from crawler.collection.queue import Task
    from crawler.collection.visit import Wanted
    from crawler.items import Skipped
    from crawler.warc.ledger import Capture

logger = logging.getLogger(__name__)


class Run:
    """A run that is being written, of a collection that this process holds.

    A disk that fails is told once to ``on_error`` and kept in
    ``storage_error``; from then on nothing more is committed, and the run is
    left as if the process had died, for the next one to close.
    """

    def __init__(
        self,
        collection: HeldCollection,
        crawl: Crawl,
        continues: str | None,
        *,
        budget: Callable[[str], int],
        commit_pages: int = 6,
        commit_seconds: float = 1.0,
        min_free: int = 0,
        log_level: int | str = logging.INFO,
    ) -> None:
        """Make the folder and open its files. Raises NotWritable."""
        self.collection = collection
        self.crawl = crawl
        self.continues = continues
        self.previous = collection.last_run
        self.started_at = datetime.now(UTC)
        self.storage_error: str | None = None
        self.fault: str | None = None
        """What was wrong in this program when a commit failed."""
        self.on_error: Callable[[str], None] | None = None
        self.on_tasks: Callable[[list[Task]], None] | None = None
        """Told the requests that are next, whenever visits were committed."""
        self.window = 0
        """At most so many requests may have left the queue and not be committed."""
        self._budget = budget
        self._min_free = min_free
        self.commits = Committer(pages=commit_pages, seconds=commit_seconds)
        self.visits = Visits(collection.journal.known, self.commits.add)
        self._connect_commits()
        self.folder = collection.begin_run(crawl, continues)
        self.id = self.folder.name
        try:
            self._open_files(log_level)
        except OSError as error:
            self._take_away()
            told = f"{self.folder}: no run can be written here ({error.strerror or error})"
            raise NotWritable(told) from error
        self._log.on_error = self.fail
        collection.journal.on_error = self.fail

    def _open_files(self, log_level: int | str) -> None:
        check_space(self.folder, self._min_free)
        self._rows = {kind: LineFile(self.folder / name) for kind, name in ITEM_FILES.items()}
        self._skipped = LineFile(self.folder / SKIPPED)
        self._log = JsonLog(self.folder / LOG, log_level)
        sync_folder(self.folder)

    def _connect_commits(self) -> None:
        commits = self.commits
        commits.write_lines = self._write_lines
        commits.store = self._store
        commits.committed = self._committed
        commits.failed = self.fail
        # Nothing is under way but what waits for this commit: to wait for more would be in vain.
        commits.hurry = lambda: not self.visits.open

    # --- Commits ---

    def begin(self, seeds: Sequence[Wanted]) -> list[Task]:
        """Queue the first requests of a crawl; gives what is to be asked for first, also where it goes on."""
        try:
            if not self.crawl.seeded:
                self.collection.journal.seed(seeds, self._budget)
            return self._store([], {}, [])
        except OSError as error:
            self.fail(error)
            return []

    def _write_lines(self, visits: Sequence[Visit]) -> Mapping[str, int]:
        """Put lines on the disk; gives the lengths of the files that grew. In the committer's thread."""
        check_space(self.folder, self._min_free)
        files: set[LineFile] = set()
        for visit in visits:
            for row in visit.rows:
                files.add(file := self._rows[type(row)])
                file.write(row.as_line())
            for skipped in visit.skipped:
                files.add(self._skipped)
                self._skipped.write(without_userinfo(skipped.as_line()))
        return {file.path.name: file.sync() for file in files}

    def _store(
        self, visits: Sequence[Visit], lengths: Mapping[str, int], captures: Sequence[Capture]
    ) -> list[Task]:
        """The transaction. In the committer's thread, and before it begins and after it has ended."""
        settled = sum(visit.task is not None for visit in visits)
        room = self.window - self.visits.in_hand + settled if self.window else 0
        return self.collection.journal.commit(
            self.id, visits, lengths, captures=captures, budget=self._budget, room=room
        )

    def _committed(self, visits: Sequence[Visit], tasks: list[Task]) -> None:
        for visit in visits:
            self.visits.settled(visit)
        if self.on_tasks is not None:
            self.on_tasks(tasks)

    # --- The end ---

    @property
    def is_broken(self) -> bool:
        """Whether the run cannot go on, nor be closed: the next process does that."""
        return self.storage_error is not None or self.fault is not None

    def fail(self, error: BaseException) -> None:
        """Take an error after which nothing more may be committed; the first one counts."""
        if self.is_broken:
            return
        if isinstance(error, OSError | BadJournal | CaptureLost):
            told = self.storage_error = self._in_words(error)
        else:
            told = self.fault = f"{type(error).__name__}: {error}"
            logger.error("A commit failed", exc_info=error)
        # What the capture failed with was told by the capture, which stops the crawl as well.
        if self.on_error is not None and not isinstance(error, CaptureLost):
            self.on_error(told)

    def _in_words(self, error: BaseException) -> str:
        words = str(error)
        if isinstance(error, OSError) and error.strerror:
            words = error.strerror
        names_a_place = isinstance(error, JournalFailed | BadJournal | CaptureLost)
        return words if names_a_place or str(self.folder) in words else f"{self.folder}: {words}"

    def commit_rest(self, lengths: Mapping[str, int], captures: Sequence[Capture]) -> None:
        """Commit records that were written after the last page. Raises OSError."""
        self.window = 0
        self._store([], lengths, captures)

    def note(self, skipped: Sequence[Skipped]) -> None:
        """Write down and commit what was found out after the last page. Raises OSError."""
        visit = Visit(url="", skipped=list(skipped), closed=True)
        self._store([visit], self._write_lines([visit]), [])

    def close_rows(self) -> list[ClosedFile]:
        """Close the files of rows and give them their names. Raises OSError."""
        return [file.close() for file in (*self._rows.values(), self._skipped)]

    def abandon(self) -> None:
        """Leave the files under their ``.open`` names, as far as they got."""
        for file in (*self._rows.values(), self._skipped):
            file.abandon()
        self._log.abandon()

    def finish(self, manifest: dict[str, Any], *, crawl_ended: bool) -> None:
        """Close the log, write ``run.json``, the last file of a run, and close the run in the journal.

        Raises OSError.
        """
        log = self._log.close_file()
        manifest["files"].append(file_entry(log))
        manifest["files"].sort(key=lambda entry: entry["name"])
        digest = write_json(self.folder / RUN_JSON, manifest)
        self.collection.journal.close_run(self.id, digest, crawl_ended=crawl_ended)

    def discard(self) -> None:
        """Take the run away again: nothing has been asked yet."""
        self.abandon()
        self._take_away()

    def _take_away(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        # On a disk that is full the journal keeps a run without a folder; the next process forgets it.
        with contextlib.suppress(OSError, BadJournal):
            self.collection.journal.forget_run(self.id)


def file_entry(file: ClosedFile) -> dict[str, Any]:
    """How ``run.json`` names a file of lines."""
    return {"name": file.name, "size": file.size, "sha256": file.sha256, "lines": file.lines}
