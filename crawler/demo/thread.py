"""The comments of a post in Drupal 7's markup: one page of them, nested, with their pager and the form."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from crawler.demo.content import day, slug
from crawler.demo.fields import field
from crawler.demo.prose import as_html

if TYPE_CHECKING:
    from crawler.demo.content import Comment, Post

SUBJECT_LENGTH = 29
"""Drupal makes a comment's subject of the first characters of its text."""


def thread(post: Post, comments: list[Comment], pager: str) -> str:
    """The comments of one page, the pager below them and the form for another one."""
    if not comments and not post.comments_open:
        return ""
    title = '<h2 class="title">Comments</h2>' if comments else ""
    open_levels = 0
    lines = []
    for comment in comments:
        # As comment.module does it: a reply opens one level, however deep it lies, so that a page
        # that begins with a reply begins indented.
        if comment.depth > open_levels:
            lines.append('<div class="indented">')
            open_levels += 1
        else:
            lines.append("</div>" * (open_levels - comment.depth))
            open_levels = comment.depth
        lines.append(_comment(post, comment))
    lines.append("</div>" * open_levels)
    form = _form(post) if post.comments_open else ""
    return f"""\
  <div id="comments" class="comment-wrapper">
          {title}
{"".join(lines)}{pager}
{form}</div>"""


def _comment(post: Post, comment: Comment) -> str:
    link = f"/comment/{comment.id}#comment-{comment.id}"
    kind = "comment-by-node-author" if comment.registered else "comment-by-anonymous"
    place = field("field-location", "text", *([escape(comment.place)] if comment.place else []))
    text = f"{comment.writes}\n\n{comment.text}" if comment.writes else comment.text
    parent = (
        f'<span rel="sioc:reply_of" resource="/comment/{comment.reply_to}#comment-{comment.reply_to}" '
        f'class="rdf-meta element-hidden"></span>'
        if comment.reply_to
        else ""
    )
    return f"""<a id="comment-{comment.id}"></a>
<div class="comment {kind} clearfix" about="{link}" typeof="sioc:Post sioct:Comment">

  <div class="attribution">

    <div class="submitted">
      <p class="commenter-name">
        <span rel="sioc:has_creator">{_username(comment)}</span>      </p>
      <p class="comment-time">
        <span property="dc:date dc:created" content="{comment.date.isoformat()}" datatype="xsd:dateTime">\
{day(comment.date)}</span>      </p>
      <p class="comment-permalink">
        <a href="{link}" class="permalink" rel="bookmark">Permalink</a>      </p>
    </div>
  </div>

  <div class="comment-text">
    <div class="comment-arrow"></div>

        <h3 property="dc:title" datatype=""><a href="{link}" class="permalink" rel="bookmark">\
{escape(_subject(text))}</a></h3>

    <div class="content">
      <span rel="sioc:reply_of" resource="{post.path}" class="rdf-meta element-hidden"></span>{parent}\
{place}{field("comment-body", "text-long", as_html(text))}    </div> <!-- /.content -->

    <ul class="links inline"><li class="comment-reply first last"><a href="/comment/reply/{post.node}/{comment.id}">\
reply</a></li>
</ul>  </div> <!-- /.comment-text -->
</div>
"""


def _username(comment: Comment) -> str:
    if not comment.registered:
        return (
            '<span class="username" xml:lang="" typeof="sioc:UserAccount" property="foaf:name" datatype="">'
            f"{escape(comment.author)} (not verified)</span>"
        )
    path = f"/users/{slug(comment.author)}"
    return (
        f'<a href="{path}" title="View user profile." class="username" xml:lang="" about="{path}" '
        f'typeof="sioc:UserAccount" property="foaf:name" datatype="">{escape(comment.author)}</a>'
    )


def _subject(text: str) -> str:
    """The first words of a text, cut where a word ends."""
    line = " ".join(text.split())
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH + 1].rpartition(" ")[0]


def _form(post: Post) -> str:
    return f"""\
      <h2 class="title comment-form">Add new comment</h2>
    <form class="comment-form" action="/comment/reply/{post.node}" method="post" id="comment-form" \
accept-charset="UTF-8"><div><div class="form-item form-type-textfield form-item-name">
  <label for="edit-name">Your name <span class="form-required" title="This field is required.">*</span></label>
 <input type="text" id="edit-name" name="name" value="" size="30" maxlength="60" class="form-text required" />
</div>
<div class="field-type-text-long field-name-comment-body field-widget-text-textarea form-wrapper" \
id="edit-comment-body"><div class="form-item form-type-textarea">
  <label for="edit-comment">Comment <span class="form-required" title="This field is required.">*</span></label>
 <div class="form-textarea-wrapper resizable"><textarea class="text-full form-textarea required" id="edit-comment" \
name="comment_body" cols="60" rows="5"></textarea></div>
</div></div>
<div class="form-actions form-wrapper" id="edit-actions"><input type="submit" id="edit-submit" name="op" \
value="Save" class="form-submit" /></div></div></form>
"""
