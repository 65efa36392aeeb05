"""One comment as its unit on the page says it: header, text, and what it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawler.pages.dates import Printed, find_date, stated_moment
from crawler.pages.markup import html_of, inner_html
from crawler.pages.outline import Line, Outline, fold, text_of
from crawler.pages.thread import header_date, writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lxml.html import HtmlElement

    from crawler.pages.marks import Marks
    from crawler.pages.thread import Unit

COMMENT_NUMBER = re.compile(
    r"(?:^|[#/])(?:comment|c|cid|response)[-_/]?(\d+)$|/comment/(\d+)(?=[#?])", re.IGNORECASE
)
"""The site's number of a comment, at the end of an anchor's name or a permalink."""

_REPLY_FORM = re.compile(r"/comment/reply/\d+/(\d+)|[?&]replytocom=(\d+)")
_ANSWERS = re.compile(
    r"^[\s(\[↳»>]*(?:in\s+)?(?:reply|replying|response|answer|answering)\s+to\b:?\s*(?P<whom>.*?)[\s)\]:.]*$",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"^(?:comment\s+)?(?:#\s*|no\.\s*)?(\d{1,9})[.)]?$", re.IGNORECASE)
_FURNITURE = re.compile(
    r"^[\s(\[|]*(?:permalink|permanent link|link(?: to this)?|reply|respond|report(?: abuse| this)?"
    r"|flag(?: as .*)?|quote|edit|delete|share|like|up|down|top|back to top|new|parent|pages?|log ?in.*"
    r"|[\d#|,\s]+|[«‹]?\s*(?:first|prev(?:ious)?)|(?:next|last)\s*[›»]?"
    r"|(?:add|post|leave) (?:a )?(?:new )?comment|comments? feed)[\s)\]|]*$",
    re.IGNORECASE,
)
_UNVERIFIED = re.compile(r"\s*\((?:not verified|unverified|guest|anonymous)\)", re.IGNORECASE)
_LEAD_WORDS = re.compile(
    r"^[\s|•·,:–—-]*(?:(?:comment|submitted|posted|written)\s+by|by|from|name|location|comment from)\b[:\s]*"
    r"|^[\s|•·,:–—-]+",
    re.IGNORECASE,
)
_TAIL_WORDS = re.compile(
    r"(?:\s+|^)(?:on|at|said|says|wrote|writes|commented|added|replied|posted|dated)(?:\s+on|\s+at)?[\s:,]*$"
    r"|[\s|•·,:;(–—-]+$",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(r"^(?:[A-Z]\.\s?)+$")
_PLACE_LABEL = re.compile(r"^(?:location|place|from|city|country)\s*:\s*", re.IGNORECASE)
_SERIAL = re.compile(r"^#\d+\s+")
_SAYS = re.compile(r"\w")
_BY = re.compile(r"^\W*(?:submitted|posted|written|comment(?:ed)?)\s+by\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"\S{4,}[.!?:;…]$")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_NAMED = re.compile(r"^\W*(?P<place>(?:in|from)\s.{1,60}?\s)?writes\b")
_MORE_THAN_A_NAME = re.compile(r"\s(?:in|from)\b|(?:\S+\s+){3}")
_LABELS = frozenset(
    """author at by comment date from in location name on place posted
    said says submitted time writes wrote""".split()
)
_PARTS = re.compile(r"\s*[|•·]\s*|\s+[–—-]{1,2}\s+")
_PLACED = re.compile(
    r"^(?P<name>[^()]{1,60}?)\s*(?:\((?P<in>[^()]{2,60})\)|\s(?:from|in)\s(?P<from>[A-Z].{1,60}))$"
)


@dataclass(slots=True, kw_only=True)
class Said:
    """A comment as read; what the page does not say is None."""

    number: str | None = None
    """The site's own number."""
    ordinal: int | None = None
    """The number printed beside it for readers, where there is one."""
    author: str | None = None
    author_url: str | None = None
    location: str | None = None
    printed: Printed | None = None
    published_at: str | None = None
    writes_line: str | None = None
    body_text: str = ""
    body_html: str | None = None
    parent_number: str | None = None
    """Number of the comment it answers, where the page names it."""
    answers: str | None = None
    """What a printed "in reply to" names otherwise: a name, or a printed number."""
    sources: dict[str, str] = field(default_factory=dict)


