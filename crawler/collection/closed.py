"""The closed runs of a collection, read only: what is handed over is what they say they are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.collection.layout import RUN_JSON, is_run_id
from crawler.collection.rebuild import NO_MANIFEST, NotACollection
from crawler.collection.recovery import EditedRun
from crawler.warc.octets import Cut, Damaged, Malformed
from crawler.warc.walk import only_record_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crawler.warc.walk import Fields, Keep, StoredRecord

SLICE = 1024 * 1024
"""Bytes that are read at a time."""


class NoSuchRun(ValueError):
    """A run that is asked for is not there, or not closed."""


def header_only(_fields: Fields, _start: bytes) -> int:
    """Keep nothing of a record's block."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """One file of a run, as its ``run.json`` names it."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""

    @property
    def name(self) -> str:
        """Its name in the folder of the run."""
        return self.path.name

    @property
    def is_warc(self) -> bool:
        """Whether it is a WARC file."""
        return self.name.endswith((".warc.gz", ".warc"))

    def slices(self) -> Iterator[bytes]:
        """The bytes of the file; raises EditedRun, at their end or before, where they are others."""
        digest = hashlib.sha256()
        size = 0
        try:
            with self.path.open("rb") as file:
                while octets := file.read(SLICE):
                    digest.update(octets)
                    size += len(octets)
                    if size > self.size:
                        break
                    yield octets
        except OSError as error:
            raise EditedRun(
                f"{self.path}: cannot be read ({error.strerror}), expected a file of {self.size} bytes"
            ) from error
        if size != self.size:
            size = max(size, self.path.stat().st_size)
            raise EditedRun(f"{self.path}: has {size} bytes, expected {self.size}: it was changed by hand")
        if digest.hexdigest() != self.sha256:
            raise EditedRun(
                f"{self.path}: its SHA-256 is {digest.hexdigest()}, expected {self.sha256}: "
                "it was changed by hand"
            )

    def hold(self) -> None:
        """Pass where the bytes of the file are what they were. Raises EditedRun."""
        for _ in self.slices():
            pass

    def record_at(self, offset: int, keep: Keep = header_only) -> StoredRecord:
        """The record at an offset. Raises EditedRun where there is none."""
        try:
            with self.path.open("rb") as file:
                return only_record_at(file, offset, keep)
        except (OSError, Malformed, Damaged, Cut) as error:
            raise EditedRun(
                f"{self.path}, byte {offset}: {error}, expected the record that the index names"
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedRun:
    """A run that will not change."""

    folder: Path
    manifest: dict[str, Any]
    """The content of ``run.json``."""
    files: tuple[RunFile, ...]
    """All files of the run, ``run.json`` last."""

    @property
    def id(self) -> str:
        """The run's name, e.g. ``20261123T154300Z``."""
        return self.folder.name

    @property
    def began(self) -> datetime:
        """When the run began, to the second, UTC: its name says it."""
        return datetime.strptime(self.id, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    @property
    def warcs(self) -> list[RunFile]:
        """The WARC files."""
        return [file for file in self.files if file.is_warc]

    def file(self, name: str) -> RunFile | None:
        """The file of this name; None where the run has none."""
        return next((file for file in self.files if file.name == name), None)


def closed_runs(collection: Path) -> tuple[list[ClosedRun], list[str]]:
    """The closed runs, oldest first, and the names of the runs that are not closed.

    Raises NotACollection where the folder holds no run, EditedRun where a
    ``run.json`` is no manifest.
    """
    if not collection.is_dir():
        raise NotACollection(f"{collection}: is no folder, expected a collection")
    folders = sorted(path for path in collection.iterdir() if is_run_id(path.name) and path.is_dir())
    if not folders:
        raise NotACollection(f"{collection}: holds no run, expected a collection")
    is_closed = {folder: (folder / RUN_JSON).exists() for folder in folders}
    closed = [_closed(folder) for folder in folders if is_closed[folder]]
    return closed, [folder.name for folder in folders if not is_closed[folder]]


def _closed(folder: Path) -> ClosedRun:
    path = folder / RUN_JSON
    try:
        octets = path.read_bytes()
        manifest = json.loads(octets)
        if manifest["run_id"] != folder.name:
            raise ValueError(f"run_id is {manifest['run_id']!r}, expected {folder.name!r}")
        files = [_file(folder, entry) for entry in manifest["files"]]
    except (OSError, *NO_MANIFEST) as error:
        raise EditedRun(f"{path}: cannot be read ({error}), expected the manifest of a closed run") from error
    itself = RunFile(path=path, size=len(octets), sha256=hashlib.sha256(octets).hexdigest())
    return ClosedRun(folder=folder, manifest=manifest, files=(*files, itself))


def _file(folder: Path, entry: dict[str, Any]) -> RunFile:
    name = str(entry["name"])
    if name != (folder / name).name:
        raise ValueError(f"the file {name!r} lies elsewhere, expected a name in this folder")
    return RunFile(path=folder / name, size=int(entry["size"]), sha256=str(entry["sha256"]))


def select(collection: Path, run: str | None) -> tuple[list[ClosedRun], list[str]]:
    """The runs that are to be handed over, all or the one of this name, and which are not closed.

    The chain of the runs is held: each names the one before it and the digest
    of its ``run.json``. Raises NoSuchRun, NotACollection, EditedRun.
    """
    runs, still_open = closed_runs(collection)
    if not runs:
        raise NoSuchRun(
            f"{collection}: no run is closed yet, expected at least one ({', '.join(still_open)} is open)"
        )
    chosen = [closed for closed in runs if run in {None, closed.id}]
    if not chosen:
        known = ", ".join(closed.id for closed in runs)
        why = "is not closed" if run in still_open else "there is no such run"
        raise NoSuchRun(
            f"{collection}, run {run}: {why}, expected {'one of ' if len(runs) > 1 else ''}{known}"
        )
    _hold_chain(runs, chosen, still_open)
    return chosen, still_open


def _hold_chain(runs: Sequence[ClosedRun], chosen: Sequence[ClosedRun], still_open: Sequence[str]) -> None:
    """Pass where every chosen run is as the run after it remembers it, and none is missing before one."""
    digests = {run.id: run.files[-1].sha256 for run in chosen}
    there = {run.id for run in runs} | set(still_open)
    for run in runs:
        previous = run.manifest.get("previous_run") or {}
        before = previous.get("run_id")
        if before in digests and digests[before] != previous["sha256"]:
            raise EditedRun(
                f"{run.folder.with_name(before) / RUN_JSON}: its SHA-256 is {digests[before]}, "
                f"expected {previous['sha256']}, as {run.id} says: it was changed by hand"
            )
        if before is not None and before not in there and len(chosen) > 1:
            raise EditedRun(f"{run.folder.with_name(before)}: is missing, expected the run before {run.id}")
