"""What ``checked_records`` finds in whole archives, and in damaged ones."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import pytest

from crawler.warc.check import checked_records
from crawler.warc.checked import CheckedRecord
from crawler.warc.finding import Finding
from crawler.warc.writer import WarcWriter
from tests.warc.exchanges import make_exchange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
