"""The lock of a collection: one process writes it at a time."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "lock"


class Locked(RuntimeError):
    """Another process writes the collection."""


class Lock:
    """Holds a collection from ``Lock(path)`` to ``release``, or to the end of the process.

    A lock of the system on an open file (POSIX fcntl): it ends with the
    process that holds it, however that ends, and a child does not inherit it.
    What stands in the file only names the holder.
    """

    def __init__(self, collection: Path) -> None:
        """Take the lock. Raises Locked at once where another process has it, OSError."""
        path = collection / LOCK
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _take(self._descriptor)
        except (BlockingIOError, PermissionError):
            holder = _holder(path)
            os.close(self._descriptor)
            raise Locked(f"{collection}: {holder} writes it; one process at a time can") from None
        try:
            self._say_who()
        except OSError:
            self.release()
            raise

    def _say_who(self) -> None:
        about = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, json.dumps(about).encode() + b"\n")

    def release(self) -> None:
        """Let others write the collection. The file stays: removed, it could take a new lock away."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def is_held(collection: Path) -> bool:
    """Whether another process writes the collection at this moment; changes nothing in it."""
    try:
        descriptor = os.open(collection / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _could_take(descriptor)
    finally:
        os.close(descriptor)


def _holder(path: Path) -> str:
    try:
        about = json.loads(path.read_text("utf-8"))
        return f"process {about['pid']} (since {about['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        # Far behind the text that names the holder: on Windows a locked byte cannot be read.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _could_take(descriptor: int) -> bool:
        try:
            _take(descriptor)
        except OSError:
            return False
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        return True

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _could_take(descriptor: int) -> bool:
        try:
            # Shared, which a file that is open for reading allows; given back when it is closed.
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True
