"""What stands around every page of the demo blog: head, menu, the lists beside it, foot."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from crawler.demo.fields import date_mark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.demo.content import Content, Post
    from crawler.demo.pager import Pagers

SIDEBAR_LENGTH = 5
"""Posts on one page of the list beside every page."""
SIDEBAR = 1
"""The place of that list in ``page=<comments>,<sidebar>``."""


def months(posts: list[Post]) -> list[tuple[str, list[Post]]]:
    """The posts by month, each month as ``200902``, the oldest first."""
    return [(key, list(group)) for key, group in groupby(posts[::-1], key=lambda post: f"{post.date:%Y%m}")]


def page(content: Content, pagers: Pagers, title: str, main: str, *, head: str = "", kind: str = "") -> str:
    """A whole page; ``title`` is empty on the front page, which has no heading of its own."""
    heading = f'<h1 class="title" id="page-title">\n          {escape(title)}        </h1>' if title else ""
    site = escape(content.title)
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML+RDFa 1.0//EN"
  "http://www.w3.org/MarkUp/DTD/xhtml-rdfa-1.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" version="XHTML+RDFa 1.0" dir="ltr"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:dc="http://purl.org/dc/terms/"
  xmlns:foaf="http://xmlns.com/foaf/0.1/"
  xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
  xmlns:sioc="http://rdfs.org/sioc/ns#"
  xmlns:sioct="http://rdfs.org/sioc/types#"
  xmlns:skos="http://www.w3.org/2004/02/skos/core#"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema#">

<head profile="http://www.w3.org/1999/xhtml/vocab">
  <meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="Generator" content="Drupal 7 (http://drupal.org)" />
{head}  <title>{escape(title) + " | " if title else ""}{site}</title>
  <link type="text/css" rel="stylesheet" href="/themes/lamproom/style.css" media="all" />
  <link rel="shortcut icon" href="/themes/lamproom/favicon.png" type="image/png" />
  <link rel="alternate" type="application/rss+xml" title="{site} RSS" href="/rss.xml" />
  <script type="text/javascript" src="/themes/lamproom/lamp.js?v=1.0"></script>
</head>
<body class="html {"not-front" if title else "front"} not-logged-in one-sidebar {kind}" >
  <div id="page-wrapper"><div id="page">

  <div id="header"><div class="section clearfix">
          <a href="/" title="Home" rel="home" id="logo">
        <img src="/themes/lamproom/logo.png" srcset="/themes/lamproom/logo.png, /themes/lamproom/logo-2x.png 2x" alt="Home" />
      </a>
          <div id="name-and-slogan">
                              <div id="site-name">
              <strong>
                <a href="/" title="Home" rel="home"><span>{site}</span></a>
              </strong>
            </div>
                  <div id="site-slogan">
            {escape(content.slogan)}          </div>
      </div> <!-- /#name-and-slogan -->
          <div id="main-menu" class="navigation">
        <h2 class="element-invisible">Main menu</h2><ul id="main-menu-links" class="links clearfix">\
<li class="menu-1 first"><a href="/">Home</a></li>
<li class="menu-2"><a href="/stories">All Stories</a></li>
<li class="menu-3"><a href="/archive">Archive</a></li>
<li class="menu-4 last"><a href="/about">About</a></li>
</ul>      </div> <!-- /#main-menu -->
  </div></div> <!-- /.section, /#header -->

  <div id="main-wrapper" class="clearfix"><div id="main" class="clearfix">
    <div id="content" class="column"><div class="section">
            <a id="main-content"></a>
                    {heading}
                          <div class="region region-content">
    <div id="block-system-main" class="block block-system">

  <div class="content">
{main}
  </div>
</div>
  </div>
      </div></div> <!-- /.section, /#content -->

          <div id="sidebar-second" class="column sidebar"><div class="section">
          <div class="region region-sidebar-second">
{_latest_stories(content.posts, pagers)}
{_calendar(content.posts, pagers)}
{_block("views-archive-block", "Monthly archive", month_list(content.posts))}
  </div>
      </div></div> <!-- /.section, /#sidebar-second -->
  </div></div> <!-- /#main, /#main-wrapper -->

  <div id="footer-wrapper"><div class="section">
          <div id="footer" class="clearfix">
    <a href="/rss.xml" class="feed-icon" title="Subscribe to {site}">Subscribe</a>
      </div> <!-- /#footer -->
  </div></div> <!-- /.section, /#footer-wrapper -->

</div></div> <!-- /#page, /#page-wrapper -->
  </body>
</html>
"""


