"""The log of a run: one JSON object a line, beside whatever the console shows."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.collection.journal import BadJournal, JournalFailed
from crawler.collection.line_file import ClosedFile, LineFile
from crawler.collection.reasons import reason_for
from crawler.collection.secrets import without_userinfo
from crawler.items import as_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class JsonLog(logging.Handler):
    """Writes the records of the root logger: time (UTC), level, logger, message, traceback.

    A disk that fails is told once to ``on_error``; from then on nothing more
    is written, and the file never gets its name.
    """

    def __init__(self, path: Path, level: int | str) -> None:
        super().__init__(level)
        self.on_error: Callable[[OSError], None] | None = None
        """Called in the thread that logs; without it logging prints the error, once."""
        self._error: OSError | None = None
        self._file = LineFile(path)
        self.addFilter(_tells_no_settings)
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        if self._error is not None:
            return
        try:
            self._file.write(as_line(self._fields(record)))
            # So that the log of a process that dies is there.
            self._file.flush()
        except OSError as error:
            # Kept first: whoever is told may well log it.
            self._error = error
            if self.on_error is not None:
                self.on_error(error)
            else:
                self.handleError(record)
        except Exception:  # noqa: BLE001 - logging's own rule: a handler never raises into the program
            self.handleError(record)

    def close_file(self) -> ClosedFile:
        """Stop listening and give the file its name. Raises OSError, also one of before."""
        if self._error is not None:
            self.abandon()
            raise self._error
        logging.getLogger().removeHandler(self)
        self.close()
        return self._file.close()

    def abandon(self) -> None:
        """Stop listening, and leave the file under its ``.open`` name."""
        logging.getLogger().removeHandler(self)
        self.close()
        self._file.abandon()

    def _fields(self, record: logging.LogRecord) -> dict[str, str | None]:
        traceback = logging.Formatter().formatException(record.exc_info) if record.exc_info else None
        return {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
            "message": without_userinfo(record.getMessage()),
            "traceback": without_userinfo(traceback) if traceback else None,
        }


class OneLine(logging.Filter):
    """Turns the traceback of a fact outside of this program into words.

    Scrapy's robots.txt middleware and scraper print one for every host that
    does not answer, and for every page that is read while the journal fails.
    """

    LOGGERS = ("scrapy.downloadermiddlewares.robotstxt", "scrapy.core.scraper")

    @classmethod
    def install(cls) -> None:
        """Put one on each of the loggers, once."""
        for logger in map(logging.getLogger, cls.LOGGERS):
            if not any(isinstance(known, cls) for known in logger.filters):
                logger.addFilter(cls())

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True; changes the record."""
        error = record.exc_info[1] if record.exc_info else None
        downloading = str(record.msg).startswith("Error downloading")
        known = downloading and error is not None and reason_for(error) != "internal-error"
        if known or isinstance(error, BadJournal | JournalFailed):
            words = f": {error}"
            record.msg = record.getMessage() + ("" if words in record.getMessage() else words)
            record.args = None
            record.exc_info = None
        return True


class Brief(logging.Filter):
    """Makes Scrapy's lists of many lines (components, settings, statistics) DEBUG.

    What matters of them stands in run.json, and ``-L DEBUG`` shows them.
    """

    LOGGERS = (
        "scrapy.addons",
        "scrapy.crawler",
        "scrapy.middleware",
        "scrapy.statscollectors",
        "scrapy.utils.log",
    )

    @classmethod
    def install(cls) -> None:
        """Put one on each of the loggers, once; before Scrapy makes its process, which logs the first."""
        for logger in map(logging.getLogger, cls.LOGGERS):
            if not any(isinstance(known, cls) for known in logger.filters):
                logger.addFilter(cls())

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be handled at all; at DEBUG it is only where that is asked for."""
        if record.levelno == logging.INFO and "\n" in str(record.msg):
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return True


def _tells_no_settings(record: logging.LogRecord) -> bool:
    """False for Scrapy's dump of all settings, where passwords stand; run.json has those that matter."""
    return not (record.name == "scrapy.crawler" and str(record.msg).startswith("Overridden settings"))
