from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.warc.exchange import new_record_id
from crawler.warc.writer import CaptureLost, WarcWriter

ROOT = Path(__file__).parents[2]
INFO = {"software": "blogarchive/0.1.0", "format": "WARC File Format 1.1"}


def write_all(folder: Path, exchanges, **more):
    """Write the exchanges one after the other; gives their locations and the files."""

    async def writing() -> Any:
        writer = WarcWriter(folder, "blog", warcinfo=INFO, **more)
        locations = [await writer.write(exchange) for exchange in exchanges]
        return locations, await writer.close()

    return asyncio.run(writing())


def records(path: Path) -> list[tuple[str, str, bytes]]:
    """Type, identifier and block of each record, as warcio reads them."""
    with path.open("rb") as file:
        return [
            (
                record.rec_type,
                record.rec_headers["WARC-Record-ID"].strip("<>"),
                record.raw_stream.read(),
            )
            for record in ArchiveIterator(file, no_record_parse=True)
        ]


def test_the_location_is_the_gzip_member_of_the_response(tmp_path, exchange):
    made = [exchange(b"one"), exchange(b"two")]
    heads = [exchange.response.head for exchange in made]
    locations, [file] = write_all(tmp_path, made)
    octets = (tmp_path / file.name).read_bytes()
    for location, head, body in zip(locations, heads, (b"one", b"two"), strict=True):
        member = gzip.decompress(octets[location.offset : location.offset + location.length])
        assert member.startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")
        assert f"WARC-Record-ID: <{location.record_id}>\r\n".encode() in member
        assert member.endswith(head + body + b"\r\n\r\n")
    assert locations[0].file == "blog-00000.warc.gz"
    assert locations[0].date == "2026-11-23T15:43:00.123456Z"
    assert locations[0].target_uri == "http://blog.example/post"
    assert locations[0].whole


def test_a_file_begins_with_one_warcinfo_that_bears_its_final_name(tmp_path, exchange):
    _, [file] = write_all(tmp_path, [exchange(), exchange()])
    kinds = [kind for kind, _, _ in records(tmp_path / file.name)]
    assert kinds == ["warcinfo", "request", "response", "request", "response"]
    with (tmp_path / file.name).open("rb") as opened:
        first = next(iter(ArchiveIterator(opened)))
        assert first.rec_headers["WARC-Filename"] == "blog-00000.warc.gz"
        assert first.raw_stream.read() == b"software: blogarchive/0.1.0\r\nformat: WARC File Format 1.1\r\n"


def test_a_closed_file_is_described_as_it_is_on_disk(tmp_path, exchange):
    _, [file] = write_all(tmp_path, [exchange()])
    octets = (tmp_path / file.name).read_bytes()
    assert file.size == len(octets)
    assert file.sha256 == hashlib.sha256(octets).hexdigest()
    assert file.records == 3


def test_without_exchange_there_is_no_file(tmp_path):
    assert write_all(tmp_path / "warc", []) == ([], [])
    assert not (tmp_path / "warc").exists()


def test_a_file_is_called_open_until_it_is_closed(tmp_path, exchange):
    async def writing() -> Any:
        writer = WarcWriter(tmp_path, "blog", warcinfo=INFO)
        location = await writer.write(exchange())
        before = [path.name for path in tmp_path.iterdir()]
        await writer.close()
        return location, before

    location, before = asyncio.run(writing())
    assert before == ["blog-00000.warc.gz.open"]
    assert [path.name for path in tmp_path.iterdir()] == ["blog-00000.warc.gz"]
    assert location.file == "blog-00000.warc.gz"


def test_what_write_returned_is_readable_before_the_file_is_closed(tmp_path, exchange):
    async def writing() -> Any:
        writer = WarcWriter(tmp_path, "blog", warcinfo=INFO)
        location = await writer.write(exchange(b"now"))
        with (tmp_path / "blog-00000.warc.gz.open").open("rb") as file:
            file.seek(location.offset)
            member = gzip.decompress(file.read(location.length))
        await writer.close()
        return member

    assert asyncio.run(writing()).endswith(b"now\r\n\r\n")


def test_a_new_file_is_begun_rather_than_one_over_the_limit(tmp_path, exchange):
    bodies = [bytes(hashlib.shake_128(bytes([n])).digest(3000)) for n in range(8)]
    locations, files = write_all(tmp_path, [exchange(body) for body in bodies], max_bytes=12_000)
    assert [file.name for file in files] == [f"blog-{n:05}.warc.gz" for n in range(len(files))]
    assert len(files) == 4
    assert all(file.size <= 12_000 for file in files)
    for file in files:
        kinds = [kind for kind, _, _ in records(tmp_path / file.name)]
        assert kinds == ["warcinfo", "request", "response", "request", "response"]
    assert [location.file for location in locations] == [file.name for file in files for _ in range(2)]


def test_an_exchange_over_the_limit_has_a_file_of_its_own(tmp_path, exchange):
    large = hashlib.shake_128(b"x").digest(50_000)
    _, files = write_all(tmp_path, [exchange(), exchange(large), exchange()], max_bytes=20_000)
    assert [file.records for file in files] == [3, 3, 3]


