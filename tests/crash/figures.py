"""How often the tests of this folder killed a crawl, and what that cost."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Figures:
    """Sums over a session, for the summary at its end."""

    deaths: dict[str, int] = field(default_factory=dict)
    """How many crawls ended early, by what ended them."""
    collections: int = 0
    """How many collections were crawled to their end and examined afterwards."""
    faulty: int = 0
    """How many of these had faults."""
    most_asked_again: float = 0.0
    """The most requests beyond need for each death, of any collection."""

    def died(self, of: str, times: int = 1) -> None:
        """A crawl ended early."""
        self.deaths[of] = self.deaths.get(of, 0) + times

    def examined(self, deaths: int, asked_again: int, *, faulty: bool) -> None:
        """A collection came to its end and was examined."""
        self.collections += 1
        self.faulty += faulty
        self.most_asked_again = max(self.most_asked_again, asked_again / max(1, deaths))

    def lines(self) -> list[str]:
        """What to say of it."""
        if not self.collections:
            return []
        return [
            *(f"{times:4} {of}" for of, times in sorted(self.deaths.items())),
            f"{self.collections:4} collections crawled to the end, {self.faulty} of them with faults",
            f"{self.most_asked_again:4.1f} requests beyond need for each early end, at most",
        ]


FIGURES = Figures()
