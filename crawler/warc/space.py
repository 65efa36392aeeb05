"""Room on the disk that is left to others: a crawl stops before it takes the last of it."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def check_space(folder: Path, floor: int, needed: int = 0) -> None:
    """Pass where ``floor`` bytes stay free after ``needed`` bytes have been written into ``folder``.

    A ``floor`` of 0 is none, and nothing is looked at; otherwise the folder
    has to exist. Raises OSError, with the errno of a full disk where there is
    too little.
    """
    if floor <= 0:
        return
    # What an ordinary user may still take; the reserve of the superuser is not counted.
    free = shutil.disk_usage(folder).free
    if free - needed < floor:
        wanted = f"{needed} bytes and MIN_FREE_BYTES ({floor})" if needed else f"MIN_FREE_BYTES ({floor})"
        raise OSError(errno.ENOSPC, f"{folder}: {free} bytes free, too few for {wanted}")
