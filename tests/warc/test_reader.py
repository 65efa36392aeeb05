from __future__ import annotations

import asyncio
import gzip
import http.server
import io
import random
import subprocess
import sys
import textwrap
import threading
import zipfile
import zlib
from pathlib import Path

import pytest
from fastwarc.warc import WarcRecord, WarcRecordType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.warcwriter import WARCWriter

from crawler.warc.codings import brotli
from crawler.warc.reader import ArchivedResponse, BadRecord, NotAnArchive, read_records
from crawler.warc.writer import WarcWriter
from tests.warc.exchanges import make_exchange

ROOT = Path(__file__).parents[2]
PAGE = b"<p>hi"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def record(
    block: bytes, kind: str = "response", *, version: str = "1.1", number: int = 1, **fields: str
) -> bytes:
    """A plain record by the letter; a field of ``""`` is left out, ``_`` in a name stands for ``-``."""
    all_fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012}>",
        "WARC-Date": "2016-04-07T12:00:00Z",
        "WARC-Target-URI": f"http://blog.example/{number}",
        "Content-Type": "application/http; msgtype=response"
        if kind != "warcinfo"
        else "application/warc-fields",
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    header = "".join(f"{name}: {value}\r\n" for name, value in all_fields.items() if value)
    return f"WARC/{version}\r\n{header}\r\n".encode() + block + b"\r\n\r\n"


def page(number: int = 1, body: bytes = PAGE, head: bytes = OK, **fields: str) -> bytes:
    return record(head + b"\r\n" + body, number=number, **fields)


def found(*paths: Path, **more) -> tuple[list[ArchivedResponse], list[BadRecord]]:
    """Responses and bad records of the archives."""
    everything = list(read_records(*paths, **more))
    return (
        [one for one in everything if isinstance(one, ArchivedResponse)],
        [one for one in everything if isinstance(one, BadRecord)],
    )


def written(folder: Path, *octets: bytes, name: str = "a.warc") -> Path:
    path = folder / name
    path.write_bytes(b"".join(octets))
    return path


def only(folder: Path, *octets: bytes, **more) -> ArchivedResponse:
    """The one response of an archive of these bytes, which has no fault."""
    [response], faults = found(written(folder, *octets), **more)
    assert faults == []
    return response


# What we write ourselves.


def capture(folder: Path, *exchanges) -> Path:
    async def writing() -> Path:
        writer = WarcWriter(folder, "own", warcinfo={"software": "x"})
        for exchange in exchanges:
            await writer.write(exchange)
        [file] = await writer.close()
        return folder / file.name

    return asyncio.run(writing())


