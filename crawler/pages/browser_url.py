"""The URL that a browser asks for where a page says something shorter."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, unquote

LONGEST = 8_000
"""Characters: servers refuse longer ones (RFC 9110, 4.1, recommends that they take so many)."""

PORTS = {"http": "80", "https": "443"}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[0-9]*))?")
_NO_HOST = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
"""What a host cannot hold (URL Standard, 3.5)."""

_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_IN_PATH = _ASCII.translate(dict.fromkeys(map(ord, '"#<>?^`{|}')))
_IN_QUERY = _ASCII.translate(dict.fromkeys(map(ord, "\"#<>'")))
"""What stands in a URL as it is; all else is escaped (URL Standard, 1.3; ``|`` as Chromium 156 does it)."""

_DOT = {".", "%2e"}
_DOTS = {"..", ".%2e", "%2e.", "%2e%2e"}


class _Place(NamedTuple):
    """Scheme, host with port, and path with query of a URL that can be asked for."""

    scheme: str
    host: str
    path: str
    query: str | None


class Base:
    """Where the links of a document are resolved, and the encoding of what stands in their queries."""

    def __init__(self, url: str, encoding: str = "utf-8") -> None:
        self._place = _absolute(url)
        self._encoding = encoding

    def resolve(self, href: str) -> str | None:
        """The URL of a link as a browser asks for it, without its fragment.

        None for what is no http(s) URL, holds a name or password (browsers
        fetch no requisite from such), or is longer than LONGEST.
        """
        if len(href) > LONGEST or self._place is None:
            return None
        place = _resolve(self._place, _clean(href))
        if place is None:
            return None
        url = f"{place.scheme}://{place.host}{_path(place.path)}"
        if place.query is not None:
            url += "?" + _query(place.query, self._encoding)
        return url if len(url) <= LONGEST else None


def _clean(href: str) -> str:
    """Without blanks at its ends, line ends and tabs inside, and the fragment (URL Standard, 4.4)."""
    inner = href.strip("".join(map(chr, range(0x21))))
    return inner.translate(dict.fromkeys(map(ord, "\t\r\n"))).partition("#")[0]


def _absolute(url: str) -> _Place | None:
    match = _SCHEME.match(url)
    if match is None or match[1].lower() not in PORTS:
        return None
    return _at(match[1].lower(), _split(url[match.end() :]))


def _resolve(base: _Place, href: str) -> _Place | None:
    match = _SCHEME.match(href)
    if match is not None:
        scheme = match[1].lower()
        if scheme not in PORTS:
            return None
        path, query = _split(href[match.end() :])
        # "http:page" and "http:/page" are relative where the base is http as well.
        if scheme != base.scheme or path.startswith("//"):
            return _at(scheme, (path, query))
    else:
        path, query = _split(href)
        if path.startswith("//"):
            return _at(base.scheme, (path, query))
    if not path:
        return base._replace(query=base.query if query is None else query)
    if not path.startswith("/"):
        path = base.path.rpartition("/")[0] + "/" + path
    return base._replace(path=path, query=query)


def _split(rest: str) -> tuple[str, str | None]:
    """Path, with slashes where browsers take backslashes for them, and query."""
    path, mark, query = rest.partition("?")
    return path.replace("\\", "/"), query if mark else None


def _at(scheme: str, rest: tuple[str, str | None]) -> _Place | None:
    """Where the host stands at the beginning of what follows the scheme."""
    authority, slash, path = rest[0].lstrip("/").partition("/")
    host = _host(authority, PORTS[scheme])
    return None if host is None else _Place(scheme, host, slash + path, rest[1])


def _host(authority: str, usual_port: str) -> str | None:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return None
    port = (match["port"] or "").lstrip("0") or ("0" if match["port"] else usual_port)
    try:
        host = _name(match["host"])
    except ValueError:
        return None
    if not host or len(port) > 5 or int(port) > 65_535:
        return None
    return host if port == usual_port else f"{host}:{port}"


def _name(host: str) -> str:
    """A host as it goes into a URL. Raises ValueError for what is none."""
    if host.startswith("["):
        return f"[{ipaddress.IPv6Address(host[1:-1])}]"
    name = unquote(host, errors="strict").lower()
    if not name.isascii():
        name = name.encode("idna").decode("ascii")
    if _NO_HOST.search(name):
        raise ValueError(f"{host!r}, expected the name of a host")
    return name


def _path(path: str) -> str:
    """The path with its dots taken for what they mean, and escaped."""
    steps: list[str] = []
    *before, last = path.removeprefix("/").split("/")
    for step in before:
        _take(steps, step)
    if last.lower() in _DOT | _DOTS:
        _take(steps, last)
        last = ""
    return quote("/".join(["", *steps, last]), safe=_IN_PATH, errors="replace")


def _take(steps: list[str], step: str) -> None:
    if step.lower() in _DOTS:
        del steps[-1:]
    elif step.lower() not in _DOT:
        steps.append(step)


def _query(query: str, encoding: str) -> str:
    try:
        return quote(query, safe=_IN_QUERY, encoding=encoding, errors="xmlcharrefreplace")
    except (LookupError, UnicodeError):
        return quote(query, safe=_IN_QUERY, errors="replace")
