# ruff: noqa: E402 - run as a script, it must find the checkout first
"""How fast ``extract`` reads posts out of a WARC file, against trafilatura on the same pages.

``python benchmarks/extract_speed.py [ARCHIVE] [--rounds 5]`` takes the pages of posts
of a recording of DipNote's markup (by default the one in the folder `shared`
beside the checkout). Ours is the whole way from the file to lines of JSON:
records, decoding, rows, proof. trafilatura gets the pages as text, with
comments asked for and JSON for output, and has nothing else to do. Both run in turn in one
process, so that both meet the machine in the same state; the best round of
each counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import trafilatura
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from crawler.commands.extract import write_rows
from crawler.commands.extraction import read_archives
from crawler.pages import LinkKind
from crawler.pages.address import address_of

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDING = ROOT.parent / "shared/sites/drupal7/site.warc.gz"


def keep_posts(source: Path, target: Path) -> list[tuple[str, str]]:
    """Copy the pages of posts, comment pages included, to ``target``; gives address and text of each."""
    pages = []
    with source.open("rb") as archive, target.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for record in ArchiveIterator(archive):
            if record.rec_type != "response" or record.http_headers.get_statuscode() != "200":
                continue
            url = record.rec_headers.get_header("WARC-Target-URI")
            address = address_of(url)
            if address is None or address.kind not in (LinkKind.POST, LinkKind.COMMENTS):
                continue
            writer.write_record(record)
            pages.append(url)
    with target.open("rb") as archive:
        bodies = [record.content_stream().read() for record in ArchiveIterator(archive)]
    return [(url, body.decode("utf-8", "replace")) for url, body in zip(pages, bodies, strict=True)]


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, in seconds of the clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ours(archive: Path) -> None:
    """Extract as the command does."""
    with tempfile.TemporaryDirectory() as folder:
        write_rows(read_archives([archive]), Path(folder))


def theirs(pages: list[tuple[str, str]]) -> None:
    """Let trafilatura extract from each page."""
    for url, text in pages:
        trafilatura.extract(text, url=url, include_comments=True, with_metadata=True, output_format="json")


def main() -> None:
    """Measure, and print pages a second and the ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path, nargs="?", default=RECORDING, help="a WARC file of the blog")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "posts.warc.gz"
        pages = keep_posts(options.archive, archive)
        size = sum(len(text) for _, text in pages) / len(pages) / 1000
        print(f"{len(pages)} pages of posts, {size:.0f} KB each")
        times: dict[str, list[float]] = {"extract": [], "trafilatura": []}
        for number in range(options.rounds):
            times["extract"].append(seconds(lambda: ours(archive)))
            times["trafilatura"].append(seconds(lambda: theirs(pages)))
            shown = "   ".join(f"{name} {len(pages) / each[-1]:6.1f}" for name, each in times.items())
            print(f"round {number + 1}: {shown} pages/s")
    best = {name: len(pages) / min(each) for name, each in times.items()}
    print("best:    " + "   ".join(f"{name} {speed:6.1f}" for name, speed in best.items()) + " pages/s")
    print(f"ratio:   {best['extract'] / best['trafilatura']:.1f}")


if __name__ == "__main__":
    main()