def test_what_the_writer_wrote_is_read_back_with_the_same_location(tmp_path, exchange):
    async def writing():
        writer = WarcWriter(tmp_path, "own", warcinfo={"software": "x"})
        locations = [
            await writer.write(exchange(interim=b"HTTP/1.1 103 Early\r\n\r\n")),
            await writer.write(exchange(b"cut", truncated="time", problems=["odd"])),
        ]
        await writer.write(exchange(response=None, error="reset"))
        await writer.close()
        return locations

    locations = asyncio.run(writing())  # type: ignore[no-untyped-call]
    responses, faults = found(tmp_path / "own-00000.warc.gz")
    assert faults == []
    assert [response.location for response in responses] == locations
    assert [response.body for response in responses] == [PAGE, b"cut"]
    assert [response.cut for response in responses] == [None, "truncated: time"]
    assert responses[0].headers == [(b"Content-Type", b"text/html")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(body=st.binary(max_size=2000), values=st.lists(st.binary(max_size=40), max_size=5))
def test_arbitrary_bodies_and_fields_come_back(tmp_path, body, values):
    fields = [
        (b"X-%d" % number, value.translate(None, b"\r\n").strip()) for number, value in enumerate(values)
    ]
    head = b"HTTP/1.1 404 No\r\n" + b"".join(b"%s: %s\r\n" % field for field in fields) + b"\r\n"
    for old in tmp_path.iterdir():
        old.unlink()
    [response], faults = found(capture(tmp_path, make_exchange(body, head=head)))
    assert faults == []
    assert (response.status, response.headers, response.body) == (404, fields, body)


def test_a_file_still_being_written_bears_its_final_name(tmp_path):
    [response], _ = found(written(tmp_path, gzip.compress(page()), name="a-00000.warc.gz.open"))
    assert response.location.file == "a-00000.warc.gz"


# Files of all makes.


def test_a_plain_record_is_located_with_its_closing_lines(tmp_path):
    first, second = page(1), page(2)
    responses, _ = found(written(tmp_path, first, second))
    places = [(response.location.offset, response.location.length) for response in responses]
    assert places == [(0, len(first)), (len(first), len(second))]


@pytest.mark.parametrize("version", ["0.17", "0.18", "1.0", "1.1"])
def test_all_versions_are_read(tmp_path, version):
    response = only(
        tmp_path,
        page(
            version=version,
            WARC_Target_URI="<http://blog.example/x>",
            WARC_Date="2016-04-07T12:00:00.123456Z",
        ),
    )
    assert response.location.target_uri == "http://blog.example/x"
    assert response.location.record_id == "urn:uuid:00000000-0000-4000-8000-000000000001"
    assert response.location.date == "2016-04-07T12:00:00.123456Z"
    assert response.location.payload_digest is None


def test_the_payload_digest_is_that_of_the_record(tmp_path):
    assert only(tmp_path, page(WARC_Payload_Digest="sha256:abc")).location.payload_digest == "sha256:abc"


def test_a_date_with_an_offset_becomes_utc(tmp_path):
    assert only(tmp_path, page(WARC_Date="2016-04-07T12:00:00+02:00")).location.date == "2016-04-07T10:00:00Z"


def test_records_compressed_as_one_are_read_at_the_place_of_their_member(tmp_path):
    whole = gzip.compress(b"".join(page(number) for number in range(5)))
    responses, faults = found(written(tmp_path, whole, gzip.compress(page(5))))
    assert faults == []
    assert [response.location.target_uri[-1] for response in responses] == list("012345")
    places = {(response.location.offset, response.location.length) for response in responses[:5]}
    assert places == {(0, len(whole))}
    assert responses[5].location.offset == len(whole)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_wacz_is_read_by_its_entries(tmp_path, compression):
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w", compression) as wacz:
        wacz.writestr("datapackage.json", "{}")
        wacz.writestr("archive/one.warc.gz", gzip.compress(page(1)) + gzip.compress(page(2)))
        wacz.writestr("archive/two.warc", page(3))
        wacz.writestr("indexes/index.cdx.gz", b"no WARC")
    responses, faults = found(path)
    assert faults == []
    assert [response.location.file for response in responses] == ["one.warc.gz", "one.warc.gz", "two.warc"]
    assert responses[1].location.offset == len(gzip.compress(page(1)))


def test_what_wget_writes_is_read(tmp_path, optional, blog):
    import shutil  # noqa: PLC0415

    optional(shutil.which("wget"), "wget is not installed")
    command = [
        "wget",
        "-q",
        "--no-verbose",
        "-O",
        "/dev/null",
        "--warc-file",
        "w",
        blog + "/page",
        blog + "/chunked",
    ]
    subprocess.run(
        command, cwd=tmp_path, check=True, timeout=60, env={"PATH": "/usr/bin:/bin", "no_proxy": "*"}
    )
    responses, faults = found(tmp_path / "w.warc.gz", wanted=lambda _, media_type: media_type == "text/html")
    assert faults == []
    assert [response.body for response in responses] == [b"<p>page", b"<p>chunked"]
    assert [response.location.target_uri for response in responses] == [blog + "/page", blog + "/chunked"]


def test_what_warcio_captures_is_read(tmp_path, blog):
    script = f"""
        from warcio.capture_http import capture_http
        import http.client
        with capture_http({str(tmp_path / "c.warc.gz")!r}):
            for path in ("/page", "/chunked"):
                connection = http.client.HTTPConnection({blog.removeprefix("http://")!r})
                connection.request("GET", path)
                connection.getresponse().read()
                connection.close()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=60)
    responses, faults = found(tmp_path / "c.warc.gz")
    assert faults == []
    assert [response.body for response in responses] == [b"<p>page", b"<p>chunked"]


def test_what_fastwarc_writes_is_read(tmp_path):
    made = WarcRecord()
    made.init_headers(WarcRecordType.response)
    made.headers["WARC-Target-URI"] = "http://blog.example/"
    made.is_http = True
    made.headers["Content-Type"] = "application/http; msgtype=response"
    made.set_bytes_content(OK + b"\r\n" + PAGE)
    out = io.BytesIO()
    made.write(out, checksum_data=True)
    response = only(tmp_path, gzip.compress(out.getvalue()))
    assert response.body == PAGE
    assert response.location.date.endswith("Z")


def test_what_warcio_writes_is_read(tmp_path):
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    block = OK + b"\r\n" + PAGE
    made = writer.create_warc_record(
        "http://blog.example/", "response", payload=io.BytesIO(block), length=len(block)
    )
    writer.write_record(made)
    response = only(tmp_path, out.getvalue())
    assert response.body == PAGE
    assert response.location.payload_digest == made.rec_headers["WARC-Payload-Digest"]


@pytest.fixture(scope="module")
def blog():
    """Address of a server with two pages, one of them chunked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            if self.path == "/chunked":
                self.send_header("Transfer-Encoding", "chunked")
                body = b"3\r\n<p>\r\n7\r\nchunked\r\n0\r\n\r\n"
            else:
                body = b"<p>page"
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


# Which records count.


def test_only_answers_over_http_are_given(tmp_path):
    octets = [
        record(b"software: x\r\n", "warcinfo", WARC_Target_URI=""),
        record(b"GET / HTTP/1.1\r\n\r\n", "request", number=2),
        record(b"via: x\r\n", "metadata", number=3),
        record(b"20160407 1.2.3.4", number=4, WARC_Target_URI="dns:blog.example", Content_Type="text/dns"),
        record(b"log", "resource", number=5, WARC_Target_URI="urn:pageinfo:x"),
        page(6),
    ]
    assert only(tmp_path, *octets).location.target_uri == "http://blog.example/6"


def test_a_resource_is_a_body_with_status_200(tmp_path):
    response = only(tmp_path, record(PAGE, "resource", Content_Type="text/html; charset=utf-8"))
    assert (response.kind, response.status, response.body) == ("resource", 200, PAGE)
    assert response.headers == [(b"Content-Type", b"text/html; charset=utf-8")]


def test_unwanted_responses_are_passed_over(tmp_path):
    octets = [
        page(1, head=b"HTTP/1.1 200 OK\r\ncontent-type: Text/HTML; charset=x\r\n"),
        page(2, head=b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"),
        page(3, head=b"HTTP/1.1 404 OK\r\nContent-Type: text/html\r\n"),
        record(b"x", "resource", number=4, Content_Type="image/png"),
    ]
    asked: list[tuple[int, str]] = []

    def wanted(status: int, media_type: str) -> bool:
        asked.append((status, media_type))
        return status == 200 and media_type == "text/html"

    assert only(tmp_path, *octets, wanted=wanted).location.target_uri == "http://blog.example/1"
    assert set(asked) == {(200, "text/html"), (200, "image/png"), (404, "text/html")}


def test_a_head_larger_than_what_is_peeked_at_is_judged_whole(tmp_path):
    head = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"Content-Type: text/html\r\n"
    response = only(tmp_path, page(head=head), wanted=lambda _, media_type: media_type == "text/html")
    assert response.body == PAGE


def test_a_page_that_is_cut_or_broken_is_flagged(tmp_path):
    octets = [
        page(1, WARC_Truncated="disconnect"),
        page(2, head=OK + b"Content-Length: 6\r\n"),
        page(3, head=OK + b"Transfer-Encoding: chunked\r\n", body=b"5\r\n<p>hi\r\n"),
        page(4, head=OK + b"Content-Encoding: gzip\r\n", body=gzip.compress(PAGE)[:-9]),
        page(5, head=OK + b"Content-Encoding: sdch\r\n"),
        page(6, WARC_Segment_Number="1"),
        page(7),
    ]
    responses, faults = found(written(tmp_path, *octets))
    assert faults == []
    assert [(response.cut, response.undecoded) for response in responses] == [
        ("truncated: disconnect", None),
        ("the body has 5 of 6 bytes", None),
        ("the chunks have no end", None),
        (None, "the compressed body ends early"),
        (None, "the content coding 'sdch' is not known"),
        ("the record is continued in another", None),
        (None, None),
    ]
    assert [response.whole for response in responses] == [False] * 6 + [True]
    assert [response.location.whole for response in responses] == [False] + [True] * 6


def test_a_body_over_the_limit_is_flagged_and_bounded(tmp_path):
    bomb = gzip.compress(bytes(3_000_000))
    octets = [
        page(1, head=OK + b"Content-Encoding: gzip\r\n", body=bomb),
        page(2, body=b"x" * 3_000_000),
        page(3, body=b"x" * 1000),
    ]
    responses, _ = found(written(tmp_path, *(gzip.compress(one) for one in octets)), max_body=1000)
    assert [len(response.body) for response in responses] == [1000, 1000, 1000]
    said = "the body has more than 1000 bytes"
    assert [response.undecoded for response in responses] == [said, said, None]


# Revisits.

SAME = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
DIGEST = "sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def revisit(block: bytes = b"HTTP/1.1 200 Again\r\nX: new\r\n\r\n", **fields: str) -> bytes:
    return record(block, "revisit", **{"number": 9, "WARC_Profile": SAME, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pointer",
    [
        {"WARC_Refers_To": "<urn:uuid:00000000-0000-4000-8000-000000000001>"},
        {"WARC_Refers_To_Target_URI": "http://blog.example/1", "WARC_Refers_To_Date": "2016-04-07T12:00:00Z"},
        {"WARC_Payload_Digest": DIGEST},
    ],
    ids=["record", "capture", "digest"],
)
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_revisit_has_its_own_head_and_the_body_of_its_original(tmp_path, pointer, compress):
    original = page(
        1,
        head=OK + b"Transfer-Encoding: chunked\r\n",
        body=b"5\r\n<p>hi\r\n0\r\n\r\n",
        WARC_Payload_Digest=DIGEST,
    )
    first = written(tmp_path, compress(revisit(WARC_Truncated="length", **pointer)), name="1.warc")
    second = written(tmp_path, compress(page(2)), compress(original), name="2.warc")
    responses, faults = found(first, second)
    assert faults == []
    again = responses[-1]
    assert (again.kind, again.status, again.headers, again.body) == ("revisit", 200, [(b"X", b"new")], PAGE)
    assert again.whole
    assert again.location.whole
    assert again.location.file == "1.warc"
    assert again.location.target_uri == "http://blog.example/9"
    assert (again.location.offset, again.location.length) == (0, first.stat().st_size)


def test_a_revisit_without_head_has_that_of_its_original(tmp_path):
    octets = [page(1, WARC_Payload_Digest=DIGEST), revisit(b"", WARC_Payload_Digest=DIGEST)]
    responses, faults = found(written(tmp_path, *octets))
    assert faults == []
    assert responses[1].headers == [(b"Content-Type", b"text/html")]
    assert responses[1].body == PAGE


def test_a_revisit_without_original_is_a_bad_record(tmp_path):
    first = page(1)
    responses, [fault] = found(written(tmp_path, first, revisit(WARC_Refers_To="<urn:uuid:gone>")))
    assert len(responses) == 1
    assert fault.offset == len(first)
    assert fault.reason == "a revisit whose original is in none of the archives"


def test_a_revisit_that_says_not_modified_has_no_body_and_is_not_whole(tmp_path):
    profile = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    response = only(tmp_path, revisit(b"HTTP/1.1 304 Not Modified\r\n\r\n", WARC_Profile=profile))
    assert (response.status, response.body, response.whole) == (304, b"", False)


# Bad archives.


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "the file is empty"),
        (b"<html>", "expected a WARC file"),
        (gzip.compress(b"<html>"), "expected a WARC file"),
        (b"PK\x03\x04 no zip", "a ZIP file that cannot be read"),
        (gzip.compress(b"filedesc://a.arc 0.0.0.0 2016 text/plain 76\n"), "an ARC file; `warcio recompress`"),
    ],
    ids=["empty", "html", "gzip of html", "broken zip", "ARC"],
)
def test_what_is_no_archive_is_refused_before_anything_is_read(tmp_path, octets, said):
    good = written(tmp_path, page(), name="good.warc")
    bad = written(tmp_path, octets, name="bad.warc")
    with pytest.raises(NotAnArchive, match=said) as refusal:
        read_records(good, bad)
    assert str(refusal.value).startswith(str(bad) + ": ")
    assert "\n" not in str(refusal.value)


