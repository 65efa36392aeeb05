"""DipNote, the blog of the US State Department.

Site: ``blogs.state.gov`` (2007-2019, offline), with a static copy at ``2007-2017-blogs.state.gov``.

Eras: ExpressionEngine (2007-2013), Drupal 7 (from May 2013, with all older
posts migrated into it), the static copy of January 2017.

Caveats: no markup of the real site is known, only the text of its pages in
order. So each field is read in layers, the first that knows it wins, and
``field_sources`` says which: marks that carry meaning, the usual marks of
Drupal 7, the anatomy of the page.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from crawler.items import Author, Comment, Item, Post
from crawler.pages import drupal, marks
from crawler.pages.address import Address, Pagers, address_of, day_of, host_of, identity, key_of, same_site
from crawler.pages.anatomy import (
    SOURCE,
    Anatomy,
    Reader,
    about_author,
    find_title,
    label_without_colon,
    texts,
)
from crawler.pages.comment import Said, html_of, inner_html, read_comment
from crawler.pages.dates import find_date, stated_moment
from crawler.pages.marks import Marks, xpath
from crawler.pages.names import BYLINE, folded, is_group, names_about, split_names
from crawler.pages.outline import Outline, fold, outline, text_of
from crawler.pages.page import Link, LinkKind, Page, UnknownLayout
from crawler.pages.pager import comment_pager, hrefs
from crawler.pages.thread import FORM, Thread, Unit, parents_by_nesting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.html import HtmlElement
    from scrapy.http import TextResponse

    from crawler.pages.outline import Line

_DOCUMENT_TITLE = xpath("string(//head/title | //title)")
_OG_TITLE = xpath("string(//meta[@property='og:title']/@content)")
_GENERATOR = xpath("string(//meta[translate(@name,'GENRATO','genrato')='generator']/@content)")
_COMMENT_FORM = xpath("//form[.//textarea]")
_SMALL_PICTURE = 32
"""Pixels: what is no wider or higher is an icon or a spacer."""


def read(response: TextResponse) -> Page:
    """The page in a response: a post, or a page that only points elsewhere.

    Raises ``UnknownLayout`` where a post was asked for and nothing that is
    known fits what came.
    """
    links = LinksOnly(response)
    if not links.is_permalink or links.is_listing:
        return links
    return PostPage(response)


class LinksOnly(Page):
    """A page that states nothing itself: a listing, a feed, a duplicate."""

    layout = "dipnote/links"

    def __init__(self, response: TextResponse) -> None:
        self._response = response
        self.key = key_of(response.url)

    def items(self) -> Sequence[Item]:
        """Nothing."""
        return []

    @cached_property
    def root(self) -> HtmlElement:
        """The document."""
        return self._response.selector.root

    @cached_property
    def post_id(self) -> str:
        """Identity of the post that the URL asks for."""
        url = self.canonical_url
        return identity(url if url and _is_permalink(url) else self._response.url)

    @cached_property
    def canonical_url(self) -> str | None:
        """The canonical link, resolved, where it stays on the site."""
        href = marks.canonical(self.root)
        url = self._response.urljoin(href) if href else None
        return url if url and same_site(url, self._response.url) else None

    @property
    def is_permalink(self) -> bool:
        """Whether a post was asked for."""
        return _is_permalink(self._response.url)

    @cached_property
    def is_listing(self) -> bool:
        """Whether a list of posts came where a post was asked for: a soft 404.

        Every post states its own address as canonical; a list has none, and
        rows of links to several posts.
        """
        if self.canonical_url and _is_permalink(self.canonical_url):
            return False
        if len(_posts_listed(self.root, self._response, self.post_id)) < 3:
            return False
        return marks.post_element(self.root) is None and drupal.post_element(self.root) is None

    def links(self) -> Sequence[Link]:
        """Where the page points."""
        found: dict[str, Link] = {}
        own = self.post_id if self.is_permalink else None
        for href in hrefs(self.root):
            try:
                url = urldefrag(self._response.urljoin(href.strip())).url
                address = address_of(url) if same_site(url, self._response.url) else None
            except ValueError:  # not a URL at all, e.g. a port that is no number
                continue
            if address is None or (
                address.kind in (LinkKind.COMMENTS, LinkKind.SIDEBAR) and address.id != own
            ):
                continue
            found.setdefault(address.key, _link(url, address))
        return list(found.values())


def _link(url: str, address: Address) -> Link:
    return Link(url=url, key=address.key, kind=address.kind, page=address.page, rule=address.rule)


def _is_permalink(url: str) -> bool:
    """Whether the path, whatever the query, is a post's."""
    parts = urlsplit(url)
    address = address_of(parts._replace(query="", fragment="").geturl())
    return address is not None and address.kind in (LinkKind.POST, LinkKind.COMMENTS)


