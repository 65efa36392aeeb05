"""A journal made anew from the runs of a collection: all of it but the queue."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from crawler.collection.captures import learn
from crawler.collection.index import write_anew
from crawler.collection.journal import JOURNAL, Journal, JournalFailed, KnownRun
from crawler.collection.known import digest_of, identity_of
from crawler.collection.layout import RUN_JSON, SKIPPED, is_run_id, moment
from crawler.collection.lock import Lock
from crawler.collection.recovery import OPEN, EditedRun, check_closed_run, close_dead_run
from crawler.items import ITEM_FILES
from crawler.warc.durable import sync_data, sync_folder
from crawler.warc.reader import NotAnArchive
from crawler.warc.repair import repair
from crawler.warc.scan import captures_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

DATABASE = ("", "-wal", "-shm")
"""What SQLite puts behind the name of a database for the files of which it consists."""

CACHE_KIB = 64 * 1024
"""Memory for pages of the new journal: its keys come in no order."""

NO_MANIFEST = (ValueError, KeyError, TypeError, AttributeError)
"""What comes of reading an object that is not what it should be."""


class NotACollection(ValueError):
    """A folder that holds no run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a new journal was made from."""

    path: Path
    """The journal."""
    runs: int
    rows: int
    """Contents that it knows: every line of posts, comments and authors."""
    set_aside: Path | None
    """Where the journal is that was there before; None where there was none."""
    lost_queue: int | None
    """Number of the last crawl, where its queue was not empty and is lost; None where it was at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    """What a closed run says of itself, as far as a journal has it."""

    folder: Path
    digest: str
    """Hexadecimal SHA-256 of ``run.json``."""
    crawl: int | None
    """Number of its crawl; None in a run made before there were journals."""
    ended: bool
    spider: str
    arguments: Mapping[str, str]
    continues: str | None
    started_at: str
    previous: tuple[str, str] | None
    """The run before it and the digest of its ``run.json``; None for the first."""
    files: Mapping[str, str]
    """Hexadecimal SHA-256 by name."""


def rebuild_journal(path: Path, tell: Callable[[str], None] = logger.warning) -> Rebuilt:
    """Make the journal of a collection anew; what is done about runs that did not end goes to ``tell``.

    The journal that is there, whatever it is, is set aside when the new one
    is whole. A crawl that was not at its end is taken for ended: what it had
    left to do stands nowhere else.

    Raises NotACollection, Locked and EditedRun (a run is not as it was left)
    before anything is changed; DamagedInside (a WARC file of a run that did
    not end) and OSError while the old journal is still in its place.
    """
    folders = _run_folders(path)
    with Lock(path):
        _check([_read(folder) for folder in folders if (folder / RUN_JSON).exists()])
        draft = path / f"{JOURNAL}.new"
        _remove(draft)
        try:
            manifests = _close(folders, draft, tell)
            rows = _fill(draft, manifests)
            set_aside = _put_in_place(draft, path / JOURNAL)
            with contextlib.closing(Journal(path / JOURNAL)) as journal:
                write_anew(path, journal)
        finally:
            _remove(draft)
    number, last = list(_numbered(manifests))[-1]
    return Rebuilt(
        path=path / JOURNAL,
        runs=len(manifests),
        rows=rows,
        set_aside=set_aside,
        lost_queue=None if last.ended else number,
    )


def _run_folders(path: Path) -> list[Path]:
    if not path.is_dir():
        raise NotACollection(f"{path}: is no folder, expected a collection")
    folders = sorted(folder for folder in path.iterdir() if is_run_id(folder.name) and folder.is_dir())
    if not folders:
        raise NotACollection(f"{path}: holds no run, expected a collection")
    return folders


# --- Closed runs ---


def _read(folder: Path) -> _Manifest:
    """What ``run.json`` says. Raises EditedRun where it is none."""
    path = folder / RUN_JSON
    octets = path.read_bytes()
    try:
        manifest = _manifest(folder, hashlib.sha256(octets).hexdigest(), json.loads(octets))
    except NO_MANIFEST as error:
        raise EditedRun(
            f"{path}: cannot be read ({type(error).__name__}: {error}), expected the manifest of a closed run"
        ) from error
    return manifest


