"""Every markup in which a post is written down, and what each of them shows of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from tests.pages.renaming import renamed
from tests.pages.sites import drupal, engine, flat, html5, lists, other_drupal, static, tables
from tests.pages.sites.parts import NEWEST, OLDEST, THREAD, Shown, pages_of
from tests.pages.told import Told, long_date

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Markup:
    """One way to write a page down."""

    name: str
    write: Callable[[Told, int], str]
    finish: Callable[[str], bytes] = field(default=lambda page: page.encode("utf-8"))
    url: Callable[[Told, int], str] = field(
        default=lambda told, page: f"http://blogs.state.gov{told.path}" + (f"?page={page}" if page else "")
    )
    identity: Callable[[Told], str] = field(default=lambda told: told.id)
    order: str = THREAD
    per_page: int | None = 50
    """Comments a page, if the post has no number of its own; None where all stand on one page."""
    ids: bool = True
    """Whether the page gives the number of each comment."""
    parents: str = "nesting"
    """`nesting`; `named`: the page names the parent's number; `serial`: "#3", if it is on the page;
    `name`: by name only, if one on the page has it; `none`."""
    byline: Callable[[Told], tuple[str, ...]] = field(default=lambda told: (f"Posted by {told.names}",))
    """The byline as printed; more than one where the contract leaves it open."""
    date: Callable[[datetime], str] = long_date
    remark_date: Callable[[datetime], tuple[str, ...]] | None = field(default=lambda at: (long_date(at),))
    """The date of a comment as printed; None where no comment has a date."""
    post_moment: bool = False
    """Whether the post's moment is given with its time zone (EDT)."""
    remark_moment: bool = False
    headed: bool = False
    """Whether a writes line is the only header of every comment, and its date the only other word."""
    credit: str = ""
    """What the template adds to every caption."""
    announced: bool = False
    """Whether the page states the number of comments."""
    form: str = "open"
    """`open`: a post that takes comments shows its form; `always`: every post does; `never`."""
    language: str | None = "en"
    """The language that the page declares."""
    user_pages: bool = False
    """Whether the name of a registered user links to a page."""
    topics: bool = True

    def page(self, told: Told, number: int = 0) -> tuple[str, bytes]:
        """The address asked for, and the body of the answer."""
        return self.url(told, number), self.finish(self.write(told, number))

    def shown(self, told: Told) -> list[list[Shown]]:
        """The remarks page by page as they stand there."""
        return pages_of(told, self.order, self.per_page)


def _listed(told: Told) -> tuple[str, ...]:
    # A label, then a list: whether its colon is printed words, and what stands between two names
    # that only a style sheet keeps apart, the contract does not say.
    colons = ("Posted by", "Posted by:")
    return tuple(f"{label} {sep.join(told.authors)}" for label in colons for sep in (", ", " "))


def _labelled(told: Told) -> tuple[str, ...]:
    return (f"Posted by {told.names}", f"Posted by: {told.names}")


def _authored(told: Told) -> tuple[str, ...]:
    return (f"Author {told.names}", f"Author: {told.names}")


def _latin(page: str) -> bytes:
    return page.encode("iso-8859-1", "xmlcharrefreplace")


def _rename(page: str, *, fragments: bool) -> bytes:
    return renamed(page.encode("utf-8"), fragments=fragments)


DRUPAL = Markup(
    name="drupal",
    write=drupal.write,
    parents="named",
    byline=_listed,
    remark_moment=True,
    announced=True,
    user_pages=True,
)

BARE = replace(
    DRUPAL,
    write=lambda told, page: drupal.without_rdfa(drupal.write(told, page)),
    parents="nesting",
    remark_moment=False,
    announced=False,
)

FLAT = Markup(
    name="flat", write=flat.write_sentence, order=NEWEST, per_page=25, parents="named", form="never"
)

OTHER = replace(
    FLAT, name="other-beside-first", write=other_drupal.write_beside_first, parents="none", announced=True
)

