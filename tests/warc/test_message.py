from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.message import entity_body, read_head, unchunked
from crawler.wire.framing import ResponseParser


class Sink:
    """Takes what the client's parser recognises."""

    def __init__(self) -> None:
        self.payload = b""

    def head_received(self, head: object) -> None:
        pass

    def body_received(self, data: bytes) -> None:
        pass

    def payload_received(self, data: bytes) -> None:
        self.payload += data


LINES = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 200",
    b"HTTP/1.0  404 Not found ",
    b"http/1.1 500 x",
    b"HTTP/1.1 2000 x",
    b"HTTP/1.1 abc",
    b"HTTP/12 200 OK",
    b"ICY 200 OK",
    b"HTTP/1.1 103 Early",
    b"HTTP/1.1 100",
    b"HTTP/1.1 204 No",
    b"HTTP/1.1 304 Not",
    b"X-One: a",
    b"x-ONE :  b ",
    b" folded",
    b"\tfolded",
    b"no colon",
    b": no name",
    b"X\x00: nul\x00",
    b"X: caf\xe9",
    b"Content-Length: 3",
    b"Content-Length: 3, 3",
    b"Content-Length: 4",
    b"Content-Length: x",
    b"Transfer-Encoding: Chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: gzip",
    b"",
    b"3;x=1",
    b"abc",
    b"0",
    b"A\r",
    b"<p>",
]


@given(
    st.lists(st.sampled_from(LINES), max_size=5),
    st.lists(st.sampled_from(LINES) | st.binary(max_size=4), max_size=9),
    st.sampled_from([b"\r\n", b"\n"]),
)
def test_what_the_client_took_from_the_wire_is_what_is_read_from_its_archive(begin, lines, end):
    octets = b"".join(line + end for line in [b"HTTP/1.1 200 OK", *begin, *lines])
    sink = Sink()
    parser = ResponseParser("GET", sink)
    taken = parser.feed(octets)
    parser.close()
    if not parser.complete or parser.head is None:
        return
    block = octets[len(parser.interim) : taken]
    head = read_head(block)
    assert head.status == parser.head.status
    assert tuple(head.headers) == parser.head.fields
    assert entity_body(head, block[head.end :]) == (sink.payload, None)


@pytest.mark.parametrize(
    ("chunked", "body"),
    [
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b'003 \r\nabc\r\n2;a="b"\r\nde\r\n0\r\nTrailer: x\r\n\r\n', b"abcde"),
        (b"3\nabc\n0\n\n", b"abc"),
        (b"A\r\n0123456789\r\n0\r\n", b"0123456789"),
        (b"0\r\n\r\n", b""),
    ],
    ids=["plain", "extensions and trailers", "line feeds only", "upper case", "nothing"],
)
def test_chunking_is_removed(chunked, body):
    assert unchunked(chunked) == (body, None)


@pytest.mark.parametrize(
    "body", [b"<p>not chunked", b"plain\ntext", b"abc\ndef: a line that happens to be hexadecimal" * 99]
)
def test_a_body_that_only_claims_to_be_chunked_is_kept(body):
    assert unchunked(body) == (body, None)


@pytest.mark.parametrize(
    ("chunked", "body", "why"),
    [
        (b"", b"", "the chunks have no end"),
        (b"3\r\nab", b"ab", "the chunks have no end"),
        (b"3\r\nabc\r\n", b"abc", "the chunks have no end"),
        (b"3\r\nabc\r\n3", b"abc", "the chunks have no end"),
        (b"3\r\nabc\r\nxyz\r\n", b"abc", "chunk size that is no number"),
        (b"3\r\nabc\r\n3\r\nabcdef\r\n", b"abcabc", "chunk that is longer than it says"),
    ],
)
def test_broken_chunking_is_told(chunked, body, why):
    assert unchunked(chunked) == (body, why)


@given(st.binary())
def test_no_bytes_make_it_raise(octets):
    head = read_head(octets)
    entity_body(head, octets[head.end :])
    unchunked(octets)


def test_interim_heads_are_passed_over():
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
    block = interim + b"HTTP/1.1 404 No\r\nX: y\r\n\r\nbody"
    head = read_head(block)
    assert (head.status, head.headers, block[head.end :]) == (404, [(b"X", b"y")], b"body")


def test_a_switch_of_protocols_is_final():
    assert read_head(b"HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\n\r\n").status == 101


def test_a_body_without_head_has_status_200():
    head = read_head(b"<p>HTTP/0.9")
    assert (head.status, head.headers, head.end) == (200, [], 0)


def test_the_first_empty_line_ends_the_head_however_lines_end():
    block = b"HTTP/1.1 200 OK\r\n\n\r\nbody"
    assert block[read_head(block).end :] == b"\r\nbody"
