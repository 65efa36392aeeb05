"""One place says how a run ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.collection.verdict import ExitCode, Outcome, decide

CASES = [
    (Outcome(finish_reason="finished", answered=100, posts=3), 0, "complete"),
    (Outcome(finish_reason="finished", answered=99, failed=1, posts=3), 0, "complete"),
    (Outcome(finish_reason="finished", answered=98, failed=2, posts=3), 6, "2 of 100 requests failed"),
    (Outcome(finish_reason="finished", failed=1, posts=0), 6, "the host did not answer (1 request)"),
    (Outcome(finish_reason="finished", answered=5, posts=0), 6, "no post was found"),
    (
        Outcome(finish_reason="finished", answered=1, posts=0, reasons=["robots"]),
        6,
        "no post was found; skipped for: robots",
    ),
    (
        Outcome(finish_reason="finished", failed=2, posts=0, reasons=["http-503", "timeout"]),
        6,
        "every request failed (2 requests; http-503, timeout)",
    ),
    (Outcome(finish_reason="finished", answered=5, posts=None), 0, "complete"),
    (Outcome(finish_reason="finished", posts=None), 0, "complete"),
    (Outcome(finish_reason="finished", answered=5, posts=1, internal_errors=1), 1, "1 internal error"),
    (Outcome(finish_reason="start_error"), 1, "1 internal error"),
    (Outcome(finish_reason="shutdown", answered=5, posts=0), 5, "interrupted"),
    (Outcome(finish_reason="shutdown", internal_errors=1), 5, "interrupted"),
    (Outcome(finish_reason="closespider_pagecount", answered=5, posts=0), 7, "closespider_pagecount"),
    (Outcome(finish_reason="memusage_exceeded", answered=5, posts=0), 7, "memusage_exceeded"),
    (Outcome(finish_reason="finished", answered=5, posts=1, budgets=["B", "A"]), 7, "A, B"),
    (Outcome(finish_reason="finished", answered=5, posts=0, budgets=["A"]), 6, "no post was found"),
    (Outcome(finish_reason="enough", answered=5, posts=1), 0, "the spider ended with 'enough'"),
    (Outcome(finish_reason="storage", storage_error="x: full"), 3, "x: full"),
    (Outcome(finish_reason="shutdown", storage_error="x: full"), 3, "x: full"),
]


@pytest.mark.parametrize(("outcome", "code", "words"), CASES)
def test_the_verdict_on_an_outcome(outcome, code, words):
    verdict = decide(outcome)
    assert verdict.exit_code == code
    assert words in verdict.words


def test_every_exit_code_is_explained_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text("utf-8")
    explained = [
        int(line.split("|")[1]) for line in page.splitlines() if line.startswith("| ") and line[2].isdigit()
    ]
    assert explained == [code.value for code in ExitCode]