def _posts_listed(root: HtmlElement, response: TextResponse, own: str) -> set[str]:
    """The other posts that stand as the whole of a heading or a table cell."""
    found = set()
    for link in root.iterfind(".//a[@href]"):
        parent = link.getparent()
        if parent is None or parent.tag not in ("h1", "h2", "h3", "h4", "td", "dt"):
            continue
        url = response.urljoin(link.get("href"))
        if (
            _is_permalink(url)
            and identity(url) != own
            and fold(parent.text_content()) == fold(link.text_content())
        ):
            found.add(identity(url))
    return found


class PostPage(LinksOnly):
    """A post, its authors, and the comments on this page."""

    def __init__(self, response: TextResponse) -> None:
        super().__init__(response)
        self._warnings: list[str] = []
        self._read()

    # Layers

    def _read(self) -> None:
        root = self.root
        self.marks = Marks()
        post, comments = marks.post_element(root), marks.comment_elements(root)
        if post is not None:
            marks.mark_post(self.marks, post, comments)
        node = drupal.post_element(root)
        if node is not None:
            drupal.mark_post(self.marks, root, node)
        self.comment_elements = comments or drupal.comment_elements(root)
        body = root.find("body")
        self.page = Outline(body if body is not None else root)
        self.title_line = self._find_title()
        self.found = Reader(self.page, self.title_line, self._marked_thread()).read()
        self.layout = f"dipnote/{self._era(node)}"
        self._body = self._body_lines()
        self.about, self.body_lines = about_author(self._body)
        if not self.title or not (self.body_lines or self._has_pictures or self.about):
            missing = "title" if not self.title else "body"
            raise UnknownLayout(
                f"{self._response.url}: no {missing} of a post was found; expected a post of DipNote"
            )

    def _era(self, node: HtmlElement | None) -> str:
        if "/index.php" in self._response.url:
            return "expressionengine"
        if self.found.date is not None and self.found.date in range(
            max(self.found.thread.places, default=-1) + 1, 10**9
        ):
            if self.found.body and self.found.date > self.found.body[-1]:
                return "static"
        if node is not None or "Drupal" in str(_GENERATOR(self.root)):
            return "drupal"
        return "unknown"

    def _find_title(self) -> int | None:
        document_title = fold(str(_OG_TITLE(self.root))) or fold(str(_DOCUMENT_TITLE(self.root)))
        element = self.marks.element("title")
        if element is not None:
            span = self.page.span(element)
            if span:
                return span[-1]
        return find_title(self.page, document_title)

    def _marked_thread(self) -> Thread | None:
        if not self.comment_elements:
            return None
        thread = Thread()
        inside = set(self.comment_elements)
        for element in self.comment_elements:
            span = self.page.span(element)
            nested = (
                [e for e in inside if e is not element and element in e.iterancestors()]
                if len(span) > 40
                else []
            )
            hidden = {place for e in nested for place in self.page.span(e)}
            thread.places.update(span)
            lines = [self.page.lines[place] for place in span if place not in hidden]
            depth = sum(1 for _ in element.iterancestors())
            thread.units.append(Unit(lines, element, (depth, 0)))
        return thread

    # The post

    @cached_property
    def title(self) -> str | None:
        """The title, blanks folded."""
        element = self.marks.element("title")
        if element is not None:
            return fold(element.text_content()) or None
        stated = self.marks.element("stated_title")
        if stated is not None:
            return fold(stated.get("content")) or None
        return None if self.title_line is None else self.page.lines[self.title_line].text

    @cached_property
    def byline(self) -> tuple[str | None, list[str], HtmlElement | None]:
        """The byline, the names in it, and the element it stands in."""
        element = self.marks.element("byline")
        if element is not None:
            linked = [fold(link.text_content()) for link in element.iterdescendants("a")]
            text = fold(" ".join(line.text for line in outline(element)))
            names = [name for name in linked if name] or split_names(BYLINE.sub("", text))
            if BYLINE.match(text):
                text = f"{BYLINE.match(text)[0].rstrip(' :')} {', '.join(names)}"  # type: ignore[index]
            return label_without_colon(text), names, element
        places = self.found.byline
        block = self.page.lines[places[-1]].block if places else None
        return self.found.byline_text, self.found.names, block

    @cached_property
    def dates(self) -> tuple[str | None, str | None, str | None, str | None]:
        """Day, moment, the date as printed, and the rule that gave them."""
        element = self.marks.element("date")
        if element is not None and (printed := find_date(fold(element.text_content()))):
            moment = stated_moment(element.get("content") or element.get("datetime")) or printed.published_at
            return printed.day.isoformat(), moment, printed.text, self.marks.source("date")
        if self.found.printed is not None:
            printed = self.found.printed
            return (
                printed.day.isoformat(),
                self.found.published_at or printed.published_at,
                printed.text,
                SOURCE,
            )
        return day_of(self._response.url), None, None, "url" if day_of(self._response.url) else None

    def _body_lines(self) -> list[Line]:
        element = self.marks.element("body")
        if element is not None:
            return outline(element)
        return [self.page.lines[place] for place in self.found.body]

    @cached_property
    def captions(self) -> list[str]:
        """Captions in page order."""
        marked = [fold(element.text_content()) for element in self.marks.elements("captions")]
        if marked:
            return [caption for caption in marked if caption]
        if self.marks.element("body") is None or drupal.post_element(self.root) is None:
            return texts(self.page.lines, self.found.captions)
        return []

    @property
    def _pictures(self) -> list[HtmlElement]:
        body = self.marks.element("body")
        around = body if body is not None else self.found.container
        inline = list(around.iterdescendants("img")) if around is not None else []
        return [image for image in [*self._photos, *inline] if _is_picture(image)]

    @property
    def _photos(self) -> list[HtmlElement]:
        marked = self.marks.elements("photos")
        if marked or not self.found.captions:
            return marked
        block = self.page.lines[self.found.captions[0]].block
        return [
            image
            for node in (block, block.getparent())
            if node is not None
            for image in node.iterfind(".//img")
        ][:1]

    @cached_property
    def _has_pictures(self) -> bool:
        body = self.marks.element("body")
        return (
            body is not None
            and next(body.iterdescendants("img", "object", "iframe", "embed", "video"), None) is not None
        )

    def _images(self) -> list[dict[str, str | None]]:
        images: list[dict[str, str | None]] = []
        pictures = self._pictures
        for index, picture in enumerate(pictures):
            caption = self.captions[index] if index < len(self.captions) <= len(pictures) else None
            url = self._response.urljoin(picture.get("src") or "")
            if all(image["url"] != url for image in images):
                images.append({"url": url, "alt": picture.get("alt"), "caption": caption})
        return images

    def _body_html(self) -> str | None:
        element = self.marks.element("body")
        if element is not None:
            return inner_html(element)
        if self.found.container is not None:
            return inner_html(self.found.container)
        return html_of(self._body)

    def _links_out(self) -> list[str]:
        found = {}
        for line in self._body:
            for link in line.links:
                try:
                    found[self._response.urljoin((link.get("href") or "").strip())] = None
                except ValueError:
                    continue
        return [url for url in found if urlsplit(url).scheme in ("http", "https")]

    def _tags(self) -> list[str]:
        element = self.marks.element("tags")
        if element is not None:
            return [fold(link.text_content()) for link in element.iterdescendants("a")]
        return self.found.tags

    def _comments_open(self) -> bool | None:
        if any("comment" in (form.get("action") or "") for form in _COMMENT_FORM(self.root)):
            return True
        for line in self.page.lines:
            if FORM.match(line.text) and (line.is_heading or line.is_links):
                return "closed" not in line.text.casefold()
        return False if drupal.post_element(self.root) is not None else None

    def _announced(self) -> int | None:
        element = self.marks.element("replies")
        if element is not None and (element.get("content") or "").isdigit():
            return int(element.get("content") or 0)
        return self.found.thread.announced

    def _post(self) -> Post:
        day, moment, printed, _ = self.dates
        byline, names, _ = self.byline
        names = names or names_about(self.about or "")
        current, pages = self.pager
        return Post(
            id=self.post_id,
            url=self.post_url,
            title=self.title,
            byline=byline,
            authors=names,
            author_ids=[self._author_id(name) for name in names],
            date=day,
            published_at=moment,
            published_raw=printed,
            captions=self.captions,
            about_author=self.about,
            body_text=text_of(self.body_lines),
            body_html=self._body_html(),
            language=self.root.get("lang")
            or self.root.get("{http://www.w3.org/XML/1998/namespace}lang")
            or self.root.get("xml:lang"),
            tags=self._tags(),
            images=self._images(),
            links=self._links_out(),
            comments_announced=self._announced(),
            comments_open=self._comments_open(),
            comment_pages=max(pages, current + 1) if pages or self.found.thread.units else None,
            field_sources=self._sources(),
            parse_warnings=list(self._warnings),
        )

    @property
    def post_url(self) -> str:
        """Canonical URL of the post."""
        return f"{urlsplit(self._response.url).scheme}://{self.post_id}"

    def _sources(self) -> dict[str, str]:
        told = {
            name: self.marks.source(name) if name in self.marks.found else SOURCE for name in ("body", "tags")
        }
        told["title"] = self.marks.source("title") if "title" in self.marks.found else SOURCE
        byline, names, _ = self.byline
        told["authors"] = self.marks.source("byline") if "byline" in self.marks.found else SOURCE
        if not names:
            told["authors"] = "about_author"
        if byline is not None:
            told["byline"] = self.marks.source("byline") if "byline" in self.marks.found else SOURCE
        if rule := self.dates[3]:
            told["date"] = rule
        if self.captions:
            told["captions"] = self.marks.source("captions") if "captions" in self.marks.found else SOURCE
        if self.about:
            told["about_author"] = SOURCE
        told["comments"] = (
            marks.SOURCE
            if marks.comment_elements(self.root)
            else drupal.SOURCE
            if self.comment_elements
            else SOURCE
        )
        return dict(sorted(told.items()))

    def _author_id(self, name: str) -> str:
        return f"{host_of(self._response.url)}/authors/{folded(name)}"

    def _authors(self, post: Post) -> list[Author]:
        _, _, element = self.byline
        links = (
            {fold(a.text_content()): a.get("href") for a in element.iterdescendants("a")}
            if element is not None
            else {}
        )
        authors = []
        for name, author_id in zip(post.authors, post.author_ids, strict=True):
            about = _about(name, post.authors, self.about)
            authors.append(
                Author(
                    id=author_id,
                    name=name,
                    kind="organization" if is_group(name) else "person",
                    url=self._response.urljoin(links[name]) if links.get(name) else None,
                    about=about,
                    about_post_id=post.id if about else None,
                )
            )
        return authors

    # The comments

    @cached_property
    def pager(self) -> tuple[int, int]:
        """The current page of comments, from 0, and how many the pager announces (0 where there is none)."""
        return comment_pager(self.root, self._response, self.post_id)

    def _comments(self) -> list[Comment]:
        units = self.found.thread.units
        said = [read_comment(unit, self._comment_marks(unit)) for unit in units]
        said = [each for each in said if each.body_text or each.author]
        ids = _comment_ids(self.post_id, said)
        parents = self._parents(units, said, ids)
        page = self.pager[0]
        return [
            Comment(
                id=ids[index],
                post_id=self.post_id,
                post_url=self.post_url,
                number=index + 1,
                page=page,
                parent_id=parents[index],
                author=each.author,
                author_url=self._response.urljoin(each.author_url) if each.author_url else None,
                location=each.location,
                date=each.printed.day.isoformat() if each.printed else None,
                published_at=each.published_at,
                published_raw=each.printed.text if each.printed else None,
                writes_line=each.writes_line,
                body_text=each.body_text,
                body_html=each.body_html,
            )
            for index, each in enumerate(said)
        ]

    def _comment_marks(self, unit: Unit) -> Marks:
        found = Marks()
        if unit.element is not None:
            marks.mark_comment(found, unit.element)
            drupal.mark_comment(found, unit.element)
        return found

    def _parents(self, units: Sequence[Unit], said: Sequence[Said], ids: Sequence[str]) -> list[str | None]:
        if len(units) != len(said):
            return [
                f"{self.post_id}#comment-{each.parent_number}" if each.parent_number else None
                for each in said
            ]
        nested = parents_by_nesting(units)
        parents: list[str | None] = []
        for index, each in enumerate(said):
            if each.parent_number is not None:
                parents.append(f"{self.post_id}#comment-{each.parent_number}")
            elif each.answers is not None:
                place = _answered(said, index)
                parents.append(ids[place] if place is not None else None)
            else:
                place = nested[index]
                parents.append(ids[place] if place is not None else None)
        return parents

    def items(self) -> Sequence[Item]:
        """The post, its authors, the comments on this page."""
        post = self._post()
        return [post, *self._authors(post), *self._comments()]


