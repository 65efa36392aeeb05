"""The text of a page as lines: what a reader sees, in order, whatever the markup is called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav noscript ol p pre section
    summary table tbody tfoot thead tr ul""".split(),
)
"""Elements that end a paragraph."""

CELLS = frozenset({"td", "th"})
"""Elements that stand side by side: each a block of its own, with a blank between them in the text."""

SILENT = frozenset(
    """applet area audio base button canvas datalist embed form frame frameset head iframe input link map
    math meta meter object optgroup option param progress script select style svg template textarea title
    track video""".split(),
)
"""Elements without text of their own that a reader would take for the page's."""

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

_BLANKS = re.compile(r"[\s\u00a0\u200b\ufeff]+")


def fold(text: str | None) -> str:
    """``text`` with each run of blanks, the no-break one too, made one, and none at the ends."""
    return _BLANKS.sub(" ", text or "").strip()


@dataclass(slots=True, eq=False)
class Line:
    """One line: the text between two ends of a block or ``<br>``, blanks folded, never empty."""

    block: HtmlElement
    """The innermost block (or table cell) around it."""
    gap: str
    """What stands between this line and the one before: ``""`` (a cell), ``"\\n"`` or ``"\\n\\n"``."""
    text: str = ""
    pieces: list[tuple[str, HtmlElement]] = field(default_factory=list)
    """Its runs of text, each with the innermost element around it."""
    links: list[HtmlElement] = field(default_factory=list)
    """The ``<a href>`` in it."""
    linked: int = 0
    """How many characters stand inside links."""

    @property
    def is_links(self) -> bool:
        """Whether hardly anything but links is in it."""
        return bool(self.links) and self.linked * 10 >= len(self.text.replace("|", "").replace(" ", "")) * 8

    @property
    def is_heading(self) -> bool:
        """Whether it stands in a heading element."""
        return self.block.tag in HEADINGS


class _Writer:
    """Collects runs of text into lines."""

    def __init__(self, root: HtmlElement) -> None:
        self.lines: list[Line] = []
        self._blocks: list[HtmlElement] = [root]
        self._links: list[HtmlElement] = []
        self._runs: list[tuple[str, HtmlElement, HtmlElement | None]] = []
        self._breaks = 2
        self._cell = False

    def start(self, element: HtmlElement) -> bool:
        """Open an element; False when nothing in it is to be read."""
        tag = element.tag
        if tag in SILENT:
            return False
        if tag == "br":
            self._end()
            self._breaks += 1
        elif tag in BLOCKS or tag in CELLS:
            self._boundary(tag)
            self._blocks.append(element)
        elif tag == "a" and element.get("href") is not None:
            self._links.append(element)
        self.text(element.text, element)
        return True

    def end(self, element: HtmlElement) -> None:
        """Close an element that was opened."""
        tag = element.tag
        if tag in BLOCKS or tag in CELLS:
            self._boundary(tag)
            self._blocks.pop()
        elif self._links and self._links[-1] is element:
            self._links.pop()

    def text(self, run: str | None, element: HtmlElement) -> None:
        """A run of text directly in ``element``."""
        if run:
            self._runs.append((run, element, self._links[-1] if self._links else None))

    def _boundary(self, tag: str) -> None:
        self._end()
        if tag in CELLS:
            self._cell = True
        else:
            self._breaks = 2

    def finish(self) -> None:
        """End the last line."""
        self._end()

    def _end(self) -> None:
        runs, self._runs = self._runs, []
        pieces = [(text, element, link) for run, element, link in runs if (text := fold(run))]
        if not pieces:
            return
        gap = "\n" * min(self._breaks, 2) if self._breaks or not self._cell else ""
        line = Line(block=self._blocks[-1], gap=gap or ("" if self._cell else "\n"))
        line.text = fold("".join(run for run, _, _ in runs))
        line.pieces = [(text, element) for text, element, _ in pieces]
        for text, _, link in pieces:
            if link is not None:
                line.linked += len(text.replace(" ", ""))
                if not line.links or line.links[-1] is not link:
                    line.links.append(link)
        self.lines.append(line)
        self._breaks, self._cell = 0, False


def outline(root: HtmlElement) -> list[Line]:
    """The lines of an element, in order."""
    writer = _Writer(root)
    silent: HtmlElement | None = None
    for event, element in (walker := etree.iterwalk(root, events=("start", "end", "comment", "pi"))):
        if event == "start":
            if not writer.start(element):
                silent = element
                walker.skip_subtree()
            continue
        if event == "end":
            if element is silent:
                silent = None
            else:
                writer.end(element)
        if element is not root and (parent := element.getparent()) is not None:
            writer.text(element.tail, parent)
    writer.finish()
    return writer.lines


def text_of(lines: Iterable[Line]) -> str:
    """Lines as text: a blank line between blocks, a line end for ``<br>``, a blank between table cells."""
    pieces: list[str] = []
    for line in lines:
        if pieces:
            pieces.append(line.gap or " ")
        pieces.append(line.text)
    return "".join(pieces)


class Outline:
    """The lines of a document, and which of them each element holds."""

    def __init__(self, root: HtmlElement) -> None:
        self.lines = outline(root)
        self._spans: dict[HtmlElement, tuple[int, int]] = {}
        for index, line in enumerate(self.lines):
            element: HtmlElement | None = line.block
            while element is not None:
                first, _ = self._spans.get(element, (index, index))
                self._spans[element] = (first, index)
                if element is root:
                    break
                element = element.getparent()

    def span(self, element: HtmlElement) -> range:
        """The places of the lines in a block element; empty when it holds none."""
        first, last = self._spans.get(element, (0, -1))
        return range(first, last + 1)

    def around(self, index: int) -> Iterator[HtmlElement]:
        """The block around a line, and the elements around that, innermost first."""
        element: HtmlElement | None = self.lines[index].block
        while element is not None and element in self._spans:
            yield element
            element = element.getparent()

    def common(self, first: int, last: int) -> HtmlElement:
        """The innermost element that holds both lines."""
        return next(element for element in self.around(first) if last in self.span(element))

    def outermost(self, index: int, avoid: Iterable[int]) -> HtmlElement:
        """The outermost element around a line that holds none of the lines to avoid."""
        strangers = set(avoid) - {index}
        chosen = self.lines[index].block
        for element in self.around(index):
            span = self.span(element)
            if any(stranger in span for stranger in strangers):
                break
            chosen = element
        return chosen
