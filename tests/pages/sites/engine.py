# ruff: noqa: E501 - lines of HTML and of prose are kept as they would be served
"""ExpressionEngine, early (2008-09) and late (2010-13), in the order of the real pages' text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pages.sites.parts import (
    OLDEST,
    bar_html,
    body_pieces,
    latest_rows,
    photo_url,
    photos,
    shown,
    with_breaks,
)
from tests.pages.sites.parts import about_html as about_inline
from tests.pages.told import Remark, Told, escaped

if TYPE_CHECKING:
    from datetime import datetime

CREDIT = " [State Department Photo]"


def stamp_date(moment: datetime) -> str:
    """Aug 06, 2009 - 06:41 PM."""
    return f"{moment:%b %d, %Y - %I:%M %p}"


def padded_date(moment: datetime) -> str:
    """January 05, 2013."""
    return f"{moment:%B %d, %Y}"


def weekday_date(moment: datetime) -> str:
    """Tue Sep 25, 2007."""
    return f"{moment:%a %b} {moment.day}, {moment.year}"


def entry_slug(told: Told) -> str:
    """The short name that editors gave: no relation to the Drupal path but some of its words."""
    return "_".join(told.slug.split("-")[:3])


def path_early(told: Told) -> str:
    """With the template's misspelt name."""
    return f"/index.php/entires/{entry_slug(told)}/"


def path_late(told: Told) -> str:
    """As of 2012."""
    return f"/index.php/site/entry/{entry_slug(told)}"


def header_line(remark: Remark) -> str:
    """What the template prints above each comment."""
    return f"{remark.author} in {remark.place} writes:" if remark.place else f"{remark.author} writes:"


EARLY = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>DipNote: {title}</title>
<link rel="alternate" type="application/rss+xml" title="RSS" href="http://blogs.state.gov/index.php/site/rss_2.0/" />
</head>
<body>
<div class="z1">
<span style="position:absolute;left:-5000px">Navigation</span>
<div class="z2"><a href="http://blogs.state.gov/">Home</a> <a href="/index.php/videos">Videos</a> <a href="/index.php/photos">Photos</a> <a href="/index.php/welcome">Welcome</a> <a href="/index.php/about">About</a> <a href="/index.php/legal">Legal</a> <a href="/index.php/search">Search</a> <a href="/index.php/archive">Archive</a></div>
<span style="position:absolute;left:-5000px">Top Navigation End</span>
<div class="z3">
<h2 class="z4">{title}</h2>
<div class="z5">{by}</div>
{pictures}
<div class="z6">{body}</div>
<div class="z7">
<h3>Comments</h3>
<form method="post" action="http://blogs.state.gov/index.php">
<p>Your First Name:<br /><input type="text" name="name" size="30" /></p>
<p>Email: ( Optional )<br /><input type="text" name="email" size="30" /></p>
<p>Location: ( *Required )<br /><input type="text" name="location" size="30" /></p>
<p>Comment:<br /><textarea name="comment" cols="50" rows="12"></textarea></p>
<p>How do you spell the word job39 ?<br /><input type="text" name="captcha" size="12" /></p>
<p><input type="submit" name="submit" value="Submit" /></p>
</form>
<p>Subscribe to this entry's comments via <a href="/index.php/site/comments_rss/812">RSS</a></p>
<p>Subscribe to all comments via <a href="/index.php/site/comments_rss">RSS</a></p>
{comments}
</div>
</div>
<div class="z8"><h4>Latest Stories</h4><ul>{rows}</ul></div>
<div class="z9">This site is managed by the Bureau of Public Affairs, U.S. Department of State.</div>
</div>
</body>
</html>
"""

LATE = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>{title} | U.S. Department of State Blog</title>
</head>
<body>
<div class="y0"><a href="#y4">Skip Navigation</a></div>
<div class="y1"><a href="/"><img src="/images/dipnote_logo.png" alt="DipNote" /></a>
<ul><li><a href="/">Home</a></li><li><a href="/index.php/site/archive">Archive</a></li><li><a href="/index.php/site/topic/category/Behind%20the%20Scenes">Behind the Scenes</a></li></ul></div>
<div class="y3"><a name="y4"></a>
<h1>{title}</h1>
<p class="y5">{by}</p>
{pictures}
<div class="y6">{body}</div>
<div class="y7"><p>Share this post with others.</p><p><a href="http://www.facebook.com/sharer.php?u=x">Facebook</a> <a href="http://twitter.com/home?status=x">Twitter</a></p></div>
<div class="y8"><h3>Want to Share Your Thoughts?</h3>
<form method="post" action="/"><p><label>Name</label> <input name="name" /></p><p><label>Location</label> <input name="location" /></p><p><textarea name="comment"></textarea></p>
<p>Type the two words: <span>farm18 least79</span> <input name="captcha" /></p><p><input type="submit" value="Submit" /></p></form></div>
<div class="y9">
{comments}
</div>
</div>
<div class="x1"><h3>Latest Stories</h3>{rows}</div>
<div class="x2"><p>The Office of Website Management manages this site as a portal for information from the U.S. State Department.</p></div>
</body>
</html>
"""


