from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.wire.hostile_server import ThreadedServer, answer, read_request

if TYPE_CHECKING:
    import asyncio

MEBIBYTE = 1024 * 1024
SIZE = 500 * MEBIBYTE
# Sixteen lines of text, so that the test is about memory and not about gzip.
PIECE = (b"<p>The quick brown fox jumps over the lazy dog, again and again.</p>\n" * 1024)[: 64 * 1024]


async def huge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(answer(b"Content-Type: text/html\r\nContent-Length: %d\r\n" % SIZE, body=b""))
    for _ in range(SIZE // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()


@pytest.mark.parametrize("cap", [8 * MEBIBYTE, 32 * MEBIBYTE])
def test_500_megabytes_are_archived_in_under_150_of_memory(crawl, cap):
    with ThreadedServer() as server:
        url = f"http://127.0.0.1:{server.listen(huge)}/huge"
        request = {"url": url, "meta": {"download_maxsize": 600 * MEBIBYTE}}
        crawled = crawl([request], {"RESPONSE_BODY_CAP": cap}, blocks=False)
    outcome = crawled.outcomes[url]
    assert outcome["length"] == cap
    assert "body-capped" in outcome["flags"]
    # Not a page that could be parsed.
    assert outcome["kind"] == "Response"
    assert crawled.peak_mib < 150
    [record] = crawled.kept
    assert record.headers is not None
    assert int(record.headers["Content-Length"]) > SIZE
    assert "WARC-Truncated" not in record.headers
