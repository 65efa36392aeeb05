"""Drupal 7's fields: the boxes of which posts and comments are made."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from crawler.demo.content import day, slug

if TYPE_CHECKING:
    from crawler.demo.content import Post


def field(name: str, kind: str, *values: str) -> str:
    """A field without a label; nothing where it has no value."""
    encoded = ' property="content:encoded"' if name.endswith("body") else ""
    items = "".join(
        f'<div class="field-item {"odd" if index % 2 else "even"}"{encoded}>{value}</div>'
        for index, value in enumerate(values)
    )
    head = (
        f'<div class="field field-name-{name} field-type-{kind} field-label-hidden"><div class="field-items">'
    )
    return f"{head}{items}</div></div>" if values else ""


def terms(kind: str, label_place: str, label: str, folder: str, names: list[str]) -> str:
    """A field of links to the lists of posts that share a term; ``label_place`` is ``inline`` or ``above``."""
    links = "".join(
        f'<li class="taxonomy-term-reference-{index}"><a href="/{folder}/{slug(name)}" typeof="skos:Concept" '
        f'property="rdfs:label skos:prefLabel" datatype="">{escape(name)}</a></li>'
        for index, name in enumerate(names)
    )
    inline = " inline" if label_place == "inline" else ""
    return (
        f'<div class="field field-name-field-{kind} field-type-taxonomy-term-reference '
        f'field-label-{label_place} clearfix"><h3 class="field-label">{label}:&nbsp;</h3>'
        f'<ul class="links{inline}">{links}</ul></div>'
    )


def date_mark(post: Post) -> str:
    """The day of a post, as it stands on its page, in teasers and in the list beside them."""
    return (
        f'<span  property="dc:date" datatype="xsd:dateTime" content="{post.date}T00:00:00-05:00" '
        f'class="date-display-single">{day(post.date)}</span>'
    )