def _pictures(told: Told, name: str) -> str:
    out = []
    for number, (url, caption) in enumerate(photos(told)):
        words = escaped(caption + CREDIT) if caption else ""
        out.append(
            f'<div class="{name}"><img src="{url or photo_url(told, number)}" width="480" alt="" />'
            + (f"<br />{words}" if words else "")
            + "</div>"
        )
    return "\n".join(out)


def write_early(told: Told, page: int) -> str:
    """The page of 2008: form before the list, `Posted on` after each comment."""
    entries = shown(told, OLDEST)
    comments = "\n".join(
        f'<div class="zc"><p><b>{escaped(header_line(e.remark))}</b></p>\n{e.remark.html(None)}\n'
        f"<p><small>Posted on {weekday_date(e.remark.at)}</small></p></div>"
        for e in entries
    )
    by = f"Posted by {escaped(told.names)} on " if told.byline else ""
    return EARLY.format(
        title=escaped(told.title),
        by=by + stamp_date(told.at),
        pictures=_pictures(told, "zp"),
        body=with_breaks(body_pieces(told)),
        comments=comments or "<p>There are no comments for this entry yet.</p>",
        rows=latest_rows(told, '<li><a href="/index.php/entries/some_other_entry/">{title}</a></li>'),
    )


def write_late(told: Told, page: int, *, dated: bool) -> str:
    """The page of 2012: the writes line is the header that is seen; a date only where ``dated``."""
    comments = "\n".join(
        f'<div class="yc"><p class="yd"><strong>{escaped(header_line(e.remark))}</strong></p>\n'
        f'<div class="ye">{e.remark.html(None)}</div>'
        + (f'<p class="yf">Posted on {weekday_date(e.remark.at)}</p></div>' if dated else "</div>")
        for e in shown(told, OLDEST)
    )
    by = f"Posted by {escaped(told.names)} / " if told.byline else ""
    return LATE.format(
        title=escaped(told.title),
        by=by + padded_date(told.at),
        pictures=_pictures(told, "yp"),
        body="\n".join(body_pieces(told)),
        comments=comments,
        rows=latest_rows(
            told,
            '<p><a href="/index.php/site/entry/other">{title}</a> / {date}</p>',
            padded_date,
        ),
    )


def write_index(tellings: list[Told]) -> str:
    """The front page of 2010: teasers cut off with "more »"."""
    rows = "\n".join(
        f'<div class="yz"><h2><a href="{path_late(told)}">{escaped(told.title)}</a></h2>\n'
        f'<p class="y5">Posted by {escaped(told.names)} / {padded_date(told.at)}</p>\n{_pictures(told, "yp")}\n'
        f'<div class="y6">{_teaser(told)} … <a href="{path_late(told)}">more »</a></div></div>'
        for told in tellings
    )
    start, _, rest = LATE.partition("<h1>{title}</h1>")
    end = rest[rest.index('<div class="x1">') :]
    return (start + "{entries}\n</div>\n" + end).format(
        title="DipNote",
        entries=rows
        + '\n<div class="yy"><b>1</b> <a href="/index.php/P5/">2</a> <a href="/index.php/P10/">3</a> <a href="/index.php/P5/">&gt;</a></div>',
        rows=latest_rows(tellings[0], '<p><a href="/index.php/site/entry/other">{title}</a></p>'),
    )


def _teaser(told: Told) -> str:
    bar = f"<p>{bar_html(told)}</p>" if told.bar else ""
    about = about_inline(told) if told.about else ""
    return bar + about + f"<p>{escaped(' '.join(told.text.split()[:30]))}"
