"""What a page is to tell, before anyone writes it down as HTML: a post, its remarks, its surroundings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Block:
    """One piece of a body: as HTML, and as the text that the contract makes of it ("" for none)."""

    html: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One comment as its site keeps it; `number` is the site's own id for it."""

    number: int
    author: str
    at: datetime
    blocks: tuple[Block, ...]
    place: str | None = None
    writes: str | None = None
    """The "X in Y writes:" line at the head of the text."""
    writes_break: str = "p"
    """How that line ends: `p`, a paragraph of its own; `br`, the first line of the first paragraph."""
    parent: int | None = None
    registered: bool = False
    """A user of the site: the name links to a page, and is not followed by "(not verified)"."""

    @property
    def text(self) -> str:
        """The `body_text` that the contract asks for."""
        return "\n\n".join(block.text for block in self.blocks if block.text)

    def html(self, writes: str | None) -> str:
        """The whole text as HTML, after ``writes`` as its own line."""
        first, *rest = [block.html for block in self.blocks]
        if writes is not None and self.writes_break == "br" and first.startswith("<p>"):
            first = f"<p>{escaped(writes)}<br />\n{first[3:]}"
        elif writes is not None:
            first = f"<p>{escaped(writes)}</p>\n{first}"
        return "\n".join([first, *rest])


@dataclass(frozen=True, kw_only=True)
class Told:
    """One post, everything that any markup may show of it."""

    name: str
    """Short name in the ids of tests."""
    slug: str
    title: str
    at: datetime
    blocks: tuple[Block, ...]
    authors: tuple[str, ...] = ()
    byline: bool = True
    """Whether the page has a line that names the authors."""
    joined: str | None = None
    """The authors as one line of text, where it is not `A`, `A and B`, `A, B and C`."""
    captions: tuple[str, ...] = ()
    photos: int | None = None
    """How many photos; as many as captions where not said."""
    bar: tuple[str, ...] = ()
    """Labels of a bar of links before the body."""
    bar_ends: str = "block"
    """`block`: the bar is a paragraph; `about`, `body`: what follows it is glued to it."""
    bar_sep: str = " | "
    about: str | None = None
    about_form: str = "p-em"
    about_last: bool = False
    about_label: str = "About the Author:"
    topics: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    """In the order in which they were written."""
    open: bool = True
    per_page: int | None = None
    """Comments a page, where it is not the markup's own number."""
    latest: tuple[tuple[str, str, datetime], ...] = field(default_factory=tuple)
    """The list beside the post: title, path, day."""

    @property
    def path(self) -> str:
        """The path of the post in the Drupal era and after."""
        return f"/stories/{self.at:%Y/%m/%d}/{self.slug}"

    @property
    def id(self) -> str:
        """The post's identity, as the contract makes it of the path."""
        return "blogs.state.gov" + self.path

    @property
    def text(self) -> str:
        """The `body_text` that the contract asks for, without the bar of links."""
        return "\n\n".join(block.text for block in self.blocks if block.text)

    @property
    def bar_text(self) -> str:
        """The bar of links as text."""
        return self.bar_sep.join(self.bar)

    @property
    def names(self) -> str:
        """The authors as one line."""
        if self.joined is not None:
            return self.joined
        *most, last = self.authors
        return f"{', '.join(most)} and {last}" if most else last

    @property
    def photo_count(self) -> int:
        """How many photos stand before or after the body."""
        return len(self.captions) if self.photos is None else self.photos


def escaped(text: str) -> str:
    """Text as HTML, with quotes left alone, as most software leaves them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def long_date(moment: datetime) -> str:
    """September 5, 2010."""
    return f"{moment:%B} {moment.day}, {moment.year}"
