"""The key under which replay looks a URL up: host reversed, and all ways to write the URL made one.

The key is that of pywb and of other replay tools (SURT, "sort-friendly URI
reordering transform", with the canonical form of the Wayback Machine): no
scheme, no ``www.``, no session identifiers, lower case, parameters in order.
It finds a capture; what was captured is its target URI, byte for byte.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import IPv4Address
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

HAS_HOST = re.compile(r"(?:https?|ftp)$", re.IGNORECASE)
DEFAULT_PORTS = {"http": 80, "https": 443}

_UNESCAPED = "".join(map(chr, range(0x21, 0x7F))).replace("%", "").replace("#", "")
"""What an escape may be undone to: all that is printable and no blank."""
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_WWW = re.compile(r"www\d*\.")
_BLANKS = re.compile(r"[\x00-\x20\x7f-\x9f]")

_SESSION_IN_PATH = (
    re.compile(r"(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)", re.DOTALL),
    re.compile(r"(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)", re.DOTALL),
)
_SESSION_IN_QUERY = (
    re.compile(r"(.*?)(?:jsessionid=[0-9a-z]{32})(?:&(.*))?", re.DOTALL),
    re.compile(r"(.*?)(?:phpsessid=[0-9a-z]{32})(?:&(.*))?", re.DOTALL),
    re.compile(r"(.*?)(?:sid=[0-9a-z]{32})(?:&(.*))?", re.DOTALL),
    re.compile(r"(.*?)(?:aspsessionid[a-z]{8}=[a-z]{24})(?:&(.*))?", re.DOTALL),
    re.compile(r"(.*?)(?:cfid=[^&]+&cftoken=[^&]+)(?:&(.*))?", re.DOTALL),
)


def surt_key(url: str) -> str:
    """The key of a URL, e.g. ``gov,state,blogs)/stories?page=0,1633``; without blanks, in ASCII.

    Of what is no URL of a host (``dns:``, ``urn:``, broken ones) it is the text itself.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return _as_text(url)
    if not HAS_HOST.match(parts.scheme) or not parts.hostname:
        return _as_text(url)
    # A port is written out where the scheme does not imply it.
    authority = _reversed(parts.hostname)
    if port is not None and port != DEFAULT_PORTS.get(parts.scheme.lower()):
        authority += f":{port}"
    query = _query(parts.query)
    return f"{authority}){_path(parts.path)}{'?' + query if query else ''}"


def _as_text(url: str) -> str:
    escaped = "".join(char if "!" <= char <= "~" else _escaped(char) for char in url)
    return escaped.lower()


def _escaped(char: str) -> str:
    return quote_from_bytes(char.encode("utf-8", "surrogatepass"), safe="")


def _reversed(host: str) -> str:
    """The names of a host from the last to the first."""
    host = re.sub(r"\.\.+", ".", _host_in_ascii(host)).strip(".")
    if host.isdigit() and int(host) < 2**32:
        host = str(IPv4Address(int(host)))
    host = _WWW.sub("", host, count=1) if _WWW.match(host) else host
    if ":" in host:
        return host
    return ",".join(reversed(host.split(".")))


def _host_in_ascii(host: str) -> str:
    octets = unquote_to_bytes(host.encode("utf-8", "surrogatepass"))
    host = _BLANKS.sub("", octets.decode("utf-8", "replace"))
    # Underscores and the like are no names of hosts, and found in URLs.
    with suppress(UnicodeError):
        host = host.encode("idna").decode("ascii")
    return _as_text(host)


def _path(path: str) -> str:
    path = _canonical(path).lower() or "/"
    names: list[str] = []
    # An empty name is one that ".." takes away, and where nothing is before it ".." stays: as others do it.
    for name in path.removeprefix("/").split("/"):
        if name == ".." and names:
            names.pop()
        elif name != ".":
            names.append(name)
    path = "/" + re.sub(r"//+", "/", "/".join(names)).strip("/")
    for session in _SESSION_IN_PATH:
        if match := session.fullmatch(path):
            path = match[1] + match[2]
    return path


def _query(query: str) -> str:
    query = _canonical(query).lower()
    for session in _SESSION_IN_QUERY:
        if match := session.fullmatch(query):
            query = match[1] + (match[2] or "")
    parameters = sorted(parameter.partition("=") for parameter in query.split("&"))
    return "&".join(map("".join, parameters)) if query else ""


def _canonical(text: str) -> str:
    """Escapes undone as often as it goes, then made once where a character needs one."""
    octets = text.encode("utf-8", "surrogatepass")
    while (plain := _ESCAPE.sub(lambda match: unquote_to_bytes(match[0]), octets)) != octets:
        octets = plain
    return quote_from_bytes(octets, safe=_UNESCAPED)
