"""One exchange as WARC/1.1 records, every byte of HTTP as it was on the wire.

The field names and rules are those of the WARC 1.1 specification,
https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/,
section 5 (named fields) and section 6 (record types).
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Protocol

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.warc.exchange import Exchange, Message, new_record_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = "WARC/1.1"
HTTP_REQUEST = "application/http;msgtype=request"
HTTP_RESPONSE = "application/http;msgtype=response"
WARC_FIELDS = "application/warc-fields"
IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

REPEATABLE = frozenset({"WARC-Concurrent-To", "WARC-Protocol"})
"""The only fields that may stand more than once in a record."""

_FORBIDDEN = re.compile(r"[^\x20-\x7e]")
_NOT_IN_A_URI = re.compile(r"[^\x21-\x7e]|[<>]")

Fields = list[tuple[str, str]]


class Sink(Protocol):
    """What a record is written to."""

    def write(self, octets: bytes, /) -> object:
        """Take the next bytes of the record."""

    def flush(self) -> object:
        """Called when the record is complete."""


class UnfitField(ValueError):
    """A value that would not be one line of printable ASCII in a record's header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record before it is written: its named fields and its block, in two parts.

    ``fields`` lack Content-Length, which follows from the block.
    """

    fields: Fields
    start: bytes
    """The first part of the block: an HTTP head, or the whole of a small block."""
    rest: IO[bytes] = field(default_factory=io.BytesIO)
    """The second part of the block, from its first byte; read once."""
    rest_length: int = 0
    """Bytes in ``rest``."""

    @property
    def record_id(self) -> str:
        """WARC-Record-ID without angle brackets."""
        return dict(self.fields)["WARC-Record-ID"].strip("<>")


def exchange_records(exchange: Exchange, *, warcinfo_id: str) -> list[Record]:
    """The records of an exchange, in the order in which they are written.

    The request comes first, then the response where there is one, then what
    else is to be said in ``metadata``. The record that has the exchange's
    ``record_id`` names all others in WARC-Concurrent-To, and they name it.

    Raises UnfitField where a field of ours (not of the site) is no single
    line of printable ASCII, and ValueError where the body is not as long as
    it says.
    """
    response = exchange.response
    main_id = exchange.record_id
    request_id = main_id if response is None else new_record_id()
    metadata = [(new_record_id(), *said) for said in _metadata(exchange)]
    others = [request_id, *(record_id for record_id, _, _ in metadata)]

    def fields(kind: str, record_id: str) -> Fields:
        concurrent = [other for other in others if other != main_id] if record_id == main_id else [main_id]
        return [
            ("WARC-Type", kind),
            ("WARC-Record-ID", _bracketed(record_id)),
            ("WARC-Date", warc_date(exchange.sent_at)),
            ("WARC-Target-URI", target_uri_field(exchange.target_uri)),
            *(("WARC-Concurrent-To", _bracketed(other)) for other in concurrent),
            ("WARC-Warcinfo-ID", _bracketed(warcinfo_id)),
        ]

    records = [_request(exchange, fields("request", request_id))]
    if response is not None:
        kind, of_kind = ("revisit", _revisit) if exchange.original else ("response", _response)
        records.append(of_kind(exchange, response, fields(kind, main_id)))
    for record_id, content_type, block in metadata:
        records.append(_small(fields("metadata", record_id), content_type, block))
    return records


def warcinfo_record(filename: str, record_id: str, about: Mapping[str, str]) -> Record:
    """The record that opens a file and says who made it, with what and how."""
    fields = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", _bracketed(record_id)),
        ("WARC-Date", warc_date(datetime.now(UTC))),
        ("WARC-Filename", filename),
    ]
    return _small(fields, WARC_FIELDS, _warc_fields(about.items()))


def write_record(record: Record, sink: Sink) -> None:
    """Write the record, uncompressed, with its closing blank lines.

    warcio parses and re-encodes an HTTP head that it is given as bytes
    (blanks collapse, folded lines merge, lines without colon vanish, non-ASCII
    is percent-encoded), and recomputes digests where ``length`` is missing;
    hence the head in a shell of its own and every length and digest given.
    """
    _check(record)
    headers = StatusAndHeaders("", list(record.fields), protocol=VERSION)
    length = len(record.start) + record.rest_length
    warc_type = record.fields[0][1]
    shell = ArcWarcRecord(
        "warc",
        warc_type,
        headers,
        record.rest,
        _Verbatim(record.start),
        None,
        length,
        payload_length=record.rest_length,
    )
    _Writer(sink, gzip=False, warc_version=VERSION).write_record(shell)


def warc_date(moment: datetime) -> str:
    """A moment as WARC-Date: UTC, microseconds, ``Z``."""
    if moment.tzinfo is None:
        raise UnfitField(f"{moment!r}: a moment without time zone, expected UTC")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sha1_field(digest: bytes) -> str:
    """A SHA-1 as in WARC-Payload-Digest: ``sha1:`` and base32."""
    return "sha1:" + base64.b32encode(digest).decode("ascii")


def target_uri_field(uri: str) -> str:
    """The URI, with what cannot stand in a URI percent-encoded.

    A URI sent over HTTP has nothing to encode; a blank, control or non-ASCII
    character (or one of the brackets around the fields of WARC/1.0) could
    forge a field or break the line of an index.
    """

    def encoded(match: re.Match[str]) -> str:
        return "".join(f"%{octet:02X}" for octet in match[0].encode("utf-8", "surrogatepass"))

    return _NOT_IN_A_URI.sub(encoded, uri)


class _Verbatim:
    """An HTTP head that warcio writes as it is."""

    def __init__(self, head: bytes) -> None:
        self.headers_buff = head

    def compute_headers_buffer(self, header_filter: object) -> None:
        """Nothing is computed: the bytes are those of the wire."""


class _Writer(WARCWriter):  # type: ignore[misc]  # warcio ships no types
    """warcio's writer without its digests, which count chunk framing to the payload."""

    def ensure_digest(self, record: object, *, block: bool = True, payload: bool = True) -> None:
        """Nothing to compute: a record comes with the digests that it has."""


