"""Where things lie in a collection: names of collections and runs, and the lines of earlier runs."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.collection.rows import Versions
from crawler.items import ITEM_FILES

if TYPE_CHECKING:
    from pathlib import Path

RUN_JSON = "run.json"
SKIPPED = "skipped.jsonl"
LOG = "crawl.log.jsonl"


class BadCollectionName(ValueError):
    """A name that cannot be a folder."""


class BrokenCollection(ValueError):
    """A closed run holds something that no run writes."""


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


def make_run_folder(collection: Path) -> Path:
    """A new folder for a run, named for the present second; waits for the next one where it is taken.

    Raises NotWritable.
    """
    try:
        collection.mkdir(parents=True, exist_ok=True)
        while True:
            folder = collection / run_id_of(datetime.now(UTC))
            try:
                folder.mkdir()
            except FileExistsError:
                time.sleep(0.05)
            else:
                return folder
    except OSError as error:
        raise NotWritable(f"{collection}: no run can be written here ({error.strerror or error})") from error


def known_versions(collection: Path) -> Versions:
    """What the closed runs of a collection state, so that this one states only what is new.

    Raises BrokenCollection, OSError.
    """
    versions = Versions()
    for kind, name in ITEM_FILES.items():
        for path in sorted(collection.glob(f"*/{name}")):
            with path.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        row = json.loads(line)
                        versions.remember(kind.__name__, row["id"], row["content_digest"])
                    except (ValueError, KeyError, TypeError, AttributeError) as error:
                        raise BrokenCollection(
                            f"{path}, line {number}: is no row of ours ({error})"
                        ) from error
    return versions
