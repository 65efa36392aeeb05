"""Rows out of archives that anyone made, by the same pages and the same rules as a crawl."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from scrapy.http import HtmlResponse, XmlResponse

from crawler.collection.layout import run_id_of
from crawler.collection.rows import Source, Versions, prove, violations
from crawler.items import Skipped, extractor_of
from crawler.pages import UnknownLayout, read_page
from crawler.warc.reader import ArchivedResponse, BadRecord, NotAnArchive, read_records, response_of
from crawler.warc.walk import StoredRecord, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawler.items import Row

ARCHIVES = ("*.warc", "*.warc.gz", "*.wacz")
"""What a folder is searched for, at any depth."""

_NO_PAGE = ("image/", "video/", "audio/", "font/", "text/css", "text/javascript", "application/javascript")
_PEEK = 4096
"""Bytes of the first record that are read: what made the file stands at its beginning."""


def read_archives(
    archives: Sequence[Path], *, pages: str | None = None, run_id: str | None = None
) -> Iterator[Row | Skipped]:
    """What the pages in the archives state, in the order of the files and of the records in them.

    One row for each content of each identity, from the first record that
    states it, proven and numbered as in a crawl into an empty collection.
    What cannot be read is skipped with a reason. ``pages`` names the reader,
    which is found by layout and host where it is None. Streams: beside what
    one page takes, memory holds some 120 bytes a row. Raises NotAnArchive,
    before anything is read, for a file that is none, and KeyError for a
    reader that is not there.
    """
    found = read_records(*archives, wanted=may_be_page)
    run = run_id or run_id_of(datetime.now(UTC))
    return _rows(found, _made_here(archives), Versions(), pages=pages, run_id=run)


def find_archives(names: Iterable[str]) -> list[Path]:
    """The files that names of files, folders and patterns stand for: as given, and by name within each.

    Raises NotAnArchive for a name that stands for none.
    """
    files: dict[Path, None] = {}
    for name in names:
        files |= dict.fromkeys(_stands_for(name))
    return list(files)


def _stands_for(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        found = sorted(file for pattern in ARCHIVES for file in path.rglob(pattern) if file.is_file())
        if not found:
            raise NotAnArchive(f"{name}: a folder without archives, expected {', '.join(ARCHIVES)} in it")
        return found
    if path.exists():
        return [path]
    anchor = Path(path.anchor)
    found = sorted(anchor.glob(str(path.relative_to(anchor)))) if set(name) & set("*?[") else []
    if not found:
        raise NotAnArchive(f"{name}: there is no such file, expected an archive")
    return [file for match in found for file in (_stands_for(str(match)) if match.is_dir() else [match])]


def _rows(
    found: Iterable[ArchivedResponse | BadRecord],
    sources: dict[str, Source],
    versions: Versions,
    *,
    pages: str | None,
    run_id: str,
) -> Iterator[Row | Skipped]:
    for archived in found:
        if isinstance(archived, BadRecord):
            yield Skipped(
                url=None,
                reason="bad-record",
                detail=archived.reason,
                warc_file=archived.file,
                warc_offset=archived.offset,
            )
            continue
        for row in stated_on(archived, pages):
            if isinstance(row, Skipped):
                yield row
                continue
            prove(row, archived.location, run_id=run_id, source=sources.get(archived.location.file, "warc"))
            if versions.number(row):
                wrong = violations(row)
                yield _skipped(archived, "bad-row", "; ".join(wrong)) if wrong else row


def stated_on(archived: ArchivedResponse, pages: str | None) -> list[Row | Skipped]:
    """The rows of one page, all or none; else why there are none."""
    try:
        response = response_of(archived)
        if archived.status != 200 or not isinstance(response, HtmlResponse | XmlResponse):
            return []
        if not archived.whole:
            return [_skipped(archived, "cut", archived.cut or archived.undecoded or "")]
        page = read_page(response, pages)
        rows, embeds = list(page.items()), list(page.not_captured())
    except UnknownLayout as error:
        return [_skipped(archived, "unknown-layout", str(error))]
    except Exception as error:  # noqa: BLE001 - one page that a reader stumbles over must not end the rest
        return [_skipped(archived, "internal-error", repr(error))]
    for row in rows:
        row.extractor = extractor_of(page.layout)
    for embed in embeds:
        embed.warc_file, embed.warc_offset = archived.location.file, archived.location.offset
    return [*rows, *embeds]


def _skipped(archived: ArchivedResponse, reason: str, detail: str) -> Skipped:
    location = archived.location
    return Skipped(
        url=location.target_uri,
        reason=reason,
        detail=detail,
        warc_file=location.file,
        warc_offset=location.offset,
    )


def may_be_page(status: int, media_type: str) -> bool:
    """Whether an answer can be a page that states something."""
    return status == 200 and not media_type.startswith(_NO_PAGE)


def _made_here(archives: Sequence[Path]) -> dict[str, Source]:
    """For the WARC files that this software wrote: how their pages were come by, by name of the file."""
    sources: dict[str, Source] = {}
    for path in archives:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as wacz:
                for entry in wacz.namelist():
                    if ".warc" in entry:
                        with wacz.open(entry) as file:
                            sources |= _source(PurePosixPath(entry).name, file)
        else:
            with path.open("rb") as file:
                sources |= _source(path.name, file)
    return sources


def _source(name: str, file: IO[bytes]) -> dict[str, Source]:
    first = next(records(file, lambda _fields, _start: _PEEK), None)
    ours = isinstance(first, StoredRecord) and b"software: blogarchive/" in first.block
    return {name.removesuffix(".open"): "live"} if ours else {}
