# ruff: noqa: E501 - lines of HTML and of prose are kept as they would be served
"""Drupal 7 as it comes: the theme Bartik with RDFa, threads oldest first, 50 comments a page."""

from __future__ import annotations

import re

from tests.pages.sites.parts import (
    THREAD,
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
from tests.pages.told import Remark, Told, escaped, long_date

PER_PAGE = 50

HEAD = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML+RDFa 1.0//EN"
  "http://www.w3.org/MarkUp/DTD/xhtml-rdfa-1.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" version="XHTML+RDFa 1.0" dir="ltr"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:dc="http://purl.org/dc/terms/"
  xmlns:foaf="http://xmlns.com/foaf/0.1/"
  xmlns:sioc="http://rdfs.org/sioc/ns#"
  xmlns:sioct="http://rdfs.org/sioc/types#"
  xmlns:skos="http://www.w3.org/2004/02/skos/core#"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema#">

<head profile="http://www.w3.org/1999/xhtml/vocab">
  <meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="Generator" content="Drupal 7 (http://drupal.org)" />
<link rel="canonical" href="{path}" />
<link rel="shortlink" href="/node/812" />
<link rel="prev" href="/stories/2010/09/09/day-before" />
<link rel="next" href="/stories/2010/09/14/days-after" />
  <title>{title} | DipNote</title>
<script type="text/javascript">
<!--//--><![CDATA[//><!--
jQuery.extend(Drupal.settings, {{"basePath":"\\/","urlIsAjaxTrusted":{{"\\/comment\\/reply\\/812":true}}}});
//--><!]]>
</script>
</head>
<body class="html not-front not-logged-in two-sidebars page-node page-node- page-node-812 node-type-story" >
  <div id="skip-link">
    <a href="#main-content" class="element-invisible element-focusable">Skip to main content</a>
  </div>
    <div id="page-wrapper"><div id="page">
  <div id="header" class="without-secondary-menu"><div class="section clearfix">
      <a href="/" title="Home" rel="home" id="logo"><img src="http://blogs.state.gov/themes/bartik/logo.png" alt="Home" /></a>
      <div id="name-and-slogan"><div id="site-name"><strong><a href="/" title="Home" rel="home"><span>DipNote</span></a></strong></div>
      <div id="site-slogan">U.S. Department of State Official Blog</div></div>
      <div id="main-menu" class="navigation"><h2 class="element-invisible">Main menu</h2><ul id="main-menu-links" class="links clearfix"><li class="menu-222 first"><a href="/">Home</a></li>
<li class="menu-296"><a href="/stories">All Stories</a></li>
<li class="menu-297"><a href="/archive">Archive</a></li>
<li class="menu-299 last"><a href="/about">About</a></li>
</ul></div>
  </div></div>
  <div id="main-wrapper" class="clearfix"><div id="main" class="clearfix">
    <div id="breadcrumb"><h2 class="element-invisible">You are here</h2><div class="breadcrumb"><a href="/">Home</a></div></div>
    <div id="sidebar-first" class="column sidebar"><div class="section"><div class="region region-sidebar-first">
<div id="block-search-form" class="block block-search"><div class="content"><form action="{path}" method="post" id="search-block-form" accept-charset="UTF-8"><div><h2 class="element-invisible">Search form</h2><div class="form-item form-type-textfield"><label class="element-invisible" for="edit-search-block-form--2">Search </label><input title="Enter the terms you wish to search for." type="text" id="edit-search-block-form--2" name="search_block_form" value="" size="15" maxlength="128" class="form-text" /></div><input type="submit" id="edit-submit--2" name="op" value="Search" class="form-submit" /></div></form></div></div>
<div id="block-user-login" class="block block-user"><h2>User login</h2><div class="content"><form action="{path}?destination=node/812" method="post" id="user-login-form" accept-charset="UTF-8"><div><div class="form-item form-type-textfield form-item-name"><label for="edit-name--2">Username <span class="form-required" title="This field is required.">*</span></label><input type="text" id="edit-name--2" name="name" value="" size="15" maxlength="60" class="form-text required" /></div><div class="form-item form-type-password form-item-pass"><label for="edit-pass">Password <span class="form-required" title="This field is required.">*</span></label><input type="password" id="edit-pass" name="pass" size="15" maxlength="128" class="form-text required" /></div><div class="item-list"><ul><li class="first"><a href="/user/register" title="Create a new user account.">Create new account</a></li>
<li class="last"><a href="/user/password" title="Request new password via e-mail.">Request new password</a></li>
</ul></div><input type="submit" id="edit-submit--3" name="op" value="Log in" class="form-submit" /></div></form></div></div>
<div id="block-node-syndicate" class="block block-node"><h2>Syndicate</h2><div class="content"><a href="/rss.xml" class="feed-icon" title="Subscribe to Syndicate"><img typeof="foaf:Image" src="http://blogs.state.gov/misc/feed.png" width="16" height="16" alt="Subscribe to Syndicate" /></a></div></div>
    </div></div></div>
    <div id="content" class="column"><div class="section">
            <a id="main-content"></a>
                    <h1 class="title" id="page-title">
          {title}        </h1>
                          <div class="tabs">
                  </div>
                          <div class="region region-content">
    <div id="block-system-main" class="block block-system">
  <div class="content">
"""

TAIL = """  </div>
</div>
  </div>
    </div></div>
          <div id="sidebar-second" class="column sidebar"><div class="section"><div class="region region-sidebar-second">
    <div id="block-views-latest-stories-block" class="block block-views">
    <h2>Latest Stories</h2>
  <div class="content">
    <div class="view view-latest-stories view-id-latest_stories view-display-id-block view-dom-id-1d391cf263141aa6">
      <div class="view-content">
      <div class="item-list">    <ul>{rows}
      </ul></div>    </div>
      {sidebar_pager}
</div>  </div>
</div>
<div id="block-views-calendar-block-1" class="block block-views"><div class="content"><div class="view view-calendar"><div class="view-header"><div class="date-nav-wrapper clearfix"><div class="date-nav item-list"><div class="date-heading"><h3><a href="http://blogs.state.gov/calendar/month/2016-11" title="View full page month">November</a></h3></div>
      <ul class="pager"><li class="date-prev"><a href="http://blogs.state.gov{path}?mini=2016-10" title="Navigate to previous month" rel="nofollow">&laquo;</a></li><li class="date-next"><a href="http://blogs.state.gov{path}?mini=2016-12" title="Navigate to next month" rel="nofollow">&raquo;</a></li></ul>
</div></div></div><div class="view-content"><table class="mini"><thead><tr><th class="days sun">S</th><th class="days mon">M</th></tr></thead><tbody><tr><td id="calendar-2016-11-01" class="sun mini past has-no-events"><div class="month mini-day-off"> 1 </div><div class="calendar-empty">&nbsp;</div></td><td class="mon"><div class="month mini-day-off"> 2 </div></td></tr></tbody></table></div></div></div></div>
<div id="block-views-archive-block" class="block block-views"><h2>Monthly archive</h2><div class="content"><div class="view view-archive"><ul class="views-summary"><li><a href="/archive/201009">September 2010</a>
              (3)
          </li><li><a href="/archive/201010">October 2010</a>
              (4)
          </li></ul></div></div></div>
  </div></div></div>
  </div></div>
  <div id="footer-wrapper"><div class="section"><div id="footer" class="clearfix"><div class="region region-footer"><div id="block-system-powered-by" class="block block-system"><div class="content"><span>Powered by <a href="https://www.drupal.org">Drupal</a></span></div></div></div></div></div></div>
</div></div>
  </body>
</html>
"""

FORM = """      <h2 class="title comment-form">Add new comment</h2>
    <form class="comment-form user-info-from-cookie" action="/comment/reply/812" method="post" id="comment-form" accept-charset="UTF-8"><div><div class="form-item form-type-textfield form-item-name">
  <label for="edit-name">Your name <span class="form-required" title="This field is required.">*</span></label>
 <input type="text" id="edit-name" name="name" value="" size="30" maxlength="60" class="form-text required" />
</div>
<div class="form-item form-type-textfield form-item-mail"><label for="edit-mail">E-mail <span class="form-required" title="This field is required.">*</span></label><input type="text" id="edit-mail" name="mail" value="" size="30" maxlength="64" class="form-text required" /><div class="description">The content of this field is kept private and will not be shown publicly.</div></div>
<div class="field-type-text-long field-name-comment-body field-widget-text-textarea form-wrapper" id="edit-comment-body"><div class="form-item form-type-textarea"><label for="edit-comment-body-und-0-value">Comment <span class="form-required" title="This field is required.">*</span></label><div class="form-textarea-wrapper resizable"><textarea class="text-full form-textarea required" id="edit-comment-body-und-0-value" name="comment_body[und][0][value]" cols="60" rows="5"></textarea></div></div>
<fieldset class="filter-wrapper form-wrapper" id="edit-format"><p><a href="/filter/tips" target="_blank">More information about text formats</a></p><ul class="tips"><li>Web page addresses and e-mail addresses turn into links automatically.</li><li>Lines and paragraphs break automatically.</li></ul></fieldset></div>
<div class="field-type-text field-name-field-location field-widget-text-textfield form-wrapper" id="edit-field-location"><div class="form-item"><label for="edit-field-location-und-0-value">Location </label><input class="text-full form-text" type="text" id="edit-field-location-und-0-value" name="field_location[und][0][value]" value="" size="60" maxlength="255" /></div></div><div class="form-actions form-wrapper" id="edit-actions"><input type="submit" id="edit-submit" name="op" value="Save" class="form-submit" /></div></div></form>
"""

LATEST_ROW = (
    '<li class="views-row"><div class="views-field views-field-title"><span class="field-content">'
    '<a href="{href}">{title}</a></span></div><div class="views-field views-field-field-post-date">'
    '<div class="field-content"><span property="dc:date" class="date-display-single">{date}</span></div></div></li>'
)


def field(name: str, kind: str, *values: str, more: str = "") -> str:
    """A field without a label, as the default template writes it; nothing where it has no value."""
    if not values:
        return ""
    items = "".join(
        f'<div class="field-item {"odd" if n % 2 else "even"}"{more}>{value}</div>'
        for n, value in enumerate(values)
    )
    return (
        f'<div class="field field-name-{name} field-type-{kind} field-label-hidden"><div class="field-items">'
        f"{items}</div></div>"
    )


def pager(hrefs: list[str], current: int) -> str:
    """Drupal's full pager; empty where there is one page."""
    if len(hrefs) < 2:
        return ""
    items = []
    if current:
        items.append(
            f'<li class="pager-first first"><a title="Go to first page" href="{hrefs[0]}">« first</a></li>'
        )
        items.append(
            f'<li class="pager-previous"><a title="Go to previous page" href="{hrefs[current - 1]}">‹ previous</a></li>'
        )
    for number, href in enumerate(hrefs):
        if number == current:
            items.append(f'<li class="pager-current">{number + 1}</li>')
        else:
            items.append(
                f'<li class="pager-item"><a title="Go to page {number + 1}" href="{href}">{number + 1}</a></li>'
            )
    if current + 1 < len(hrefs):
        items.append(
            f'<li class="pager-next"><a title="Go to next page" href="{hrefs[current + 1]}">next ›</a></li>'
        )
        items.append(
            f'<li class="pager-last last"><a title="Go to last page" href="{hrefs[-1]}">last »</a></li>'
        )
    return (
        '<h2 class="element-invisible">Pages</h2><div class="item-list"><ul class="pager">'
        + "\n".join(items)
        + "</ul></div>"
    )


def sidebar_pager(told: Told, page: int) -> str:
    """The pager of the list beside the post: nine numbers, `next`, `last`."""
    items = ['<li class="pager-current first">1</li>']
    items += [
        f'<li class="pager-item"><a title="Go to page {n + 1}" href="{sidebar_href(told, page, n)}">{n + 1}</a></li>'
        for n in range(1, 9)
    ]
    items.append('<li class="pager-ellipsis">…</li>')
    for mark, label, n in (("next", "next ›", 1), ("last last", "last »", 1633)):
        href = sidebar_href(told, page, n)
        items.append(
            f'<li class="pager-{mark}"><a title="Go to {mark[:4]} page" href="{href}">{label}</a></li>'
        )
    return (
        '<h2 class="element-invisible">Pages</h2><div class="item-list"><ul class="pager">'
        + "\n".join(items)
        + "</ul></div>"
    )


def terms(name: str, label: str, path: str, names: tuple[str, ...], how: str) -> str:
    """A field of taxonomy terms with its label, as Bartik writes it."""
    if not names:
        return ""
    items = "".join(
        f'<li class="taxonomy-term-reference-{n}"><a href="{path}/{slug(term)}" typeof="skos:Concept" '
        f'property="rdfs:label skos:prefLabel" datatype="">{escaped(term)}</a></li>'
        for n, term in enumerate(names)
    )
    inline = " inline" if how == "inline" else ""
    return (
        f'<div class="field field-name-{name} field-type-taxonomy-term-reference field-label-{how} clearfix">'
        f'<h3 class="field-label">{label}: </h3><ul class="links{inline}">{items}</ul></div>'
    )


def slug(text: str) -> str:
    """A path segment of a name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def remark_html(told: Told, remark: Remark) -> str:
    """One comment with the anchor that Drupal's core puts before it."""
    cid, moment = remark.number, remark.at.isoformat(timespec="seconds")
    name = f'<span class="username" xml:lang="" typeof="sioc:UserAccount" property="foaf:name" datatype="">{signed(remark)}</span>'
    if remark.registered:
        name = (
            f'<a href="/users/{slug(remark.author)}" title="View user profile." class="username" xml:lang="" '
            f'about="/users/{slug(remark.author)}" typeof="sioc:UserAccount" property="foaf:name" datatype="">'
            f"{escaped(remark.author)}</a>"
        )
    place = field("field-location", "text", escaped(remark.place)) if remark.place else ""
    answers = f'<span rel="sioc:reply_of" resource="{told.path}" class="rdf-meta element-hidden"></span>'
    if remark.parent is not None:
        answers += (
            f'<span rel="sioc:reply_of" resource="/comment/{remark.parent}#comment-{remark.parent}" '
            'class="rdf-meta element-hidden"></span>'
        )
    link = f'<a href="/comment/{cid}#comment-{cid}" class="permalink" rel="bookmark">'
    body = field(
        "comment-body", "text-long", remark.html(remark.writes) + "\n", more=' property="content:encoded"'
    )
    return f"""<a id="comment-{cid}"></a>
<div class="comment comment-by-anonymous clearfix" about="/comment/{cid}#comment-{cid}" typeof="sioc:Post sioct:Comment">

  <div class="attribution">

    <div class="submitted">
      <p class="commenter-name">
        <span rel="sioc:has_creator">{name}</span>      </p>
      <p class="comment-time">
        <span property="dc:date dc:created" content="{moment}" datatype="xsd:dateTime">{long_date(remark.at)}</span>      </p>
      <p class="comment-permalink">
        {link}Permalink</a>      </p>
    </div>
  </div>

  <div class="comment-text">
    <div class="comment-arrow"></div>

        <h3 property="dc:title" datatype="">{link}{escaped(subject(remark, remark.writes))}</a></h3>

    <div class="content">
      {answers}{place}{body}          </div> <!-- /.content -->

    <ul class="links inline"><li class="comment-reply first last"><a href="/comment/reply/812/{cid}">reply</a></li>
</ul>  </div> <!-- /.comment-text -->
</div>
"""


def comments_html(told: Told, page: int, *, form: str = FORM) -> str:
    """The wrapper with title, comments in their indents, pager and form."""
    pages = pages_of(told, THREAD, PER_PAGE)
    if not told.remarks and not told.open:
        return ""
    out, depth = "", 0
    for entry in pages[page]:
        while depth > entry.depth:
            out, depth = out + "</div>", depth - 1
        while depth < entry.depth:
            out, depth = out + '\n<div class="indented">', depth + 1
        out += remark_html(told, entry.remark)
    out += "</div>" * depth
    title = '<h2 class="title">Comments</h2>' if told.remarks else ""
    return (
        f'  <div id="comments" class="comment-wrapper">\n          {title}\n      \n  {out}'
        f"{pager(comment_hrefs(told, len(pages)), page)}\n{form if told.open else ''}  </div>\n"
    )


def write(told: Told, page: int) -> str:
    """The page of a post."""
    by = terms("field-author", "Posted by", "/authors", told.authors if told.byline else (), "inline")
    midnight = told.at.replace(hour=0, minute=0, second=0).isoformat()
    date = (
        f'<span  property="dc:date" datatype="xsd:dateTime" content="{midnight}" '
        f'class="date-display-single">{long_date(told.at)}</span>'
    )
    images = [
        f'<img typeof="foaf:Image" src="{url}" width="480" height="320" alt="" />'
        for url, _ in photos(told)
        if url
    ]
    pictures = field("field-photo", "image", *images)
    pictures += field("field-caption", "text", *map(escaped, told.captions))
    body = field("body", "text-with-summary", body_html(told) + "\n", more=' property="content:encoded"')
    flippy = (
        '<ul class="flippy"><li class="first"><a href="/stories/2007/09/25/welcome-dipnote">« First</a></li>'
        '<li class="prev"><a href="/stories/2010/09/09/day-before">‹ Previous</a></li>'
        '<li class="next"><a href="/stories/2010/09/14/days-after">Next ›</a></li></ul>\n'
    )
    title = escaped(told.title)
    node = (
        f'    <div id="node-812" class="node node-story node-promoted node-full clearfix" about="{told.path}" '
        'typeof="sioc:Item foaf:Document">\n'
        f'      <span property="dc:title" content="{attr(told.title)}" class="rdf-meta element-hidden"></span>'
        f'<span property="sioc:num_replies" content="{len(told.remarks)}" datatype="xsd:integer" '
        'class="rdf-meta element-hidden"></span>\n'
        '  <div class="content clearfix">\n    '
        + by
        + field("field-post-date", "datetime", date)
        + pictures
        + body
        + flippy
        + terms("field-topics", "Topics", "/category", told.topics, "above")
        + "  </div>\n"
        '  <div class="link-wrapper"><ul class="links inline"><li class="print_html first last">'
        '<a href="/print/812" title="Display a print-friendly version of this page." class="print-page" '
        'rel="nofollow">Printer-friendly version</a></li>\n</ul></div>\n'
        + comments_html(told, page)
        + "</div>\n"
    )
    head = HEAD.format(path=told.path, title=title)
    tail = TAIL.format(
        rows=latest_rows(told, LATEST_ROW), sidebar_pager=sidebar_pager(told, page), path=told.path
    )
    return head + node + tail


def without_rdfa(page: str) -> str:
    """The same page from a theme with the RDF module switched off."""
    page = re.sub(r'<span [^>]*class="rdf-meta[^>]*></span>', "", page)
    page = re.sub(r'\n?\s+xmlns:\w+="[^"]*"', "", page)
    page = re.sub(r'<span rel="sioc:has_creator">(.*?)</span>(\s*</p>)', r"\1\2", page)
    return re.sub(
        r'<(?!meta|html)(\w+)((?:\s+[\w:-]+="[^"]*")*)\s*(/?)>',
        lambda m: f"<{m[1]}{_plain(m[2])}{' ' + m[3] if m[3] else ''}>",
        page,
    )


def _plain(attributes: str) -> str:
    return re.sub(r'\s+(?:about|typeof|property|datatype|content|resource|xml:lang)="[^"]*"', "", attributes)
