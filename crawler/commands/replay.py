"""``scrapy replay``: an archive in a web browser, offline, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from scrapy.commands import ScrapyCommand

from crawler.collection.package import package_wacz
from crawler.collection.packaged_index import BadIndex
from crawler.collection.rebuild import NotACollection
from crawler.collection.recovery import EditedRun
from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import say
from crawler.commands.front import front_of
from crawler.replay.environment import NotInstalled, pywb_environment
from crawler.replay.holding import NotReplayable, collection_holding
from crawler.replay.origins import OriginServers, PortInUse
from crawler.replay.pywb import NotStarted, Pywb
from crawler.replay.replayweb import NoAssets, ReplayWeb, assets_in
from crawler.replay.wacz_holding import wacz_holding

if TYPE_CHECKING:
    import argparse

    from crawler.replay.origins import Engine

DEFAULT_PORT = 8080
PYWB, REPLAYWEB = "pywb", "replayweb"

EXIT_CODES: tuple[tuple[tuple[type[Exception], ...], ExitCode], ...] = (
    ((NotReplayable, NotACollection, NoAssets, PortInUse), ExitCode.USAGE),
    ((EditedRun, BadIndex), ExitCode.NOT_VERIFIED),
    ((NotInstalled,), ExitCode.INCOMPLETE),
    ((NotStarted,), ExitCode.INTERNAL_ERROR),
)
"""What stands in the way, each said in the words of the exception."""


class Command(ScrapyCommand):
    """Serves an archive on this machine, for its own browser alone."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "COLLECTION|FILE.wacz [--port N] [--engine pywb|replayweb] [--assets FOLDER]"

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Show a collection or a WACZ file in a web browser, offline"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Ask for the port, and with which program."""
        super().add_options(parser)
        parser.add_argument(
            "--port", type=int, default=DEFAULT_PORT, help="of 127.0.0.1 (default: %(default)s; 0 for any)"
        )
        parser.add_argument(
            "--engine",
            choices=(PYWB, REPLAYWEB),
            default=PYWB,
            help="pywb, which the first replay installs, or ReplayWeb.page (default: %(default)s)",
        )
        parser.add_argument(
            "--assets",
            metavar="FOLDER",
            type=Path,
            help="the npm package replaywebpage, unpacked; for --engine replayweb",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Serve until a signal, which ends it well."""
        if wrong := _misfit(args, opts):
            say("replay", f"{wrong}: expected {self.syntax()}")
            self.exitcode = ExitCode.USAGE
            return
        try:
            show(Path(args[0]), opts.port, opts.assets)
        except KeyboardInterrupt:
            self.exitcode = ExitCode.COMPLETE
        except OSError as error:
            code = ExitCode.USAGE if isinstance(error, PortInUse) else ExitCode.STORAGE
            words = (
                str(error)
                if isinstance(error, PortInUse)
                else f"{error.filename or args[0]}: {error.strerror or error}"
            )
            say("replay", words)
            self.exitcode = code
        except tuple(kind for kinds, _ in EXIT_CODES for kind in kinds) as error:
            say("replay", str(error))
            self.exitcode = next(code for kinds, code in EXIT_CODES if isinstance(error, kinds))


def _misfit(args: list[str], opts: argparse.Namespace) -> str | None:
    """What of the words on the command line does not fit together; None where all does."""
    if len(args) != 1:
        return f"{len(args)} paths given"
    if opts.engine == REPLAYWEB and opts.assets is None:
        return "--engine replayweb without --assets"
    return "--assets without --engine replayweb" if opts.engine == PYWB and opts.assets is not None else None


def show(path: Path, port: int, assets: Path | None) -> NoReturn:
    """Show an archive until SIGINT or SIGTERM, which raise KeyboardInterrupt. Raises what its parts do.

    In ReplayWeb.page where its ``assets`` are given, in pywb where not.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="replay-")))
        # First is told what is wrong with the archive, then a port in use, then what is to be installed.
        if assets is None:
            holding = wacz_holding(path, folder) if path.is_file() else collection_holding(path)
            servers = stack.enter_context(OriginServers(port))
            environment = pywb_environment(lambda words: say("replay", words))
            engine: Engine = stack.enter_context(Pywb(environment, holding, folder))
        else:
            program = assets_in(assets)
            wacz = _packaged(path, folder)
            servers = stack.enter_context(OriginServers(port))
            engine = ReplayWeb(program, wacz)
        servers.start(engine)
        _tell(path, servers.origins.frame, engine)
        while True:
            time.sleep(0.5)
            if engine.ended:
                raise NotStarted("pywb ended by itself")


def _packaged(path: Path, folder: Path) -> Path:
    """The WACZ file that is given, or one made of the collection that is. Raises what both do."""
    if path.is_file():
        # Looks at it closely enough to say what is wrong before a browser does.
        wacz_holding(path, folder)
        return path
    collection_holding(path)
    wacz = folder / f"{path.resolve().name}.wacz"
    say("replay", f"{path}: is put into a WACZ file for the time being, as ReplayWeb.page reads no other")
    package_wacz(path, wacz)
    return wacz


def _tell(path: Path, frame: str, engine: Engine) -> None:
    sys.stdout.write(f"{path} is shown at {frame}{engine.start}\n")
    if (front := front_of(path)) is not None:
        sys.stdout.write(f"Its front page: {frame}{engine.address_of(front.url, front.timestamp)}\n")
    sys.stdout.write("Ctrl-C ends it.\n")
    sys.stdout.flush()
