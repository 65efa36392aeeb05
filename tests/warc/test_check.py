"""What ``checked_records`` finds in whole archives, and in damaged ones."""

from __future__ import annotations

import asyncio
import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.warc.check import checked_records
from crawler.warc.checked import CheckedRecord
from crawler.warc.files import _compressor
from crawler.warc.finding import Finding
from crawler.warc.rules import RULES
from crawler.warc.writer import WarcWriter
from tests.warc.exchanges import make_exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.warc.exchange import Exchange

NAME = "blog-00000.warc.gz"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def write(folder: Path, exchanges: Sequence[Exchange]) -> bytes:
    """A file of ours with the exchanges."""

    async def writing() -> None:
        writer = WarcWriter(folder, "blog", warcinfo={"software": "blogarchive/0.1.0"})
        for exchange in exchanges:
            await writer.write(exchange)
        await writer.close()

    asyncio.run(writing())
    return (folder / NAME).read_bytes()


def look(octets: bytes, name: str = NAME) -> tuple[list[Finding], list[CheckedRecord]]:
    """Findings and records."""
    seen = list(checked_records(io.BytesIO(octets), name))
    return (
        [found for found in seen if isinstance(found, Finding)],
        [found for found in seen if isinstance(found, CheckedRecord)],
    )


@pytest.fixture
def whole(tmp_path) -> bytes:
    exchanges = [
        make_exchange(b"<p>hello"),
        make_exchange(b"5\r\nhello\r\n0\r\n\r\n", head=CHUNKED, payload=b"hello"),
        make_exchange(b"<p>cut", truncated="disconnect", problems=["connection closed within the body"]),
        make_exchange(response=None, error="no route to host"),
    ]
    return write(tmp_path, exchanges)


def test_a_whole_archive_of_ours_is_found_to_be_one(whole):
    findings, records = look(whole)
    assert findings == []
    kinds = "warcinfo request response request response request response metadata request metadata"
    assert [record.kind for record in records] == kinds.split()
    assert all(record.sound for record in records)
    assert sum(record.length for record in records) == len(whole)


# --- Damage ---


def test_an_answer_of_blank_lines_alone_has_no_body(tmp_path):
    flood = make_exchange(b"", head=b"\r\n" * 5000, truncated="length", problems=["no head was seen"])
    findings, _ = look(write(tmp_path, [flood]))
    assert [(found.rule, found.severity) for found in findings] == [("http-head", "note")]


def members(octets: bytes) -> list[bytes]:
    """The gzip members of a whole file."""
    _, records = look(octets)
    return [octets[record.offset : record.offset + record.length] for record in records]


def rules(octets: bytes, name: str = NAME) -> dict[str, int | None]:
    """Offset of the first error of each rule."""
    found: dict[str, int | None] = {}
    for finding in look(octets, name)[0]:
        if finding.severity == "error":
            found.setdefault(finding.rule, finding.offset)
    return found


def edited(octets: bytes, number: int, old: bytes, new: bytes) -> bytes:
    """The file with a change in one record, compressed anew as by our writer."""
    parts = members(octets)
    record = gzip.decompress(parts[number])
    assert old in record
    compressor = _compressor()
    parts[number] = compressor.compress(record.replace(old, new, 1)) + compressor.flush()
    return b"".join(parts)


