"""DipNote, the blog of the US Department of State, 2007 to 2019."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from crawler.spiders.blog import BadArgument, BlogSpider, authority

if TYPE_CHECKING:
    from collections.abc import Sequence

DOORS: dict[str, tuple[str, tuple[str, ...]]] = {
    # The copy that the department keeps; only its http addresses are known.
    "static": ("http://2007-2017-blogs.state.gov/", ("2007-2017-blogs.state.gov",)),
    # The blog itself. http: its known addresses have both schemes, and a host that wants https redirects.
    "live": ("http://blogs.state.gov/", ("blogs.state.gov", "www.blogs.state.gov")),
}
"""Ways to the pages: the front page, and the hosts that are asked."""


class DipNoteSpider(BlogSpider):
    """Archives DipNote: ``-a door=static|live``, or ``-a site=URL`` for any copy, ``-a collection=NAME``."""

    name = "dipnote"

    def __init__(
        self, door: str = "static", site: str | None = None, collection: str | None = None, **unknown: str
    ) -> None:
        if unknown:
            raise BadArgument(
                f"argument {', '.join(sorted(unknown))}: dipnote has no such argument, "
                "expected door, site or collection"
            )
        if door not in DOORS:
            raise BadArgument(f"door {door!r}: expected {' or '.join(sorted(DOORS))}")
        front, hosts = DOORS[door] if site is None else copy_at(site)
        super().__init__(seeds=[front], hosts=hosts, collection=collection)


def copy_at(site: str) -> tuple[str, Sequence[str]]:
    """The front page and the only host of a copy. Raises BadArgument."""
    host = authority(site)
    if not host or not site.isprintable() or " " in site:
        raise BadArgument(f"site {site!r}: expected a URL such as http://localhost:8000/")
    parts = urlsplit(site)
    if parts.scheme not in {"http", "https"}:
        raise BadArgument(f"site {site!r}: expected a URL such as http://localhost:8000/")
    if "@" in parts.netloc:
        raise BadArgument(
            "site: has a name or password in it; expected the settings HTTPAUTH_USER, HTTPAUTH_PASS "
            "and HTTPAUTH_DOMAIN instead"
        )
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, "")), (host,)
