"""``scrapy verify --repair FILE``: a torn WARC file cut back to its last whole record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import say
from crawler.warc.reader import NotAnArchive
from crawler.warc.repair import DamagedInside, Repair, repair

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """Does the one thing that an option asks for."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "--repair FILE"

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Cut a torn WARC file back to its last whole record"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Ask what to do, and with what."""
        super().add_options(parser)
        parser.add_argument(
            "--repair",
            metavar="FILE",
            type=Path,
            help="cut this .warc or .warc.gz file back to its last whole record; the rest goes to FILE.torn",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what the option asks for."""
        if args or opts.repair is None:
            say("verify", f"{args[0] if args else 'no option given'}: expected {self.syntax()}")
            self.exitcode = ExitCode.USAGE
        else:
            self.exitcode = repair_file(opts.repair)


def repair_file(path: Path) -> ExitCode:
    """Repair a WARC file, and say in one line what became of it."""
    try:
        done = repair(path)
    except NotAnArchive as error:
        say("verify", str(error))
        return ExitCode.USAGE
    except DamagedInside as error:
        say("verify", str(error))
        return ExitCode.NOT_VERIFIED
    except OSError as error:
        say("verify", f"{error.filename or path}: cannot be written ({error.strerror or error})")
        return ExitCode.STORAGE
    sys.stdout.write(f"{in_words(done)}\n")
    return ExitCode.COMPLETE


def in_words(done: Repair) -> str:
    """What became of a file, in one line."""
    state = "whole already" if done.torn is None else "repaired"
    kept = f"{done.path}: {state}; {done.records} records, {done.kept} bytes kept, {done.cut} bytes cut"
    return kept if done.torn is None else f"{kept}, now in {done.torn}"
