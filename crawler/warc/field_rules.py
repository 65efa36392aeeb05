"""Which named fields a record of each type has, and what their values look like (WARC 1.1 sections 5 and 6).

WARC 1.0 differs in dates, which have no fraction there, and in URIs, which its
grammar puts into angle brackets though its examples do not.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from crawler.warc.digests import BadDigest, read_digest
from crawler.warc.finding import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.warc.header import Header
    from crawler.warc.report import Report

MANDATORY = frozenset({"warc-type", "warc-record-id", "warc-date", "content-length"})
TYPES = frozenset("warcinfo response resource request metadata revisit conversion continuation".split())
REASONS = frozenset({"length", "time", "disconnect", "unspecified"})
PROFILES = ("identical-payload-digest", "server-not-modified")
"""How the URIs of the two profiles end that the standard has."""
IDENTICAL = re.compile(r"https?://netpreserve\.org/warc/1\.[01]/revisit/identical-payload-digest")
PROFILE = re.compile(rf"https?://netpreserve\.org/warc/1\.[01]/revisit/(?:{'|'.join(PROFILES)})")

_ABOUT_AN_ORIGINAL = {"warc-refers-to-target-uri", "warc-refers-to-date", "warc-profile"}
_ABOUT_A_CAPTURE = {"warc-concurrent-to", "warc-ip-address"}
_ABOUT_A_FILE = {"warc-filename"}
_ABOUT_SEGMENTS = {"warc-segment-origin-id", "warc-segment-total-length"}
_ORDINARY = _ABOUT_AN_ORIGINAL | _ABOUT_A_FILE | _ABOUT_SEGMENTS

REQUIRED: dict[str, frozenset[str]] = {
    "response": frozenset({"warc-target-uri"}),
    "resource": frozenset({"warc-target-uri"}),
    "request": frozenset({"warc-target-uri"}),
    "revisit": frozenset({"warc-target-uri", "warc-profile"}),
    "conversion": frozenset({"warc-target-uri"}),
    "continuation": frozenset({"warc-target-uri", "warc-segment-origin-id", "warc-segment-number"}),
}
"""What a record of a type has beside the fields that every record has."""

FORBIDDEN: dict[str, frozenset[str]] = {
    "warcinfo": frozenset(
        _ABOUT_AN_ORIGINAL
        | _ABOUT_A_CAPTURE
        | _ABOUT_SEGMENTS
        | {"warc-refers-to", "warc-target-uri", "warc-warcinfo-id"}
    ),
    "response": frozenset(_ORDINARY | {"warc-refers-to"}),
    "resource": frozenset(_ORDINARY | {"warc-refers-to"}),
    "request": frozenset(_ORDINARY | {"warc-refers-to"}),
    "metadata": frozenset(_ORDINARY),
    "revisit": frozenset(_ABOUT_A_FILE | _ABOUT_SEGMENTS),
    "conversion": frozenset(_ORDINARY | _ABOUT_A_CAPTURE),
    "continuation": frozenset(_ABOUT_AN_ORIGINAL | _ABOUT_A_CAPTURE | _ABOUT_A_FILE | {"warc-refers-to"}),
}
"""What a record of a type shall not have."""

WITHOUT_PAYLOAD = frozenset({"warcinfo", "metadata"})

OWN: dict[str, frozenset[str]] = {
    "warcinfo": frozenset({"warc-filename", "warc-block-digest", "content-type"}),
    "request": frozenset({"warc-warcinfo-id", "warc-block-digest", "warc-payload-digest", "content-type"}),
    "response": frozenset(
        {
            "warc-warcinfo-id",
            "warc-block-digest",
            "warc-payload-digest",
            "content-type",
            "warc-concurrent-to",
        }
    ),
    "revisit": frozenset({"warc-warcinfo-id", "warc-block-digest", "warc-payload-digest", "content-type"}),
    "metadata": frozenset({"warc-warcinfo-id", "warc-block-digest", "content-type"}),
}
"""What our writer writes into every record of a type beside what is required."""

_RECORD_ID = re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*:[!-;=?-~]+>")
_UUID = re.compile(r"<urn:uuid:(?!(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})>)", re.IGNORECASE)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!-;=?-~]+")
_WORD = r"[!#$%&'*+\-.0-9A-Z^_`a-z|~]+"
_TYPE = re.compile(_WORD)
_MEDIA_TYPE = re.compile(rf'{_WORD}/{_WORD}(?:[ \t]*;[ \t]*{_WORD}=(?:{_WORD}|"(?:[^"\\]|\\.)*"))*')
_PROTOCOL = re.compile(rf"{_WORD}(?:/{_WORD})?")
_NUMBER = re.compile(r"\d{1,18}")
_SEGMENT = re.compile(r"[1-9]\d{0,17}")
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_INSTANT = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z)?)?)?")


def check_fields(header: Header, offset: int, report: Report) -> None:
    """Report what the fields of a record should not be, or lack."""
    fields = header.fields
    kind = fields.get("warc-type", "")
    _check_presence(kind, header, offset, report)
    for name, value in fields.items():
        if name == "warc-concurrent-to":
            continue
        check = CHECKS.get(name)
        if check is None:
            if name.startswith("warc-") and name not in CHECKS:
                report.add("field-unknown", offset, shown(name), "a field of WARC 1.1")
        elif (expected := check(value, header.version)) is not None:
            report.add("field-value", offset, f"{name}: {shown(value)}", expected)
    for value in header.concurrent_to:
        if (expected := _reference(value, header.version)) is not None:
            report.add("field-value", offset, f"warc-concurrent-to: {shown(value)}", expected)
    _check_brackets(header, offset, report)
    _check_payload_digest(kind, fields, offset, report)


def _check_presence(kind: str, header: Header, offset: int, report: Report) -> None:
    fields = header.fields
    present = fields.keys()
    for name in sorted((MANDATORY | REQUIRED.get(kind, frozenset())) - present):
        report.add("field-missing", offset, f"no {name}", f"one in every {kind or 'record'}")
    for name in sorted(FORBIDDEN.get(kind, frozenset()) & present):
        report.add("field-forbidden", offset, f"{name}: {shown(fields[name])}", f"none in a {kind}")
    if report.own:
        for name in sorted(OWN.get(kind, frozenset()) - present):
            report.add("own-field-missing", offset, f"no {name}", f"one in every {kind}")
    if kind and kind not in TYPES:
        report.add("type-unknown", offset, shown(kind), "one of the eight types of WARC 1.1")
    truncated = fields.get("warc-truncated")
    if truncated is not None and truncated.lower() not in REASONS and _TYPE.fullmatch(truncated):
        report.add("truncated-reason", offset, shown(truncated), ", ".join(sorted(REASONS)))
    number = fields.get("warc-segment-number")
    if number is not None and (number == "1") == (kind == "continuation"):
        expected = "2 or more" if kind == "continuation" else "1"
        report.add("field-value", offset, f"warc-segment-number: {shown(number)}", f"{expected} in a {kind}")
    if kind == "revisit":
        _check_revisit(fields, offset, report)


def _check_revisit(fields: dict[str, str], offset: int, report: Report) -> None:
    profile = fields.get("warc-profile", "").strip("<>")
    if profile and not PROFILE.fullmatch(profile):
        report.add("profile-unknown", offset, shown(profile), " or ".join(PROFILES))
    if IDENTICAL.fullmatch(profile):
        if "warc-payload-digest" not in fields:
            report.add("field-missing", offset, "no warc-payload-digest", "one in a revisit of this profile")
        length, truncated = fields.get("content-length"), fields.get("warc-truncated")
        if length != "0" and truncated != "length":
            report.add("revisit-truncated", offset, shown(truncated or ""), "'length'")
    by_capture = "warc-refers-to-target-uri" in fields and "warc-refers-to-date" in fields
    if "warc-refers-to" not in fields and not by_capture:
        expected = "warc-refers-to, or warc-refers-to-target-uri and -date"
        report.add("revisit-unreferred", offset, "none", expected)


def _check_brackets(header: Header, offset: int, report: Report) -> None:
    """Brackets are right or wrong by version: what is wrong is a value that is not of its form."""
    for name in ("warc-target-uri", "warc-refers-to-target-uri"):
        if header.version == "WARC/1.0" and header.fields.get(name, "").startswith("<"):
            report.add("target-uri-brackets", offset, f"{name} in angle brackets", "the URI alone")


def _check_payload_digest(kind: str, fields: dict[str, str], offset: int, report: Report) -> None:
    if kind in WITHOUT_PAYLOAD and "warc-payload-digest" in fields:
        found = f"warc-payload-digest: {shown(fields['warc-payload-digest'])}"
        report.add("payload-digest-misplaced", offset, found, f"none in a {kind}")


# --- Values: each gives None where they are of their form, else what was expected ---


@lru_cache(maxsize=1024)
def _reference(value: str, _version: str) -> str | None:
    if not _RECORD_ID.fullmatch(value):
        return "a URI in angle brackets"
    return "a UUID of 36 characters" if _UUID.match(value) else None


def _uri(value: str, version: str) -> str | None:
    if version == "WARC/1.0" and value.startswith("<") and value.endswith(">"):
        value = value[1:-1]
    return None if _URI.fullmatch(value) else "a URI, escaped, without angle brackets"


def _profile(value: str, _version: str) -> str | None:
    return None if _URI.fullmatch(value.removeprefix("<").removesuffix(">")) else "a URI"


@lru_cache(maxsize=1024)
def _date(value: str, version: str) -> str | None:
    form, like = (_SECOND, "2026-11-23T15:43:00Z")
    if version != "WARC/1.0":
        form, like = _INSTANT, "2026-11-23T15:43:00.123456Z"
    if not form.fullmatch(value):
        return f"a date like {like}"
    second = value[:19].rstrip("Z")
    try:
        datetime.fromisoformat(second + "0000-01-01T00:00:00"[len(second) :])
    except ValueError:
        return "a day and a time that there are"
    return None


def _digest(value: str, _version: str) -> str | None:
    try:
        read_digest(value)
    except BadDigest:
        return "a digest like 'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'"
    return None


@lru_cache(maxsize=1024)
def _address(value: str, _version: str) -> str | None:
    try:
        ip_address(value)
    except ValueError:
        return "a numeric Internet address"
    return None


def _of_form(form: re.Pattern[str], expected: str) -> Callable[[str, str], str | None]:
    @lru_cache(maxsize=1024)
    def check(value: str, _version: str) -> str | None:
        return None if form.fullmatch(value) else expected

    return check


CHECKS: dict[str, Callable[[str, str], str | None]] = {
    "warc-type": _of_form(_TYPE, "one word"),
    "warc-record-id": _reference,
    "warc-date": _date,
    "content-length": _of_form(_NUMBER, "a number of bytes"),
    "content-type": _of_form(_MEDIA_TYPE, "a media type"),
    "warc-concurrent-to": _reference,
    "warc-block-digest": _digest,
    "warc-payload-digest": _digest,
    "warc-ip-address": _address,
    "warc-refers-to": _reference,
    "warc-refers-to-target-uri": _uri,
    "warc-refers-to-date": _date,
    "warc-target-uri": _uri,
    "warc-truncated": _of_form(_TYPE, "one word"),
    "warc-warcinfo-id": _reference,
    "warc-filename": _of_form(re.compile(r".+"), "a name"),
    "warc-profile": _profile,
    "warc-identified-payload-type": _of_form(_MEDIA_TYPE, "a media type"),
    "warc-segment-origin-id": _reference,
    "warc-segment-number": _of_form(_SEGMENT, "a number from 1 on"),
    "warc-segment-total-length": _of_form(_NUMBER, "a number of bytes"),
    "warc-protocol": _of_form(_PROTOCOL, "a protocol like 'http/1.1'"),
    "warc-cipher-suite": _of_form(_TYPE, "one word"),
}
"""The fields of WARC 1.1 and of its extensions, by lower-case name, and how a value of each is checked."""
