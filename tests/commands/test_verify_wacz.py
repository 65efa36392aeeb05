"""Whatever is done to a WACZ shows, under the rule and in the file where it was done."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands.archives import Wacz, crawl_twice, errors, verified
from tests.small_site import Typed, serving

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> Path:
    """A WACZ of two runs, and beside it the bag of the same."""
    scrapy = Typed(tmp_path_factory.mktemp("packed"))
    with serving() as site:
        crawl_twice(scrapy, site)
    assert scrapy("package", "output/dipnote", "-o", "x.wacz").returncode == 0
    assert scrapy("package", "output/dipnote", "--bag", "bag").returncode == 0
    return scrapy.folder / "x.wacz"


@pytest.fixture
def wacz(packed) -> Wacz:
    """Its entries."""
    return Wacz(packed)


def drop(end: str) -> Callable[[Wacz], None]:
    """Take an entry away, and its line in the manifest as well."""

    def change(wacz: Wacz) -> None:
        wacz.entries.pop(wacz.name(end))
        wacz.seal()

    return change


def edit(end: str, change: Callable[[bytes], bytes]) -> Callable[[Wacz], None]:
    return lambda wacz: wacz.edit(end, change)


def package(**changed: object) -> Callable[[Wacz], None]:
    return lambda wacz: wacz.edit_package(lambda content: content.update(changed))


def resource(**changed: object) -> Callable[[Wacz], None]:
    return lambda wacz: wacz.edit_package(lambda content: content["resources"][0].update(changed))


def add(name: str) -> Callable[[Wacz], None]:
    return lambda wacz: wacz.entries.update({name: b"{}"})


def page_line(number: int, **changed: object) -> Callable[[bytes], bytes]:
    def change(octets: bytes) -> bytes:
        lines = octets.splitlines(keepends=True)
        lines[number] = json.dumps(json.loads(lines[number]) | changed).encode() + b"\n"
        return b"".join(lines)

    return change


def deflate(end: str) -> Callable[[Wacz], None]:
    return lambda wacz: wacz.deflated.add(wacz.name(end))


def flip(octets: bytes) -> bytes:
    return octets[:3000] + bytes([octets[3000] ^ 1]) + octets[3001:]


def drop_warcs(wacz: Wacz) -> None:
    for name in [name for name in wacz.entries if name.startswith("archive/")]:
        wacz.entries.pop(name)
    wacz.seal()


def drop_original(wacz: Wacz) -> None:
    """Leave the run out that the revisits of the other refer to."""
    first = min(name for name in wacz.entries if name.startswith("archive/"))
    wacz.entries.pop(first)
    wacz.seal()


INDEX, PAGES = "indexes/index.cdx", "pages/pages.jsonl"
DAMAGE: dict[str, tuple[Callable[[Wacz], object], str, str]] = {
    "no datapackage.json": (
        lambda w: w.entries.pop("datapackage.json"),
        "datapackage-missing",
        "datapackage.json",
    ),
    "a datapackage.json of garbage": (
        lambda w: w.entries.update({"datapackage.json": b"{"}),
        "datapackage",
        "datapackage.json",
    ),
    "another profile": (package(profile="zip"), "datapackage-profile", "datapackage.json"),
    "no version": (package(wacz_version=None), "datapackage-version", "datapackage.json"),
    "no resources": (package(resources=[]), "datapackage", "datapackage.json"),
    "a created that is no date": (package(created="today"), "datapackage-date", "datapackage.json"),
    "a main page that was not captured": (
        package(mainPageUrl="http://example.com/"),
        "main-page",
        "datapackage.json",
    ),
    "a hash": (resource(hash="sha256:" + "0" * 64), "resource-hash", ".jsonl"),
    "a hash that is none": (resource(hash="crc:1"), "resource-hash", ".jsonl"),
    "a size": (resource(bytes=1), "resource-size", ".jsonl"),
    "a resource without name": (resource(name=None), "resource", "datapackage.json"),
    "a resource that is not there": (resource(path="data/lost"), "resource-missing", "data/lost"),
    "a file that is not listed": (add("data/more.json"), "resource-unlisted", "data/more.json"),
    "no digest file": (
        lambda w: w.entries.pop("datapackage-digest.json"),
        "datapackage-digest-missing",
        "datapackage-digest.json",
    ),
    "a digest of another": (
        lambda w: w.edit_package(lambda content: content.update(title="Forged"), digest=False),
        "datapackage-digest",
        "datapackage-digest.json",
    ),
    "a digest file of garbage": (
        lambda w: w.entries.update({"datapackage-digest.json": b"[]"}),
        "datapackage-digest",
        "datapackage-digest.json",
    ),
    "no pages": (drop(PAGES), "pages-missing", PAGES),
    "pages without head": (
        edit(PAGES, lambda octets: octets.partition(b"\n")[2]),
        "page-head",
        PAGES,
    ),
    "empty pages": (edit(PAGES, lambda octets: b""), "page-head", PAGES),
    "a page of garbage": (edit(PAGES, lambda octets: octets + b"{\n"), "page-line", PAGES),
    "a page without moment": (edit(PAGES, page_line(1, ts=None)), "page-line", PAGES),
    "a page without title": (edit(PAGES, page_line(1, title=None)), "page-title", PAGES),
    "a page of another moment": (
        edit(PAGES, page_line(1, ts="2001-01-01T00:00:00Z")),
        "page-record",
        PAGES,
    ),
    "a page that was not captured": (
        edit(PAGES, page_line(1, url="http://example.com/")),
        "page-record",
        PAGES,
    ),
    "no index": (drop(INDEX), "index-missing", "x.wacz/indexes"),
    "an index of garbage": (edit(INDEX, lambda octets: b"garbage\n"), "index-line", INDEX),
    "an index in another order": (
        edit(INDEX, lambda octets: b"".join(reversed(octets.splitlines(keepends=True)))),
        "index-order",
        INDEX,
    ),
    "an index with a line less": (
        edit(INDEX, lambda octets: octets.partition(b"\n")[2]),
        "index-missing",
        INDEX,
    ),
    "an index of other offsets": (
        edit(INDEX, lambda octets: octets.replace(b'"offset": "', b'"offset": "1')),
        "index-offset",
        INDEX,
    ),
    "no WARC file": (drop_warcs, "archive-missing", "x.wacz/archive"),
    "a WARC file less": (drop_original, "index-file", INDEX),
    "a revisit without its original": (drop_original, "revisit-original", ".warc.gz"),
    "a bit of a WARC file": (edit(".warc.gz", flip), "index-offset", INDEX),
    "a WARC file that is none": (edit(".warc.gz", lambda octets: b"none"), "index-offset", INDEX),
    "a deflated WARC file": (deflate(".warc.gz"), "compressed-twice", ".warc.gz"),
    "a file among the WARC files": (add("archive/notes.txt"), "misplaced", "archive/notes.txt"),
    "a file among the pages": (add("pages/notes.txt"), "misplaced", "pages/notes.txt"),
    "an absolute name": (add("/etc/passwd"), "zip-name", "x.wacz"),
    "a name above the root": (add("data/../../x"), "zip-name", "x.wacz"),
    "a row": (
        edit("posts.jsonl", lambda octets: octets.replace(b'"title": "', b'"title": "Forged ')),
        "row-content-digest",
        "posts.jsonl",
    ),
    "rows less": (drop("authors.jsonl"), "file-missing", "authors.jsonl"),
    "a manifest of a run": (
        edit("run.json", lambda octets: octets.replace(b"complete", b"perfect ")),
        "chain",
        "run.json",
    ),
}


def test_a_wacz_that_nothing_was_done_to_is_verified(packed):
    assert verified(packed, deep=True) == []


def test_a_wacz_of_one_run_is_verified(packed, tmp_path):
    scrapy = Typed(packed.parent)
    run = sorted((packed.parent / "output" / "dipnote").glob("*T*Z"))[1].name
    path = tmp_path / "one.wacz"
    assert scrapy("package", "output/dipnote", "--run", run, "-o", str(path)).returncode == 0
    found = verified(path)
    assert {finding.severity for finding in found} <= {"note"}
    assert {finding.rule for finding in found} <= {
        "run-elsewhere",
        "author-missing",
        "post-missing",
        "warcinfo-filename",
    }


def test_a_wacz_that_is_written_anew_is_verified(wacz, tmp_path):
    assert verified(wacz.write(tmp_path / "x.wacz")) == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_where_it_was_done(wacz, tmp_path, damage):
    change, rule, file = DAMAGE[damage]
    change(wacz)
    found = errors(wacz.write(tmp_path / "x.wacz"))
    assert any(rule == its and told.endswith(file) for its, told in found), found


def test_damage_is_counted_in_kinds():
    assert len(DAMAGE) >= 40


# --- The ZIP file itself ---


def test_a_zip_file_that_is_cut_is_damage(packed, tmp_path):
    path = tmp_path / "x.wacz"
    path.write_bytes(packed.read_bytes()[:-30])
    assert [rule for rule, _ in errors(path)] == ["zip"]


@pytest.mark.parametrize("share", [0.1, 0.35, 0.6, 0.85])
def test_a_bit_anywhere_is_found(packed, tmp_path, share):
    path = tmp_path / "x.wacz"
    octets = bytearray(packed.read_bytes())
    octets[int(len(octets) * share)] ^= 4
    path.write_bytes(octets)
    assert errors(path)


def test_a_header_that_disagrees_with_the_directory_is_found(packed, tmp_path):
    path = tmp_path / "x.wacz"
    octets = packed.read_bytes()
    path.write_bytes(octets.replace(b"pages/pages.jsonl", b"pages/forged.json", 1))
    assert "zip-header" in {rule for rule, _ in errors(path)}


def test_bytes_that_belong_to_no_entry_are_found(packed, tmp_path):
    path = tmp_path / "x.wacz"
    path.write_bytes(b"MZ" * 50 + packed.read_bytes())
    assert "zip-gap" in {rule for rule, _ in errors(path)}


def test_a_name_twice_is_found(packed, tmp_path):
    path = shutil.copy(packed, tmp_path / "x.wacz")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("pages/pages.jsonl", b"{}\n")
    assert "zip-twice" in {rule for rule, _ in errors(path)}


def test_a_wacz_that_is_no_zip_is_told(tmp_path):
    (tmp_path / "x.wacz").write_text("no zip")
    ended = Typed(tmp_path)("verify", "x.wacz")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("scrapy verify: x.wacz: found b'no zi', expected a WARC file")


# --- A bag ---


@pytest.fixture
def bag(packed, tmp_path) -> Path:
    return Path(shutil.copytree(packed.parent / "bag", tmp_path / "bag"))


def test_a_bag_is_verified(bag):
    assert verified(bag, deep=True) == []


def test_damage_to_a_bag_is_found(bag):
    path = next((bag / "data").glob("*/posts.jsonl"))
    path.write_bytes(path.read_bytes() + b"{}\n")
    found = errors(bag)
    assert {"bag", "file-size", "row-key"} <= {rule for rule, _ in found}