def test_a_missing_file_and_a_folder_are_no_archives(tmp_path):
    with pytest.raises(NotAnArchive, match="No such file"):
        read_records(tmp_path / "missing.warc")
    with pytest.raises(NotAnArchive, match="Is a directory"):
        read_records(tmp_path)


def test_a_zip_without_warc_is_no_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.wacz", "w") as wacz:
        wacz.writestr("pages/pages.jsonl", "{}")
    with pytest.raises(NotAnArchive, match=r"expected a WACZ"):
        read_records(tmp_path / "a.wacz")


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_cut_at_any_byte_every_whole_record_is_read_and_the_tail_reported(tmp_path, compress):
    octets = [compress(page(number, body=b"%d" % number * 9)) for number in range(5)]
    ends = [sum(map(len, octets[: number + 1])) for number in range(5)]
    whole = b"".join(octets)
    # A plain record is whole without the blank lines behind it.
    closing = 4 if compress is bytes else 0
    path = tmp_path / "a.warc"
    for cut in range(10, len(whole)):
        path.write_bytes(whole[:cut])
        responses, faults = found(path)
        complete = sum(end - closing <= cut for end in ends)
        assert [response.body for response in responses] == [b"%d" % number * 9 for number in range(complete)]
        begun = ([0, *ends])[complete]
        tail = [begun] if cut > begun else []
        assert [fault.offset for fault in faults] == tail, f"cut at {cut}"


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    "broken",
    [
        page(2, Content_Length="x"),
        page(2, Content_Length=""),
        page(2, Content_Length="-1"),
        page(2, Content_Length="20"),
        page(2, Content_Length="700"),
        page(2, Content_Length="99999999999"),
        page(2, WARC_Record_ID=""),
        page(2, WARC_Date="yesterday"),
        record(b"", number=2),
        b"no record at all\r\n\r\n",
    ],
    ids=["x", "no length", "negative", "short", "long", "huge", "no id", "no date", "empty", "junk"],
)
def test_a_bad_record_is_skipped_and_the_rest_is_read(tmp_path, compress, broken):
    first, second = compress(page(1)), compress(broken)
    octets = [first, second, compress(page(3)), compress(page(4, body=b"x" * 900)), compress(page(5))]
    responses, [fault] = found(written(tmp_path, *octets))
    assert [response.location.target_uri[-1] for response in responses] == ["1", "3", "4", "5"]
    assert fault.offset == len(first)
    assert fault.file == "a.warc"
    assert fault.reason


