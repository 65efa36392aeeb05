"""The part of a file that a browser asks for (RFC 9110 section 14)."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})-(\d{0,18})", re.IGNORECASE)


class Unsatisfiable(ValueError):
    """A range that lies behind the end."""


def byte_range(asked: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte of what a Range field asks of ``size`` bytes; None for all of it.

    What is no range of bytes, or several, is passed over, as a server may. A
    suffix longer than the file is the whole file. Raises Unsatisfiable.
    """
    match = _RANGE.fullmatch((asked or "").strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        begin, end = max(0, size - int(last)), size - 1
    else:
        begin, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < begin:
            # No range at all (14.1.1).
            return None
    if begin >= size or begin > end:
        raise Unsatisfiable(f"bytes {first}-{last}: expected some of 0-{size - 1}")
    return begin, end
