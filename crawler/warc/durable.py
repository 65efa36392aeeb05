"""What outlives a loss of power: bytes and names that were put on the disk, and not only handed over."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sync_data(descriptor: int) -> None:
    """Put a file's bytes, and as much of what is known about it as reading them needs, on the disk."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder last; on Windows a folder cannot be opened, and need not."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