def test_a_file_that_exists_is_never_written_to(tmp_path, exchange):
    (tmp_path / "blog-00000.warc.gz").write_bytes(b"closed")
    (tmp_path / "blog-00001.warc.gz.open").write_bytes(b"left behind")
    _, files = write_all(tmp_path, [exchange()])
    assert [file.name for file in files] == ["blog-00002.warc.gz"]
    assert (tmp_path / "blog-00000.warc.gz").read_bytes() == b"closed"
    assert (tmp_path / "blog-00001.warc.gz.open").read_bytes() == b"left behind"


def test_the_body_is_read_from_its_start_and_closed(tmp_path, exchange):
    made = exchange(b"whole")
    body = made.response.body
    body.seek(3)
    [location], _ = write_all(tmp_path, [made])
    assert body.closed
    octets = (tmp_path / location.file).read_bytes()
    assert b"whole" in gzip.decompress(octets[location.offset :])


def test_close_gives_the_same_again(tmp_path, exchange):
    async def writing() -> Any:
        writer = WarcWriter(tmp_path, "blog", warcinfo=INFO)
        await writer.write(exchange())
        return await asyncio.gather(writer.close(), writer.close()), await writer.close()

    [first, second], third = asyncio.run(writing())
    assert first == second == third
    assert len(first) == 1


def test_close_waits_for_what_is_under_way(tmp_path, exchange):
    async def writing() -> Any:
        writer = WarcWriter(tmp_path, "blog", warcinfo=INFO, queue_bytes=1)
        tasks = [asyncio.create_task(writer.write(exchange())) for _ in range(5)]
        await asyncio.sleep(0)
        [file] = await writer.close()
        return file, [await task for task in tasks]

    file, locations = asyncio.run(writing())
    assert file.records == 11
    assert len({location.offset for location in locations}) == 5


def test_an_exchange_after_the_end_is_refused(tmp_path, exchange):
    async def writing() -> Any:
        writer = WarcWriter(tmp_path, "blog", warcinfo=INFO)
        await writer.close()
        await writer.write(exchange())

    with pytest.raises(CaptureLost, match="the exchange came too late"):
        asyncio.run(writing())


class SlowBody(io.BytesIO):
    """A body that lets the thread go on only when told to."""

    gate = threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        assert self.gate.wait(10)
        return super().read(size)


def test_no_more_than_the_bound_is_handed_to_the_thread(tmp_path, exchange):
    SlowBody.gate.clear()
    seen: list[int] = []

    async def writing() -> Any:
        writer = WarcWriter(tmp_path, "blog", warcinfo=INFO, queue_bytes=10_000)
        made = [exchange(b"x" * 3000) for _ in range(20)]
        for one in made:
            one.response.body = SlowBody(b"x" * 3000)
        tasks = [asyncio.create_task(writer.write(one)) for one in made]
        for _ in range(5):
            await asyncio.sleep(0)
            seen.append(writer.queued_bytes)
        done_while_shut = [task.done() for task in tasks]
        SlowBody.gate.set()
        for task in tasks:
            await task
            seen.append(writer.queued_bytes)
        await writer.close()
        return done_while_shut

    assert asyncio.run(writing()) == [False] * 20
    assert 9_000 < max(seen) <= 10_000
    assert seen[-1] == 0


def test_an_exchange_larger_than_the_bound_goes_alone(tmp_path, exchange):
    locations, _ = write_all(tmp_path, [exchange(b"x" * 5000), exchange()], queue_bytes=1000)
    assert len(locations) == 2


