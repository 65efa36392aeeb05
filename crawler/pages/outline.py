"""The text of a page as lines: what a reader sees, in order, whatever the markup is called."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lxml.html import HtmlElement

BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav noscript ol
    p pre section summary table tbody tfoot thead tr ul""".split()
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

_EDGES = BLOCKS | CELLS
_TOLD = _EDGES | {"a", "br", "img"}
"""Elements that make a difference to lines, by more than their text."""

_FRAMED_LINKS = 5
"""Fewer links than these may stand in a form that only asks for something."""

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


def fold(text: str | None) -> str:
    """``text`` with each run of blanks, the no-break one too, made one, and none at the ends."""
    return " ".join(text.split()) if text else ""


@dataclass(slots=True, eq=False)
class Line:
    """One line: the text between two ends of a block or ``<br>``, blanks folded, never empty."""

    place: int
    """Its place among the lines of the outline, from 0."""
    block: HtmlElement
    """The innermost block (or table cell) around it."""
    gap: str
    """What stands between this line and the one before: ``" "`` (cells), ``"\n"`` or ``"\n\n"``."""
    text: str
    runs: list[tuple[str, HtmlElement, HtmlElement | None]]
    """Its runs of text as served, each with the innermost element and the ``<a href>`` around it."""

    @property
    def pieces(self) -> list[tuple[str, HtmlElement]]:
        """Its runs of text, blanks folded, each with the innermost element around it."""
        return [(piece, element) for run, element, _ in self.runs if (piece := fold(run))]

    @property
    def links(self) -> list[HtmlElement]:
        """The ``<a href>`` in it."""
        links = dict.fromkeys(link for run, _, link in self.runs if link is not None and not run.isspace())
        return list(links)

    @property
    def linked(self) -> int:
        """How many characters, blanks aside, stand inside links."""
        return sum(len("".join(run.split())) for run, _, link in self.runs if link is not None)

    @property
    def is_links(self) -> bool:
        """Whether hardly anything but links is in it."""
        linked = self.linked
        return linked > 0 and linked * 10 >= len(self.text.replace("|", "").replace(" ", "")) * 8

    @property
    def is_heading(self) -> bool:
        """Whether it stands in a heading element."""
        return self.block.tag in HEADINGS


