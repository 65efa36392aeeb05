"""What ``run.json`` says: what was asked, what was got, and how it ended."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from crawler import __version__
from crawler.collection.run import Run, file_entry
from crawler.collection.secrets import argument_to_tell
from crawler.collection.verdict import Outcome, Verdict

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
    "ADDRESS_ALLOW",
    "WARC_MAX_BYTES",
)
"""Settings that decide what a run holds."""

EXAMPLES = 100
"""At most so many posts are named whose comments are not as many as announced."""


def outcome_of(crawler: Crawler, run: Run, finish_reason: str) -> Outcome:
    """What the verdict is decided from."""
    stats = _stats(crawler)
    return Outcome(
        finish_reason=finish_reason,
        answered=stats.get("archive/answered", 0),
        failed=stats.get("archive/failed", 0),
        posts=run.tally.posts if getattr(crawler.spider, "expects_posts", False) else None,
        internal_errors=_internal_errors(stats),
        storage_error=run.storage_error,
        budgets=sorted(_below(crawler, "budget/")),
        reasons=sorted(_below(crawler, "archive/skipped/")),
    )


def manifest_of(
    crawler: Crawler,
    run: Run,
    outcome: Outcome,
    verdict: Verdict,
    *,
    row_files: list[ClosedFile],
    warc_files: list[WarcFile],
) -> dict[str, Any]:
    """The content of ``run.json``, but for the log, which is still open."""
    settings, stats = crawler.settings, _stats(crawler)
    differing = run.tally.comments_that_differ()
    return {
        "run_id": run.id,
        "collection": run.collection.name,
        "continues": None,
        "software": f"blogarchive {__version__}",
        "runs_on": f"Python {platform.python_version()}, Scrapy {version('scrapy')}",
        "spider": crawler.spider.name if crawler.spider else None,
        "arguments": {
            name: argument_to_tell(name, str(value))
            for name, value in sorted(settings.getdict("ARCHIVE_ARGUMENTS").items())
        },
        "settings": {name: _value(settings, name) for name in SETTINGS_THAT_MATTER},
        "started_at": _moment(run.started_at),
        "finished_at": _moment(datetime.now(UTC)),
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
        "found": run.tally.counts(),
        "written": {file.name.removesuffix(".jsonl"): file.lines for file in row_files},
        "skipped": _below(crawler, "archive/skipped/"),
        "refused": _below(crawler, "refused/"),
        "budgets_reached": _below(crawler, "budget/"),
        "comment_counts_that_differ": {"posts": len(differing), "examples": differing[:EXAMPLES]},
        "files": [
            *map(file_entry, row_files),
            *(
                {"name": file.name, "size": file.size, "sha256": file.sha256, "records": file.records}
                for file in warc_files
            ),
        ],
    }


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


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
