"""Whatever ends a request has a code, and every code has its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from scrapy import exceptions

from crawler.collection.reasons import REASONS, meaning_of, reason_for
from crawler.warc.writer import CaptureLost


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.CannotResolveHostError("x"), "dns"),
        (exceptions.DownloadConnectionRefusedError("x"), "connection-refused"),
        (exceptions.DownloadFailedError("x"), "connection-failed"),
        (exceptions.DownloadTimeoutError("x"), "timeout"),
        (exceptions.ResponseDataLossError("x"), "cut"),
        (exceptions.DownloadCancelledError("x"), "too-large"),
        (exceptions.StopDownload(), "stopped"),
        (exceptions.UnsupportedURLSchemeError("x"), "scheme"),
        (exceptions.NotSupported("x"), "scheme"),
        (exceptions.IgnoreRequest("Forbidden by robots.txt"), "robots"),
        (exceptions.IgnoreRequest("Filtered offsite request to 'x'"), "offsite"),
        (exceptions.IgnoreRequest("max redirections reached"), "too-many-redirects"),
        (exceptions.IgnoreRequest("its body exceeded DOWNLOAD_MAXSIZE (1 B)"), "too-large"),
        (exceptions.IgnoreRequest("something else"), "ignored"),
        (OSError("Not a gzipped file"), "bad-coding"),
        (CaptureLost("full"), "storage"),
        (ZeroDivisionError(), "internal-error"),
    ],
)
def test_the_code_for_an_error(error, code):
    assert reason_for(error) == code
    assert meaning_of(code) is REASONS[code]


@pytest.mark.parametrize(("status", "failed"), [(404, False), (429, False), (500, True), (503, True)])
def test_a_server_error_has_failed_and_a_client_error_is_an_answer(status, failed):
    assert meaning_of(f"http-{status}").failed is failed


def test_a_code_without_a_meaning_is_an_error():
    with pytest.raises(KeyError):
        meaning_of("because")


def test_the_documentation_lists_every_code_with_its_sentence():
    page = (Path(__file__).parents[2] / "docs" / "reason-codes.md").read_text("utf-8")
    cells = [
        [cell.strip() for cell in line.split("|")] for line in page.splitlines() if line.startswith("| `")
    ]
    assert [(code.strip("`"), failed == "yes", sentence) for _, code, failed, sentence, _ in cells] == [
        (code, reason.failed, reason.sentence) for code, reason in REASONS.items()
    ]
