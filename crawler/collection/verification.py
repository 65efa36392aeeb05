"""A collection, or one run of it, verified: read only, in little memory, also while it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawler.collection.journal_check import JournalCheck
from crawler.collection.layout import RUN_JSON, SKIPPED, is_run_id
from crawler.collection.lock import is_held
from crawler.collection.recovery import OPEN
from crawler.collection.row_check import RowCheck
from crawler.collection.run_check import RunOnDisk, check_chain, check_files, check_open_run, read_manifest
from crawler.items import ITEM_FILES
from crawler.warc.cdxj import INDEX
from crawler.warc.index_check import check_complete, check_index, lines_of
from crawler.warc.stored_file import UNREADABLE, StoredFile, error
from crawler.warc.warc_files import check_warc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crawler.collection.row_catalogue import RowCatalogue
    from crawler.collection.run_check import Manifest
    from crawler.warc.catalogue import Catalogue
    from crawler.warc.finding import Finding

WARC_ENDS = (".warc", ".warc.gz")


@dataclass(kw_only=True)
class Verified:
    """What was verified, filled while it is."""

    runs: int = 0
    warc_files: int = 0
    records: int = 0
    rows: int = 0
    open_runs: list[str] = field(default_factory=list)
    """Runs that are not closed, and were left out."""
    warcs: list[StoredFile] = field(default_factory=list)
    """In the order of the runs."""
    manifests: list[Manifest] = field(default_factory=list)
    row_check: RowCheck | None = None

    def as_dict(self) -> dict[str, Any]:
        """The counts, for the summary."""
        counted = {
            "runs": self.runs,
            "warc_files": self.warc_files,
            "records": self.records,
            "rows": self.rows,
        }
        return {**counted, "open_runs": self.open_runs}


def verify_collection(
    path: Path, records: Catalogue, rows: RowCatalogue, done: Verified, *, bagged: bool = False
) -> Iterator[Finding]:
    """What is wrong with a collection; ``bagged`` where its journal is left behind by design."""
    folders = sorted(folder for folder in path.iterdir() if is_run_id(folder.name) and folder.is_dir())
    closed = [folder for folder in folders if (folder / RUN_JSON).is_file()]
    is_written = is_held(path)
    for folder in folders:
        if folder not in closed:
            done.open_runs.append(folder.name)
            yield check_open_run(str(folder), [file.name for file in folder.iterdir()], is_written=is_written)
    still_open = {file.name.removesuffix(OPEN) for name in done.open_runs for file in (path / name).iterdir()}
    runs = [run_in(folder) for folder in closed]
    yield from verify_runs(runs, records, rows, done)
    yield from check_chain(done.manifests)
    yield from records.revisits()
    index = path / INDEX
    if index.is_file():
        yield from _verify_index(StoredFile.at(index), records, still_open)
    elif runs:
        yield error("index-missing", str(index), "no file", "the index of all runs")
    skipped = {reason for _, reason in done.row_check.reasons} if done.row_check else set()
    yield from rows.check(complete=not done.open_runs, dropped=bool(skipped & {"dropped-row", "bad-row"}))
    if not bagged:
        reasons = done.row_check.reasons if done.row_check else {}
        yield from JournalCheck(path, done.manifests, done.open_runs).run(rows, records, reasons)


def verify_run(path: Path, records: Catalogue, rows: RowCatalogue, done: Verified) -> Iterator[Finding]:
    """What is wrong with one run by itself; what other runs would have to tell is not asked."""
    if not (path / RUN_JSON).is_file():
        done.open_runs.append(path.name)
        yield check_open_run(
            str(path), [file.name for file in path.iterdir()], is_written=is_held(path.parent)
        )
        return
    yield from verify_runs([run_in(path)], records, rows, done)
    yield from records.revisits()
    yield from rows.check(complete=False, dropped=False)


def run_in(folder: Path) -> RunOnDisk:
    """A run in a folder."""
    files = {file.name: StoredFile.at(file) for file in sorted(folder.iterdir()) if file.name != RUN_JSON}
    return RunOnDisk(
        id=folder.name, told=str(folder), files=files, manifest_file=StoredFile.at(folder / RUN_JSON)
    )


def verify_runs(
    runs: Sequence[RunOnDisk], records: Catalogue, rows: RowCatalogue, done: Verified
) -> Iterator[Finding]:
    """What is wrong with the files of closed runs, each by itself."""
    for run in runs:
        manifest, found = read_manifest(run)
        done.manifests.append(manifest)
        yield from found
        if manifest.content:
            yield from check_files(manifest)
        for name, file in run.files.items():
            if name.endswith(WARC_ENDS):
                done.warcs.append(file)
                yield from check_warc(file, records)
    done.row_check = RowCheck(records, rows)
    for run in runs:
        yield from _verify_lines(run, done.row_check)
    done.runs, done.warc_files = len(runs), len(done.warcs)
    done.records, done.rows = records.count(), rows.count()


def _verify_lines(run: RunOnDisk, check: RowCheck) -> Iterator[Finding]:
    for kind, name in ITEM_FILES.items():
        if name in run.files:
            yield from check.check_rows(run.files[name], kind, run.id)
    if SKIPPED in run.files:
        yield from check.check_skipped(run.files[SKIPPED], run.id)


def _verify_index(file: StoredFile, records: Catalogue, still_open: set[str]) -> Iterator[Finding]:
    try:
        with file.open() as stream:
            yield from check_index(file.told, lines_of(stream), records, lambda name: name in still_open)
    except UNREADABLE as fault:
        yield error("unreadable", file.told, str(fault), "a file that can be read to its end")
    yield from check_complete(file.told, records)
