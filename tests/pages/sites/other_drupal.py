# ruff: noqa: E501 - lines of HTML and of prose are kept as they would be served
"""Further themes of Drupal 7: the list beside first in the source, other labels, dates before names, form pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pages.sites.drupal import slug
from tests.pages.sites.flat import slash_date
from tests.pages.sites.parts import (
    NEWEST,
    Shown,
    attr,
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
    from datetime import datetime

PER_PAGE = 25

CLOSED = '<li><a href="/user/login?destination=node/812%23comment-form">Log in</a> or <a href="/user/register?destination=node/812%23comment-form">register</a> to post comments</li>'


def short_slash_date(moment: datetime) -> str:
    """09/12/2010 - 11:47."""
    return f"{moment:%m/%d/%Y - %H:%M}"


def day_first_date(moment: datetime) -> str:
    """12 September 2010."""
    return f"{moment.day} {moment:%B %Y}"


def _pager(told: Told, page: int) -> str:
    hrefs = comment_hrefs(told, len(pages_of(told, NEWEST, PER_PAGE)))
    if len(hrefs) < 2:
        return ""
    before = f'<a href="{hrefs[page - 1]}">‹ newer</a> ' if page else ""
    after = f' <a href="{hrefs[page + 1]}">older ›</a>' if page + 1 < len(hrefs) else ""
    numbers = " ".join(
        f"<strong>{n + 1}</strong>" if n == page else f'<a href="{href}">{n + 1}</a>'
        for n, href in enumerate(hrefs)
    )
    return f'<div class="pg">{before}{numbers}{after}</div>'


def _beside(told: Told, page: int) -> str:
    rows = latest_rows(
        told,
        '<div class="r"><div><a href="{href}">{title}</a></div><div>{date}</div></div>',
        day_first_date,
    )
    links = " ".join(f'<a href="{sidebar_href(told, page, n)}">{n + 1}</a>' for n in range(1, 5))
    return (
        f'<h2>Latest Stories</h2>\n<div class="v">{rows}</div>\n<div class="pg">1 {links} '
        f'<a href="{sidebar_href(told, page, 1)}">next ›</a></div>\n'
        '<h2>Monthly archive</h2><ul><li><a href="/archive/201009">September 2010</a> (3)</li>'
        '<li><a href="/archive/201010">October 2010</a> (4)</li></ul>'
    )


def _terms(told: Told) -> str:
    return ", ".join(f'<a href="/category/{slug(t)}">{escaped(t)}</a>' for t in told.topics)


def _serials(told: Told) -> dict[int, int]:
    return {remark.number: n for n, remark in enumerate(told.remarks, 1)}


def write_beside_first(told: Told, page: int) -> str:
    """The list beside comes first in the source; date, then name; captions after the body; pager twice."""

    def comment(entry: Shown) -> str:
        remark = entry.remark
        place = (
            f'<div class="f"><div class="fl">Location:&nbsp;</div><div class="fi">{escaped(remark.place)}</div></div>'
            if remark.place
            else ""
        )
        return (
            f'<a id="comment-{remark.number}"></a>\n<div class="k {"odd" if entry.serial % 2 else "even"}"><div class="kf">\n'
            f'<span class="ks">{short_slash_date(remark.at)} — {signed(remark)}</span>\n'
            f'<h3><a href="/comment/{remark.number}#comment-{remark.number}" rel="bookmark">{escaped(subject(remark, remark.writes))}</a></h3>\n'
            f'<div class="kc">{place}<div class="f"><div class="fi">{remark.html(remark.writes)}\n</div></div></div></div>\n'
            f'<ul class="l">{CLOSED}</ul></div>'
        )

    comments = ""
    if told.remarks:
        inside = "\n".join(comment(entry) for entry in pages_of(told, NEWEST, PER_PAGE)[page])
        pager = _pager(told, page)
        comments = (
            f'<div class="cm"><h2>Comments ({len(told.remarks)})</h2>\n{pager}\n{inside}\n{pager}</div>'
        )
    by = f'<div class="by">By {escaped(told.names)}</div>' if told.byline else ""
    pictures = "".join(
        f'<div class="pi"><img src="{url}" width="480" height="320" alt="Photo"></div>'
        for url, _ in photos(told)
        if url
    )
    captions = "".join(f'<div class="pc">{escaped(caption)}</div>' for _, caption in photos(told) if caption)
    topics = (
        f'<div class="tg"><div class="fl">Filed under:&nbsp;</div>{_terms(told)}</div>' if told.topics else ""
    )
    return f"""<!DOCTYPE html>
