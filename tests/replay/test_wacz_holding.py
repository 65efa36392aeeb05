"""A WACZ file is read where it lies: its index is made to count in the ZIP file."""

from __future__ import annotations

import gzip
import zipfile
from typing import TYPE_CHECKING

import pytest

from crawler.replay.holding import NotReplayable
from crawler.replay.wacz_holding import wacz_holding
from crawler.warc.cdxj import Entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MEMBERS = {
    "a.warc.gz": [gzip.compress(b"one"), gzip.compress(b"two")],
    "b.warc.gz": [gzip.compress(b"three")],
}


def entry(key: str, file: str, offset: int, length: int) -> str:
    made = Entry(
        key=key,
        timestamp="20200102030405",
        url="http://a.example/",
        mime="text/html",
        status="200",
        digest="-",
        length=length,
        offset=offset,
        filename=file,
    )
    return f"{made.as_line()}\n"


def index() -> list[str]:
    one, two = MEMBERS["a.warc.gz"]
    [three] = MEMBERS["b.warc.gz"]
    return [
        entry("example,a)/1", "a.warc.gz", 0, len(one)),
        entry("example,a)/2", "archive/a.warc.gz", len(one), len(two)),
        entry("example,a)/3", "b.warc.gz", 0, len(three)),
    ]


def wacz(
    folder: Path,
    lines: list[str] | None = None,
    *,
    compression: int = zipfile.ZIP_STORED,
    name: str = "indexes/index.cdx",
    without: str = "",
) -> Path:
    path = folder / "archive.wacz"
    text = "".join(index() if lines is None else lines).encode()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("datapackage.json", "{}", zipfile.ZIP_DEFLATED)
        if name:
            file.writestr(name, gzip.compress(text) if name.endswith(".gz") else text, zipfile.ZIP_DEFLATED)
        for warc, members in MEMBERS.items():
            if warc != without:
                file.writestr(f"archive/{warc}", b"".join(members), compression)
    return path


@pytest.mark.parametrize("name", ["indexes/index.cdx", "indexes/index.cdx.gz", "indexes/index.cdxj"])
def test_every_entry_leads_to_its_bytes_in_the_zip_file(tmp_path: Path, name: str) -> None:
    path = wacz(tmp_path, ['!meta 0 {"format": "cdxj-gzip-1.0"}\n', *index()], name=name)
    holding = wacz_holding(path, tmp_path)
    assert holding.files == [("a.warc.gz", path), ("b.warc.gz", path)]
    octets = path.read_bytes()
    found = [Entry.from_line(line) for line in holding.index.read_text().splitlines()]
    bodies = [gzip.decompress(octets[e.offset : e.offset + e.length]) for e in found]
    assert bodies == [b"one", b"two", b"three"]
    assert {e.filename for e in found} == {"a.warc.gz", "b.warc.gz"}


def no_zip(folder: Path) -> Path:
    (folder / "no.wacz").write_bytes(b"no")
    return folder / "no.wacz"


def cut(folder: Path) -> Path:
    path = wacz(folder)
    path.write_bytes(path.read_bytes()[:-10])
    return path


def broken_index(folder: Path) -> Path:
    path = wacz(folder)
    octets = path.read_bytes()
    place = octets.index(b"indexes/index.cdx") + 30
    path.write_bytes(
        octets[:place] + bytes(b ^ 0x55 for b in octets[place : place + 40]) + octets[place + 40 :]
    )
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "none.wacz", "is no ZIP file"),
        (no_zip, "is no ZIP file"),
        (cut, "is no ZIP file"),
        (broken_index, "expected a WACZ file that can be read|no entry of an index"),
        (
            lambda folder: wacz(folder, compression=zipfile.ZIP_DEFLATED),
            "a.warc.gz is compressed or encrypted",
        ),
        (lambda folder: wacz(folder, name=""), "holds no indexes/"),
        (lambda folder: wacz(folder, name="indexes/index.idx"), "holds no indexes/"),
        (
            lambda folder: wacz(folder, ["example,a)/ 2020 {}\n"]),
            "index.cdx, line 1: .* no entry of an index",
        ),
        (lambda folder: wacz(folder, index()[::-1]), "line 2: sorts before the line above it"),
        (
            lambda folder: wacz(folder, without="b.warc.gz"),
            "line 3: names b.warc.gz, which is not in archive/",
        ),
        (lambda folder: wacz(folder, [entry("example,a)/", "b.warc.gz", 9, 999)]), "byte 9 is not in the"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_sentence(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    with pytest.raises(NotReplayable, match=words):
        wacz_holding(make(tmp_path), tmp_path)


def test_a_zip_file_of_something_else_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("a.txt", "a")
    with pytest.raises(NotReplayable, match=r"holds no archive/\*.warc.gz"):
        wacz_holding(tmp_path / "x.zip", tmp_path)
