"""The text of a whole page by the contract's rules of blocks, breaks and blanks: a second opinion."""

from __future__ import annotations

import re

from lxml import html

SILENT = {"script", "style", "form", "object", "iframe", "head", "noscript"}
INLINE = set(
    "a abbr b big cite code del em font i img input ins o:p q s small span strike strong sub sup time".split()
)


def page_text(page: bytes) -> str:
    """Blocks apart by a blank line, `<br>` a line end, blanks one; cells of a row stand on one line."""
    parser = html.HTMLParser(encoding=None if b"iso-8859-1" in page else "utf-8")
    out: list[str] = []
    _walk(html.fromstring(page, parser=parser), out)
    text = re.sub(r"[ \t\r\n\u00a0]+", " ", "".join(out))
    return re.sub(
        r"\n{3,}",
        "\n\n",
        re.sub(r" *([\x00\x01]) *", r"\1", text).replace("\x00", "\n\n").replace("\x01", "\n"),
    )


def titles(page: bytes) -> str:
    """What shows when the mouse rests on a picture."""
    return " ".join(image.get("title", "") for image in html.fromstring(page).iter("img"))


def _is_frame(node: html.HtmlElement) -> bool:
    """Whether a form is around the whole page."""
    return node.tag == "form" and node.find(".//h1") is not None


def _walk(node: html.HtmlElement, out: list[str]) -> None:
    if not isinstance(node.tag, str) or (node.tag in SILENT and not _is_frame(node)):
        return
    if node.tag == "br":
        out.append("\x01")
    edge = "" if node.tag in INLINE or node.tag == "br" else " " if node.tag in {"td", "th"} else "\x00"
    out.append(edge)
    out.append(node.text or "")
    for child in node:
        _walk(child, out)
        out.append(child.tail or "")
    out.append(edge)