@pytest.mark.parametrize("at", [3, 40, -3])
def test_a_damaged_member_is_skipped_and_the_rest_is_read(tmp_path, at):
    members = [gzip.compress(page(number, body=bytes(range(256)) * 20)) for number in range(4)]
    damaged = bytearray(members[1])
    damaged[at] ^= 0xFF
    octets = members[0] + bytes(damaged) + members[2] + members[3]
    responses, faults = found(written(tmp_path, octets))
    assert [response.location.target_uri[-1] for response in responses] in (
        ["0", "2", "3"],
        ["0", "1", "2", "3"],
    )
    assert len(faults) == 4 - len(responses)
    assert [fault.offset for fault in faults] in ([len(members[0])], [])


def test_records_written_behind_a_torn_one_are_read(tmp_path):
    member = gzip.compress(page(1, body=bytes(range(256)) * 20))
    for cut in range(20, len(member), 7):
        responses, [fault] = found(
            written(tmp_path, member[:cut], gzip.compress(page(2)), gzip.compress(page(3)))
        )
        assert [response.location.target_uri[-1] for response in responses] == ["2", "3"], f"cut at {cut}"
        assert fault.offset == 0


@pytest.mark.parametrize("torn", [page(2), page(2) + page(3)], ids=["one record", "two records"])
def test_what_is_appended_to_a_torn_member_is_read_wherever_it_was_torn(tmp_path, torn):
    first, member = gzip.compress(page(1)), gzip.compress(torn)
    for cut in range(1, len(member)):
        octets = first + member[:cut] + gzip.compress(page(4)) + gzip.compress(page(5))
        responses, faults = found(written(tmp_path, octets))
        read = [response.location.target_uri[-1] for response in responses]
        # Of records compressed as one, those before the tear can be read.
        assert [number for number in read if number not in "23"] == ["1", "4", "5"], f"torn at {cut}"
        assert {fault.offset for fault in faults} == {len(first)}


