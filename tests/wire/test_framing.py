from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.wire.framing import CHUNK_LINE_BYTES, HEAD_BYTES, HEAD_LINES, ResponseParser
from crawler.wire.head import Framing, ResponseHead
from tests.wire.hostile_server import BODY, SCENARIOS, answer, chunks


class Parts:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.heads: list[ResponseHead] = []
        self.body = b""
        self.payload = b""

    def head_received(self, head: ResponseHead) -> None:
        self.heads.append(head)

    def body_received(self, data: bytes) -> None:
        self.body += data

    def payload_received(self, data: bytes) -> None:
        self.payload += data


def parse(*pieces: bytes, method: str = "GET", close: bool = True) -> tuple[ResponseParser, Parts, int]:
    parts = Parts()
    parser = ResponseParser(method, parts)
    taken = sum(parser.feed(piece) for piece in pieces)
    if close:
        parser.close()
    return parser, parts, taken


def result(*pieces: bytes, method: str = "GET") -> tuple[object, ...]:
    parser, parts, taken = parse(*pieces, method=method)
    kept = parser.interim, parser.head_bytes, parts.body, parts.payload, taken
    said = parser.head, parts.heads, parser.framing, parser.problems
    return (*kept, *said, parser.complete, parser.cut, parser.reusable)


WIRES = [b"".join(p for p in s.pieces if isinstance(p, bytes))[:20_000] for s in SCENARIOS.values()]


@given(
    wire=st.one_of(st.sampled_from(WIRES), st.binary(max_size=300)),
    cuts=st.lists(st.integers(0, 6000), max_size=8),
    method=st.sampled_from(["GET", "HEAD", "CONNECT"]),
)
@settings(max_examples=300, deadline=None)
def test_the_same_bytes_give_the_same_result_however_they_are_split(wire, cuts, method):
    edges = sorted({0, len(wire), *(cut for cut in cuts if cut < len(wire))})
    pieces = [wire[start:end] for start, end in pairwise(edges)]
    assert result(*pieces, method=method) == result(wire, method=method)


