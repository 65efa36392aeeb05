"""A pager, walked one page at a time, for as long as its pages bring something new."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Self

from crawler.pages.page import Link

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Walk:
    """Where a walk stands: pages asked for, pages known and not asked for, and what pages brought."""

    asked: set[int] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    """Digests of what the pages brought."""
    waiting: dict[int, Link] = field(default_factory=dict)

    def arrive(self, page: int, brought: Iterable[str]) -> bool:
        """Take what a page brought; whether any of it is new in this walk."""
        self.asked.add(page)
        new = set(map(_digest, brought)) - self.seen
        self.seen |= new
        return bool(new)

    def learn(self, links: Iterable[Link]) -> None:
        """Take the pages that a page of the pager points to."""
        for link in links:
            if link.page not in self.asked:
                self.waiting.setdefault(link.page, link)

    def step(self) -> Link | None:
        """The next page to ask for, the lowest first; None when there is none."""
        self.waiting = {page: link for page, link in self.waiting.items() if page not in self.asked}
        if not self.waiting:
            return None
        page = min(self.waiting)
        self.asked.add(page)
        return self.waiting.pop(page)

    def as_state(self) -> dict[str, Any]:
        """The walk as JSON has it."""
        return {
            "asked": sorted(self.asked),
            "seen": sorted(self.seen),
            "waiting": [asdict(link) for link in self.waiting.values()],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The walk that ``as_state`` told of."""
        waiting = [Link(**link) for link in state["waiting"]]
        return cls(set(state["asked"]), set(state["seen"]), {link.page: link for link in waiting})


def _digest(brought: str) -> str:
    return blake2b(brought.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
