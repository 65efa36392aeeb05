"""What is to be shown, as an index and the files that it points into: a collection, as it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.collection.layout import is_run_id

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "index.cdxj"
WARC_ENDS = (".warc.gz", ".warc")


class NotReplayable(ValueError):
    """What was given is no collection, or lacks what a replay needs."""


@dataclass(frozen=True, slots=True)
class Holding:
    """An archive, ready to be looked up."""

    index: Path
    """CDXJ, sorted bytewise; its offsets count in ``files``."""
    files: list[tuple[str, Path]]
    """Names that the index has, and where they are."""


def collection_holding(collection: Path) -> Holding:
    """The holding of a folder of runs. Raises NotReplayable."""
    if not collection.is_dir():
        raise NotReplayable(f"{collection}: is not there, expected a collection")
    runs = sorted(folder for folder in collection.iterdir() if is_run_id(folder.name) and folder.is_dir())
    if not runs:
        raise NotReplayable(f"{collection}: holds no run, expected a collection")
    index = collection / INDEX
    if not index.is_file():
        raise NotReplayable(f"{index}: is not there, expected the index that a run leaves at its end")
    files = [
        (path.name, path.absolute())
        for run in runs
        for path in run.iterdir()
        if path.name.endswith(WARC_ENDS)
    ]
    return Holding(index.absolute(), files)
