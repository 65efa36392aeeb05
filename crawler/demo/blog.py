"""The demo blog as a function: an address in, an answer out. Nothing is kept between two requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from crawler.demo import frame, node
from crawler.demo.content import read_content, slug
from crawler.demo.feed import rss
from crawler.demo.node import SIZES
from crawler.demo.pager import Pagers
from crawler.demo.picture import png
from crawler.demo.prose import as_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.demo.content import Content, Post

TEASERS_PER_PAGE = 5
STORIES_PER_PAGE = 10
COMMENTS = LISTING = 0
"""The place of a page's own pager in ``page=<own>,<sidebar>``."""

HTML = "text/html; charset=utf-8"
ROBOTS = """\
User-agent: *
Disallow: /comment/reply/
Disallow: /print/
Disallow: /user/
"""
STYLE = """\
body { font: 16px/1.5 Georgia, serif; color: #223; background: #f4f1e8; margin: 0 auto; max-width: 64em; }
#header { background: #0a1833 url(night-sky.png) repeat-x; color: #f4f1e8; padding: 0.5em 1em; }
#header a { color: inherit; }
#main { display: flex; gap: 2em; }
#content { flex: 3; }
#sidebar-second { flex: 1; font-size: 0.85em; }
.indented { margin-left: 2em; }
.element-invisible, .element-hidden { display: none; }
ul.pager li { display: inline; margin-right: 0.5em; }
"""
SCRIPT = """\
// Themes of the time told their stylesheets in this way that scripts run.
document.documentElement.className += " js";
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the blog answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Blog:
    """The demo blog; ``origin`` is the scheme and host at which it answers."""

    def __init__(self, origin: str, content: Content | None = None) -> None:
        self.origin = origin
        self.content = content or read_content()

    def answer(self, target: str) -> Answer:
        """The answer to a GET of a path with its query; 404 where there is nothing."""
        address = urlsplit(target)
        path = unquote(address.path).rstrip("/") or "/"
        if new := self.content.redirects.get(path):
            return Answer(status=301, headers={"Location": self.origin + new, "Content-Type": HTML})
        pagers = Pagers.from_query(quote(path), address.query)
        for pattern, view in self._views:
            if (match := re.fullmatch(pattern, path)) and (answer := view(pagers, *match.groups())):
                return answer
        main = "    The requested page could not be found."
        return self._page(pagers, "Page not found", main, status=404)

    @cached_property
    def _views(self) -> list[tuple[str, Callable[..., Answer | None]]]:
        """What answers which path; a view gives None where the path names nothing that exists."""
        return [
            (r"/(?:node)?", self._front),
            (r"(/stories/\d{4}/\d\d/\d\d/[^/]+)", self._permalink),
            (r"/node/(\d+)", self._node),
            (r"/comment/(\d+)", self._comment),
            (r"/stories", self._stories),
            (r"/archive", self._months),
            (r"/archive/(\d{6})", self._month),
            (r"/authors/([^/]+)", self._author),
            (r"/category/([^/]+)", self._topic),
            (r"/about", self._about),
            (r"/print/(\d+)", self._print),
            (r"/comment/reply/(\d+)(?:/\d+)?", self._reply),
            (r"/users/([^/]+)", self._user),
            (r"/rss\.xml", self._feed),
            (r"/robots\.txt", lambda _: _text(ROBOTS, "text/plain; charset=utf-8")),
            (r"/themes/lamproom/style\.css", lambda _: _text(STYLE, "text/css")),
            (r"/themes/lamproom/lamp\.js", lambda _: _text(SCRIPT, "application/javascript")),
            (r"/themes/lamproom/logo\.png", lambda _: _picture("logo", 60, 40)),
            (r"/themes/lamproom/logo-2x\.png", lambda _: _picture("logo", 120, 80)),
            (r"/themes/lamproom/favicon\.png", lambda _: _picture("logo", 16, 16)),
            (r"/themes/lamproom/night-sky\.png", lambda _: _picture("night sky", 60, 40)),
            (r"/sites/default/files/styles/(large|thumbnail)/public/photos/([\w-]+)\.png", self._photo),
        ]

    def _permalink(self, pagers: Pagers, path: str) -> Answer | None:
        found = (post for post in self.content.posts if post.path == path)
        return self._post(pagers, next(found, None))

    def _node(self, pagers: Pagers, number: str) -> Answer | None:
        """The same page as at the permalink, at another address; its links lead to the permalink's."""
        return self._post(pagers, self._by_node(number))

    def _comment(self, pagers: Pagers, number: str) -> Answer | None:
        """The page of a post on which a comment stands, at yet another address."""
        for post in self.content.posts:
            for page, comments in enumerate(post.comment_pages):
                if any(comment.id == int(number) for comment in comments):
                    return self._post(Pagers(pagers.path, (str(page),), pagers.others), post)
        return None

    def _post(self, pagers: Pagers, post: Post | None) -> Answer | None:
        if post is None:
            return None
        pagers = Pagers(post.path, pagers.elements, pagers.others)
        pages = post.comment_pages
        comments = pages[pagers.current(COMMENTS, len(pages))]
        at = self.content.posts.index(post)
        newer = self.content.posts[at - 1] if at else None
        older = self.content.posts[at + 1] if at + 1 < len(self.content.posts) else None
        main = node.full(post, comments, pagers.render(COMMENTS, len(pages)), newer, older)
        marks = {"canonical": post.path, "shortlink": f"/node/{post.node}"}
        head = "".join(f'<link rel="{rel}" href="{path}" />\n' for rel, path in marks.items())
        link = ",".join(f'<{path}>; rel="{rel}"' for rel, path in marks.items())
        kind = f"page-node page-node- page-node-{post.node} node-type-story"
        return self._page(pagers, post.title, main, head=head, kind=kind, headers={"Link": link})

    def _print(self, _: Pagers, number: str) -> Answer | None:
        post = self._by_node(number)
        if post is None:
            return None
        body = (
            f'<!DOCTYPE html>\n<html xml:lang="en">\n  <head>\n    <title>{escape(post.title)}</title>\n'
            f'    <base href="{self.origin}{post.path}" />\n  </head>\n  <body>\n{node.printed(post)}\n'
            f"  </body>\n</html>\n"
        )
        return _text(body, HTML)

    def _by_node(self, number: str) -> Post | None:
        return next((post for post in self.content.posts if post.node == int(number)), None)

    def _front(self, pagers: Pagers) -> Answer:
        # Drupal's front page is /node, and its pager leads there.
        return self._teasers(Pagers("/node", pagers.elements, pagers.others), "", self.content.posts)

    def _month(self, pagers: Pagers, key: str) -> Answer | None:
        posts = [post for post in self.content.posts if f"{post.date:%Y%m}" == key]
        return self._teasers(pagers, f"{posts[0].date:%B %Y}", posts) if posts else None

    def _author(self, pagers: Pagers, name: str) -> Answer | None:
        return self._term(pagers, name, lambda post: post.authors)

    def _topic(self, pagers: Pagers, name: str) -> Answer | None:
        return self._term(pagers, name, lambda post: post.topics)

    def _term(self, pagers: Pagers, name: str, terms: Callable[[Post], list[str]]) -> Answer | None:
        titles = {slug(term): term for post in self.content.posts for term in terms(post)}
        title = titles.get(name)
        posts = [post for post in self.content.posts if title in terms(post)]
        return self._teasers(pagers, title, posts) if title else None

    def _teasers(self, pagers: Pagers, title: str, posts: list[Post]) -> Answer:
        pages = -(-len(posts) // TEASERS_PER_PAGE)
        start = pagers.current(LISTING, pages) * TEASERS_PER_PAGE
        shown = posts[start : start + TEASERS_PER_PAGE]
        main = frame.listing("posts", map(node.teaser, shown), pagers.render(LISTING, pages))
        return self._page(pagers, title, main)

    def _stories(self, pagers: Pagers) -> Answer:
        posts = self.content.posts
        pages = -(-len(posts) // STORIES_PER_PAGE)
        start = pagers.current(LISTING, pages) * STORIES_PER_PAGE
        shown = posts[start : start + STORIES_PER_PAGE]
        table = frame.table(pagers.path, shown)
        return self._page(pagers, "All Stories", table + pagers.render(LISTING, pages))

    def _months(self, pagers: Pagers) -> Answer:
        return self._page(pagers, "Archive", frame.month_list(self.content.posts))

    def _about(self, pagers: Pagers) -> Answer:
        return self._page(pagers, "About", as_html(self.content.about))

    def _reply(self, pagers: Pagers, number: str) -> Answer | None:
        post = self._by_node(number)
        main = "    The demo blog takes no comments." if post else ""
        return self._page(pagers, "Add new comment", main) if post else None

    def _user(self, pagers: Pagers, name: str) -> Answer | None:
        comments = (comment for post in self.content.posts for comment in post.comments)
        names = {slug(comment.author): comment.author for comment in comments if comment.registered}
        return self._page(pagers, names[name], "    Member of the Lamp Room.") if name in names else None

    def _feed(self, _: Pagers) -> Answer:
        return _text(rss(self.content, self.origin), "application/rss+xml; charset=utf-8")

    def _photo(self, _: Pagers, style: str, name: str) -> Answer | None:
        photos = {slug(photo) for post in self.content.posts for photo in post.photos}
        return _picture(name, *SIZES[style]) if name in photos else None

    def _page(
        self,
        pagers: Pagers,
        title: str,
        main: str,
        *,
        status: int = 200,
        head: str = "",
        kind: str = "page",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        answer = _text(frame.page(self.content, pagers, title, main, head=head, kind=kind), HTML)
        usual = {
            "Expires": "Sun, 19 Nov 1978 05:00:00 GMT",
            "Cache-Control": "no-cache, must-revalidate",
            "Content-Language": "en",
            "X-Generator": "Drupal 7 (http://drupal.org)",
        }
        return Answer(status=status, headers=answer.headers | usual | (headers or {}), body=answer.body)


def _text(text: str, content_type: str) -> Answer:
    return Answer(headers={"Content-Type": content_type}, body=text.encode())


def _picture(subject: str, width: int, height: int) -> Answer:
    return Answer(headers={"Content-Type": "image/png"}, body=png(subject, width, height))