def quoting(level: int, quoted: bytes) -> bytes:
    """A member with the record of a page that has those bytes between text; they stand in it as they are."""
    text = b"".join(b"<p>%d" % number for number in range(30))
    before, behind = page(9, body=text + quoted + text).split(quoted)
    compressor = zlib.compressobj(level, zlib.DEFLATED, 31)
    # With a flush the compressor begins a new block, and stores as it is what it cannot make smaller.
    blocks = [compressor.compress(part) + compressor.flush(zlib.Z_FULL_FLUSH) for part in (before, quoted)]
    member = b"".join(blocks) + compressor.compress(behind) + compressor.flush()
    assert quoted in member
    return member


QUOTED = gzip.compress(page(2, body=random.Random(1).randbytes(600)))


SLICE_ENDS = [65_536 + more for more in range(-3, 4)]


@pytest.mark.parametrize("offset", [*SLICE_ENDS, 70_000, 300_000])
def test_members_behind_much_junk_are_read(tmp_path, offset):
    """The first of them at an offset of the file, and so far from where it is searched for."""
    first, junk = gzip.compress(page(1)), random.Random(1).randbytes(offset)
    for length in (offset - len(first), offset):
        octets = [first, junk[:length], gzip.compress(page(2)), gzip.compress(page(3))]
        responses, faults = found(written(tmp_path, *octets))
        assert [response.location.target_uri[-1] for response in responses] == ["1", "2", "3"]
        assert [fault.offset for fault in faults] == [len(first)]


