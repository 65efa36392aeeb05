"""One post in every markup: the reader says of each what was told, whatever the names of its classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.expected import (
    differences,
    read_told,
    wanted_comment,
    wanted_images,
    wanted_parents,
    wanted_post,
)
from tests.pages.markups import MARKUPS, Markup
from tests.pages.truths import BY_NAME, TRUTHS

if TYPE_CHECKING:
    from crawler.items import Author
    from tests.pages.told import Told

EVERY = [pytest.param(m, t, id=f"{m.name}/{t.name}") for m in MARKUPS for t in TRUTHS]
DISCUSSED = [pytest.param(m, t, id=f"{m.name}/{t.name}") for m in MARKUPS for t in TRUTHS if t.remarks]
SIGNED = [pytest.param(m, t, id=f"{m.name}/{t.name}") for m in MARKUPS for t in TRUTHS if t.authors]


@pytest.mark.parametrize(("markup", "told"), EVERY)
def test_every_comment_page_states_the_post_as_told(markup: Markup, told: Told):
    for page in range(len(markup.shown(told))):
        [post] = read_told(markup.name, told.name, page).posts

        assert differences(post, wanted_post(told, markup)) == {}


@pytest.mark.parametrize(("markup", "told"), DISCUSSED)
def test_comments_stand_in_page_order_with_all_they_show(markup: Markup, told: Told):
    for page, entries in enumerate(markup.shown(told)):
        comments = read_told(markup.name, told.name, page).comments

        assert [c.author for c in comments] == [e.remark.author for e in entries]
        for number, (comment, entry) in enumerate(zip(comments, entries, strict=True), 1):
            assert differences(comment, wanted_comment(entry, number, page, markup, told)) == {}


@pytest.mark.parametrize(("markup", "told"), DISCUSSED)
def test_replies_name_the_comment_they_answer(markup: Markup, told: Told):
    for page, entries in enumerate(markup.shown(told)):
        comments = read_told(markup.name, told.name, page).comments
        allowed = wanted_parents(entries, comments, told, markup)

        assert [
            (c.author, c.parent_id, a) for c, a in zip(comments, allowed, strict=True) if c.parent_id not in a
        ] == []


@pytest.mark.parametrize("told", [t for t in TRUTHS if not t.remarks], ids=lambda t: t.name)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda m: m.name)
def test_a_post_without_comments_has_none(markup: Markup, told: Told):
    assert read_told(markup.name, told.name, 0).comments == []


@pytest.mark.parametrize(("markup", "told"), DISCUSSED)
def test_comment_ids_are_unique_and_belong_to_the_post(markup: Markup, told: Told):
    pages = range(len(markup.shown(told)))
    ids = [c.id for page in pages for c in read_told(markup.name, told.name, page).comments]

    assert len(set(ids)) == len(ids) == len(told.remarks)
    assert all(id_.startswith(markup.identity(told) + "#") for id_ in ids)


@pytest.mark.parametrize(("markup", "told"), SIGNED)
def test_every_author_has_a_row(markup: Markup, told: Told):
    read = read_told(markup.name, told.name, 0)
    [post] = read.posts
    rows: dict[str, Author] = {row.id: row for row in read.authors}

    assert [rows[id_].name for id_ in post.author_ids] == list(told.authors)
    assert len(rows) == len(read.authors) == len(told.authors)
    for row in rows.values():
        assert row.id.startswith("blogs.state.gov/authors/")
        assert row.kind == ("organization" if row.name == "DipNote Bloggers" else "person")
    if len(told.authors) == 1:
        assert read.authors[0].about == told.about
        assert read.authors[0].about_post_id == (post.id if told.about else None)


@pytest.mark.parametrize(("markup", "told"), EVERY)
def test_pictures_are_those_of_the_post_and_no_others(markup: Markup, told: Told):
    [post] = read_told(markup.name, told.name, 0).posts

    assert {image["url"] for image in post.images} == wanted_images(told, markup)


@pytest.mark.parametrize("markup", MARKUPS, ids=lambda m: m.name)
def test_links_of_the_body_are_absolute(markup: Markup):
    [post] = read_told(markup.name, "adjacent-inlines", 0).posts
    host = post.url.split("/stories")[0].split("/index.php")[0].split("://")[1]

    assert [link.split("://")[1] for link in post.links] in (
        [f"{h}/stories/2009/01/02/first", "www.example.org/a?b=1&c=2#d"]
        for h in (host, "blogs.state.gov", "2007-2017-blogs.state.gov")
    )


@pytest.mark.parametrize("markup", MARKUPS, ids=lambda m: m.name)
def test_the_body_is_kept_as_served(markup: Markup):
    [post] = read_told(markup.name, "lists-and-tables", 0).posts
    comments = read_told(markup.name, "comment-bodies", 0).comments
    served = next(c.body_html for c in comments if c.author == "Vera")

    assert '<table border="1">' in (post.body_html or "")
    assert "<li>Nineteen pumps, of which <em>seven</em> work.</li>" in (post.body_html or "")
    assert "<blockquote><p>I read this twice.</p></blockquote>" in (served or "")


@pytest.mark.parametrize("markup", MARKUPS, ids=lambda m: m.name)
def test_the_page_says_which_rule_gave_each_field(markup: Markup):
    [post] = read_told(markup.name, "one-author", 0).posts

    assert {"title", "byline", "date", "captions", "about_author"} <= set(post.field_sources)
    assert {"body_text", "body_html", "body"} & set(post.field_sources)


@pytest.mark.parametrize("markup", [m for m in MARKUPS if m.user_pages], ids=lambda m: m.name)
def test_only_a_registered_user_has_a_page(markup: Markup):
    urls = {c.author: c.author_url for c in read_told(markup.name, "thread", 0).comments}
    registered = {r.author for r in BY_NAME["thread"].remarks if r.registered}

    assert {name for name, url in urls.items() if url is not None} == registered
    assert (urls["DipNote Blogger"] or "").endswith("://blogs.state.gov/users/dipnote-blogger")
