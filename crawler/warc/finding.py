"""One thing that is not as it should be in what was verified."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "note"]

SHOWN = 120
"""Characters of what was found, or of what was expected, that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found where, and what was expected there.

    An ``error`` means that the archive is damaged or was written wrongly; a
    ``note`` is a plain word on what is right, or harmless, but not as it
    should be.
    """

    file: str
    """Name of the file, as the user knows it."""
    offset: int | None = None
    """Where in the file, in bytes: of the record, or of its gzip member; None: the file as a whole."""
    line: int | None = None
    """Where in a file of lines, counted from 1; None in other files, or for the file as a whole."""
    rule: str
    """Code of the rule, e.g. ``block-digest`` (``docs/verify.md``)."""
    severity: Severity = "error"
    found: str
    expected: str

    def as_line(self) -> str:
        """The finding on one line, as ``scrapy verify`` prints it."""
        place = self.file
        if self.offset is not None:
            place += f", byte {self.offset}"
        if self.line is not None:
            place += f", line {self.line}"
        word = "note: " if self.severity == "note" else ""
        return f"{place}: {word}{self.rule}: found {self.found}, expected {self.expected}"

    def as_dict(self) -> dict[str, Any]:
        """The finding as an object of JSON, every key present."""
        return asdict(self)


def shown(value: str | bytes) -> str:
    """A value out of an archive, quoted, on one line of printable ASCII, and not too long."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    more = "..." if len(text) > SHOWN else ""
    return ascii(text[:SHOWN]) + more