EARLY = Markup(
    name="engine-early",
    write=engine.write_early,
    url=lambda told, page: f"http://blogs.state.gov{engine.path_early(told)}",
    identity=lambda told: "blogs.state.gov" + engine.path_early(told).rstrip("/"),
    order=OLDEST,
    per_page=None,
    ids=False,
    parents="none",
    date=engine.stamp_date,
    remark_date=lambda at: (engine.weekday_date(at),),
    headed=True,
    credit=engine.CREDIT,
    form="always",
    topics=False,
)

LATE = replace(
    EARLY,
    name="engine-late",
    write=partial(engine.write_late, dated=True),
    url=lambda told, page: f"http://blogs.state.gov{engine.path_late(told)}",
    identity=lambda told: "blogs.state.gov" + engine.path_late(told),
    date=engine.padded_date,
)

STATIC = Markup(name="static", write=static.write, url=static.url, topics=False, form="never")

MARKUPS: list[Markup] = [
    DRUPAL,
    replace(
        DRUPAL,
        name="drupal-sidebar-page",
        url=lambda told, page: f"https://blogs.state.gov{told.path}?page={page}%2C1633",
    ),
    replace(DRUPAL, name="drupal-renamed", finish=partial(_rename, fragments=False)),
    replace(DRUPAL, name="drupal-renamed-links", finish=partial(_rename, fragments=True)),
    replace(BARE, name="drupal-bare"),
    replace(BARE, name="drupal-bare-renamed", finish=partial(_rename, fragments=True)),
    Markup(
        name="html5-stamped",
        write=partial(html5.write, stamped=True),
        post_moment=True,
        remark_moment=True,
        announced=True,
    ),
    Markup(name="html5-plain", write=partial(html5.write, stamped=False), announced=True),
    Markup(
        name="lists",
        write=lists.write,
        date=lists.european_date,
        remark_date=lambda at: (lists.european_date(at),),
    ),
    Markup(
        name="lists-labels",
        write=lists.write_labels,
        order=OLDEST,
        ids=False,
        parents="none",
        byline=_labelled,
        date=lists.weekday_date,
        announced=True,
    ),
    Markup(
        name="tables",
        write=tables.write,
        finish=_latin,
        order=OLDEST,
        ids=False,
        parents="none",
        date=tables.short_date,
        remark_date=lambda at: (tables.short_date(at),),
        language=None,
    ),
    replace(FLAT, name="flat-sentence", remark_date=lambda at: (flat.slash_date(at),)),
    replace(FLAT, name="flat-bar", write=flat.write_bar, parents="serial"),
    replace(
        FLAT,
        name="flat-posted",
        write=flat.write_posted,
        ids=False,
        parents="name",
        byline=lambda told: (f"Submitted by {told.names}",),
        date=flat.slash_date,
        remark_date=lambda at: (flat.clock_date(at),),
    ),
    replace(
        OTHER,
        byline=lambda told: (f"By {told.names}",),
        date=other_drupal.short_slash_date,
        remark_date=lambda at: (other_drupal.short_slash_date(at),),
    ),
    replace(
        OTHER,
        name="other-form",
        write=other_drupal.write_form,
        parents="named",
        byline=lambda told: (f"Written by {told.names}",),
        date=other_drupal.day_first_date,
        remark_date=lambda at: (other_drupal.day_first_date(at),),
    ),
    replace(
        OTHER,
        name="other-headed",
        write=other_drupal.write_headed,
        parents="named",
        announced=False,
        byline=_authored,
        date=flat.slash_date,
        remark_date=lambda at: (flat.slash_date(at),),
    ),
    replace(
        OTHER,
        name="other-titled",
        write=other_drupal.write_titled,
        announced=False,
        byline=lambda told: (f"By {told.names}", f"By: {told.names}"),
        remark_date=lambda at: (f"{long_date(at)} - {at:%H:%M}",),
    ),
    EARLY,
    LATE,
    replace(
        LATE, name="engine-late-undated", write=partial(engine.write_late, dated=False), remark_date=None
    ),
    STATIC,
    # Nothing but its anchors gave the numbers of its comments.
    replace(STATIC, name="static-renamed", finish=partial(_rename, fragments=True), ids=False),
]

BY_NAME = {markup.name: markup for markup in MARKUPS}
