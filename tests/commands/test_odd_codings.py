"""Bodies whose content coding is broken: a crawl and an extract of it see the same."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DAYS = {"01": "whole", "02": "cut", "03": "sum", "04": "plain", "05": "noise"}


def post(day: str) -> bytes:
    return (
        f"<html><head><title>Post {day} | Blog</title>"
        f"<link rel='canonical' href='/stories/2010/09/{day}/post'>"
        f"</head><body><h1>Post {day}</h1><p>Posted by Ada Byron</p><p>September {int(day)}, 2010</p>"
        f"<div><p>{'A long day at the harbor, told in one paragraph. ' * 8}</p></div></body></html>"
    ).encode()


def sent(day: str) -> bytes:
    body = gzip.compress(post(day), mtime=0)
    broken = {
        "cut": body[:-40],
        "sum": body[:-8] + b"\0\0\0\0" + body[-4:],
        "plain": post(day),
        "noise": b"\0\1" * 50,
    }
    return broken.get(DAYS[day], body)


class Blog(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        day = self.path.rstrip("/").split("/")[-2] if "/stories/" in self.path else ""
        coded = day in DAYS
        links = "".join(f"<h2><a href='/stories/2010/09/{each}/post'>Post {each}</a></h2>" for each in DAYS)
        body = sent(day) if coded else f"<html><body>{links}</body></html>".encode()
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if coded:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def blog() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Blog)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def rows(folder: Path) -> set[str]:
    lines = (folder / "posts.jsonl").read_text(encoding="utf-8").splitlines()
    return {json.dumps({**json.loads(line), "run_id": None}, sort_keys=True) for line in lines}


def test_crawl_and_extract_agree_on_bodies_whose_coding_is_broken(blog, tmp_path):
    def scrapy(*arguments: str) -> int:
        command = [sys.executable, "-m", "scrapy", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False).returncode

    quick = [
        f"-s{name}" for name in ("DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=False", f"ARCHIVE_ROOT={tmp_path}")
    ]
    assert scrapy("crawl", "dipnote", "-a", f"site={blog}", *quick) == 0
    [run] = (tmp_path / "dipnote").glob("2*")
    assert scrapy("extract", str(run), "-o", str(tmp_path / "again")) == 0

    assert rows(run) == rows(tmp_path / "again")
    assert {json.loads(line)["date"] for line in rows(run)} == {"2010-09-01", "2010-09-04"}
