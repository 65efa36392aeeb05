"""The index of a package: the lines of a collection's index for some of its files, each held against them."""

from __future__ import annotations

import hashlib
import json
import zlib
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING

from crawler.collection.layout import is_run_id
from crawler.collection.recovery import OPEN
from crawler.warc.cdxj import BadLine, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from crawler.collection.closed import ClosedRun
    from crawler.collection.wacz import WaczWriter

PLAIN_LINES = 4096
"""An index of more lines is compressed: a browser reads a plain one whole before it shows anything."""

BLOCK_LINES = 1024
"""Lines in each gzip member of a compressed index."""


class BadIndex(ValueError):
    """An index is missing, or says what cannot be."""


def indexed(
    path: Path, files: Mapping[str, int], passed_over: Callable[[str], bool]
) -> Iterator[tuple[bytes, Entry]]:
    """The lines of an index for these files, with their ends, and what they say.

    ``files`` gives the size of each file in bytes; lines for files for which
    ``passed_over`` holds are left out. Raises BadIndex where a line is none,
    comes before its place, or names a file or bytes that are not there.
    """
    last = b""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                entry = _entry(path, number, line)
                if line <= last:
                    raise BadIndex(
                        f"{path}, line {number}: stands behind a line that sorts after it or is the same"
                    )
                last = line
                if entry.filename in files:
                    _hold(path, number, entry, files[entry.filename])
                    yield line, entry
                elif not passed_over(entry.filename):
                    raise BadIndex(f"{path}, line {number}: names {entry.filename}, which no run has")
    except OSError as error:
        raise BadIndex(
            f"{path}: cannot be read ({error.strerror}), expected the index of the collection; "
            f"scrapy verify --rebuild-journal {path.parent} makes it anew"
        ) from error


def lines_of(index: Path, runs: Sequence[ClosedRun], *, all_runs: bool) -> Iterator[bytes]:
    """The lines for some runs; where these are ``all_runs``, others may only be of one that is not closed.

    Raises BadIndex.
    """
    files = {file.name: file.size for run in runs for file in run.warcs}

    @cache
    def is_of_another(name: str) -> bool:
        if not all_runs:
            return True
        folders = [path for path in index.parent.iterdir() if is_run_id(path.name)]
        return any((folder / found).exists() for folder in folders for found in (name, name + OPEN))

    for line, _ in indexed(index, files, is_of_another):
        yield line


def _entry(path: Path, number: int, line: bytes) -> Entry:
    try:
        if not line.endswith(b"\n"):
            raise BadLine(f"{line[:40]!r} has no end, expected a line")  # noqa: TRY301
        return Entry.from_line(line[:-1].decode("utf-8"))
    except (BadLine, UnicodeDecodeError) as error:
        raise BadIndex(f"{path}, line {number}: {error}") from error


def _hold(path: Path, number: int, entry: Entry, size: int) -> None:
    if entry.offset < 0 or entry.length <= 0 or entry.offset + entry.length > size:
        raise BadIndex(
            f"{path}, line {number}: names {entry.length} bytes at byte {entry.offset} of {entry.filename}, "
            f"which has {size}"
        )


def add_index(wacz: WaczWriter, lines: Iterable[bytes]) -> None:
    """Write the index of a package: ``index.cdx``, or in blocks ``index.cdx.gz`` with ``index.idx``.

    These are the names that pywb takes out of a WACZ; ReplayWeb.page takes them, too.
    """
    rest = iter(lines)
    begin = list(islice(rest, PLAIN_LINES + 1))
    if len(begin) <= PLAIN_LINES:
        wacz.add("indexes/index.cdx", begin)
        return
    blocks = _Blocks("index.cdx.gz")
    wacz.add("indexes/index.cdx.gz", blocks.members(chain(begin, rest)))
    wacz.add("indexes/index.idx", blocks.lines)


class _Blocks:
    """An index in gzip members, and the index of these (the "ZipNum" of pywb, as CDXJ)."""

    def __init__(self, name: str) -> None:
        about = json.dumps({"format": "cdxj-gzip-1.0", "filename": name})
        self.lines = [f"!meta 0 {about}\n".encode()]

    def members(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        """The members; ``lines`` grows by one for each, which says with which line it begins."""
        offset = 0
        while block := list(islice(lines, BLOCK_LINES)):
            compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
            member = compressor.compress(b"".join(block)) + compressor.flush()
            digest = f"sha256:{hashlib.sha256(member).hexdigest()}"
            place = json.dumps({"offset": offset, "length": len(member), "digest": digest})
            first = block[0].partition(b" {")[0]
            self.lines.append(first + f" {place}\n".encode())
            offset += len(member)
            yield member
