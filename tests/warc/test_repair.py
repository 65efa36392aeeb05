from __future__ import annotations

import asyncio
import gzip
import io
import os
import random
import tracemalloc
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from warcio.warcwriter import WARCWriter

from crawler.warc.reader import BadRecord, NotAnArchive, read_records
from crawler.warc.repair import DamagedInside, Repair, repair
from crawler.warc.writer import WarcWriter
from tests.warc.exchanges import make_exchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def record(body: bytes) -> bytes:
    """A plain response by the letter."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    return (
        b"WARC/1.1\r\nWARC-Type: response\r\n"
        b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        b"WARC-Date: 2016-04-07T12:00:00Z\r\nWARC-Target-URI: http://blog.example/\r\n"
        b"Content-Type: application/http; msgtype=response\r\n"
        b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(block), block)
    )


FIVE = [record(b"<p>%d" % number + b"\r\n" * number) for number in range(5)]
TWO_A_MEMBER = [FIVE[0], FIVE[1] + FIVE[2], FIVE[3] + FIVE[4]]


def by_warcio(_: Path) -> list[bytes]:
    members = []
    for _member in range(5):
        out = io.BytesIO()
        writer = WARCWriter(out, gzip=True)
        block = b"HTTP/1.1 200 OK\r\n\r\n<p>hi"
        made = writer.create_warc_record(
            "http://blog.example/", "response", payload=io.BytesIO(block), length=len(block)
        )
        writer.write_record(made)
        members.append(out.getvalue())
    return members


def by_our_writer(folder: Path) -> list[bytes]:
    """The members of a warcinfo and two exchanges."""

    async def writing() -> None:
        writer = WarcWriter(folder, "own", warcinfo={"software": "x"})
        for body in (b"<p>one", b"<p>two"):
            await writer.write(make_exchange(body))
        await writer.close()

    asyncio.run(writing())
    octets = (folder / "own-00000.warc.gz").read_bytes()
    starts = [at for at in range(len(octets)) if octets.startswith(b"\x1f\x8b\x08", at)]
    members = [octets[start:end] for start, end in pairwise([*starts, len(octets)])]
    assert [gzip.decompress(member)[:8] for member in members] == [b"WARC/1.1"] * 5
    return members


MAKES: dict[str, Callable[[Path], list[bytes]]] = {
    "ours": by_our_writer,
    "warcio": by_warcio,
    "plain": lambda _: FIVE,
    "shared": lambda _: [gzip.compress(records) for records in TWO_A_MEMBER],
}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def faults(path: Path) -> list[BadRecord]:
    return [found for found in read_records(path) if isinstance(found, BadRecord)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder / "a.warc.gz"


@pytest.mark.parametrize("make", MAKES)
def test_cut_at_any_byte_what_is_whole_is_kept_and_the_rest_is_set_aside(tmp_path, path, make, monkeypatch):
    # What is synced, and when, is tested with the cutting; a thousand waits for the disk tell nothing more.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    parts = MAKES[make](tmp_path)
    octets = b"".join(parts)
    ends = [sum(map(len, parts[:number])) for number in range(len(parts) + 1)]
    for cut in range(len(parts[0]), len(octets) + 1):
        path.write_bytes(octets[:cut])
        kept = max(end for end in ends if end <= cut)
        done = repair(path)
        assert (done.kept, done.cut) == (kept, cut - kept), f"cut at {cut}"
        rest = {"a.warc.gz.torn": octets[kept:cut]} if cut > kept else {}
        assert files(path.parent) == {"a.warc.gz": octets[:kept], **rest}, f"cut at {cut}"
        (path.parent / "a.warc.gz.torn").unlink(missing_ok=True)


@pytest.mark.parametrize("make", MAKES)
def test_a_file_without_a_whole_record_is_left_as_it_is(tmp_path, path, make):
    first = MAKES[make](tmp_path)[0]
    for cut in range(len(first)):
        path.write_bytes(first[:cut])
        with pytest.raises(NotAnArchive, match="it begins with no whole record"):
            repair(path)
        assert files(path.parent) == {"a.warc.gz": first[:cut]}


@pytest.mark.parametrize("make", MAKES)
def test_other_programs_and_our_reader_find_no_fault_in_what_is_kept(tmp_path, path, make, tool):
    parts = MAKES[make](tmp_path)
    path = path.with_name("a.warc" if make == "plain" else "a.warc.gz")
    path.write_bytes(b"".join(parts)[:-9])
    repair(path)
    assert path.read_bytes() == b"".join(parts[:-1])
    assert faults(path) == []
    if make != "plain":
        assert tool("gzip", "-t", path).code == 0
    # warcio refuses members that hold several records, as the standard asks of it.
    if make != "shared":
        assert tool("warcio", "check", path).code == 0


def test_records_are_counted_in_members_and_in_plain_files(path):
    path.write_bytes(b"".join(map(gzip.compress, TWO_A_MEMBER))[:-1])
    assert repair(path).records == 3
    path.write_bytes(b"".join(FIVE)[:-1])
    assert repair(path).records == 4


BEGINS = {
    "junk": b"",
    "gzip": b"\x1f\x8b\x08",
    "gzip header": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
    "WARC": b"WARC/1.1",
    "header": b"WARC/1.1\r\nContent-Length: 40\r\n\r\n",
    "lines": b"\r\n\r\n",
    "member": gzip.compress(FIVE[0])[:-30],
    "record": FIVE[0][:-30],
    "no record": gzip.compress(b"no record"),
}


@pytest.mark.parametrize("parts", [FIVE, list(map(gzip.compress, FIVE))], ids=["plain", "gzip"])
@pytest.mark.parametrize("begin", BEGINS)
def test_any_tail_is_cut_off(path, parts, begin, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    chance = random.Random(begin)
    for length in (0, 1, 4096, *(chance.randrange(2, 3000) for _ in range(37))):
        for filling in (chance.randbytes(length), bytes(length)):
            tail = BEGINS[begin] + filling
            path.write_bytes(b"".join(parts) + tail)
            done = repair(path)
            torn = path.with_name("a.warc.gz.torn") if tail else None
            assert done == Repair(path=path, records=5, kept=sum(map(len, parts)), cut=len(tail), torn=torn)
            if torn:
                assert torn.read_bytes() == tail
                torn.unlink()


@pytest.mark.parametrize("compress", [bytes, lambda octets: gzip.compress(octets, 0)], ids=["plain", "gzip"])
def test_a_record_that_quotes_whole_ones_is_cut_at_any_byte(path, compress, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    first, quoted = compress(FIVE[0]), compress(FIVE[1])
    quoting = compress(record(b"<pre>\r\n\r\n" + quoted + b"</pre>" * 9))
    # A file that ends with the quoted record could as well be a torn one that was appended to.
    undecided = quoting.index(quoted) + len(quoted)
    for cut in {*range(1, len(quoting))} - {undecided}:
        path.write_bytes(first + quoting[:cut])
        assert repair(path).kept == len(first), f"cut at {cut}"
        path.with_name("a.warc.gz.torn").unlink()


@pytest.mark.parametrize("parts", [FIVE, list(map(gzip.compress, FIVE))], ids=["plain", "gzip"])
def test_a_repaired_file_is_whole_the_second_time(path, parts):
    octets = b"".join(parts)
    path.write_bytes(octets + b"torn")
    assert repair(path).cut == 4
    after = files(path.parent)
    whole = Repair(path=path, records=5, kept=len(octets), cut=0, torn=None)
    assert repair(path) == whole
    assert files(path.parent) == after


def test_what_is_appended_to_a_repaired_file_is_read(path):
    path.write_bytes(b"".join(FIVE)[:-2])
    repair(path)
    with path.open("ab") as file:
        file.write(FIVE[4])
    assert repair(path).records == 5
    assert faults(path) == []


def test_a_torn_file_of_another_repair_stays(path):
    for tail in (b"one", b"two", b"one"):
        path.write_bytes(b"".join(FIVE) + tail)
        repair(path)
    assert files(path.parent) == {
        "a.warc.gz": b"".join(FIVE),
        "a.warc.gz.torn": b"one",
        "a.warc.gz.torn.1": b"two",
    }


@pytest.mark.parametrize("nth", range(3))
def test_a_repair_that_stops_halfway_is_done_by_the_next(path, nth, monkeypatch):
    octets = b"".join(FIVE)
    path.write_bytes(octets + b"torn")
    steps = [None] * nth + [OSError(28, "No space left on device")]

    def stop(_: int) -> None:
        if error := steps.pop(0):
            raise error

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", stop)
        with pytest.raises(OSError, match="No space left"):
            repair(path)
    kept = files(path.parent)
    assert kept["a.warc.gz"] == octets + b"torn" or kept["a.warc.gz.torn"] == b"torn"
    assert repair(path).kept == len(octets)
    assert files(path.parent) == {"a.warc.gz": octets, "a.warc.gz.torn": b"torn"}


@pytest.mark.parametrize("bad", [0, 2, 3])
@pytest.mark.parametrize(
    ("parts", "at"),
    [(FIVE, at) for at in (2, -4, -1)] + [(list(map(gzip.compress, FIVE)), at) for at in (3, 60, -8, -1)],
)
def test_damage_before_whole_records_is_refused_and_nothing_is_touched(path, parts, bad, at):
    damaged = bytearray(parts[bad])
    damaged[at] ^= 0xFF
    before = sum(map(len, parts[:bad]))
    path.write_bytes(b"".join(parts[:bad]) + bytes(damaged) + b"".join(parts[bad + 1 :]))
    with pytest.raises(DamagedInside) as refusal:
        repair(path)
    said = str(refusal.value)
    assert said.startswith(f"{path}, byte {before}: ")
    assert said.endswith(f"found a whole record at byte {before + len(damaged)}")
    assert "\n" not in said
    assert list(files(path.parent)) == ["a.warc.gz"]


def test_members_appended_to_a_torn_one_are_refused_and_not_touched(path):
    members = list(map(gzip.compress, FIVE))
    for cut in range(1, len(members[1])):
        octets = members[0] + members[1][:cut] + members[2]
        path.write_bytes(octets)
        with pytest.raises(DamagedInside, match=f"found a whole record at byte {len(members[0]) + cut}$"):
            repair(path)
        assert files(path.parent) == {"a.warc.gz": octets}


def test_records_appended_to_a_torn_block_are_refused_and_not_touched(path):
    body_begins = FIVE[1].index(b"<p>")
    for cut in range(body_begins, len(FIVE[1])):
        octets = FIVE[0] + FIVE[1][:cut] + FIVE[2]
        path.write_bytes(octets)
        with pytest.raises(DamagedInside, match=f"found a whole record at byte {len(FIVE[0]) + cut}$"):
            repair(path)
        assert files(path.parent) == {"a.warc.gz": octets}


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_whole_records_are_found_behind_a_large_damaged_one(path, compress):
    large = bytearray(compress(record(random.Random(1).randbytes(300_000))))
    large[-1] ^= 0xFF
    octets = compress(FIVE[0]) + large + compress(FIVE[1]) + compress(FIVE[2])[:-3]
    path.write_bytes(octets)
    with pytest.raises(DamagedInside):
        repair(path)
    assert files(path.parent) == {"a.warc.gz": octets}


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "the file is empty"),
        (b"no archive\n", "found b'no archive\\\\n', expected a record that begins with b'WARC/'"),
        (gzip.compress(b"no archive\n"), "found b'no archive\\\\n', expected"),
        (b"PK\x03\x04", "expected a record"),
    ],
    ids=["empty", "text", "gzip of text", "ZIP"],
)
def test_what_is_no_archive_is_refused_and_not_touched(path, octets, said):
    path.write_bytes(octets)
    with pytest.raises(NotAnArchive, match=said) as refusal:
        repair(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert files(path.parent) == {"a.warc.gz": octets}


def test_a_missing_file_and_a_folder_are_no_archives(tmp_path):
    with pytest.raises(NotAnArchive, match="there is no such file"):
        repair(tmp_path / "missing.warc")
    with pytest.raises(NotAnArchive, match="is no file"):
        repair(tmp_path)


def test_memory_does_not_grow_with_the_file(path):
    with path.open("wb") as file:
        for _ in range(8):
            file.write(gzip.compress(record(bytes(8 * 2**20)), 1))
        file.write(gzip.compress(record(random.Random(1).randbytes(16 * 2**20)), 1)[:-1])
    tracemalloc.start()
    try:
        done = repair(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert done.cut > 16 * 2**20
    assert peak < 6 * 2**20