def _is_picture(image: HtmlElement) -> bool:
    sizes = [int(value) for value in (image.get("width"), image.get("height")) if value and value.isdigit()]
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


def _comment_ids(post_id: str, said: Sequence[Said]) -> list[str]:
    """An identity for each comment: the site's number, else a digest of author, date and text."""
    ids: list[str] = []
    seen: dict[str, int] = {}
    for each in said:
        if each.number is not None:
            name = f"{post_id}#comment-{each.number}"
        else:
            told = "\n".join(
                [each.author or "", each.printed.day.isoformat() if each.printed else "", each.body_text]
            )
            name = f"{post_id}#{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:16]}"
        seen[name] = seen.get(name, 0) + 1
        ids.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return ids


def _answered(said: Sequence[Said], index: int) -> int | None:
    """The place of the comment that a printed "in reply to" names; None when it is not on the page."""
    whom = fold(said[index].answers).strip("#@ ")
    if whom.isdigit():
        return next((i for i, each in enumerate(said) if each.ordinal == int(whom)), None)
    day = said[index].printed.day if said[index].printed else None  # type: ignore[union-attr]
    named = [
        i for i, each in enumerate(said)
        if i != index and each.author and whom.casefold().startswith(each.author.casefold())
        and (day is None or each.printed is None or each.printed.day <= day)
    ]  # fmt: skip
    return min(named, key=lambda i: abs(i - index), default=None)
