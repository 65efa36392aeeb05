"""From the id of a row, or a URL, to the record that proves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawler.collection.lookup import rows_about, run_folders
from crawler.collection.row_check import NoRow, row_of
from crawler.collection.rows import violations
from crawler.warc.captured import Captured, NotCaptured
from crawler.warc.cdxj import INDEX, BadLine, Index
from crawler.warc.evidence import copy_block, evidence_at
from crawler.warc.finding import Finding, shown
from crawler.warc.octets import Cut, Damaged, Malformed
from crawler.warc.reader import MAX_BODY
from crawler.warc.surt import surt_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.collection.lookup import StoredRow
    from crawler.warc.cdxj import Entry
    from crawler.warc.evidence import Evidence

WARC_ENDS = (".warc.gz", ".warc")


class Untraceable(ValueError):
    """What is asked for is not in the collection."""


@dataclass(kw_only=True)
class Trace:
    """What is known of a row or a capture, and the findings on the way to it."""

    wanted: str
    collection: Path
    row: StoredRow | None = None
    """None for a URL that was captured and gave no row."""
    versions: list[StoredRow] = field(default_factory=list)
    """All versions of the row, oldest first."""
    captures: list[Entry] = field(default_factory=list)
    """All captures of the page, oldest first, as the index has them."""
    entry: Entry | None = None
    """That of the record; None where the index does not have it."""
    evidence: Evidence | None = None
    """The record; None where it is not there, or cannot be read."""
    original: Evidence | None = None
    """The record that has the body, where the record is a revisit."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether all that was found on the way is as it should be."""
        return all(finding.severity != "error" for finding in self.findings)

    @property
    def url(self) -> str:
        """The URL that was captured."""
        if self.entry is not None:
            return self.entry.url
        return str(self.row.values.get("captured_url")) if self.row is not None else self.wanted

    def copy_message(self, write: Callable[[bytes], object]) -> None:
        """Write the HTTP message as it crossed the wire. Raises Untraceable where it is not there."""
        if self.evidence is None:
            raise Untraceable(f"{self.wanted}: its record cannot be read, expected bytes to write")
        copy_block(self.evidence.path, self.evidence.record.offset, write)
        if self.evidence.record.kind == "revisit":
            if self.original is None:
                raise Untraceable(f"{self.wanted}: the record that has the body is not there")
            copy_block(self.original.path, self.original.record.offset, write, from_body=True)


class Tracer:
    """Traces within one collection. Raises Untraceable where it is none."""

    def __init__(self, collection: Path) -> None:
        runs = run_folders(collection)
        if not runs:
            raise Untraceable(f"{collection}: holds no run, expected a collection")
        self._collection = collection
        self._paths = {
            path.name: path for run in runs for path in run.iterdir() if path.name.endswith(WARC_ENDS)
        }

    def trace(self, wanted: str, version: int | None) -> Trace | None:
        """What the collection has of an id or a URL: the newest, or that ``version``; None for nothing.

        Raises Untraceable where there is no such version, OSError.
        """
        trace = Trace(wanted=wanted, collection=self._collection)
        trace.versions = rows_about(self._collection, wanted)
        if trace.versions:
            trace.row = _version(wanted, trace.versions, version)
        with self._index() as index:
            captured = Captured(index, self._paths.get, MAX_BODY)
            trace.captures = _captures(index, captured, trace)
            if trace.row is None and not trace.captures:
                # An index that cannot be read there may have had it.
                return trace if trace.findings else None
            self._find_record(trace, version)
            if trace.evidence is not None and trace.evidence.record.kind == "revisit":
                self._find_original(trace, captured)
        if trace.row is not None:
            trace.findings += _row_findings(trace.row, trace.evidence)
        return trace

    def _index(self) -> Index:
        path = self._collection / INDEX
        try:
            return Index(path)
        except FileNotFoundError:
            raise Untraceable(
                f"{path}: is not there, expected the index that a run leaves at its end "
                "(scrapy verify --rebuild-journal makes it anew)"
            ) from None

    def _find_record(self, trace: Trace, version: int | None) -> None:
        if trace.row is None:
            trace.entry = _numbered(trace, version)
            trace.evidence = self._evidence(trace, trace.entry.filename, trace.entry.offset)
            return
        name, offset = trace.row.values.get("warc_file"), trace.row.values.get("warc_offset")
        trace.entry = next((e for e in trace.captures if (e.filename, e.offset) == (name, offset)), None)
        if trace.entry is None:
            expected = f"an entry for byte {offset} of {name}"
            trace.findings.append(_error(INDEX, "index-missing", "none", expected))
        trace.evidence = self._evidence(trace, str(name), offset)

    def _find_original(self, trace: Trace, captured: Captured) -> None:
        if trace.entry is None or trace.evidence is None:
            return
        revisit = trace.evidence.record
        try:
            entry = captured.original(trace.entry, revisit.fields)
        except NotCaptured as error:
            trace.findings.append(
                _error(revisit.file, "revisit-target", str(error), "the record with its body")
            )
            return
        trace.original = self._evidence(trace, entry.filename, entry.offset)
        stated = revisit.fields.get("warc-payload-digest")
        if trace.original is not None and stated != trace.original.record.payload_digest:
            found, expected = str(trace.original.record.payload_digest), f"{stated}, which the revisit states"
            trace.findings.append(_error(entry.filename, "payload-digest", found, expected, entry.offset))

    def _evidence(self, trace: Trace, name: str, offset: object) -> Evidence | None:
        """The record at a place, and what is wrong with it among the findings."""
        path = self._paths.get(name)
        if path is None or not isinstance(offset, int):
            trace.findings.append(_error(name, "missing", "no such file", "the WARC file of the record"))
            return None
        try:
            evidence = evidence_at(path, offset)
        except (Malformed, Damaged, Cut, OSError) as error:
            trace.findings.append(_error(name, "unreadable", shown(str(error)), "a whole record", offset))
            return None
        trace.findings += evidence.findings
        return evidence


