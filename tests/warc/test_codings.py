from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.codings import DECODERS, Undecodable, brotli, decoded, zstd

LIMIT = 1 << 20
PAGE = "<p>Où est la bibliothèque?</p>".encode() * 50


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


CODERS = {
    b"gzip": gzip.compress,
    b"x-gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"br": brotli.compress,
    b"zstd": zstd.compress,
}


@pytest.mark.parametrize("coding", CODERS)
@given(body=st.binary(max_size=3000))
def test_every_coding_is_removed(coding, body):
    assert decoded(CODERS[coding](body), [coding], LIMIT) == body


@given(st.binary(max_size=3000))
def test_raw_deflate_is_removed_too(body):
    assert decoded(raw_deflate(body), [b"deflate"], LIMIT) == body


def test_every_coding_that_scrapy_asks_for_can_be_removed():
    assert set(DECODERS) == set(CODERS)


def test_several_codings_are_removed_last_first():
    assert decoded(gzip.compress(zlib.compress(PAGE)), [b"deflate", b"", b"identity", b"gzip"], LIMIT) == PAGE


def test_several_gzip_members_are_one_body_and_what_follows_is_none():
    body = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0 junk"
    assert decoded(body, [b"gzip"], LIMIT) == b"one two"


def test_nothing_is_nothing_under_any_coding():
    assert decoded(b"", [b"gzip", b"br"], LIMIT) == b""


@pytest.mark.parametrize("coding", CODERS)
@pytest.mark.parametrize("body", [PAGE, b"User-agent: *\n", b'{"a": 1}', b"[1]"])
def test_text_under_the_header_of_a_coding_was_decoded_already(coding, body):
    assert decoded(body, [coding], LIMIT) == body


@pytest.mark.parametrize("coding", CODERS)
def test_a_body_that_ends_early_is_read_as_far_as_it_goes(coding):
    body = bytes(range(256)) * 400
    with pytest.raises(Undecodable) as fault:
        decoded(CODERS[coding](body)[:-9], [coding], LIMIT)
    assert body.startswith(fault.value.body)


@pytest.mark.parametrize(("coding", "at"), [(b"gzip", -5), (b"deflate", -1)])
def test_a_broken_checksum_is_told_and_the_body_read(coding, at):
    broken = bytearray(CODERS[coding](PAGE))
    broken[at] ^= 1
    with pytest.raises(Undecodable, match="is broken") as fault:
        decoded(bytes(broken), [coding], LIMIT)
    assert PAGE.startswith(fault.value.body)


@pytest.mark.parametrize("coding", CODERS)
def test_bytes_in_no_coding_are_told(coding):
    with pytest.raises(Undecodable):
        decoded(b"\x00\x01\x02 no compression at all", [coding], LIMIT)


@given(st.sampled_from(sorted(CODERS)), st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_else(coding, body):
    try:
        read = decoded(body, [coding], 1000)
    except Undecodable as fault:
        read = fault.body
    assert len(read) <= 1000


def test_an_unknown_coding_leaves_the_body_as_it_is():
    with pytest.raises(Undecodable, match="the content coding 'aes\xe9' is not known") as fault:
        decoded(PAGE, ["aesé".encode("latin-1")], LIMIT)
    assert fault.value.body == PAGE


@pytest.mark.parametrize("coding", CODERS)
def test_a_bomb_is_stopped_at_the_limit(coding):
    bomb = CODERS[coding](bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(Undecodable, match="more than 1048576 bytes") as fault:
        decoded(bomb, [coding], LIMIT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fault.value.body == bytes(LIMIT)
    assert peak < 8 * LIMIT


def test_a_body_of_exactly_the_limit_is_whole():
    assert decoded(gzip.compress(bytes(LIMIT)), [b"gzip"], LIMIT) == bytes(LIMIT)


def test_a_plain_body_has_the_same_limit():
    with pytest.raises(Undecodable, match="more than 3 bytes"):
        decoded(b"four", [], 3)
