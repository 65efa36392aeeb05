from __future__ import annotations

import base64
import gzip
import hashlib
import io
from datetime import datetime

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from crawler.warc.records import (
    UnfitField,
    exchange_records,
    one_line,
    target_uri_field,
    warcinfo_record,
    write_record,
)
from tests.warc.exchanges import make_exchange

INFO = "urn:uuid:00000000-0000-4000-8000-000000000000"
NOTHING = "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"

ODD_HEAD = (
    b"HTTP/1.1  200 oK\r\n"
    b"X-oDd:   two  blanks \r\n"
    b"X-Fold: a\r\n  b\r\n\tc\r\n"
    b"no colon here\r\n"
    b"X-Latin: caf\xe9 \xff\r\n"
    b"X-Utf8: \xc3\xa9\r\n"
    b"X-Nul: a\x00b\r\n"
    b"\r\n"
)


def written(exchange) -> list[bytes]:
    """The records of the exchange as written, one element each."""
    records = []
    for record in exchange_records(exchange, warcinfo_id=INFO):
        out = io.BytesIO()
        write_record(record, out)
        records.append(out.getvalue())
    return records


def parsed(record: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """Named fields and block, by the letter of the specification."""
    header, _, rest = record.partition(b"\r\n\r\n")
    first, *lines = header.decode("ascii").split("\r\n")
    assert first == "WARC/1.1"
    fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    length = int(dict(fields)["Content-Length"])
    assert rest[length:] == b"\r\n\r\n"
    return fields, rest[:length]


@pytest.mark.parametrize(
    "head",
    [
        ODD_HEAD,
        ODD_HEAD.replace(b"\r\n", b"\n"),
        b"HTTP/1.1 200\r\n\r\n",
        b"ICY 200 OK\r\nX: 1\r\n\r\n",
        b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"",
    ],
    ids=["odd", "line feeds only", "no reason", "ICY", "blank lines first", "HTTP/0.9"],
)
def test_a_response_is_stored_byte_for_byte(exchange, head):
    body = b"3;e=1\r\nabc\r\n0\r\nT: 1\r\n\r\n"
    _, block = parsed(written(exchange(body, head=head))[1])
    assert block == head + body


def test_a_request_is_stored_byte_for_byte(exchange):
    request = b"POST /x HTTP/1.1\r\nhOST:  x\r\nX: caf\xe9\r\nContent-Length: 3\r\n\r\na=b"
    fields, block = parsed(written(exchange(request=request))[0])
    assert block == request
    assert dict(fields)["WARC-Payload-Digest"] == "sha1:" + _base32(b"a=b")


def _base32(octets: bytes) -> str:
    return base64.b32encode(hashlib.sha1(octets).digest()).decode()


def test_the_response_record_has_the_fields_of_warc_1_1(exchange):
    made = exchange(
        b"3\r\nabc\r\n0\r\n\r\n",
        payload=b"abc",
        ip_address="192.0.2.7",
        protocols=("http/1.1", "tls/1.3"),
        truncated="length",
    )
    request, response = (parsed(record)[0] for record in written(made))
    request_id = dict(request)["WARC-Record-ID"]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    assert response == [
        ("WARC-Type", "response"),
        ("WARC-Record-ID", f"<{made.record_id}>"),
        ("WARC-Date", "2026-11-23T15:43:00.123456Z"),
        ("WARC-Target-URI", "http://blog.example/post"),
        ("WARC-Concurrent-To", request_id),
        ("WARC-Warcinfo-ID", f"<{INFO}>"),
        ("WARC-IP-Address", "192.0.2.7"),
        ("WARC-Protocol", "http/1.1"),
        ("WARC-Protocol", "tls/1.3"),
        ("WARC-Block-Digest", "sha1:" + _base32(head + b"3\r\nabc\r\n0\r\n\r\n")),
        ("WARC-Payload-Digest", "sha1:" + _base32(b"abc")),
        ("WARC-Truncated", "length"),
        ("Content-Type", "application/http;msgtype=response"),
        ("Content-Length", str(len(head) + 13)),
    ]


def test_the_request_record_names_its_response_and_shares_date_and_address(exchange):
    made = exchange(ip_address="2001:db8::1", protocols=("http/1.1",))
    fields = dict(parsed(written(made)[0])[0])
    assert fields["WARC-Concurrent-To"] == f"<{made.record_id}>"
    assert fields["WARC-Date"] == "2026-11-23T15:43:00.123456Z"
    assert fields["WARC-IP-Address"] == "2001:db8::1"
    assert fields["WARC-Protocol"] == "http/1.1"
    assert fields["Content-Type"] == "application/http;msgtype=request"
    assert fields["WARC-Payload-Digest"] == NOTHING


def test_an_exchange_without_answer_keeps_its_request_under_its_identifier(exchange):
    made = exchange(response=None, error="connection reset")
    request, metadata = (parsed(record) for record in written(made))
    assert dict(request[0])["WARC-Type"] == "request"
    assert dict(request[0])["WARC-Record-ID"] == f"<{made.record_id}>"
    assert dict(request[0])["WARC-Concurrent-To"] == dict(metadata[0])["WARC-Record-ID"]
    assert dict(metadata[0])["WARC-Concurrent-To"] == f"<{made.record_id}>"
    assert metadata[1] == b"error: connection reset\r\n"


def test_interim_messages_and_remarks_stand_in_metadata_records_of_their_own(exchange):
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    made = exchange(interim=interim, problems=["bare LF", "4 bytes after the message"], certificate="expired")
    _, response, first, second = (parsed(record) for record in written(made))
    assert [value for name, value in response[0] if name == "WARC-Concurrent-To"][1:] == [
        dict(first[0])["WARC-Record-ID"],
        dict(second[0])["WARC-Record-ID"],
    ]
    assert dict(first[0])["Content-Type"] == "application/http;msgtype=response"
    assert first[1] == interim
    assert dict(second[0])["Content-Type"] == "application/warc-fields"
    assert second[1] == b"problem: bare LF\r\nproblem: 4 bytes after the message\r\ncertificate: expired\r\n"


@pytest.mark.parametrize("certificate", [None, "ok"])
def test_nothing_is_said_where_there_is_nothing_to_say(exchange, certificate):
    assert len(written(exchange(certificate=certificate))) == 2


def test_warcinfo_names_its_file_and_what_made_it():
    out = io.BytesIO()
    write_record(warcinfo_record("a.warc.gz", INFO, {"software": "x/1", "operator": "Ann Ö"}), out)
    header = out.getvalue().decode()
    assert "WARC-Type: warcinfo\r\n" in header
    assert "WARC-Filename: a.warc.gz\r\n" in header
    assert "Content-Type: application/warc-fields\r\n" in header
    assert header.endswith("software: x/1\r\noperator: Ann Ö\r\n\r\n\r\n")


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=100))
def test_arbitrary_bytes_come_back_from_other_readers(head, body, interim):
    made = make_exchange(body, head=head, request=b"GET / HTTP/1.1\r\n\r\n" + body, interim=interim)
    plain = b"".join(written(made))
    compressed = b"".join(gzip.compress(record) for record in written(made_again(made, body)))
    expected = [b"GET / HTTP/1.1\r\n\r\n" + body, head + body] + ([interim] if interim else [])
    assert [
        record.raw_stream.read() for record in ArchiveIterator(io.BytesIO(plain), no_record_parse=True)
    ] == (expected)
    assert [
        record.reader.read() for record in FastIterator(io.BytesIO(compressed), parse_http=False)
    ] == expected


