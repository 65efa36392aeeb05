"""Names of people and groups: in bylines, in what is said about an author, in identities."""

from __future__ import annotations

import re
import unicodedata

from crawler.pages.outline import fold

BYLINE = re.compile(
    r"^(?:(?:(?:posted|written|published|submitted|blogged)\s+by|by)\b\s*:?|authors?\s*:)\s*", re.IGNORECASE
)
"""What a byline begins with."""

ABOUT = re.compile(r"About the Authors?\s*:?\s*", re.IGNORECASE)
"""What the text about an author begins with."""

_GROUP = re.compile(
    r"\b(?:agency|association|bloggers?|bureau|center|centre|committee|council|consulate|department|desk"
    r"|division|editors?|embassy|foundation|group|guests?|institute|interns|mission|ministry|network|office"
    r"|organi[sz]ation|program(?:me)?|project|public affairs|secretariat|service|society|staff|team"
    r"|university)\b|\bU\.?S\.?\b|^DipNote\b",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"^(?:jr|sr|i{1,3}|iv|ph\.?d|m\.?d|esq|usn|usa|usaf|ret)\.?$", re.IGNORECASE)
_ABBREVIATED = re.compile(r"\b(?:[A-Z]|[JS]r|Ph\.?D|M\.?D|Esq|Ret)\.$")
"""Ends a name with a stop of its own."""

_SEPARATOR = re.compile(r"\s*(?:,\s*and\s|[,;]|\s&\s|\s+and\s+|\s+with\s+)\s*", re.IGNORECASE)
_VERB = (
    r"(?:(?:currently|presently|also|now|recently|formerly|previously)\s+)?"
    r"(?:serves?|served|is|are|was|were|works?|worked|has|have|holds?|heads?|leads?|directs?|manages?)\b"
)
_SUBJECT = re.compile(
    r"(?:^|(?<=[.!?])\s+)(?P<names>(?:(?:[A-Z]|Amb|Capt|Col|Dr|Gen|Hon|Lt|Maj|Mrs?|Ms|Rev|Sgt)\.\s?)*"
    r"[^.!?]{2,60}?(?:\b(?:[A-Z]|Jr|Sr)\.[^.!?]{0,40}?)*)\s+" + _VERB
)
_WORD = re.compile(r"[^\W\d_][\w.'’‘-]*", re.UNICODE)
_PARTICLES = {
    "de",
    "da",
    "del",
    "della",
    "den",
    "der",
    "di",
    "do",
    "dos",
    "du",
    "el",
    "la",
    "le",
    "van",
    "von",
}
_PARTICLES |= {"al", "bin", "ibn", "y", "ter", "ten"}


def is_group(name: str) -> bool:
    """Whether the name is that of a group, such as "DipNote Bloggers", and not of a person."""
    return bool(_GROUP.search(name))


def split_names(text: str) -> list[str]:
    """The names in the list ``A``, ``A and B``, ``A, B and C``; a group's own "and" stays."""
    text = fold(text).strip(" :|/-–—").lstrip(".")
    if not _ABBREVIATED.search(text):
        text = text.rstrip(" .")
    if not text:
        return []
    if is_group(text) and not all(_looks_full(part) for part in _SEPARATOR.split(text) if part):
        return [text]
    names: list[str] = []
    for part in _SEPARATOR.split(text):
        if names and _SUFFIX.match(part):
            names[-1] += f", {part}"
        elif part:
            names.append(part)
    return names


def _looks_full(name: str) -> bool:
    return len(name.split()) > 1 and not re.search(r"\b(?:of|for|the)\b", name)


def is_name(text: str) -> bool:
    """Whether ``text`` could be the name of a person or group: a few capitalised words, no sentence."""
    words = text.split()
    if not 0 < len(words) <= 8 or len(text) > 80 or re.search(r"[.!?:;]\s+[a-z]|[!?:;]$", text):
        return False
    told = [word for word in words if _WORD.match(word) and word.lower() not in _PARTICLES]
    capital = [word for word in told if any(part[:1] and not part[0].islower() for part in word.split("-"))]
    return bool(told) and (is_group(text) or len(capital) == len(told))


def byline_names(text: str) -> list[str] | None:
    """The names in a byline, e.g. "Posted by A and B"; None when ``text`` is no byline."""
    match = BYLINE.match(text)
    if match is None:
        return None
    names = split_names(text[match.end() :])
    return names if names and all(is_name(name) for name in names) else None


def names_about(text: str) -> list[str]:
    """The names that a text about authors is about: "A serves as ... . B is the ..."."""
    names: list[str] = []
    for match in _SUBJECT.finditer(text):
        for name in split_names(match["names"].strip(" ,")):
            # The last word of a name is no common noun ("The mission serves as ...").
            *first, last = name.split() or [""]
            if is_name(name) and first and not last[0].islower() and not _again(name, names):
                names.append(name)
    return names


def _again(name: str, names: list[str]) -> bool:
    return name.rsplit(maxsplit=1)[-1] in {known.rsplit(maxsplit=1)[-1] for known in names}


def shares_name(text: str, names: list[str]) -> bool:
    """Whether the last name of one of ``names`` stands in ``text``, however it is written."""
    words = {folded(word) for word in re.split(r"[\s,]+", text)}
    return any(
        folded(name).rsplit("-", 1)[-1] in words or folded(name.split()[-1]) in words for name in names
    )


def folded(name: str) -> str:
    """The name in the form identities use: lower case, without accents, words joined with ``-``."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[^\w]+|_+", "-", re.sub(r"['’‘.]", "", plain).casefold()).strip("-")
