"""The look at what was kept, at the end of a run: whether a replay would show it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from crawler.items import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scrapy.settings import BaseSettings
    from scrapy.statscollectors import StatsCollector

    from crawler.collection.run import Run

    IsTold = Callable[[str, str], bool]
    """Whether ``skipped.jsonl`` says already why a requisite (URL, kind) is not there."""

logger = logging.getLogger(__name__)


class ReplayCheck(AbstractContextManager["ReplayCheck"], Protocol):
    """What REPLAY_CHECK names: it knows pages and what they need, which a collection does not."""

    def check(self, url: str, record_id: str) -> list[Skipped]:
        """What is missing of the page that was asked for as ``url`` and read from a record."""

    def told(self) -> dict[str, Any]:
        """What ``run.json`` says of all that was checked."""


class MakeReplayCheck(Protocol):
    """How REPLAY_CHECK is made."""

    def from_settings(self, settings: BaseSettings, collection: Path, is_told: IsTold) -> ReplayCheck:
        """One for the collection in a folder."""


async def check_replay(run: Run, check: ReplayCheck, stats: StatsCollector) -> dict[str, Any] | None:
    """Check every page of the crawl, and write down what is missing; None where no page was kept.

    Gives way between pages, so that a signal ends it. Raises OSError.
    """
    pages = 0
    with check:
        for url, record_id in run.collection.journal.queue.kept_pages():
            missing = _missing(check, url, record_id)
            for skipped in missing:
                stats.inc_value(f"archive/skipped/{skipped.reason}")
            if missing:
                run.note(missing)
            pages += 1
            await asyncio.sleep(0)
        if not pages:
            return None
        told = check.told()
    logger.info("A replay shows %(percent)s %% of %(pages)s pages whole", told)
    return told


def _missing(check: ReplayCheck, url: str, record_id: str) -> list[Skipped]:
    try:
        return check.check(url, record_id)
    except OSError:
        raise
    except Exception as error:  # a look back must never cost the run what it kept
        logger.exception("%s: cannot be looked at as a replay would", url)
        return [Skipped(url=url, reason="not-replayable", detail=repr(error))]
