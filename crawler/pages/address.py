"""What a URL of a blog leads to, known from the URL alone: identity, kind, place in a pager, traps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from crawler.pages.page import LinkKind

SAME_SITE = {"2007-2017-blogs.state.gov": "blogs.state.gov"}
"""Hosts that serve a copy of another host's pages under the same paths."""

_POST = re.compile(
    r"^/stories/(?P<y>\d{4})/(?P<m>\d\d)/(?P<d>\d\d)/[^/]+$"
    r"|^/index\.php/(?:site/)?(?:entry|entries|entires)/[^/]+?(?P<offset>/P\d{1,9})?$",
)
_LISTING = re.compile(
    r"^/(?:node|archive(?:/\d{6})?|archives?(?:/\d{4}(?:/\d\d?)?)?|stories(?:/\d{4}(?:/\d\d)?)?"
    r"|(?:authors?|category|categories|topics?|tags?)(?:/[^/]+)*|latest-stories"
    r"|index\.php(?:/site)?(?:/index|/archives?|/topic/.+?|/category/.+?|/C\d{1,9})*(?P<offset>/P\d{1,9})?)?$",
)
_FEED = re.compile(
    r"^/(?:rss\.xml|atom\.xml|feed|feeds/posts/default|index\.php/(?:site/)?(?:rss|atom)(?:_2\.0)?)$"
)
_REFUSED = (
    ("reply-form", re.compile(r"^/comment/reply(?:/|$)")),
    ("comment-permalink", re.compile(r"^/comment/\d+")),
    ("node", re.compile(r"^/node/\d+")),
    ("print", re.compile(r"^/print(?:mail|pdf)?/")),
    ("account", re.compile(r"^/(?:user|users|admin|login|logout|wp-login\.php)(?:/|$)")),
    ("search", re.compile(r"^/search(?:/|$)")),
    ("calendar", re.compile(r"^/calendar(?:/|$)")),
    ("help", re.compile(r"^/filter/tips(?:/|$)")),
    ("listing-feed", re.compile(r"/feed$|\.rss$|/rss(?:\.xml)?$")),
    ("term", re.compile(r"^/taxonomy/term/")),
)  # fmt: skip
_QUERY_RULES = {
    "mini": "calendar",
    "sort": "sort",
    "order": "sort",
    "q": "duplicate-query",
    "replytocom": "reply-form",
}

