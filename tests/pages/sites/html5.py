# ruff: noqa: E501 - lines of HTML and of prose are kept as they would be served
"""HTML5 of 2013: article, section, header, figure, footer; with and without `datetime`, class names of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pages.sites.parts import (
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

HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} - DipNote</title>
{canonical}<link rel="alternate" type="application/rss+xml" title="DipNote" href="/feed">
<meta name="viewport" content="width=device-width, initial-scale=1">
<script>window.kz = {{"pv": 1, "t": "September 1, 2001"}};</script>
</head>
<body class="q7 q7--w">
<a class="vh" href="#m0">Skip to content</a>
<header class="top" role="banner">
  <p class="brand"><a href="/">DipNote</a></p>
  <p class="sub">U.S. Department of State Official Blog</p>
  <nav class="bar0" role="navigation"><ul><li><a href="/">Home</a></li><li><a href="/stories">All Stories</a></li><li><a href="/about">About</a></li><li><a href="/videos">Videos</a></li></ul></nav>
  <form class="lk" role="search" action="/search"><label for="s1">Search</label><input id="s1" name="q" type="search"><button>Go</button></form>
</header>
<main id="m0" role="main">
"""

TAIL = """</main>
<aside class="rail" role="complementary">
  <section class="rb"><h2>Latest Stories</h2><ul>{rows}</ul>
  <nav class="pp"><ol><li>1</li><li><a href="{two}">2</a></li><li><a href="{three}">3</a></li><li><a href="{two}">next ›</a></li><li><a href="{last}">last »</a></li></ol></nav></section>
  <section class="rb"><h2>Sign in</h2><form action="/user/login" method="post"><p><label>Username <input name="name"></label></p><p><label>Password <input type="password" name="pass"></label></p><button>Log in</button></form></section>
</aside>
<footer class="bottom"><p>The Office of Website Management manages this site. <time>January 1, 2013</time></p><p><a href="/privacy">Privacy</a> | <a href="/legal">Legal</a></p></footer>
</body>
</html>
"""

FORM = """<section class="say"><h3>Leave a comment</h3>
<form action="/comment/reply/812" method="post"><p><label>Your name <input name="name"></label></p><p><label>E-mail <input name="mail"></label></p><p><label>Location <input name="place"></label></p><p><label>Comment <textarea name="c" rows="5"></textarea></label></p><p><button>Save</button> <button>Preview</button></p></form>
</section>
"""


def time_tag(moment: datetime, *, stamped: bool, printed: str) -> str:
    """A `time`; where ``stamped``, with the moment and its zone."""
    return (
        f'<time datetime="{moment.isoformat(timespec="seconds")}">{printed}</time>'
        if stamped
        else f"<time>{printed}</time>"
    )


def figures(told: Told) -> str:
    """Photos with their captions."""
    out = []
    for url, words in photos(told):
        image = f'<img src="{url}" alt="" width="640">' if url else ""
        caption = f"<figcaption>{escaped(words)}</figcaption>" if words else ""
        out.append(f"<figure>{image}{caption}</figure>")
    return "\n".join(out)


def _start(entry: Shown, *, stamped: bool) -> str:
    remark = entry.remark
    when = time_tag(remark.at, stamped=stamped, printed=long_date(remark.at))
    link = f'<a href="#comment-{remark.number}">#</a>'
    if stamped:
        place = f'<span class="wh">{escaped(remark.place)}</span> ' if remark.place else ""
        head = f"<h4>{escaped(remark.author)}</h4> {place}{when} {link}"
        mark, anchor = f' id="comment-{remark.number}"', ""
    else:
        place = f" | {escaped(remark.place)}" if remark.place else ""
        head = f"<p>{escaped(remark.author)}{place}</p><p>{when}</p>"
        mark, anchor = "", f'<a name="comment-{remark.number}"></a>'
    return (
        f'<article class="u2"{mark}><header>{anchor}{head}</header>\n<div class="u3">{remark.html(remark.writes)}</div>\n'
        f'<footer><a href="/comment/reply/812/{remark.number}">Reply</a></footer>'
    )


def _pager(told: Told, hrefs: list[str], page: int) -> str:
    if len(hrefs) < 2:
        return ""
    items = [
        f"<li><strong>{n + 1}</strong></li>" if n == page else f'<li><a href="{href}">{n + 1}</a></li>'
        for n, href in enumerate(hrefs)
    ]
    if page:
        items.insert(0, f'<li><a rel="prev" href="{hrefs[page - 1]}">Previous</a></li>')
    if page + 1 < len(hrefs):
        items.append(f'<li><a rel="next" href="{hrefs[page + 1]}">Next</a></li>')
    return f'<nav class="pp" aria-label="Comment pages"><ol>{"".join(items)}</ol></nav>'


def write(told: Told, page: int, *, stamped: bool) -> str:
    """The page of a post."""
    pages = pages_of(told, THREAD, PER_PAGE)
    title = escaped(told.title)
    by = f'<p class="by">Posted by <span>{escaped(told.names)}</span></p>' if told.byline else ""
    day = f'<p class="da">{time_tag(told.at, stamped=stamped, printed=long_date(told.at))}</p>'
    topics = "".join(
        f'<li><a rel="tag" href="/topic/{n}">{escaped(t)}</a></li>' for n, t in enumerate(told.topics)
    )
    topics = f"<footer><p>Topics</p><ul>{topics}</ul></footer>" if topics else ""
    count = f"{len(told.remarks)} Comment{'s' if len(told.remarks) != 1 else ''}"
    comments = nested(
        pages[page],
        lambda entry: _start(entry, stamped=stamped),
        "</article>",
        '<section class="u4">',
        "</section>",
    )
    comments = (
        f'<section class="tk"><h2>{count}</h2>\n{comments}\n' if told.remarks else '<section class="tk">'
    )
    canonical = f'<link rel="canonical" href="http://blogs.state.gov{told.path}">\n' if stamped else ""
    return (
        HEAD.format(title=title, canonical=canonical)
        + f'<article class="u1">\n<header><h1>{title}</h1>\n{by}\n{day}</header>\n{figures(told)}\n'
        + f'<section class="bd">\n{body_html(told)}\n</section>\n{topics}\n'
        + '<p class="tools"><a href="/print/812">Print</a> <a href="mailto:?subject=x">E-mail this page</a></p>\n</article>\n'
        + comments
        + _pager(told, comment_hrefs(told, len(pages)), page)
        + (FORM if told.open else "<p>Comments are closed.</p>")
        + "</section>\n"
        + TAIL.format(
            rows=latest_rows(told, '<li><a href="{href}">{title}</a> <time>{date}</time></li>'),
            two=sidebar_href(told, page, 1),
            three=sidebar_href(told, page, 2),
            last=sidebar_href(told, page, 1633),
        )
    )