def _url(trace: Trace) -> str:
    """The URL to look captures up by."""
    if trace.row is not None:
        return str(trace.row.values.get("captured_url"))
    return trace.wanted if "://" in trace.wanted else f"http://{trace.wanted}"


def _captures(index: Index, captured: Captured, trace: Trace) -> list[Entry]:
    try:
        url = _url(trace)
        return captured.captures(url) or _sought(index, url)
    except (NotCaptured, BadLine) as error:
        trace.findings.append(_error(INDEX, "index-line", shown(str(error)), "sorted lines of an index"))
    except ValueError:
        pass  # No URL: no capture of it.
    return []


def _sought(index: Index, url: str) -> list[Entry]:
    """The captures of a URL that a search does not find: there are some where the index is not sorted.

    Raises BadLine for a line that a search may have stumbled over.
    """
    key = surt_key(url)
    if found := [entry for entry in index if entry.key == key]:
        raise BadLine(f"{found[0].as_line()[:80]!r} is not where a search finds it")
    return []


def _version(wanted: str, versions: list[StoredRow], version: int | None) -> StoredRow:
    if version is None:
        return versions[-1]
    for row in versions:
        if row.values.get("version") == version:
            return row
    known = ", ".join(str(row.values.get("version")) for row in versions)
    raise Untraceable(f"{wanted}: has no version {version}, expected one of {known}")


def _numbered(trace: Trace, version: int | None) -> Entry:
    """A capture by its number, counted from 1; the newest without."""
    count = len(trace.captures)
    if version is not None and not 1 <= version <= count:
        raise Untraceable(f"{trace.wanted}: has no capture {version}, expected 1 to {count}")
    return trace.captures[-1 if version is None else version - 1]


def _row_findings(stored: StoredRow, evidence: Evidence | None) -> list[Finding]:
    """Where the row is not what it says of itself, or of its record."""
    told = f"{stored.path.parent.name}/{stored.path.name}"
    try:
        row = row_of(stored.kind, stored.octets)
    except NoRow as error:
        return [_error(told, *error.fault, line=stored.line)]
    if wrong := violations(row):
        return [
            _error(told, "row-type", shown(words), "the types of its schema", line=stored.line)
            for words in wrong
        ]
    faults = []
    if row.content_digest != (digest := row.digest()):
        faults.append(("row-content-digest", str(row.content_digest), f"{digest}, which the content has"))
    if evidence is not None:
        record = evidence.record
        stands = {
            "warc_length": record.length,
            "warc_record_id": record.record_id,
            "payload_digest": record.fields.get("warc-payload-digest"),
            "captured_at": record.date,
            "captured_url": record.target_uri,
        }
        for name, expected in stands.items():
            if (found := getattr(row, name)) != expected:
                rule = f"row-{name.replace('_', '-')}"
                faults.append((rule, f"{name} {found}", f"{expected}, as the record has it"))
    return [_error(told, *fault, line=stored.line) for fault in faults]


def _error(
    file: str, rule: str, found: str, expected: str, offset: int | None = None, line: int | None = None
) -> Finding:
    return Finding(file=file, offset=offset, line=line, rule=rule, found=found, expected=expected)
