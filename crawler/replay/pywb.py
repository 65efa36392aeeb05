"""pywb as an engine: a program in an environment of its own, behind the two origins.

pywb rewrites each page so that its links stay in the archive. It shows a page
in a frame whose address has a modifier (``/archive/20260101000000mp_/http://...``,
https://pywb.readthedocs.io/en/latest/manual/rewriter.html); what has one is
archived content and is answered by the origin of the content alone.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from contextlib import closing, suppress
from http.client import HTTPConnection
from importlib.resources import files
from typing import TYPE_CHECKING, Self

from crawler.replay.environment import python_of
from crawler.replay.origins import HOST, Answer, Request, elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from crawler.replay.holding import Holding

COLLECTION = "archive"
"""The name under which pywb knows the archive, whatever its folder is called."""

PAGE_SCRIPT = "/static/archived_page.js"

START_SECONDS = 60
ANSWER_SECONDS = 60
STOP_SECONDS = 5

CONTENT = re.compile(rf"/{COLLECTION}/(?P<timestamp>\d*)[a-z]+_/(?P<rest>.*)", re.DOTALL)

WATCHED = """
import os, subprocess, sys, threading

program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=lambda: (os.read(0, 1), program.kill()), daemon=True).start()
sys.exit(program.wait())
"""
"""Runs a program, and ends it when the process that asked for it is gone, however that ended."""


class NotStarted(RuntimeError):
    """pywb does not answer."""


def replay_path(url: str, timestamp: str = "") -> str:
    """Path of a page's replay on the frame's origin; the newest view without ``timestamp`` (14 digits)."""
    return f"/{COLLECTION}/{timestamp}{'/' if timestamp else ''}{url}"


class Pywb:
    """Shows a holding from ``start`` to the end of the ``with`` block."""

    worker = None

    def __init__(self, environment: Path, holding: Holding, folder: Path) -> None:
        """Write the configuration into ``folder``; nothing of the archive is copied. Raises OSError."""
        self._environment = environment
        self._folder = folder
        self._page_script = (files("crawler.replay") / "archived_page.js").read_bytes()
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        paths = folder / "paths.txt"
        _write_paths(paths, holding)
        configuration = {
            "collections": {
                COLLECTION: {"index_paths": str(holding.index), "archive_paths": str(paths)},
            },
            "framed_replay": True,
            "client_side_replay": False,
            "enable_auto_fetch": False,
            "inject_scripts": [PAGE_SCRIPT.rpartition("/")[2]],
        }
        # JSON is YAML.
        (folder / "config.yaml").write_text(json.dumps(configuration, indent=2), "utf-8")

    @property
    def start(self) -> str:
        """Path that the browser opens first."""
        return f"/{COLLECTION}/"

    def address_of(self, url: str, timestamp: str) -> str:
        """Path of an archived page on the frame's origin."""
        return replay_path(url, timestamp)

    def __enter__(self) -> Self:
        """Start pywb and wait until it answers. Raises NotStarted."""
        python = str(python_of(self._environment))
        # The script itself names an interpreter in the folder as it was called during the installation.
        program = str(python_of(self._environment).with_name("wayback"))
        command = [python, "-c", WATCHED, python, program, "-b", HOST, "-p", str(self._port)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the interpreter of the environment
                command,
                cwd=self._folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # The terminal's Ctrl-C is for us alone: we end pywb.
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def _log(self) -> Path:
        return self._folder / "pywb.log"

    @property
    def ended(self) -> bool:
        """Whether the program ended by itself."""
        return self._process is None or self._process.poll() is not None

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not self.ended:
            with suppress(OSError), closing(socket.create_connection((HOST, self._port), timeout=1)):
                return
            time.sleep(0.05)
        said = self._log.read_text("utf-8", "replace").strip().splitlines()
        raise NotStarted(f"pywb did not start ({said[-1] if said else 'it says nothing'})")

    def _stop(self) -> None:
        if self._process is None:
            return
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def frame(self, request: Request) -> Answer:
        """Pywb's own pages; archived content is at the other origin."""
        if request.path == "/":
            return elsewhere(self.start)
        if (content := CONTENT.fullmatch(request.target)) is None:
            return self._forward(request)
        if request.fills_window:
            return elsewhere(replay_path(content["rest"], content["timestamp"]))
        return elsewhere(request.origins.content + request.target)

    def content(self, request: Request) -> Answer:
        """What is archived; never as a window of its own, out of which a script could go anywhere."""
        if request.path == PAGE_SCRIPT:
            return Answer(fields=[("Content-Type", "text/javascript")], body=[self._page_script])
        if not request.fills_window:
            return self._forward(request)
        content = CONTENT.fullmatch(request.target)
        path = replay_path(content["rest"], content["timestamp"]) if content else request.target
        return elsewhere(request.origins.frame + path)

    def _forward(self, request: Request) -> Answer:
        connection = HTTPConnection(HOST, self._port, timeout=ANSWER_SECONDS)
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.fields.items():
                if name.lower() not in {"connection", "content-length", "accept-encoding"}:
                    connection.putheader(name, value)
            connection.putheader("Connection", "close")
            if request.body or request.method == "POST":
                connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body or None)
            response = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        fields = [
            (name, value) for name, value in response.getheaders() if name.lower() != "transfer-encoding"
        ]

        def body() -> Iterator[bytes]:
            with closing(connection), response:
                while octets := response.read1(65536):
                    yield octets

        return Answer(status=response.status, fields=fields, body=body())


def _write_paths(path: Path, holding: Holding) -> None:
    """Pywb's path index: a line for each WARC file, name and path with a tab between, sorted bytewise."""
    lines = sorted(f"{name}\t{place}\n".encode("utf-8", "surrogateescape") for name, place in holding.files)
    path.write_bytes(b"".join(lines))


def _free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])
