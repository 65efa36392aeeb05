"""The contract between a page and those who ask it: what it says, and where it points."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.items import Item, Skipped


class UnknownLayout(ValueError):
    """A page on which nothing fits what is known: it is recorded and counted, and states no row."""


class LinkKind(StrEnum):
    """What a link is good for; the spider decides by it whether, and how soon, to follow."""

    POST = "post"
    """The permalink of a post."""
    COMMENTS = "comments"
    """A further page of comments of the post on this page."""
    LISTING = "listing"
    """A list of posts: the front page and its pager, a month, a topic, an author."""
    SIDEBAR = "sidebar"
    """Another page of the list beside a post; only one such walk is worth its requests."""
    FEED = "feed"
    """A feed."""
    REFUSED = "refused"
    """A trap or a duplicate that is never asked for; `rule` says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Somewhere a page points.

    ``url`` is what the page's own link resolves to, byte for byte, without a
    fragment; ``key`` is the identity of what is there, the same for every way
    to write it (scheme, ``www.``, ``.html``, the sidebar's pager).
    """

    url: str
    key: str
    kind: LinkKind
    page: int = 0
    """Pager position, from 0: of the comments, the listing or the sidebar's list."""
    rule: str | None = None
    """For a refused link: the name of the rule that refuses it."""


class Page(ABC):
    """What one response says; built from the response and nothing else."""

    layout: str
    """Site and layout that were recognised, e.g. ``dipnote/drupal``."""
    key: str
    """Identity of what is on the page, comparable with ``Link.key``."""

    @abstractmethod
    def items(self) -> Sequence[Item]:
        """The post, its authors and the comments on this page, in this order; empty for a listing.

        The proof and the run are left unset.
        """

    def not_captured(self) -> Sequence[Skipped]:
        """What belongs to the page and stands elsewhere, where only a browser gets it."""
        return ()

    @abstractmethod
    def links(self) -> Sequence[Link]:
        """Where the page points, each key once, in page order."""
