"""The same page under class names and ids that nobody has seen before."""

from __future__ import annotations

import hashlib
import re
from functools import cache

# Attributes whose words are class names or ids; a fragment of a link names an id too.
_NAMES = re.compile(rb"""(\s(?:class|id|for)\s*=\s*)(["'])(.*?)\2""", re.DOTALL)
_TAG = re.compile(rb"<[a-zA-Z][^<>]*>")
_OPAQUE = re.compile(rb"(?is)(<script\b.*?</script>|<style\b.*?</style>|<!--.*?-->)")
_FRAGMENT = re.compile(
    rb"""(\s(?:href|about|resource|action)\s*=\s*(["'])(?:https?://blogs\.state\.gov|/|)[^"'#:]*#)([^"'#\s]+)(?=\2)"""
)


@cache
def token(name: bytes) -> bytes:
    """A name without meaning, always the same for the same name."""
    digest = hashlib.sha256(b"renamed " + name).hexdigest()
    letters = "".join(chr(ord("g") + int(digit, 16)) for digit in digest[:7])
    return letters.encode("ascii")


def renamed(page: bytes, *, fragments: bool) -> bytes:
    """The page with every class and id renamed; scripts, styles and comments are left as they are.

    With ``fragments``, links to an id of the page follow it to its new name, as
    on a site that never used the names of Drupal; else they are left dangling,
    and still say `#comment-12`.
    """

    def rename_names(match: re.Match[bytes]) -> bytes:
        words = [token(word) for word in match[3].split()]
        return match[1] + match[2] + b" ".join(words) + match[2]

    def rename_fragment(match: re.Match[bytes]) -> bytes:
        return match[1] + token(match[3])

    def rename_tag(match: re.Match[bytes]) -> bytes:
        tag = _NAMES.sub(rename_names, match[0])
        return _FRAGMENT.sub(rename_fragment, tag) if fragments else tag

    parts = _OPAQUE.split(page)
    parts[::2] = [_TAG.sub(rename_tag, part) for part in parts[::2]]
    return b"".join(parts)
