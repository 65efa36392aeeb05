"""What a path is that is to be verified, and the findings in it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bagit

from crawler.collection.journal import JOURNAL
from crawler.collection.layout import RUN_JSON, is_run_id
from crawler.collection.packaged_rows import verify_packaged_rows
from crawler.collection.row_catalogue import RowCatalogue
from crawler.collection.verification import Verified, verify_collection, verify_run
from crawler.commands.rereading import reread
from crawler.warc.catalogue import Catalogue
from crawler.warc.cdxj import INDEX
from crawler.warc.octets import GZIP_MAGIC, RECORD_BEGINS
from crawler.warc.stored_file import StoredFile, error
from crawler.warc.wacz_check import VerifiedWacz, verify_wacz
from crawler.warc.warc_files import check_warc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.warc.finding import Finding

WARC_NAMES = (".warc", ".warc.gz", ".warc.open", ".warc.gz.open")
ZIP_BEGINS = (b"PK\x03\x04", b"PK\x05\x06")


class NotVerifiable(ValueError):
    """A path is none of the things that can be verified."""


@dataclass(kw_only=True)
class Verification:
    """A path, what kind of thing it is, and what was found in it."""

    path: Path
    kind: str
    counts: dict[str, Any] = field(default_factory=dict)
    """Filled while the findings are taken."""


def kind_of(path: Path) -> str:
    """``collection``, ``run``, ``bag``, ``wacz`` or ``warc``. Raises NotVerifiable, OSError."""
    if not path.exists():
        raise NotVerifiable(f"{path}: there is no such file or folder, expected an archive")
    return _kind_of_folder(path) if path.is_dir() else _kind_of_file(path)


def _kind_of_folder(path: Path) -> str:
    if (path / "bagit.txt").is_file():
        return "bag"
    if (path / RUN_JSON).is_file() or is_run_id(path.resolve().name):
        return "run"
    has_runs = any(is_run_id(folder.name) and folder.is_dir() for folder in path.iterdir())
    if has_runs or (path / JOURNAL).is_file() or (path / INDEX).is_file():
        return "collection"
    what = "holds no run" if any(path.iterdir()) else "an empty folder"
    raise NotVerifiable(f"{path}: {what}, expected a collection, a run, a bag, or a WARC or WACZ file")


def _kind_of_file(path: Path) -> str:
    with path.open("rb") as file:
        begin = file.read(len(RECORD_BEGINS))
    if begin.startswith(ZIP_BEGINS) or zipfile.is_zipfile(path):
        return "wacz"
    if path.name.endswith(WARC_NAMES) or begin.startswith((GZIP_MAGIC, RECORD_BEGINS)):
        return "warc"
    found = repr(begin) if begin else "an empty file"
    raise NotVerifiable(
        f"{path}: found {found}, expected a WARC file, which begins with 'WARC/' or is gzip, or a WACZ"
    )


def findings_in(verification: Verification, *, deep: bool) -> Iterator[Finding]:
    """What is wrong with it; ``counts`` is filled at the end."""
    # Of a file or a run alone, what is repeated may be elsewhere.
    whole = verification.kind in {"collection", "bag", "wacz"}
    with Catalogue(whole=whole) as records, RowCatalogue() as rows:
        yield from _WAYS[verification.kind](_Asked(verification, records, rows, deep=deep))


@dataclass(frozen=True)
class _Asked:
    """What is to be verified, and what is remembered of it meanwhile."""

    verification: Verification
    records: Catalogue
    rows: RowCatalogue
    deep: bool = field(kw_only=True)

    @property
    def path(self) -> Path:
        return self.verification.path


def _collection(asked: _Asked, *, bagged: bool = False) -> Iterator[Finding]:
    done = Verified()
    path = asked.path / "data" if bagged else asked.path
    yield from verify_collection(path, asked.records, asked.rows, done, bagged=bagged)
    yield from _deep(asked, done, alone=False)


def _run(asked: _Asked) -> Iterator[Finding]:
    done = Verified()
    yield from verify_run(asked.path, asked.records, asked.rows, done)
    yield from _deep(asked, done, alone=True)


def _deep(asked: _Asked, done: Verified, *, alone: bool) -> Iterator[Finding]:
    if asked.deep:
        told = {file.name: file.told for file in done.warcs}
        paths = [Path(file.told) for file in done.warcs]
        yield from reread(paths, told, asked.rows, done.row_check, alone=alone)
    asked.verification.counts = done.as_dict()


def _warc(asked: _Asked) -> Iterator[Finding]:
    yield from check_warc(StoredFile.at(asked.path), asked.records)
    yield from asked.records.revisits()
    asked.verification.counts = {"records": asked.records.count()}


def _wacz(asked: _Asked) -> Iterator[Finding]:
    done = VerifiedWacz()
    yield from verify_wacz(asked.path, asked.records, done)
    yield from verify_packaged_rows(str(asked.path), done, asked.records, asked.rows)
    if asked.deep and asked.rows.count():
        told = {file.name: file.told for file in done.warcs}
        yield from reread([asked.path], told, asked.rows, None, alone=True)
    asked.verification.counts = {
        "warc_files": len(done.warcs),
        "records": asked.records.count(),
        "rows": asked.rows.count(),
        "pages": done.pages,
    }


def _bag(asked: _Asked) -> Iterator[Finding]:
    try:
        bagit.Bag(str(asked.path)).validate()
    except bagit.BagValidationError as fault:
        for detail in getattr(fault, "details", None) or [fault]:
            told = getattr(detail, "path", None)
            place = f"{asked.path}/{told}" if told else str(asked.path)
            yield error("bag", place, str(detail), "a bag as its manifests say")
    except (bagit.BagError, OSError, ValueError) as fault:
        yield error("bag", str(asked.path), str(fault), "a bag of RFC 8493")
    if (asked.path / "data").is_dir():
        yield from _collection(asked, bagged=True)


_WAYS: dict[str, Callable[[_Asked], Iterator[Finding]]] = {
    "collection": _collection,
    "run": _run,
    "warc": _warc,
    "wacz": _wacz,
    "bag": _bag,
}