def read_comment(page: Outline, unit: Unit, marks: Marks) -> Said:
    """What a unit says: marked elements first, the rest by the order of its lines."""
    said = Said(number=number_of(unit))
    said.parent_number = marks.parent
    lines = _without_answers(unit.lines, said)
    body, marked = marks.element("body"), _places(page, marks)
    if body is None:
        header, text = _divide(lines, unit.header)
    else:
        text = page.within(body)
        header = _header_around(text, lines, marked)
    said.ordinal = _ordinal(header)
    _date(said, header, text, marks)
    _who(said, [line for line in header if line.place not in marked], text, marks)
    _text(said, text, body)
    return said


def _places(page: Outline, marks: Marks) -> set[int]:
    """The lines that stand whole in a marked name or place."""
    return {
        line.place for name in ("author", "location") for e in marks.elements(name) for line in page.within(e)
    }


def _header_around(text: Sequence[Line], lines: Sequence[Line], marked: set[int]) -> list[Line]:
    """The lines before a marked text, and those after it in which something else is marked."""
    first = text[0].place if text else 1 << 60
    return [line for line in lines if line.place < first or line.place in marked]


def number_of(unit: Unit) -> str | None:
    """The site's number of a comment: from its anchor, its permalink or its reply link; or None."""
    element = unit.element if unit.element is not None else unit.head
    if element is not None and (number := _anchored(element) or _number_before(element)):
        return number
    links = [
        link.get("href") or "" for line in unit.lines if not _ANSWERS.match(line.text) for link in line.links
    ]
    return next((n for find in (_number, _number_to_answer) for href in links if (n := find(href))), None)


def _number(text: str) -> str | None:
    match = COMMENT_NUMBER.search(text)
    return match and (match[1] or match[2])


def _number_to_answer(href: str) -> str | None:
    match = _REPLY_FORM.search(href)
    return match and (match[1] or match[2])


def _anchored(element: HtmlElement) -> str | None:
    """The number in a name of the comment's element, or of an anchor in it."""
    for node in (element, *element.iterdescendants("a", "div", "li", "article", "section", "p", "td")):
        for value in (node.get("id"), node.get("name"), node.get("about")):
            if value and (number := _number(value)):
                return number
    return None


def _number_before(element: HtmlElement) -> str | None:
    """The number in an empty anchor that stands just before a comment, as Drupal 7 puts it."""
    anchor = element.getprevious()
    while anchor is not None and not isinstance(anchor.tag, str):
        anchor = anchor.getprevious()
    if anchor is None or anchor.tag != "a" or fold(anchor.text_content()):
        return None
    return _number(anchor.get("id") or anchor.get("name") or "")


def _without_answers(lines: Sequence[Line], said: Said) -> list[Line]:
    """The lines but for a printed "in reply to", which is noted."""
    kept = []
    for index, line in enumerate(lines):
        if index >= 8 or len(line.text) > 200:
            kept.append(line)
            continue
        match = _ANSWERS.match(line.text) if len(line.text) < 120 else None
        if match is None:
            kept.append(line)
            if (match := _answers_inside(line)) is not None:
                said.answers = match["whom"]
            continue
        said.answers = match["whom"]
        for link in line.links:
            said.parent_number = said.parent_number or _number(link.get("href") or "")
    return kept


def _answers_inside(line: Line) -> re.Match[str] | None:
    """A printed "in reply to" that shares the header line with name and date."""
    told = next((match for text, _ in line.pieces if (match := _ANSWERS.match(text))), None)
    return told if told is not None and find_date(line.text) is not None else None


def _divide(lines: Sequence[Line], known: int | None) -> tuple[list[Line], list[Line]]:
    """Header lines and lines of the text: by the place of the known header line, else by their order."""
    told = _without_furniture(lines)
    at = next((i for i, line in enumerate(told) if line.place == known), None)
    if at is None:
        at = next((i for i, line in enumerate(told[:8]) if header_date(line)), None)
    if told and header_date(told[-1]) and (at is None or not header_date(told[at])):
        at = len(told) - 1
    if at is None or not header_date(told[at]):
        return _divide_undated(told)
    if at == len(told) - 1 and at > 0 and writes(told[0].text):  # the date stands under the text
        return [told[-1]], told[:-1]
    if at == len(told) - 1 and at > 1:
        return [told[0], told[-1]], told[1:-1]
    header, rest = told[: at + 1], _without_subject(told[at + 1 :])
    if len(rest) > 1 and not any(map(_tokens, header)) and _is_name_line(rest[0], rest[1]):
        header, rest = [*header, rest[0]], rest[1:]
    if len(rest) > 2 and _PLACE_LABEL.fullmatch(rest[0].text):  # the place stands in a block of its own
        header, rest = [*header, *rest[:2]], rest[2:]
    elif len(rest) > 1 and _is_place_line(rest[0], rest[1]):
        header, rest = [*header, rest[0]], rest[1:]
    return header, _without_subject(rest)


