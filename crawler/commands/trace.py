"""``scrapy trace ID``: from a row to its proof."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from crawler.collection.lookup import collections_below
from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import say
from crawler.commands.replay import DEFAULT_PORT
from crawler.commands.traced import as_object, in_words
from crawler.commands.tracing import Tracer, Untraceable

if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractContextManager

    from crawler.commands.tracing import Trace


class Command(ScrapyCommand):
    """Shows the row, the record that proves it, and the HTTP message within."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "ID|URL [COLLECTION] [--version N] [--json | --raw [-o FILE]]"

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Show what proves a post, a comment, an author or a captured URL"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Ask which version, and in which form."""
        super().add_options(parser)
        parser.add_argument(
            "--version", metavar="N", type=int, help="of the row, or of the captures (default: the newest)"
        )
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="tell it as one object of JSON")
        form.add_argument("--raw", action="store_true", help="write the HTTP message, byte for byte")
        parser.add_argument(
            "-o", "--output", metavar="FILE", type=Path, help="where --raw writes to, a new file"
        )
        parser.add_argument(
            "--port",
            type=int,
            default=DEFAULT_PORT,
            help="of the replay whose address is told (default: %(default)s)",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Trace, and say what stands in the way."""
        try:
            self.exitcode = self._trace(args, opts)
        except (Untraceable, FileExistsError) as error:
            exists = isinstance(error, FileExistsError)
            say("trace", f"{opts.output}: is there already, expected a new file" if exists else str(error))
            self.exitcode = ExitCode.USAGE
        except BrokenPipeError:
            # Whoever reads has read enough.
            self.exitcode = ExitCode.COMPLETE
        except OSError as error:
            say("trace", f"{error.filename or opts.output}: {error.strerror or error}")
            self.exitcode = ExitCode.STORAGE

    def _trace(self, args: list[str], opts: argparse.Namespace) -> ExitCode:
        if len(args) not in (1, 2):
            raise Untraceable(f"{len(args)} words given: expected {self.syntax()}")
        if opts.output is not None and not opts.raw:
            raise Untraceable("-o is given without --raw: expected both, or neither")
        wanted, *named = args
        root = self.settings["ARCHIVE_ROOT"] if self.settings is not None else "output"
        collections = [Path(word) for word in named] or collections_below(Path(root))
        trace = find(wanted, collections, opts.version, root)
        if opts.raw:
            with _output(opts.output) as file:
                trace.copy_message(file.write)
        elif opts.json:
            _tell(json.dumps(as_object(trace, opts.port), ensure_ascii=False))
        else:
            _tell("\n\n".join(in_words(trace, opts.port)))
        if opts.raw:
            for finding in trace.findings:
                say("trace", finding.as_line())
        return ExitCode.COMPLETE if trace.right else ExitCode.NOT_VERIFIED


def find(wanted: str, collections: list[Path], version: int | None, root: str) -> Trace:
    """What the one collection that knows it has of an id or a URL. Raises Untraceable, OSError."""
    if not collections:
        raise Untraceable(f"{root}: holds no collection, expected one, or its folder behind the id")
    traces = [trace for path in collections if (trace := Tracer(path).trace(wanted, version)) is not None]
    if not traces:
        names = ", ".join(str(path) for path in collections)
        raise Untraceable(f"{wanted}: not in {names}: expected the id of a row, or a URL that was captured")
    if len(traces) > 1:
        names = ", ".join(str(trace.collection) for trace in traces)
        raise Untraceable(f"{wanted}: is in {names}: expected the folder of one of them behind it")
    return traces[0]


def _output(path: Path | None) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdout.buffer) if path is None else path.open("xb")


def _tell(text: str) -> None:
    """Write to standard output, in UTF-8 whatever the terminal's locale is."""
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "replace"))
