"""Shows a WACZ file in ReplayWeb.page, whose files the user fetches: it is under the AGPL, and not of ours.

It runs in the browser. Its service worker answers for the archived pages,
so that all of it has to be at the origin of the archived content.
"""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from crawler.replay.byte_range import Unsatisfiable, byte_range
from crawler.replay.origins import Answer, elsewhere, sentence
from crawler.replay.policy import SANDBOX, content_fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.replay.origins import Request
    from crawler.replay.policy import Origins

TESTED = "2.5.3"
"""The version that the tests drive."""

NEEDED = ("ui.js", "sw.js")
PLACES = ("", "package", "node_modules/replaywebpage")
"""Where they are below the folder that is given: as it is, unpacked by ``npm pack``, installed by npm."""

BASE = "/replay/"
WORKER = f"{BASE}sw.js"
ENGINE = f"{BASE}engine.js"
WACZ = "/archive.wacz"
PAGE_SCRIPT = "archived_page.js"

SCRIPTS = {f"{BASE}ui.js": "ui.js", ENGINE: "sw.js"}
"""Files of theirs by the path that they are asked for by."""

PAGES = ("/", BASE, f"{BASE}index.html")
"""Ours around theirs; without the second and third their program now and then meets nothing there."""

SLICE = 2**18

HTML = [("Content-Type", "text/html; charset=utf-8")]
SCRIPT = [("Content-Type", "text/javascript; charset=utf-8")]

FRAME = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>html, body, iframe {{ margin: 0; width: 100%; height: 100%; border: 0; display: block }}</style>
<iframe title="The archive" sandbox="{sandbox}" src="{content}/{query}"></iframe>
"""

APP = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>html, body {{ margin: 0; height: 100% }}</style>
<script src="{base}ui.js"></script>
<replay-web-page source="{wacz}" replayBase="{base}" embed="default" config="{config}"{page}>
</replay-web-page>
"""

INDEX = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Archive</title>
<script src="/replay/ui.js"></script>
<replay-app-main></replay-app-main>
"""


class NoAssets(ValueError):
    """A folder that has not the files of ReplayWeb.page."""


def assets_in(folder: Path) -> Path:
    """Where the files of ReplayWeb.page are below a folder. Raises NoAssets."""
    for place in PLACES:
        if all((folder / place / name).is_file() for name in NEEDED):
            return folder / place
    raise NoAssets(
        f"{folder}: has no {' and '.join(NEEDED)}, expected the folder 'package' of what "
        f"'npm pack replaywebpage@{TESTED}' brings"
    )


class ReplayWeb:
    """Answers for a WACZ file and the pages around it."""

    worker = WORKER
    ended = False
    """It is no program of its own."""
    start = "/"

    def __init__(self, assets: Path, wacz: Path) -> None:
        self._assets = assets
        self._wacz = wacz
        self._page_script = (files("crawler.replay") / PAGE_SCRIPT).read_text("utf-8")
        self._worker_script = (files("crawler.replay") / "confining_worker.js").read_text("utf-8")

    def address_of(self, url: str, timestamp: str) -> str:
        """Path of an archived page on the frame's origin."""
        return "/?" + urlencode({"url": url, "ts": timestamp})

    def frame(self, request: Request) -> Answer:
        """The window: a frame, out of which nothing can move it."""
        if request.path != "/":
            return sentence(404, f"{request.path}: is not here, expected /")
        query = request.target.partition("?")[2]
        page = FRAME.format(
            title=escape(self._wacz.name),
            sandbox=SANDBOX.removeprefix("sandbox "),
            content=request.origins.content,
            query=escape(f"?{query}") if query else "",
        )
        return _whole(page.encode(), HTML)

    def content(self, request: Request) -> Answer:
        """The program and the archive; never as a window of its own."""
        if request.fills_window:
            return elsewhere(f"{request.origins.frame}/")
        path, query = request.path, request.target.partition("?")[2]
        if path == WACZ:
            return self._archive(request.fields.get("Range"))
        if path in SCRIPTS:
            return _whole((self._assets / SCRIPTS[path]).read_bytes(), SCRIPT)
        if path == WORKER:
            return _whole(self._worker(request.origins).encode(), SCRIPT)
        if path in PAGES:
            return _whole((self._app(query) if path == "/" else INDEX).encode(), HTML)
        return sentence(404, f"{path}: is not here")

    def _app(self, query: str) -> str:
        """The page around the program; ``url`` and ``ts`` of the query open an archived page at once."""
        asked = parse_qs(query)
        page = "".join(f' {name}="{escape(asked[name][0])}"' for name in ("url", "ts") if name in asked)
        config = escape(json.dumps({"injectScripts": [PAGE_SCRIPT]}))
        return APP.format(title=escape(self._wacz.name), base=BASE, wacz=WACZ, config=config, page=page)

    def _worker(self, origins: Origins) -> str:
        """The service worker: theirs, with our policy on whatever it answers."""
        told = {
            "engine": ENGINE,
            "window": f"{origins.frame}/",
            "pageScript": self._page_script,
            "fields": dict(content_fields(origins, "text/html")),
            "fieldsOfPdf": dict(content_fields(origins, "application/pdf")),
        }
        return f"const told = {json.dumps(told)};\n{self._worker_script}"

    def _archive(self, asked: str | None) -> Answer:
        """The WACZ file, or the bytes of it that are asked for."""
        size = self._wacz.stat().st_size
        fields = [("Content-Type", "application/wacz"), ("Accept-Ranges", "bytes")]
        try:
            part = byte_range(asked, size)
        except Unsatisfiable as error:
            refused = sentence(416, str(error))
            refused.fields.append(("Content-Range", f"bytes */{size}"))
            return refused
        status, first, last = (206, *part) if part is not None else (200, 0, size - 1)
        if part is not None:
            fields.append(("Content-Range", f"bytes {first}-{last}/{size}"))
        fields.append(("Content-Length", str(last + 1 - first)))
        return Answer(status=status, fields=fields, body=_bytes_of(self._wacz, first, last + 1 - first))


def _whole(octets: bytes, fields: list[tuple[str, str]]) -> Answer:
    return Answer(fields=[*fields, ("Content-Length", str(len(octets)))], body=[octets])


def _bytes_of(path: Path, first: int, count: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        while count and (octets := file.read(min(count, SLICE))):
            count -= len(octets)
            yield octets
