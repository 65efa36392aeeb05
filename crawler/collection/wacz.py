"""A WACZ file while it is written: one pass, every entry hashed on its way, nothing held in memory.

Web Archive Collection Zipped 1.1.1, https://specs.webrecorder.net/wacz/1.1.1/.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self
from zipfile import ZIP64_LIMIT, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from types import TracebackType

VERSION = "1.1.1"
MANIFEST = "datapackage.json"
MANIFEST_DIGEST = "datapackage-digest.json"

COMPRESSED = (".gz", ".torn", ".zip")
"""Ends of names of what is compressed already; section 4.5.1 forbids to compress it again."""

TIMES = 0x5455
"""Number of the field "extended timestamp" of a ZIP."""

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A file of the package, as ``datapackage.json`` lists it."""

    name: str
    path: str
    sha256: str
    """Hexadecimal."""
    size: int
    """Bytes."""

    def as_json(self) -> dict[str, Any]:
        """Its entry among the resources."""
        told = {"name": self.name, "path": self.path, "hash": f"sha256:{self.sha256}", "bytes": self.size}
        # `wacz validate` reads what looks like a table as one, and finds one without lines invalid.
        return {**told, "type": "file"} if self.path.startswith("data/") else told


class WaczWriter:
    """Writes one WACZ into a stream that can be sought in.

    Entries carry ``moment`` (UTC) where none of their own is given, never the
    present time: the same content gives the same bytes. What is compressed
    already is stored as it is, so that a reader can begin anywhere in it.
    Every method raises OSError where the disk does. What is left without
    ``close`` is no WACZ.
    """

    def __init__(self, stream: IO[bytes], moment: datetime) -> None:
        self._zip = ZipFile(stream, "w", allowZip64=True)
        self._moment = moment
        self._resources: list[Resource] = []
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Left open, it would want to write its directory when it is collected, into a stream that is closed.
        with contextlib.suppress(OSError):
            self._zip.close()

    def add(
        self, path: str, slices: Iterable[bytes], *, moment: datetime | None = None, size: int | None = None
    ) -> Resource:
        """Write a file of the package from its bytes; ``size`` is None where it is not known before."""
        digest = hashlib.sha256()
        length = 0
        with self._open(path, moment or self._moment, size) as entry:
            for octets in slices:
                entry.write(octets)
                digest.update(octets)
                length += len(octets)
        resource = Resource(name=self._name(path), path=path, sha256=digest.hexdigest(), size=length)
        self._resources.append(resource)
        return resource

    def close(self, about: dict[str, Any]) -> None:
        """Write ``datapackage.json`` with all that was added, its digest, and the ZIP's own directory."""
        content = {
            "profile": "data-package",
            "wacz_version": VERSION,
            **about,
            "resources": [resource.as_json() for resource in self._resources],
        }
        octets = _json(content)
        self._plain(MANIFEST, octets)
        digest = hashlib.sha256(octets).hexdigest()
        self._plain(MANIFEST_DIGEST, _json({"path": MANIFEST, "hash": f"sha256:{digest}"}))
        self._zip.close()

    def _plain(self, path: str, octets: bytes) -> None:
        with self._open(path, self._moment, len(octets)) as entry:
            entry.write(octets)

    def _open(self, path: str, moment: datetime, size: int | None) -> IO[bytes]:
        entry = ZipInfo(path, moment.timetuple()[:6])
        entry.compress_type = ZIP_STORED if path.endswith(COMPRESSED) else ZIP_DEFLATED
        # As on Unix, wherever this runs: a regular file that everybody may read.
        entry.create_system = 3
        entry.external_attr = 0o100644 << 16
        if size is None:
            # ReplayWeb.page looks for a field of ZIP64 before the bytes of a file only where the directory
            # at the end of the ZIP has any field for it, too. This one is in both.
            entry.extra = struct.pack("<HHBL", TIMES, 5, 1, int(moment.timestamp()))
        return self._zip.open(entry, "w", force_zip64=size is None or size > ZIP64_LIMIT)

    def _name(self, path: str) -> str:
        """A name that no other resource has, of the characters that a data package allows."""
        name = plain = _NOT_IN_A_NAME.sub("-", path.rpartition("/")[2].lower())
        number = 2
        while name in self._names:
            name = f"{plain}-{number}"
            number += 1
        self._names.add(name)
        return name


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n"
