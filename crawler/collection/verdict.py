"""How a run ended, in words and as an exit code: decided here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class ExitCode(IntEnum):
    """What a process of ours ends with; ``docs/exit-codes.md`` says it at length."""

    COMPLETE = 0
    INTERNAL_ERROR = 1
    USAGE = 2
    STORAGE = 3
    LOCKED = 4
    INTERRUPTED = 5
    INCOMPLETE = 6
    LIMIT_REACHED = 7
    BLOCKED = 8
    NOT_VERIFIED = 9


FAILED_SHARE = 0.01
"""A run is incomplete when more than this share of its requests failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is known of a run at its end."""

    finish_reason: str
    """Scrapy's, e.g. ``finished`` or ``shutdown``."""
    answered: int = 0
    """Requests that ended with an answer, of whatever status."""
    failed: int = 0
    """Requests that ended without one, or with a status of 500 and above."""
    posts: int | None = None
    """Posts that were found; None where the spider is not after posts."""
    internal_errors: int = 0
    """Exceptions in callbacks and pipelines."""
    storage_error: str | None = None
    """Why something could not be written."""
    budgets: list[str] = field(default_factory=list)
    """Names of the budgets that were reached."""
    reasons: list[str] = field(default_factory=list)
    """Codes of why something was skipped."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An exit code and the sentence that explains it."""

    exit_code: ExitCode
    words: str


def decide(outcome: Outcome) -> Verdict:
    """The verdict on a run; where several would do, the one that an operator has to act on first."""
    reason = outcome.finish_reason
    if outcome.storage_error is not None:
        return Verdict(ExitCode.STORAGE, f"the archive could not be written: {outcome.storage_error}")
    if reason == "shutdown":
        return Verdict(ExitCode.INTERRUPTED, "interrupted before the end")
    if outcome.internal_errors or reason == "start_error":
        count = max(outcome.internal_errors, 1)
        return Verdict(
            ExitCode.INTERNAL_ERROR, f"{_plural(count, 'internal error')}, the log has the traceback"
        )
    if reason.startswith(("closespider_", "memusage_")):
        return Verdict(ExitCode.LIMIT_REACHED, f"a limit was reached: {reason}")
    return _completeness(outcome)


def _completeness(outcome: Outcome) -> Verdict:
    requests = outcome.answered + outcome.failed
    if outcome.failed and not outcome.answered:
        return Verdict(ExitCode.INCOMPLETE, _no_answer(outcome))
    if outcome.posts == 0:
        why = f"; skipped for: {', '.join(outcome.reasons)}" if outcome.reasons else ""
        return Verdict(ExitCode.INCOMPLETE, f"no post was found{why}")
    if outcome.failed > FAILED_SHARE * requests:
        return Verdict(ExitCode.INCOMPLETE, f"{outcome.failed} of {_plural(requests, 'request')} failed")
    if outcome.budgets:
        return Verdict(ExitCode.LIMIT_REACHED, f"a limit was reached: {', '.join(sorted(outcome.budgets))}")
    if outcome.finish_reason != "finished":
        return Verdict(ExitCode.COMPLETE, f"complete: the spider ended with {outcome.finish_reason!r}")
    return Verdict(ExitCode.COMPLETE, "complete")


def _no_answer(outcome: Outcome) -> str:
    requests = _plural(outcome.failed, "request")
    # A status of 500 and above is a failure, and an answer all the same.
    if any(reason.startswith("http-") for reason in outcome.reasons):
        return f"every request failed ({requests}; {', '.join(outcome.reasons)})"
    return f"the host did not answer ({requests})"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
