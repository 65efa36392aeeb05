# ruff: noqa: E501 - lines of HTML and of prose are kept as they would be served
"""Definition lists: comments as `dt` and `dd`, replies in a list inside; and a variant that labels every value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pages.sites.parts import (
    OLDEST,
    THREAD,
    Shown,
    body_html,
    comment_hrefs,
    latest_rows,
    nested,
    pages_of,
    photos,
    sidebar_href,
)
from tests.pages.told import Told, escaped, long_date

if TYPE_CHECKING:
    from datetime import datetime

PER_PAGE = 50

HEAD = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>DipNote: {title}</title>
<link rel="stylesheet" type="text/css" href="/css/all.css" />
</head>
<body>
<div id="w1">
<p class="jump"><a href="#w4">Skip to content</a></p>
<div id="w2"><a href="/"><img src="/img/masthead.gif" alt="DipNote" /></a></div>
<ul id="w3"><li><a href="/">Home</a></li><li><a href="/archive">Archive</a></li><li><a href="/about">About</a></li></ul>
<div id="w6">
<h3>Latest Stories</h3>
<dl>
{rows}
</dl>
<p><b>1</b> <a href="{two}">2</a> <a href="{three}">3</a> <a href="{two}">next</a> <a href="{last}">last</a></p>
<h3>Search</h3>
<form action="/search" method="get"><p><input type="text" name="q" /> <input type="submit" value="Search" /></p></form>
</div>
<div id="w4">
"""

TAIL = """</div>
<div id="w7"><p>U.S. Department of State. External links to other sites should not be construed as an endorsement of the views contained therein.</p></div>
</div>
</body>
</html>
"""

FORM = """<h3>Add a comment</h3>
<form action="/comment/reply/812" method="post"><dl><dt><label for="f1">Your name</label></dt><dd><input id="f1" name="name" /></dd><dt><label for="f2">Location</label></dt><dd><input id="f2" name="place" /></dd><dt><label for="f3">Comment</label></dt><dd><textarea id="f3" name="c" cols="40" rows="6"></textarea></dd></dl><p><input type="submit" value="Post" /></p></form>
"""


def european_date(moment: datetime) -> str:
    """10 September 2010."""
    return f"{moment.day} {moment:%B %Y}"


def weekday_date(moment: datetime) -> str:
    """Friday, September 10, 2010."""
    return f"{moment:%A}, {long_date(moment)}"


def _head(told: Told, page: int) -> str:
    rows = latest_rows(told, '<dt><a href="{href}">{title}</a></dt><dd>{date}</dd>', european_date)
    links = {"two": 1, "three": 2, "last": 1633}
    hrefs = {name: sidebar_href(told, page, n) for name, n in links.items()}
    return HEAD.format(title=escaped(told.title), rows=rows, **hrefs)


def _pictures(told: Told) -> str:
    out = ""
    for url, caption in photos(told):
        image = f'<dt><img src="{url}" alt="" /></dt>' if url else "<dt></dt>"
        out += f'<dl class="g1">{image}<dd>{escaped(caption)}</dd></dl>\n'
    return out


def _pager(told: Told, pages: int, page: int) -> str:
    if pages < 2:
        return ""
    links = [
        f"<b>{n + 1}</b>" if n == page else f'<a href="{href}">{n + 1}</a>'
        for n, href in enumerate(comment_hrefs(told, pages))
    ]
    return f'<p class="g5">Pages: {" ".join(links)}</p>\n'


def write(told: Told, page: int) -> str:
    """The page with `dt` as header of each comment: name, place behind a bar, date."""
    pages = pages_of(told, THREAD, PER_PAGE)

    def start(entry: Shown) -> str:
        remark = entry.remark
        place = f" | {escaped(remark.place)}" if remark.place else ""
        return (
            f'<dt><a name="comment-{remark.number}"></a><strong>{escaped(remark.author)}</strong>{place} '
            f"<em>{european_date(remark.at)}</em></dt>\n<dd>{remark.html(remark.writes)}"
        )

    by = f"<p>Posted by {escaped(told.names)}</p>" if told.byline else ""
    comments = nested(pages[page], start, "</dd>", "<dl>", "</dl>")
    comments = f"<h2>Comments</h2>\n<dl>\n{comments}\n</dl>\n" if told.remarks else ""
    topics = ", ".join(f'<a href="/topic/{n}">{escaped(t)}</a>' for n, t in enumerate(told.topics))
    topics = f"<p>Topics: {topics}</p>\n" if topics else ""
    return (
        _head(told, page)
        + f"<h1>{escaped(told.title)}</h1>\n{by}\n<p>{european_date(told.at)}</p>\n{_pictures(told)}"
        + f'<div class="g2">{body_html(told)}</div>\n{topics}<p><a href="/print/812">Printer-friendly version</a></p>\n'
        + comments
        + _pager(told, len(pages), page)
        + (FORM if told.open else "")
        + TAIL
    )


def write_labels(told: Told, page: int) -> str:
    """The page where every value stands behind its label, and comments in a row without replies."""
    pages = pages_of(told, OLDEST, PER_PAGE)

    def comment(entry: Shown) -> str:
        remark = entry.remark
        place = f"<dt>Location:</dt><dd>{escaped(remark.place)}</dd>" if remark.place else ""
        return (
            f"<li><dl><dt>Name:</dt><dd>{escaped(remark.author)}</dd>{place}"
            f"<dt>Date:</dt><dd>{long_date(remark.at)}</dd></dl>\n<div>{remark.html(remark.writes)}</div></li>"
        )

    meta = f"<dt>Posted by:</dt><dd>{escaped(told.names)}</dd>" if told.byline else ""
    meta += f"<dt>Date:</dt><dd>{weekday_date(told.at)}</dd>"
    comments = "\n".join(comment(entry) for entry in pages[page])
    comments = f"<h2>Comments ({len(told.remarks)})</h2>\n<ul>\n{comments}\n</ul>\n" if told.remarks else ""
    topics = "".join(f'<dd><a href="/topic/{n}">{escaped(t)}</a></dd>' for n, t in enumerate(told.topics))
    topics = f"<dl><dt>Topics:</dt>{topics}</dl>\n" if topics else ""
    return (
        _head(told, page)
        + f"<h1>{escaped(told.title)}</h1>\n<dl>{meta}</dl>\n{_pictures(told)}"
        + f'<div class="g2">{body_html(told)}</div>\n{topics}'
        + comments
        + _pager(told, len(pages), page)
        + (FORM if told.open else "")
        + TAIL
    )