_ESCAPED_SLASH = re.compile("%2f", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{0,9}")


class Pagers(NamedTuple):
    """Drupal's pagers in one query value, ``page=<first>,<second>``; both count from 0.

    The first belongs to the page's own list (comments of a post, rows of a
    listing), the second to the list in the sidebar.
    """

    first: int = 0
    second: int | None = None

    @classmethod
    def from_value(cls, value: str) -> Pagers | None:
        """The pagers of a ``page`` value; None when it is none that Drupal prints itself."""
        parts = value.split(",")
        if len(parts) > 2 or not all(_NUMBER.fullmatch(part) for part in parts):
            return None
        numbers = [int(part or 0) for part in parts]
        return cls(numbers[0], numbers[1] if len(numbers) > 1 else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a URL leads to."""

    kind: LinkKind
    id: str
    """Identity of the post or list, without any pager."""
    key: str
    """Identity of what is at the URL, pager included."""
    page: int = 0
    """Place in the pager, from 0."""
    rule: str | None = None
    """For a refused URL: the rule."""


def host_of(url: str) -> str:
    """The host that identifies a site: lower case, without ``www.``, port 80 or 443, copies mapped."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    if ":" in host:
        host = f"[{host}]"
    host = SAME_SITE.get(host, host)
    try:
        port = parts.port
    except ValueError:
        port = None
    return host if port in (None, 80, 443) else f"{host}:{port}"


def path_of(url: str) -> str:
    """The path that identifies a page: without ``.html`` and trailing slash, escapes written one way."""
    # An escaped slash is part of a name and parts none.
    names = _ESCAPED_SLASH.split(urlsplit(url).path)
    path = "%2F".join(quote(unquote(name), safe="/:@!$&'()*+,;=~-._") for name in names)
    path = re.sub(r"//+", "/", path)
    path = re.sub(r"(?:/index)?\.html?$", "", path)
    return path.rstrip("/")


def identity(url: str) -> str:
    """Host and path in canonical form, without scheme and query: the identity of a post."""
    return host_of(url) + (path_of(url) or "/")


def same_site(url: str, other: str) -> bool:
    """Whether both URLs lead to one site, a copy of it included."""
    return host_of(url) == host_of(other)


def key_of(url: str) -> str:
    """Identity of what is at ``url``, the same for every way to write it."""
    address = address_of(url)
    if address is not None:
        return address.key
    query = urlsplit(url).query
    return identity(url) + (f"?{query}" if query else "")


def address_of(url: str) -> Address | None:
    """What a URL of a DipNote-shaped blog leads to; None for anything but posts, lists, feeds and traps."""
    if not _can_be_asked(url):
        return None
    path, name = path_of(url), identity(url)
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    if _FEED.match(path) and not query:
        return Address(kind=LinkKind.FEED, id=name, key=name)
    if rule := _refusal(path, query):
        return _refused(name, url, rule)
    pagers = Pagers.from_value(dict(query).get("page", "")) or Pagers()
    if match := _POST.match(path):
        return _post(name, match, pagers, url)
    if match := _LISTING.match(path or "/") or (None if path else _LISTING.match("/")):
        return _listing(name, match, pagers, url)
    return None


def _can_be_asked(url: str) -> bool:
    """Whether a URL is one of http, with a port that is a number."""
    parts = urlsplit(url)
    try:
        return parts.scheme in ("http", "https") and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _refused(name: str, url: str, rule: str) -> Address:
    """An address that is never asked for; its query tells it from the page it repeats."""
    query = urlsplit(url).query
    return Address(kind=LinkKind.REFUSED, id=name, key=f"{name}?{query}" if query else name, rule=rule)


def _refusal(path: str, query: list[tuple[str, str]]) -> str | None:
    for rule, pattern in _REFUSED:
        if pattern.search(path):
            return rule
    for name, value in query:
        if name == "page":
            if Pagers.from_value(value) is None:
                return "garbage-pager"
        else:
            return _QUERY_RULES.get(name, "unknown-query")
    return None


def _post(name: str, match: re.Match[str], pagers: Pagers, url: str) -> Address:
    offset = match["offset"]
    if offset:
        name = name.removesuffix(offset)
        number = int(offset.removeprefix("/P"))
        return Address(kind=LinkKind.COMMENTS, id=name, key=f"{name}{offset}", page=number)
    if pagers.second is not None:
        if pagers.first:
            return _refused(name, url, "two-pagers")
        return Address(
            kind=LinkKind.SIDEBAR, id=name, key=f"{name}?sidebar={pagers.second}", page=pagers.second
        )
    if pagers.first:
        return Address(kind=LinkKind.COMMENTS, id=name, key=f"{name}?page={pagers.first}", page=pagers.first)
    return Address(kind=LinkKind.POST, id=name, key=name)


def _listing(name: str, match: re.Match[str], pagers: Pagers, url: str) -> Address:
    if pagers.second is not None:
        return _refused(name, url, "two-pagers")
    offset = match["offset"] or ""
    host, slash, path = name.removesuffix(offset).partition("/")
    if path in ("node", "index.php"):  # the front page's pager does not stay on "/"
        path = ""
    name = host + slash + path
    page = pagers.first or int(offset.removeprefix("/P") or 0)
    key = f"{name}?page={pagers.first}" if pagers.first else name.rstrip("/") + offset if offset else name
    return Address(kind=LinkKind.LISTING, id=name, key=key, page=page)


def day_of(url: str) -> str | None:
    """The day in the path of a permalink, ``YYYY-MM-DD``; None where it has none."""
    match = _POST.match(path_of(url))
    return f"{match['y']}-{match['m']}-{match['d']}" if match and match["y"] else None
