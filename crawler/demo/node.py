"""A post in Drupal 7's markup: in full, as a teaser, for the printer."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from crawler.demo.content import slug
from crawler.demo.fields import date_mark, field, terms
from crawler.demo.prose import as_html
from crawler.demo.thread import thread

if TYPE_CHECKING:
    from crawler.demo.content import Comment, Post


SIZES = {"large": (240, 160), "thumbnail": (60, 40)}
"""Width and height of a picture in each of its styles."""


def full(post: Post, comments: list[Comment], pager: str, newer: Post | None, older: Post | None) -> str:
    """A post on its own page, with one page of its comments."""
    flippy = "".join(
        f'\n    <li class="{kind}">\n              <a href="{other.path}">{label}</a>          </li>\n'
        for kind, label, other in (("prev", "‹ Previous", older), ("next", "Next ›", newer))
        if other
    )
    return f"""\
    <div id="node-{post.node}" class="node node-story node-promoted node-full clearfix" about="{post.path}" \
typeof="sioc:Item foaf:Document">

      {_rdf(post)}

  <div class="content clearfix">
    {_byline(post)}{_date(post)}{_photos(post, "large")}{_captions(post)}{_body(post)}<ul class="flippy">
{flippy}  </ul>

{terms("topics", "above", "Topics", "category", post.topics)}  </div>

      <div class="link-wrapper">
      <ul class="links inline"><li class="print_html first last"><a href="/print/{post.node}" \
title="Display a printer-friendly version of this page." class="print-page" rel="nofollow">\
Printer-friendly version</a></li>
</ul>    </div>

{thread(post, comments, pager)}
</div>"""


def teaser(post: Post) -> str:
    """A post in a list of posts: its head and its first paragraph."""
    title = escape(post.title)
    count = len(post.comments)
    label = "1 comment" if count == 1 else f"{count} comments"
    comments = (
        f'\n<li class="comment-comments last"><a href="{post.path}#comments" '
        f'title="Jump to the first comment of this posting.">{label}</a></li>'
        if count
        else ""
    )
    return f"""\
    <div id="node-{post.node}" class="node node-story node-promoted node-teaser clearfix" about="{post.path}" \
typeof="sioc:Item foaf:Document">

        <h2>
      <a href="{post.path}">{title}</a>
    </h2>
    {_rdf(post)}

  <div class="content clearfix">
    {_byline(post)}{_date(post)}{_photos(post, "thumbnail")}{field("body", "text-with-summary", _opening(post))}
  </div>

      <div class="link-wrapper">
      <ul class="links inline"><li class="node-readmore first"><a href="{post.path}" rel="tag" title="{title}">\
Read more<span class="element-invisible"> about {title}</span></a></li>{comments}
</ul>    </div>

</div>"""


def printed(post: Post) -> str:
    """The body of a post's page for the printer: no comments."""
    content = f"{_byline(post)}{_date(post)}{_photos(post, 'large')}{_captions(post)}{_body(post)}"
    return f"""\
    <div class="print-content"><div id="node-{post.node}" class="node node-story node-promoted clearfix" \
about="{post.path}" typeof="sioc:Item foaf:Document">
        <h2>
      <a href="{post.path}">{escape(post.title)}</a>
    </h2>
  <div class="content clearfix">
    {content}  </div>
</div></div>"""


def photo_path(photo: str, style: str) -> str:
    """Address of a picture in one of its sizes, ``large`` or ``thumbnail``."""
    return f"/sites/default/files/styles/{style}/public/photos/{slug(photo)}.png"


def _rdf(post: Post) -> str:
    return (
        f'<span property="dc:title" content="{escape(post.title)}" class="rdf-meta element-hidden"></span>'
        f'<span property="sioc:num_replies" content="{len(post.comments)}" datatype="xsd:integer" '
        f'class="rdf-meta element-hidden"></span>'
    )


def _byline(post: Post) -> str:
    return terms("author", "inline", "Posted by", "authors", post.authors) if post.authors else ""


def _date(post: Post) -> str:
    return field("field-post-date", "datetime", date_mark(post))


def _photos(post: Post, style: str) -> str:
    width, height = SIZES[style]
    images = [
        f'<img typeof="foaf:Image" src="{photo_path(photo, style)}" width="{width}" height="{height}" '
        f'alt="{escape(photo)}" />'
        for photo in post.photos
    ]
    if style == "thumbnail":
        images = [f'<a href="{post.path}">{image}</a>' for image in images]
    return field("field-photo", "image", *images)


def _captions(post: Post) -> str:
    return field("field-caption", "text", *map(escape, post.captions))


def _body(post: Post) -> str:
    about = _about(post)
    text = as_html(post.body)
    return field("body", "text-with-summary", text + about if post.about_last else about + text)


def _about(post: Post) -> str:
    if not post.about:
        return ""
    label = "About the Authors:" if len(post.authors) > 1 else "About the Author:"
    return f"<p><em>{label} {escape(post.about, quote=False)}</em></p>\n"


def _opening(post: Post) -> str:
    return as_html(post.body.strip().split("\n\n")[0])