EDITS: dict[str, tuple[int, bytes, bytes, str]] = {
    "an unknown version": (2, b"WARC/1.1", b"WARC/1.2", "version"),
    "no version at all": (2, b"WARC/1.1", b"WORC/1.1", "version"),
    "LF for CR LF": (2, b"response\r\n", b"response\n", "line-end"),
    "a bare CR": (2, b"WARC-Type: ", b"WARC-Type: \r", "line-end"),
    "a control character": (2, b"WARC-Type: ", b"WARC-Type: \x01", "control-character"),
    "bytes that are no UTF-8": (2, b"WARC-Type: ", b"WARC-Type: \xff", "field-encoding"),
    "a line without colon": (2, b"WARC-Type: ", b"nonsense\r\nWARC-Type: ", "field-line"),
    "a blank before the colon": (2, b"WARC-Type:", b"WARC-Type :", "field-line"),
    "no type": (2, b"WARC-Type: response\r\n", b"", "field-missing"),
    "no date": (2, b"WARC-Date", b"WARC-Datum", "field-missing"),
    "no target URI": (2, b"WARC-Target-URI", b"WARC-Target", "field-missing"),
    "no identifier": (2, b"WARC-Record-ID", b"WARC-Record", "field-missing"),
    "no block digest": (2, b"WARC-Block-Digest", b"X-Digest", "own-field-missing"),
    "no payload digest": (2, b"WARC-Payload-Digest", b"X-Digest", "own-field-missing"),
    "no warcinfo named": (2, b"WARC-Warcinfo-ID", b"X-Warcinfo", "own-field-missing"),
    "the type twice": (2, b"WARC-Type: ", b"WARC-Type: response\r\nWARC-Type: ", "field-repeated"),
    "a file name in a response": (2, b"WARC-Type", b"WARC-Filename: a\r\nWARC-Type", "field-forbidden"),
    "a field that nobody knows": (2, b"WARC-Type", b"WARC-Tipe: a\r\nWARC-Type", "field-unknown"),
    "a type that nobody knows": (2, b"response\r\n", b"respons\r\n", "type-unknown"),
    "a reason that nobody knows": (6, b"disconnect\r\n", b"disconect\r\n", "truncated-reason"),
    "a date that is none": (2, b"2026-11-23T", b"2026-13-23T", "field-value"),
    "a date without zone": (2, b".123456Z", b".123456", "field-value"),
    "another date": (2, b"2026-11-23T", b"2026-11-24T", "concurrent-date"),
    "another target": (
        1,
        b"URI: http://blog.example/post",
        b"URI: http://blog.example/pest",
        "request-target",
    ),
    "another host": (1, b"Host: blog.example", b"Host: evil.example", "request-target"),
    "a target in brackets": (2, b"http://blog.example/post", b"<http://blog.example/post>", "field-value"),
    "a blank in a target": (2, b"blog.example/post", b"blog.example/po st", "field-value"),
    "an identifier without brackets": (2, b"-ID: <urn", b"-ID: urn", "field-value"),
    "an identifier that is no UUID": (2, b"<urn:uuid:", b"<urn:uuid:x", "field-value"),
    "a digest of no form": (2, b"Block-Digest: sha1:", b"Block-Digest: sha1:!", "field-value"),
    "a digest too short": (2, b"Block-Digest: sha1:", b"Block-Digest: sha256:", "field-value"),
    "a digest of no known kind": (2, b"Block-Digest: sha1:", b"Block-Digest: crc9:", "digest-unknown"),
    "another length": (2, b"Content-Length: ", b"Content-Length: 1", "block-short"),
    "a length that is none": (2, b"Content-Length: ", b"Content-Length: x", "block-short"),
    "a block that is longer": (2, b"<p>hello", b"<p>hello there", "record-end"),
    "a block that is shorter": (2, b"<p>hello", b"<p>", "block-short"),
    "another byte in a block": (2, b"<p>hello", b"<p>hallo", "block-digest"),
    "another byte in a payload": (2, b"<p>hello", b"<p>hallo", "payload-digest"),
    "no blank lines at the end": (2, b"<p>hello\r\n\r\n", b"<p>hello", "record-end"),
    "one blank line too much": (2, b"<p>hello\r\n\r\n", b"<p>hello\r\n\r\n\r\n", "version"),
    "another media type": (2, b"application/http", b"text/plain", "content-type"),
    "a request for a response": (2, b"msgtype=response", b"msgtype=request", "content-type"),
    "a request that is none": (1, b" HTTP/1.1", b" XTTP/1.1", "request-head"),
    "no mark that it is cut": (4, b"0\r\n\r\n\r\n\r\n", b"1\r\n\r\n\r\n\r\n", "http-cut"),
    "no name back": (1, b"WARC-Concurrent-To", b"X-To", "concurrent-one-way"),
    "a name of nobody": (1, b"-To: <urn:uuid:", b"-To: <urn:uuie:", "concurrent-missing"),
    "another warcinfo": (2, b"Warcinfo-ID: <urn:uuid:", b"Warcinfo-ID: <urn:uuie:", "warcinfo-unknown"),
    "an address that is none": (1, b"WARC-Block", b"WARC-IP-Address: 1.2.3\r\nWARC-Block", "field-value"),
    "named fields that are none": (7, b"problem: ", b"problem ", "warc-fields"),
}


