"""Comments by the anatomy of the page alone: headings, header lines, their order and nesting."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from crawler.pages.dates import Printed, find_date, whole_date
from crawler.pages.names import byline_names, is_name
from crawler.pages.outline import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lxml.html import HtmlElement

    from crawler.pages.outline import Line, Outline

OPENER = re.compile(
    r"^(?:view\s+|all\s+)?(?:(?P<before>\d[\d,]*)\s+)?(?:(?:reader|user|visitor|blog)\s+)?"
    r"(?:comments?|responses?|replies|thoughts?)\s*(?:[(\[:-]?\s*(?P<after>\d[\d,]*)\s*[)\]]?)?"
    r"(?:\s+(?:on|to|so far)\b.*)?\s*:?$",
    re.IGNORECASE,
)
"""The heading of a list of comments."""

INVITATION = re.compile(
    r"^(?:want to share your thoughts\?|share this post with others\.?"
    r"|subscribe to .*\bcomments\b.*|please enter the word you see.*|submit the word you see.*)$",
    re.IGNORECASE,
)
"""What stands before the comments where they have no heading (ExpressionEngine)."""

NONE_YET = re.compile(r"^(?:there are )?no comments(?: for this entry)?(?: yet)?\.?$", re.IGNORECASE)

FORM = re.compile(
    r"^(?:(?:add|post|leave|write|submit)\s+(?:a\s+)?(?:new\s+)?(?:comment|reply|response)"
    r"|(?:log ?in|sign in|register)\b.*\b(?:to\s+)?(?:post|leave|add|submit|write)?\s*(?:a\s+)?comments?"
    r"|comments (?:are|have been)(?: now)? closed|comment(?:ing)? (?:is|has been) closed"
    r"|your (?:first )?name|join the discussion)\b.*$",
    re.IGNORECASE,
)
"""Where the list of comments gives way to the form, or to the word that there is none."""

BESIDE = re.compile(
    r"^(?:latest|recent|more|other|related|popular|top|most (?:popular|read|viewed|recent))\s+"
    r"(?:stories|posts|entries|articles|news|comments)$"
    r"|^(?:archives?|categories|blogroll|tag cloud|calendar)$",
    re.IGNORECASE,
)
"""Headings of the lists beside a post."""

_WRITES = r"^(?P<name>\S.{{0,59}}?)(?:\s+(?:in|from)\s+(?:the\s+)?(?P<place>{}.{{0,59}}?))?\s+writes:$"
WRITES = (re.compile(_WRITES.format(r"[^\Wa-z_]")), re.compile(_WRITES.format(r"\S")))
"""The header line of a comment in ExpressionEngine's template: "Ron in New York writes:".