@pytest.mark.parametrize("at", [3, 40, -3])
def test_members_behind_a_large_damaged_one_are_read(tmp_path, at):
    damaged = bytearray(gzip.compress(page(1, body=random.Random(1).randbytes(300_000))))
    damaged[at] ^= 0xFF
    octets = bytes(damaged) + gzip.compress(page(2)) + gzip.compress(page(3))
    responses, [fault] = found(written(tmp_path, octets))
    assert [response.location.target_uri[-1] for response in responses] == ["2", "3"]
    assert fault.offset == 0


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lambda octets: gzip.compress(octets, 0)])
def test_a_record_quoted_by_a_page_is_not_taken_for_one_where_the_file_is_cut(tmp_path, compress):
    quoting = compress(page(1, body=b"<pre>\r\n\r\n" + page(2) + gzip.compress(page(3), 0) + b"</pre>" * 100))
    responses, faults = found(written(tmp_path, quoting[:-20]))
    assert responses == []
    assert [fault.offset for fault in faults] == [0]


@pytest.mark.parametrize("level", [0, 9])
def test_an_archive_quoted_by_a_page_gives_no_record_wherever_the_file_is_cut(tmp_path, level):
    """Not even where the file ends with that archive, as it would had it been appended to a torn record."""
    first, member = gzip.compress(page(1)), quoting(level, QUOTED)
    for cut in range(1, len(member)):
        responses, faults = found(written(tmp_path, first + member[:cut]))
        assert [response.location.target_uri[-1] for response in responses] == ["1"], f"cut at {cut}"
        assert [fault.offset for fault in faults] == [len(first)]


