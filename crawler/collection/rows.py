"""What a row needs before it is a line: its proof, its version, and types as its schema says."""

from __future__ import annotations

from dataclasses import fields
from hashlib import blake2b
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from scrapy.exceptions import DropItem

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.items import Row
    from crawler.warc.exchange import Location

_Checks = list[tuple[str, str, "Callable[[Any], bool]"]]

_CHECKS: dict[type[Any], _Checks] = {}
"""For each kind of row its fields: name, type in words, test."""

Source = Literal["live", "wayback", "commoncrawl", "warc"]


class UnfitRow(DropItem):
    """A row that cannot be written: a fault of a page reader, never of the site."""


def prove(row: Row, location: Location, *, run_id: str, source: Source) -> None:
    """Name the record that proves the row, and the run that writes it."""
    row.run_id = run_id
    row.source = source
    row.content_digest = row.digest()
    row.warc_file = location.file
    row.warc_offset = location.offset
    row.warc_length = location.length
    row.warc_record_id = location.record_id
    row.payload_digest = location.payload_digest
    row.captured_at = location.date
    row.captured_url = location.target_uri


class Versions:
    """Which contents of which rows are known, and so which row is a new line and what its version is.

    Identities and contents are held as 8 bytes of a digest each, some 120
    bytes a row in memory: a collision among ten million rows has a chance of
    one in 400,000, and would number a version wrongly.
    """

    def __init__(self) -> None:
        self._contents: dict[int, bytes] = {}

    def remember(self, kind: str, row_id: str, content_digest: str) -> int | None:
        """The version of a content; None when it is known already."""
        identity = blake2b(f"{kind} {row_id}".encode("utf-8", "surrogatepass"), digest_size=8)
        key = int.from_bytes(identity.digest())
        content = bytes.fromhex(content_digest.removeprefix("sha256:")[:16])
        known = self._contents.get(key, b"")
        if any(known[start : start + 8] == content for start in range(0, len(known), 8)):
            return None
        self._contents[key] = known + content
        return len(known) // 8 + 1

    def number(self, row: Row) -> bool:
        """Give the row its version; False when its content has been stated before."""
        if row.content_digest is None:
            raise ValueError(f"{row.id}: has no content digest; it has to be proven first")
        version = self.remember(type(row).__name__, row.id, row.content_digest)
        if version is None:
            return False
        row.version = version
        return True


def violations(row: Row) -> list[str]:
    """Where the row is not as its schema says: the field, what was found and what was expected."""
    return [
        f"{name}: {value!r}, expected {expected}"
        for name, expected, fits in _checks_of(type(row))
        if not fits(value := getattr(row, name))
    ]


def _checks_of(kind: type[Row]) -> _Checks:
    if kind not in _CHECKS:
        hints = get_type_hints(kind)
        _CHECKS[kind] = [(spec.name, str(spec.type), _check(hints[spec.name])) for spec in fields(kind)]
    return _CHECKS[kind]


def _check(hint: Any) -> Callable[[Any], bool]:
    """A test for values of a type, made once per field: a page has hundreds of values to test."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return lambda value: value in arguments
    if origin in (Union, UnionType):
        checks = [_check(argument) for argument in arguments]
        return lambda value: any(check(value) for check in checks)
    if origin is list:
        inner = _check(arguments[0])
        return lambda value: isinstance(value, list) and all(map(inner, value))
    if origin is dict:
        key, inner = map(_check, arguments)
        return lambda value: isinstance(value, dict) and all(key(k) and inner(v) for k, v in value.items())
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    if hint is None:
        hint = NoneType
    return lambda value: isinstance(value, hint)
