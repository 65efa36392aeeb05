"""What ``scrapy verify PATH`` finds, told line by line, and what it comes to."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.collection.verdict import ExitCode
from crawler.warc.check import checked_records
from crawler.warc.finding import Finding
from crawler.warc.octets import GZIP_MAGIC, RECORD_BEGINS
from crawler.warc.reader import NotAnArchive
from crawler.warc.revisits import Revisits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WARC_NAMES = (".warc", ".warc.gz", ".warc.open", ".warc.gz.open")


@dataclass(slots=True)
class Tally:
    """How much was seen, and found."""

    records: int = 0
    errors: int = 0
    notes: int = 0

    def count(self, finding: Finding) -> None:
        """One more."""
        if finding.severity == "error":
            self.errors += 1
        else:
            self.notes += 1

    @property
    def exit_code(self) -> ExitCode:
        """Only errors count against an archive."""
        return ExitCode.NOT_VERIFIED if self.errors else ExitCode.COMPLETE


def verify_warc(path: Path, *, as_json: bool) -> ExitCode:
    """Check a WARC file and tell what is found, on standard output; the last line sums up.

    Raises NotAnArchive for what is no WARC file.
    """
    tally = Tally()
    for finding in warc_findings(path, tally):
        tell_finding(finding, as_json=as_json)
    tell_sum(path, tally, as_json=as_json)
    return tally.exit_code


def warc_findings(path: Path, tally: Tally) -> Iterator[Finding]:
    """What is wrong with a WARC file, its revisits included, counted in ``tally``. Raises NotAnArchive."""
    _examine(path)
    with path.open("rb") as file, Revisits(whole=False) as revisits:
        for found in checked_records(file, path.name):
            if isinstance(found, Finding):
                tally.count(found)
                yield found
            else:
                tally.records += 1
                revisits.note(found)
        for finding in revisits.findings():
            tally.count(finding)
            yield finding


def tell_finding(finding: Finding, *, as_json: bool) -> None:
    """One line of text, or of JSON."""
    _write(json.dumps(finding.as_dict()) if as_json else finding.as_line())


def tell_sum(path: Path, tally: Tally, *, as_json: bool) -> None:
    """The last line."""
    if as_json:
        counts = {"records": tally.records, "errors": tally.errors, "notes": tally.notes}
        _write(json.dumps({"path": str(path), **counts, "exit_code": int(tally.exit_code)}))
        return
    verdict = "not verified" if tally.errors else "verified"
    counted = [(tally.records, "record"), (tally.errors, "error"), (tally.notes, "note")]
    words = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counted)
    _write(f"{path}: {verdict}; {words}")


def _write(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")


def _examine(path: Path) -> None:
    """Raises NotAnArchive for what is no WARC file by its name, nor by its first bytes."""
    try:
        if path.is_dir():
            raise NotAnArchive(f"{path}: is a folder, expected a WARC file")
        with path.open("rb") as file:
            begin = file.read(len(RECORD_BEGINS))
    except OSError as error:
        raise NotAnArchive(f"{path}: {error.strerror or error}") from error
    if not path.name.endswith(WARC_NAMES) and not begin.startswith((GZIP_MAGIC, RECORD_BEGINS)):
        raise NotAnArchive(
            f"{path}: found {begin!r}, expected a WARC file, which begins with 'WARC/' or is gzip"
        )
