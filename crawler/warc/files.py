"""WARC files while they are being written: members, names, a new file when one is full."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from crawler.warc.durable import sync_data, sync_folder
from crawler.warc.exchange import Exchange, Location, new_record_id
from crawler.warc.records import Record, exchange_records, warcinfo_record, write_record
from crawler.warc.space import check_space

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

isal_zlib: Any = import_module("isal.isal_zlib") if find_spec("isal") else None

GZIP = 16 + zlib.MAX_WBITS
RECORD_OVERHEAD = 1024
"""Bytes allowed for a record's own header when it is asked whether an exchange still fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcFile:
    """A file that is closed and will not change."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal, of the file as it is on disk."""
    records: int
    """How many records, warcinfo included."""


class OpenFile:
    """One WARC file while it is being written, under its name with ``.open`` behind it.

    Its first record is its one warcinfo; every record is a gzip member.
    """

    def __init__(self, path: Path, about: Mapping[str, str]) -> None:
        self.path = path
        self.size = 0
        self.records = 0
        self.warcinfo_id = new_record_id()
        self._durable = 0
        self._sha256 = hashlib.sha256()
        self._file = _open_path(path).open("xb")
        try:
            sync_folder(path.parent)
            self.append(warcinfo_record(path.name, self.warcinfo_id, about))
        except BaseException:
            self.abandon()
            raise

    def append(self, record: Record) -> tuple[int, int]:
        """Write one record; gives the offset and the length of its member in bytes."""
        offset = self.size
        member = _Member(self)
        write_record(record, member)
        member.close()
        self.records += 1
        return offset, self.size - offset

    def write(self, octets: bytes) -> None:
        """Take bytes of the file in their order."""
        self._file.write(octets)
        self._sha256.update(octets)
        self.size += len(octets)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def sync(self) -> None:
        """Put what was written on the disk, so that no loss of power takes it away."""
        if self._durable == self.size:
            return
        self._file.flush()
        sync_data(self._file.fileno())
        self._durable = self.size

    def close(self) -> WarcFile:
        """Put the file on the disk and give it its final name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        _open_path(self.path).rename(self.path)
        sync_folder(self.path.parent)
        digest = self._sha256.hexdigest()
        return WarcFile(name=self.path.name, size=self.size, sha256=digest, records=self.records)

    def abandon(self) -> None:
        """Leave the file under its ``.open`` name, as far as it got."""
        # The reason for which it is abandoned may be that its last bytes do not fit on the disk.
        with contextlib.suppress(OSError):
            self._file.close()


class WarcFiles:
    """The files of one crawl, ``<prefix>-00000.warc.gz`` and so on, one after the other.

    A file is opened when there is something to write, and closed before an
    exchange that would take it over ``max_bytes``; records of one exchange
    are never split over two files. So many bytes as ``min_free`` are left
    free on the disk (0: none).
    """

    def __init__(
        self, folder: Path, prefix: str, about: Mapping[str, str], max_bytes: int, *, min_free: int = 0
    ) -> None:
        self.closed: list[WarcFile] = []
        self._folder = folder
        self._prefix = prefix
        self._about = about
        self._max_bytes = max_bytes
        self._min_free = min_free
        self._serial = 0
        self._open: OpenFile | None = None

    @property
    def size(self) -> int:
        """Bytes in all files so far."""
        return sum(file.size for file in self.closed) + (self._open.size if self._open else 0)

    def write(self, exchange: Exchange) -> Location:
        """Write the exchange; where its response stands (its request, if there is no answer)."""
        self._folder.mkdir(parents=True, exist_ok=True)
        check_space(self._folder, self._min_free, exchange_bytes(exchange))
        file = self._file_for(exchange)
        location: Location | None = None
        for record in exchange_records(exchange, warcinfo_id=file.warcinfo_id):
            offset, length = file.append(record)
            if record.record_id == exchange.record_id:
                location = _location(record, file.path.name, offset, length)
        file.flush()
        if location is None:
            raise ValueError(f"{exchange.target_uri}: no record has the identifier {exchange.record_id!r}")
        return location

    def sync(self) -> dict[str, int]:
        """Put everything on the disk; gives the bytes of every file so far, by its final name."""
        lengths = {file.name: file.size for file in self.closed}
        if self._open is not None:
            self._open.sync()
            lengths[self._open.path.name] = self._open.size
        return lengths

    def close(self) -> None:
        """Close the file that is open, if any."""
        if self._open is not None:
            self.closed.append(self._open.close())
            self._open = None

    def abandon(self) -> None:
        """Leave the file that is open under its ``.open`` name."""
        if self._open is not None:
            self._open.abandon()
            self._open = None

    def _file_for(self, exchange: Exchange) -> OpenFile:
        if self._open is not None and self._open.size + _estimate(exchange) > self._max_bytes:
            self.close()
        if self._open is None:
            self._open = OpenFile(self._free_path(), self._about)
        return self._open

    def _free_path(self) -> Path:
        """The next name that no file has: an existing one is never written to or replaced."""
        while True:
            path = self._folder / f"{self._prefix}-{self._serial:05}.warc.gz"
            self._serial += 1
            if not path.exists() and not _open_path(path).exists():
                return path


class _Member:
    """One gzip member of a file, from its first byte to ``close``."""

    def __init__(self, file: OpenFile) -> None:
        self._file = file
        self._compressor = _compressor()

    def write(self, octets: bytes) -> None:
        self._file.write(self._compressor.compress(octets))

    def flush(self) -> None:
        """Nothing: a member is flushed when it is closed, to compress well."""

    def close(self) -> None:
        self._file.write(self._compressor.flush())


def _compressor() -> Any:
    """Level 6 of zlib; isal at level 2 where it is installed: three to four times the speed, 6 % larger."""
    if isal_zlib is not None:
        return isal_zlib.compressobj(2, zlib.DEFLATED, GZIP)
    return zlib.compressobj(6, zlib.DEFLATED, GZIP)


def _location(record: Record, file: str, offset: int, length: int) -> Location:
    fields = dict(record.fields)
    return Location(
        file=file,
        offset=offset,
        length=length,
        record_id=record.record_id,
        target_uri=fields["WARC-Target-URI"],
        date=fields["WARC-Date"],
        payload_digest=fields["WARC-Payload-Digest"],
        # Of a revisit it says that the body is elsewhere, and there it is whole.
        whole=fields["WARC-Type"] == "revisit" or "WARC-Truncated" not in fields,
    )


def _estimate(exchange: Exchange) -> int:
    """At most this many bytes are added to the file: what compression saves is not counted."""
    return exchange_bytes(exchange) + 4 * RECORD_OVERHEAD


def exchange_bytes(exchange: Exchange) -> int:
    """Bytes of HTTP in the exchange."""
    response = exchange.response
    answered = len(response.head) + response.body_length if response else 0
    return len(exchange.request) + len(exchange.interim) + answered


def _open_path(path: Path) -> Path:
    return path.with_name(path.name + ".open")
