"""A folder to type commands in, and a site to try them on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.small_site import Typed, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.small_site import Site


@pytest.fixture
def scrapy(tmp_path: Path) -> Typed:
    """``scrapy(*words)`` in an empty folder."""
    return Typed(tmp_path)


@pytest.fixture
def site() -> Iterator[Site]:
    """A site without pages, but for a robots.txt that allows everything."""
    with serving() as made:
        yield made
