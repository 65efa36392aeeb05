"""A row is proven by its record, numbered by its content and held to its schema."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from crawler.collection.rows import Versions, prove, violations
from crawler.commands.schema import schema_of
from crawler.items import Author, Comment, Post
from crawler.warc.exchange import Location

LOCATION = Location(
    file="a-00000.warc.gz",
    offset=7,
    length=11,
    record_id="urn:uuid:0",
    target_uri="http://a.example/p?page=0%2C1",
    date="2026-11-23T15:43:00.000001Z",
    payload_digest="sha1:X",
    whole=True,
)


def proven(**stated: Any) -> Post:
    post = Post(id="a.example/p", url="http://a.example/p", **stated)
    prove(post, LOCATION, run_id="20261123T154300Z", source="live")
    return post


def test_a_proven_row_names_its_record_and_its_run():
    post = proven(title="T")
    assert (post.warc_file, post.warc_offset, post.warc_length) == ("a-00000.warc.gz", 7, 11)
    assert (post.warc_record_id, post.payload_digest) == ("urn:uuid:0", "sha1:X")
    assert (post.captured_at, post.captured_url) == (LOCATION.date, LOCATION.target_uri)
    assert (post.run_id, post.source, post.content_digest) == ("20261123T154300Z", "live", post.digest())


def test_the_first_statement_of_a_content_is_a_row_and_a_repeat_is_none():
    versions = Versions()
    assert versions.number(proven(title="T"))
    assert not versions.number(proven(title="T"))


def test_other_content_is_the_next_version_and_a_return_to_an_old_one_is_no_row():
    versions = Versions()
    rows = [proven(title=title) for title in ("one", "two", "one", "three")]
    assert [versions.number(row) for row in rows] == [True, True, False, True]
    assert [row.version for row in rows] == [1, 2, 1, 3]


def test_what_is_not_content_makes_no_version():
    versions = Versions()
    versions.number(proven(title="T", comments_announced=1))
    assert not versions.number(proven(title="T", comments_announced=2))


def test_kinds_do_not_share_their_identities():
    versions = Versions()
    for kind in ("Post", "Author"):
        assert versions.remember(kind, "a.example/authors/x", "sha256:" + "0" * 64) == 1


def test_an_unproven_row_has_no_number():
    with pytest.raises(ValueError, match=r"a\.example/p: has no content digest"):
        Versions().number(Post(id="a.example/p", url="http://a.example/p"))


@pytest.mark.parametrize(
    ("kind", "stated", "field"),
    [
        (Post, {"url": None}, "url"),
        (Post, {"url": "u", "authors": ["A", None]}, "authors"),
        (Post, {"url": "u", "images": [{"url": 1}]}, "images"),
        (Post, {"url": "u", "field_sources": {"title": None}}, "field_sources"),
        (Post, {"url": "u", "comments_announced": True}, "comments_announced"),
        (Post, {"url": "u", "comments_open": 1}, "comments_open"),
        (Comment, {"post_id": "p", "post_url": "u", "number": "1"}, "number"),
        (Comment, {"post_id": "p", "post_url": "u", "number": 1, "kind": "reply"}, "kind"),
        (Author, {"name": "A", "state": "lost"}, "state"),
    ],
)
def test_a_violation_names_the_field(kind, stated, field):
    [violation] = violations(kind(id="x", **stated))
    assert violation.startswith(f"{field}: ")


@pytest.mark.parametrize(
    "row",
    [
        Post(id="p", url="u", images=[{"url": "i", "alt": None}], comments_open=False),
        Comment(id="c", post_id="p", post_url="u", number=1, kind="pingback"),
        Author(id="a", name="A", kind="organization"),
    ],
)
def test_a_row_without_violations_is_valid_by_the_published_schema(row):
    assert violations(row) == []
    jsonschema.validate(vars(row), schema_of(type(row)))
