"""The demo blog's feed, as Drupal 7 writes one: the newest posts, teasers escaped into descriptions."""

from __future__ import annotations

from datetime import UTC, datetime, time
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from crawler.demo.content import CLOCK
from crawler.demo.node import teaser

if TYPE_CHECKING:
    from crawler.demo.content import Content, Post

LENGTH = 10


def rss(content: Content, origin: str) -> str:
    """The feed; ``origin`` is the scheme and host at which the blog answers."""
    items = "".join(_item(post, origin) for post in content.posts[:LENGTH])
    return f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xml:base="{origin}"  xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
 <title>{escape(content.title)}</title>
 <link>{origin}</link>
 <description>{escape(content.slogan)}</description>
 <language>en</language>
{items}</channel>
</rss>
"""


def _item(post: Post, origin: str) -> str:
    published = datetime.combine(post.date, time(9), CLOCK).astimezone(UTC)
    return f"""<item>
 <title>{escape(post.title)}</title>
 <link>{origin}{post.path}</link>
 <description>{escape(teaser(post))}</description>
 <comments>{origin}{post.path}#comments</comments>
 <pubDate>{format_datetime(published)}</pubDate>
 <dc:creator>Lamp Room Desk</dc:creator>
 <guid isPermaLink="false">{post.node} at {origin}</guid>
</item>
"""
