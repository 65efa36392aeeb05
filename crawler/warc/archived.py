"""A response as an archive holds it, and as Scrapy's pages know it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from scrapy.http.headers import Headers
from scrapy.responsetypes import responsetypes

from crawler.warc.codings import Undecodable, decoded
from crawler.warc.exchange import Location
from crawler.warc.message import entity_body, read_head
from crawler.warc.octets import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.http import Response

    from crawler.warc.message import HeaderList
    from crawler.warc.walk import Fields, StoredRecord

    Wanted = Callable[[int, str], bool]

FRAMING = 2**20
"""Bytes of a block that are read beyond the limit of a body, for its head and the sizes of chunks."""

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
_HTTP_URI = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """A place in a file where no response could be read."""

    file: str
    """Name of the WARC file."""
    offset: int
    """Of the record, or of its gzip member, in bytes."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedResponse:
    """A response as an archive holds it."""

    location: Location
    kind: Literal["response", "revisit", "resource"]
    """WARC-Type; a revisit has the body of the record it refers to."""
    status: int
    """200 for a resource, which is a body without a response around it."""
    headers: HeaderList
    """In order, as sent."""
    body: bytes
    """The entity body without transfer coding and content coding, as far as it could be read."""
    cut: str | None
    """Why the message is not whole: marked as truncated, or shorter than it says; None where it is."""
    undecoded: str | None
    """Why ``body`` is not, or not wholly, without content coding; None where it is."""

    @property
    def whole(self) -> bool:
        """The body is all that the server meant to send, decoded."""
        return self.cut is None and self.undecoded is None


class Reading:
    """Makes responses of the records of one file.

    ``wanted`` says by status and media type which responses are worth their
    body; ``max_body`` bounds a decoded body in bytes.
    """

    def __init__(self, file: str, wanted: Wanted, max_body: int) -> None:
        self._file = file
        self._wanted = wanted
        self._max_body = max_body

    def keep(self, fields: Fields, start: bytes) -> int:
        """How many bytes of a record's block are of use."""
        if not is_answer(fields):
            return 0
        kept = self._max_body + FRAMING
        if fields["warc-type"] == "resource":
            return kept if self._wanted(200, _media_type(fields)) else 0
        head = read_head(start)
        # A head of which this is only the beginning is judged when all of it is there.
        return kept if head.end == len(start) or self._wanted(head.status, head.content_type()) else 0

    def location(self, record: StoredRecord) -> Location:
        """Where the record stands. Raises Malformed where it lacks a field that every record has."""
        fields = record.fields
        record_id = fields.get("warc-record-id", "").strip("<> ")
        if not record_id:
            raise Malformed("the record has no WARC-Record-ID")
        return Location(
            file=self._file,
            offset=record.offset,
            length=record.length,
            record_id=record_id,
            target_uri=fields["warc-target-uri"].strip("<> "),
            date=_date(fields.get("warc-date", "")),
            payload_digest=fields.get("warc-payload-digest") or None,
            # Of a revisit it says only that the body is elsewhere.
            whole=fields["warc-type"] == "revisit" or "warc-truncated" not in fields,
        )

    def response(self, record: StoredRecord) -> ArchivedResponse | None:
        """The response in a record; None where it is not wanted. Raises Malformed."""
        location = self.location(record)
        if not record.block_length:
            raise Malformed("the block is empty, expected a response")
        if not record.block:
            return None
        if record.fields["warc-type"] == "resource":
            return self._resource(record, location)
        head = read_head(record.block)
        if not self._wanted(head.status, head.content_type()):
            return None
        body, cut = entity_body(head, record.block[head.end :])
        undecoded = None
        if len(record.block) < record.block_length:
            cut, undecoded = None, f"the body has more than {self._max_body} bytes"
        try:
            body = decoded(body, head.values(b"content-encoding"), self._max_body)
        except Undecodable as error:
            body, undecoded = error.body, undecoded or str(error)
        return ArchivedResponse(
            location=location,
            kind="response",
            status=head.status,
            headers=head.headers,
            body=body,
            cut=_marked(record.fields) or cut,
            undecoded=undecoded,
        )

    def _resource(self, record: StoredRecord, location: Location) -> ArchivedResponse:
        large = record.block_length > self._max_body
        return ArchivedResponse(
            location=location,
            kind="resource",
            status=200,
            headers=[(b"Content-Type", record.fields.get("content-type", "").encode("latin-1", "replace"))],
            body=record.block[: self._max_body],
            cut=_marked(record.fields),
            undecoded=f"the body has more than {self._max_body} bytes" if large else None,
        )

    def revisit(self, record: StoredRecord, original: ArchivedResponse | None = None) -> ArchivedResponse:
        """The response that a revisit stands for: its own head, where it has one, and its original's body."""
        location = self.location(record)
        head = read_head(record.block) if record.block else None
        if original is None:
            return ArchivedResponse(
                location=location,
                kind="revisit",
                status=head.status if head else 200,
                headers=head.headers if head else [],
                body=b"",
                cut="the body is in a record that this revisit does not repeat",
                undecoded=None,
            )
        return replace(
            original,
            # WARC-Truncated says of a revisit only that it leaves out the body.
            location=replace(location, whole=original.location.whole),
            kind="revisit",
            status=head.status if head else original.status,
            headers=head.headers if head else original.headers,
        )


def is_answer(fields: Fields) -> bool:
    """Whether a record holds an answer over HTTP, or stands for one."""
    kind = fields.get("warc-type", "")
    if not _HTTP_URI.match(fields.get("warc-target-uri", "").lstrip("<")):
        return False
    if kind == "response":
        return fields.get("content-type", "application/http").lower().startswith("application/http")
    return kind in {"revisit", "resource"}


def response_of(archived: ArchivedResponse) -> Response:
    """The response as a live crawl would have delivered it, its record named in ``flags``.

    It has no Content-Encoding, unless the body still has one.
    """
    headers = Headers()
    for name, value in archived.headers:
        if archived.undecoded is not None or name.lower() != b"content-encoding":
            headers.appendlist(name, value)
    uri, body = archived.location.target_uri, archived.body
    kind = responsetypes.from_args(headers=headers, url=uri, body=body)
    return kind(
        uri, status=archived.status, headers=headers, body=body, flags=[f"warc:{archived.location.record_id}"]
    )


def _media_type(fields: Fields) -> str:
    return fields.get("content-type", "").partition(";")[0].strip().lower()


def _marked(fields: Fields) -> str | None:
    """What the record itself says of its being incomplete."""
    if "warc-truncated" in fields:
        return f"truncated: {fields['warc-truncated']}"
    if "warc-segment-number" in fields:
        return "the record is continued in another"
    return None


def _date(text: str) -> str:
    """WARC-Date as it is, where it is in the form of the standard; other forms brought into it."""
    if _DATE.fullmatch(text):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"WARC-Date is {text!r}, expected a date like 2026-11-23T15:43:00Z") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