def test_a_bad_record_among_records_compressed_as_one_is_skipped(tmp_path):
    octets = page(1) + page(2, Content_Length="3") + page(3)
    responses, [fault] = found(written(tmp_path, gzip.compress(octets)))
    assert [response.location.target_uri[-1] for response in responses] == ["1", "3"]
    assert fault.offset == 0


def test_records_compressed_as_one_are_read_up_to_the_cut(tmp_path):
    octets = gzip.compress(
        b"".join(page(number, body=zlib.compress(bytes([number])) * 99) for number in range(9))
    )
    responses, [fault] = found(written(tmp_path, octets[:-40]))
    assert len(responses) >= 7
    assert fault.reason == "the file ends within the gzip member"


def test_a_broken_entry_of_a_wacz_is_a_bad_record(tmp_path):
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w") as wacz:
        wacz.writestr("archive/one.warc", page(1))
        wacz.writestr("archive/two.warc", page(2))
    octets = path.read_bytes()
    path.write_bytes(octets.replace(b"<p>hi", b"<p>ho", 1))
    responses, [fault] = found(path)
    assert [response.location.file for response in responses] == ["two.warc"]
    assert fault.file == "one.warc"
    assert "CRC" in fault.reason


SMALL = [
    page(1),
    record(b"via: x", "metadata", number=2),
    page(3, head=OK + b"Transfer-Encoding: chunked\r\n", body=b"1\r\na\r\n0\r\n\r\n"),
]
SEEDS = [b"".join(SMALL), b"".join(map(gzip.compress, SMALL)), gzip.compress(b"".join(SMALL))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(st.data())
def test_no_bytes_make_the_reader_raise(tmp_path, data):
    octets = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(octets) - 1))
        until = at + data.draw(st.integers(0, 3))
        octets[at:until] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"\r\n", b"9" * 17, b"WARC/", b"\x1f\x8b\x08"])
        )
        if not octets:
            return
    path = written(tmp_path, bytes(octets))
    try:
        everything = list(read_records(path))
    except NotAnArchive:
        return
    assert all((one.offset if isinstance(one, BadRecord) else one.location.offset) >= 0 for one in everything)


def test_memory_does_not_grow_with_the_archive(tmp_path):
    """40 MB of pages and one body of 400 MB, read in a process of its own."""
    big = zlib.compressobj(1, zlib.DEFLATED, 31)
    header, _, _ = record(OK + b"\r\n", number=1, Content_Length=str(len(OK) + 2 + (400 << 20))).partition(OK)
    with (tmp_path / "big.warc.gz").open("wb") as file:
        file.write(big.compress(header + OK + b"\r\n"))
        for _ in range(400):
            file.write(big.compress(bytes(1 << 20)))
        file.write(big.compress(b"\r\n\r\n") + big.flush())
        for number in range(2, 500):
            file.write(gzip.compress(page(number, body=b"<p>%d" % number * 10_000), 1))
    script = """
        import resource, sys
        from pathlib import Path
        from crawler.warc.reader import read_records
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        count = sum(1 for _ in read_records(Path(sys.argv[1]), max_body=1 << 20))
        print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "big.warc.gz")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
    count, grown_kib = map(int, done.stdout.split())
    assert count == 499
    assert grown_kib < 12 << 10


def test_a_recording_of_a_real_blog_is_read_whole(shared):
    responses, faults = found(shared / "sites/drupal7/site.warc.gz", wanted=lambda status, _: status == 200)
    assert faults == []
    assert len(responses) == 857
    assert all(response.whole for response in responses)


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("br", brotli.compress),
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("gzip, br", lambda body: brotli.compress(gzip.compress(body))),
    ],
)
def test_content_codings_are_removed_under_any_transfer_coding(tmp_path, coding, compress):
    body = compress(PAGE * 99)
    chunked = b"%X;a=b\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body)
    head = OK + b"Content-Encoding: %s\r\nTransfer-Encoding: Chunked\r\n" % coding.encode()
    assert only(tmp_path, page(head=head, body=chunked)).body == PAGE * 99
