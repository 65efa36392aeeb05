"""The block of a record read through: digests taken and compared, what it holds looked at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.warc.digests import BadDigest, Digest, Digests, read_digest, written_like
from crawler.warc.finding import shown
from crawler.warc.http_rules import check_request, check_response_body, check_response_head
from crawler.warc.message import is_chunked, read_head
from crawler.warc.payload import Payload

if TYPE_CHECKING:
    from crawler.warc.header import Header
    from crawler.warc.message import Head
    from crawler.warc.report import Report

PIECE = 2**20
"""Bytes of a block that are in memory at a time; a head that is larger is none."""

_NAMED_FIELDS = re.compile(rb"(?:[^:\r\n\x00-\x1f]+:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n)*(?:\r\n)*")
_HTTP = re.compile(r'application/http(?:\s*;\s*msgtype\s*=\s*"?(request|response)"?)?\s*', re.IGNORECASE)
_HTTP_URI = re.compile(r"<?https?://", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*\r\n", re.IGNORECASE)


class Block:
    """Takes the block of one record piece by piece, and reports what is wrong with it."""

    def __init__(self, header: Header, offset: int, report: Report) -> None:
        self.start = b""
        """Its first bytes, at most PIECE; once there are any."""
        self.head: Head | None = None
        """Of the HTTP response in it; None where there is none."""
        self.method: str | None = None
        """Of the HTTP request in it; None where there is none."""
        self.payload: Payload | None = None
        """None where the record has none of its own."""
        self.bodiless: tuple[str, str] | None = None
        """What was found and expected of a response without the body that it announces; None for others."""
        self.digest_right: bool | None = None
        """Whether it is what its digest says; None where it has none that could be compared."""
        self._fields = header.fields
        self._kind = header.fields.get("warc-type", "")
        self._offset = offset
        self._report = report
        self._stated = self._digest("warc-block-digest")
        self._stated_payload = self._digest("warc-payload-digest")
        self._digests = Digests(self._stated.algorithm) if self._stated is not None else None

    def feed(self, piece: bytes) -> None:
        """Take the next bytes."""
        if self._digests is not None:
            self._digests.feed(piece)
        if not self.start:
            self.start = piece
            piece = self._begin(piece)
        if self.payload is not None:
            self.payload.feed(piece)

    def close(self) -> None:
        """It ended where it should: compare."""
        if not self.start:
            self._begin(b"")
        self._compare_block()
        if self.payload is not None:
            self.payload.close()
            self._compare_payload(self.payload)
            if self.head is not None:
                self._check_body(self.head, self.payload)
        if self.start:
            self._check_content_type()

    def _digest(self, name: str) -> Digest | None:
        """What a field states; None where it is not there, or cannot be compared."""
        text = self._fields.get(name)
        if text is None:
            return None
        try:
            digest = read_digest(text)
        except BadDigest:
            # Told of the field already.
            return None
        if digest.value is None:
            self._report.add(
                "digest-unknown", self._offset, f"{name}: {shown(text)}", "sha1, sha256, sha512 or md5"
            )
            return None
        return digest

    def _begin(self, start: bytes) -> bytes:
        """Look at the first bytes; gives those of them that are of the payload."""
        http = _HTTP_URI.match(self._fields.get("warc-target-uri", "")) is not None
        if self._kind == "request" and http:
            return self._begin_request(start)
        if self._kind in {"response", "revisit"} and http and self._is_http():
            return self._begin_response(start)
        if self._kind in {"response", "request", "resource", "conversion", "continuation"}:
            self.payload = self._make_payload(chunked=False)
        elif self._kind in {"warcinfo", "metadata"}:
            self._check_description(start)
        return start

    def _begin_response(self, start: bytes) -> bytes:
        if start:
            self.head = read_head(start)
            if "warc-truncated" not in self._fields or self.head.end < len(start):
                check_response_head(start, self.head, self._offset, self._report)
        if self._kind == "revisit":
            return b""
        self.payload = self._make_payload(chunked=self.head is not None and is_chunked(self.head))
        # Blank lines alone are passed over by a client that waits for a head (RFC 9112 section 2.2).
        return start[self.head.end :] if self.head is not None and start.strip(b"\r\n") else b""

    def _begin_request(self, start: bytes) -> bytes:
        uri = self._fields["warc-target-uri"].strip("<>").partition("#")[0]
        self.method = check_request(start, uri, self._offset, self._report)
        head, end, body = start.partition(b"\r\n\r\n")
        self.payload = self._make_payload(chunked=_CHUNKED.search(head + end) is not None)
        return body

    def _make_payload(self, *, chunked: bool) -> Payload:
        stated = self._stated_payload
        return Payload(stated.algorithm if stated is not None else None, chunked=chunked)

    def _is_http(self) -> bool:
        return self._fields.get("content-type", "application/http").lower().startswith("application/http")

    def _check_description(self, start: bytes) -> None:
        """What is said in named fields, or in interim answers."""
        media_type = self._fields.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == "application/warc-fields" and len(start) < PIECE:
            fields = _NAMED_FIELDS.match(start)
            if fields is not None and fields.end() < len(start):
                rest = start[fields.end() :].splitlines(keepends=True)[0]
                self._report.add("warc-fields", self._offset, shown(rest), "lines like 'name: value'")
        elif media_type == "application/http" and start:
            check_response_head(start, read_head(start), self._offset, self._report)

    def _compare_block(self) -> None:
        if self._stated is None or self._digests is None:
            return
        found = self._digests[self._stated.algorithm]
        self.digest_right = found == self._stated.value
        if not self.digest_right:
            text = self._fields["warc-block-digest"]
            self._report.add("block-digest", self._offset, written_like(text, found), text)

    def _compare_payload(self, payload: Payload) -> None:
        stated = self._stated_payload
        # That of a record in segments is of all of them.
        if stated is None or "warc-segment-number" in self._fields:
            return
        found = payload.digest(stated.algorithm)
        if stated.value in (found, payload.begun_digest(stated.algorithm)):
            return
        text = self._fields["warc-payload-digest"]
        of_chunks = stated.value == payload.raw_digest(stated.algorithm)
        if of_chunks:
            self._report.add(
                "payload-digest-of-chunks", self._offset, f"{text}, of the chunks", written_like(text, found)
            )
        else:
            self._report.add("payload-digest", self._offset, written_like(text, found), text)

    def _check_body(self, head: Head, payload: Payload) -> None:
        cut = "warc-truncated" in self._fields or "warc-segment-number" in self._fields
        self.bodiless = check_response_body(head, payload, self._offset, self._report, truncated=cut)

    def _check_content_type(self) -> None:
        stated = self._fields.get("content-type")
        if stated is None:
            if self._kind != "continuation":
                self._report.add("content-type", self._offset, "none", "one where there is a block")
            return
        uri = self._fields.get("warc-target-uri", "")
        if self._kind in {"request", "response"} and _HTTP_URI.match(uri):
            form = _HTTP.fullmatch(stated)
            if form is None or (form[1] or self._kind).lower() != self._kind:
                self._report.add(
                    "content-type", self._offset, shown(stated), f"application/http;msgtype={self._kind}"
                )
