"""What is written nowhere: the name and password in a URL, the secrets among arguments."""

from __future__ import annotations

import re

_SECRET_NAME = re.compile(r"pass|secret|token|auth(?!or)|credential|cookie|api_?key", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^\s/?#@]+@")


def without_userinfo(text: str) -> str:
    """The text with ``***@`` in place of the userinfo of every URL in it (RFC 3986, 3.2.1)."""
    return _USERINFO.sub("***@", text)


def argument_to_tell(name: str, value: str) -> str:
    """The value of a spider's argument as a manifest may hold it: ``***`` where its name says secret."""
    return "***" if _SECRET_NAME.search(name) else without_userinfo(value)