@given(
    start=st.sampled_from(
        [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
    ),
    noise=st.binary(max_size=400),
)
@example(start=b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000, noise=b"\r\n\r\n")
@example(start=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", noise=b"f" * 5000 + b"\r\n")
@example(start=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", noise=b"-1\r\n")
@settings(max_examples=300, deadline=None)
def test_every_byte_is_kept_and_nothing_raises_on_noise(start, noise):
    wire = start + noise
    parser, parts, taken = parse(wire)
    assert parser.interim + parser.head_bytes + parts.body == wire[:taken]


def test_every_scenario_one_byte_at_a_time_equals_all_at_once():
    for wire in WIRES:
        assert result(*(wire[i : i + 1] for i in range(len(wire)))) == result(wire)


def test_a_length_ends_the_message_and_the_rest_is_not_taken():
    parser, parts, taken = parse(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHELLO EXTRA", close=False)
    assert (parts.body, parts.payload, taken, parser.complete) == (b"HELLO", b"HELLO", 43, True)


def test_chunking_stays_in_the_body_and_leaves_the_payload():
    coded = chunks(b"hello world", 5, extension=b";x=1", trailer=b"X-Sum: 1\r\n")
    parser, parts, _ = parse(answer(b"Transfer-Encoding: chunked\r\n", body=coded), close=False)
    assert (parts.body, parts.payload, parser.complete, parser.reusable) == (
        coded,
        b"hello world",
        True,
        True,
    )


def test_interim_heads_stand_apart_from_the_final_one():
    parser, parts, _ = parse(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", answer(b"Content-Length: 0\r\n", body=b"")
    )
    assert parser.interim == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert parser.head_bytes == b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert [head.status for head in parts.heads] == [200]


def test_an_answer_without_a_status_line_is_all_body():
    parser, parts, _ = parse(b"HT", b"ML <b>page</b>")
    assert (parser.head_bytes, parts.body, parts.payload) == (b"", b"HTML <b>page</b>", b"HTML <b>page</b>")
    assert parser.head is not None
    assert (parser.head.version, parser.complete, parser.problems) == ((0, 9), True, ["no status line"])


def test_fields_are_read_in_order_with_folds_joined():
    odd = b"X-A:  1 \r\nx-a: 2\r\nX-Fold: a\r\n\tb\r\nno colon\r\n: no name\r\n"
    parser, _, _ = parse(b"HTTP/1.1 200 OK\r\n" + odd + b"Content-Length: 0\r\n\r\n")
    assert parser.head is not None
    assert parser.head.fields == (
        (b"X-A", b"1"),
        (b"x-a", b"2"),
        (b"X-Fold", b"a b"),
        (b"Content-Length", b"0"),
    )
    assert parser.problems == [
        "folded header field",
        "header line without a colon",
        "blank or missing header field name",
    ]
    assert not parser.reusable


def test_answers_that_never_have_a_body_end_with_their_head():
    for method, status in [("HEAD", b"200"), ("GET", b"204"), ("GET", b"304"), ("CONNECT", b"200")]:
        parser, _, _ = parse(
            b"HTTP/1.1 %s X\r\nContent-Length: 9\r\n\r\n" % status, method=method, close=False
        )
        assert (parser.complete, parser.framing) == (True, Framing.NONE)


def test_a_body_until_close_is_whole_only_when_the_close_was_clean():
    wire = b"HTTP/1.1 200 OK\r\n\r\nabc"
    for clean in (True, False):
        parser, _, _ = parse(wire, close=False)
        parser.close(clean=clean)
        assert parser.complete is clean


def test_connections_are_reused_only_when_the_server_offers_it_and_nothing_was_odd():
    offered = {
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n": True,
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n": False,
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n": False,
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n": True,
        b"HTTP/1.1 101 Switching\r\n\r\n": False,
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n": False,
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n": False,
    }
    assert {wire: parse(wire, close=False)[0].reusable for wire in offered} == offered


def test_lengths_that_make_no_sense_leave_the_body_open_to_the_close():
    for value in (b"abc", b"-1", b"5, 6", b"9" * 30, b"0x5", b"+5"):
        parser, parts, _ = parse(b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\nbody" % value)
        assert (parser.framing, parts.payload, len(parser.problems)) == (Framing.CLOSE, b"body", 1)


def test_heads_without_end_are_cut_at_their_bounds():
    many_bytes, _, taken = parse(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 2 * HEAD_BYTES, close=False)
    assert (taken, many_bytes.cut, len(many_bytes.head_bytes)) == (HEAD_BYTES, "length", HEAD_BYTES)
    many_lines, _, _ = parse(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n" * 2 * HEAD_LINES, close=False)
    assert (many_lines.cut, many_lines.head_bytes.count(b"\n")) == ("length", HEAD_LINES)


def test_a_flood_of_interim_heads_ends():
    parser, _, _ = parse(b"HTTP/1.1 102 Processing\r\n\r\n" * HEAD_LINES, close=False)
    assert (parser.cut, parser.interim.count(b"\n")) == ("length", HEAD_LINES)


def test_chunk_lines_and_trailers_without_end_are_cut_at_their_bounds():
    start = answer(b"Transfer-Encoding: chunked\r\n", body=b"")
    line, parts, _ = parse(start, b"5;" + b"e" * 2 * CHUNK_LINE_BYTES, close=False)
    assert (line.cut, len(parts.body)) == ("length", CHUNK_LINE_BYTES)
    few_bytes_many_lines, _, _ = parse(start, b"0\r\n" + b"X:\r\n" * 2 * HEAD_LINES, close=False)
    assert few_bytes_many_lines.cut == "length"
    many_bytes, parts, _ = parse(start, b"0\r\n" + (b"X: " + b"t" * 997 + b"\r\n") * 2000, close=False)
    assert many_bytes.cut == "length"
    assert len(parts.body) <= HEAD_BYTES + 3


def test_broken_chunking_ends_the_message_where_it_breaks():
    for broken in (b"xyz\r\n", b"-5\r\n", b"\r\n", b"0x5\r\n", b"5_0\r\n"):
        parser, parts, _ = parse(
            answer(b"Transfer-Encoding: chunked\r\n", body=b"2\r\nok\r\n" + broken + b"more")
        )
        assert (parser.cut, parser.complete, parts.payload) == ("unspecified", False, b"ok")
        assert parts.body == b"2\r\nok\r\n" + broken


def test_a_large_body_passes_in_the_pieces_it_came_in():
    parser, parts, taken = parse(answer(b"Content-Length: %d\r\n" % len(BODY), body=BODY[:100]), BODY[100:])
    assert (parser.complete, parts.body, parts.payload) == (True, BODY, BODY)
    assert taken == len(parser.head_bytes) + len(BODY)
