"""Markup as served, cut out of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

    from crawler.pages.outline import Line


def inner_html(element: HtmlElement) -> str:
    """What is in an element."""
    return ((element.text or "") + "".join(_markup(child) for child in element)).strip()


def html_of(lines: Iterable[Line]) -> str | None:
    """The blocks that lines stand in, each once; None without lines."""
    blocks: dict[HtmlElement, None] = {}
    for line in lines:
        if blocks.keys().isdisjoint((line.block, *line.block.iterancestors())):
            blocks[line.block] = None
    return "\n".join(_markup(block, tail=False) for block in blocks).strip() or None


def _markup(element: HtmlElement, *, tail: bool = True) -> str:
    return str(etree.tostring(element, encoding="unicode", method="html", with_tail=tail))
