"""The post of a page and its authors: each field from the first layer that knows it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from crawler.items import Author, Post
from crawler.pages import anatomy, drupal
from crawler.pages.address import day_of, host_of
from crawler.pages.dates import find_date, stated_moment
from crawler.pages.document import resolve
from crawler.pages.marks import xpath
from crawler.pages.markup import html_of, inner_html
from crawler.pages.names import BYLINE, folded, is_group, names_about, shares_name, split_names
from crawler.pages.outline import fold, text_of
from crawler.pages.thread import FORM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.html import HtmlElement
    from scrapy.http import TextResponse

    from crawler.pages.marks import Marks
    from crawler.pages.outline import Line, Outline

_COMMENT_FORMS = xpath("descendant::textarea")
_COUNT = re.compile(r"[0-9]{1,9}")
_SMALL_PICTURE = 32
"""Pixels: what is no wider or higher is an icon or a spacer."""


class Byline(NamedTuple):
    """The line that names the authors, the names, and the element around them."""

    text: str | None
    names: list[str]
    element: HtmlElement | None


class Day(NamedTuple):
    """When a post says it was published, and the rule that found it."""

    date: str | None
    published_at: str | None
    printed: str | None
    source: str | None


class PostReading:
    """Reads the post from its marks and from the anatomy of its page."""

    def __init__(
        self,
        response: TextResponse,
        root: HtmlElement,
        page: Outline,
        marks: Marks,
        found: anatomy.Anatomy,
    ) -> None:
        self.response, self.root, self.page, self.marks, self.found = response, root, page, marks, found
        self.warnings: list[str] = []
        self.body = self._body()
        self.about, self.body_lines = self._about_author()

    @property
    def says_something(self) -> bool:
        """Whether there is a body, be it only a picture or a film."""
        if self.body_lines or self.about:
            return True
        element = self.marks.element("body")
        films = ("img", "object", "iframe", "embed", "video")
        return element is not None and next(element.iterdescendants(*films), None) is not None

    def post(self, post_id: str, comment_pages: int | None) -> Post:
        """The row of the post."""
        names = self.byline.names or names_about(self.about or "")
        return Post(
            id=post_id,
            url=f"{urlsplit(self.response.url).scheme}://{post_id}",
            title=self.title,
            byline=self.byline.text,
            authors=names,
            author_ids=[f"{host_of(self.response.url)}/authors/{folded(name)}" for name in names],
            date=self.day.date,
            published_at=self.day.published_at,
            published_raw=self.day.printed,
            captions=self.captions,
            about_author=self.about,
            body_text=text_of(self.body_lines),
            body_html=self._body_html(),
            language=self.root.get("lang") or self.root.get("xml:lang"),
            tags=self._tags(),
            images=self._images(),
            links=self._links(),
            comments_announced=self._announced(),
            comments_open=self._comments_open(),
            comment_pages=comment_pages,
            field_sources=self._sources(),
            parse_warnings=list(self.warnings),
        )

    def authors(self, post: Post) -> list[Author]:
        """The rows of the post's authors, in its order."""
        element = self.byline.element
        links = (
            {fold(a.text_content()): a.get("href") for a in element.iterdescendants("a")}
            if element is not None
            else {}
        )
        authors = []
        for name, author_id in zip(post.authors, post.author_ids, strict=True):
            about, href = _about(name, post.authors, self.about), links.get(name)
            authors.append(
                Author(
                    id=author_id,
                    name=name,
                    kind="organization" if is_group(name) else "person",
                    url=resolve(self.response, href) if href else None,
                    about=about,
                    about_post_id=post.id if about else None,
                )
            )
        return authors

    @cached_property
    def title(self) -> str | None:
        """The title, blanks folded."""
        element = self.marks.element("title")
        if element is not None and (stated := fold(element.get("content")) or fold(element.text_content())):
            return stated
        return None if self.found.title is None else self.page.lines[self.found.title].text

    @cached_property
    def byline(self) -> Byline:
        """The byline and its names."""
        element = self.marks.element("byline")
        if element is None:
            places = self.found.byline
            around = self.page.common(places[0], places[-1]) if places else None
            return Byline(self.found.byline_text, self.found.names, around)
        names = [name for a in element.iterdescendants("a") if (name := fold(a.text_content()))]
        text = " ".join(line.text for line in self.page.within(element))
        names = names or split_names(BYLINE.sub("", text))
        label = BYLINE.match(text)
        if label is not None:
            text = f"{label[0].rstrip(' :')} {', '.join(names)}"
        return Byline(text or None, names, element)

    @cached_property
    def day(self) -> Day:
        """The day: marked, printed, or else in the address."""
        element = self.marks.element("date")
        if element is not None and (printed := find_date(fold(element.text_content()))):
            moment = stated_moment(element.get("content") or element.get("datetime")) or printed.published_at
            return Day(printed.day.isoformat(), moment, printed.text, self.marks.source("date", ""))
        printed = self.found.printed
        if printed is not None:
            return Day(
                printed.day.isoformat(),
                self.found.published_at or printed.published_at,
                printed.text,
                anatomy.SOURCE,
            )
        day = day_of(self.response.url)
        return Day(day, None, None, "url" if day else None)

    def _body(self) -> list[Line]:
        element = self.marks.element("body")
        if element is not None:
            return self.page.within(element)
        return [self.page.lines[place] for place in self.found.body]

    def _about_author(self) -> tuple[str | None, list[Line]]:
        """The text about the authors, and the body without it.

        A text about somebody whom the byline does not name is the body's.
        """
        about, rest = anatomy.about_author(self.body)
        told, names = names_about(about or ""), self.byline.names
        if about and told and names and not any(map(is_group, names)) and not shares_name(about, names):
            self.warnings.append(f"about-the-author text names {told[0]!r}, the byline does not")
            return None, self.body
        return about, rest

    @cached_property
    def captions(self) -> list[str]:
        """Captions in page order."""
        marked = [caption for e in self.marks.elements("captions") if (caption := fold(e.text_content()))]
        if marked or self.marks.source("body", anatomy.SOURCE) == drupal.SOURCE:
            return marked
        printed = [self.page.lines[place].text for place in self.found.captions if self._is_free(place)]
        return printed or self._titles_of_pictures()

    def _titles_of_pictures(self) -> list[str]:
        """Captions that show when the mouse rests on a picture; a word or two only name it."""
        told = (fold(picture.get("title")) for picture in self._pictures())
        return [title for title in told if title.count(" ") > 1 and title != self.title]

    def _is_free(self, place: int) -> bool:
        element = self.marks.element("body")
        return (
            element is None
            or self.page.lines[place].block.tag == "figcaption"
            or place not in self.page.span(element)
        )

    def _images(self) -> list[dict[str, str | None]]:
        images: dict[str, dict[str, str | None]] = {}
        pictures = self._pictures()
        paired = len(self.captions) <= len(pictures)
        for index, picture in enumerate(pictures):
            source = picture.get("src") or ""
            url = resolve(self.response, source) or source
            caption = self.captions[index] if paired and index < len(self.captions) else None
            images.setdefault(url, {"url": url, "alt": picture.get("alt"), "caption": caption})
        return list(images.values())

    def _pictures(self) -> list[HtmlElement]:
        """The pictures of the post: where its text and captions stand, comments and lists apart."""
        element = self.marks.element("body")
        if self.marks.elements("photos") or (element is not None and self.found.title is None):
            inline = list(element.iterdescendants("img")) if element is not None else []
            return [picture for picture in [*self.marks.elements("photos"), *inline] if _is_picture(picture)]
        zones = self.found.zones
        return [
            picture for place, picture in self.page.pictures
            if any(zone.start <= place <= zone.stop for zone in zones) and _is_picture(picture)
        ]  # fmt: skip

    def _body_html(self) -> str | None:
        element = self.marks.element("body")
        if element is None:
            element = self.found.container
        return html_of(self.body) if element is None else inner_html(element)

    def _links(self) -> list[str]:
        found: dict[str, None] = {}
        for line in self.body:
            for link in line.links:
                if url := resolve(self.response, link.get("href") or ""):
                    found[url] = None
        return [url for url in found if urlsplit(url).scheme in ("http", "https")]

    def _tags(self) -> list[str]:
        element = self.marks.element("tags")
        if element is None:
            return self.found.tags
        return [fold(link.text_content()) for link in element.iterdescendants("a")]

    def _announced(self) -> int | None:
        element = self.marks.element("replies")
        stated = element.get("content", "") if element is not None else ""
        return int(stated) if _COUNT.fullmatch(stated) else self.found.thread.announced

    def _comments_open(self) -> bool | None:
        if _COMMENT_FORMS(self.root):
            return True
        for line in self.page.lines:
            if FORM.match(line.text) and (line.is_heading or line.is_links or "closed" in line.text):
                return "closed" not in line.text.casefold()
        return False if drupal.post_element(self.root) is not None else None

    def _sources(self) -> dict[str, str]:
        names = {"title": "title", "byline": "byline", "authors": "byline", "captions": "captions"}
        names |= {"body_text": "body", "tags": "tags"}
        told = {field: self.marks.source(name, anatomy.SOURCE) for field, name in names.items()}
        if self.byline.text is None:
            del told["byline"]
            told["authors"] = "about_author"
        if self.about:
            told["about_author"] = anatomy.SOURCE
        if self.day.source:
            told["date"] = self.day.source
        return dict(sorted(told.items()))


def _is_picture(image: HtmlElement) -> bool:
    sizes = [
        int(value) for value in (image.get("width"), image.get("height")) if value and _COUNT.fullmatch(value)
    ]
    return bool(image.get("src")) and all(size > _SMALL_PICTURE for size in sizes)


def _about(name: str, names: Sequence[str], about: str | None) -> str | None:
    """What the text says about one of several authors: from the name on, to the next name."""
    if about is None or len(names) < 2:
        return about
    starts = sorted((about.find(each), each) for each in names if each in about)
    for index, (start, each) in enumerate(starts):
        if each == name:
            end = starts[index + 1][0] if index + 1 < len(starts) else len(about)
            return about[start:end].strip()
    return None