A place begins with a capital, if any word after an "in" does: "Anna in exile in France".
"""

_OPENERS = 20
"""So many lines are tried as the heading; a page with thousands of the kind is hostile."""

_OPENING_LINES = 8
"""So many lines may stand between the heading and the first comment (hints, feeds)."""

_NOT_A_NAME = re.compile(
    r"^(?:as|when|he|she|it|they|we|i|you|the|this|that|in|on|at|but|and|so|if|one|who|what|where|there|here)\b",
    re.IGNORECASE,
)

_SENTENCE = re.compile(r"(?:\s[^\s.]{4,}|^[a-z]\S*)[.!?]$")
"""How a sentence ends; a name or a place may end with an initial."""

_SERIAL = re.compile(r"^#\d+\b")
_PAGER = re.compile(
    r"^\W*(?:(?:\d+|go|to|pages?|of|first|prev(?:ious)?|newe(?:r|st)|next|olde(?:r|st)|last|comments)\b\W*)+$",
    re.IGNORECASE,
)

_ORDINAL = re.compile(r"^\W*\d+[.):]?\s+")
_CONNECTORS = re.compile(
    r"\b(?:submitted|posted|comment(?:ed)?|written|by|on|at|said|says|wrote|writes|added|replied)\b"
    r"|\bnot verified\b"
    r"|[|:,;()\[\]#·•–—-]",
    re.IGNORECASE,
)


_LABEL = re.compile(r"^(?:submitted|posted|written|commented|published|comment|date|on|by)\b", re.IGNORECASE)
"""What a template, and no name, begins a header with."""


def writes(text: str) -> re.Match[str] | None:
    """The parts of a line "X in Y writes:"; None where it is something else."""
    if not text.endswith("writes:"):
        return None
    placed, match = (pattern.match(text) for pattern in WRITES)
    if placed is not None and placed["place"]:
        match = placed
    if match is None or _NOT_A_NAME.match(match["name"]) or len(match["name"].split()) > 5:
        return None
    return match


def header_date(line: Line) -> Printed | None:
    """The date in a line that could be, or belong to, the header of a comment; else None."""
    if len(line.text) > 200:
        return None
    printed = find_date(line.text)
    if printed is None:
        return None
    rest = _ORDINAL.sub("", line.text[: printed.start]) + " | " + line.text[printed.end :]
    told = [part for part in map(fold, _CONNECTORS.split(rest)) if part]
    if not told:
        return printed
    if len(told) > 6 or len(" ".join(told)) > 110:
        return None
    return printed if all(_header_word(part) for part in told) else None


_HEADER_WORD = re.compile(
    r"^(?:permalink|permanent link|link|reply|report(?: abuse)?|flag|edit|am|pm|\d+|@)$", re.IGNORECASE
)


def _header_word(part: str) -> bool:
    if _HEADER_WORD.match(part):
        return True
    return len(part) <= 60 and (is_name(part) or (len(part.split()) <= 3 and part[-1] not in "!?"))


@dataclass(slots=True, eq=False)
class Unit:
    """One comment: its lines, and how deep it is nested."""

    lines: list[Line]
    element: HtmlElement | None
    """The element that holds it and nothing else; None where comments are not wrapped."""
    head: HtmlElement | None = None
    """Where it is not wrapped: the block of its header line."""
    depth: tuple[int, int] = (0, 0)
    header: int | None = None
    """The place of its header line, where the thread was told by such lines."""


@dataclass(slots=True, eq=False)
class Thread:
    """The comments on one page."""

    units: list[Unit] = field(default_factory=list)
    places: set[int] = field(default_factory=set)
    """The lines that are the thread's, its heading included."""
    announced: int | None = None
    opener: int | None = None


def find_thread(page: Outline, start: int, end: int) -> Thread:
    """The comments among the lines from ``start`` to ``end`` (exclusive)."""
    lines = page.lines
    for opener in _openers(lines, start, end)[:_OPENERS]:
        heads = _heads(page, opener, _tail(lines, opener, end, has_byline=_has_byline(lines[start:opener])))
        if heads:
            last = max(i for i in (opener, *_openers(lines, start, heads[0])))
            thread = _Cut(page, last, _stop(lines, heads, end), heads).thread()
            thread.announced = announced(lines[opener].text)
            thread.places.update(
                i for i in (last - 1, last - 2) if i >= start and OPENER.match(lines[i].text)
            )
            if last - opener <= _OPENING_LINES and (lines[opener].is_heading or _is_bold(lines[opener])):
                thread.places.update(range(opener, last))
            return thread
    for place in range(start, end):
        if NONE_YET.match(lines[place].text):
            return Thread(places={place}, announced=0, opener=place)
    return _unannounced(page, start, end)


def _unannounced(page: Outline, start: int, end: int) -> Thread:
    """The comments of a page that has no heading for them: a date, and "X in Y writes:" right under it."""
    lines = page.lines
    heads = [i for i in range(start + 1, end - 1) if header_date(lines[i]) and writes(lines[i + 1].text)]
    if not heads:
        return Thread()
    before = heads[0] - 1
    while before > start and heads[0] - before <= 2 and _may_head(lines[before]):
        before -= 1
    thread = _Cut(page, before, _stop(lines, heads, end), heads).thread()
    thread.places.discard(before)
    thread.opener = None
    return thread


def announced(text: str) -> int | None:
    """The number in a heading like "12 Comments"; None where it has none."""
    match = OPENER.match(text)
    number = match and (match["before"] or match["after"])
    return int(number.replace(",", "")) if number else None


def _openers(lines: Sequence[Line], start: int, end: int) -> list[int]:
    """Places where a list of comments may begin, the likeliest first."""
    named = [i for i in range(start, end) if OPENER.match(lines[i].text) and len(lines[i].text) < 120]
    invited = [i for i in range(start, end) if INVITATION.match(lines[i].text)]
    # A heading printed twice (block title and section title) opens at the second.
    twice = set(named)
    named = [i for i in named if i + 1 not in twice]
    headings = [i for i in named if lines[i].is_heading]
    # After the invitation such a word may be of a comment.
    first = [i for i in named if not invited or i < invited[-1]]
    return [*dict.fromkeys([*headings, *first, *reversed(invited), *named])]


