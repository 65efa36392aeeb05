"""The part of a file that a browser asks for."""

from __future__ import annotations

import pytest

from crawler.replay.byte_range import Unsatisfiable, byte_range


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, None),
        ("bytes=0-0", (0, 0)),
        ("bytes=2-5", (2, 5)),
        ("bytes=2-", (2, 9)),
        ("bytes=2-99", (2, 9)),
        ("bytes=-3", (7, 9)),
        # ReplayWeb.page asks so for the directory of a small ZIP file.
        ("bytes=-4096", (0, 9)),
        ("BYTES = 1-1", (1, 1)),
        # No range, or more than one: all of it, as RFC 9110 allows.
        ("bytes=5-2", None),
        ("bytes=0-1,4-5", None),
        ("bytes=-", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=" + "9" * 400 + "-", None),
    ],
)
def test_a_range_is_read_as_rfc_9110_says(asked: str | None, found: tuple[int, int] | None) -> None:
    assert byte_range(asked, 10) == found


@pytest.mark.parametrize(
    ("asked", "size"), [("bytes=10-", 10), ("bytes=10-12", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_a_range_behind_the_end_is_told(asked: str, size: int) -> None:
    with pytest.raises(Unsatisfiable, match="expected some of 0-"):
        byte_range(asked, size)
