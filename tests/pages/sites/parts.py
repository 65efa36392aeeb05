"""What the markups share: the order and paging of comments, the inside of a body, the addresses of pagers."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from tests.pages.told import Told, escaped, long_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from tests.pages.told import Remark

OLDEST, NEWEST, THREAD = "oldest", "newest", "thread"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A remark where it stands on a page."""

    remark: Remark
    depth: int
    serial: int
    """Its place in time over the whole post, from 1: what "#3" means where comments are numbered."""


def shown(told: Told, order: str) -> list[Shown]:
    """All remarks in the order of display; ``depth`` is 0 throughout where the order is flat."""
    known = {remark.number for remark in told.remarks}
    children: dict[int | None, list[Shown]] = defaultdict(list)
    for serial, remark in enumerate(told.remarks, 1):
        parent = remark.parent if order == THREAD and remark.parent in known else None
        children[parent].append(Shown(remark=remark, depth=0, serial=serial))
    if order != THREAD:
        return children[None][::-1] if order == NEWEST else children[None]

    def walk(parent: int | None, depth: int) -> Iterable[Shown]:
        for entry in children[parent]:
            yield Shown(remark=entry.remark, depth=depth, serial=entry.serial)
            yield from walk(entry.remark.number, depth + 1)

    return list(walk(None, 0))


def pages_of(told: Told, order: str, per_page: int | None) -> list[list[Shown]]:
    """The comment pages, or one page of all without ``per_page``; one empty page where nobody commented."""
    every = shown(told, order)
    size = (told.per_page or per_page) if per_page else len(every) + 1
    return [every[i : i + size] for i in range(0, len(every), size)] or [[]]


def nested(
    entries: list[Shown], start: Callable[[Shown], str], end: str, opens: str = "", closes: str = ""
) -> str:
    """Remarks of one page, replies inside of the remark they answer.

    ``start`` writes a remark up to where its replies stand, ``end`` closes it;
    ``opens`` and ``closes`` are put round the replies of one remark.
    """
    out: list[str] = []
    open_: list[int] = []  # depths of the remarks that are not closed yet
    replies: list[bool] = []
    for entry in entries:
        while open_ and open_[-1] >= entry.depth:
            open_.pop()
            out.append((closes if replies.pop() else "") + end)
        if open_ and not replies[-1]:
            replies[-1] = True
            out.append(opens)
        out.append(start(entry))
        open_.append(entry.depth)
        replies.append(False)
    while open_:
        open_.pop()
        out.append((closes if replies.pop() else "") + end)
    return "\n".join(out)


def comment_hrefs(told: Told, pages: int, *, path: str | None = None) -> list[str]:
    """Addresses of the comment pages; the first is the bare path."""
    path = path or told.path
    return [path, *[f"{path}?page={n}" for n in range(1, pages)]]


def sidebar_href(told: Told, page: int, element: int) -> str:
    """An address of the list beside the post: it repeats the comment page as first element."""
    return f"{told.path}?page={page}%2C{element}"


ABOUT_FORMS = {
    "p-em": "<p><em>{label} {about}</em></p>",
    "p-strong-em": "<p><strong><em>{label}</em></strong> <em>{about}</em></p>",
    "p-i-nbsp": "<p><i>{label}</i>\u00a0{about}</p>",
    "plain": "<p>{label} {about}</p>",
    "glued": "<p><em>{label}{about}</em></p>",
    "nbsp": "<p>&nbsp;<em>{label}&nbsp;{about}</em>&nbsp;</p>",
    "label-br": "<p><strong>{label}</strong><br />\n{about}</p>",
    "br": "<em>{label} {about}</em>",
    "brbr": "<em>{label} {about}</em>",
}


def about_html(told: Told) -> str:
    """The words about the author as they stand in the body."""
    name = told.authors[0] if told.authors else ""
    about = escaped(told.about or "")
    if name and about.startswith(name) and not about.startswith(name + " "):
        # As in "Anne W. Pattersonserves": the name was marked up, and the blank after it lost.
        about = f"<strong>{name}</strong>{about[len(name) :]}"
    return ABOUT_FORMS[told.about_form].format(label=told.about_label, about=about)


def bar_html(told: Told) -> str:
    """The links of the bar, without a paragraph round them."""
    links = [f'<a href="http://www.state.gov/x/{n}.htm">{label}</a>' for n, label in enumerate(told.bar)]
    return told.bar_sep.join(links)


def body_pieces(told: Told) -> list[str]:
    """The inside of the body: bar of links, words about the author, blocks."""
    pieces = [block.html for block in told.blocks]
    if told.about is not None:
        about = about_html(told)
        breaks = {"br": "<br />\n", "brbr": "<br /><br />\n"}.get(told.about_form)
        if breaks and told.about_last:
            pieces[-1] = pieces[-1].removesuffix("</p>") + breaks + about + "</p>"
        elif breaks:
            pieces[0] = f"<p>{about}{breaks}{pieces[0].removeprefix('<p>')}"
        else:
            pieces.insert(len(pieces) if told.about_last else 0, about)
    if told.bar and told.bar_ends == "block":
        pieces.insert(0, f"<p>{bar_html(told)}</p>")
    elif told.bar:
        pieces[0] = f"<p>{bar_html(told)}{pieces[0].removeprefix('<p>')}"
    return pieces


def body_html(told: Told) -> str:
    """The inside of the body as one text."""
    return "\n".join(body_pieces(told))


def with_breaks(pieces: list[str]) -> str:
    """Paragraphs as hand-made pages of 2008 have them: text, and two breaks between."""
    out = ""
    inline_before = False
    for piece in pieces:
        match = re.fullmatch(r"<p[^>]*>((?:(?!</p>).)*)</p>", piece, re.DOTALL)
        inline = bool(match) or not re.match(r"<(p|div|h\d|ul|ol|table|blockquote|form)\b", piece)
        out += "<br>\n<br>\n" if inline and inline_before else "\n" if out else ""
        out += match.group(1) if match else piece
        inline_before = inline
    return out


def photo_url(told: Told, number: int) -> str:
    """Address of the post's photo, counted from 0."""
    return f"http://blogs.state.gov/sites/default/files/{told.slug[:30]}-{number}.jpg"


def photos(told: Told) -> list[tuple[str, str]]:
    """Address and caption of every photo; a caption may lack, a photo too."""
    count = max(told.photo_count, len(told.captions))
    captions = [*told.captions, *[""] * (count - len(told.captions))]
    return [
        (photo_url(told, n) if n < told.photo_count else "", caption) for n, caption in enumerate(captions)
    ]


def subject(remark: Remark, said: str | None) -> str:
    """The title that Drupal makes of the first words: about 29 characters, cut at a blank."""
    words = (said if said is not None else re.sub(r"<[^>]+>", "", remark.text)).split()
    title = ""
    for word in words:
        if len(title) + len(word) + 1 > 29:
            break
        title = f"{title} {word}".strip()
    return title or (words[0][:29] if words else "(No subject)")


def signed(remark: Remark) -> str:
    """The name as Drupal prints it for visitors who are not logged in."""
    return escaped(remark.author) + ("" if remark.registered else " (not verified)")


def latest_rows(told: Told, row: str, date: Callable[[datetime], str] = long_date, suffix: str = "") -> str:
    """The list beside the post: ``row`` with {href}, {title}, {date}."""
    return "\n".join(
        row.format(href=path + suffix, title=escaped(title), date=date(at)) for title, path, at in told.latest
    )


def attr(text: str) -> str:
    """Text as the value of an attribute."""
    return escape(text, quote=True)
