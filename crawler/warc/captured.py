"""Answers as a replay finds them: through the index, a revisit with the body of its original."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.warc.archived import Reading, is_answer
from crawler.warc.cdxj import REVISIT, BadLine, timestamp_of
from crawler.warc.octets import Cut, Damaged, Malformed
from crawler.warc.walk import only_record_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.warc.archived import ArchivedResponse
    from crawler.warc.cdxj import Entry, Index
    from crawler.warc.walk import Fields, Keep, StoredRecord


class NotCaptured(ValueError):
    """The archive has no answer where its index says that there is one."""


class Captured:
    """Reads the answers that an index names.

    ``path_of`` gives the WARC file of a name, None where it is not there;
    ``max_body`` bounds a decoded body in bytes.
    """

    def __init__(self, index: Index, path_of: Callable[[str], Path | None], max_body: int) -> None:
        self._index = index
        self._path_of = path_of
        self._max_body = max_body

    def header(self, entry: Entry) -> Fields:
        """The fields of the WARC record that an entry names. Raises NotCaptured."""
        return self._record(entry, lambda _fields, _start: 0).fields

    def answer(self, entry: Entry) -> ArchivedResponse:
        """The answer that an entry names, decoded as far as it can be. Raises NotCaptured."""
        reading = self._reading(entry)
        record = self._record(entry, reading.keep)
        if not is_answer(record.fields):
            raise NotCaptured(
                f"{_place(entry)}: a record of {record.fields.get('warc-type')!r}, expected a response"
            )
        try:
            if record.fields["warc-type"] == "revisit":
                return reading.revisit(record, self.answer(self.original(entry, record.fields)))
            answer = reading.response(record)
        except Malformed as error:
            raise NotCaptured(f"{_place(entry)}: {error}") from error
        if answer is None:
            raise NotCaptured(f"{_place(entry)}: the block is empty, expected a response")
        return answer

    def original(self, entry: Entry, fields: Fields) -> Entry:
        """The entry of the record that a revisit with these ``fields`` refers to. Raises NotCaptured."""
        uri = fields.get("warc-refers-to-target-uri", "").strip("<> ") or entry.url
        record_id = fields.get("warc-refers-to", "").strip("<> ")
        moment = timestamp_of(fields.get("warc-refers-to-date", ""))
        for other in self.captures(uri):
            if other.mime != REVISIT and moment in {"", other.timestamp}:
                found = self.header(other).get("warc-record-id", "").strip("<> ")
                if record_id in {"", found}:
                    return other
        raise NotCaptured(
            f"{_place(entry)}: a revisit of {record_id or 'no record'} ({uri}, {moment}), "
            "which the index does not know"
        )

    def captures(self, url: str) -> list[Entry]:
        """The captures of a URL, oldest first. Raises NotCaptured where the index cannot be read there."""
        try:
            return self._index.captures(url)
        except (BadLine, OSError) as error:
            raise NotCaptured(f"{url}: the index cannot be read there, {error}") from error

    def _reading(self, entry: Entry) -> Reading:
        return Reading(entry.filename, lambda _status, _media_type: True, self._max_body)

    def _record(self, entry: Entry, keep: Keep) -> StoredRecord:
        path = self._path_of(entry.filename)
        if path is None:
            raise NotCaptured(f"{entry.filename}: is not there, expected the WARC file that the index names")
        try:
            with path.open("rb") as file:
                return only_record_at(file, entry.offset, keep)
        except (Malformed, Damaged, Cut, OSError) as error:
            raise NotCaptured(
                f"{_place(entry)}: {error}, expected the record that the index names"
            ) from error


def _place(entry: Entry) -> str:
    return f"{entry.filename}, byte {entry.offset}"