<html lang="en" dir="ltr"><head><meta charset="utf-8">
<link rel="canonical" href="{told.path}"><link rel="shortlink" href="/node/812">
<title>{escaped(told.title)} | DipNote</title></head>
<body class="b">
<div class="hd"><a href="/" title="Home"><img src="/themes/x/logo.png" alt="Home"></a><h1><a href="/">DipNote</a></h1>
<ul class="mn"><li><a href="/">Home</a></li><li><a href="/stories">All Stories</a></li><li><a href="/archive">Archive</a></li></ul></div>
<div class="cl">
<div class="sb">{_beside(told, page)}
<h2>User login</h2><form action="{told.path}?destination=node/812" method="post"><label>Username</label><input name="name"></form></div>
<div class="ct"><h2 class="ti">{escaped(told.title)}</h2>
<div class="nd">
<div class="dt">{short_slash_date(told.at)}</div>
{by}
{pictures}
<div class="bd">{body_html(told)}</div>
{captions}
{topics}
<ul class="l">{CLOSED}<li><a href="/print/812" rel="nofollow">Printer-friendly version</a></li></ul>
</div>
{comments}
</div></div>
<div class="ft">Powered by <a href="https://www.drupal.org">Drupal</a></div>
</body></html>
"""


def write_form(told: Told, page: int) -> str:
    """One form around the whole page and tables for layout; "Written by", "Tags"; comments are list items."""
    serial = _serials(told)

    def comment(entry: Shown) -> str:
        remark = entry.remark
        place = f", {escaped(remark.place)}" if remark.place else ""
        mark = ""
        if remark.parent in serial:
            mark = f'<p>In reply to: <a href="{told.path}#comment-{remark.parent}">comment {serial[remark.parent]}</a></p>'
        return (
            f'<li id="c{remark.number}"><b>{signed(remark)}</b>{place}<br>'
            f'<small>{day_first_date(remark.at)} <a href="#comment-{remark.number}">#</a></small>\n{mark}<div>{remark.html(remark.writes)}</div></li>'
        )

    comments = ""
    if told.remarks:
        inside = "\n".join(comment(entry) for entry in pages_of(told, NEWEST, PER_PAGE)[page])
        comments = f"<h3>{len(told.remarks)} comments</h3>\n{_pager(told, page)}<ul>\n{inside}\n</ul>\n{_pager(told, page)}"
    by = f"<div>Written by {escaped(told.names)}</div>" if told.byline else ""
    pictures = "".join(
        (f'<img src="{url}" width="480" alt="Photo"><br>' if url else "")
        + (f"<i>{escaped(caption)}</i>" if caption else "")
        for url, caption in photos(told)
    )
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><title>{escaped(told.title)}</title></head>
<body><form name="aspnetForm" method="post" action="{told.path}" id="aspnetForm">
<input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="/wEPDwUKMTY3NzE5MjIyMA9kFgJmD2QWAgID">
<table width="960"><tr><td colspan="2"><a href="/"><img src="/banner.gif" alt="DipNote"></a> <a href="/">Home</a> <a href="/archive">Archive</a> <input name="q"> <input type="submit" value="Search"></td></tr>
<tr><td valign="top" width="660">
<h1>{escaped(told.title)}</h1>
{by}
<div>{day_first_date(told.at)}</div>
<div>{pictures}</div>
<div>{body_html(told)}</div>
<div>{f"Tags: {_terms(told)}" if told.topics else ""}</div>
<hr>
{comments}
<p><a href="/user/login">Log in or register to post comments</a></p>
</td><td valign="top" width="300">{_beside(told, page)}</td></tr></table>
</form></body></html>
"""


