"""DipNote, the blog of the US State Department.

Site: ``blogs.state.gov`` (2007-2019, offline), with a static copy at ``2007-2017-blogs.state.gov``.

Eras: ExpressionEngine (2007-2013), Drupal 7 (from May 2013, with all older
posts migrated into it), the static copy of January 2017.

Caveats: no markup of the real site is known, only the text of its pages in
order. So each field is read in layers and the first that knows it wins; the
post's ``field_sources`` says which: ``marks`` (that carry meaning), ``drupal``
(the engine's usual marks), ``anatomy`` (order and wording).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from crawler.pages import anatomy, drupal, marks
from crawler.pages.document import html_document
from crawler.pages.embed_systems import EmbedKind
from crawler.pages.embeds import embeds_of
from crawler.pages.listing import Listing, is_permalink
from crawler.pages.names import folded
from crawler.pages.outline import Outline, fold
from crawler.pages.page import Page, UnknownLayout
from crawler.pages.pager import comment_pager
from crawler.pages.post import PostReading
from crawler.pages.replies import comment_rows, marked_thread, read_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.html import HtmlElement
    from scrapy.http import TextResponse

    from crawler.items import Item, Post, Skipped
    from crawler.pages.embeds import Embed

_DOCUMENT_TITLE = marks.xpath("string(descendant::title)")
_OG_TITLE = marks.xpath("string(descendant::meta[@property='og:title']/@content)")
_GENERATOR = marks.xpath("string(descendant::meta[@name='Generator' or @name='generator']/@content)")


def read(response: TextResponse) -> Page:
    """The page in a response: a post, or a page that only points elsewhere.

    Raises ``UnknownLayout`` where a post was asked for and what came is
    neither a list of posts nor anything a post can be read from.
    """
    listing = Listing(response)
    if not listing.shows_a_post:
        return listing
    page = PostPage(response)
    if page.is_list_of_posts:
        return listing
    page.check()
    return page


class PostPage(Listing):
    """A post, its authors, and the comments on this page."""

    def __init__(self, response: TextResponse) -> None:
        super().__init__(response)
        body = self.root.find("body")
        self.page = Outline(body if body is not None else self.root)
        self._node = drupal.post_element(self.root)
        self._post, comments = marks.typed(self.root)
        self._marks = self._mark(self._post, comments)
        comments = comments or drupal.comment_elements(self.root)
        thread = marked_thread(self.page, comments) if comments else None
        self._found = anatomy.Reader(self.page, self._title(), thread).read()
        self._reading = PostReading(response, self.root, self.page, self._marks, self._found)
        self.layout = f"dipnote/{self._era()}"

    @cached_property
    def root(self) -> HtmlElement:
        """The document; a page that is served as XML too is read as HTML."""
        return html_document(self.response)

    @property
    def is_list_of_posts(self) -> bool:
        """Whether a list of posts came where a post was asked for: a soft 404.

        Every post of Drupal states its own address as canonical; a list states
        none, and its rows link to other posts.
        """
        stated = self.canonical_url is not None and is_permalink(self.canonical_url)
        if stated or self._post is not None:
            return False
        title = self._found.title
        rows = self.page.lines[0 if title is None else title + 1 : anatomy.list_beside(self.page, title or 0)]
        # Drupal makes a post's address out of its title: under another title one row is enough.
        return len(self.posts_listed(rows)) >= (3 if self._is_titled_as_asked() else 1)

    def _is_titled_as_asked(self) -> bool:
        """Whether the title shares a word with the address, or the address is not made of a title."""
        slug = self.post_id.rpartition("/")[2]
        if "/stories/" not in self.post_id:
            return True
        return not set(slug.split("-")).isdisjoint(folded(self._reading.title or "").split("-"))

    def check(self) -> None:
        """Raise ``UnknownLayout`` unless there is a title and a body."""
        missing = "title" if not self._reading.title else None if self._reading.says_something else "body"
        if missing:
            raise UnknownLayout(
                f"{self.response.url}: no {missing} of a post was found, expected a post of DipNote"
            )

    def _mark(self, post: HtmlElement | None, comments: list[HtmlElement]) -> marks.Marks:
        found = marks.Marks()
        if post is not None:
            marks.mark_post(found, post, comments)
        if self._node is not None:
            drupal.mark_post(found, self.root, self._node)
        return found

    def _title(self) -> int | None:
        """The line that is the title."""
        element = self._marks.element("title")
        told = ""
        if element is not None:
            lines = self.page.within(element)
            if lines:
                return lines[-1].place
            told = fold(element.get("content"))
        return anatomy.find_title(
            self.page, told or fold(str(_OG_TITLE(self.root))) or fold(str(_DOCUMENT_TITLE(self.root)))
        )

    def _era(self) -> str:
        """The era whose layout the page wears."""
        if "/index.php" in self.response.url:
            return "expressionengine"
        found = self._found
        if found.date is not None and found.body and found.date > found.body[-1]:
            return "static"
        return "drupal" if self._node is not None or "Drupal" in str(_GENERATOR(self.root)) else "unknown"

    @cached_property
    def _comment_pager(self) -> tuple[int, int]:
        return comment_pager(self.root, self.response, self.post_id)

    def items(self) -> Sequence[Item]:
        """The post, its authors, the comments on this page."""
        current, announced = self._comment_pager
        read = read_thread(self.page, self._found.thread)
        post = self._reading.post(self.post_id, announced or (1 if read else None))
        self._tell_embeds(post)
        return [post, *self._reading.authors(post), *comment_rows(self.response, post, read, current)]

    @cached_property
    def _embeds(self) -> list[Embed]:
        return embeds_of(self.root)

    def not_captured(self) -> Sequence[Skipped]:
        """The comments, players and the like that the page embeds."""
        return [embed.skipped(self.response.url, self.post_id) for embed in self._embeds]

    def _tell_embeds(self, post: Post) -> None:
        """Warn of what stands elsewhere; none on the page is not none at all then."""
        post.parse_warnings += [embed.sentence for embed in self._embeds]
        if any(embed.kind is EmbedKind.COMMENTS for embed in self._embeds):
            post.comments_announced = post.comments_announced or None
            post.comments_open = post.comments_open or None
