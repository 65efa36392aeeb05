"""Rows of a collection looked up by their id, or by the URL that they are about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler.collection.layout import is_run_id
from crawler.items import ITEM_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.items import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """A row where it stands."""

    path: Path
    line: int
    """Counted from 1."""
    kind: type[Row]
    octets: bytes
    """The line, with its end."""
    values: dict[str, Any]


def run_folders(collection: Path) -> list[Path]:
    """The folders of the runs of a collection, oldest first; none where it is no collection."""
    if not collection.is_dir():
        return []
    return sorted(path for path in collection.iterdir() if is_run_id(path.name) and path.is_dir())


def collections_below(root: Path) -> list[Path]:
    """The collections in a folder of collections, by name."""
    return sorted(path for path in root.iterdir() if run_folders(path)) if root.is_dir() else []


def rows_about(collection: Path, wanted: str) -> list[StoredRow]:
    """All versions of a row, oldest first: that of this id, or else those of the post at this URL.

    An id is a URL without its scheme, so that a permalink finds its row.
    Lines that are no JSON are passed over. Raises OSError.
    """
    names = {wanted, wanted.partition("://")[2] or wanted}
    found = list(_rows_with(collection, names))
    of_id = [row for row in found if row.values.get("id") in names]
    return sorted(of_id or found, key=lambda row: (row.kind.__name__, row.values.get("version", 0)))


def _rows_with(collection: Path, names: set[str]) -> Iterator[StoredRow]:
    """Rows whose id or url is one of the names."""
    sought = [json.dumps(name, ensure_ascii=False).encode("utf-8", "replace") for name in names]
    for run in run_folders(collection):
        for kind, name in ITEM_FILES.items():
            path = run / name
            if not path.is_file():
                continue
            with path.open("rb") as file:
                for number, octets in enumerate(file, 1):
                    if not any(word in octets for word in sought):
                        continue
                    values = _object(octets)
                    if values.get("id") in names or values.get("url") in names:
                        yield StoredRow(path=path, line=number, kind=kind, octets=octets, values=values)


def _object(octets: bytes) -> dict[str, Any]:
    try:
        values = json.loads(octets)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
