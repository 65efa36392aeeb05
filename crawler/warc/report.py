"""What is found while one WARC file is checked, before it is handed on."""

from __future__ import annotations

from collections import Counter

from crawler.warc.finding import Finding
from crawler.warc.rules import RULES


class Report:
    """Takes what is found in one file."""

    def __init__(self, file: str) -> None:
        self.own = False
        """This software wrote the file."""
        self.errors = 0
        """How many so far."""
        self._file = file
        self._told: Counter[str] = Counter()
        self._findings: list[Finding] = []

    def add(self, code: str, offset: int | None, found: str, expected: str) -> None:
        """Something was found; nothing is reported where the rule does not ask this file."""
        rule = RULES[code]
        severity = rule.own if self.own else rule.other
        if severity is None:
            return
        if rule.once and severity == "note":
            self._told[code] += 1
            if self._told[code] > 1:
                return
        self.errors += severity == "error"
        finding = Finding(
            file=self._file, offset=offset, rule=code, severity=severity, found=found, expected=expected
        )
        self._findings.append(finding)

    def add_counts(self) -> None:
        """Say how often was found what was told of its first place alone."""
        for code, count in self._told.items():
            if count > 1:
                found = f"the same {count} times in the file"
                self._findings.append(
                    Finding(file=self._file, rule=code, severity="note", found=found, expected="it nowhere")
                )

    def take(self) -> list[Finding]:
        """What was found since it was last asked."""
        found, self._findings = self._findings, []
        return found
