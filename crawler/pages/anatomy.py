"""A post by the order and the wording of the page: title, byline, date, captions, body, and what follows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawler.pages.dates import Printed, find_date, stated_moment, whole_date
from crawler.pages.names import ABOUT, BYLINE, byline_names, is_name, split_names
from crawler.pages.outline import fold
from crawler.pages.thread import BESIDE, FORM, INVITATION, NONE_YET, OPENER, Thread, find_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lxml.html import HtmlElement

    from crawler.pages.outline import Line, Outline

SOURCE = "anatomy"

_LABEL = re.compile(
    r"^(?:topics?|tags?|tagged(?: with| as)?|filed under|filed in|categor(?:y|ies)|posted in)\s*(?::|$)",
    re.IGNORECASE,
)
_LABEL_OF_LINKS = re.compile(
    r"^(?:tagged(?: with| as)?|filed (?:under|in)|posted (?:in|under)|topics?|tags?|categor(?:y|ies))\s",
    re.IGNORECASE,
)
"""A label without a colon; only links may follow."""

_NAVIGATION = re.compile(
    r"^[«‹<←\s]*(?:(?:first|last|prev(?:ious)?|next|older|newer)(?: post| entry)?|back|home|top|permalink"
    r"|printer[- ]friendly(?: version| page)?|(?:print|e-?mail|share)(?: this)?(?: page| post)?"
    r"|read more|continue reading|more|tweet|facebook|twitter|digg|delicious|reddit|stumbleupon"
    r"|log ?in|register|(?:\d+ )?comments?|reply|rss|subscribe|send to (?:a )?friend)[»›>→\s.]*$",
    re.IGNORECASE,
)
_BARE_LABEL = re.compile(r"^(?:\w+\s){0,2}\w+:$")
_CREDIT = re.compile(
    r"\[[^\]]*\b(?:photos?|image|AP|AFP|Reuters|Getty|courtesy|credit)\b[^\]]*\]\W*$", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?:,;…][\"'”’)\]]*$")
_PERMALINK = re.compile(r"/\d{4}/\d\d?/|/entr(?:y|ies)/")
_TITLE_RANKS = {"h1": 4.0, "h2": 3.0, "h3": 2.0, "h4": 1.5}
_SITE_SEPARATOR = re.compile(r"\s+(?:[|»«·•:–—]|::|--?)\s+")


@dataclass(slots=True)
class Anatomy:
    """Where each part of a post stands: places of lines in the outline."""

    title: int | None = None
    byline: list[int] = field(default_factory=list)
    byline_text: str | None = None
    names: list[str] = field(default_factory=list)
    date: int | None = None
    printed: Printed | None = None
    published_at: str | None = None
    captions: list[int] = field(default_factory=list)
    body: list[int] = field(default_factory=list)
    container: HtmlElement | None = None
    """The element that holds the body; None where nothing does."""
    tags: list[str] = field(default_factory=list)
    zones: list[range] = field(default_factory=list)
    """The lines among which the pictures of the post stand."""
    thread: Thread = field(default_factory=Thread)


def find_title(page: Outline, document_title: str | None) -> int | None:
    """The line that is the title: a heading, or else any line, that the document's title repeats."""
    whole = fold(document_title)
    if not whole:  # then the first heading that is no link home has to do
        headings = (line.place for line in page.lines if line.is_heading and not _leads_home(line))
        return next(headings, None)
    told = {whole, *(part for part in _SITE_SEPARATOR.split(whole))} - {""}
    best, score = None, 0.0
    for index, line in enumerate(page.lines):
        rank = _TITLE_RANKS.get(line.block.tag, 0.0)
        if line.text in told or (3 < len(line.text) <= len(whole) and _begins_or_ends(whole, line.text)):
            rank += 10 + len(line.text) / 100
        elif line.block.tag != "h1":
            continue
        if line.is_links:
            rank -= 12 if _leads_home(line) else 3
        if rank > score:
            best, score = index, rank
    return best


def _begins_or_ends(whole: str, text: str) -> bool:
    return whole.startswith(text) or whole.endswith(text)


def _leads_home(line: Line) -> bool:
    return any((link.get("href") or "").rstrip("/").count("/") in (0, 2) and line.is_links
               and (link.get("href") or "/")[-1:] == "/" for link in line.links)  # fmt: skip


