"""The page that an archive is opened at, whatever the archive is."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from crawler.collection.closed import closed_runs
from crawler.collection.front_page import front_page
from crawler.collection.packaged_index import BadIndex
from crawler.collection.rebuild import NotACollection
from crawler.collection.recovery import EditedRun
from crawler.warc.cdxj import INDEX, timestamp_of

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = (
    OSError,
    EditedRun,
    NotACollection,
    BadIndex,
    zipfile.BadZipFile,
    ValueError,
    KeyError,
    RuntimeError,
)
"""What keeps a damaged archive from telling its front page; the rest of it can still be shown."""


class Front(NamedTuple):
    """An archived page at a moment."""

    url: str
    timestamp: str
    """14 digits; empty for the newest view."""


def front_of(path: Path) -> Front | None:
    """The front page of a collection or a WACZ file; None where it does not tell one."""
    try:
        return _of_wacz(path) if path.is_file() else _of_collection(path)
    except UNKNOWN:
        return None


def _of_collection(path: Path) -> Front | None:
    runs, _ = closed_runs(path)
    page = front_page(path / INDEX, runs, runs, fallback=path.name) if runs else None
    return Front(page.url, timestamp_of(page.captured_at)) if page is not None else None


def _of_wacz(path: Path) -> Front | None:
    with zipfile.ZipFile(path) as wacz:
        told = json.loads(wacz.read("datapackage.json"))
    url = told.get("mainPageUrl") or told.get("mainPageURL")
    return Front(url, timestamp_of(str(told.get("mainPageDate") or ""))) if isinstance(url, str) else None
