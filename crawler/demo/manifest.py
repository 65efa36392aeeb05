"""The truth about the demo blog: what an archive of it has to say, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.demo.content import day, read_content, slug
from crawler.demo.node import SIZES, photo_path
from crawler.demo.prose import as_text, targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.demo.content import Comment, Post

Row = dict[str, Any]

THEME = {
    "style.css": "style",
    "lamp.js?v=1.0": "script",
    "favicon.png": "icon",
    "logo.png": "image",
    "logo-2x.png": "image",
    # The stylesheet alone names it.
    "night-sky.png": "image",
}
"""What every page needs to be shown, and its kind."""


def manifest() -> dict[str, list[Row]]:
    """Rows of ``posts``, ``comments``, ``authors`` and ``requisites``, by age and in page order.

    Keys that are fields of the JSON Lines have their values. Where those hold
    addresses, the manifest holds paths (``path``, ``url``, ``images``,
    ``links``); where they hold ids, it holds the numbers that the pages give
    (``comment``, ``parent``).
    """
    posts = read_content().posts[::-1]
    return {
        "posts": [_post(post) for post in posts],
        "comments": [row for post in posts for row in _comments(post)],
        "authors": list({row["name"]: row for post in posts for row in _authors(post)}.values()),
        "requisites": [*_theme(), *_pictures(posts)],
    }


def _theme() -> Iterator[Row]:
    for name, kind in THEME.items():
        yield {"path": f"/themes/lamproom/{name}", "kind": kind}


def _pictures(posts: list[Post]) -> Iterator[Row]:
    for post in posts:
        for photo in post.photos:
            for style in SIZES:
                yield {"path": photo_path(photo, style), "kind": "image"}


def _names(post: Post) -> list[str]:
    return post.authors or post.about_names


def _post(post: Post) -> Row:
    return {
        "path": post.path,
        "title": post.title,
        "byline": f"Posted by {', '.join(post.authors)}" if post.authors else None,
        "authors": _names(post),
        "date": post.date.isoformat(),
        "published_at": None,
        "published_raw": day(post.date),
        "captions": post.captions,
        "about_author": post.about,
        "body_text": as_text(post.body),
        "language": "en",
        "tags": post.topics,
        "images": [photo_path(photo, "large") for photo in post.photos],
        "links": list(dict.fromkeys(targets(post.body))),
        "comments_announced": len(post.comments),
        "comments_open": post.comments_open,
        "comment_pages": len(post.comment_pages) if post.comments else None,
    }


def _comments(post: Post) -> Iterator[Row]:
    for page, comments in enumerate(post.comment_pages):
        for number, comment in enumerate(comments, start=1):
            yield _comment(post, comment) | {"page": page, "number": number}


def _comment(post: Post, comment: Comment) -> Row:
    return {
        "post": post.path,
        "comment": comment.id,
        "parent": comment.reply_to,
        "kind": "comment",
        "author": comment.author,
        "author_url": f"/users/{slug(comment.author)}" if comment.registered else None,
        "location": comment.place,
        "date": comment.date.date().isoformat(),
        "published_at": comment.date,
        "published_raw": day(comment.date),
        "writes_line": comment.writes,
        "body_text": as_text(comment.text),
    }


def _authors(post: Post) -> Iterator[Row]:
    for name in _names(post):
        yield {
            "name": name,
            "kind": "organization" if name.endswith("Bloggers") else "person",
            "url": f"/authors/{slug(name)}" if post.authors else None,
        }
