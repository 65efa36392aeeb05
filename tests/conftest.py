"""What all tests share: the recordings beside the checkout, and the rule for optional parts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crawler.demo import DemoBlog

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


def optional(available: object, reason: str) -> None:
    """Skip the test with ``reason`` unless ``available``; fail instead where everything is required."""
    if available:
        return
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(f"REQUIRE_ALL=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(name="optional")
def optional_fixture():
    """The function ``optional(available, reason)``."""
    return optional


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and truths beside the checkout; a user's clone has none."""
    folder = ROOT.parent / "shared"
    optional(folder.is_dir(), "the folder of recordings beside the checkout is not there")
    return folder


@pytest.fixture(scope="session")
def demo_blog() -> Iterator[DemoBlog]:
    """The demo blog on a port of this machine; ``demo_blog.url`` is its front page."""
    with DemoBlog() as blog:
        yield blog