def _without_subject(lines: list[Line]) -> list[Line]:
    return lines[1:] if lines and _is_subject(lines[0], lines[1:]) else lines


def _without_furniture(lines: Sequence[Line]) -> list[Line]:
    """The lines without "reply", "permalink" and a pager that follows the last comment."""
    end = len(lines)
    while end and _FURNITURE.match(lines[end - 1].text):
        end -= 1
    paged = any(link.text_content().strip().isdigit() for line in lines[end:] for link in line.links)
    kept = []
    for index, line in enumerate(lines):
        furniture = _FURNITURE.match(line.text) is not None and len(line.text) < 60
        ordinal = index < 2 and _ORDINAL.match(line.text) is not None
        if not (furniture and (line.links or ordinal or (paged and index >= end))):
            kept.append(line)
    return kept


def _divide_undated(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    if lines and (match := writes(lines[0].text)) and match:
        return [], lines
    return lines[:1], lines[1:]


def _is_subject(line: Line, rest: Sequence[Line]) -> bool:
    """Whether a line only repeats the first words of the text, as automatic subjects do."""
    if not rest or len(line.text) > 80:
        return False
    # A name may be bold or linked too, and may open the text; a name has few words.
    if not line.is_heading and not ((line.is_links or _is_bold(line)) and len(line.text.split()) > 2):
        return False
    subject = _SERIAL.sub("", line.text).rstrip(".… ")
    for at in range(3):
        text = fold(" ".join(each.text for each in rest[at : at + 4]))
        # Drupal takes tags out before it takes the first words, those too that are shown as text.
        if text.startswith(subject) or _TAG.sub("", text).startswith(subject):
            return True
    return False


def _is_repeated(line: Line, text: Sequence[Line]) -> bool:
    """Whether a header line is a subject, and not the name that opens "Ron in New York writes:" too."""
    if not _is_subject(line, text):
        return False
    named = _NAMED.match(fold(" ".join(each.text for each in text[:3])).removeprefix(line.text))
    return named is None or (not named["place"] and bool(_MORE_THAN_A_NAME.search(line.text)))


def _is_bold(line: Line) -> bool:
    return all(element.tag in ("b", "strong", "a") for _, element in line.pieces)


def _is_name_line(line: Line, following: Line) -> bool:
    """Whether the line under a date that nothing else shares is the name: it is no part of the text."""
    if writes(line.text) or len(line.text) > 120:
        return False
    return bool(_UNVERIFIED.search(line.text)) or (
        line.block.getparent() is not following.block.getparent() and not _SENTENCE_END.search(line.text)
    )


def _is_place_line(line: Line, following: Line) -> bool:
    """Whether a short line under the header is the place: it stands apart from the text that follows."""
    text = line.text
    if _PLACE_LABEL.match(text):
        return True
    if len(text) > 60 or len(text.split()) > 7 or line.is_heading or writes(text):
        return False
    if text[-1] in "!?:;…" or (text[-1] == "." and not _ABBREVIATION.match(text)):
        return False
    if writes(following.text):
        return line.block is not following.block
    if text[0].islower():
        return False
    return line.block is not following.block and line.block.getparent() is not following.block.getparent()


def _ordinal(header: Iterable[Line]) -> int | None:
    for line in header:
        for text, _ in line.pieces:
            if match := _ORDINAL.match(text):
                return int(match[1])
    return None


def _date(said: Said, header: Sequence[Line], text: Sequence[Line], marks: Marks) -> None:
    element = marks.element("date")
    if element is not None:
        said.printed = find_date(fold(element.text_content()))
        said.published_at = stated_moment(
            element.get("content") or element.get("datetime") or element.get("title")
        )
        said.sources["date"] = marks.source("date", "anatomy")
    if said.printed is None:
        for line in [line for line in header if not _is_repeated(line, text)] or header:
            if (printed := header_date(line)) is not None:
                said.printed = printed
                said.published_at = _stated_beside(line)
                said.sources["date"] = "anatomy"
                break
    if said.published_at is None and said.printed is not None:
        said.published_at = said.printed.published_at


def _stated_beside(line: Line) -> str | None:
    for _, node in line.pieces:
        for element in (node, node.getparent()):
            if element is not None and element.tag in ("time", "abbr"):
                return stated_moment(element.get("datetime") or element.get("title"))
    return None


def _who(said: Said, header: Sequence[Line], text: Sequence[Line], marks: Marks) -> None:
    name, place = marks.element("author"), marks.element("location")
    if name is not None:
        said.author = _clean_name(fold(name.text_content()))
        said.author_url = _profile(name)
        said.sources["author"] = marks.source("author", "anatomy")
    if place is not None:
        said.location = fold(place.text_content()) or None
        said.sources["location"] = marks.source("location", "anatomy")
    if name is None or place is None:
        _who_by_order(said, header, text)
    line = writes(text[0].text) if text else None
    if line is not None:
        said.writes_line = text[0].text
        if said.author is None:  # it is the header, or all there is of one
            said.author, said.location = line["name"], said.location or line["place"]


def _who_by_order(said: Said, header: Sequence[Line], text: Sequence[Line]) -> None:
    """Name and place by their order in the header: the name first."""
    signed = next((i for i, line in enumerate(header) if _BY.match(line.text)), 0)
    named = [line for line in header[signed:] if not _is_repeated(line, text)]
    tokens = [token for line in named for token in _tokens(line)]
    tokens = [token for token in tokens if token[0] != said.author]
    if said.author is None and not tokens:  # what repeats the first words of the text is the name after all
        tokens = [token for line in header for token in _tokens(line)]
    if said.author is None and tokens:
        line = writes(text[0].text) if text else None
        if not (len(tokens) == 1 and line is not None and _is_the_place(tokens[0][0], line)):
            name, place = _name_and_place(tokens[0][0]) if len(tokens) == 1 else (tokens[0][0], None)
            said.author, said.author_url = _clean_name(name), _profile(tokens[0][1])
            said.sources["author"] = "anatomy"
            tokens = [(place, tokens[0][1])] if place else tokens[1:]
    if said.location is None and tokens:
        said.location = tokens[0][0]
        said.sources["location"] = "anatomy"


def _name_and_place(token: str) -> tuple[str, str | None]:
    """The two parts of "Ron (New York)", "Ron from New York" or "Ron, New York, USA"."""
    match = _PLACED.match(token)
    if match is not None:
        return match["name"], match["in"] or match["from"]
    name, _, place = token.partition(",")
    return name, place.strip() or None


def _is_the_place(token: str, line: re.Match[str]) -> bool:
    """Whether the only word of a header is the place of the writes line, and not its name."""
    name, place = line["name"].casefold(), (line["place"] or "").casefold()
    told = token.casefold()
    if "(" in told:  # name and place
        return False
    return told.split(",")[0].split()[0] != name.split()[0] and ("," in told or told.split(",")[0] in place)


def _tokens(line: Line) -> list[tuple[str, HtmlElement]]:
    """What a header line says but for dates, numbers and words like "submitted by"."""
    told = []
    for text, element in line.pieces:
        if _ANSWERS.match(text):
            continue
        rest = _UNVERIFIED.sub("", text)
        while (printed := find_date(rest)) is not None:
            rest = rest[: printed.start] + " | " + rest[printed.end :]
        for part in _PARTS.split(rest):
            token = _unwrapped(_TAIL_WORDS.sub("", _TAIL_WORDS.sub("", _LEAD_WORDS.sub("", part.strip()))))
            if (
                _SAYS.search(token)
                and not _ORDINAL.match(token)
                and not _FURNITURE.match(token)
                and not _is_word(token)
            ):
                told.append((token, element))
    return told


def _unwrapped(token: str) -> str:
    """A token without brackets that are around all of it, or that have lost their other half."""
    token = token.strip()
    if token.count("(") != token.count(")") or "(" not in token[1:]:
        return token.strip(" ()")
    return token


def _is_word(token: str) -> bool:
    return token.casefold() in _LABELS


def _clean_name(text: str) -> str:
    return _LEAD_WORDS.sub("", _UNVERIFIED.sub("", text)).strip(" :|,") or text


def _profile(element: HtmlElement) -> str | None:
    """Where a name links to; None where the link is the comment's own."""
    nodes = [element, *element.iterdescendants("a")]
    if (parent := element.getparent()) is not None and parent.tag == "a":
        nodes.append(parent)
    for node in nodes:
        href: str | None = node.get("href") if node.tag == "a" else None
        if href and not COMMENT_NUMBER.search(href) and not href.startswith("#"):
            return href
    return None


def _text(said: Said, lines: Sequence[Line], body: HtmlElement | None) -> None:
    kept = list(lines)
    if said.writes_line is not None:
        kept = kept[1:]
    said.body_text = text_of(kept)
    said.body_html = inner_html(body) if body is not None else html_of(lines)
