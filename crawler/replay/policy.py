"""What a browser may do with archived pages: read the archive, and nothing else.

Archived scripts run, and nobody knows what they do. They run on an origin of
their own, so that they reach neither the window around them nor its
address. Content Security Policy Level 3 (https://www.w3.org/TR/CSP3/) then
says what that origin may ask for, which is itself; where the frame around it
may go; and, by ``sandbox``, that it opens no window and moves none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

DIRECTORY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; form-action 'self'"
"""Scripts that a page has in itself or makes belong to it; what they ask for stays on the origin."""

SANDBOX = "sandbox allow-scripts allow-same-origin allow-forms allow-modals allow-pointer-lock"
"""Without popups and top navigation, which no other directive covers, and without downloads: a link
with ``download`` is fetched from anywhere."""

SANDBOX_FREE = ("application/pdf",)
"""Media types that run no script of the archive and that browsers do not show in a sandbox."""

KEPT = frozenset(
    "content-type content-length content-range content-encoding content-disposition content-language "
    "accept-ranges last-modified etag location memento-datetime set-cookie service-worker-allowed".split()
)
"""Fields of an answer that reach the browser; any other could send it elsewhere (Link, Refresh, Alt-Svc,
Reporting-Endpoints) or belongs to a server that is gone."""


class Origins(NamedTuple):
    """The two origins of a replay, e.g. ``http://127.0.0.1:8080``: scripts stay in theirs."""

    frame: str
    """What is ours: the window, the address, the engine's bar."""
    content: str
    """What is archived."""


def kept_fields(fields: Iterable[tuple[str, str]], origins: Origins) -> list[tuple[str, str]]:
    """The fields of an answer that reach the browser; a redirect stays on the two origins."""
    inside = tuple(f"{origin}/" for origin in origins)
    return [
        (name, value)
        for name, value in fields
        if name.lower() in KEPT
        and (name.lower() != "location" or value.startswith(inside) or re.match(r"/(?![/\\])", value))
    ]


def frame_fields(origins: Origins) -> list[tuple[str, str]]:
    """The fields that every answer of the frame's origin has."""
    policy = f"{DIRECTORY}; frame-src 'self' {origins.content}; frame-ancestors 'self'"
    return [("Content-Security-Policy", policy), *ALWAYS]


def content_fields(origins: Origins, media_type: str) -> list[tuple[str, str]]:
    """The fields that every answer of the content's origin has."""
    return [
        ("Content-Security-Policy", content_policy(origins, media_type)),
        ("Connection-Allowlist", "(response-origin);redirects=allow;webrtc=block"),
        *ALWAYS,
    ]


def content_policy(origins: Origins, media_type: str = "text/html") -> str:
    """The policy of archived content of this media type."""
    policy = f"{DIRECTORY}; frame-ancestors 'self' {origins.frame}"
    return policy if media_type in SANDBOX_FREE else f"{policy}; {SANDBOX}"


ALWAYS = [
    # Another archive may be shown on the same port tomorrow.
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "same-origin"),
    ("X-DNS-Prefetch-Control", "off"),
    ("Cross-Origin-Resource-Policy", "same-site"),
]
