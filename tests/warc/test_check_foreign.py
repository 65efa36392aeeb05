"""Archives that other programs make, checked: right where they are right, a plain word where they are not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.small_site import Typed, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.small_site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        made.serve("/", "<a href=/post>A post</a>" + "words " * 500)
        made.serve("/post", "<p>The post.")
        made.serve("/moved", status=301, Location="/post")
        yield made


def verified(folder: Path, name: str) -> list[str]:
    """The findings on a file, which have to be notes alone."""
    ended = Typed(folder)("verify", name)
    *findings, summary = ended.stdout.splitlines()
    assert ended.returncode == 0, ended.stdout
    assert summary.startswith(f"{name}: verified; ")
    return findings


def test_what_wget_writes_is_verified_with_a_word_on_what_is_odd(
    site: Site, tmp_path: Path, optional: Callable[[object, str], None]
) -> None:
    optional(shutil.which("wget"), "wget is not installed")
    command = ["wget", "--quiet", "--recursive", "--no-parent", "--warc-file=w", "-e", "robots=off", site.url]
    subprocess.run(command, cwd=tmp_path, check=True)
    findings = verified(tmp_path, "w.warc.gz")
    assert all("note: " in finding for finding in findings)


def test_what_warcio_captures_is_verified(site: Site, tmp_path: Path) -> None:
    script = f"""
from warcio.capture_http import capture_http
import http.client

with capture_http("c.warc.gz"):
    for path in ("/", "/post", "/moved", "/none"):
        connection = http.client.HTTPConnection("{site.url.split("/")[2]}")
        connection.request("GET", path)
        connection.getresponse().read()
        connection.close()
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    findings = verified(tmp_path, "c.warc.gz")
    assert all("note: " in finding for finding in findings)
    octets = bytearray((tmp_path / "c.warc.gz").read_bytes())
    octets[len(octets) // 2] ^= 1
    (tmp_path / "c.warc.gz").write_bytes(octets)
    assert Typed(tmp_path)("verify", "c.warc.gz").returncode == 9
