"""``scrapy demo``: archives the blog that comes along, without any network, and says what lies where."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand

from crawler.collection.addon import ArchiveAddon
from crawler.collection.layout import LOG, RUN_JSON, SKIPPED
from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import archive, say
from crawler.demo import DemoBlog

if TYPE_CHECKING:
    import argparse

COLLECTION = "demo"

PORT = 8087
"""Where the blog stands when the port is free, so that a second run meets the same addresses."""

SETTINGS = {
    "ARCHIVE_ENABLED": True,
    # Our own machine needs no courtesy.
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "ADDRESS_ALLOW": "127.0.0.0/8",
    # What a contact looks like in User-Agent and warcinfo.
    "ARCHIVE_CONTACT": "mailto:archive@example.org",
    # The log lies in the run; on the console it would hide what the demo has to tell. -L INFO shows it.
    "LOG_ENABLED": False,
}


class Command(ScrapyCommand):
    """A crawl of the demo blog."""

    requires_project = True

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Archive the small blog that comes along, without any network"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Set what the demo needs, below what the command line asks for."""
        assert self.settings is not None  # noqa: S101 - set by Scrapy before
        self.settings.setdict(SETTINGS, priority="cmdline")
        super().process_options(args, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002 - Scrapy's signature
        """Serve, crawl, tell."""
        assert self.crawler_process is not None  # noqa: S101 - set by Scrapy before run
        if args:
            say("demo", f"{args[0]}: expected no argument")
            self.exitcode = ExitCode.USAGE
            return
        crawler = self.crawler_process.create_crawler("dipnote")
        with _blog() as blog:
            # Its address depends on the free ports; an interrupted demo is not worth going on with.
            arguments = {"site": blog.url, "collection": COLLECTION, "fresh": "1"}
            self.exitcode = archive("demo", self.crawler_process, crawler, arguments)
        addon = crawler.get_addon(ArchiveAddon)
        if addon is not None and addon.run is not None and (addon.run.folder / RUN_JSON).is_file():
            print(told(_below_here(addon.run.folder), _program()))


def told(run: Path, program: str) -> str:
    """What lies in a run, and what to type next; ``program`` is how the reader calls us."""
    manifest = json.loads((run / RUN_JSON).read_text("utf-8"))
    pages = sum(manifest["pages"].values())
    rest = [entry["name"] for entry in manifest["files"] if entry["name"] in {SKIPPED, LOG}]
    lines = [
        f"{manifest['requests']['sent']} requests, {pages} pages read, archived in {run}/",
        "",
        *(
            f"{count:>8,} {what:<9} {name:<42} {size:>9,} bytes"
            for count, what, name, size in _held(manifest)
        ),
        f"{'':>8} {'the rest':<9} {', '.join([*rest, RUN_JSON])}",
    ]
    if not manifest["written"].get("posts"):
        lines += ["", "Nothing is new: an earlier run states the same rows, so that this one repeats none."]
    lines += ["", "Next:", "", *(f"    {command}" for command in _next(run, program))]
    return "\n".join(lines)


def _held(manifest: dict[str, Any]) -> list[tuple[int, str, str, int]]:
    """Count, noun, file and its bytes of what was found."""
    files = manifest["files"]
    sizes = {entry["name"]: entry["size"] for entry in files}
    found = [
        (count, kind, f"{kind}.jsonl", sizes.get(f"{kind}.jsonl", 0))
        for kind, count in manifest["found"].items()
    ]
    records = [
        (entry["records"], "records", entry["name"], entry["size"]) for entry in files if "records" in entry
    ]
    return found + records


def _next(run: Path, program: str) -> list[str]:
    collection = run.parent
    return [
        f"cat {collection}/*/posts.jsonl | head -n 1 | python3 -m json.tool",
        f"{program} replay {collection}",
        f"{program} extract {run} -o from-the-warc",
        f"duckdb -c \"from '{collection}/*/posts.jsonl'\"",
        f"{program} crawl dipnote",
    ]


def _blog() -> DemoBlog:
    with suppress(OSError):
        return DemoBlog(PORT)
    return DemoBlog()


def _program() -> str:
    """How this process was started, as somebody types it."""
    name = Path(sys.argv[0]).name
    return name if name != "__main__.py" else f"{_below_here(Path(sys.executable))} -m scrapy"


def _below_here(path: Path) -> Path:
    """The path as seen from the current folder, where it lies in it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
