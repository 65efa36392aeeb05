"""``scrapy verify``: a WARC file checked, a torn one cut back, or a lost journal made anew."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from crawler.collection.journal import JournalFailed
from crawler.collection.lock import LOCK, Lock, Locked
from crawler.collection.rebuild import NotACollection, Rebuilt, rebuild_journal
from crawler.collection.recovery import OPEN, EditedRun
from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import say
from crawler.commands.verification import verify_warc
from crawler.warc.reader import NotAnArchive
from crawler.warc.repair import DamagedInside, Repair, repair

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from contextlib import AbstractContextManager


class Command(ScrapyCommand):
    """Verifies, or does the one thing that an option asks for."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "FILE [--json] | --repair FILE | --rebuild-journal COLLECTION"

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Check a WARC file; cut a torn one back, or make the journal of a collection anew"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Ask what to do, and with what."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="tell what is found as JSON Lines")
        parser.add_argument(
            "--repair",
            metavar="FILE",
            type=Path,
            help="cut this .warc or .warc.gz file back to its last whole record; the rest goes to FILE.torn",
        )
        parser.add_argument(
            "--rebuild-journal",
            metavar="COLLECTION",
            type=Path,
            help="make journal.sqlite of this folder of runs anew, all of it but the queue",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what the option asks for."""
        given = [path for path in (opts.repair, opts.rebuild_journal, *args) if path is not None]
        if len(given) != 1:
            say("verify", f"{len(given) or 'no'} path{'s' if given else ''} given: expected {self.syntax()}")
            self.exitcode = ExitCode.USAGE
        elif args:
            self.exitcode = verify(Path(args[0]), as_json=opts.json)
        elif opts.repair is not None:
            self.exitcode = attempt(opts.repair, repair_file)
        else:
            self.exitcode = attempt(opts.rebuild_journal, rebuild)


def verify(path: Path, *, as_json: bool) -> ExitCode:
    """Verify what a path leads to, and tell what is found."""
    try:
        return verify_warc(path, as_json=as_json)
    except NotAnArchive as error:
        say("verify", str(error))
        return ExitCode.USAGE


def attempt(path: Path, work: Callable[[Path], str]) -> ExitCode:
    """Work on a path, and say in one line what became of it or what stood in the way."""
    try:
        told = work(path)
    except (NotAnArchive, NotACollection) as error:
        say("verify", str(error))
        return ExitCode.USAGE
    except Locked as error:
        say("verify", str(error))
        return ExitCode.LOCKED
    except (DamagedInside, EditedRun) as error:
        say("verify", str(error))
        return ExitCode.NOT_VERIFIED
    except OSError as error:
        named = isinstance(error, JournalFailed)
        words = f"{error.filename or path}: cannot be written ({error.strerror or error})"
        say("verify", str(error) if named else words)
        return ExitCode.STORAGE
    tell(told)
    return ExitCode.COMPLETE


def tell(sentence: str) -> None:
    """Say what was done, on standard output."""
    sys.stdout.write(f"{sentence}\n")


# --- One file ---


def repair_file(path: Path) -> str:
    """Repair a WARC file; gives what became of it. Raises what ``repair`` does, and Locked."""
    with lock_of(path):
        return in_words(repair(path))


def lock_of(path: Path) -> AbstractContextManager[object]:
    """The lock under which a file may be cut: that of the collection whose run may be writing it.

    Raises Locked, OSError.
    """
    collection = path.resolve().parent.parent
    is_being_written = path.name.endswith(OPEN) and (collection / LOCK).is_file()
    return Lock(collection) if is_being_written else nullcontext()


def in_words(done: Repair) -> str:
    """What became of a file, in one line."""
    state = "whole already" if done.torn is None else "repaired"
    kept = f"{done.path}: {state}; {done.records} records, {done.kept} bytes kept, {done.cut} bytes cut"
    return kept if done.torn is None else f"{kept}, now in {done.torn}"


# --- A collection ---


def rebuild(path: Path) -> str:
    """Make a journal anew; gives what it was made from. Raises what ``rebuild_journal`` does."""
    return rebuilt_in_words(rebuild_journal(path, tell))


def rebuilt_in_words(done: Rebuilt) -> str:
    """What a journal was made from, and what is lost, in one line."""
    words = f"{done.path}: rebuilt from {done.runs} runs; {done.rows} rows"
    if done.set_aside is not None:
        words += f"; the one before is {done.set_aside.name}"
    if done.lost_queue is not None:
        words += f"; crawl {done.lost_queue} was not at its end and its queue is lost, the next begins anew"
    return words
