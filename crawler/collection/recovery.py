"""Runs of processes that are gone: a dead one is closed at what was committed, a closed one is checked."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from crawler import __version__
from crawler.collection.layout import LOG, RUN_JSON
from crawler.collection.line_file import write_json
from crawler.collection.verdict import ExitCode
from crawler.warc.durable import sync_folder
from crawler.warc.torn import cut_back

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.collection.journal import Journal, KnownRun

OPEN = ".open"
TORN = ".torn"
BLOCK = 1024 * 1024


class EditedRun(ValueError):
    """A run is not as it was left: something else than a crawl has changed it."""


def check_closed_run(folder: Path, manifest: str) -> None:
    """Pass where ``run.json`` has its digest and every file its size. Raises EditedRun.

    The digests of the files themselves are left to a verification: they may
    take as long as reading the whole archive.
    """
    path = folder / RUN_JSON
    try:
        text = path.read_bytes()
    except OSError as error:
        raise EditedRun(
            f"{path}: cannot be read ({error.strerror}), expected the manifest of a closed run"
        ) from error
    found = hashlib.sha256(text).hexdigest()
    if found != manifest:
        raise EditedRun(f"{path}: its SHA-256 is {found}, expected {manifest}: it was changed by hand")
    for entry in json.loads(text)["files"]:
        _check_size(folder / entry["name"], entry["size"])


def _check_size(path: Path, expected: int) -> None:
    try:
        found = path.stat().st_size
    except OSError as error:
        raise EditedRun(
            f"{path}: is missing ({error.strerror}), expected a file of {expected} bytes"
        ) from error
    if found != expected:
        raise EditedRun(f"{path}: has {found} bytes, expected {expected}: it was changed by hand")


def close_dead_run(folder: Path, run: KnownRun, journal: Journal, previous: KnownRun | None) -> list[str]:
    """Close a run whose process is gone, as if it had ended with its last commit; says what it did.

    Every file is cut back to what was committed; what is cut goes to
    ``NAME.torn``. May itself be interrupted at any point and done again.
    Raises EditedRun where less is there than was committed, OSError.
    """
    if not folder.exists():
        if journal.lengths(run.id):
            raise EditedRun(
                f"{folder}: is missing, expected the folder of a run of which pages are committed"
            )
        journal.forget_run(run.id)
        return [f"run {run.id} died before it had a folder"]
    said = []
    if not (folder / RUN_JSON).exists():
        lengths = journal.lengths(run.id)
        for name in sorted({*lengths, *_names(folder)}):
            said += _close_file(folder, name, lengths.get(name, 0))
        (folder / (RUN_JSON + OPEN)).unlink(missing_ok=True)
        write_json(folder / RUN_JSON, _manifest(folder, run, journal, previous))
        said.append(f"run {run.id} did not end: closed at its last commit")
    digest = hashlib.sha256((folder / RUN_JSON).read_bytes()).hexdigest()
    told = json.loads((folder / RUN_JSON).read_text("utf-8"))
    journal.close_run(run.id, digest, crawl_ended=bool(told["crawl"]["ended"]))
    return said


def _names(folder: Path) -> Iterator[str]:
    """Final names of what a run was writing."""
    for path in folder.iterdir():
        if path.name.removesuffix(OPEN) != RUN_JSON and TORN not in path.suffixes:
            yield path.name.removesuffix(OPEN)


def _close_file(folder: Path, name: str, committed: int) -> list[str]:
    path, draft = folder / name, folder / (name + OPEN)
    found = draft if draft.exists() else path
    if not found.exists():
        raise EditedRun(f"{path}: is missing, expected a file of at least {committed} bytes")
    if name == LOG:
        committed = _whole_lines(found)
    size = found.stat().st_size
    if size < committed:
        raise EditedRun(f"{found}: has {size} bytes, expected at least the {committed} that were committed")
    if found is draft:
        # Before it is cut: names say nothing until run.json is there, and what is cut off gets its own.
        draft.rename(path)
    said = []
    if torn := cut_back(path, committed):
        said = [f"{path}: cut back to the {committed} bytes committed; {size - committed} are in {torn.name}"]
    if committed == 0 and not name.endswith(".jsonl"):
        # A WARC file of which nothing was committed is none.
        path.unlink()
    sync_folder(folder)
    return said


def _whole_lines(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    with path.open("rb") as stream:
        end = stream.seek(0, 2)
        while end > 0:
            start = max(0, end - BLOCK)
            stream.seek(start)
            found = stream.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def _manifest(folder: Path, run: KnownRun, journal: Journal, previous: KnownRun | None) -> dict[str, Any]:
    """The ``run.json`` of a run that could not write its own: what is known without its process."""
    crawl = journal.crawl()
    mine = crawl is not None and crawl.number == run.crawl
    return {
        "run_id": run.id,
        "collection": folder.parent.name,
        "continues": run.continues,
        "previous_run": previous_entry(previous),
        "software": f"blogarchive {__version__}",
        "spider": crawl.spider if crawl and mine else None,
        "arguments": dict(crawl.arguments) if crawl and mine else {},
        "started_at": run.started_at,
        "finished_at": None,
        "finish_reason": "interrupted",
        "exit_code": int(ExitCode.INTERRUPTED),
        "verdict": "the process died; closed at its last commit by a later one",
        "crawl": {"number": run.crawl, "ended": False},
        "files": [file_on_disk(path) for path in sorted(folder.iterdir()) if path.name != RUN_JSON],
    }


def previous_entry(previous: KnownRun | None) -> dict[str, str | None] | None:
    """How ``run.json`` names the run before it; None for the first."""
    return {"run_id": previous.id, "sha256": previous.manifest} if previous is not None else None


def file_on_disk(path: Path) -> dict[str, Any]:
    """How ``run.json`` names a file that this process has not written."""
    digest = hashlib.sha256()
    lines = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            lines += block.count(b"\n")
    entry = {"name": path.name, "size": path.stat().st_size, "sha256": digest.hexdigest()}
    return {**entry, "lines": lines} if path.name.endswith(".jsonl") else entry
