"""Why something that was asked for gave no row: the codes, each with its sentence."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    StopDownload,
    UnsupportedURLSchemeError,
)

from crawler.warc.writer import CaptureLost


@dataclass(frozen=True, slots=True)
class Reason:
    """What a code means."""

    sentence: str
    failed: bool = False
    """Whether the request counts as failed; an answer, a refusal or a limit of ours explains itself."""


REASONS: dict[str, Reason] = {
    "http-NNN": Reason(
        "The host answered with this status; 500 and above count as failed, 4xx is an answer."
    ),
    "dns": Reason("The host's name could not be resolved.", failed=True),
    "connection-refused": Reason("The host refused the connection.", failed=True),
    "connection-failed": Reason("The connection broke before an answer could be read.", failed=True),
    "timeout": Reason("No whole answer came within DOWNLOAD_TIMEOUT.", failed=True),
    "cut": Reason("The answer ended before its announced end; what arrived is in the archive.", failed=True),
    "bad-coding": Reason("The body could not be decoded as its Content-Encoding says.", failed=True),
    "too-many-redirects": Reason("More hops than REDIRECT_MAX_TIMES.", failed=True),
    "internal-error": Reason("A fault in this program; the log has the traceback.", failed=True),
    "storage": Reason("The answer could not be written into the archive.", failed=True),
    "robots": Reason("The host's robots.txt forbids it."),
    "address": Reason("A host that a page names is at no public address; it was not asked (ADDRESS_ALLOW)."),
    "unreachable": Reason(
        "A requisite of a host that took no connection for others before; it was not tried."
    ),
    "offsite": Reason("A redirect leads to a host that this crawl does not ask."),
    "too-large": Reason(
        "Larger than DOWNLOAD_MAXSIZE (a requisite: REQUISITE_MAX_BYTES); what arrived is in the archive."
    ),
    "stopped": Reason("A component of this crawl stopped the download."),
    "scheme": Reason("Neither http nor https."),
    "ignored": Reason("A component of this crawl dropped the request or its answer."),
    "not-html": Reason("Kept, but no page: neither HTML nor a feed."),
    "unknown-layout": Reason("Kept, but nothing on the page fits a known layout."),
    "soft-404": Reason(
        "Kept, but a list where a post was asked for: the host has no such post and does not say so."
    ),
    "embed": Reason(
        "Comments or a player that only a browser fetches from elsewhere; the page is kept and done."
    ),
    "not-replayable": Reason(
        "A kept page that a replay does not show, or a requisite that it lacks; `detail` says why."
    ),
    "bad-record": Reason("A record of an archive that cannot be read."),
    "dropped-row": Reason("A pipeline of this project left a row of the page out; the page is done."),
    "bad-row": Reason("A page stated a row that its schema does not allow; the log says which field."),
}
"""Every code that ``skipped.jsonl`` can hold; ``NNN`` stands for the status."""

_EXCEPTIONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (CannotResolveHostError, "dns"),
    (DownloadConnectionRefusedError, "connection-refused"),
    (DownloadTimeoutError, "timeout"),
    (ResponseDataLossError, "cut"),
    # Scrapy's handlers cancel a download for nothing but its size.
    (DownloadCancelledError, "too-large"),
    (DownloadFailedError, "connection-failed"),
    (StopDownload, "stopped"),
    (CaptureLost, "storage"),
    ((UnsupportedURLSchemeError, NotSupported), "scheme"),
    ((EOFError, OSError, zlib.error), "bad-coding"),
)

_IGNORED = (
    # The wording of Scrapy's middlewares, the only trace of which of them it was.
    ("Forbidden by robots.txt", "robots"),
    ("Filtered offsite request", "offsite"),
    ("max redirections reached", "too-many-redirects"),
    ("exceeded DOWNLOAD_MAXSIZE", "too-large"),
    # Our own, of parts that this one does not import.
    ("expected a public address", "address"),
    ("is no public address", "address"),
    ("took no connection before", "unreachable"),
)


def meaning_of(code: str) -> Reason:
    """The meaning of a code. Raises KeyError for one that is not in REASONS."""
    if code.startswith("http-"):
        return Reason(REASONS["http-NNN"].sentence, failed=int(code.removeprefix("http-")) >= 500)
    return REASONS[code]


def reason_for(error: BaseException) -> str:
    """The code for the exception with which a request ended."""
    if isinstance(error, IgnoreRequest):
        return next((code for words, code in _IGNORED if words in str(error)), "ignored")
    return next((code for kind, code in _EXCEPTIONS if isinstance(error, kind)), "internal-error")