def listing(view: str, teasers: Iterable[str], pager: str) -> str:
    """Posts below each other, as the module Views lists them."""
    rows = "\n".join(
        f'        <div class="views-row views-row-{number} views-row-{"odd" if number % 2 else "even"}">\n'
        f"{teaser}\n  </div>"
        for number, teaser in enumerate(teasers, start=1)
    )
    return f"""\
    <div class="view view-{view} view-id-{view} view-display-id-page">
      <div class="view-content">
{rows}
    </div>
{pager}
</div>"""


def table(path: str, posts: list[Post]) -> str:
    """Posts as the rows of a table, whose headings sort it: more addresses of the same posts."""
    heads = "".join(
        f'<th class="views-field"><a href="{path}?order={key}&amp;sort=asc" title="sort by {name}" '
        f'class="active">{name}</a></th>'
        for key, name in (("title", "Title"), ("created", "Date"))
    )
    rows = "\n".join(
        f'      <tr><td class="views-field views-field-title"><a href="{post.path}">{escape(post.title)}</a></td>'
        f'<td class="views-field views-field-field-post-date">{date_mark(post)}</td></tr>'
        for post in posts
    )
    return (
        f'    <table class="views-table cols-2">\n      <thead><tr>{heads}</tr></thead>\n'
        f"      <tbody>\n{rows}\n      </tbody>\n    </table>\n"
    )


def month_list(posts: list[Post]) -> str:
    """The months, each with the number of its posts."""
    entries = "\n".join(
        f'      <li><a href="/archive/{key}">{group[0].date:%B %Y}</a>\n              ({len(group)})\n          </li>'
        for key, group in months(posts)
    )
    return f'<div class="item-list">\n  <ul class="views-summary">\n{entries}\n    </ul>\n</div>'


def _block(name: str, title: str, main: str) -> str:
    heading = f"\n    <h2>{title}</h2>\n" if title else ""
    kind = name.partition("-")[0]
    return (
        f'    <div id="block-{name}" class="block block-{kind}">\n{heading}\n'
        f'  <div class="content">\n{main}\n  </div>\n</div>'
    )


def _latest_stories(posts: list[Post], pagers: Pagers) -> str:
    """One page of the list beside every page; gone where a page beyond its end is asked for."""
    pages = -(-len(posts) // SIDEBAR_LENGTH)
    asked = max(0, pagers.asked(SIDEBAR))
    if asked >= pages:
        return ""
    rows = "\n".join(
        f'          <li class="views-row views-row-{number} views-row-{"odd" if number % 2 else "even"}">\n'
        f'  <div class="views-field views-field-title">        <span class="field-content">'
        f'<a href="{post.path}">{escape(post.title)}</a></span>  </div>\n'
        f'  <div class="views-field views-field-field-post-date">        <div class="field-content">'
        f"{date_mark(post)}</div>  </div></li>"
        for number, post in enumerate(posts[asked * SIDEBAR_LENGTH :][:SIDEBAR_LENGTH], start=1)
    )
    view = f"""\
    <div class="view view-latest-stories view-id-latest_stories view-display-id-block">
      <div class="view-content">
      <div class="item-list">    <ul>
{rows}
      </ul></div>    </div>

      {pagers.render(SIDEBAR, pages)}
</div>"""
    return _block("views-latest-stories-block", "Latest Stories", view)


def _calendar(posts: list[Post], pagers: Pagers) -> str:
    """The head of the small calendar: two more addresses of every page."""
    newest = posts[0].date
    before = f"{newest.year}-{newest.month - 1:02}" if newest.month > 1 else f"{newest.year - 1}-12"
    after = f"{newest.year}-{newest.month + 1:02}" if newest.month < 12 else f"{newest.year + 1}-01"
    return _block(
        "views-calendar-block-1",
        "",
        f"""\
    <div class="view view-calendar view-id-calendar view-display-id-block_1">
    <div class="date-nav item-list">
      <div class="date-heading"><h3>{newest:%B}</h3></div>
      <ul class="pager">
              <li class="date-prev">
          <a href="{pagers.path}?mini={before}" title="Navigate to previous month" rel="nofollow">&laquo;</a></li>
              <li class="date-next">
          <a href="{pagers.path}?mini={after}" title="Navigate to next month" rel="nofollow">&raquo;</a></li>
      </ul>
    </div>
</div>""",
    )
