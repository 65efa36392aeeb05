"""A message while it arrives: hashed at once, in memory while small, in a file once large."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress

from crawler.warc.exchange import Message, Truncation

MEMORY_BYTES = 1024 * 1024
"""A body beyond this goes to a temporary file."""


class Spool:
    """Takes a body piece by piece; ``message()`` gives it together with its digests."""

    def __init__(self) -> None:
        # Handed over in a Message, whose reader closes it.
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115
        self._block = hashlib.sha1(usedforsecurity=False)
        self._payload = hashlib.sha1(usedforsecurity=False)
        self._identity = hashlib.sha256()
        self.length = 0
        """Bytes of the body so far, transfer coding included."""
        self.payload_length = 0

    def head(self, data: bytes) -> None:
        """The head verbatim, before any of the body."""
        self._block.update(data)

    def body(self, data: bytes) -> None:
        """Bytes after the head. Raises OSError where the temporary folder cannot take them."""
        try:
            self._file.write(data)
        except OSError as error:
            raise _not_held(error) from error
        self._block.update(data)
        self.length += len(data)

    def payload(self, data: bytes) -> None:
        """Bytes of the entity body, without the transfer coding."""
        self._payload.update(data)
        self._identity.update(data)
        self.payload_length += len(data)

    def message(self, head: bytes, truncated: Truncation | None) -> Message:
        """What was taken; ``head`` as given to ``head()``. The body is the reader's to close.

        Raises OSError as ``body`` does: the last bytes go into the file only now.
        """
        try:
            self._file.flush()
        except OSError as error:
            raise _not_held(error) from error
        return Message(
            head=head,
            body=self._file,
            body_length=self.length,
            block_sha1=self._block.digest(),
            payload_sha1=self._payload.digest(),
            payload_sha256=self._identity.digest(),
            payload_length=self.payload_length,
            truncated=truncated,
        )

    def discard(self) -> None:
        """Give up what was taken: nobody is going to read it."""
        # Closing tries once more to write what could not be written.
        with suppress(OSError):
            self._file.close()


def _not_held(error: OSError) -> OSError:
    """The error as a sentence that tells which disk it is: not the one of the archive."""
    folder = tempfile.tempdir or "that TMPDIR names"
    return OSError(error.errno, f"the temporary folder {folder} cannot hold an answer: {error.strerror}")
