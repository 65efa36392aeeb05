"""``scrapy replay``: a collection in a web browser, offline, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from scrapy.commands import ScrapyCommand

from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import say
from crawler.replay.environment import NotInstalled, pywb_environment
from crawler.replay.holding import NotReplayable, collection_holding
from crawler.replay.origins import OriginServers, PortInUse
from crawler.replay.pywb import NotStarted, Pywb

if TYPE_CHECKING:
    import argparse

DEFAULT_PORT = 8080


class Command(ScrapyCommand):
    """Serves an archive on this machine, for its own browser alone."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "COLLECTION [--port N]"

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Show a collection in a web browser, offline"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Ask for the port."""
        super().add_options(parser)
        parser.add_argument(
            "--port", type=int, default=DEFAULT_PORT, help="of 127.0.0.1 (default: %(default)s; 0 for any)"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Serve until a signal, which ends it well."""
        if len(args) != 1:
            say("replay", f"{len(args)} paths given: expected {self.syntax()}")
            self.exitcode = ExitCode.USAGE
            return
        try:
            show(Path(args[0]), opts.port)
        except KeyboardInterrupt:
            self.exitcode = ExitCode.COMPLETE
        except (NotReplayable, PortInUse) as error:
            say("replay", str(error))
            self.exitcode = ExitCode.USAGE
        except NotInstalled as error:
            say("replay", str(error))
            self.exitcode = ExitCode.INCOMPLETE
        except NotStarted as error:
            say("replay", str(error))
            self.exitcode = ExitCode.INTERNAL_ERROR
        except OSError as error:
            say("replay", f"{error.filename or args[0]}: {error.strerror or error}")
            self.exitcode = ExitCode.STORAGE


def show(path: Path, port: int) -> NoReturn:
    """Show a collection until SIGINT or SIGTERM, which raise KeyboardInterrupt. Raises what its parts do."""
    holding = collection_holding(path)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with OriginServers(port) as servers:
        environment = pywb_environment(lambda words: say("replay", words))
        with (
            tempfile.TemporaryDirectory(prefix="replay-") as folder,
            Pywb(environment, holding, Path(folder)) as engine,
        ):
            servers.start(engine)
            sys.stdout.write(f"{path} is shown at {servers.origins.frame}{engine.start}\nCtrl-C ends it.\n")
            sys.stdout.flush()
            while True:
                time.sleep(0.5)
                if engine.ended:
                    raise NotStarted("pywb ended by itself")
