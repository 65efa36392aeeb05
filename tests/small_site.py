"""Commands as a person types them, and a small site of the test's making to try them on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]

AT_ONCE = ("AUTOTHROTTLE_ENABLED=False", "ROBOTS_CRAWL_DELAY_OBEY=False", "DOWNLOAD_DELAY=0")
"""Settings with which nothing waits."""


@dataclass
class Typed:
    """Commands typed in a folder."""

    folder: Path

    def start(self, *words: str, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
        """Begin ``scrapy WORDS``."""
        environment = os.environ | {"PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
        return subprocess.Popen(
            [sys.executable, "-m", "scrapy", *words],
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=limit,  # noqa: PLW1509 - a limit of the process is set in the process
        )

    def __call__(
        self, *words: str, limit: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``scrapy WORDS`` to its end."""
        process = self.start(*words, limit=limit)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def crawl(self, site: str, *words: str, **limits: Any) -> subprocess.CompletedProcess[str]:
        """Crawl a copy of DipNote without waiting."""
        at_once = [word for setting in AT_ONCE for word in ("-s", setting)]
        return self("crawl", "dipnote", "-a", f"site={site}", *at_once, *words, **limits)

    def runs(self, collection: str = "dipnote") -> list[Path]:
        """Folders of the runs of a collection, oldest first."""
        return sorted((self.folder / "output" / collection).glob("*T*Z"))


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]


def statements(folder: Path, *without: str) -> set[str]:
    """All rows of a folder as text, without the fields that differ by design."""
    rows = [row for name in ("posts", "comments", "authors") for row in lines(folder / f"{name}.jsonl")]
    kept = [{key: value for key, value in row.items() if key not in without} for row in rows]
    return {json.dumps(row, sort_keys=True) for row in kept}


@dataclass
class Site:
    """A web site that answers what a test tells it to, and remembers what it was asked."""

    url: str = ""
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)
    wait: float = 0.0

    def serve(self, path: str, body: str | bytes = b"", status: int = 200, **headers: str) -> None:
        """Answer this path from now on; underscores in names of fields stand for hyphens."""
        octets = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, {"Content-Type": "text/html; charset=utf-8", **named}, octets)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path for _, path in self.asked]


@contextmanager
def serving() -> Iterator[Site]:
    """A site without pages, but for a robots.txt that allows everything."""
    made = Site()
    made.serve("/robots.txt", "", Content_Type="text/plain")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.asked.append((time.monotonic(), self.path))
            time.sleep(made.wait)
            status, headers, body = made.pages.get(self.path, (404, {"Content-Type": "text/html"}, b"none"))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            # A client that has read enough hangs up.
            with suppress(ConnectionError):
                self.wfile.write(body)
            self.close_connection = int(headers.get("Content-Length", len(body))) != len(body)

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


DATE = (
    "<div class='field field-name-field-post-date'><div class=field-items><div class=field-item>"
    "<span class=date-display-single property='dc:date' content='2010-09-10T00:00:00-04:00'>"
    "September 10, 2010</span></div></div></div>"
)


def page(title: str, content: str, *, canonical: str = "") -> str:
    """A page of the blog in the markup of Drupal 7."""
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    kind = "node-type-story" if canonical else "page-node"
    return (
        f"<!DOCTYPE html><html lang=en><head><meta name=Generator content='Drupal 7'>{link}"
        f"<title>{title} | DipNote</title></head>"
        f"<body class='{kind}'><h1 id=page-title class=title>{title}</h1>{content}</body></html>"
    )


def post(path: str, title: str = "A post", body: str = "Text of the post.", comments: str = "") -> str:
    """A post without comments, or with the markup of some."""
    node = (
        f"<div id=node-1 class='node node-story node-full' about='{path}' typeof='sioc:Item foaf:Document'>"
        "<div class='field field-name-field-author'><h3 class=field-label>Posted by:&nbsp;</h3>"
        "<ul class='links inline'><li><a href='/authors/ada-example'>Ada Example</a></li></ul></div>"
        f"{DATE}"
        "<div class='field field-name-body'><div class=field-items><div class=field-item "
        f"property='content:encoded'><p>{body}</p></div></div></div></div>"
    )
    return page(title, f"{node}<div id=comments class=comment-wrapper>{comments}</div>", canonical=path)


def comment(number: int, text: str = "A remark.") -> str:
    """A comment on a post."""
    return (
        f"<a id=comment-{number}></a><div class='comment' about='/comment/{number}#comment-{number}'>"
        "<div class=attribution><div class=submitted>"
        "<p class=commenter-name><span class=username>Eric</span></p>"
        "<p class=comment-time><span property='dc:date dc:created' content='2010-09-11T10:00:00-04:00'>"
        "September 11, 2010</span></p></div></div><div class=comment-text><div class=content>"
        "<div class='field field-name-comment-body'><div class=field-items><div class=field-item>"
        f"<p>{text}</p></div></div></div></div></div></div>"
    )


def front(*paths: str) -> str:
    """A front page that names posts, each with its beginning."""
    rows = "".join(map(_teaser, paths))
    return page("DipNote", f"<div class='view view-stories'><div class=view-content>{rows}</div></div>")


def _teaser(path: str) -> str:
    return (
        "<div class=views-row><div class='node node-story node-promoted node-teaser' "
        f"about='{path}'><h2><a href='{path}'>Post</a></h2>"
        f"<div class=content>{DATE}<div class='field field-name-body'><p>It begins.</p></div></div>"
        f"<ul class='links inline'><li class=node-readmore><a href='{path}'>Read more</a></li></ul>"
        "</div></div>"
    )


def interrupt(process: subprocess.Popen[str], times: int = 1) -> None:
    """Press Ctrl+C."""
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
