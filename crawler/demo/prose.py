"""The few marks in which the demo blog's texts are written, as HTML and as plain text."""

from __future__ import annotations

import re
from html import escape

_LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")
_ITALIC = re.compile(r"\*([^*]+)\*")


def as_html(text: str) -> str:
    """The text as Drupal's filters would have made HTML of it; each block on a line of its own."""
    return "".join(f"{_block_as_html(block)}\n" for block in _blocks(text))


def as_text(text: str) -> str:
    """What a reader sees: a blank line between blocks, a line end for a line end, no marks."""
    plain = _ITALIC.sub(r"\1", _LINK.sub(r"\1", text))
    blocks = ["\n\n".join(_entries(block)) or block.removeprefix("> ") for block in _blocks(plain)]
    return "\n\n".join(blocks)


def targets(text: str) -> list[str]:
    """Where the links in the text lead, in their order."""
    return [match[2] for match in _LINK.finditer(text)]


def _blocks(text: str) -> list[str]:
    return text.strip().split("\n\n")


def _entries(block: str) -> list[str]:
    """The entries of a list; none where the block is no list."""
    return [line.removeprefix("- ") for line in block.split("\n") if line.startswith("- ")]


def _block_as_html(block: str) -> str:
    if entries := _entries(block):
        return "<ul>\n" + "".join(f"<li>{_inline(entry)}</li>\n" for entry in entries) + "</ul>"
    if block.startswith("> "):
        return f"<blockquote><p>{_inline(block.removeprefix('> '))}</p></blockquote>"
    return f"<p>{_inline(block)}</p>"


def _inline(text: str) -> str:
    marked = _LINK.sub(r'<a href="\2">\1</a>', escape(text, quote=False))
    return _ITALIC.sub(r"<em>\1</em>", marked).replace("\n", "<br />\n")
