"""A collection as a BagIt bag (RFC 8493): a folder of copies with their digests, for a repository."""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bagit

from crawler import __version__
from crawler.collection.closed import select
from crawler.collection.package import UnfitOutput, about
from crawler.collection.packaged_index import lines_of
from crawler.collection.recovery import OPEN
from crawler.warc.cdxj import INDEX
from crawler.warc.durable import sync_folder
from crawler.warc.space import check_space

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crawler.collection.closed import ClosedRun

DIGESTS = ["sha256", "sha512"]

TAGS = {
    "Source-Organization": "institution",
    "Contact-Name": "curator",
    "External-Description": "description",
    # Not one of the standard's, which allows others.
    "Rights": "rights",
}
"""Labels of ``bag-info.txt`` (RFC 8493 section 2.2.2), and what of the archive they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bagged:
    """What was put into a bag."""

    path: Path
    runs: int
    files: int
    size: int
    """Bytes of the payload."""
    still_open: tuple[str, ...]
    """Runs that are not closed, and were left out."""


def make_bag(collection: Path, output: Path, *, min_free: int = 0) -> Bagged:
    """Copy all closed runs of a collection, and its index, into a new bag.

    Copies and no links: whatever becomes of the bag, the collection stays as
    it is. The journal stays behind, which ``scrapy verify --rebuild-journal``
    makes anew from the runs. So many bytes as ``min_free`` are left free.

    Raises UnfitOutput, NotACollection, NoSuchRun; EditedRun and BadIndex where
    something in the collection is not as it was left; OSError.
    """
    if not output.absolute().parent.is_dir():
        raise UnfitOutput(f"{output}: {output.parent} is no folder, expected one that is there")
    if output.exists():
        raise UnfitOutput(f"{output}: is there already, expected a new name")
    chosen, still_open = select(collection, None)
    size = sum(file.size for closed in chosen for file in closed.files)
    check_space(output.absolute().parent, min_free, size)
    stage = output.absolute().with_name(output.name + OPEN)
    shutil.rmtree(stage, ignore_errors=True)
    try:
        _copy(collection, chosen, stage)
        bag = _seal(stage, _tags(collection, chosen))
        _sync(stage)
        stage.rename(output)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    sync_folder(output.absolute().parent)
    octets, _, files = bag.info["Payload-Oxum"].partition(".")
    return Bagged(
        path=output, runs=len(chosen), files=int(files), size=int(octets), still_open=tuple(still_open)
    )


def _copy(collection: Path, runs: Sequence[ClosedRun], stage: Path) -> None:
    """Copy every file, and hold each against its digest while it is copied."""
    stage.mkdir()
    for run in runs:
        (stage / run.id).mkdir()
        for file in run.files:
            with (stage / run.id / file.name).open("xb") as copy:
                for octets in file.slices():
                    copy.write(octets)
    with (stage / INDEX).open("xb") as copy:
        copy.writelines(lines_of(collection / INDEX, runs, all_runs=True))


def _tags(collection: Path, runs: Sequence[ClosedRun]) -> dict[str, str]:
    told = about(runs)
    name = str(runs[-1].manifest.get("collection") or collection.resolve().name)
    tags = {label: " ".join(told[key].split()) for label, key in TAGS.items() if key in told}
    software = f"blogarchive {__version__}, bagit.py {bagit.VERSION}"
    return {**tags, "External-Identifier": name, "Bag-Software-Agent": software}


def _seal(stage: Path, tags: dict[str, str]) -> bagit.Bag:
    """Make the folder a bag: its content moves into ``data``, with manifests beside."""
    logger = logging.getLogger("bagit")
    before = logger.disabled
    # What is raised is told by who catches it; bagit would print it as well, with a traceback.
    logger.disabled = True
    try:
        return bagit.make_bag(str(stage), tags, checksums=DIGESTS)
    finally:
        logger.disabled = before


def _sync(folder: Path) -> None:
    """Put every file below on the disk."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
            continue
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)