def made_again(exchange, body: bytes):
    exchange.response.body.seek(0)
    return exchange


SITE_TEXT = st.text(max_size=60) | st.sampled_from(
    ["x\r\nWARC-Type: warcinfo", "a\nb", "a\rb", "\0", "\u202e", "\u2028", "\x85", "\udc80", "é", "<x>", " "]
)


@given(uri=SITE_TEXT, problem=SITE_TEXT, error=SITE_TEXT, certificate=SITE_TEXT)
def test_no_text_of_a_site_forges_a_field(uri, problem, error, certificate):
    made = make_exchange(
        target_uri="http://x/" + uri, problems=[problem], error=error, certificate=certificate or "expired"
    )
    for record in written(made):
        fields, block = parsed(record)
        names = [name for name, _ in fields]
        assert set(names) <= {
            "WARC-Type",
            "WARC-Record-ID",
            "WARC-Date",
            "WARC-Target-URI",
            "WARC-Concurrent-To",
            "WARC-Warcinfo-ID",
            "WARC-Block-Digest",
            "WARC-Payload-Digest",
            "Content-Type",
            "Content-Length",
        }
        assert len(names) - len(set(names)) == (names.count("WARC-Concurrent-To") or 1) - 1
        if ("Content-Type", "application/warc-fields") in fields:
            lines = block.decode("utf-8").splitlines()
            assert [line.partition(": ")[0] for line in lines if line] == ["problem", "error"] + (
                ["certificate"] if certificate != "ok" else []
            )


@pytest.mark.parametrize(
    "uri",
    [
        "http://x/?page=1%2C1633",
        "http://x/?page=1,1633",
        "http://x/%e4?q=~!$&'()*+,;=:@[]",
        "http://[2001:db8::1]/",
    ],
)
def test_a_uri_stays_byte_for_byte(uri):
    assert target_uri_field(uri) == uri


def test_what_cannot_stand_in_a_uri_is_percent_encoded():
    assert target_uri_field("http://x/a b\r\né<>") == "http://x/a%20b%0D%0A%C3%A9%3C%3E"


@pytest.mark.parametrize(
    "more", [{"ip_address": "1.2.3.4\r\nX: y"}, {"protocols": ("http/1.1\0",)}, {"ip_address": "é"}]
)
def test_a_field_of_ours_that_is_no_line_is_refused(exchange, more):
    with pytest.raises(UnfitField, match="is not a line of printable ASCII"):
        written(exchange(**more))


def test_a_field_that_must_not_repeat_is_refused():
    record = warcinfo_record("a.warc.gz", INFO, {"software": "x"})
    record.fields.append(("WARC-Filename", "b.warc.gz"))
    with pytest.raises(UnfitField, match="second value"):
        write_record(record, io.BytesIO())


def test_a_moment_without_time_zone_is_refused(exchange):
    with pytest.raises(UnfitField, match="time zone"):
        written(exchange(sent_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_a_body_of_another_length_than_announced_is_refused(exchange):
    made = exchange(b"four")
    made.response.body_length = 5
    with pytest.raises(ValueError, match="a body of 4 bytes was handed over as 5 bytes"):
        written(made)


def test_unprintable_text_is_escaped():
    assert one_line("a\r\nb\x85\u2028\u202e\udc80é\0") == r"a\r\nb\x85\u2028\u202e\udc80é\x00"
