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
    """The markup that lines stand in, from the innermost element around them; None without lines."""
    nodes = [node for line in lines for node in (line.block, *(element for _, element in line.pieces))]
    if not nodes:
        return None
    around = _common(nodes)
    held = {child for node in nodes if (child := _child_holding(around, node)) is not None}
    if any(element is around for line in lines for _, element in line.pieces):
        return inner_html(around)
    return "\n".join(_markup(child, tail=False) for child in around if child in held).strip()


def _common(nodes: list[HtmlElement]) -> HtmlElement:
    """The innermost element around all nodes, or the one they all are."""
    common = [nodes[0], *nodes[0].iterancestors()]
    for node in nodes[1:]:
        line = {node, *node.iterancestors()}
        common = [element for element in common if element in line]
    return common[0]


def _child_holding(around: HtmlElement, node: HtmlElement) -> HtmlElement | None:
    """The child of ``around`` that is or holds ``node``; None where the node is ``around`` itself."""
    while node is not around:
        parent = node.getparent()
        if parent is None or parent is around:
            return node
        node = parent
    return None


def _markup(element: HtmlElement, *, tail: bool = True) -> str:
    return str(etree.tostring(element, encoding="unicode", method="html", with_tail=tail))
