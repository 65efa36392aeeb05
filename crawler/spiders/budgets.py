"""How much of a blog a crawl asks for at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.pages.page import LinkKind

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

BUDGETS = {
    LinkKind.LISTING: ("LISTING_PAGES", 0),
    # The page of the post itself, and the first page of the list, are pages of their pagers.
    LinkKind.COMMENTS: ("COMMENT_PAGES_PER_POST", 1),
    LinkKind.SIDEBAR: ("SIDEBAR_PAGES", 1),
}
"""What requests of a kind are counted against, and how many pages are counted before the first of them."""


def check_budgets(settings: BaseSettings) -> None:
    """Pass where every budget is a whole number. Raises ValueError."""
    for name, _ in BUDGETS.values():
        whole_number(settings, name)


def whole_number(settings: BaseSettings, name: str) -> int:
    """The value of a setting. Raises ValueError for one that is no whole number."""
    try:
        return settings.getint(name)
    except (ValueError, TypeError):
        raise ValueError(f"{name}: {settings[name]!r}, expected a whole number") from None
