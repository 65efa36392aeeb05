"""What has to hold of a collection after its crawls were killed and one came to its end."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import threading
import zlib
from collections import Counter
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import warcio.cli

from crawler.warc.scan import captures_in
from crawler.warc.walk import Fault, StoredRecord, records
from tests.crash.site import key_of_path
from tests.small_site import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.crash.crawls import Collection

IN_FLIGHT = 16
"""So many requests may be in flight or not yet committed when a crawl dies."""

ROWS = ("posts", "comments", "authors")
GZIP = 16 + zlib.MAX_WBITS

_PRINTING = threading.Lock()

Content = tuple[str, str, str]
"""What a row states: its kind, its id and the digest of its content."""

Held = tuple[str, dict[str, Any], "Path"]
"""A row: its kind, itself, and the folder of the run that holds it."""


def runs(root: Path) -> list[Path]:
    """Folders of runs, oldest first."""
    return sorted(path for path in root.glob("*T*Z") if path.is_dir())


def manifest(run: Path) -> dict[str, Any]:
    """The ``run.json`` of a run; empty where it has none."""
    path = run / "run.json"
    told: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return told


def is_finished(root: Path) -> bool:
    """Whether the last run came to its end: one more would be a new crawl."""
    found = runs(root)
    return bool(found) and manifest(found[-1]).get("exit_code") == 0


def faults(
    collection: Collection, *, deaths: int, stated: set[tuple[str, str, str]] | None = None
) -> list[str]:
    """All that is wrong with a collection whose crawl is at its end, after so many deaths.

    ``stated`` are the contents (kind, id, digest) that an undisturbed crawl of the same site states.
    """
    root = collection.root
    held = list(_rows(root))
    found = [
        *leftovers(root),
        *unlisted(root),
        *chain(root),
        *invalid(root.glob("*/*.warc.gz")),
        *doubled(held),
        *(f"{skip} was skipped {times} times" for skip, times in _skipped(root).items() if times > 1),
        *_doubled_records(root),
        *unproven(held),
        *unindexed(root),
        *_missing(collection, held),
        *_asked_again(collection, deaths),
    ]
    if stated is not None and (differing := contents(root) ^ stated):
        found.append(f"{len(differing)} contents differ from an undisturbed crawl's: {sorted(differing)[:5]}")
    return found


def contents(root: Path) -> set[Content]:
    """What all runs state: kind, id and digest of each row; of what was skipped, address and reason."""
    stated = {(kind, row["id"], row["content_digest"]) for kind, row, _ in _rows(root)}
    return stated | {("skipped", *skip) for skip in _skipped(root)}


def leftovers(root: Path) -> Iterator[str]:
    """Files that are still named as if they were being written."""
    for path in sorted(root.rglob("*")):
        if path.name.endswith((".open", ".tmp")):
            yield f"{path.relative_to(root)} is left over"


def unindexed(root: Path) -> Iterator[str]:
    """Lines of the index that differ from those that a walk through all records gives."""
    index = (root / "index.cdxj").read_text("ascii").splitlines()
    if index != sorted(index):
        yield "index.cdxj is not sorted"
    captures = [capture for path in root.glob("*/*.warc.gz") for capture in captures_in(path)]
    expected = {capture.entry.as_line() for capture in captures if capture.entry is not None}
    if differing := expected ^ set(index):
        yield f"{len(differing)} lines of index.cdxj differ from the records: {sorted(differing)[:3]}"


def unlisted(root: Path) -> Iterator[str]:
    """What differs between a run and its ``run.json``."""
    for run in runs(root):
        told = manifest(run)
        if not told:
            yield f"{run.name} has no run.json"
            continue
        named = {entry["name"]: entry for entry in told["files"]}
        there = {path.name for path in run.iterdir()} - {"run.json"}
        if there != set(named):
            yield f"{run.name}: {sorted(there ^ set(named))}: listed and not there, or there and not listed"
        for name in there & set(named):
            octets = (run / name).read_bytes()
            if (named[name]["size"], named[name]["sha256"]) != (len(octets), sha256(octets).hexdigest()):
                yield f"{run.name}/{name} is not the file that run.json lists"


def chain(root: Path) -> Iterator[str]:
    """Runs that do not say which one they resume, or that do not say how they ended.

    A run that died before it captured anything leaves nothing to resume.
    """
    before: str | None = None
    anything = False
    previous: Path | None = None
    for run in runs(root):
        told = manifest(run)
        if told.get("previous_run") != (link := _link(previous)):
            yield f"{run.name} names {told.get('previous_run')} as the run before it, expected {link}"
        previous = run
        if told.get("continues") != before and (anything or told.get("continues") is not None):
            yield f"{run.name} continues {told.get('continues')}, expected {before}"
        last = told.get("exit_code") == 0
        if not last and told.get("finish_reason") not in {"interrupted", "shutdown", "storage"}:
            yield f"{run.name} ended with {told.get('finish_reason')!r}, expected an interruption"
        anything = not last and (anything or any(run.glob("*.warc.gz")))
        before = None if last else run.name
    if before is not None:
        yield f"{before} is the last run and did not come to its end"


def _link(run: Path | None) -> dict[str, str] | None:
    """How a run is named by the next one: so that removal or edit of a run shows."""
    if run is None or not (run / "run.json").exists():
        return None
    return {"run_id": run.name, "sha256": sha256((run / "run.json").read_bytes()).hexdigest()}


def doubled(held: Iterable[Held]) -> Iterator[str]:
    """Rows that are there twice, and versions that are not 1, 2, 3 of their row."""
    versions: dict[tuple[str, str], list[int]] = {}
    contents: Counter[Content] = Counter()
    for kind, row, _ in held:
        versions.setdefault((kind, row["id"]), []).append(row["version"])
        contents[kind, row["id"], row["content_digest"]] += 1
    for (kind, name), found in versions.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"{kind} {name} has the versions {found}"
    for content, times in contents.items():
        if times > 1:
            yield f"{content} is there {times} times"


def unproven(held: Iterable[Held]) -> Iterator[str]:
    """Rows whose record is not where they say, or is another."""
    seen: dict[tuple[Path, int, int], dict[str, str]] = {}
    for _, row, run in held:
        path = run / row["warc_file"]
        place = (path, row["warc_offset"], row["warc_length"])
        if place not in seen:
            seen[place] = _header(*place)
        header = seen[place]
        expected = {
            "WARC-Record-ID": f"<{row['warc_record_id']}>",
            "WARC-Payload-Digest": row["payload_digest"],
            "WARC-Target-URI": row["captured_url"],
            "WARC-Date": row["captured_at"],
        }
        if row["run_id"] != run.name:
            yield f"{row['id']}: run {row['run_id']}, expected {run.name}"
        if any(header.get(name) != value for name, value in expected.items()):
            yield f"{row['id']}: no such record in {path.name} at {place[1:]}"


def invalid(files: Iterable[Path]) -> list[str]:
    """WARC files in which anyone finds a fault."""
    paths = sorted(files)
    found = [f"{path.name}: {fault}" for path in paths for fault in _own_faults(path)]
    names = [str(path) for path in paths]
    if not names:
        return found
    if shutil.which("gzip"):
        told = subprocess.run(["gzip", "-t", *names], capture_output=True, text=True, check=False)
        found += [f"gzip -t: {told.stderr}"] if told.returncode else []
    found += _told(warcio.cli.main, ["check", *names])
    if find_spec("fastwarc"):
        check = import_module("fastwarc.cli").main
        found += [told for name in names for told in _told(check, ["check", "--quiet", name])]
    return found


def _told(main: Callable[[list[str]], Any], words: list[str]) -> list[str]:
    """What a program says that ends with another exit code than 0."""
    with _PRINTING, contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code
    return [f"{main.__module__} {words}: exit code {code}, {out.getvalue()}"] if code else []


def _own_faults(path: Path) -> Iterator[str]:
    """What our own reader finds; and every byte has to belong to a record, each a gzip member."""
    end = 0
    with path.open("rb") as file:
        for record in records(file, lambda _fields, _start: 0):
            if isinstance(record, Fault):
                yield f"byte {record.offset}: {record.reason}"
                return
            if record.offset != end:
                yield f"byte {end}: no record begins here, the next one at {record.offset}"
            end = record.offset + record.length
    if end != path.stat().st_size:
        yield f"byte {end}: nothing of a record until byte {path.stat().st_size}"


def captured(root: Path) -> Counter[str]:
    """How often each target URI was captured: responses and revisits."""
    found: Counter[str] = Counter()
    for path in sorted(root.glob("*/*.warc.gz")):
        with path.open("rb") as file:
            for record in records(file, lambda _fields, _start: 0):
                if isinstance(record, StoredRecord) and record.fields["warc-type"] in {"response", "revisit"}:
                    found[record.fields["warc-target-uri"]] += 1
    return found


def _doubled_records(root: Path) -> Iterator[str]:
    """Record identifiers that two records have."""
    found: Counter[str] = Counter()
    for path in sorted(root.glob("*/*.warc.gz")):
        with path.open("rb") as file:
            found.update(
                record.fields["warc-record-id"]
                for record in records(file, lambda _fields, _start: 0)
                if isinstance(record, StoredRecord)
            )
    yield from (f"{name} are {times} records" for name, times in found.items() if times > 1)


def _missing(collection: Collection, held: Iterable[Held]) -> Iterator[str]:
    expected = collection.site.manifest
    pages = set()
    for url in captured(collection.root):
        parts = urlsplit(url)
        pages.add(key_of_path(parts.path + (f"?{parts.query}" if parts.query else "")))
    if lost := set(expected.pages) - pages:
        yield f"{len(lost)} pages were not captured: {sorted(lost)[:5]}"
    ids: dict[str, set[str]] = {kind: set() for kind in ROWS}
    for kind, row, _ in held:
        ids[kind].add(row["id"])
    for kind in ROWS:
        if ids[kind] != (wanted := getattr(expected, kind)):
            yield f"{kind}: {len(wanted - ids[kind])} are lost, {len(ids[kind] - wanted)} were never there"


def _asked_again(collection: Collection, deaths: int) -> Iterator[str]:
    beyond = collection.beyond_need
    if beyond.total() > IN_FLIGHT * deaths:
        yield f"{beyond.total()} requests beyond need after {deaths} deaths: {sorted(beyond.items())[:40]}"


def _skipped(root: Path) -> Counter[tuple[str, str]]:
    """What was asked for and not kept: address and reason."""
    found = [line for path in sorted(root.glob("*/skipped.jsonl")) for line in lines(path)]
    return Counter((line["url"], line["reason"]) for line in found)


def _rows(root: Path) -> Iterator[Held]:
    for run in runs(root):
        for kind in ROWS:
            path = run / f"{kind}.jsonl"
            if path.exists():
                yield from ((kind, row, run) for row in lines(path))


def _header(path: Path, offset: int, length: int) -> dict[str, str]:
    """The named fields of the one record that is the gzip member at this place; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            octets = file.read(length)
        member = zlib.decompressobj(GZIP)
        content = member.decompress(octets)
    except (OSError, zlib.error):
        return {}
    if not member.eof or member.unused_data:
        return {}
    head = content.partition(b"\r\n\r\n")[0].decode("utf-8")
    return {name: value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}