def _request(exchange: Exchange, fields: Fields) -> Record:
    _head, _blank_line, body = exchange.request.partition(b"\r\n\r\n")
    fields += _connection(exchange)
    fields += [
        ("WARC-Block-Digest", sha1_field(_sha1(exchange.request))),
        # The digest of nothing where there is no body, as other crawlers write it.
        ("WARC-Payload-Digest", sha1_field(_sha1(body))),
        ("Content-Type", HTTP_REQUEST),
    ]
    return Record(fields=fields, start=exchange.request)


def _response(exchange: Exchange, response: Message, fields: Fields) -> Record:
    fields += _connection(exchange)
    fields += [
        ("WARC-Block-Digest", sha1_field(response.block_sha1)),
        ("WARC-Payload-Digest", sha1_field(response.payload_sha1)),
    ]
    if response.truncated is not None:
        fields.append(("WARC-Truncated", response.truncated))
    fields.append(("Content-Type", HTTP_RESPONSE))
    length = response.body.seek(0, io.SEEK_END)
    if length != response.body_length:
        raise ValueError(
            f"{exchange.target_uri}: a body of {length} bytes was handed over as {response.body_length} bytes"
        )
    response.body.seek(0)
    return Record(fields=fields, start=response.head, rest=response.body, rest_length=length)


def _revisit(exchange: Exchange, response: Message, fields: Fields) -> Record:
    """The new head, and where its body is (WARC 1.1 section 6.7.2)."""
    original = exchange.original
    if original is None:
        raise ValueError(f"{exchange.target_uri}: no original, expected one for a revisit")
    fields += _connection(exchange)
    fields += [
        ("WARC-Profile", IDENTICAL_PAYLOAD),
        ("WARC-Refers-To", _bracketed(original.record_id)),
        # Replay tools find the original by these two alone.
        ("WARC-Refers-To-Target-URI", original.target_uri),
        ("WARC-Refers-To-Date", original.date),
        ("WARC-Block-Digest", sha1_field(_sha1(response.head))),
        ("WARC-Payload-Digest", sha1_field(response.payload_sha1)),
        ("WARC-Truncated", "length"),
        ("Content-Type", HTTP_RESPONSE),
    ]
    return Record(fields=fields, start=response.head)


def _small(fields: Fields, content_type: str, block: bytes) -> Record:
    digest = sha1_field(_sha1(block))
    return Record(
        fields=[*fields, ("WARC-Block-Digest", digest), ("Content-Type", content_type)], start=block
    )


def _connection(exchange: Exchange) -> Fields:
    address = [("WARC-IP-Address", exchange.ip_address)] if exchange.ip_address else []
    return [*address, *(("WARC-Protocol", protocol) for protocol in exchange.protocols)]


def _metadata(exchange: Exchange) -> Iterable[tuple[str, bytes]]:
    """Content type and block of each metadata record; none where all went well."""
    if exchange.interim:
        yield HTTP_RESPONSE, exchange.interim
    said = [("problem", problem) for problem in exchange.problems]
    if exchange.error is not None:
        said.append(("error", exchange.error))
    if exchange.certificate not in {None, "ok"}:
        said.append(("certificate", str(exchange.certificate)))
    if said:
        yield WARC_FIELDS, _warc_fields(said)


def _warc_fields(pairs: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{one_line(name)}: {one_line(value)}\r\n" for name, value in pairs).encode("utf-8")


def one_line(text: str) -> str:
    r"""The text with all that is not printable written as ``\n``, ``\x85``, ``\u202e`` and so on."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def _check(record: Record) -> None:
    seen: set[str] = set()
    for name, value in record.fields:
        if _FORBIDDEN.search(value) or not value.strip():
            raise UnfitField(f"{name}: {value!r} is not a line of printable ASCII")
        if name in seen and name not in REPEATABLE:
            raise UnfitField(f"{name}: {value!r} is a second value, expected one")
        seen.add(name)


def _bracketed(record_id: str) -> str:
    return f"<{record_id}>"


def _sha1(octets: bytes) -> bytes:
    return hashlib.sha1(octets, usedforsecurity=False).digest()