def _stop(lines: Sequence[Line], heads: Sequence[int], end: int) -> int:
    """Where the list gives way to the form: at its heading, or at a word that no comment repeats."""
    before = {line.text for line in lines[heads[0] : heads[-1]]}
    for index in range(heads[-1] + 1, end):
        line = lines[index]
        if (
            FORM.match(line.text)
            and line.text not in before
            and (line.is_heading or line.is_links or _is_bold(line) or "closed" in line.text)
        ):
            return index
    return _tail(lines, heads[-1], end, has_byline=False)


def _is_bold(line: Line) -> bool:
    return all(element.tag in ("b", "strong") for _, element in line.pieces)


def _has_byline(lines: Sequence[Line]) -> bool:
    return any(byline_names(line.text.split(" on ")[0]) for line in lines[:12] if len(line.text) < 200)


def _tail(lines: Sequence[Line], start: int, end: int, *, has_byline: bool) -> int:
    """Where a byline and a date stand after the comments, as in the static copy; else ``end``."""
    if has_byline:
        return end
    signed = [
        i for i in range(start + 1, end - 1)
        if byline_names(lines[i].text) and whole_date(lines[i + 1].text) and not find_date(lines[i].text)
    ]  # fmt: skip
    return signed[0] if len(signed) == 1 and signed[0] + 4 > end - 1 else end


def _heads(page: Outline, opener: int, stop: int) -> list[int]:
    """Places of the header lines: those of the kind that most comments begin with."""
    lines = page.lines
    near = opener + _OPENING_LINES
    dated = _foremost(page, [i for i in range(opener + 1, stop) if header_date(lines[i])])
    told = _foremost(page, [i for i in range(opener + 1, stop) if writes(lines[i].text)])
    if told and told[0] <= near and (not dated or dated[0] > near or _outnumber(told, dated)):
        return told
    if not dated or dated[0] > near:
        return []
    # A bare date that nothing follows is the post's, after the comments (the static copy).
    alone = len(page.span(page.outermost(dated[-1], [opener, *dated]))) == 1
    return dated[:-1] if alone and dated[-1] == stop - 1 and len(dated) > 1 else dated


def _outnumber(told: Sequence[int], dated: Sequence[int]) -> bool:
    """Whether lines "X in Y writes:" are the headers, and dated lines only some that comments quote."""
    return told[0] < dated[0] and len(told) > len(dated)


def _foremost(page: Outline, places: Sequence[int]) -> list[int]:
    """Those of the first one's kind; or of another that is more frequent, where the first may be a quotation.

    It may be one only where it stands among the others: dates in the text of
    one comment are apart from its header.
    """
    kinds: dict[tuple[object, ...], list[int]] = {}
    for place in places:
        kinds.setdefault(_kind(page.lines[place]), []).append(place)
    if not kinds:
        return []
    first, *others = kinds.values()
    for kind in others:
        if len(kind) > len(first) and first[0] in page.span(page.common(kind[0], kind[-1])):
            first = kind
    return first


def _kind(line: Line) -> tuple[object, ...]:
    """What header lines have in common: the elements around the date, and the word they begin with."""
    printed = find_date(line.text)
    element = line.pieces[0][1]
    if printed is not None:
        for text, around in line.pieces:
            if find_date(text):
                element = around
                break
    tags: list[object] = []
    node: HtmlElement | None = element
    while node is not None and len(tags) < 3:
        tags.append(node.tag)
        node = node.getparent()
    label = _LABEL.match(line.text)
    return (*tags, printed is not None, label and label[0].casefold())


def _may_head(line: Line) -> bool:
    """Whether a line before the date may belong to the same header: a name, a place, a label, a subject."""
    if line.is_heading or line.is_links:
        return True
    if _SERIAL.match(line.text):
        return True
    if writes(line.text):
        return False
    return _is_bold(line) or (len(line.text) <= 60 and not _SENTENCE.search(line.text))


def _may_precede(previous: int) -> Callable[[Line], bool]:
    """Whether a line may belong to a header, and is not all that the comment of the header before says."""
    return lambda line: (
        _may_head(line) and (line.place > previous + 1 or line.is_heading or line.is_links or _is_bold(line))
    )


