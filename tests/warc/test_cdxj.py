"""The index of captures: lines, sorting, searching, merging."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.cdxj import BadLine, Entry, Index, merge_into
from crawler.warc.surt import surt_key

if TYPE_CHECKING:
    from pathlib import Path


def entry(url: str, timestamp: str = "20261124000000", offset: int = 0) -> Entry:
    return Entry(
        key=surt_key(url),
        timestamp=timestamp,
        url=url,
        mime="text/html",
        status="200",
        digest="sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
        length=500,
        offset=offset,
        filename="blog-00000.warc.gz",
    )


def test_a_line_has_key_timestamp_and_the_fields_that_replay_tools_read() -> None:
    assert entry("http://example.com/a?é").as_line() == (
        'com,example)/a?%c3%a9 20261124000000 {"url": "http://example.com/a?\\u00e9", "mime": "text/html",'
        ' "status": "200", "digest": "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", "length": "500",'
        ' "offset": "0", "filename": "blog-00000.warc.gz"}'
    )


def test_a_line_gives_its_entry_back() -> None:
    assert Entry.from_line(entry("http://example.com/").as_line() + "\n") == entry("http://example.com/")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "com,example)/",
        "com,example)/ 20261124000000",
        "com,example)/ 20261124000000 {",
        "com,example)/ 20261124000000 []",
        'com,example)/ 20261124000000 {"url": "x"}',
        'com,example)/ 2026 {"url": "x", "length": "1", "offset": "0", "filename": "a"}',
        'com,example)/ 20261124000000 {"url": "x", "length": "one", "offset": "0"}',
        'com,example)/ 20261124000000 {"url": "x", "status": "2", "length": "1", "offset": "0"}',
    ],
)
def test_a_line_that_is_no_entry_is_named(line: str) -> None:
    with pytest.raises(BadLine, match=r"no entry of an index|expected 14 digits"):
        Entry.from_line(line)


def written(path: Path, entries: list[Entry]) -> Path:
    merge_into(path, sorted(entry.as_line() for entry in entries))
    return path


def test_a_url_is_found_however_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path / "index.cdxj", [entry(f"http://example.com/{name}") for name in "abc"])
    with Index(path) as index:
        assert [found.url for found in index.captures("https://www.example.com/B/")] == [
            "http://example.com/b"
        ]
        assert index.captures("http://example.com/") == []


def test_the_nearest_capture_in_time_is_found(tmp_path: Path) -> None:
    times = ["20260101000000", "20260201000000", "20260301000000"]
    path = written(tmp_path / "index.cdxj", [entry("http://example.com/", time) for time in times])
    with Index(path) as index:
        found = [
            index.closest("http://example.com/", time)
            for time in ("2025" + "0101" * 2 + "00", "20260302000000")
        ]
        assert [nearest and nearest.timestamp for nearest in found] == [times[0], times[2]]
        assert index.closest("http://example.org/", times[0]) is None


@given(st.lists(st.text("abc/", max_size=6), max_size=40), st.text("abcd/", max_size=6))
def test_every_capture_of_every_url_is_found(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], other: str
) -> None:
    path = tmp_path_factory.mktemp("index") / "index.cdxj"
    entries = [entry(f"http://example.com/{name}", offset=offset) for offset, name in enumerate(names)]
    written(path, entries)
    with Index(path) as index:
        for url in (f"http://example.com/{name}" for name in [*names, other]):
            expected = {found.offset for found in entries if found.key == surt_key(url)}
            assert {found.offset for found in index.captures(url)} == expected
        assert sorted(found.offset for found in index) == list(range(len(names)))


def test_new_lines_are_merged_and_none_is_doubled(tmp_path: Path) -> None:
    path = tmp_path / "index.cdxj"
    first, second = ([entry(f"http://example.com/{name}") for name in names] for names in ("ac", "abc"))
    written(path, first)
    assert merge_into(path, sorted(entry.as_line() for entry in second)) == 3
    lines = path.read_bytes().splitlines()
    assert lines == sorted(lines)
    assert [Entry.from_line(line.decode()).url[-1] for line in lines] == ["a", "b", "c"]
    assert [path.name for path in tmp_path.iterdir()] == ["index.cdxj"]