def _manifest(folder: Path, digest: str, told: dict[str, Any]) -> _Manifest:
    if told["run_id"] != folder.name:
        raise ValueError(f"run_id is {told['run_id']!r}, expected {folder.name!r}")
    crawl, previous = told.get("crawl"), told.get("previous_run")
    # The sizes are compared by check_closed_run, which takes their being there for granted.
    files = [(str(entry["name"]), int(entry["size"]), str(entry["sha256"])) for entry in told["files"]]
    return _Manifest(
        folder=folder,
        digest=digest,
        crawl=int(crawl["number"]) if crawl else None,
        ended=bool(crawl["ended"]) if crawl else True,
        spider=str(told["spider"] or ""),
        arguments=dict(told["arguments"]),
        continues=told.get("continues"),
        started_at=str(told["started_at"]),
        previous=(str(previous["run_id"]), str(previous["sha256"])) if previous else None,
        files={name: digest for name, _, digest in files},
    )


def _check(manifests: Sequence[_Manifest]) -> None:
    """Pass where all closed runs are there as they were left, to the byte. Raises EditedRun."""
    digests = {manifest.folder.name: manifest.digest for manifest in manifests}
    for manifest in manifests:
        if manifest.previous is not None:
            _check_previous(manifest, *manifest.previous, digests)
    for manifest in manifests:
        # Sizes come first: to read every byte of a large archive takes long.
        check_closed_run(manifest.folder, manifest.digest)
    for manifest in manifests:
        for name, expected in manifest.files.items():
            _check_digest(manifest.folder / name, expected)


def _check_previous(manifest: _Manifest, run: str, expected: str, digests: Mapping[str, str]) -> None:
    path = manifest.folder.with_name(run) / RUN_JSON
    found = digests.get(run)
    if found != expected:
        what = "is missing" if found is None else f"its SHA-256 is {found}"
        raise EditedRun(
            f"{path}: {what}, expected {expected} as the run {manifest.folder.name} behind it says: "
            "it was changed or removed by hand"
        )


