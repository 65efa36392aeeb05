"""``scrapy package COLLECTION -o X.wacz``: an archive in one file, or in one bag, to hand over."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from crawler.collection.bag import Bagged, make_bag
from crawler.collection.closed import NoSuchRun
from crawler.collection.package import Packaged, UnfitOutput, package_wacz
from crawler.collection.packaged_index import BadIndex
from crawler.collection.rebuild import NotACollection
from crawler.collection.recovery import EditedRun
from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import say

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """Makes one package."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "COLLECTION -o FILE.wacz [--run ID] [--force] | COLLECTION --bag FOLDER"

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Put a collection, or one run of it, into one file that replays by itself"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Ask what to make, and of what."""
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE.wacz", type=Path, help="write a WACZ, a new file")
        parser.add_argument(
            "--run", metavar="ID", dest="one_run", help="only this run, and what it refers to"
        )
        parser.add_argument("--force", action="store_true", help="replace FILE.wacz where it is there")
        parser.add_argument(
            "--bag", metavar="FOLDER", type=Path, help="copy all into a BagIt bag, a new folder"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Package, and say in one line what became of it or what stood in the way."""
        try:
            self.exitcode = self._package(args, opts)
        except (UnfitOutput, NotACollection, NoSuchRun) as error:
            self._fail(ExitCode.USAGE, str(error))
        except (EditedRun, BadIndex) as error:
            self._fail(ExitCode.NOT_VERIFIED, str(error))
        except (OSError, sqlite3.OperationalError) as error:
            reason = error.strerror or error if isinstance(error, OSError) else error
            self._fail(ExitCode.STORAGE, f"{opts.output or opts.bag}: cannot be written ({reason})")
        except KeyboardInterrupt:
            self._fail(ExitCode.INTERRUPTED, f"{opts.output or opts.bag}: interrupted, nothing was written")

    def _fail(self, code: ExitCode, sentence: str) -> None:
        say("package", sentence)
        self.exitcode = code

    def _package(self, args: list[str], opts: argparse.Namespace) -> ExitCode:
        assert self.settings is not None  # noqa: S101 - set by Scrapy before run
        collection = _asked(args, opts, self.syntax())
        min_free = self.settings.getint("MIN_FREE_BYTES")
        done: Packaged | Bagged
        if opts.bag is not None:
            done = make_bag(collection, opts.bag, min_free=min_free)
        else:
            done = package_wacz(
                collection, opts.output, run=opts.one_run, replace=opts.force, min_free=min_free
            )
        for run in done.still_open:
            say("package", f"run {run} is not closed, and left out")
        sys.stdout.write(f"{in_words(done)}\n")
        return ExitCode.COMPLETE


def _asked(args: list[str], opts: argparse.Namespace, syntax: str) -> Path:
    """The collection that is to be packaged. Raises UnfitOutput where the options do not fit together."""
    if len(args) != 1:
        raise UnfitOutput(f"{args[1] if args else 'no collection given'}: expected {syntax}")
    if (opts.output is None) == (opts.bag is None):
        found = "neither -o nor --bag" if opts.bag is None else "both -o and --bag"
        raise UnfitOutput(f"{found} given: expected {syntax}")
    if opts.bag is not None and (opts.one_run or opts.force):
        raise UnfitOutput(f"{'--run' if opts.one_run else '--force'} with --bag: expected {syntax}")
    return Path(args[0])


def in_words(done: Packaged | Bagged) -> str:
    """What was handed over, in one line."""
    words = f"{done.path}: {done.runs} run{'' if done.runs == 1 else 's'}, "
    if isinstance(done, Bagged):
        return words + f"{done.files} files, {done.size} bytes"
    words += f"{done.pages} page{'' if done.pages == 1 else 's'}, {done.size} bytes"
    if not done.originals:
        return words
    return f"{words}; {done.originals} record{'' if done.originals == 1 else 's'} of other runs came along"
