"""All WARC files of an archive checked, one after the other, and what they hold noted in a catalogue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.warc.check import checked_records
from crawler.warc.finding import Finding
from crawler.warc.stored_file import UNREADABLE, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.warc.catalogue import Catalogue
    from crawler.warc.stored_file import StoredFile


def check_warc(file: StoredFile, catalogue: Catalogue) -> Iterator[Finding]:
    """What is wrong with a WARC file; its records go into the catalogue, which can tell of revisits then."""
    if not catalogue.add_file(file.name, file.told):
        told = f"a second file named {file.name}"
        yield error(
            "file-twice", file.told, told, "names that are unique in an archive: an index has no other"
        )
        return
    heads: list[str] = []
    try:
        with file.open() as stream:
            for found in checked_records(stream, file.name):
                if isinstance(found, Finding):
                    yield replace(found, file=file.told)
                    continue
                if found.method == "HEAD":
                    heads += [record_id.strip("<> ") for record_id in found.concurrent_to]
                catalogue.note(found)
    except UNREADABLE as fault:
        yield error("unreadable", file.told, str(fault), "a file that can be read to its end")
    catalogue.leave_out(heads)
