"""What the HTTP messages in records are checked for.

What a host sent is archived as it came, so that its faults are noted, not
held against the archive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from crawler.warc.finding import shown
from crawler.warc.message import announced_length

if TYPE_CHECKING:
    from crawler.warc.message import Head
    from crawler.warc.payload import Payload
    from crawler.warc.report import Report

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_FIELDS = rb"(?:" + _TOKEN + rb":[^\r\n\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\r\n)*"
_STATUS_LINE = rb"HTTP/\d\.\d \d{3}(?: [^\r\n]*)?\r\n"
_REQUEST_LINE = rb"(" + _TOKEN + rb") (\S+) HTTP/\d\.\d\r\n"

RESPONSE_HEADS = re.compile(rb"(?:" + _STATUS_LINE + _FIELDS + rb"\r\n)+")
"""The head of a response, interim (1xx) ones before it included (RFC 9112 sections 4 and 5)."""
REQUEST_HEAD = re.compile(_REQUEST_LINE + _FIELDS + rb"\r\n")
"""Method and target in two groups (RFC 9112 section 3)."""
_FIELD_LINE = re.compile(_TOKEN + rb":[^\r\n\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\r\n|\r\n")
_FIRST_LINE = re.compile(_STATUS_LINE + rb"|" + _REQUEST_LINE)
_HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*?)[ \t]*\r\n", re.IGNORECASE)
_DEFAULT_PORT = {"http": 80, "https": 443}


def check_response_head(start: bytes, head: Head, offset: int, report: Report) -> None:
    """Note the first line of the head that is none. ``start`` is the beginning of the block."""
    octets = start[: head.end]
    if not RESPONSE_HEADS.fullmatch(octets):
        report.add(
            "http-head", offset, _odd_line(octets or start), "a status line, header lines, a blank line"
        )


def check_response_body(
    head: Head, payload: Payload, offset: int, report: Report, *, truncated: bool
) -> tuple[str, str] | None:
    """Report a body that is not as the head says.

    Gives what was found and expected where nothing at all stands for a body
    that is announced: that is right for an answer to HEAD alone.
    """
    if not payload.framed and not truncated:
        report.add("http-chunks", offset, "a body without chunks", "chunks, as Transfer-Encoding says")
        return None
    length = announced_length(head)
    if length is not None and payload.length > length:
        report.add(
            "http-surplus", offset, f"a body of {payload.length} bytes", f"{length}, as Content-Length says"
        )
    elif head.status in {204, 304} and payload.length:
        report.add(
            "http-surplus", offset, f"a body of {payload.length} bytes", f"none with status {head.status}"
        )
    short = length is not None and payload.length < length
    if truncated or not (short or payload.problem):
        return None
    found = f"a body of {payload.length} bytes" + (f", {payload.problem}" if payload.problem else "")
    expected = "warc-truncated, or " + (f"{length} bytes" if short else "chunks up to the last")
    if not payload.length:
        return found, expected
    if payload.problem and payload.problem != "the chunks have no end":
        report.add("http-chunks", offset, payload.problem, "chunks up to the last")
    else:
        report.add("http-cut", offset, found, expected)
    return None


def check_request(start: bytes, uri: str, offset: int, report: Report) -> str | None:
    """Report a request that is none, or asks for something else; gives its method, None where it has none."""
    request = REQUEST_HEAD.match(start)
    if request is None:
        report.add("request-head", offset, _odd_line(start), "a request line, header lines, a blank line")
        return None
    method, target = request[1].decode("ascii"), request[2].decode("latin-1")
    host = _HOST.search(request[0])
    named = host[1].decode("latin-1") if host is not None else None
    if method != "CONNECT" and target != "*" and not _asks_for(uri, target, named):
        found = f"{shown(target)} of {shown(named or '')}"
        report.add("request-target", offset, found, f"what {shown(uri)} stands for")
    return method


def _asks_for(uri: str, target: str, host: str | None) -> bool:
    """Whether a request with this target (RFC 9112 section 3.2) and host is one for the URI."""
    scheme, _, rest = uri.partition("://")
    if target.startswith("/") and rest == f"{host}{target}":
        return True
    try:
        wanted = urlsplit(uri)
        asked = urlsplit(
            f"{scheme}://{wanted.netloc if host is None else host}{target}" if target[:1] == "/" else target
        )
        return (
            _authority(wanted.hostname, wanted.port, scheme) == _authority(asked.hostname, asked.port, scheme)
            and unquote(wanted.path or "/") == unquote(asked.path or "/")
            and unquote(wanted.query) == unquote(asked.query)
        )
    except ValueError:
        return False


def _authority(host: str | None, port: int | None, scheme: str) -> tuple[str, int | None]:
    return (host or "").rstrip("."), port or _DEFAULT_PORT.get(scheme.lower())


def _odd_line(head: bytes) -> str:
    """The first line that does not belong into a head."""
    for number, line in enumerate(head.splitlines(keepends=True) or [b""]):
        form = _FIELD_LINE if number else _FIRST_LINE
        if not form.fullmatch(line):
            return shown(line)
    return "a head without a blank line at its end"
