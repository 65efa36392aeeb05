"""The header of a record, line by line as WARC 1.1 section 4 lays it down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.warc.finding import shown

if TYPE_CHECKING:
    from crawler.warc.report import Report
    from crawler.warc.walk import Fields

VERSIONS = ("WARC/1.0", "WARC/1.1")
REPEATABLE = frozenset({"warc-concurrent-to", "warc-protocol"})
"""The only fields that may stand more than once; the second is an extension that several crawlers write."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z|~]+")


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a record states."""

    version: str
    """``WARC/1.1``, or whatever stands there."""
    fields: Fields
    """Values by lower-case name; of a repeated field the first."""
    concurrent_to: tuple[str, ...]
    """All values of WARC-Concurrent-To."""


def read_header(octets: bytes, offset: int, report: Report) -> Header:
    """The header with its closing blank line, read leniently; what is wrong with it is reported."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        report.add("field-encoding", offset, shown(octets[error.start : error.start + 20]), "UTF-8")
        text = octets.decode("latin-1")
    ends = text.count("\r\n")
    if ends != text.count("\n") or ends != text.count("\r"):
        report.add("line-end", offset, _odd_line(text), "lines that end with CR LF")
    if control := _CONTROL.search(text):
        report.add("control-character", offset, shown(control[0]), "printable text")
    version, *lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if version not in VERSIONS:
        report.add("version", offset, shown(version), " or ".join(VERSIONS))
    return _read_fields(version, lines, offset, report)


def _read_fields(version: str, lines: list[str], offset: int, report: Report) -> Header:
    fields: Fields = {}
    concurrent: list[str] = []
    name = ""
    for line in lines:
        if line[:1] in (" ", "\t") and name:
            report.add("folded-field", offset, shown(line), "each field on one line")
            fields[name] = f"{fields[name]} {line.strip()}"
            continue
        stated, colon, value = line.partition(":")
        value = value.strip(" \t\r")
        name, is_token = _name(stated)
        if not colon or not is_token:
            report.add("field-line", offset, shown(line), "a line like 'WARC-Type: response'")
            name = name.strip()
        if name == "warc-concurrent-to":
            concurrent.append(value)
        if name not in fields:
            fields[name] = value
        elif name not in REPEATABLE:
            report.add("field-repeated", offset, shown(line), f"{stated} once")
    return Header(version, fields, tuple(concurrent))


# A file has a dozen names, on each of its records.
@lru_cache(maxsize=256)
def _name(stated: str) -> tuple[str, bool]:
    """The name of a field in lower case, and whether it is one."""
    name = stated.lower()
    return name, _TOKEN.fullmatch(name) is not None


def _odd_line(text: str) -> str:
    """The first line that does not end with CR LF, or has a CR within."""
    lines = text.splitlines(keepends=True)
    odd = (line for line in lines if not line.endswith("\r\n") or "\r" in line[:-2])
    return shown(next(odd, text))
