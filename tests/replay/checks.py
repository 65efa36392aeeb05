"""Self-checks that a test gives as REPLAY_CHECK."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from crawler.replay.self_check import SelfCheck

if TYPE_CHECKING:
    from crawler.items import Skipped


class Slow(SelfCheck):
    """Takes its time with each page."""

    def check(self, url: str, record_id: str) -> list[Skipped]:
        """Wait, then look."""
        time.sleep(0.05)
        return super().check(url, record_id)


class Broken(SelfCheck):
    """Stumbles over every page."""

    def check(self, url: str, record_id: str) -> list[Skipped]:
        """Raise what nobody expects."""
        raise RecursionError(f"{url}, {record_id}")