class Outline:
    """The lines of an element, and which of them each block in it holds."""

    def __init__(self, root: HtmlElement) -> None:
        self.lines: list[Line] = []
        self.pictures: list[tuple[int, HtmlElement]] = []
        """Each ``<img>`` with the number of lines that end before it."""
        self._spans: dict[HtmlElement, range] = {}
        self._blocks: list[tuple[HtmlElement, int]] = [(root, 0)]
        self._links: list[HtmlElement] = []
        self._runs: list[tuple[str, HtmlElement, HtmlElement | None]] = []
        self._breaks, self._cell = 2, False
        self._walk(root)
        self._end_line()
        self._spans[root] = range(len(self.lines))

    def _walk(self, root: HtmlElement) -> None:
        # Not recursive: a hostile page nests deeper than Python's stack. Every element of every page
        # comes through here, so what most of them are not is asked first.
        runs, links, silent, frame = self._runs, self._links, None, _frame(root)
        walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, element in walker:
            if event == "start":
                tag = element.tag
                if tag in SILENT and element is not frame:
                    silent = element
                    walker.skip_subtree()
                    continue
                if tag in _TOLD:
                    self._start(tag, element)
                if (run := element.text) and (runs or not run.isspace()):
                    runs.append((run, element, links[-1] if links else None))
                continue
            if event == "end":
                if element is silent:
                    silent = None
                elif element.tag in _TOLD:
                    self._end(element.tag, element)
            if (run := element.tail) and (runs or not run.isspace()) and element is not root:
                runs.append((run, element.getparent(), links[-1] if links else None))

    def _start(self, tag: str, element: HtmlElement) -> None:
        if tag in _EDGES:
            self._edge(tag)
            self._blocks.append((element, len(self.lines)))
        elif tag == "br":
            self._end_line()
            self._breaks += 1
        elif tag == "img":
            self.pictures.append((len(self.lines), element))
        elif element.get("href") is not None:
            self._links.append(element)

    def _end(self, tag: str, element: HtmlElement) -> None:
        if tag in _EDGES:
            self._edge(tag)
            block, first = self._blocks.pop()
            self._spans[block] = range(first, len(self.lines))
        elif self._links and self._links[-1] is element:
            self._links.pop()

    def _edge(self, tag: str) -> None:
        if self._runs:
            self._end_line()
        if tag in CELLS:
            self._cell = True
        else:
            self._breaks = 2

    def _end_line(self) -> None:
        if not self._runs:
            return
        runs = self._runs.copy()
        self._runs.clear()
        text = fold(runs[0][0] if len(runs) == 1 else "".join([run for run, _, _ in runs]))
        gap = "\n" * min(self._breaks, 2) or (" " if self._cell else "\n")
        self.lines.append(Line(len(self.lines), self._blocks[-1][0], gap, text, runs))
        self._breaks, self._cell = 0, False

    def span(self, element: HtmlElement) -> range:
        """The places of the lines in a block or table cell; empty for other elements."""
        return self._spans.get(element, range(0))

    def within(self, element: HtmlElement) -> list[Line]:
        """The lines in an element; for an inline element, those that stand in it whole."""
        if element in self._spans:
            span = self._spans[element]
            return self.lines[span.start : span.stop]
        block: HtmlElement | None = element
        while block is not None and block not in self._spans:
            block = block.getparent()
        span = self.span(block) if block is not None else range(0)
        return [line for line in self.lines[span.start : span.stop] if _holds(element, line)]

    def around(self, place: int) -> Iterator[HtmlElement]:
        """The block around a line, and the elements around that, innermost first."""
        element: HtmlElement | None = self.lines[place].block
        while element is not None:
            if element in self._spans:
                yield element
            element = element.getparent()

    def common(self, first: int, last: int) -> HtmlElement:
        """The innermost element that holds both lines."""
        return next(element for element in self.around(first) if last in self.span(element))

    def outermost(
        self, place: int, avoid: Sequence[int], may_precede: Callable[[Line], bool] | None = None
    ) -> HtmlElement:
        """The outermost element around a line that holds none of the lines to avoid, which are in order.

        Where ``may_precede`` is given, each line before it in the element must pass it.
        """
        at = bisect_left(avoid, place)
        before = avoid[at - 1] if at else -1
        at = bisect_right(avoid, place)
        after = avoid[at] if at < len(avoid) else len(self.lines)
        chosen, start = self.lines[place].block, place
        for element in self.around(place):
            span = self.span(element)
            if span.start <= before or span.stop > after:
                break
            if may_precede and not all(may_precede(line) for line in self.lines[span.start : start]):
                break
            chosen, start = element, span.start
        return chosen


def _frame(root: HtmlElement) -> HtmlElement | None:
    """The form around the page itself, as ASP.NET writes it: most links stand in it; or None.

    A form that asks for something has few.
    """
    most, inside = None, _FRAMED_LINKS - 1
    for form in root.iter("form"):
        links = sum(1 for _ in form.iter("a"))
        if links > inside:
            most, inside = form, links
    return most if most is not None and inside * 2 > sum(1 for _ in root.iter("a")) else None


def _holds(element: HtmlElement, line: Line) -> bool:
    """Whether the whole line stands in the element."""
    return all(node is element or element in node.iterancestors() for _, node in line.pieces)


def text_of(lines: Iterable[Line]) -> str:
    """Lines as text: a blank line between blocks, a line end for ``<br>``, a blank between table cells."""
    pieces: list[str] = []
    for line in lines:
        if pieces:
            pieces.append(line.gap)
        pieces.append(line.text)
    return "".join(pieces)
