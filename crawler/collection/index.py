"""The index of a collection, kept up to date from what the journal knows: no WARC file is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.warc.cdxj import INDEX, merge_into

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.collection.journal import Journal


def can_be_kept(collection: Path, journal: Journal) -> bool:
    """Whether ``index.cdxj`` has the runs that are closed, so that only what is new has to be added to it."""
    return (collection / INDEX).exists() or all(run.manifest is None for run in journal.runs())


def write_anew(collection: Path, journal: Journal) -> None:
    """Make ``index.cdxj`` of what a rebuilt journal holds of all runs. Raises OSError."""
    merge_into(collection / INDEX, journal.captures.unindexed(), anew=True)
    journal.forget_unindexed()


def bring_up_to_date(collection: Path, journal: Journal) -> None:
    """Put what was committed since the last time into ``index.cdxj``.

    May be interrupted at any point and done again. Raises OSError.
    """
    if (collection / INDEX).exists() and not journal.has_unindexed():
        return
    merge_into(collection / INDEX, journal.captures.unindexed())
    journal.forget_unindexed()
