# ruff: noqa: E501 - lines of HTML and of prose are kept as they would be served
"""Other themes of Drupal 7: comments in a row, newest first, 25 a page, replies told by a printed mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pages.sites.drupal import slug
from tests.pages.sites.parts import (
    NEWEST,
    Shown,
    body_html,
    comment_hrefs,
    latest_rows,
    pages_of,
    photos,
    sidebar_href,
    signed,
    subject,
)
from tests.pages.told import Told, escaped, long_date

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

PER_PAGE = 25

PAGE = """<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8" />
<meta name="Generator" content="Drupal 7 (http://drupal.org)" />
<link rel="canonical" href="{path}" />
<title>{title} | DipNote</title>
</head>
<body class="ab ac ad">
<div class="ae"><a href="#mc">Skip to main content</a></div>
<div class="af"><a href="/"><img src="/files/mark.png" alt="Home" /></a> <strong>DipNote</strong>
<ul class="ag"><li><a href="/">Home</a></li><li><a href="/stories">Stories</a></li><li><a href="/archive">Archive</a></li></ul></div>
<div class="ah">
<div class="ai" id="mc">
<h1>{title}</h1>
<div class="aj">
{meta}
{pictures}
<div class="ak">{body}</div>
{topics}
<ul class="al"><li><a href="/user/login?destination=node/812%23comment-form">Log in</a> to post comments</li><li><a href="/print/812" rel="nofollow">Printer-friendly version</a></li></ul>
</div>
{comments}
</div>
<div class="am">
<h2>Latest Stories</h2>
<ul>{rows}</ul>
<ul class="an"><li>1</li><li><a href="{two}">2</a></li><li><a href="{three}">3</a></li><li><a href="{two}">next ›</a></li><li><a href="{last}">last »</a></li></ul>
<h2>User login</h2>
<form action="{path}?destination=node/812" method="post"><label>Username *</label><input name="name" /><label>Password *</label><input type="password" name="pass" /><input type="submit" value="Log in" /></form>
</div>
</div>
<div class="ao">Powered by <a href="https://www.drupal.org">Drupal</a></div>
</body>
</html>
"""


def slash_date(moment: datetime) -> str:
    """Sun, 09/12/2010 - 11:47: Drupal's medium format."""
    return f"{moment:%a, %m/%d/%Y - %H:%M}"


def clock_date(moment: datetime) -> str:
    """September 12, 2010 at 11:47 am."""
    hour = moment.hour % 12 or 12
    return f"{long_date(moment)} at {hour}:{moment:%M} {'am' if moment.hour < 12 else 'pm'}"


def _page(told: Told, page: int, meta: str, comment: Callable[[Shown], str], wrap: str) -> str:
    pages = pages_of(told, NEWEST, PER_PAGE)
    pictures = "\n".join(
        (f'<div class="ap"><img src="{url}" alt="" /></div>' if url else "")
        + (f'<div class="aq">{escaped(caption)}</div>' if caption else "")
        for url, caption in photos(told)
    )
    topics = " ".join(f'<a href="/category/{slug(t)}">{escaped(t)}</a>' for t in told.topics)
    comments = ""
    if told.remarks:
        inside = "\n".join(comment(entry) for entry in pages[page])
        links = [
            f"<li>{n + 1}</li>" if n == page else f'<li><a href="{href}">{n + 1}</a></li>'
            for n, href in enumerate(comment_hrefs(told, len(pages)))
        ]
        pager = f'<ul class="an">{"".join(links)}</ul>' if len(pages) > 1 else ""
        comments = f'<div class="ar">\n<h2>Comments</h2>\n{wrap.format(inside)}\n{pager}\n</div>'
    return PAGE.format(
        path=told.path,
        title=escaped(told.title),
        meta=meta,
        pictures=pictures,
        body=body_html(told),
        topics=f'<div class="as"><h3>Topics: </h3>{topics}</div>' if topics else "",
        comments=comments,
        rows=latest_rows(told, '<li><a href="{href}">{title}</a> <span>{date}</span></li>'),
        two=sidebar_href(told, page, 1),
        three=sidebar_href(told, page, 2),
        last=sidebar_href(told, page, 1633),
    )


def write_sentence(told: Told, page: int) -> str:
    """Drupal's own sentence under each subject; a reply links to what it answers."""
    serial = {remark.number: n for n, remark in enumerate(told.remarks, 1)}

    def comment(entry: Shown) -> str:
        remark = entry.remark
        link = f'<a href="/comment/{remark.number}#comment-{remark.number}">'
        parent = remark.parent
        mark = ""
        if parent in serial:
            mark = f'<p class="ba">In reply to <a href="/comment/{parent}#comment-{parent}">#{serial[parent]}</a></p>'
        place = (
            f'<div class="bb"><div class="bc"><div>{escaped(remark.place)}</div></div></div>'
            if remark.place
            else ""
        )
        return (
            f'<article class="bd"><h3>{link}{escaped(subject(remark, remark.writes))}</a></h3>\n'
            f'<p class="be">Submitted by {signed(remark)} on {slash_date(remark.at)}</p>\n{mark}{place}'
            f'<div class="bf"><div class="bc"><div>{remark.html(remark.writes)}</div></div></div>\n'
            '<ul class="bg"><li><a href="/user/login?destination=node/812%23comment-form">Log in</a> to post comments</li></ul></article>'
        )

    by = f"Posted by {escaped(told.names)} on " if told.byline else ""
    return _page(told, page, f"<p>{by}{long_date(told.at)}</p>", comment, "{}")


def write_bar(told: Told, page: int) -> str:
    """Name, place and day between bars; comments carry numbers, and a reply says the number."""
    serial = {remark.number: n for n, remark in enumerate(told.remarks, 1)}

    def comment(entry: Shown) -> str:
        remark = entry.remark
        values = [
            escaped(remark.author),
            *([escaped(remark.place)] if remark.place else []),
            long_date(remark.at),
        ]
        mark = f" <span>(Reply to #{serial[remark.parent]})</span>" if remark.parent in serial else ""
        return (
            f'<li id="comment-{remark.number}"><div class="be"><a href="#comment-{remark.number}">#{entry.serial}</a> '
            f'{" | ".join(values)}{mark}</div>\n<div class="bf">{remark.html(remark.writes)}</div></li>'
        )

    by = f"Posted by {escaped(told.names)} | " if told.byline else ""
    return _page(told, page, f"<p>{by}{long_date(told.at)}</p>", comment, "<ol>\n{}\n</ol>")


def write_posted(told: Told, page: int) -> str:
    """ "Posted by Ron on ... at ..."; the place has a label; a reply says whom it answers. No ids anywhere."""
    names = {remark.number: remark.author for remark in told.remarks}

    def comment(entry: Shown) -> str:
        remark = entry.remark
        mark = (
            f'<p class="ba">in reply to {escaped(names[remark.parent])}</p>\n'
            if remark.parent in names
            else ""
        )
        place = f'<p class="bb">Location: {escaped(remark.place)}</p>\n' if remark.place else ""
        return (
            f'<article class="bd"><p class="be">Posted by {signed(remark)} on {clock_date(remark.at)}</p>\n{mark}{place}'
            f'<div class="bf">{remark.html(remark.writes)}</div></article>'
        )

    by = f"Submitted by {escaped(told.names)} on " if told.byline else ""
    return _page(told, page, f"<p>{by}{slash_date(told.at)}</p>", comment, "{}")