def _check_digest(path: Path, expected: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise EditedRun(f"{path}: its SHA-256 is {found}, expected {expected}: it was changed by hand")


# --- Runs whose process died ---


def _close(folders: Sequence[Path], draft: Path, tell: Callable[[str], None]) -> list[_Manifest]:
    """Make the tables of a journal, and close with it the runs that did not end; gives all runs.

    Raises DamagedInside, OSError.
    """
    manifests: list[_Manifest] = []
    with contextlib.closing(Journal(draft)) as journal:
        for folder in folders:
            if not (folder / RUN_JSON).exists():
                _close_dead(folder, manifests, journal, tell)
            manifests.append(_read(folder))
    return manifests


def _close_dead(
    folder: Path, before: Sequence[_Manifest], journal: Journal, tell: Callable[[str], None]
) -> None:
    """Close a run that did not end, as if what is whole in it had been committed, and no more."""
    tell(
        f"{folder}: did not end, and the journal that knew what it had committed is lost; "
        "what is whole and proven by a record counts as committed"
    )
    number = max((number for number, _ in _numbered(before)), default=0) + 1
    started_at = moment(datetime.strptime(folder.name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
    journal.begin_run(folder.name, number, None, started_at)
    lengths = _whole_lengths(folder, tell)
    journal.commit(folder.name, [], lengths, budget=lambda _: 0, room=0)
    known = {run.id: run for run in journal.runs()}
    previous = _known(before[-1], number) if before else None
    for sentence in close_dead_run(folder, known[folder.name], journal, previous):
        tell(sentence)


def _whole_lengths(folder: Path, tell: Callable[[str], None]) -> dict[str, int]:
    """How many bytes to keep of each file, by final name; WARC files are cut back to that already."""
    records = {
        path.name.removesuffix(OPEN): _repaired(path, tell)
        for path in sorted(folder.iterdir())
        if path.name.removesuffix(OPEN).endswith((".warc", ".warc.gz"))
    }
    lines = {
        path.name.removesuffix(OPEN): _proven_length(path, records)
        for path in folder.iterdir()
        if path.name.removesuffix(OPEN) in {*ITEM_FILES.values(), SKIPPED}
    }
    return records | lines


def _repaired(path: Path, tell: Callable[[str], None]) -> int:
    """Cut a WARC file of a run back to its last whole record; gives its length, 0 where it has none.

    Raises DamagedInside, OSError.
    """
    try:
        done = repair(path)
    except NotAnArchive:
        return 0
    if done.torn is not None:
        tell(f"{path}: cut back to its last whole record; {done.cut} bytes are in {done.torn.name}")
    return done.kept


def _proven_length(path: Path, records: Mapping[str, int]) -> int:
    """Bytes up to the first line that is torn, or whose record is not among those that are kept."""
    length = 0
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n") or not _is_proven(line, records):
                break
            length += len(line)
    return length


def _is_proven(line: bytes, records: Mapping[str, int]) -> bool:
    """Whether a line is whole and the record that it names, if it names one, lies within a file's length."""
    try:
        row = json.loads(line)
        file = row["warc_file"]
        # What was skipped tells where its record begins, but not how long it is.
        return file is None or row["warc_offset"] + row.get("warc_length", 1) <= records.get(file, 0)
    except NO_MANIFEST:
        return False


# --- The journal ---


def _numbered(manifests: Sequence[_Manifest]) -> Iterator[tuple[int, _Manifest]]:
    """Runs with the numbers of their crawls; one that names none was a crawl of its own."""
    newest = 0
    for manifest in manifests:
        number = manifest.crawl or newest + 1
        newest = max(newest, number)
        yield number, manifest


def _known(manifest: _Manifest, crawl: int) -> KnownRun:
    return KnownRun(
        id=manifest.folder.name,
        crawl=crawl,
        continues=manifest.continues,
        started_at=manifest.started_at,
        manifest=manifest.digest,
    )


def _fill(draft: Path, manifests: Sequence[_Manifest]) -> int:
    """Write what the runs say into the tables, and the file onto the disk; gives how many contents it has.

    Raises EditedRun where a line is no row, JournalFailed.
    """
    try:
        with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as database:
            # Until it has its name, nobody needs it to survive a crash.
            for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
                database.execute(f"PRAGMA {pragma}")
            database.execute("BEGIN")
            rows = _insert(database, manifests)
            database.execute("COMMIT")
        with draft.open("rb+") as file:
            sync_data(file.fileno())
    except sqlite3.Error as error:
        raise JournalFailed(f"{draft}: cannot be written ({error})") from error
    return rows


def _insert(database: sqlite3.Connection, manifests: Sequence[_Manifest]) -> int:
    for number, manifest in _numbered(manifests):
        arguments = json.dumps(dict(manifest.arguments), sort_keys=True)
        database.execute(
            "INSERT OR REPLACE INTO crawls (id, spider, arguments, seeded, ended) VALUES (?, ?, ?, 1, 1)",
            (number, manifest.spider, arguments),
        )
        run = manifest.folder.name, number, manifest.continues, manifest.started_at, manifest.digest
        database.execute(
            "INSERT OR REPLACE INTO runs (id, crawl, continues, started_at, manifest) VALUES (?, ?, ?, ?, ?)",
            run,
        )
        for name in sorted(manifest.files):
            if name.endswith((".warc", ".warc.gz")):
                learn(database, captures_in(manifest.folder / name))
    return database.executemany(
        "INSERT OR IGNORE INTO contents (id, digest, version) VALUES (?, ?, ?)",
        (content for manifest in manifests for content in _contents(manifest)),
    ).rowcount


def _contents(manifest: _Manifest) -> Iterator[tuple[bytes, bytes, int]]:
    """Identity, digest and version of every row of a run. Raises EditedRun where a line is none."""
    for kind, name in ITEM_FILES.items():
        if name not in manifest.files:
            continue
        with (manifest.folder / name).open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                    content = (
                        identity_of(kind, row["id"]),
                        digest_of(row["content_digest"]),
                        int(row["version"]),
                    )
                except NO_MANIFEST as error:
                    raise EditedRun(
                        f"{manifest.folder / name}, line {number}: found no row ({error}), expected one"
                    ) from error
                yield content


# --- Its place ---


def _put_in_place(draft: Path, path: Path) -> Path | None:
    """Set aside the journal that is there, and give the new one its name; gives where the old one is.

    A crash leaves the old or the new one; where the old has a write-ahead
    log, it may leave none, and the old one set aside: never a database with
    the log of another, which SQLite would write into it.
    """
    there = [end for end in DATABASE if _with(path, end).exists()]
    old = None
    if there:
        names = (_with(path, ".old" if number == 0 else f".old.{number}") for number in count())
        old = next(name for name in names if not any(_with(name, end).exists() for end in DATABASE))
        _set_aside(path, old, there)
        sync_folder(path.parent)
    draft.replace(path)
    sync_folder(path.parent)
    return old


def _set_aside(path: Path, old: Path, there: Sequence[str]) -> None:
    if there == [""]:
        # A second name, where the file system has such: then the new one takes the first in one step.
        with contextlib.suppress(OSError):
            old.hardlink_to(path)
            return
    for end in there:
        _with(path, end).rename(_with(old, end))


def _with(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _remove(database: Path) -> None:
    for end in DATABASE:
        _with(database, end).unlink(missing_ok=True)
