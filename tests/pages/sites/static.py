# ruff: noqa: E501 - lines of HTML and of prose are kept as they would be served
"""The static copy (2007-2017-blogs.state.gov): byline, date and caption after the comments, links to `.html`."""

from __future__ import annotations

from tests.pages.sites.parts import (
    THREAD,
    Shown,
    body_html,
    latest_rows,
    nested,
    pages_of,
    photos,
)
from tests.pages.told import Told, escaped, long_date

PER_PAGE = 50
HOST = "http://2007-2017-blogs.state.gov"

PAGE = """<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8" />
<title>{title} | DipNote</title>
<link rel="shortcut icon" href="../../../../favicon.ico" />
</head>
<body>
<div class="ca"><p>This is an archived site. It is no longer updated.</p></div>
<div class="cb"><a href="../../../../index.html"><img src="../../../../sites/all/themes/x/logo.png" alt="DipNote" /></a>
<ul><li><a href="../../../../index.html">Home</a></li><li><a href="../../../../about.html">About</a></li></ul></div>
<div class="cc">
<div class="cd">
<h1>{title}</h1>
<div class="ce">{body}</div>
{comments}
{pictures}
{by}
<div class="cf">{date}</div>
</div>
<div class="cg">
<h2>Latest Stories</h2>
{rows}
<ul class="ch"><li>1</li><li><a href="{slug}.html?page=0%2C1">2</a></li><li><a href="{slug}.html?page=0%2C2">3</a></li><li><a href="{slug}.html?page=0%2C1757">last »</a></li></ul>
</div>
</div>
<div class="ci">The Office of Electronic Information, Bureau of Public Affairs, manages this site as a portal for information from the U.S. State Department.</div>
</body>
</html>
"""


def url(told: Told, page: int) -> str:
    """Where the copy has the page; the copies of further comment pages are named by their query."""
    return f"{HOST}{told.path}.html" + (f"?page={page}" if page else "")


def _start(entry: Shown) -> str:
    remark = entry.remark
    place = f" | {escaped(remark.place)}" if remark.place else ""
    return (
        f'<a id="comment-{remark.number}"></a>\n<div class="cj"><div class="ck">{escaped(remark.author)}{place}</div>\n'
        f'<div class="cl">{long_date(remark.at)}</div>\n<div class="cm">{remark.html(remark.writes)}</div></div>\n'
    )


def write(told: Told, page: int) -> str:
    """The page of a post."""
    pages = pages_of(told, THREAD, PER_PAGE)
    comments = ""
    if told.remarks:
        inside = nested(pages[page], _start, "", '<div class="cn">', "</div>")
        links = "".join(
            f"<li>{n + 1}</li>"
            if n == page
            else f'<li><a href="{told.slug}.html{f"?page={n}" if n else ""}">{n + 1}</a></li>'
            for n in range(len(pages))
        )
        pager = f'<ul class="ch">{links}</ul>' if len(pages) > 1 else ""
        comments = f'<div class="co"><h2>Comments</h2>\n<h2 class="cp">Comments</h2>\n{inside}\n{pager}</div>'
    pictures = "\n".join(
        (f'<div class="cq"><img src="{address}" alt="" /></div>' if address else "")
        + (f'<div class="cr">{escaped(caption)}</div>' if caption else "")
        for address, caption in photos(told)
    )
    row = (
        '<div class="cs"><div>{date}</div><h3><a href="../../../..{href}">{title}</a></h3>'
        "<p>Last week we met with partners in the region to talk about what comes next…</p></div>"
    )
    return PAGE.format(
        title=escaped(told.title),
        body=body_html(told),
        comments=comments,
        pictures=pictures,
        by=f'<div class="ct">Posted by {escaped(told.names)}</div>' if told.byline else "",
        date=long_date(told.at),
        rows=latest_rows(told, row, suffix=".html"),
        slug=told.slug,
    )