def write_headed(told: Told, page: int) -> str:
    """Sections of HTML5 without names; "Author:" and "Posted in"; date first; replies link to their parent."""
    names = {remark.number: remark for remark in told.remarks}

    def comment(entry: Shown) -> str:
        remark = entry.remark
        parent = names.get(remark.parent) if remark.parent is not None else None
        place = f" <em>{escaped(remark.place)}</em>" if remark.place else ""
        mark = ""
        if parent is not None:
            mark = (
                f'<p class="vh">In reply to <a href="/comment/{parent.number}#comment-{parent.number}">'
                f"{escaped(subject(parent, parent.writes))}</a> by {signed(parent)}</p>"
            )
        return (
            f'<article><header><p><time>{slash_date(remark.at)}</time> <a href="/comment/{remark.number}#comment-{remark.number}">Permalink</a></p>'
            f"<p><span>{signed(remark)}</span>{place}</p>{mark}</header>\n"
            f"<div>{remark.html(remark.writes)}</div>\n<footer><ul>{CLOSED}</ul></footer></article>"
        )

    comments = ""
    if told.remarks:
        inside = "\n".join(comment(entry) for entry in pages_of(told, NEWEST, PER_PAGE)[page])
        comments = f"<section><h2>Comments</h2>\n{_pager(told, page)}{inside}\n{_pager(told, page)}</section>"
    by = f"<p>Author: {escaped(told.names)}</p>" if told.byline else ""
    pictures = "".join(
        "<figure>"
        + (f'<img src="{url}" alt="">' if url else "")
        + (f"<figcaption>{escaped(caption)}</figcaption>" if caption else "")
        + "</figure>"
        for url, caption in photos(told)
    )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>DipNote » {escaped(told.title)}</title></head>
<body><header><a href="/">DipNote</a><nav><a href="/">Home</a> <a href="/archive">Archive</a></nav></header>
<aside>{_beside(told, page)}</aside>
<main><article><header><h1>{escaped(told.title)}</h1><p><time>{slash_date(told.at)}</time></p>{by}</header>
{pictures}
<div>{body_html(told)}</div>
<footer>{f"<p>Posted in {_terms(told)}</p>" if told.topics else ""}<ul>{CLOSED}<li><a href="/print/812">Print</a></li></ul></footer></article>
{comments}</main>
<footer>U.S. Department of State</footer></body></html>
"""


def write_titled(told: Told, page: int) -> str:
    """Labels before everything, captions as titles of the pictures; name and place in one sentence."""

    def comment(entry: Shown) -> str:
        remark = entry.remark
        place = f" ({escaped(remark.place)})" if remark.place else ""
        return (
            f'<div class="o"><div class="oh">#{entry.serial} <a name="comment-{remark.number}" href="#comment-{remark.number}">{escaped(subject(remark, remark.writes))}</a></div>'
            f'<div class="os">Submitted by {signed(remark)}{place} on {long_date(remark.at)} - {remark.at:%H:%M}.</div>'
            f'<div class="ob">{remark.html(remark.writes)}</div></div>'
        )

    comments = ""
    if told.remarks:
        inside = "\n".join(comment(entry) for entry in pages_of(told, NEWEST, PER_PAGE)[page])
        comments = (
            f'<div class="oo"><h3>Comments</h3>{_pager(told, page)}\n{inside}\n{_pager(told, page)}</div>'
        )
    by = (
        f'<div class="q"><div class="ql">By:&nbsp;</div><div class="qi">{escaped(told.names)}</div></div>'
        if told.byline
        else ""
    )
    pictures = "".join(
        f'<img src="{url}" width="480" height="320" alt="Photo" title="{attr(caption)}">'
        if url
        else f"<div>{escaped(caption)}</div>"
        for url, caption in photos(told)
    )
    topics = (
        f'<div class="q"><div class="ql">Topics:&nbsp;</div><div class="qi">{_terms(told)}</div></div>'
        if told.topics
        else ""
    )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><link rel="canonical" href="http://blogs.state.gov{told.path}"><title>{escaped(told.title)} | DipNote</title></head>
<body><div id="x1"><a href="/">Home</a> <a href="/stories">Stories</a></div>
<div id="x2"><h1>{escaped(told.title)}</h1>
<div class="q"><div class="ql">Date:&nbsp;</div><div class="qi">{long_date(told.at)}</div></div>
{by}
{topics}
<div class="q"><div class="qi">{pictures}</div></div>
<div class="q"><div class="qi">{body_html(told)}</div></div>
<div class="ln"><a href="/user/login?destination=node/812">Log in to post comments</a></div>
{comments}</div>
<div id="x3">{_beside(told, page)}</div></body></html>
"""
