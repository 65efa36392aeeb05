"""``scrapy verify``: an archive verified, a torn WARC file cut back, a lost journal made anew."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from crawler.collection.copies import CannotCompare, compare
from crawler.collection.journal import JournalFailed
from crawler.collection.lock import LOCK, Lock, Locked
from crawler.collection.rebuild import NotACollection, Rebuilt, rebuild_journal
from crawler.collection.recovery import OPEN, EditedRun
from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import say
from crawler.commands.verification import tell_all
from crawler.commands.verifying import NotVerifiable, Verification, findings_in, kind_of
from crawler.warc.reader import NotAnArchive
from crawler.warc.repair import DamagedInside, Repair, repair

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from contextlib import AbstractContextManager


class Command(ScrapyCommand):
    """Verifies what is given, or does the one thing that an option asks for."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "PATH [--json] [--deep] [--copy OTHER] | --repair FILE | --rebuild-journal COLLECTION"

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Verify a collection, a run, a bag, a WARC or WACZ file; repair what is torn or lost"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Ask what to do, and with what."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="give each finding as one object of JSON")
        parser.add_argument(
            "--deep",
            action="store_true",
            help="read every page again, and compare what it states with the rows",
        )
        parser.add_argument(
            "--copy",
            metavar="OTHER",
            type=Path,
            help="compare with a second copy by digests, and nothing else",
        )
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
        """Do what is asked for."""
        if wrong := _misfit(args, opts):
            say("verify", f"{wrong}: expected {self.syntax()}")
            self.exitcode = ExitCode.USAGE
        elif opts.repair is not None:
            self.exitcode = attempt(opts.repair, repair_file)
        elif opts.rebuild_journal is not None:
            self.exitcode = attempt(opts.rebuild_journal, rebuild)
        else:
            self.exitcode = verify(Path(args[0]), opts)


def _misfit(args: list[str], opts: argparse.Namespace) -> str | None:
    """What of the words on the command line does not fit together; None where all does."""
    repairs = [path for path in (opts.repair, opts.rebuild_journal) if path is not None]
    given = len(args) + len(repairs)
    if given != 1:
        return f"{given or 'no'} path{'s' if given else ''} given"
    asked = [f"--{name}" for name in ("json", "deep", "copy") if getattr(opts, name)]
    if repairs and asked:
        return f"{asked[0]} given with a repair"
    return "--deep with --copy" if opts.deep and opts.copy is not None else None


# --- Verification ---


def verify(path: Path, opts: argparse.Namespace) -> ExitCode:
    """Verify a path and tell every finding on a line of standard output, then a summary."""
    try:
        verification = Verification(path=path, kind="copy" if opts.copy is not None else kind_of(path))
        if opts.copy is not None:
            findings = compare(path, opts.copy)
        else:
            findings = findings_in(verification, deep=opts.deep)
        return tell_all(verification, findings, as_json=opts.json)
    except (NotVerifiable, CannotCompare) as error:
        say("verify", str(error))
    except OSError as error:
        say("verify", f"{error.filename or path}: cannot be read ({error.strerror or error})")
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
