"""What a stylesheet needs to be shown: other stylesheets, pictures, fonts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tinycss2 import parse_component_value_list
from tinycss2.bytes import decode_stylesheet_bytes

from crawler.pages.requisite import RequisiteKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST = 1_000_000
"""Characters of a stylesheet that are read: more than themes have. A token of one letter takes 200 bytes."""

DEEPEST = 50_000
"""Brackets of a stylesheet that is read; a theme has some thousands. Nested, each takes 300 bytes."""

REMEMBERED = 50_000
"""Characters of a stylesheet whose reading is remembered: those inside of pages stand on every page."""

_NOTHING_FETCHED = {"namespace", "charset"}
"""At-rules whose URLs are names."""

Reference = tuple[RequisiteKind, str]
"""What is needed, and the address as written."""


class _Context(NamedTuple):
    """Where in a stylesheet a token stands."""

    kind: RequisiteKind = RequisiteKind.IMAGE
    """What a URL here stands for."""
    strings: bool = False
    """Whether a string is a URL as well: in ``image-set("a.png" 1x)``."""


def references(css: str) -> tuple[Reference, ...]:
    """What the text of a stylesheet, or of a ``style`` attribute, refers to, in its order, each once.

    ``url()``, ``src()``, ``@import``, ``@font-face``, ``image-set()`` (CSS Values 4, Cascade 5, Fonts 4,
    Images 4). Addresses within the same document (``#shadow``) are left out. Never raises: what is no CSS
    refers to nothing. Beyond LONGEST it is not read, nor where it has more brackets than DEEPEST.
    """
    if "(" not in css and "@" not in css:
        return ()
    return _remembered(css) if len(css) <= REMEMBERED else _references(css[:LONGEST])


def decoded(body: bytes, charset: str | None) -> str:
    """The text of a stylesheet: byte order mark, ``charset`` or ``@charset`` decide, else UTF-8.

    ``charset`` is that of its Content-Type (CSS Syntax 3, 3.2).
    """
    text, _ = decode_stylesheet_bytes(body[: 4 * LONGEST], protocol_encoding=charset)
    return str(text)


@lru_cache(maxsize=128)
def _remembered(css: str) -> tuple[Reference, ...]:
    return _references(css)


def _references(css: str) -> tuple[Reference, ...]:
    if sum(map(css.count, "([{")) > DEEPEST:
        return ()
    found = _walk(parse_component_value_list(css, skip_comments=True))
    return tuple(dict.fromkeys((kind, url) for kind, url in found if url and not url.startswith("#")))


def _walk(tokens: Iterable[Any]) -> Iterator[Reference]:
    """What tokens and those in their brackets refer to; with a stack of its own, because brackets nest."""
    open_blocks = [(iter(tokens), _Context(), "")]
    while open_blocks:
        rest, context, rule = open_blocks.pop()
        for token in rest:
            if token.type == "at-keyword":
                rule = token.lower_value
            elif token.type == "literal" and token.value == ";":
                rule = ""
            elif (url := _url(token, context, rule)) is not None:
                if rule not in _NOTHING_FETCHED:
                    yield (RequisiteKind.STYLE if rule == "import" else context.kind), url
                # Of an @import only the first is its address.
                rule = "" if rule == "import" else rule
            elif (content := _content(token)) is not None:
                open_blocks.append((rest, context, "" if token.type == "{} block" else rule))
                open_blocks.append((iter(content), _inside(token, context, rule), ""))
                break


def _url(token: Any, context: _Context, rule: str) -> str | None:
    """The address that a token is; None for any other."""
    if token.type == "url":
        return str(token.value)
    if token.type == "function" and token.lower_name in ("url", "src"):
        return next((str(inner.value) for inner in token.arguments if inner.type == "string"), "")
    return str(token.value) if token.type == "string" and (context.strings or rule == "import") else None


def _content(token: Any) -> list[Any] | None:
    content: list[Any] | None = getattr(token, "content", None)
    return token.arguments if token.type == "function" else content


def _inside(token: Any, context: _Context, rule: str) -> _Context:
    if token.type == "function":
        # type("image/avif") inside of image-set() is no address.
        return context._replace(strings=token.lower_name in ("image-set", "-webkit-image-set"))
    if token.type == "{} block" and rule == "font-face":
        return _Context(RequisiteKind.FONT)
    return context
