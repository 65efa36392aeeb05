# ruff: noqa: E501 - lines of HTML and of prose are kept as they would be served
"""Tables of 2008: layout in cells, font tags, two breaks for a paragraph, spacers, ISO-8859-1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pages.sites.parts import (
    OLDEST,
    Shown,
    body_pieces,
    comment_hrefs,
    latest_rows,
    pages_of,
    photos,
    sidebar_href,
    with_breaks,
)
from tests.pages.told import Told, escaped

if TYPE_CHECKING:
    from datetime import datetime

PER_PAGE = 50

HEAD = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<HTML>
<HEAD>
<TITLE>{title}</TITLE>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=iso-8859-1">
<SCRIPT LANGUAGE="JavaScript"><!--
function pop(u) {{ window.open(u, 'w', 'width=400'); }}
//--></SCRIPT>
</HEAD>
<BODY BGCOLOR="#FFFFFF" TEXT="#000000" TOPMARGIN=0>
<TABLE WIDTH=780 BORDER=0 CELLPADDING=0 CELLSPACING=0 ALIGN=center>
<TR><TD COLSPAN=3><A HREF="/"><IMG SRC="/images/banner.jpg" WIDTH=780 HEIGHT=90 BORDER=0 ALT="DipNote"></A></TD></TR>
<TR><TD COLSPAN=3 BGCOLOR="#003366"><FONT SIZE=1 COLOR="#FFFFFF"><A HREF="/">Home</A> | <A HREF="/videos">Videos</A> | <A HREF="/photos">Photos</A> | <A HREF="/about">About</A> | <A HREF="/archive">Archive</A></FONT></TD></TR>
<TR>
<TD WIDTH=150 VALIGN=top BGCOLOR="#EEEEEE"><FONT SIZE=2><B>Latest Stories</B></FONT><BR>
<TABLE BORDER=0>{rows}</TABLE>
<FONT SIZE=1>1 <A HREF="{two}">2</A> <A HREF="{three}">3</A> <A HREF="{last}">last</A></FONT>
<FORM ACTION="/user/login" METHOD=post><FONT SIZE=1>Username<BR><INPUT NAME=name SIZE=12><BR>Password<BR><INPUT TYPE=password NAME=pass SIZE=12><BR><INPUT TYPE=submit VALUE="Log in"></FONT></FORM>
</TD>
<TD WIDTH=10><IMG SRC="/images/spacer.gif" WIDTH=10 HEIGHT=1></TD>
<TD WIDTH=620 VALIGN=top>
"""

TAIL = """</TD></TR>
<TR><TD COLSPAN=3><HR SIZE=1><FONT SIZE=1>This site is managed by the Bureau of Public Affairs. <A HREF="/privacy">Privacy Notice</A></FONT></TD></TR>
</TABLE>
</BODY>
</HTML>
"""

FORM = """<TABLE BORDER=0 CELLPADDING=2><FORM ACTION="/post.cgi" METHOD=post>
<TR><TD COLSPAN=2><FONT SIZE=3><B>Post a comment</B></FONT></TD></TR>
<TR><TD><FONT SIZE=2>Name:</FONT></TD><TD><INPUT NAME=name></TD></TR>
<TR><TD><FONT SIZE=2>Location:</FONT></TD><TD><INPUT NAME=loc></TD></TR>
<TR><TD><FONT SIZE=2>Comment:</FONT></TD><TD><TEXTAREA NAME=c ROWS=5 COLS=40></TEXTAREA></TD></TR>
<TR><TD></TD><TD><INPUT TYPE=submit VALUE="Post"></TD></TR>
</FORM></TABLE>
"""


def short_date(moment: datetime) -> str:
    """Sep 5, 2010."""
    return f"{moment:%b} {moment.day}, {moment.year}"


def _picture(url: str, caption: str) -> str:
    image = (
        f'<IMG SRC="{url}" WIDTH=300 HEIGHT=200 BORDER=0 ALT="">'
        if url
        else '<IMG SRC="/images/spacer.gif" WIDTH=300 HEIGHT=1>'
    )
    text = f"<TR><TD><FONT SIZE=1 COLOR=gray>{escaped(caption)}</FONT></TD></TR>" if caption else ""
    return f"<TABLE BORDER=0 ALIGN=right CELLPADDING=4><TR><TD>{image}</TD></TR>{text}</TABLE>\n"


def _comment(entry: Shown) -> str:
    remark = entry.remark
    place = f"{escaped(remark.place)}<BR>" if remark.place else ""
    writes = [escaped(remark.writes)] if remark.writes else []
    text = with_breaks([f"<p>{line}</p>" for line in writes] + [block.html for block in remark.blocks])
    if writes and remark.writes_break == "br":
        text = text.replace("<br>\n<br>\n", "<br>\n", 1)
    return (
        f'<TR BGCOLOR="#F6F6F6"><TD WIDTH=130 VALIGN=top><FONT SIZE=2><B>{escaped(remark.author)}</B><BR>{place}'
        f"<I>{short_date(remark.at)}</I></FONT></TD>\n"
        f"<TD VALIGN=top><FONT SIZE=2>{text}</FONT></TD></TR>\n"
        '<TR><TD COLSPAN=2><IMG SRC="/images/spacer.gif" WIDTH=1 HEIGHT=6></TD></TR>\n'
    )


def write(told: Told, page: int) -> str:
    """The page of a post."""
    pages = pages_of(told, OLDEST, PER_PAGE)
    rows = latest_rows(
        told,
        '<TR><TD><FONT SIZE=1><A HREF="{href}">{title}</A><BR>{date}</FONT></TD></TR>\n',
        short_date,
    )
    by = f"<FONT SIZE=2><B>Posted by {escaped(told.names)}</B></FONT><BR>\n" if told.byline else ""
    topics = ", ".join(f'<A HREF="/topic/{n}">{escaped(t)}</A>' for n, t in enumerate(told.topics))
    topics = f"<P><FONT SIZE=1>Topics: {topics}</FONT></P>\n" if topics else ""
    comments = "".join(_comment(entry) for entry in pages[page])
    comments = (
        f'<FONT SIZE=4><B>Comments</B></FONT><BR>\n<TABLE WIDTH="100%" BORDER=0 CELLPADDING=3>\n{comments}</TABLE>\n'
        if told.remarks
        else ""
    )
    links = [
        f"<B>{n + 1}</B>" if n == page else f'<A HREF="{href}">{n + 1}</A>'
        for n, href in enumerate(comment_hrefs(told, len(pages)))
    ]
    pager = f"<P ALIGN=center><FONT SIZE=2>Page {' '.join(links)}</FONT></P>\n" if len(pages) > 1 else ""
    hrefs = {name: sidebar_href(told, page, n) for name, n in {"two": 1, "three": 2, "last": 1633}.items()}
    return (
        HEAD.format(title=escaped(told.title), rows=rows, **hrefs)
        + f"<FONT SIZE=5><B>{escaped(told.title)}</B></FONT><BR>\n{by}"
        + f"<FONT SIZE=2>{short_date(told.at)}</FONT>\n<HR SIZE=1>\n"
        + "".join(_picture(url, caption) for url, caption in photos(told))
        + f"<FONT SIZE=2>{with_breaks(body_pieces(told))}</FONT>\n{topics}<HR SIZE=1>\n"
        + '<FONT SIZE=1><A HREF="javascript:window.print()">Print this page</A></FONT>\n<HR SIZE=1>\n'
        + comments
        + pager
        + (FORM if told.open else "")
        + TAIL
    )
