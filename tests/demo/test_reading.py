"""What the pages read on the demo blog is what its manifest says, field by field."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.http import HtmlResponse

from crawler.demo.blog import Blog
from crawler.demo.manifest import manifest
from crawler.items import Author, Comment, Post
from crawler.pages import read_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.items import Item

ORIGIN = "http://127.0.0.1:8000"
TRUTH = manifest()


def said(path: str) -> Sequence[Item]:
    answer = Blog(ORIGIN).answer(path)
    return read_page(HtmlResponse(ORIGIN + path, body=answer.body, headers=answer.headers)).items()


def comment_row(comment: Comment) -> dict[str, Any]:
    def number(comment_id: str) -> int:
        return int(comment_id.rpartition("#comment-")[2])

    return vars(comment) | {
        "post": comment.post_id.removeprefix(ORIGIN.removeprefix("http://")),
        "comment": number(comment.id),
        "parent": number(comment.parent_id) if comment.parent_id else None,
        "author_url": comment.author_url.removeprefix(ORIGIN) if comment.author_url else None,
    }


def as_published(truth: dict[str, Any]) -> dict[str, Any]:
    return truth | {"published_at": f"{truth['published_at'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}


@pytest.mark.parametrize("truth", TRUTH["posts"], ids=lambda truth: truth["path"])
def test_a_post_is_read_as_it_was_written(truth):
    [post] = [item for item in said(truth["path"]) if isinstance(item, Post)]
    row = vars(post) | {
        "path": post.url.removeprefix(ORIGIN),
        "images": [(image["url"] or "").removeprefix(ORIGIN) for image in post.images],
        "links": [link.removeprefix(ORIGIN) for link in post.links],
    }
    assert {name: row[name] for name in truth} == truth


@pytest.mark.parametrize("truth", TRUTH["posts"], ids=lambda truth: truth["path"])
def test_the_comments_are_read_as_they_were_written(truth):
    expected = [as_published(row) for row in TRUTH["comments"] if row["post"] == truth["path"]]
    rows = [
        comment_row(item)
        for page in range(truth["comment_pages"] or 1)
        for item in said(truth["path"] + (f"?page={page}" if page else ""))
        if isinstance(item, Comment)
    ]
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected


def test_the_authors_are_those_of_the_posts():
    authors = {
        item.name: {
            "name": item.name,
            "kind": item.kind,
            "url": item.url.removeprefix(ORIGIN) if item.url else None,
        }
        for truth in TRUTH["posts"]
        for item in said(truth["path"])
        if isinstance(item, Author)
    }
    assert list(authors.values()) == TRUTH["authors"]