def list_beside(page: Outline, start: int) -> int:
    """Where the list beside the post begins ("Latest Stories"), or where the lines end."""
    lines = page.lines
    for index in range(start, len(lines)):
        following = lines[index + 1 : index + 3]
        if BESIDE.match(lines[index].text) and (
            lines[index].is_heading or not following or _lists_posts(following)
        ):
            return index
    return len(lines)


def _lists_posts(lines: Sequence[Line]) -> bool:
    return any(_PERMALINK.search(link.get("href") or "") for line in lines for link in line.links)


class Reader:
    """Finds the parts of one post."""

    def __init__(self, page: Outline, title: int | None, thread: Thread | None) -> None:
        self.page = page
        self.lines = page.lines
        self.found = Anatomy(title=title)
        self.start = 0 if title is None else title + 1
        self.end = list_beside(page, self.start)
        self.found.thread = thread if thread is not None else find_thread(page, self.start, self.end)
        self.head, self.tail = self._regions()
        self._furniture: set[int] = set()
        """Lines that are neither body nor caption."""

    def read(self) -> Anatomy:
        """The parts, each where it stands."""
        self._byline()
        self._container()
        self._date()
        self._tags()
        self._captions_and_body()
        return self.found

    def _regions(self) -> tuple[range, range]:
        """The lines before the comments, and those after them."""
        places = self.found.thread.places
        first = min(places, default=self.end)
        last = max(places, default=None)
        for index in range(self.start, first):
            if self._closes(self.lines[index], told=bool(places)):
                return range(self.start, index), range((index if last is None else last) + 1, self.end)
        return range(self.start, max(self.start, first)), range(
            self.end if last is None else last + 1, self.end
        )

    @staticmethod
    def _closes(line: Line, *, told: bool) -> bool:
        """Whether a line shows that the post is over, though no comment begins there."""
        if INVITATION.match(line.text) or NONE_YET.match(line.text):
            return True
        if FORM.match(line.text) and (line.is_heading or "closed" in line.text):
            return True
        return not told and bool(OPENER.match(line.text)) and line.is_heading

    # Byline and date

    def _byline(self) -> None:
        order = [*self.head[:12], *self.tail, *self.head[12:]]
        for index in order:
            if self._is_byline(index):
                return

    def _is_byline(self, index: int) -> bool:
        line = self.lines[index]
        if len(line.text) > 300 or not BYLINE.match(line.text):
            return False
        text, printed = _without_date(line.text)
        if BYLINE.sub("", text).strip(" :"):
            names = byline_names(text)
            places = [index]
        else:  # a label alone; the names stand in the lines that follow
            places, names = self._names_below(index)
            printed_names = [self.lines[place].text for place in places[1:]]
            text = f"{text.rstrip(' :')} {', '.join(printed_names)}"
        if not names:
            return False
        self.found.byline, self.found.byline_text, self.found.names = places, label_without_colon(text), names
        if printed is not None:
            self.found.date, self.found.printed = index, printed
        return True

    def _names_below(self, label: int) -> tuple[list[int], list[str]]:
        places = [label]
        names: list[str] = []
        for index in range(label + 1, min(label + 9, len(self.lines))):
            line = self.lines[index]
            told = split_names(line.text)
            if not all(map(is_name, told)) or whole_date(line.text) or (names and not line.is_links):
                break
            places.append(index)
            names += told
            if not line.is_links:
                break
        return places, names

    def _date(self) -> None:
        if self.found.printed is not None:
            return
        body = set(self.page.span(self.found.container)) if self.found.container is not None else set()
        first = min(
            (i for i in self.head if i in body and len(self.lines[i].text) > 80), default=self.head.stop
        )
        near = [i + step for i in self.found.byline for step in (1, -1, 2)]
        order = [
            *near,
            *(i for i in self.head if i < first),
            *reversed(self.tail),
            *(i for i in self.head if i not in body),
        ]
        for index in order:
            line = self.lines[index] if 0 <= index < len(self.lines) else None
            printed = whole_date(line.text) if line is not None else None
            if line is not None and printed is not None and (index in self.head or index in self.tail):
                self.found.date, self.found.printed = index, printed
                self.found.published_at = stated_in(line)
                return

    # Body

    def _container(self) -> None:
        """The innermost element around three quarters of the text before the comments."""
        weights: dict[HtmlElement, int] = {}
        total = 0
        for index in self.head:
            line = self.lines[index]
            if line.is_links or not self._is_paragraph(index) or index in self.found.byline:
                continue
            total += len(line.text)
            for element in self.page.around(index):
                weights[element] = weights.get(element, 0) + len(line.text)
        heavy = [element for element, weight in weights.items() if weight * 4 >= total * 3]
        # A lone paragraph is not its own container: what follows it may be of the body too.
        if heavy:
            self.found.container = min(
                heavy, key=lambda element: (len(self.page.span(element)), _height(element))
            )
            if self.found.container.tag in ("p", "li", "blockquote"):
                self.found.container = self.found.container.getparent()

    def _tags(self) -> None:
        for index in [*self.head, *self.tail]:
            line = self.lines[index]
            match = _LABEL.match(line.text)
            if match is None and (match := _LABEL_OF_LINKS.match(line.text)) and not _ends_in_links(line):
                continue
            if match is None or len(line.text) > 300 or (index in self.tail and not line.links):
                continue
            told = [fold(link.text_content()) for link in line.links]
            if not told and line.text[match.end() :].strip():
                told = [fold(part) for part in line.text[match.end() :].split(",")]
            self._furniture.add(index)
            if not told:
                first = self.lines[min(index + 1, self.end - 1)].block
                for below in range(index + 1, min(index + 20, self.end)):
                    block = self.lines[below].block
                    if not self.lines[below].is_links or block.getparent() is not first.getparent():
                        break
                    self._furniture.add(below)
                    told += [fold(link.text_content()) for link in self.lines[below].links]
            self.found.tags = [tag for tag in told if tag]
            return

    def _captions_and_body(self) -> None:
        known = {
            *self._furniture,
            *self.found.byline,
            *([] if self.found.date is None else [self.found.date]),
        }
        labels = {i for i in self.head if i + 1 in known and _BARE_LABEL.match(self.lines[i].text)}
        told = [i for i in self.head if i not in known | labels and not self._is_navigation(i)]
        container = self.found.container
        inside = set(self.page.span(container)) if container is not None else set()
        around = container.getparent() if container is not None else None
        told = [i for i in told if around is None or i < (self.page.span(around).stop or self.end)]
        apart = container is not None and self._holds_only_text(inside, known)
        body: list[int] = []
        for index in told:
            if not body and self._is_caption(index, outside=apart and index not in inside):
                self.found.captions.append(index)
            elif not apart or index in inside:
                body.append(index)
            elif self._is_below(index, inside):
                self.found.captions.append(index)
            elif self._is_paragraph(index):
                body.append(index)
        figures = [i for i in body if self._is_figure_text(i)]
        self.found.body = [i for i in body if i not in figures]
        captions = {*self.found.captions, *figures, *self._late_captions(self.found.body)}
        self.found.captions = sorted(captions)
        late = [i for i in (*self.found.captions, *self.found.byline, self.found.date) if i in self.tail]
        self.found.zones = [self.head, *([self.tail] if late else [])]
        if not apart:
            self.found.container = None

    def _holds_only_text(self, inside: set[int], known: set[int]) -> bool:
        """Whether the container holds the body and not the title, the byline or the date as well."""
        return not inside & known and (self.found.title not in inside)

    def _is_navigation(self, index: int) -> bool:
        line = self.lines[index]
        if FORM.match(line.text) and line.links and len(line.text) < 80:
            return True
        return line.is_links and all(_NAVIGATION.match(fold(link.text_content())) for link in line.links)

    def _is_caption(self, index: int, *, outside: bool) -> bool:
        line = self.lines[index]
        if line.is_links or line.is_heading or len(line.text) > 500 or ABOUT.match(line.text):
            return False
        if self._is_figure_text(index) or _CREDIT.search(line.text):
            return True
        if is_link_bar(line) or line.text.casefold().startswith("update:"):
            return False
        if outside:
            return True
        return not _SENTENCE_END.search(line.text) and len(line.text) <= 200

    def _is_figure_text(self, index: int) -> bool:
        """Whether a line stands under a picture in the same figure, or is marked as its caption."""
        line = self.lines[index]
        if line.block.tag in ("figcaption", "caption"):
            return bool(line.block.tag == "figcaption")
        for element in self.page.around(index):
            if element.tag in ("figure", "figcaption"):
                return True
            if len(self.page.span(element)) > 2 or element.tag == "body":
                return False
            if element.find(".//img") is not None and len(line.text) <= 300 and element.tag != "p":
                return True
        return False

    def _is_below(self, index: int, inside: set[int]) -> bool:
        """Whether a caption stands under the body; a sentence is one only where a picture lacks its own."""
        line = self.lines[index]
        if (
            index < max(inside)
            or line.text.count(" ") < 2
            or line.text[-1] == ":"
            or not self._is_apart(line)
        ):
            return False
        if self._is_paragraph(index):
            pictures = sum(1 for place, _ in self.page.pictures if self.head.start <= place <= self.head.stop)
            if len(line.text) > 300 or pictures <= len(self.found.captions):
                return False
        return self._is_caption(index, outside=True)

    def _is_paragraph(self, index: int) -> bool:
        text = self.lines[index].text
        return len(text) > 100 or bool(_SENTENCE_END.search(text))

    def _late_captions(self, body: list[int]) -> list[int]:
        """Lines before a byline or date that stands after the text (the static copy)."""
        last = max(body, default=self.start - 1)
        marks = [i for i in (*self.found.byline, self.found.date) if i is not None and i > last]
        if not marks:
            return []
        between = [i for i in [*self.head, *self.tail] if last < i < min(marks)]
        return [i for i in between if self._is_caption(i, outside=True) and self._is_apart(self.lines[i])]

    @staticmethod
    def _is_apart(line: Line) -> bool:
        """Whether a line is neither of a pager nor of the comment form."""
        return not FORM.match(line.text) and not OPENER.match(line.text) and not line.text.isdigit()


