"""A pager, walked one page at a time, for as long as its pages bring something new."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.pages.page import Link


@dataclass(slots=True)
class Walk:
    """Where a walk stands: pages asked for, pages known and not asked for, and what pages brought."""

    budget: int
    """At most so many pages are asked for."""
    asked: set[int] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    waiting: dict[int, Link] = field(default_factory=dict)

    def arrive(self, page: int, brought: Iterable[str]) -> bool:
        """Take what a page brought; whether any of it is new in this walk."""
        self.asked.add(page)
        new = set(brought) - self.seen
        self.seen |= new
        return bool(new)

    def learn(self, links: Iterable[Link]) -> None:
        """Take the pages that a page of the pager points to."""
        for link in links:
            if link.page not in self.asked:
                self.waiting.setdefault(link.page, link)

    def step(self) -> Link | None:
        """The next page to ask for, the lowest first; None when there is none, or no budget for it."""
        self.waiting = {page: link for page, link in self.waiting.items() if page not in self.asked}
        if not self.waiting or self.spent:
            return None
        page = min(self.waiting)
        self.asked.add(page)
        return self.waiting.pop(page)

    @property
    def spent(self) -> bool:
        """Whether the budget does not allow another page."""
        return len(self.asked) >= self.budget

    @property
    def cut_short(self) -> bool:
        """Whether pages are known that the budget does not allow."""
        return self.spent and any(page not in self.asked for page in self.waiting)