def test_the_exchange_of_a_cancelled_caller_is_written(tmp_path, exchange):
    async def writing() -> Any:
        writer = WarcWriter(tmp_path, "blog", warcinfo=INFO, queue_bytes=1)
        tasks = [asyncio.create_task(writer.write(exchange())) for _ in range(3)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        return await writer.close()

    [file] = asyncio.run(writing())
    assert file.records == 7


def test_the_last_locations_are_remembered_by_record(tmp_path, exchange):
    ids = [new_record_id() for _ in range(3)]

    async def writing() -> Any:
        writer = WarcWriter(tmp_path, "blog", warcinfo=INFO, remembered=2)
        written = [await writer.write(exchange(record_id=record_id)) for record_id in ids]
        await writer.close()
        return written, [writer.location(record_id) for record_id in ids]

    written, remembered = asyncio.run(writing())
    assert remembered == [None, *written[1:]]


def test_other_programs_find_nothing_wrong(tmp_path, exchange, tool):
    _, [file] = write_all(tmp_path, [exchange(b"x" * n, problems=["odd"]) for n in (0, 1, 70_000)])
    for command in (("warcio", "check"), ("fastwarc", "check"), ("gzip", "-t")):
        opinion = tool(*command, tmp_path / file.name)
        assert opinion.code == 0, opinion.text


def test_other_programs_complain_of_chunked_payloads_and_of_nothing_else(tmp_path, exchange, tool):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    made = [exchange(b"3\r\nabc\r\n0\r\n\r\n", head=head, payload=b"abc"), exchange()]
    locations, [file] = write_all(tmp_path, made)
    path = tmp_path / file.name
    said = tool("warcio", "check", "-v", path)
    assert said.code == 1
    failed = [line.strip() for line in said.text.splitlines() if "failed" in line]
    assert failed == ["payload digest failed sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5"]
    said = tool("fastwarc", "check", "--verify-payloads", path)
    assert said.code == 1
    assert said.text.count(locations[0].record_id) >= 1
    assert locations[1].record_id not in said.text
    assert tool("fastwarc", "check", path).code == 0
    assert tool("gzip", "-t", path).code == 0


def test_a_full_disk_ends_the_capture_and_leaves_the_file_open(tmp_path):
    """RLIMIT_FSIZE stands for the full disk: write fails with EFBIG, without any privilege."""
    script = """
        import asyncio, hashlib, json, resource, sys
        from pathlib import Path
        from crawler.warc.writer import CaptureLost, WarcWriter
        from tests.warc.exchanges import make_exchange

        async def main():
            said = []
            writer = WarcWriter(Path(sys.argv[1]), "blog", warcinfo={"software": "x"}, on_error=said.append)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
            body = hashlib.shake_128(b"x").digest(3000)
            outcomes = await asyncio.gather(
                *(writer.write(make_exchange(body)) for _ in range(20)), return_exceptions=True
            )
            try:
                await writer.write(make_exchange(body))
            except CaptureLost as late:
                outcomes.append(late)
            files = await writer.close()
            print(json.dumps({
                "written": sum(not isinstance(outcome, Exception) for outcome in outcomes),
                "lost": sum(isinstance(outcome, CaptureLost) for outcome in outcomes),
                "said": [str(error) for error in said],
                "cause": type(said[0].__cause__).__name__,
                "closed": len(files),
                "error": str(writer.error),
            }))

        asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    outcome = json.loads(done.stdout)
    assert outcome["written"] + outcome["lost"] == 21
    assert 1 <= outcome["written"] <= 6
    assert len(outcome["said"]) == 1
    assert "http://blog.example/post: not archived" in outcome["said"][0]
    assert "File too large" in outcome["said"][0]
    assert outcome["cause"] == "OSError"
    assert outcome["closed"] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["blog-00000.warc.gz.open"]


def test_a_folder_that_cannot_be_made_ends_the_capture(tmp_path, exchange):
    (tmp_path / "warc").write_text("a file where the folder should be")
    said: list[CaptureLost] = []
    made = exchange()

    async def writing() -> Any:
        writer = WarcWriter(tmp_path / "warc", "blog", warcinfo=INFO, on_error=said.append)
        with pytest.raises(CaptureLost, match="File exists"):
            await writer.write(made)
        return await writer.close()

    assert asyncio.run(writing()) == []
    assert len(said) == 1
    assert isinstance(said[0].__cause__, OSError)
    assert made.response.body.closed


def test_a_spooled_body_is_streamed(tmp_path, exchange):
    """The thread's peak of memory stays far below the body."""
    script = """
        import asyncio, hashlib, json, resource, sys, tempfile
        from pathlib import Path
        from crawler.warc.writer import WarcWriter
        from tests.warc.exchanges import make_exchange

        def spooled(size):
            body = tempfile.TemporaryFile()
            for _ in range(size >> 20):
                body.write(bytes(1 << 20))
            return body

        async def main():
            writer = WarcWriter(Path(sys.argv[1]), "blog", warcinfo={"software": "x"})
            exchange = make_exchange()
            await writer.write(make_exchange())
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            exchange.response.body = spooled(100 << 20)
            exchange.response.body_length = 100 << 20
            location = await writer.write(exchange)
            await writer.close()
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(json.dumps({"grown_kib": after - before, "length": location.length}))

        asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    outcome = json.loads(done.stdout)
    assert outcome["grown_kib"] < 10 << 10
    with gzip.open(tmp_path / "blog-00000.warc.gz") as file:
        total = sum(len(part) for part in iter(lambda: file.read(1 << 20), b""))
    assert total > 100 << 20


def test_a_spooled_temporary_file_is_taken(tmp_path, exchange):
    made = exchange()
    made.response.body = tempfile.SpooledTemporaryFile(max_size=10)  # noqa: SIM115
    made.response.body.write(b"more than ten bytes")
    made.response.body_length = 19
    [location], _ = write_all(tmp_path, [made])
    octets = (tmp_path / location.file).read_bytes()
    assert gzip.decompress(octets[location.offset :]).endswith(b"more than ten bytes\r\n\r\n")


@pytest.mark.parametrize("prefix", ["", "a/b", "..\\x", "a\nb", "é"])
def test_a_prefix_that_is_no_file_name_is_refused(tmp_path, prefix):
    with pytest.raises(ValueError, match="cannot begin the name of a file"):
        WarcWriter(tmp_path, prefix, warcinfo=INFO)
