"""One run of a spider: its folder, and the files in it from opening to ``run.json``."""

from __future__ import annotations

import json
import logging
import os
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.collection.layout import LOG, RUN_JSON, SKIPPED, NotWritable, known_versions, make_run_folder
from crawler.collection.line_file import ClosedFile, LineFile
from crawler.collection.log import JsonLog
from crawler.collection.reasons import meaning_of
from crawler.collection.secrets import without_userinfo
from crawler.collection.tally import Tally
from crawler.items import ITEM_FILES, Row, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.collection.rows import Versions


class Run:
    """A run that is being written.

    A disk that fails is told once to ``on_error`` and kept in
    ``storage_error``; from then on nothing more is written, and no file gets
    the name of a whole one.
    """

    def __init__(self, collection: Path, *, log_level: int | str = logging.INFO) -> None:
        """Make the folder and open its files. Raises NotWritable, BrokenCollection."""
        self.collection = collection
        self.started_at = datetime.now(UTC)
        self.versions = self._read_versions()
        self.folder = make_run_folder(collection)
        self.id = self.folder.name
        self.tally = Tally()
        self.storage_error: str | None = None
        self.on_error: Callable[[str], None] | None = None
        try:
            self._rows = {kind: LineFile(self.folder / name) for kind, name in ITEM_FILES.items()}
            self._skipped = LineFile(self.folder / SKIPPED)
            self._log = JsonLog(self.folder / LOG, log_level)
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise NotWritable(f"{self.folder}: no run can be written here ({error.strerror})") from error

    def _read_versions(self) -> Versions:
        try:
            return known_versions(self.collection)
        except OSError as error:
            raise NotWritable(f"{error.filename}: cannot be read ({error.strerror})") from error

    def write(self, row: Row) -> None:
        """Add the row to the file of its kind."""
        self._write(self._rows[type(row)], row.as_line())

    def skip(self, skipped: Skipped) -> None:
        """Add a line to ``skipped.jsonl``. Raises KeyError for a reason that has no meaning."""
        meaning_of(skipped.reason)
        self._write(self._skipped, without_userinfo(skipped.as_line()))

    def close_rows(self) -> list[ClosedFile]:
        """Close the files of rows and give them their names; after an error they keep ``.open``."""
        files = [*self._rows.values(), self._skipped]
        if self.storage_error is None:
            try:
                return [file.close() for file in files]
            except OSError as error:
                self._fail(error)
        for file in files:
            file.abandon()
        return []

    def finish(self, manifest: dict[str, Any]) -> None:
        """Close the log and write ``run.json``, the last file of a run. Raises OSError."""
        log = self._log.close_file()
        manifest["files"].append(file_entry(log))
        manifest["files"].sort(key=lambda entry: entry["name"])
        path = self.folder / RUN_JSON
        draft = path.with_name(path.name + ".open")
        with draft.open("x", encoding="utf-8") as stream:
            json.dump(manifest, stream, ensure_ascii=False, indent=2)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.rename(path)

    def discard(self) -> None:
        """Take the run away again: nothing has been asked yet."""
        for file in (*self._rows.values(), self._skipped):
            file.abandon()
        self._log.abandon()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, file: LineFile, line: str) -> None:
        if self.storage_error is not None:
            return
        try:
            file.write(line)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.storage_error = f"{self.folder}: {error.strerror or error}"
        if self.on_error is not None:
            self.on_error(self.storage_error)


def file_entry(file: ClosedFile) -> dict[str, Any]:
    """How ``run.json`` names a file of lines."""
    return {"name": file.name, "size": file.size, "sha256": file.sha256, "lines": file.lines}
