"""How much of a blog a crawl asks for at most."""

from __future__ import annotations

from dataclasses import dataclass, fields
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
        """The budgets that the settings give. Raises ValueError for one that is no number."""
        return cls(**{spec.name: _number(settings, spec.name.upper()) for spec in fields(cls)})


def _number(settings: BaseSettings, name: str) -> int:
    try:
        return settings.getint(name)
    except (ValueError, TypeError):
        raise ValueError(f"{name}: {settings[name]!r}, expected a whole number") from None
