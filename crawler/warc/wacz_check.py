"""A WACZ file held against Web Archive Collection Zipped 1.1.1, https://specs.webrecorder.net/wacz/1.1.1/."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.warc.cdxj import timestamp_of
from crawler.warc.finding import Finding, shown
from crawler.warc.index_check import check_complete, check_index, lines_of
from crawler.warc.stored_file import UNREADABLE, error, note
from crawler.warc.surt import surt_key
from crawler.warc.warc_files import check_warc
from crawler.warc.zip_check import ZipCheck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.warc.catalogue import Catalogue
    from crawler.warc.stored_file import StoredFile

MANIFEST = "datapackage.json"
DIGEST = "datapackage-digest.json"
PAGES = "pages/pages.jsonl"
VERSIONS = ("1.0.0", "1.1.0", "1.1.1")
WARC_ENDS = (".warc", ".warc.gz")
INDEX_ENDS = (".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz")
HASHES = {"sha256": hashlib.sha256, "md5": hashlib.md5, "sha1": hashlib.sha1, "sha512": hashlib.sha512}
TEXT_ERRORS = (*UNREADABLE, zlib.error)

_HASH = re.compile(r"(?:([a-z0-9]+):)?([0-9a-f]{32,128})")


@dataclass(kw_only=True)
class VerifiedWacz:
    """What was verified, filled while it is."""

    files: dict[str, StoredFile] = field(default_factory=dict)
    """Entries by name."""
    content: dict[str, Any] = field(default_factory=dict)
    """What ``datapackage.json`` says; empty where it cannot be read."""
    warcs: list[StoredFile] = field(default_factory=list)
    pages: int = 0

    @property
    def own(self) -> bool:
        """This software made it: what others may leave out has to be there."""
        return str(self.content.get("software", "")).startswith("blogarchive")


def verify_wacz(path: Path, records: Catalogue, done: VerifiedWacz) -> Iterator[Finding]:
    """What is wrong with a WACZ file, but for the rows in its ``data`` folder."""
    told = str(path)
    try:
        check = ZipCheck(path)
    except TEXT_ERRORS as fault:
        yield error("zip", told, str(fault), "a ZIP file that can be read")
        return
    yield from check.check()
    done.files = check.files()
    yield from check.check_content()
    yield from _check_package(told, done)
    yield from _check_layout(told, done, check.stored)
    for name in sorted(done.files):
        if name.startswith("archive/") and name.endswith(WARC_ENDS):
            done.warcs.append(done.files[name])
            yield from check_warc(done.files[name], records)
    yield from records.revisits()
    yield from _check_indexes(done, records)
    yield from _check_pages(told, done, records)


# --- datapackage.json ---


def _check_package(told: str, done: VerifiedWacz) -> Iterator[Finding]:
    file = done.files.get(MANIFEST)
    if file is None:
        yield error("datapackage-missing", f"{told}/{MANIFEST}", "no file", "the manifest of the package")
        return
    try:
        octets = file.read()
        content = json.loads(octets)
        if not isinstance(content, dict):
            raise ValueError(f"it is a {type(content).__name__}")  # noqa: TRY004 - one way to fail
    except TEXT_ERRORS as fault:
        yield error("datapackage", file.told, f"{type(fault).__name__}: {fault}", "one object of JSON")
        return
    done.content = content
    yield from _check_head(file.told, content)
    resources = content.get("resources")
    if not isinstance(resources, list) or not resources:
        yield error(
            "datapackage", file.told, f"resources {shown(json.dumps(resources))}", "a list of all files"
        )
        resources = []
    yield from _check_resources(told, file.told, resources, done)
    yield from _check_digest(told, octets, done)


def _check_head(told: str, content: dict[str, Any]) -> Iterator[Finding]:
    profile, version = content.get("profile"), content.get("wacz_version")
    if profile == "wacz":
        yield note("datapackage-profile", told, "profile 'wacz', of the draft of 1.2.0", "'data-package'")
    elif profile != "data-package":
        yield error("datapackage-profile", told, f"profile {shown(str(profile))}", "'data-package'")
    if not isinstance(version, str):
        yield error("datapackage-version", told, f"wacz_version {shown(json.dumps(version))}", VERSIONS[-1])
    elif version not in VERSIONS:
        yield note(
            "datapackage-version", told, f"wacz_version {shown(version)}", f"one of {', '.join(VERSIONS)}"
        )
    for key in ("created", "modified", "mainPageDate"):
        if key in content and not _is_moment(content[key]):
            yield error(
                "datapackage-date", told, f"{key} {shown(json.dumps(content[key]))}", "a date of RFC 3339"
            )


def _check_resources(told: str, manifest: str, resources: list[Any], done: VerifiedWacz) -> Iterator[Finding]:
    listed: set[str] = set()
    for entry in resources:
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str) or not isinstance(entry.get("name"), str):
            yield error(
                "resource", manifest, shown(json.dumps(entry)), "name, path, hash and bytes of a file"
            )
            continue
        if path in listed:
            yield error("resource", manifest, f"{shown(path)} once more", "each file once")
        listed.add(path)
        if path not in done.files:
            yield error("resource-missing", f"{told}/{path}", "no file", f"one, which {MANIFEST} lists")
        else:
            yield from _check_resource(done.files[path], entry)
    for name in sorted(done.files.keys() - listed - {MANIFEST, DIGEST}):
        yield error(
            "resource-unlisted", done.files[name].told, "a file", f"none that {MANIFEST} does not list"
        )


def _check_resource(file: StoredFile, entry: dict[str, Any]) -> Iterator[Finding]:
    size, stated = entry.get("bytes"), _HASH.fullmatch(str(entry.get("hash")))
    if size != file.size or isinstance(size, bool):
        yield error("resource-size", file.told, f"{file.size} bytes", f"{size}, as {MANIFEST} says")
    algorithm = (stated[1] or "md5") if stated else ""
    if stated is None or algorithm not in HASHES:
        yield error(
            "resource-hash", file.told, f"hash {shown(str(entry.get('hash')))}", "sha256: and 64 digits"
        )
        return
    digest = HASHES[algorithm](usedforsecurity=False)
    try:
        with file.open() as stream:
            while octets := stream.read(1024 * 1024):
                digest.update(octets)
    except TEXT_ERRORS:
        # Told already where the content of the ZIP file was checked.
        return
    if digest.hexdigest() != stated[2]:
        found, expected = f"{algorithm}:{digest.hexdigest()}", f"{entry['hash']}, as {MANIFEST} says"
        yield error("resource-hash", file.told, found, expected)


def _check_digest(told: str, package: bytes, done: VerifiedWacz) -> Iterator[Finding]:
    file = done.files.get(DIGEST)
    if file is None:
        tell = error if done.own else note
        yield tell("datapackage-digest-missing", f"{told}/{DIGEST}", "no file", f"the digest of {MANIFEST}")
        return
    try:
        content = json.loads(file.read())
        stated = _HASH.fullmatch(str(content["hash"]))
        path = content["path"]
    except (*TEXT_ERRORS, KeyError, TypeError) as fault:
        yield error("datapackage-digest", file.told, f"{type(fault).__name__}: {fault}", "path and hash")
        return
    digest = hashlib.sha256(package).hexdigest()
    if path != MANIFEST:
        yield error("datapackage-digest", file.told, f"path {shown(str(path))}", shown(MANIFEST))
    if stated is None or stated[2] != digest:
        yield error("datapackage-digest", file.told, shown(str(content["hash"])), f"sha256:{digest}")


# --- Layout ---


def _check_layout(told: str, done: VerifiedWacz, stored: set[str]) -> Iterator[Finding]:
    names = done.files.keys()
    if not any(name.startswith("archive/") and name.endswith(WARC_ENDS) for name in names):
        yield error("archive-missing", f"{told}/archive", "no WARC file", "at least one")
    if not any(name.startswith("indexes/") and name.endswith(INDEX_ENDS) for name in names):
        yield error("index-missing", f"{told}/indexes", "no index", "at least one")
    if PAGES not in names:
        yield error("pages-missing", f"{told}/{PAGES}", "no file", "the list of pages")
    for name in sorted(names):
        file = done.files[name]
        if not _belongs(name):
            yield error("misplaced", file.told, "a file that has no place there", "it in a folder of its own")
        if name not in stored and (name.startswith("archive/") or name.endswith(".gz")):
            yield error(
                "compressed-twice",
                file.told,
                "a deflated entry",
                "it stored, so that it can be read anywhere",
            )
        if name.startswith("indexes/") and name.endswith((".cdxj", ".cdxj.gz")):
            yield note("index-name", file.told, "a name that pywb passes over", "index.cdx or index.cdx.gz")


def _belongs(name: str) -> bool:
    folder = name.partition("/")[0]
    ends = {"archive": WARC_ENDS, "indexes": (*INDEX_ENDS, ".idx"), "pages": (".jsonl",)}
    return folder not in ends or name.endswith(ends[folder])


# --- Indexes ---


def _check_indexes(done: VerifiedWacz, records: Catalogue) -> Iterator[Finding]:
    indexes = [
        done.files[name]
        for name in sorted(done.files)
        if name.startswith("indexes/") and name.endswith(INDEX_ENDS)
    ]
    for file in indexes:
        try:
            if file.name.endswith(".gz"):
                yield from _check_blocks(file, done)
                with file.open() as stream, gzip.GzipFile(fileobj=stream) as lines:
                    yield from check_index(file.told, lines_of(lines), records, _no_other)  # type: ignore[arg-type]
            else:
                with file.open() as stream:
                    yield from check_index(file.told, lines_of(stream), records, _no_other)
        except TEXT_ERRORS as fault:
            yield error("index-unreadable", file.told, str(fault), "an index that can be read to its end")
    if indexes:
        for found in check_complete(indexes[0].told, records):
            yield found if done.own else note(found.rule, found.file, found.found, found.expected)


def _no_other(_name: str) -> bool:
    return False


def _check_blocks(file: StoredFile, done: VerifiedWacz) -> Iterator[Finding]:
    """Hold the index of a compressed index against its blocks (pywb's "ZipNum")."""
    names = [f"indexes/{file.name.removesuffix('.gz')}.idx", f"indexes/{file.name.partition('.')[0]}.idx"]
    idx = next((done.files[name] for name in names if name in done.files), None)
    if idx is None:
        yield error("idx-missing", file.told, "no index of its blocks", f"{names[-1]}")
        return
    place = 0
    with idx.open() as lines, file.open() as blocks:
        for number, line in enumerate(lines_of(lines), 1):
            if line.startswith(b"!meta"):
                continue
            try:
                begin, _, text = line.partition(b" {")
                told = json.loads(b"{" + text)
                offset, length = int(told["offset"]), int(told["length"])
            except (ValueError, KeyError, TypeError) as fault:
                yield error("idx", idx.told, str(fault), "key, timestamp, offset and length", line=number)
                continue
            blocks.seek(offset)
            block = blocks.read(length)
            yield from _check_block(idx.told, number, begin, block, told)
            if offset != place:
                yield error("idx", idx.told, f"a block at byte {offset}", f"one at byte {place}", line=number)
            place = offset + length
    if place != file.size:
        yield error("idx", idx.told, f"blocks up to byte {place}", f"up to the end, {file.size}")


def _check_block(
    told: str, number: int, begin: bytes, block: bytes, said: dict[str, Any]
) -> Iterator[Finding]:
    try:
        first = gzip.decompress(block).partition(b"\n")[0]
    except (OSError, EOFError, zlib.error) as fault:
        yield error("idx", told, f"a block that is none ({fault})", "a gzip member", line=number)
        return
    if not first.startswith(begin):
        yield error("idx", told, shown(begin), f"the begin of the block, {shown(first)}", line=number)
    stated = str(said.get("digest", "")).rpartition(":")[2]
    if stated and stated != hashlib.sha256(block).hexdigest():
        yield error("idx", told, f"digest {shown(stated)}", hashlib.sha256(block).hexdigest(), line=number)


# --- Pages ---


def _check_pages(told: str, done: VerifiedWacz, records: Catalogue) -> Iterator[Finding]:
    for name in sorted(done.files):
        if name.startswith("pages/") and name.endswith(".jsonl"):
            try:
                with done.files[name].open() as stream:
                    yield from _check_page_lines(done, name, lines_of(stream), records)
            except TEXT_ERRORS as fault:
                yield error(
                    "unreadable", done.files[name].told, str(fault), "a file that can be read to its end"
                )
    main = done.content.get("mainPageUrl") or done.content.get("mainPageURL")
    if isinstance(main, str) and not records.has_capture(main):
        yield error(
            "main-page", f"{told}/{MANIFEST}", f"mainPageUrl {shown(main)}", "a page that was captured"
        )


def _check_page_lines(
    done: VerifiedWacz, name: str, lines: Iterator[bytes], records: Catalogue
) -> Iterator[Finding]:
    told = done.files[name].told
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            page = json.loads(line)
            if not isinstance(page, dict) or not line.endswith(b"\n"):
                raise ValueError("no object with an end of line")  # noqa: TRY301 - one way to fail
        except ValueError as fault:
            yield error("page-line", told, shown(str(fault)), "one object of JSON", line=number)
            continue
        if number == 1:
            if "url" in page or not str(page.get("format", "")).startswith("json-pages-"):
                yield error("page-head", told, shown(line), "format json-pages-1.0", line=number)
            continue
        done.pages += 1
        yield from _check_page(done, told, number, page, records)
    if number == 0:
        yield error("page-head", told, "an empty file", "format json-pages-1.0", line=1)


def _check_page(
    done: VerifiedWacz, told: str, number: int, page: dict[str, Any], records: Catalogue
) -> Iterator[Finding]:
    url, moment = page.get("url"), page.get("ts")
    if not isinstance(url, str) or not _is_moment(moment):
        yield error(
            "page-line", told, shown(json.dumps(page)), "url, and ts as a date of RFC 3339", line=number
        )
        return
    if not isinstance(page.get("title"), str):
        tell = error if done.own else note
        yield tell(
            "page-title", told, f"title {shown(json.dumps(page.get('title')))}", "a title", line=number
        )
    if records.has_capture(url, timestamp_of(str(moment))):
        return
    found = f"{shown(url)} of {moment}"
    if done.own or not records.has_key(surt_key(url)):
        yield error("page-record", told, found, "a page that was captured", line=number)
    else:
        yield note("page-record", told, found, "a record of that very moment", line=number)


def _is_moment(value: Any) -> bool:
    try:
        return "T" in value and datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def data_files(done: VerifiedWacz) -> dict[str, dict[str, StoredFile]]:
    """The files of our own ``data`` folder by run and by their name in it."""
    runs: dict[str, dict[str, StoredFile]] = {}
    for name, file in sorted(done.files.items()):
        found = re.fullmatch(r"data/(\d{8}T\d{6}Z)-(.+)", name)
        if found:
            runs.setdefault(found[1], {})[found[2]] = file
    return runs
