"""The runs of a collection held against their manifests, and the manifests against each other."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler.collection.layout import RUN_JSON
from crawler.warc.finding import shown
from crawler.warc.stored_file import SLICE, UNREADABLE, error, note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawler.warc.finding import Finding
    from crawler.warc.stored_file import StoredFile

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEYS: dict[str, type | tuple[type, ...]] = {
    "run_id": str,
    "collection": str,
    "continues": (str, type(None)),
    "previous_run": (dict, type(None)),
    "software": str,
    "arguments": dict,
    "started_at": str,
    "finish_reason": str,
    "exit_code": int,
    "verdict": str,
    "crawl": dict,
    "files": list,
}
"""What every ``run.json`` has, and of which type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOnDisk:
    """A run that is closed, wherever its files lie."""

    id: str
    told: str
    """Its folder as the user knows it, or what stands for that."""
    files: Mapping[str, StoredFile]
    """By name; without ``run.json``."""
    manifest_file: StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The content of a ``run.json``, as far as it could be read."""

    run: RunOnDisk
    sha256: str
    content: dict[str, Any]
    """Empty where it could not be read."""

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """What it says of each file, by name; of a name that stands twice the first."""
        listed = self.content.get("files")
        told: dict[str, dict[str, Any]] = {}
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                told.setdefault(entry["name"], entry)
        return told


# --- One run ---


def read_manifest(run: RunOnDisk) -> tuple[Manifest, list[Finding]]:
    """The manifest of a run, and what is wrong with its form."""
    told = run.manifest_file.told
    try:
        octets = run.manifest_file.read()
        content = json.loads(octets)
        if not isinstance(content, dict):
            raise ValueError(f"it is a {type(content).__name__}")  # noqa: TRY004 - one way to fail
    except UNREADABLE as fault:
        found = error("manifest", told, f"{type(fault).__name__}: {fault}", "one object of JSON")
        return Manifest(run=run, sha256="", content={}), [found]
    manifest = Manifest(run=run, sha256=hashlib.sha256(octets).hexdigest(), content=content)
    return manifest, list(_check_form(manifest, told))


def _check_form(manifest: Manifest, told: str) -> Iterator[Finding]:
    content = manifest.content
    for key, kind in _KEYS.items():
        if key not in content:
            yield error("manifest-key", told, f"no key {key!r}", f"{key!r}, which every run.json has")
        elif not isinstance(content[key], kind) or isinstance(content[key], bool):
            yield error("manifest-key", told, f"{key}: {shown(repr(content[key]))}", "a value of its type")
    if content.get("run_id") not in {manifest.run.id, None}:
        yield error("manifest-run", told, f"run_id {shown(str(content['run_id']))}", shown(manifest.run.id))
    listed = content.get("files")
    for entry in listed if isinstance(listed, list) else []:
        if not _is_entry(entry):
            yield error(
                "manifest-file", told, f"files: {shown(json.dumps(entry))}", "name, size in bytes and sha256"
            )
    names = [entry.get("name") for entry in listed or [] if isinstance(entry, dict)]
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield error("manifest-file", told, f"files: {shown(name)} more than once", "each file once")


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and not set(entry["name"]) & set("/\\")
        and isinstance(entry.get("size"), int)
        and not isinstance(entry["size"], bool)
        and isinstance(entry.get("sha256"), str)
        and _SHA256.fullmatch(entry["sha256"]) is not None
    )


def check_files(manifest: Manifest) -> Iterator[Finding]:
    """What is wrong with the files of a run, each read to its end."""
    told = manifest.run.manifest_file.told
    for name, entry in manifest.files.items():
        file = manifest.run.files.get(name)
        if file is None:
            missing = f"{manifest.run.told}/{name}"
            yield error(
                "file-missing", missing, "no file", f"one of {entry.get('size')} bytes, as {told} says"
            )
        elif _is_entry(entry):
            yield from _check_file(file, entry)
    for name in sorted(manifest.run.files.keys() - manifest.files.keys()):
        yield error(
            "file-unlisted", manifest.run.files[name].told, "a file", f"none that {told} does not list"
        )
    yield from _check_counts(manifest, told)


def _check_file(file: StoredFile, entry: dict[str, Any]) -> Iterator[Finding]:
    if file.size != entry["size"]:
        yield error("file-size", file.told, f"{file.size} bytes", f"{entry['size']} bytes, as run.json says")
        return
    digest = hashlib.sha256()
    lines = 0
    try:
        with file.open() as stream:
            while octets := stream.read(SLICE):
                digest.update(octets)
                lines += octets.count(b"\n")
    except UNREADABLE as fault:
        yield error("unreadable", file.told, str(fault), "a file that can be read to its end")
        return
    if digest.hexdigest() != entry["sha256"]:
        found, expected = f"SHA-256 {digest.hexdigest()}", f"{entry['sha256']}, as run.json says"
        yield error("file-digest", file.told, found, expected)
    if "lines" in entry and entry["lines"] != lines:
        yield error("file-lines", file.told, f"{lines} lines", f"{entry['lines']}, as run.json says")


def _check_counts(manifest: Manifest, told: str) -> Iterator[Finding]:
    """What the manifest says in two places."""
    written = manifest.content.get("written")
    for name, count in written.items() if isinstance(written, dict) else ():
        entry = manifest.files.get(f"{name}.jsonl")
        if entry is None or entry.get("lines") != count:
            listed = "no such file" if entry is None else f"{entry.get('lines')} lines"
            yield error("manifest-counts", told, f"written: {name} {count}", f"{listed}, as files says")


# --- All runs ---


def check_chain(manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """What is wrong with how each run names the one before it; the manifests in the order of the runs."""
    previous: Manifest | None = None
    known = {manifest.run.id for manifest in manifests}
    for manifest in manifests:
        if manifest.content:
            yield from _check_previous(manifest, previous)
            continues = manifest.content.get("continues")
            if isinstance(continues, str) and continues not in known:
                told = manifest.run.manifest_file.told
                yield error(
                    "run-missing", told, f"continues {shown(continues)}, which is not there", "that run"
                )
        previous = manifest


def _check_previous(manifest: Manifest, previous: Manifest | None) -> Iterator[Finding]:
    told, said = manifest.run.manifest_file.told, manifest.content.get("previous_run")
    if said is not None and not (
        isinstance(said, dict) and isinstance(said.get("run_id"), str) and isinstance(said.get("sha256"), str)
    ):
        yield error("chain", told, f"previous_run {shown(json.dumps(said))}", "run_id and sha256, or null")
    elif said is None and previous is not None:
        yield error("chain", told, "previous_run null", f"{previous.run.id}, the run before it")
    elif said is not None and (previous is None or said["run_id"] != previous.run.id):
        found = (
            f"no run {shown(said['run_id'])} before it"
            if previous is None
            else f"{previous.run.id} before it"
        )
        yield error("run-missing", told, found, f"the run {shown(said['run_id'])}, as its previous_run says")
    elif said is not None and previous is not None and said["sha256"] != previous.sha256:
        yield error(
            "chain",
            previous.run.manifest_file.told,
            f"SHA-256 {previous.sha256 or 'unknown'}",
            f"{shown(said['sha256'])}, as {manifest.run.id} behind it says",
        )


def check_open_run(told: str, names: Sequence[str], *, is_written: bool) -> Finding:
    """A word on a run that is not closed."""
    why = "a process is writing it" if is_written else "its process died; the next crawl closes it"
    return note("run-open", told, f"no {RUN_JSON}, {len(names)} files: {why}", "a closed run, to verify it")
