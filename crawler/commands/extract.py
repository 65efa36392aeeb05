"""``scrapy extract ARCHIVE... -o DIR``: the rows of archives that exist already."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from crawler.collection.layout import SKIPPED
from crawler.collection.line_file import LineFile
from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import say
from crawler.commands.extraction import find_archives, read_archives
from crawler.items import ITEM_FILES, Post, Skipped
from crawler.pages import READERS
from crawler.warc.reader import NotAnArchive

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from crawler.items import Row

BROKEN = {"bad-record", "internal-error", "bad-row"}
"""Reasons that leave an extraction incomplete; the others are how the archive is."""


class BadFolder(ValueError):
    """A folder that the rows cannot go into."""


class Command(ScrapyCommand):
    """Writes posts.jsonl, comments.jsonl, authors.jsonl and skipped.jsonl into a new folder."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[options] ARCHIVE... -o DIR"

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Write the rows of .warc, .warc.gz and .wacz files, folders and patterns of them"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Ask where to, and how to read."""
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="DIR", help="folder for the rows, new or empty")
        parser.add_argument(
            "--pages",
            metavar="NAME",
            help=f"read all pages as {' or '.join(sorted(READERS))}, whatever their layout",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Extract, and say in one line how it went."""
        try:
            self.exitcode = self._extract(args, opts)
        except (NotAnArchive, BadFolder) as error:
            say("extract", str(error))
            self.exitcode = ExitCode.USAGE
        except OSError as error:
            say("extract", f"{error.filename or opts.output}: cannot be written ({error.strerror or error})")
            self.exitcode = ExitCode.STORAGE

    def _extract(self, args: list[str], opts: argparse.Namespace) -> ExitCode:
        if not args:
            raise NotAnArchive("no archive given, expected at least one file, folder or pattern")
        if opts.pages is not None and opts.pages not in READERS:
            raise BadFolder(f"--pages {opts.pages}: expected {' or '.join(sorted(READERS))}")
        if not opts.output:
            raise BadFolder("no folder given, expected -o DIR")
        archives = find_archives(args)
        rows = read_archives(archives, pages=opts.pages)
        counts = write_rows(rows, empty_folder(Path(opts.output)))
        told = ", ".join(f"{counts[name]} {name.removesuffix('.jsonl')}" for name in ITEM_FILES.values())
        broken = sum(counts[reason] for reason in BROKEN)
        say("extract", f"{opts.output}: {told}" + (f"; not read: {broken}" if broken else ""))
        if not counts[ITEM_FILES[Post]] and not broken:
            say("extract", "no post was found")
        return ExitCode.INCOMPLETE if broken or not counts[ITEM_FILES[Post]] else ExitCode.COMPLETE


def empty_folder(path: Path) -> Path:
    """The folder, made where it is not there. Raises BadFolder, or OSError where it cannot be made."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise BadFolder(f"{path}: is there and not empty, expected a new or empty folder")
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_rows(rows: Iterable[Row | Skipped], folder: Path) -> Counter[str]:
    """Write the lines; gives the number of rows by file and of what was skipped by reason.

    Files get their names when all are complete. Raises OSError.
    """
    counts: Counter[str] = Counter()
    files = {name: LineFile(folder / name) for name in (*ITEM_FILES.values(), SKIPPED)}
    try:
        for row in rows:
            if isinstance(row, Skipped):
                files[SKIPPED].write(row.as_line())
                counts[row.reason] += 1
                if row.reason in BROKEN:
                    say("extract", f"{row.warc_file}, offset {row.warc_offset}: {row.reason}, {row.detail}")
            else:
                name = ITEM_FILES[type(row)]
                files[name].write(row.as_line())
                counts[name] += 1
        for file in files.values():
            file.close()
    finally:
        for file in files.values():
            file.abandon()
    return counts