@pytest.mark.parametrize("damage", EDITS)
def test_a_record_that_was_changed_is_found(whole, damage):
    number, old, new, rule = EDITS[damage]
    changed = edited(whole, number, old, new)
    offset = len(b"".join(members(whole)[:number]))
    found = rules(changed)
    assert rule in found
    assert rule == "concurrent-one-way" or found[rule] in {offset, offset - len(members(whole)[number - 1])}


@pytest.mark.parametrize("number", range(10))
def test_a_record_that_is_gone_is_found(whole, number):
    parts = members(whole)
    del parts[number]
    assert {"concurrent-missing", "warcinfo-unknown"} & rules(b"".join(parts)).keys()


@pytest.mark.parametrize("number", range(10))
def test_a_record_that_stands_twice_is_found(whole, number):
    parts = members(whole)
    parts.insert(number, parts[number])
    assert "record-id-twice" in rules(b"".join(parts))


@pytest.mark.parametrize("number", [0, 1, 3, 5, 6])
def test_records_of_a_capture_that_changed_places_are_found(whole, number):
    parts = members(whole)
    parts[number], parts[number + 1] = parts[number + 1], parts[number]
    assert {"exchange-order", "warcinfo-first"} & rules(b"".join(parts)).keys()


@pytest.mark.parametrize("number", range(11))
def test_bytes_that_belong_to_no_record_are_found(whole, number):
    parts = members(whole)
    offset = len(b"".join(parts[:number]))
    parts.insert(number, b"garbage")
    assert rules(b"".join(parts)) == {"between-records": offset}


def test_records_that_share_a_member_are_found(whole):
    parts = members(whole)
    joined = gzip.compress(gzip.decompress(parts[3]) + gzip.decompress(parts[4]), mtime=0)
    offset = len(b"".join(parts[:3]))
    assert rules(b"".join([*parts[:3], joined, *parts[5:]]))["shared-member"] == offset


def test_a_plain_file_under_the_name_of_a_gzip_file_is_found(whole):
    plain = gzip.decompress(whole)
    assert rules(plain) == {"compression": 0}
    assert rules(plain, NAME.removesuffix(".gz")) == {}


def test_a_file_without_any_record_is_found():
    assert rules(b"") == {"empty": None}


def test_a_file_that_ends_anywhere_within_its_last_record_is_found(whole):
    last = len(whole) - len(members(whole)[-1])
    for end in range(last + 1, len(whole)):
        assert rules(whole[:end])["cut"] == last, end
    assert "concurrent-missing" in rules(whole[:last])


def test_a_plain_file_that_ends_anywhere_within_its_last_record_is_found(whole):
    plain = gzip.decompress(whole)
    last = look(plain, "blog.warc")[1][-1].offset
    for end in range(last + 1, len(plain)):
        assert rules(plain[:end], "blog.warc")["cut"] == last, end


def test_any_bit_that_is_turned_is_found_unless_the_records_are_the_same(whole):
    inflated = gzip.decompress(whole)
    for place in range(len(whole)):
        turned = bytearray(whole)
        turned[place] ^= 1 << place % 8
        if not rules(bytes(turned)):
            # Bits behind the end of the compressed data say nothing.
            assert gzip.decompress(bytes(turned)) == inflated, place


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_in_a_file_makes_it_raise(data):
    pieces = st.sampled_from(
        [
            b"WARC/1.1\r\n",
            b"WARC/1.0\r\n",
            b"WARC-Type: response\r\n",
            b"Content-Length: 5\r\n",
            b"\r\n",
            b"\r\n\r\n",
            b"hello",
            b"\x1f\x8b\x08",
            gzip.compress(b"WARC/1.1\r\nContent-Length: 0\r\n\r\n\r\n\r\n"),
            b"WARC-Target-URI: http://[\r\n",
            b"Content-Type: application/http\r\n",
            b"HTTP/1.1 200 OK\r\n",
        ]
    )
    octets = b"".join(data.draw(st.lists(pieces | st.binary(max_size=20), max_size=25)))
    for name in (NAME, "blog.warc"):
        assert look(octets, name)[0]


def test_the_documentation_lists_every_rule_with_its_meaning():
    page = (Path(__file__).parents[2] / "docs" / "verify.md").read_text("utf-8")
    page = page.partition("\n## WARC files")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert rows == [
        [f"`{code}`", rule.own, rule.other or "not asked", rule.meaning, rule.source]
        for code, rule in RULES.items()
    ]
