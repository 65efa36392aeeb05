"""Which captures the writer tells of, and when."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from crawler.warc.exchange import Original
from crawler.warc.ledger import payload_identity
from crawler.warc.scan import captures_in
from crawler.warc.writer import WarcWriter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from crawler.warc.ledger import Capture

INFO = {"software": "blogarchive/0.1.0"}
BODY = b"<p>words</p>" * 200
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ORIGINAL = Original(
    record_id="urn:uuid:5b5ed0c5-7a0f-4a72-8ac3-5b3e2bd1ecb5",
    target_uri="http://blog.example/earlier",
    date="2026-11-22T00:00:00.000000Z",
)


def writing(folder: Path, steps: Callable[[WarcWriter], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        writer = WarcWriter(folder, "blog", warcinfo=INFO)
        try:
            return await steps(writer)
        finally:
            await writer.close()

    return asyncio.run(run())


def test_a_capture_is_told_once_and_not_before_it_is_on_the_disk(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> list[int]:
        told = [len(writer.ledger.take())]
        await writer.write(exchange(BODY))
        told.append(len(writer.ledger.take()))
        await writer.sync()
        await writer.write(exchange(BODY))
        told.append(len(writer.ledger.take()))
        await writer.close()
        told.append(len(writer.ledger.take()))
        return told

    assert writing(tmp_path, steps) == [0, 0, 1, 1]


def test_a_capture_whose_download_was_cancelled_is_told_as_well(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> list[Capture]:
        writing = asyncio.create_task(writer.write(exchange(BODY)))
        await asyncio.sleep(0)
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        await writer.sync()
        return writer.ledger.take()

    assert len(writing(tmp_path, steps)) == 1


def test_a_scan_of_the_file_gives_what_the_writer_told(tmp_path, exchange):
    different = [
        exchange(BODY),
        exchange(b"small"),
        exchange(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY), payload=BODY, head=CHUNKED),
        exchange(BODY[:-1], truncated="disconnect"),
        exchange(BODY, original=ORIGINAL),
        exchange(b"", head=b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        exchange(BODY, head=b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=x\r\n\r\n"),
        exchange(b"", method="HEAD", request=b"HEAD /post HTTP/1.1\r\nHost: blog.example\r\n\r\n"),
        exchange(response=None, error="refused"),
    ]

    async def steps(writer: WarcWriter) -> list[Capture]:
        for one in different:
            await writer.write(one)
        await writer.close()
        return writer.ledger.take()

    told = writing(tmp_path, steps)
    assert told == list(captures_in(tmp_path / "blog-00000.warc.gz"))
    indexed = [(capture.entry.status, capture.entry.mime) for capture in told if capture.entry]
    assert indexed == [
        ("200", "text/html"),
        ("200", "text/html"),
        ("200", "unk"),
        ("200", "text/html"),
        ("200", "warc/revisit"),
        ("404", "text/html"),
    ]
    assert [capture.payload is not None for capture in told] == [
        *(True, False, True, False, False, False, True, False),
    ]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"head": b"HTTP/1.0 404 Gone\r\n\r\n"}, True),
        ({"head": CHUNKED}, False),
        ({"payload": BODY + b"!"}, False),
    ],
)
def test_payloads_are_the_same_by_their_bytes_and_their_framing(exchange, other, same):
    found = [payload_identity(exchange(BODY).response), payload_identity(exchange(BODY, **other).response)]
    assert (found[0] == found[1]) is same
    assert None not in found