class _Cut:
    """Cuts the lines of a thread into units."""

    def __init__(self, page: Outline, opener: int, stop: int, heads: list[int]) -> None:
        self.page, self.opener, self.stop, self.heads = page, opener, stop, heads
        avoid = [opener, *heads, stop]
        first = page.outermost(heads[0], avoid)
        # Where replies stand inside what they answer, the text before a header is of the one before;
        # but where the date stands under the text, it is its own.
        before = page.lines[page.span(first).start : heads[0]]
        before_text = all(map(_may_head, before))
        self.elements = [first] + [
            page.outermost(head, avoid, _may_precede(previous) if before_text else None)
            for previous, head in pairwise(heads)
        ]
        # Where all stands in one block, broken by <br> alone, a header is no more than its line.
        self.spans = [
            range(head, head + 1) if before in span or after in span else span
            for before, head, after, span in zip(
                avoid, heads, avoid[2:], map(page.span, self.elements), strict=False
            )
        ]

    def thread(self) -> Thread:
        """The units: what wraps each header, and what stands from there to the next."""
        loose = [self._tells(self._gap(index)) for index in range(len(self.heads))]
        lead = self._lead() if all(loose[:-1]) else 0
        units, places = [], {self.opener}
        for index, head in enumerate(self.heads):
            span, element = self.spans[index], self.elements[index]
            stop = span.stop
            if loose[index]:
                follows = index + 1 < len(self.heads)
                stop = max(stop, self._front(index + 1, lead) if follows else self._gap(index).stop)
            span = range(self._front(index, lead), stop)
            places.update(span)
            lines = [self.page.lines[i] for i in span]
            wrapped = None if loose[index] else element
            units.append(Unit(lines, wrapped, element, self._depth(head, index), head))
        return Thread(units, places, opener=self.opener)

    def _front(self, index: int, lead: int) -> int:
        """Where the header of a unit begins: at the label that the first one begins with, if it has any."""
        start = self.spans[index].start
        if not lead:
            return start
        label = self.page.lines[self.opener + 1].text
        if label.endswith(":"):
            labelled = [
                i for i in range(max(start - 8, self.opener + 1), start) if self.page.lines[i].text == label
            ]
            return labelled[-1] if labelled else start
        return max(start - lead, self.opener + 1)

    def _gap(self, index: int) -> range:
        """The lines between what wraps a header and what wraps the next."""
        after = self.spans[index].stop
        if index + 1 < len(self.spans):
            return range(after, max(after, self.spans[index + 1].start))
        if len(self.spans[index]) > 1 and self.heads[index] < after - 1:  # it wraps its text as well
            return range(after, after)
        return range(after, max(after, self._end()))

    def _tells(self, gap: range) -> bool:
        """Whether a gap holds text, and not only links like "reply"."""
        return any(not line.is_links and len(line.text) > 2 for line in (self.page.lines[i] for i in gap))

    def _lead(self) -> int:
        """How many lines of a header stand before the element with its date."""
        between = range(self.opener + 1, self.spans[0].start)
        if any(line.links and _PAGER.match(line.text) for line in (self.page.lines[i] for i in between)):
            return 0
        short = all(len(self.page.lines[i].text) <= 60 for i in between)
        return len(between) if short and len(between) <= 5 else 0

    def _end(self) -> int:
        """Where the last unit ends when nothing wraps it."""
        if len(self.heads) > 1:
            around = self.page.common(self.heads[0], self.heads[-1])
        else:
            around = (
                self.elements[0].getparent() if self.elements[0].getparent() is not None else self.elements[0]
            )
        return min(self.stop, max(self.page.span(around).stop, self.spans[-1].stop))

    def _depth(self, head: int, index: int) -> tuple[int, int]:
        depth = sum(1 for _ in self.page.lines[head].block.iterancestors())
        margin = re.search(r"(?:margin|padding)-left:\s*(\d{1,6})", self.elements[index].get("style") or "")
        return depth, int(margin[1]) if margin else 0


def parents_by_nesting(units: Sequence[Unit]) -> list[int | None]:
    """For each unit the place of the nearest one before it that is less deep, or None."""
    parents: list[int | None] = []
    open_: list[int] = []
    for index, unit in enumerate(units):
        while open_ and units[open_[-1]].depth >= unit.depth:
            open_.pop()
        parents.append(open_[-1] if open_ else None)
        open_.append(index)
    return parents
