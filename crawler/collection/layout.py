"""Where things lie in a collection: names of collections, runs and files."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.warc.durable import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN_JSON = "run.json"
SKIPPED = "skipped.jsonl"
LOG = "crawl.log.jsonl"


class BadCollectionName(ValueError):
    """A name that cannot be a folder."""


class NotWritable(OSError):
    """A collection cannot be written to."""


def collection_name(name: str) -> str:
    """The name, if a folder can have it everywhere. Raises BadCollectionName."""
    fits = name.isprintable() and not set(name) & set('/\\:*?"<>|') and 0 < len(name.encode()) <= 100
    if not fits or name.startswith(".") or name != name.strip():
        raise BadCollectionName(
            f'collection name {name!r}: expected at most 100 bytes without any of / \\ : * ? " < > |, '
            "a leading dot or blanks around it"
        )
    return name


def run_id_of(moment: datetime) -> str:
    """The identity of a run that starts at this moment, e.g. ``20261123T154300Z``."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def is_run_id(name: str) -> bool:
    """Whether a folder of this name is a run."""
    return re.fullmatch(r"\d{8}T\d{6}Z", name) is not None


def moment(when: datetime) -> str:
    """A moment as ``run.json`` has it: UTC, milliseconds, ``Z``."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_run_folder(collection: Path, begin: Callable[[str], None]) -> Path:
    """A new folder for a run, named for the present second; waits for the next one where it is taken.

    ``begin`` is told the name before the folder is there. Raises NotWritable.
    """
    while (folder := collection / run_id_of(datetime.now(UTC))).exists():
        time.sleep(0.05)
    try:
        begin(folder.name)
        folder.mkdir()
        sync_folder(collection)
    except OSError as error:
        raise NotWritable(f"{folder}: no run can be written here ({error.strerror or error})") from error
    return folder
