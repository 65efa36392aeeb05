"""What pages need to be shown: whether, in which order and within which bounds it is asked for."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scrapy import Request

from crawler.pages.address import address_of
from crawler.pages.page import LinkKind
from crawler.pages.requisites import RequisiteKind, is_stylesheet, requisites_of
from crawler.spiders.budgets import whole_number
from crawler.spiders.identity import REQUISITE, fingerprint_of_requisite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapy.http import Response
    from scrapy.settings import BaseSettings

    from crawler.pages.requisites import Requisite

    Callback = Callable[..., Iterator[Request]]

logger = logging.getLogger(__name__)

BUDGET = "REQUISITES"

PRIORITY = -10
"""Behind every page: a crawl that is cut short has the text."""

DEEPEST = 5
"""Stylesheets that import each other, and frames within frames, are followed so far from the page."""

UNREAD_BYTES = 4096
"""So much of a body that nobody reads is held in memory: a picture goes from the wire to the disk."""

_READ = {RequisiteKind.STYLE, RequisiteKind.FRAME}
"""Kinds whose answers need requisites themselves."""

_PAGES = {LinkKind.POST, LinkKind.COMMENTS, LinkKind.LISTING, LinkKind.SIDEBAR, LinkKind.FEED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Requisites:
    """Asks for the requisites of pages, each URL once a crawl."""

    kinds: frozenset[RequisiteKind]
    """Which are asked for; empty for none."""
    max_bytes: int
    """Bytes of each; of a larger one the beginning is kept. 0 is no bound."""
    follows: Callable[[str], bool]
    """Whether a URL is on a host whose pages the crawl asks."""

    @classmethod
    def from_settings(cls, settings: BaseSettings, follows: Callable[[str], bool]) -> Self:
        """As REQUISITES_ENABLED, REQUISITE_KINDS and REQUISITE_MAX_BYTES say. Raises ValueError."""
        whole_number(settings, BUDGET)
        kinds = _kinds(settings) if settings.getbool("REQUISITES_ENABLED") else ()
        return cls(
            kinds=frozenset(kinds),
            max_bytes=whole_number(settings, "REQUISITE_MAX_BYTES"),
            follows=follows,
        )

    def of_page(
        self, page: Response, callback: Callback, known: Callable[[bytes], bool], depth: int = 0
    ) -> Iterator[Request]:
        """Requests for what a page needs and nobody has asked for.

        ``callback`` gets the answers, with their ``depth`` (steps from a page);
        ``known`` tells the fingerprints of requests that are there already.
        """
        for requisite in self._found(page) if self.kinds else ():
            if self._is_wanted(requisite) and not known(fingerprint_of_requisite(requisite.url)):
                yield self._request(requisite, callback, depth + 1)

    def of_requisite(
        self, response: Response, callback: Callback, known: Callable[[bytes], bool], depth: int
    ) -> Iterator[Request]:
        """The same for what a requisite needs: a stylesheet, or a frame. Anything else needs nothing.

        A host may answer with HTML where a picture was asked for; that is no page.
        """
        kind = response.request.meta.get(REQUISITE) if response.request else None
        reads = is_stylesheet(response) if kind == RequisiteKind.STYLE else kind == RequisiteKind.FRAME
        if reads and depth < DEEPEST:
            yield from self.of_page(response, callback, known, depth)

    def _found(self, response: Response) -> list[Requisite]:
        try:
            return requisites_of(response)
        except Exception:  # what a page needs must never cost what it says
            logger.exception("%s: what it needs to be shown cannot be read", response.url)
            return []

    def _is_wanted(self, requisite: Requisite) -> bool:
        if requisite.kind not in self.kinds:
            return False
        if requisite.kind not in (RequisiteKind.FRAME, RequisiteKind.DOCUMENT):
            return True
        # A page of the blog is asked for as such, if its rules allow it.
        address = address_of(requisite.url) if self.follows(requisite.url) else None
        return address is None or address.kind not in _PAGES

    def _request(self, requisite: Requisite, callback: Callback, depth: int) -> Request:
        meta = {
            REQUISITE: str(requisite.kind),
            "budget": [BUDGET, "", 0],
            # The archive keeps the URL that a browser asks for.
            "verbatim_url": True,
            # Pictures stand where they stand; how far the pages reach bounds them enough.
            "allow_offsite": True,
            "depth_reset": True,
            "download_maxsize": self.max_bytes,
            "download_warnsize": 0,
        }
        if requisite.kind not in _READ:
            meta["response_body_cap"] = UNREAD_BYTES
        return Request(
            requisite.url, callback=callback, priority=PRIORITY, cb_kwargs={"depth": depth}, meta=meta
        )


def _kinds(settings: BaseSettings) -> Iterator[RequisiteKind]:
    for word in settings.getlist("REQUISITE_KINDS"):
        try:
            yield RequisiteKind(str(word).strip())
        except ValueError:
            raise ValueError(
                f"REQUISITE_KINDS: {word!r}, expected some of {', '.join(RequisiteKind)}"
            ) from None