def _ends_in_links(line: Line) -> bool:
    """Whether a line is a label and then nothing but links and commas."""
    pieces, links = line.pieces, set(line.links)
    first = next((i for i, (_, node) in enumerate(pieces) if node in links), None)
    return first is not None and all(
        node in links or not text.strip(" ,;|·•&") or text.casefold() == "and"
        for text, node in pieces[first:]
    )


def _height(element: HtmlElement) -> int:
    return -sum(1 for _ in element.iterancestors())


def stated_in(line: Line) -> str | None:
    """The moment that ``time[datetime]`` in a line states, or None."""
    for _, element in line.pieces:
        if element.tag == "time":
            return stated_moment(element.get("datetime"))
    return None


def is_link_bar(line: Line) -> bool:
    """Whether a line is a bar of links with ``|`` between them."""
    return len(line.links) > 1 and "|" in line.text and line.linked * 2 > len(line.text.replace(" ", ""))


def label_without_colon(text: str) -> str:
    """A byline without the colon that a template puts after a label: "Posted by: A" says "Posted by A"."""
    match = BYLINE.match(text)
    if match is None:
        return text
    return f"{match[0].rstrip(' :')} {text[match.end() :]}"


def _without_date(text: str) -> tuple[str, Printed | None]:
    """A byline without the date that shares its line, and the date."""
    printed = find_date(text)
    if printed is None:
        return text, None
    rest = re.sub(r"(?:\s+on|\s*[/|,–—-])\s*$", "", text[: printed.start].rstrip())
    return rest, printed


