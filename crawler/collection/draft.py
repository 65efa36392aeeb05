"""A file that is there when it is whole, and not before."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from crawler.collection.recovery import OPEN
from crawler.warc.durable import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def draft(path: Path) -> Iterator[IO[bytes]]:
    """A stream under the name with ``.open`` behind it, which becomes ``path`` at the end of the block.

    It replaces what is there by then. Where the block raises, nothing is
    left. What a process that was killed has left under the name is written
    over. Raises OSError.
    """
    name = path.with_name(path.name + OPEN)
    try:
        with name.open("w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        name.replace(path)
    except BaseException:
        name.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
