"""What a sync says is on the disk; and a disk that is nearly full is left as it is."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.warc import files
from crawler.warc.space import check_space
from crawler.warc.writer import CaptureLost, WarcWriter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

INFO = {"software": "blogarchive/0.1.0"}


def writing(folder: Path, steps: Callable[[WarcWriter], Awaitable[Any]], **more: Any) -> Any:
    """What ``steps`` give, taken with a writer that is closed in the end."""

    async def run() -> Any:
        writer = WarcWriter(folder, "blog", warcinfo=INFO, **more)
        try:
            return await steps(writer)
        finally:
            await writer.close()

    return asyncio.run(run())


@pytest.fixture
def synced(monkeypatch, optional) -> list[tuple[str, int]]:
    """Every file and folder that was put on the disk, with its size at that moment; the calls are made."""
    optional(Path("/proc/self/fd").is_dir(), "only Linux tells the name of an open file")
    calls: list[tuple[str, int]] = []

    def remembering(real: Callable[[int], None]) -> Callable[[int], None]:
        def call(descriptor: int) -> None:
            real(descriptor)
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            calls.append((path.name, path.stat().st_size))

        return call

    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, remembering(getattr(os, name)))
    return calls


def test_a_sync_gives_the_length_of_what_is_on_the_disk_by_its_final_name(tmp_path, exchange, synced):
    async def steps(writer: WarcWriter) -> Any:
        await writer.write(exchange())
        synced.clear()
        return await writer.sync(), (tmp_path / "blog-00000.warc.gz.open").stat().st_size

    lengths, size = writing(tmp_path, steps)
    assert lengths == {"blog-00000.warc.gz": size}
    assert synced[0] == ("blog-00000.warc.gz.open", size)


def test_a_sync_without_anything_written_gives_nothing(tmp_path):
    async def steps(writer: WarcWriter) -> Any:
        return await writer.sync()

    assert writing(tmp_path / "warc", steps) == {}
    assert not (tmp_path / "warc").exists()


def test_a_file_that_has_not_grown_is_neither_told_nor_synced_again(tmp_path, exchange, synced):
    async def steps(writer: WarcWriter) -> Any:
        await writer.write(exchange())
        await writer.sync()
        synced.clear()
        return await writer.sync(), list(synced)

    assert writing(tmp_path, steps) == ({}, [])


def test_files_that_were_closed_between_two_syncs_are_told(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> Any:
        await writer.write(exchange())
        first = await writer.sync()
        for _ in range(3):
            await writer.write(exchange())
        return first, await writer.sync(), await writer.close()

    first, second, closed = writing(tmp_path, steps, max_bytes=1)
    assert list(first) == ["blog-00000.warc.gz"]
    assert second == {file.name: file.size for file in closed[1:]}
    assert len(second) == 3


def test_a_sync_covers_what_was_handed_over_before_it_also_what_waits(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> Any:
        tasks = [asyncio.create_task(writer.write(exchange(b"x" * 3000))) for _ in range(5)]
        await asyncio.sleep(0)
        lengths = await writer.sync()
        assert all(task.done() for task in tasks)
        return lengths, [await task for task in tasks]

    lengths, locations = writing(tmp_path, steps, queue_bytes=1)
    assert lengths["blog-00000.warc.gz"] == max(place.offset + place.length for place in locations)


def test_two_syncs_at_a_time_tell_everything_once(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> Any:
        await writer.write(exchange())
        return await asyncio.gather(writer.sync(), writer.sync())

    first, second = writing(tmp_path, steps)
    assert (list(first), second) == (["blog-00000.warc.gz"], {})


def test_what_a_cancelled_sync_would_have_told_the_next_one_tells(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> Any:
        await writer.write(exchange())
        cancelled = asyncio.create_task(writer.sync())
        await asyncio.sleep(0)
        cancelled.cancel()
        return await writer.sync()

    assert list(writing(tmp_path, steps)) == ["blog-00000.warc.gz"]


def test_after_the_end_a_sync_tells_what_the_end_added(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> Any:
        await writer.write(exchange())
        [file] = await writer.close()
        return file, await writer.sync(), await writer.sync()

    file, first, second = writing(tmp_path, steps)
    assert (first, second) == ({file.name: file.size}, {})


def test_the_name_of_a_new_file_is_put_on_the_disk_before_its_records(tmp_path, exchange, synced):
    async def steps(writer: WarcWriter) -> Any:
        await writer.write(exchange())
        return list(synced)

    [(folder, _)] = writing(tmp_path, steps)
    assert folder == tmp_path.name


def test_a_disk_that_does_not_sync_ends_the_capture(tmp_path, exchange, monkeypatch):
    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def steps(writer: WarcWriter) -> Any:
        await writer.write(exchange())
        monkeypatch.setattr(files, "sync_data", broken)
        sentence = "could not be put on the disk, Input/output error"
        for step in (writer.sync(), writer.sync(), writer.write(exchange())):
            with pytest.raises(CaptureLost, match=sentence):
                await step
        return await writer.close()

    said: list[CaptureLost] = []
    assert writing(tmp_path, steps, on_error=said.append) == []
    assert [path.name for path in tmp_path.iterdir()] == ["blog-00000.warc.gz.open"]
    assert len(said) == 1


def test_an_exchange_that_was_lost_on_its_way_ends_the_capture(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> Any:
        before = asyncio.create_task(writer.write(exchange()))
        await asyncio.sleep(0)
        with pytest.raises(CaptureLost, match=r"post: not archived, the temporary folder is full"):
            await writer.lose(exchange(), OSError(errno.ENOSPC, "the temporary folder is full"))
        return await before, writer.error

    location, error = writing(tmp_path, steps)
    assert location.offset
    assert isinstance(error.__cause__, OSError)
    assert [path.name for path in tmp_path.iterdir()] == ["blog-00000.warc.gz.open"]


def test_what_is_lost_after_the_end_does_not_wait_for_ever(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> Any:
        await writer.write(exchange())
        await writer.close()
        with pytest.raises(CaptureLost, match="the exchange came too late"):
            await writer.lose(exchange(), OSError(errno.ENOSPC, "full"))

    writing(tmp_path, steps)


def test_a_disk_that_is_nearly_full_gets_no_more(tmp_path, exchange):
    floor = shutil.disk_usage(tmp_path).free * 2

    async def steps(writer: WarcWriter) -> Any:
        with pytest.raises(CaptureLost) as lost:
            await writer.write(exchange())
        return str(lost.value)

    sentence = writing(tmp_path / "warc", steps, min_free=floor)
    assert sentence.startswith(f"http://blog.example/post: not archived, {tmp_path / 'warc'}: ")
    assert sentence.endswith(f" and MIN_FREE_BYTES ({floor})")
    assert " bytes free, too few for " in sentence
    assert "Errno" not in sentence
    assert list((tmp_path / "warc").iterdir()) == []


def test_a_disk_with_room_is_written_to(tmp_path, exchange):
    async def steps(writer: WarcWriter) -> Any:
        return await writer.write(exchange())

    assert writing(tmp_path, steps, min_free=1).whole


def test_without_a_floor_no_disk_is_looked_at(tmp_path):
    check_space(tmp_path / "nowhere", 0, 10**18)


def test_what_is_needed_counts_as_taken(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    check_space(tmp_path, 1)
    with pytest.raises(OSError, match="too few for") as full:
        check_space(tmp_path, free // 2, free)
    assert full.value.errno == errno.ENOSPC
