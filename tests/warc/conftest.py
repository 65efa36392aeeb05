"""Exchanges as the client hands them over, and second opinions on the files that come of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.warc.exchanges import make_exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.warc.exchange import Exchange


@pytest.fixture
def exchange() -> Callable[..., Exchange]:
    """The function that makes an exchange."""
    return make_exchange


@dataclass(frozen=True)
class Opinion:
    """What a program said of a file."""

    code: int
    text: str


def run_tool(*command: str | Path) -> Opinion:
    """Run a program that stands beside this Python, or in the PATH."""
    name, *rest = (str(part) for part in command)
    beside = Path(sys.executable).with_name(name)
    program = str(beside) if beside.exists() else name
    done = subprocess.run([program, *rest], capture_output=True, text=True, timeout=60, check=False)
    return Opinion(done.returncode, done.stdout + done.stderr)


@pytest.fixture
def tool() -> Callable[..., Opinion]:
    """The function that runs a program on a file."""
    return run_tool
