"""A blog of a few hundred posts for crawls that are killed, and what an archive of it has to hold."""

from __future__ import annotations

import re
import threading
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawler.demo import DemoBlog, server
from crawler.demo.blog import STORIES_PER_PAGE, TEASERS_PER_PAGE, Answer, Blog
from crawler.demo.content import Content, Post, read_content, slug
from crawler.demo.frame import SIDEBAR_LENGTH
from crawler.demo.manifest import manifest as demo_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMENT_NUMBERS = 1000
"""So far apart are the numbers of the comments of one copy of the demo's posts and the next."""

_SIDEBAR = re.compile(r"/stories/\d{4}/\d\d/\d\d/[^/?]+\?page=0(?:%2C|,)(\d+)")


def content_of(posts: int) -> Content:
    """The demo's content, its posts told again under other names until there are so many."""
    demo = read_content()
    copies = range(-(-posts // len(demo.posts)))
    told = [_told_again(post, copy, len(demo.posts)) for copy in copies for post in demo.posts][:posts]
    return replace(demo, posts=sorted(told, key=lambda post: (post.date, post.node), reverse=True))


def _told_again(post: Post, copy: int, posts: int) -> Post:
    if copy == 0:
        return post
    shift = copy * COMMENT_NUMBERS
    comments = [
        replace(comment, id=comment.id + shift, reply_to=comment.reply_to and comment.reply_to + shift)
        for comment in post.comments
    ]
    return replace(
        post,
        node=post.node + copy * posts,
        slug=f"{post.slug}-{copy}",
        title=f"{post.title}, told once more ({copy})",
        comments=comments,
    )


@dataclass(frozen=True)
class Manifest:
    """What an archive of the site has to hold."""

    pages: Counter[str]
    """What has to be captured, by key, and how often it may be asked for."""
    posts: set[str]
    """Ids of all posts."""
    comments: set[str]
    """Ids of all comments."""
    authors: set[str]
    """Ids of all authors."""


def key_of_path(path: str) -> str:
    """What a path of the site shows: the list beside the posts is the same beside each of them."""
    sidebar = _SIDEBAR.fullmatch(path)
    return f"sidebar {sidebar[1]}" if sidebar else path


def manifest_of(content: Content, host: str) -> Manifest:
    """What an archive of the content has to hold where it is served at this host."""
    pages = {"/", "/stories", "/archive", "/rss.xml", *content.redirects}
    pages |= _pager("/node", len(content.posts), TEASERS_PER_PAGE) - {"/node"}
    pages |= _pager("/stories", len(content.posts), STORIES_PER_PAGE)
    pages |= {f"sidebar {page}" for page in range(1, -(-len(content.posts) // SIDEBAR_LENGTH))}
    groups = Counter[str]()
    posts, comments, authors = set(), set(), set()
    for post in content.posts:
        groups[f"/archive/{post.date:%Y%m}"] += 1
        groups.update(f"/authors/{slug(name)}" for name in post.authors)
        groups.update(f"/category/{slug(topic)}" for topic in post.topics)
        pages |= {post.path} | {f"{post.path}?page={page}" for page in range(1, len(post.comment_pages))}
        pages |= set(re.findall(r"\]\((/stories/[^)]+)\)", post.body))
        posts.add(f"{host}{post.path}")
        comments |= {f"{host}{post.path}#comment-{comment.id}" for comment in post.comments}
        authors |= {f"{host}/authors/{slug(name)}" for name in post.authors or post.about_names}
    for path, shown in groups.items():
        pages |= _pager(path, shown, TEASERS_PER_PAGE)
    pages |= {row["path"] for row in demo_manifest()["requisites"]}
    asked = Counter(pages)
    # Where a redirect leads may have been fetched before.
    asked.update(set(content.redirects.values()))
    return Manifest(asked, posts, comments, authors)


def _pager(path: str, shown: int, on_a_page: int) -> set[str]:
    return {path} | {f"{path}?page={page}" for page in range(1, -(-shown // on_a_page))}


class CrashSite:
    """The served blog: it answers whatever becomes of those who ask, and counts what each of them asks."""

    def __init__(self, url: str, content: Content) -> None:
        self.url = url
        self.manifest = manifest_of(content, url.split("/")[2])
        self._lock = threading.Lock()
        self._hits: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def hit(self, visitor: str, target: str) -> None:
        """Count a request of who has this User-Agent; not of robots.txt, which each process reads."""
        if target != "/robots.txt":
            with self._lock:
                self._hits[visitor][target] += 1

    def hits(self, visitor: str) -> Counter[str]:
        """What was asked for by who has this User-Agent, by path."""
        with self._lock:
            return Counter(self._hits[visitor])

    def beyond_need(self, hits: Counter[str]) -> Counter[str]:
        """What was asked for more often than one crawl needs it."""
        asked = Counter[str]()
        for path, times in hits.items():
            asked[key_of_path(path)] += times
        return asked - self.manifest.pages


@contextmanager
def serving(posts: int) -> Iterator[CrashSite]:
    """The blog with so many posts, on a port of this machine."""
    content = content_of(posts)
    demo = DemoBlog()
    site = CrashSite(demo.url, content)

    class Handler(_Unchunked):
        hit = site.hit

    demo._server.blog = _Remembering(demo.url.rstrip("/"), content)
    demo._server.RequestHandlerClass = Handler
    with demo:
        yield site


class _Remembering(Blog):
    """The blog, which makes each page once."""

    def __init__(self, origin: str, content: Content) -> None:
        super().__init__(origin, content)
        self._made: dict[str, Answer] = {}

    def answer(self, target: str) -> Answer:
        if target not in self._made:
            self._made[target] = super().answer(target)
        return self._made[target]


class _Unchunked(server._Handler):
    """The demo's server without chunks, which ``warcio check`` takes for faults (docs/decisions/0002)."""

    hit: Callable[[str, str], None]

    def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
        self.hit(self.headers.get("User-Agent", ""), self.path)
        answer = self.server.blog.answer(self.path)
        headers, body = self._encoded(answer)
        self.send_response(answer.status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
