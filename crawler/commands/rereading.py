"""Every page of an archive read again, and what it states compared with the rows that there are."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

from crawler import __version__
from crawler.collection.row_check import NoRow, row_of
from crawler.collection.rows import prove
from crawler.commands.extraction import may_be_page, stated_on
from crawler.items import Skipped
from crawler.warc.finding import shown
from crawler.warc.reader import BadRecord, NotAnArchive, read_records
from crawler.warc.stored_file import UNREADABLE, error, note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from crawler.collection.row_catalogue import RowCatalogue, StatedRow
    from crawler.collection.row_check import RowCheck
    from crawler.items import Row
    from crawler.warc.finding import Finding
    from crawler.warc.reader import ArchivedResponse

LEFT_OPEN = {"run_id", "version", "source", "extractor"}
"""Fields that a page does not state."""


def reread(
    archives: Sequence[Path],
    told: Mapping[str, str],
    rows: RowCatalogue,
    skipped: RowCheck | None,
    *,
    alone: bool = False,
) -> Iterator[Finding]:
    """Rows that are missing, altered, or not stated by the record that they name.

    ``told`` gives the names of the WARC files as the user knows them. ``alone``:
    earlier runs are not here, which may have stated what has no row.
    """
    try:
        for archived in read_records(*archives, wanted=may_be_page):
            # What cannot be read was told where the file was checked.
            if not isinstance(archived, BadRecord):
                place = told.get(archived.location.file, archived.location.file)
                yield from _reread_page(archived, place, rows, skipped, alone=alone)
    except NotAnArchive as fault:
        yield error("deep-unread", str(archives[0]) if archives else "", str(fault), "pages to read again")
    for row_id, row in rows.unconfirmed():
        file = rows.files[row.file]
        found = f"{row_id}, which record {row.record_id} does not state"
        yield error("deep-surplus", file.told, found, "a row that its page states", line=row.line)


def _reread_page(
    archived: ArchivedResponse, told: str, rows: RowCatalogue, skipped: RowCheck | None, *, alone: bool
) -> Iterator[Finding]:
    location = archived.location
    for row in stated_on(archived, None):
        if isinstance(row, Skipped):
            if skipped is not None and not any(reason == row.reason for _, reason in skipped.reasons):
                expected = f"a line of skipped.jsonl with {row.reason}"
                yield error(
                    "deep-reason",
                    told,
                    f"{shown(location.target_uri)} without rows",
                    expected,
                    offset=location.offset,
                )
            continue
        prove(row, location, run_id="", source="live")
        there = rows.find(type(row).__name__, row.id, str(row.content_digest))
        if there is None:
            tell = note if alone else error
            expected = "a row of this content in some run"
            yield tell("deep-missing", told, f"{row.id} without a row", expected, offset=location.offset)
        elif there.record_id == location.record_id:
            rows.confirm(there.number)
            yield from _compare(row, there, rows)


def _compare(row: Row, there: StatedRow, rows: RowCatalogue) -> Iterator[Finding]:
    file = rows.files[there.file]
    try:
        found = row_of(type(row), rows.line_of(there))
    except (NoRow, *UNREADABLE):
        return
    # Another version may read the same page otherwise.
    same = str(found.extractor).startswith(f"blogarchive {__version__} ")
    for spec in fields(row):
        mine, theirs = getattr(row, spec.name), getattr(found, spec.name)
        if spec.name not in LEFT_OPEN and mine != theirs:
            tell = error if same else note
            expected = f"{shown(json.dumps(mine))}, which the page states"
            yield tell(
                "deep-field", file.told, f"{spec.name} {shown(json.dumps(theirs))}", expected, line=there.line
            )
    if same and found.extractor != row.extractor:
        yield error(
            "deep-field",
            file.told,
            f"extractor {shown(str(found.extractor))}",
            str(row.extractor),
            line=there.line,
        )
