"""Rows held against their schema, against the run that wrote them and the record that proves them."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any

from crawler.collection.reasons import meaning_of
from crawler.collection.rows import violations
from crawler.items import SCHEMA_VERSION, Author, Comment, Skipped
from crawler.warc.finding import shown
from crawler.warc.stored_file import UNREADABLE, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.collection.row_catalogue import RowCatalogue
    from crawler.items import Row
    from crawler.warc.catalogue import Catalogue, Record
    from crawler.warc.finding import Finding
    from crawler.warc.stored_file import StoredFile

LONGEST_LINE = 256 * 1024 * 1024
"""Bytes of a line; a longer one is none."""

_SEPARATORS = ("\u2028".encode(), "\u2029".encode(), "\u0085".encode())
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

Fault = tuple[str, str, str]
"""Rule, what was found, what was expected."""


class NoRow(ValueError):
    """A line that is no row."""

    def __init__(self, rule: str, found: str, expected: str) -> None:
        super().__init__(f"{rule}: found {found}, expected {expected}")
        self.fault: Fault = (rule, found, expected)


class RowCheck:
    """Checks the files of lines of all runs of an archive, and fills the catalogue of rows."""

    def __init__(self, records: Catalogue, rows: RowCatalogue) -> None:
        self._records = records
        self._rows = rows
        self.reasons: Counter[tuple[str, str]] = Counter()
        """Lines of ``skipped.jsonl`` by run and reason."""

    def check_rows(self, file: StoredFile, kind: type[Row], run: str) -> Iterator[Finding]:
        """What is wrong with a file of rows of a run."""
        number = self._rows.add_file(file)
        start = 0
        for line, octets in _lines(file):
            if isinstance(octets, Exception):
                yield error("unreadable", file.told, str(octets), "a file that can be read to its end")
                return
            try:
                row = row_of(kind, octets)
            except NoRow as none:
                yield _at(file, line, none.fault)
            else:
                for fault in self._faults(row, run):
                    yield _at(file, line, fault)
                if not violations(row):
                    self._rows.note(row, number, line, start, len(octets))
            start += len(octets)

    def check_skipped(self, file: StoredFile, run: str) -> Iterator[Finding]:
        """What is wrong with a ``skipped.jsonl``."""
        for line, octets in _lines(file):
            if isinstance(octets, Exception):
                yield error("unreadable", file.told, str(octets), "a file that can be read to its end")
                return
            try:
                values = object_of(octets)
                for fault in self._skipped_faults(values):
                    yield _at(file, line, fault)
            except NoRow as none:
                yield _at(file, line, none.fault)
            else:
                self.reasons[run, str(values.get("reason"))] += 1

    def _faults(self, row: Row, run: str) -> Iterator[Fault]:
        wrong = violations(row)
        for words in wrong:
            found, _, expected = words.rpartition(", expected ")
            yield "row-type", shown(found), expected
        if wrong:
            return
        if row.schema_version != SCHEMA_VERSION:
            yield "row-schema", f"schema_version {shown(row.schema_version)}", shown(SCHEMA_VERSION)
        if row.run_id != run:
            yield "row-run", f"run_id {row.run_id}", f"{run}, the run of the file"
        if row.version < 1:
            yield "row-version", f"version {row.version}", "1 or more"
        if row.content_digest != (digest := row.digest()):
            yield "row-content-digest", f"{row.content_digest}", f"{digest}, which the content has"
        yield from _form_faults(row)
        yield from self._proof_faults(row)

    def _proof_faults(self, row: Row) -> Iterator[Fault]:
        """What is wrong with the record that a row names."""
        if row.warc_file is None or row.warc_offset is None:
            yield "row-proof", "no warc_file or warc_offset", "the record that proves the row"
            return
        if not self._records.has_file(row.warc_file):
            yield "row-file", f"warc_file {shown(row.warc_file)}", "a WARC file of the archive"
            return
        record = self._records.at(row.warc_file, row.warc_offset, row.warc_record_id)
        if record is None:
            place = f"warc_offset {row.warc_offset}"
            yield "row-offset", place, f"where a record of {row.warc_file} begins"
            return
        for field, found, expected in _compared(row, record):
            if found != expected:
                yield (
                    f"row-{field.replace('_', '-')}",
                    f"{field} {found}",
                    f"{expected}, as the record has it",
                )
        if record.status != 200 or not (record.whole or record.kind == "revisit"):
            state = "" if record.whole else ", truncated"
            yield (
                "row-answer",
                f"a {record.kind} with status {record.status}{state}",
                "a whole answer with 200",
            )

    def _skipped_faults(self, values: dict[str, Any]) -> Iterator[Fault]:
        names = {spec.name for spec in fields(Skipped)}
        if values.keys() != names:
            yield "skipped-line", f"keys {shown(', '.join(sorted(values)))}", ", ".join(sorted(names))
            return
        url, reason, file, offset = (values[name] for name in ("url", "reason", "warc_file", "warc_offset"))
        if not isinstance(url, str | None) or not isinstance(values["detail"], str | None):
            yield "skipped-line", "a url or detail that is no text", "text, or null"
        try:
            meaning_of(reason)
        except (KeyError, ValueError, AttributeError, TypeError):
            yield "skipped-reason", f"reason {shown(str(reason))}", "a code of docs/reason-codes.md"
        if file is not None or offset is not None:
            found = self._records.at(str(file), offset) if isinstance(offset, int) else None
            if found is None:
                yield "skipped-record", f"byte {offset} of {shown(str(file))}", "where a record begins"


def row_of(kind: type[Row], octets: bytes) -> Row:
    """The row in a line, whatever the types of its values. Raises NoRow."""
    values = object_of(octets)
    names = {spec.name for spec in fields(kind)}
    if missing := sorted(names - values.keys()):
        raise NoRow("row-key", f"no {', '.join(missing)}", "every key of the schema")
    if surplus := sorted(values.keys() - names):
        raise NoRow("row-key", shown(", ".join(surplus)), "no key that the schema does not have")
    return kind(**values)


def object_of(octets: bytes) -> dict[str, Any]:
    """The object in a line of JSON. Raises NoRow."""
    if not octets.endswith(b"\n"):
        raise NoRow("line", "a last line that is cut", "a line with its end")
    if any(separator in octets for separator in _SEPARATORS):
        raise NoRow("line", "U+2028, U+2029 or U+0085 as it is", "it escaped: some readers end a line there")
    try:
        values = json.loads(octets.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as fault:
        raise NoRow(
            "line", shown(f"{type(fault).__name__}: {fault}"), "one object of JSON in UTF-8"
        ) from fault
    if not isinstance(values, dict):
        raise NoRow("line", f"a {type(values).__name__}", "one object of JSON")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key stands twice")
    return values


def _lines(file: StoredFile) -> Iterator[tuple[int, bytes | Exception]]:
    """Lines with their numbers; an exception where the file cannot be read on."""
    number = 0
    try:
        with file.open() as stream:
            while octets := stream.readline(LONGEST_LINE):
                number += 1
                yield number, octets
    except UNREADABLE as fault:
        yield number + 1, fault


def _at(file: StoredFile, line: int, fault: Fault) -> Finding:
    rule, found, expected = fault
    return error(rule, file.told, found, expected, line=line)


def _form_faults(row: Row) -> Iterator[Fault]:
    """What a schema of types does not say."""
    printed = getattr(row, "date", None)
    if printed is not None and not _is_day(printed):
        yield "row-date", f"date {shown(printed)}", "a day as YYYY-MM-DD"
    for name in ("captured_at", "memento_at", "published_at"):
        moment = getattr(row, name, None)
        if moment is not None and not _MOMENT.fullmatch(moment):
            yield "row-date", f"{name} {shown(moment)}", "a moment in UTC, ending in Z"
    if row.source == "live" and (row.original_url is not None or row.memento_at is not None):
        yield "row-source", "source live with original_url or memento_at", "null in both"
    if isinstance(row, Comment) and not row.id.startswith(f"{row.post_id}#"):
        yield "row-id", f"id {shown(row.id)}", f"the id of its post, {shown(row.post_id)}, and # behind it"
    if isinstance(row, Author) and "/authors/" not in row.id:
        yield "row-id", f"id {shown(row.id)}", "site, /authors/ and name"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _compared(row: Row, record: Record) -> Iterator[tuple[str, object, object]]:
    """Field, what the row has, what the record has."""
    yield "warc_length", row.warc_length, record.length
    yield "warc_record_id", row.warc_record_id, record.record_id
    yield "payload_digest", row.payload_digest, record.digest
    yield "captured_at", row.captured_at, record.date
    yield "captured_url", row.captured_url, record.uri
