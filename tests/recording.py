"""The recording of a real Drupal site, crawled as if it were live."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.small_site import AT_ONCE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.small_site import Typed


def crawl_recording(shared: Path, scrapy: Typed, hits: Path) -> None:
    """Archive it into the collection ``dipnote``; ``hits`` gets a line for each request."""
    recording = shared / "sites" / "drupal7" / "site.warc.gz"
    command = [sys.executable, str(shared / "tools" / "replay_proxy.py"), str(recording), "--hits", str(hits)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy,
        pytest.MonkeyPatch.context() as patch,
    ):
        assert proxy.stdout is not None
        patch.setenv("http_proxy", proxy.stdout.readline().strip())
        at_once = [word for setting in AT_ONCE for word in ("-s", setting)]
        ended = scrapy("crawl", "dipnote", "-a", "door=live", *at_once)
        proxy.terminate()
    assert ended.returncode == 0, ended.stderr[-2000:]
