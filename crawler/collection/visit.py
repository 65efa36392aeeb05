"""A visit: all that one request of a crawl brings, from leaving the queue to its end."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.collection.reasons import meaning_of

if TYPE_CHECKING:
    from crawler.items import Row, Skipped

REQUISITE = "requisite"
"""Key in the meta of a request for a page requisite: its kind."""

FAULTS = {"internal-error", "bad-row"}
"""Reasons for which a page is not done although it was answered."""

DROPPED_ROW = "dropped-row"
EMBED = "embed"

NO_FATE = {DROPPED_ROW, EMBED}
"""Reasons that say nothing of the page, which is done: a row was left out, a part of it is elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A request that waits to be sent, as the queue keeps it."""

    key: bytes
    """Identity of what is asked for: the fingerprint of the request."""
    url: str
    priority: int
    request: str
    """What Scrapy needs to make the request again, JSON."""
    budget: Budget | None = None


class Budget(NamedTuple):
    """What a request is counted against."""

    name: str
    """The setting that bounds it."""
    scope: str = ""
    """Of what each has a budget of its own, e.g. the post of a page of comments."""
    begins: int = 0
    """How many are counted before the first that is asked for."""


class Statement(NamedTuple):
    """A content that a row stated: what later rows of the same identity are compared with."""

    identity: bytes
    digest: bytes
    version: int


class Outcome(NamedTuple):
    """How a visit ended: ``done``, or ``failed`` or ``skipped`` with a reason."""

    state: str
    reason: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class Visit:
    """What is committed together, or not at all."""

    url: str
    task: int | None = None
    """Number of the request in the queue; None for a request that is in no queue of ours."""
    record: str | None = None
    """Identifier of the record that the page was read from."""
    led_to: bytes | None = None
    """Identity of where redirects ended."""
    rows: list[Row] = field(default_factory=list)
    """Rows to be written, in page order."""
    stated: list[Row] = field(default_factory=list)
    """All rows of the page, new or not."""
    statements: list[Statement] = field(default_factory=list)
    """The contents of ``rows``."""
    skipped: list[Skipped] = field(default_factory=list)
    links: list[Wanted] = field(default_factory=list)
    closed: bool = False
    """Whether nothing more is to come."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the spider has to remember, by name; values as JSON has them."""

    def outcome(self) -> Outcome:
        """The state that the request is left in, once nothing more is to come."""
        reasons = [skipped.reason for skipped in self.skipped if skipped.reason not in NO_FATE]
        failed = [reason for reason in reasons if reason in FAULTS or meaning_of(reason).failed]
        if failed:
            return Outcome("failed", failed[0])
        return Outcome("skipped", reasons[0]) if reasons else Outcome("done", None)


CURRENT: ContextVar[Visit | None] = ContextVar("visit", default=None)
"""The visit whose page is being read: Scrapy reads each page, down to its pipelines, in a task of its own."""
