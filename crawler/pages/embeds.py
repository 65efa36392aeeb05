"""What a page embeds from elsewhere and only a browser fetches: comments, forms for them, players."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lxml import etree

from crawler.items import Skipped
from crawler.pages.embed_systems import COMMENTS, FORMS, PLAYERS, QUOTES, EmbedKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from crawler.pages.embed_systems import System

LONGEST_CODE = 1_000_000
"""Characters of inline scripts that are looked at."""

LONGEST_NAME = 500
"""Characters of the name of a thread."""

_SOURCED = ("script", "iframe", "frame", "embed", "object", "param")
_SOURCES = ("src", "data-src", "data-lazy-src", "data", "value")
_MARKS: Any = etree.XPath("descendant-or-self::*/@id | descendant-or-self::*/@class")
_NAMES = {name for system in (*COMMENTS, *FORMS, *QUOTES) for name in (*system.ids, *system.classes)}
_STATUS = re.compile(r"(?:https?:)?//(?:www\.|mobile\.)?(?:twitter|x)\.com/\w+/status(?:es)?/(\d+)")


@dataclass(frozen=True, slots=True)
class Embed:
    """Something that stands elsewhere; the page says whose it is, and maybe which it is there."""

    system: str
    kind: EmbedKind
    thread: str | None

    @property
    def sentence(self) -> str:
        """That it is not captured, for a reader of the row."""
        verb = "are" if self.kind is EmbedKind.COMMENTS else "is"
        return f"{self.kind} by {self.system}{f' ({self.thread})' if self.thread else ''} {verb} not captured"

    def skipped(self, url: str, post_id: str) -> Skipped:
        """The line that says so of the page at ``url``."""
        return Skipped(
            url=url,
            reason="embed",
            detail=str(self.kind),
            post_id=post_id,
            system=self.system,
            thread=self.thread,
        )


def embeds_of(root: HtmlElement) -> list[Embed]:
    """What a page embeds, each once: comments first, then forms, players and quoted posts.

    Known by marks of the systems in their own markup, wherever the page comes
    from. A script that only counts comments elsewhere is no embed.
    """
    page = _Marks(root)
    found = [embed for system in (*COMMENTS, *FORMS) if (embed := page.embed(system))]
    return list(dict.fromkeys([*found, *page.players(), *page.quotes()]))


class _Marks:
    """Elements by id and class, addresses of what is fetched, and inline code of a page."""

    def __init__(self, root: HtmlElement) -> None:
        self._root = root
        self._by_mark: dict[str, list[HtmlElement]] = {}
        for value in _MARKS(root):
            # Most of a page's names are its own.
            for name in _NAMES.intersection(value.split()):
                mark = f"#{name}" if value.attrname == "id" else f".{name}"
                self._by_mark.setdefault(mark, []).append(value.getparent())
        self._sources = [
            (element, value.strip())
            for element in root.iter(*_SOURCED)
            for name in _SOURCES
            if (value := element.get(name))
        ]
        code = "\n".join("".join(element.itertext()) for element in root.iter("script"))[:LONGEST_CODE]
        self._code = code.replace("\\/", "/")
        self._text = "\n".join([*(source for _, source in self._sources), self._code])

    def embed(self, system: System) -> Embed | None:
        """The embed of a system; None where the page has no mark of it."""
        elements = list(self._elements(system))
        in_code = system.code is not None and _pattern(system.code).search(self._code) is not None
        if not elements and not in_code:
            return None
        parts = [self._part(alternatives, elements) for alternatives in system.thread]
        return Embed(system.name, system.kind, "/".join(part for part in parts if part) or None)

    def players(self) -> Iterator[Embed]:
        """Players, by the addresses of frames and objects."""
        for element, source in self._sources:
            for system, pattern in PLAYERS.items():
                if element.tag != "script" and (match := pattern.match(source)):
                    yield Embed(system, EmbedKind.PLAYER, _name(match[1]))

    def quotes(self) -> Iterator[Embed]:
        """Posts of others, each by its own element."""
        for system in QUOTES:
            for element in self._elements(system):
                parts = [self._part(alternatives, [element]) for alternatives in system.thread]
                thread = "/".join(part for part in parts if part) or _status(element)
                yield Embed(system.name, system.kind, thread)

    def _elements(self, system: System) -> Iterator[HtmlElement]:
        for mark in (*(f"#{name}" for name in system.ids), *(f".{name}" for name in system.classes)):
            yield from self._by_mark.get(mark, ())
        if system.tags:
            yield from self._root.iter(*system.tags)
        if system.source is not None:
            pattern = _pattern(rf"(?:https?:)?//{system.source}")
            yield from (element for element, source in self._sources if pattern.match(source))

    def _part(self, alternatives: tuple[str, ...], elements: list[HtmlElement]) -> str | None:
        for alternative in alternatives:
            if alternative.startswith("@"):
                told = (_name(element.get(alternative[1:])) for element in elements)
            else:
                match = _pattern(alternative).search(self._text)
                told = (_name(group) for group in (match.groups() if match else ()))
            if (found := next(filter(None, told), None)) is not None:
                return found
        return None


def _status(element: HtmlElement) -> str | None:
    """The number of a tweet: in its last link."""
    numbers = [match[1] for link in element.iter("a") if (match := _STATUS.match(link.get("href", "")))]
    return numbers[-1] if numbers else None


def _name(written: str | None) -> str | None:
    """The name of a thread or recording, escapes taken for what they mean; None for none."""
    name = " ".join(unquote(written or "").split())
    return name[:LONGEST_NAME] or None


@lru_cache(maxsize=256)
def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.MULTILINE)
