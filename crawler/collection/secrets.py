"""What is written nowhere: the name and password in a URL."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(?<=://)[^\s/?#@]+@")


def without_userinfo(text: str) -> str:
    """The text with ``***@`` in place of the userinfo of every URL in it (RFC 3986, 3.2.1)."""
    return _USERINFO.sub("***@", text)
