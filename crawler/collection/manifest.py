"""What ``run.json`` says: what was asked, what was got, and how it ended."""

from __future__ import annotations

import platform
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from crawler import __version__
from crawler.collection.about import about
from crawler.collection.layout import moment
from crawler.collection.recovery import previous_entry
from crawler.collection.run import Run, file_entry
from crawler.collection.verdict import Outcome, Verdict
from crawler.collection.visit import FAULTS

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from crawler.collection.line_file import ClosedFile
    from crawler.warc.files import WarcFile

SETTINGS_THAT_MATTER = (
    "USER_AGENT",
    "ROBOTSTXT_OBEY",
    "ROBOTS_CRAWL_DELAY_OBEY",
    "AUTOTHROTTLE_ENABLED",
    "DOWNLOAD_DELAY",
    "CONCURRENT_REQUESTS",
    "CONCURRENT_REQUESTS_PER_DOMAIN",
    "DOWNLOAD_TIMEOUT",
    "DOWNLOAD_MAXSIZE",
    "DOWNLOAD_VERIFY_CERTIFICATES",
    "REDIRECT_MAX_TIMES",
    "RETRY_TIMES",
    "COMMENT_PAGES_PER_POST",
    "LISTING_PAGES",
    "SIDEBAR_PAGES",
    "DEPTH_LIMIT",
    "REQUISITES_ENABLED",
    "REQUISITE_KINDS",
    "REQUISITE_MAX_BYTES",
    "REQUISITES",
    "ADDRESS_ALLOW",
    "WARC_MAX_BYTES",
)
"""Settings that decide what a run holds."""

EXAMPLES = 100
"""At most so many posts are named whose comments are not as many as announced."""


def outcome_of(crawler: Crawler, run: Run, finish_reason: str) -> Outcome:
    """What the verdict is decided from: the whole crawl where it has a queue, else this run."""
    stats, journal = _stats(crawler), run.collection.journal
    reasons_of_pages = journal.queue.reasons()
    reasons = {**reasons_of_pages, **_below(crawler, "archive/skipped/")}
    faults = Counter(reasons_of_pages) + Counter(journal.queue.reasons(requisites=True))
    answered, failed = stats.get("archive/answered", 0), stats.get("archive/failed", 0)
    if states := journal.queue.counts():
        failed = states.get("failed", 0)
        answered = states.get("done", 0) + states.get("skipped", 0)
    return Outcome(
        finish_reason=finish_reason,
        answered=answered,
        failed=failed,
        posts=journal.known.counts()["posts"] if getattr(crawler.spider, "expects_posts", False) else None,
        internal_errors=max(_internal_errors(stats), sum(faults[fault] for fault in FAULTS)),
        budgets=sorted(
            {*journal.queue.budgets_reached(), *journal.known.bounds_reached(), *_below(crawler, "budget/")}
        ),
        reasons=sorted(reason for reason in reasons if reason != "budget"),
    )


def outcome_of_broken(run: Run, finish_reason: str) -> Outcome:
    """The same of a run that cannot go on, without asking what may be broken."""
    return Outcome(
        finish_reason=finish_reason,
        storage_error=run.storage_error,
        internal_errors=int(run.fault is not None),
    )


def manifest_of(
    crawler: Crawler,
    run: Run,
    outcome: Outcome,
    verdict: Verdict,
    *,
    replay: dict[str, Any] | None,
    row_files: list[ClosedFile],
    warc_files: list[WarcFile],
) -> dict[str, Any]:
    """The content of ``run.json``, but for the log, which is still open."""
    settings, stats = crawler.settings, _stats(crawler)
    known, queue = run.collection.journal.known, run.collection.journal.queue
    differing = known.comments_that_differ()
    return {
        "run_id": run.id,
        "collection": run.collection.path.name,
        "about": about(settings),
        "continues": run.continues,
        "previous_run": previous_entry(run.previous),
        "software": f"blogarchive {__version__}",
        "runs_on": f"Python {platform.python_version()}, Scrapy {version('scrapy')}",
        "spider": crawler.spider.name if crawler.spider else None,
        "arguments": dict(run.crawl.arguments),
        "settings": {name: _value(settings, name) for name in SETTINGS_THAT_MATTER},
        "started_at": moment(run.started_at),
        "finished_at": moment(datetime.now(UTC)),
        "finish_reason": outcome.finish_reason,
        "exit_code": int(verdict.exit_code),
        "verdict": verdict.words,
        "requests": {
            "sent": stats.get("downloader/request_count", 0),
            "answered": outcome.answered,
            "failed": outcome.failed,
            "by_status": _below(crawler, "downloader/response_status_count/"),
        },
        "pages": _below(crawler, "pages/"),
        "requisites": {
            "answered": stats.get("archive/requisites/answered", 0),
            "failed": stats.get("archive/requisites/failed", 0),
            "by_kind": _below(crawler, "archive/requisites/kind/"),
            "skipped": _below(crawler, "archive/requisites/skipped/"),
        },
        "crawl": {
            "number": run.crawl.number,
            "ended": has_ended(outcome),
            "requests": queue.counts(),
            "requisites": queue.counts(requisites=True),
        },
        "found": known.counts(),
        "written": {file.name.removesuffix(".jsonl"): file.lines for file in row_files},
        "skipped": _below(crawler, "archive/skipped/"),
        "refused": _below(crawler, "refused/"),
        "budgets_reached": _below(crawler, "budget/"),
        "replay": replay,
        "comment_counts_that_differ": {"posts": len(differing), "examples": differing[:EXAMPLES]},
        "files": [
            *map(file_entry, row_files),
            *(
                {"name": file.name, "size": file.size, "sha256": file.sha256, "records": file.records}
                for file in warc_files
            ),
        ],
    }


def has_ended(outcome: Outcome) -> bool:
    """Whether the crawl is at its end, so that the next run begins a new one."""
    return outcome.finish_reason == "finished"


def _below(crawler: Crawler, prefix: str) -> dict[str, int]:
    """The statistics whose names begin with ``prefix``, without it."""
    return {
        key.removeprefix(prefix): value
        for key, value in sorted(_stats(crawler).items())
        if key.startswith(prefix)
    }


def _internal_errors(stats: dict[str, Any]) -> int:
    # Most exceptions of callbacks are both counted by Scrapy and written down by us.
    callbacks = max(stats.get("spider_exceptions/count", 0), stats.get("archive/skipped/internal-error", 0))
    rows: int = stats.get("archive/item_errors", 0) + stats.get("archive/bad_rows", 0)
    return int(callbacks) + rows


def _value(settings: BaseSettings, name: str) -> Any:
    """The value of a setting; ``-s`` gives every value as text, also truth values and numbers."""
    value = settings.get(name)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _stats(crawler: Crawler) -> dict[str, Any]:
    try:
        return crawler.stats.get_stats()
    except RuntimeError:  # Scrapy's, for a crawl that ended before it began
        return {}
