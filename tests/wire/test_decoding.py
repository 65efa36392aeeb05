"""A live answer is decoded as an extract of the archive decodes it."""

from __future__ import annotations

import gzip
import zlib

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response

from crawler.wire.decoding import UNDECODED, Decoding

PAGE = b"<html><body><p>" + b"Three lighthouses stand on the bar. " * 40 + b"</p></body></html>"
GZIP = gzip.compress(PAGE, mtime=0)
WRONG_SUM = GZIP[:-8] + b"\x00\x00\x00\x00" + GZIP[-4:]


def live(body: bytes, *codings: str, method: str = "GET") -> Response:
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": list(codings)}
    response = Response("http://127.0.0.1/", headers=headers, body=body, flags=["warc:urn:uuid:1"])
    return Decoding(32 * 1024 * 1024).process_response(Request("http://127.0.0.1/", method=method), response)


@pytest.mark.parametrize(
    ("body", "codings"),
    [
        (GZIP, ["gzip"]),
        (GZIP, ["X-GZIP"]),
        (zlib.compress(PAGE), ["deflate"]),
        (zlib.compress(PAGE)[2:-4], ["deflate"]),
        (gzip.compress(GZIP), ["gzip, gzip"]),
        (gzip.compress(GZIP), ["gzip", "gzip"]),
        (PAGE, ["gzip"]),
    ],
    ids=[
        "gzip",
        "x-gzip",
        "zlib",
        "raw deflate",
        "twice, one field",
        "twice, two fields",
        "label on plain text",
    ],
)
def test_a_whole_body_is_decoded_and_of_its_type(body, codings):
    response = live(body, *codings)

    assert response.body == PAGE
    assert isinstance(response, HtmlResponse)
    assert response.flags == ["warc:urn:uuid:1"]
    assert b"Content-Encoding" not in response.headers


@pytest.mark.parametrize(
    "body", [GZIP[:-30], WRONG_SUM, b"\x00\x01" * 90], ids=["cut", "wrong checksum", "no gzip at all"]
)
def test_a_body_that_is_not_whole_is_flagged_and_never_lost(body):
    response = live(body, "gzip")

    assert UNDECODED in response.flags
    assert "warc:urn:uuid:1" in response.flags


def test_what_can_be_read_of_a_cut_body_is_handed_on():
    assert PAGE.startswith(live(GZIP[:-30], "gzip").body)
    assert len(live(GZIP[:-30], "gzip").body) > 10


def test_a_bomb_is_cut_at_the_limit():
    response = live(gzip.compress(b"x" * 40 * 1024 * 1024), "gzip")

    assert len(response.body) <= 32 * 1024 * 1024
    assert UNDECODED in response.flags


def test_an_answer_to_head_and_one_without_coding_stay_as_they_are():
    assert live(b"", "gzip", method="HEAD").headers[b"Content-Encoding"] == b"gzip"
    assert live(PAGE).body == PAGE
