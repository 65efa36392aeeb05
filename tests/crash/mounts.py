"""File systems of a test's own, where this machine permits them: small, read-only, or losing power."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHUTDOWN = 0x8004587D
"""The request FS_IOC_SHUTDOWN of ext4: from now on nothing reaches the disk."""
NO_LOG_FLUSH = 2
"""What the file system's own journal holds in memory is lost, too, as when the power fails."""


def attempt(*words: str) -> None:
    """Run a command that needs privileges; skip the test with what it says where it is refused."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip(f"{words[0]} is not permitted here: {told.stderr.strip() or told.returncode}")


@contextmanager
def _mounted(folder: Path, *words: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    attempt("mount", *words, str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk with so many bytes."""
    with _mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        yield folder


def enlarge(folder: Path) -> None:
    """Make room on a small disk."""
    subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """A folder in which nothing can be written, by root neither."""
    with _mounted(folder, "--bind", str(folder)):
        attempt("mount", "-o", "remount,ro,bind", str(folder))
        yield folder


class Disk:
    """A disk of its own, whose power can be cut."""

    def __init__(self, folder: Path) -> None:
        self.image = folder / "disk.img"
        self.folder = folder / "disk"
        self.folder.mkdir()
        with self.image.open("wb") as file:
            file.truncate(96 * 2**20)
        attempt("mkfs.ext4", "-q", "-F", str(self.image))

    @contextmanager
    def on(self) -> Iterator[None]:
        """The disk is there, until the block ends."""
        attempt("mount", "-o", "loop", str(self.image), str(self.folder))
        try:
            yield
        finally:
            subprocess.run(["umount", str(self.folder)], check=True)

    def cut(self) -> None:
        """Cut its power. Skips where that is not permitted."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        except OSError as error:
            pytest.skip(f"the power of a file system cannot be cut here: {error.strerror}")
        finally:
            os.close(descriptor)
