# ruff: noqa: E402 - run as a script, it must find the checkout first
"""Copy a recording with every class and id of its HTML pages renamed to words without meaning.

    python tests/pages/rename_recording.py SRC.warc.gz DST.warc.gz [--keep-fragments] [--without-rdfa]

Target URIs, dates and record ids stay as they are, so that the rows read out of
the copy compare with the truth of the original. The messages are no longer
what any server sent: the copy is for trying readers, and its warcinfo says so.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.pages.renaming import renamed
from tests.pages.sites.drupal import without_rdfa

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

# They speak of the bytes that were there before.
STALE = ("WARC-Payload-Digest", "WARC-Block-Digest", "Content-Length")
STALE_HTTP = ("Content-Encoding", "Transfer-Encoding", "Content-Length", "ETag", "Content-MD5")


def renamed_warc(src: Path, dst: Path, *, fragments: bool = True, rdfa: bool = True) -> int:
    """Write ``src`` to ``dst`` with renamed HTML; gives the number of pages renamed.

    With ``fragments``, links into a page follow its ids to their new names;
    without ``rdfa``, the attributes that carry meaning are taken out too.
    """
    pages = 0
    with src.open("rb") as source, dst.open("wb") as target:
        writer = WARCWriter(target, gzip=dst.suffix == ".gz")
        writer.write_record(
            writer.create_warcinfo_record(
                dst.name, {"description": f"{src.name} with classes and ids renamed"}
            )
        )
        for record in ArchiveIterator(source):
            if record.rec_type == "warcinfo":
                continue
            if is_page(record):
                record = renamed_record(writer, record, fragments=fragments, rdfa=rdfa)  # noqa: PLW2901
                pages += 1
            writer.write_record(record)
    return pages


def is_page(record: ArcWarcRecord) -> bool:
    """Whether a record is a response with HTML."""
    if record.rec_type != "response" or record.http_headers is None:
        return False
    return "html" in (record.http_headers.get_header("Content-Type") or "")


def renamed_record(
    writer: WARCWriter, record: ArcWarcRecord, *, fragments: bool, rdfa: bool
) -> ArcWarcRecord:
    """The response with its page renamed, its body neither compressed nor in chunks."""
    page = record.content_stream().read()
    if not rdfa:
        page = without_rdfa(page.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    body = renamed(page, fragments=fragments)
    for name in STALE_HTTP:
        record.http_headers.remove_header(name)
    record.http_headers.add_header("Content-Length", str(len(body)))
    for name in STALE:
        record.rec_headers.remove_header(name)
    return writer.create_warc_record(
        record.rec_headers.get_header("WARC-Target-URI"),
        "response",
        payload=io.BytesIO(body),
        length=len(body),
        http_headers=record.http_headers,
        warc_headers=record.rec_headers,
    )


def main() -> None:
    """Copy what the arguments name."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("src", type=Path)
    parser.add_argument("dst", type=Path)
    parser.add_argument("--keep-fragments", action="store_true", help="leave `#comment-12` in links as it is")
    parser.add_argument("--without-rdfa", action="store_true", help="take RDFa out as well")
    options = parser.parse_args()
    choices = {"fragments": not options.keep_fragments, "rdfa": not options.without_rdfa}
    pages = renamed_warc(options.src, options.dst, **choices)
    print(f"{options.dst}: {pages} pages renamed")


if __name__ == "__main__":
    main()