def about_author(lines: Sequence[Line]) -> tuple[str | None, list[Line]]:
    """The text after "About the Author(s):", and the lines without it."""
    for index, line in enumerate(lines):
        match = ABOUT.search(line.text)
        if match is None or not _opens(line, match):
            continue
        before, told = line.text[: match.start()].strip(" |"), line.text[match.end() :].strip()
        rest = list(lines)
        if told:
            rest[index : index + 1] = _shortened(line, before)
            return told, rest
        if index + 1 < len(lines):
            rest[index : index + 2] = _shortened(line, before)
            return lines[index + 1].text, rest
    return None, list(lines)


def _opens(line: Line, match: re.Match[str]) -> bool:
    """Whether the words open the line, a bar of links before them aside, and are a label, not a sentence."""
    labelled = ":" in match[0] or not line.text[match.end() :].strip() or bool(_bold_label(line))
    before = line.text[: match.start()].strip()
    return labelled and (
        not before or len(before.replace(" ", "")) <= line.linked + 4 * before.count("|") + 6
    )


def _bold_label(line: Line) -> bool:
    text, element = line.pieces[0]
    return element.tag in ("b", "strong", "i", "em") and bool(ABOUT.fullmatch(text + " "))


def _shortened(line: Line, text: str) -> list[Line]:
    if not text:
        return []
    line.text = text
    return [line]


def texts(lines: Sequence[Line], places: Iterable[int]) -> list[str]:
    """The texts of the lines at some places."""
    return [lines[place].text for place in places]
