"""What ``scrapy verify PATH`` finds, told line by line, and what it comes to."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from crawler.collection.verdict import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.commands.verifying import Verification
    from crawler.warc.finding import Finding

NOUNS = {"warc_files": "WARC file"}
"""What is counted, where its name in JSON does not say it."""


def tell_all(verification: Verification, findings: Iterable[Finding], *, as_json: bool) -> ExitCode:
    """Tell each finding on a line of standard output, of text or of JSON; the last line sums up."""
    told: Counter[str] = Counter()
    for finding in findings:
        told[finding.severity] += 1
        _write(json.dumps(finding.as_dict()) if as_json else finding.as_line())
    # Only errors count against an archive.
    exit_code = ExitCode.NOT_VERIFIED if told["error"] else ExitCode.COMPLETE
    counts = {**verification.counts, "errors": told["error"], "notes": told["note"]}
    if as_json:
        about = {"path": str(verification.path), "kind": verification.kind}
        _write(json.dumps({**about, **counts, "exit_code": int(exit_code)}))
        return exit_code
    verdict = "not verified" if told["error"] else "verified"
    words = ", ".join(_counted(name, count) for name, count in counts.items() if isinstance(count, int))
    _write(f"{verification.path}: {verdict}; {words}")
    return exit_code


def _counted(name: str, count: int) -> str:
    noun = NOUNS.get(name, name.removesuffix("s"))
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _write(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
