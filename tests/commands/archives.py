"""A collection of two runs with all that a crawl makes, and ways to do damage to a copy of it."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

from crawler.commands.verifying import Verification, findings_in, kind_of
from tests.small_site import comment, front, lines, page, post

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.warc.finding import Finding
    from tests.small_site import Site, Typed

ONE = "/stories/2010/09/10/one"
TWO = "/stories/2010/09/11/two"
LONG = "A text that is long enough for a revisit. " * 60


def crawl_twice(scrapy: Typed, site: Site) -> Path:
    """A post that stays, one that changes, an address that is gone and a picture; archived twice."""
    site.serve("/", front(ONE, TWO, "/stories/2010/09/12/gone"))
    site.serve(ONE, post(ONE, "One", LONG, comments=comment(1) + comment(2, "Another remark.")))
    site.serve(TWO, post(TWO, "Two"))
    site.serve("/authors/ada-example", page("Ada Example", "<p>Writes.</p>"))
    assert scrapy.crawl(site.url).returncode == 0
    site.serve(TWO, post(TWO, "Two, corrected"))
    assert scrapy.crawl(site.url).returncode == 0
    return scrapy.folder / "output" / "dipnote"


def verified(path: Path, *, deep: bool = False) -> list[Finding]:
    """All that is found in a path."""
    return list(findings_in(Verification(path=path, kind=kind_of(path)), deep=deep))


def errors(path: Path, *, deep: bool = False) -> list[tuple[str, str]]:
    """Rule and file of each error; a file with the folder that it is in."""
    return [
        (found.rule, "/".join(found.file.split("/")[-2:]))
        for found in verified(path, deep=deep)
        if found.severity == "error"
    ]


# --- A collection ---


class Collection:
    """A copy of a collection that may be damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runs = sorted(path.glob("*T*Z"))
        self.first, self.second = self.runs

    @property
    def warc(self) -> Path:
        """The WARC file of the first run."""
        [path] = self.first.glob("*.warc.gz")
        return path

    @property
    def index(self) -> Path:
        """The index."""
        return self.path / "index.cdxj"

    def edit_manifest(self, change: Callable[[dict[str, Any]], object], run: int = 0) -> None:
        """Change a manifest, and all that knows its digest."""
        path = self.runs[run] / "run.json"
        told = json.loads(path.read_text())
        change(told)
        path.write_text(json.dumps(told))
        self.seal_chain()

    def edit_rows(self, name: str, change: Callable[[list[dict[str, Any]]], object], run: int = 0) -> None:
        """Change rows so that no digest of a file tells of it."""
        path = self.runs[run] / f"{name}.jsonl"
        rows = lines(path)
        change(rows)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_text(text, "utf-8")
        self.seal()

    def edit_index(self, change: Callable[[list[str]], object]) -> None:
        """Change the lines of the index."""
        lines = self.index.read_text().splitlines(keepends=True)
        change(lines)
        self.index.write_text("".join(lines))

    def edit_entry(self, **changed: str) -> None:
        """Change the entry of the first post in the index."""

        def change(lines: list[str]) -> None:
            number = next(number for number, line in enumerate(lines) if "/one" in line)
            begin, _, text = lines[number].partition(" {")
            entry = json.loads("{" + text) | changed
            lines[number] = f"{begin} {json.dumps(entry)}\n"

        self.edit_index(change)

    def journal(self, statement: str, *values: Any) -> None:
        """Change the journal."""
        with closing(sqlite3.connect(self.path / "journal.sqlite", isolation_level=None)) as database:
            database.execute(statement, values)
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def seal(self) -> None:
        """Make manifests, chain and journal agree with the files, as somebody would who hides a change."""
        for run in self.runs:
            told = json.loads((run / "run.json").read_text())
            for entry in told["files"]:
                octets = (run / entry["name"]).read_bytes()
                entry |= {"size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}
                if "lines" in entry:
                    count = octets.count(b"\n")
                    entry["lines"] = told["written"][entry["name"].removesuffix(".jsonl")] = count
            told["written"].pop("crawl.log", None)
            (run / "run.json").write_text(json.dumps(told))
        self.seal_chain()

    def seal_chain(self) -> None:
        """Make chain and journal agree with the manifests."""
        previous = None
        for run in self.runs:
            told = json.loads((run / "run.json").read_text())
            if previous is not None and told.get("previous_run"):
                told["previous_run"]["sha256"] = previous
                (run / "run.json").write_text(json.dumps(told))
            previous = hashlib.sha256((run / "run.json").read_bytes()).hexdigest()
            self.journal("UPDATE runs SET manifest = ? WHERE id = ?", previous, run.name)


def copied(path: Path, folder: Path) -> Collection:
    """A copy of a collection."""
    return Collection(shutil.copytree(path, folder / path.name))


# --- A WACZ ---


class Wacz:
    """The entries of a WACZ, to be changed and written anew."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.entries = {info.filename: archive.read(info) for info in archive.infolist()}
        self.deflated: set[str] = set()

    def name(self, end: str) -> str:
        """The one entry whose name ends so."""
        return next(name for name in self.entries if name.endswith(end))

    def edit_package(self, change: Callable[[dict[str, Any]], object], *, digest: bool = True) -> None:
        """Change ``datapackage.json`` and, unless told otherwise, its digest."""
        content = json.loads(self.entries["datapackage.json"])
        change(content)
        self.entries["datapackage.json"] = json.dumps(content).encode()
        if digest:
            stated = hashlib.sha256(self.entries["datapackage.json"]).hexdigest()
            text = json.dumps({"path": "datapackage.json", "hash": f"sha256:{stated}"})
            self.entries["datapackage-digest.json"] = text.encode()

    def seal(self) -> None:
        """Make the manifest agree with the entries."""

        def change(content: dict[str, Any]) -> None:
            kept = [entry for entry in content["resources"] if entry["path"] in self.entries]
            for entry in kept:
                octets = self.entries[entry["path"]]
                entry |= {"hash": f"sha256:{hashlib.sha256(octets).hexdigest()}", "bytes": len(octets)}
            content["resources"] = kept

        self.edit_package(change)

    def edit(self, end: str, change: Callable[[bytes], bytes]) -> None:
        """Change an entry so that no digest tells of it."""
        name = self.name(end)
        self.entries[name] = change(self.entries[name])
        self.seal()

    def write(self, path: Path) -> Path:
        """Write it."""
        with zipfile.ZipFile(path, "w") as archive:
            for name, octets in self.entries.items():
                method = zipfile.ZIP_DEFLATED if name in self.deflated else zipfile.ZIP_STORED
                archive.writestr(zipfile.ZipInfo(name), octets, method)
        return path
