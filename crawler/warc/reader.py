"""Responses out of archives that anyone made: .warc, .warc.gz and .wacz files."""

from __future__ import annotations

import re
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from crawler.warc.archived import ArchivedResponse, BadRecord, Reading, is_answer, response_of
from crawler.warc.octets import GZIP_MAGIC, RECORD_BEGINS, Cut, Damaged, Malformed, Member, Source
from crawler.warc.originals import Originals, Place
from crawler.warc.walk import Fault, StoredRecord, record_at, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawler.warc.archived import Wanted

__all__ = ["MAX_BODY", "ArchivedResponse", "BadRecord", "NotAnArchive", "read_records", "response_of"]

MAX_BODY = 32 * 2**20
"""Bytes of a decoded body; of a larger one the beginning is read, and flagged."""

IDENTICAL = "identical-payload-digest"
"""How the WARC-Profile of a revisit ends that stands for a whole answer (WARC 1.1 section 6.7.2)."""

_ZIP_MAGIC = b"PK\x03\x04"
_ARC_BEGINS = b"filedesc:"
_IN_WACZ = re.compile(r"archive/.+\.warc(\.gz)?", re.IGNORECASE)


class NotAnArchive(ValueError):
    """A file is missing, cannot be read, or holds no WARC records."""


def read_records(
    *paths: Path, wanted: Wanted | None = None, max_body: int = MAX_BODY
) -> Iterator[ArchivedResponse | BadRecord]:
    """All responses in the archives, in order, and every place where one could not be read.

    ``wanted`` says, by status and media type (lower case, without
    parameters), which responses to give; all where it is None. Revisits come
    last, each with the body of its original, from whichever of the ``paths``
    holds that. Memory does not grow with the archives. Raises NotAnArchive,
    before anything is read, for a path that is none.
    """
    holdings = [holding for path in paths for holding in _holdings(path)]
    return _read(holdings, wanted or _everything, max_body)


def _everything(_status: int, _media_type: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Holding:
    """One WARC file: a file of its own, or an entry of a WACZ."""

    path: Path
    entry: str | None = None

    @property
    def name(self) -> str:
        return PurePosixPath(self.entry or self.path.name).name.removesuffix(".open")

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        if self.entry is None:
            with self.path.open("rb") as file:
                yield file
        else:
            with zipfile.ZipFile(self.path) as wacz, wacz.open(self.entry) as file:
                yield file


def _holdings(path: Path) -> Iterable[_Holding]:
    """The WARC files in a path. Raises NotAnArchive where there is none."""
    try:
        with path.open("rb") as file:
            begin = file.read(len(_ZIP_MAGIC))
            if begin != _ZIP_MAGIC:
                _examine(path, Source(file))
                return [_Holding(path)]
        with zipfile.ZipFile(path) as wacz:
            entries = [name for name in wacz.namelist() if _IN_WACZ.fullmatch(name)]
    except OSError as error:
        raise NotAnArchive(f"{path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise NotAnArchive(f"{path}: a ZIP file that cannot be read, {error}") from error
    if not entries:
        raise NotAnArchive(f"{path}: a ZIP file without archive/*.warc.gz, expected a WACZ")
    return [_Holding(path, entry) for entry in entries]


def _examine(path: Path, source: Source) -> None:
    begin = source.at(0)
    if not begin:
        raise NotAnArchive(f"{path}: the file is empty")
    if begin.startswith(GZIP_MAGIC):
        try:
            begin = Member(source, 0).peek(20)
        except (Cut, Damaged):
            # Gzip, and broken: which place is bad is told when it is read.
            return
    if begin.startswith(_ARC_BEGINS):
        raise NotAnArchive(f"{path}: an ARC file; `warcio recompress` makes a WARC file of it")
    if not begin.lstrip(b"\r\n").startswith(RECORD_BEGINS):
        raise NotAnArchive(f"{path}: found {begin[:20]!r}, expected a WARC file, which begins with 'WARC/'")


def _read(holdings: list[_Holding], wanted: Wanted, max_body: int) -> Iterator[ArchivedResponse | BadRecord]:
    with Originals() as originals:
        for number, holding in enumerate(holdings):
            reading = Reading(holding.name, wanted, max_body)
            for found in _stored(holding, reading):
                try:
                    response = (
                        found if isinstance(found, Fault) else _response(found, reading, originals, number)
                    )
                except Malformed as fault:
                    response = Fault(offset=found.offset, reason=str(fault))
                if isinstance(response, Fault):
                    yield BadRecord(file=holding.name, offset=response.offset, reason=response.reason)
                elif response is not None:
                    yield response
        yield from _Revisits(holdings, wanted, max_body).all(originals)


def _stored(holding: _Holding, reading: Reading) -> Iterator[StoredRecord | Fault]:
    """Records of one file that hold an answer. A file that was examined and is gone now is a fault."""
    try:
        with holding.open() as file:
            for found in records(file, reading.keep):
                if isinstance(found, Fault) or is_answer(found.fields):
                    yield found
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        yield Fault(offset=0, reason=f"the file cannot be read: {error}")


def _response(
    record: StoredRecord, reading: Reading, originals: Originals, number: int
) -> ArchivedResponse | None:
    """The response in a record; None where it is not wanted, or a revisit that waits for its original."""
    location = reading.location(record)
    fields = record.fields
    if fields["warc-type"] != "revisit":
        originals.note_response(number, location)
        return reading.response(record)
    if not fields.get("warc-profile", IDENTICAL).endswith(IDENTICAL):
        return reading.revisit(record)
    originals.note_revisit(
        number,
        location,
        refers_to=fields.get("warc-refers-to", "").strip("<> "),
        uri=fields.get("warc-refers-to-target-uri", "").strip("<> ") or location.target_uri,
        date=fields.get("warc-refers-to-date", ""),
    )
    return None


class _Revisits:
    """Gives revisits the bodies of their originals."""

    def __init__(self, holdings: list[_Holding], wanted: Wanted, max_body: int) -> None:
        self._holdings = holdings
        self._wanted = wanted
        self._max_body = max_body

    def all(self, originals: Originals) -> Iterator[ArchivedResponse | BadRecord]:
        for place, original in originals.revisits():
            name = self._holdings[place.archive].name
            if original is None:
                yield BadRecord(
                    file=name,
                    offset=place.offset,
                    reason="a revisit whose original is in none of the archives",
                )
                continue
            try:
                response = self._response(place, original)
            except (Malformed, Damaged, Cut, OSError, zipfile.BadZipFile) as error:
                yield BadRecord(file=name, offset=place.offset, reason=f"the revisit cannot be read: {error}")
                continue
            if response is not None:
                yield response

    def _response(self, place: Place, original: Place) -> ArchivedResponse | None:
        reading, stored = self._stored(original)
        body = reading.response(stored)
        if body is None:
            return None
        reading, stored = self._stored(place)
        return reading.revisit(stored, body)

    def _stored(self, place: Place) -> tuple[Reading, StoredRecord]:
        holding = self._holdings[place.archive]
        reading = Reading(holding.name, self._wanted, self._max_body)
        with holding.open() as file:
            return reading, record_at(file, place.offset, place.record_id, reading.keep)
