"""What the pages of a run stated, new or not: the counts of ``run.json``."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from crawler.items import Author, Comment, Post

if TYPE_CHECKING:
    from crawler.items import Row


class Tally:
    """Counts rows, each identity once."""

    def __init__(self) -> None:
        self._announced: dict[str, int | None] = {}
        # Hashes of ids: a tenth of the memory.
        self._comments: defaultdict[str, set[int]] = defaultdict(set)
        self._authors: set[str] = set()

    def add(self, row: Row) -> None:
        """Take a row that a page states."""
        if isinstance(row, Post):
            self._announced[row.id] = row.comments_announced
        elif isinstance(row, Comment):
            self._comments[row.post_id].add(hash(row.id))
        elif isinstance(row, Author):
            self._authors.add(row.id)

    @property
    def posts(self) -> int:
        """How many posts were found."""
        return len(self._announced)

    def counts(self) -> dict[str, int]:
        """How many posts, comments and authors were found."""
        comments = sum(map(len, self._comments.values()))
        return {"posts": self.posts, "comments": comments, "authors": len(self._authors)}

    def comments_that_differ(self) -> list[dict[str, Any]]:
        """Posts that announce another number of comments than were found."""
        return [
            {"post_id": post, "announced": announced, "found": found}
            for post, announced in self._announced.items()
            if announced is not None and announced != (found := len(self._comments.get(post, ())))
        ]
