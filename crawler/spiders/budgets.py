"""How much of a blog a crawl asks for at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What a crawl asks for at most; the settings of the same names explain them."""

    comment_pages_per_post: int
    listing_pages: int
    sidebar_pages: int
    depth_limit: int
    """0 for none."""

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """The budgets that the settings give."""
        return cls(
            comment_pages_per_post=settings.getint("COMMENT_PAGES_PER_POST"),
            listing_pages=settings.getint("LISTING_PAGES"),
            sidebar_pages=settings.getint("SIDEBAR_PAGES"),
            depth_limit=settings.getint("DEPTH_LIMIT"),
        )
