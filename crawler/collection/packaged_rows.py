"""The runs that a WACZ of ours carries in its ``data`` folder, held against its records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.collection.layout import RUN_JSON, SKIPPED
from crawler.collection.row_check import RowCheck
from crawler.collection.run_check import RunOnDisk, check_chain, check_files, read_manifest
from crawler.items import ITEM_FILES
from crawler.warc.stored_file import note
from crawler.warc.wacz_check import data_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.collection.row_catalogue import RowCatalogue
    from crawler.collection.run_check import Manifest
    from crawler.warc.catalogue import Catalogue
    from crawler.warc.finding import Finding
    from crawler.warc.wacz_check import VerifiedWacz


def verify_packaged_rows(
    told: str, done: VerifiedWacz, records: Catalogue, rows: RowCatalogue
) -> Iterator[Finding]:
    """What is wrong with the runs of a package that was read already."""
    check = RowCheck(records, rows)
    manifests: list[Manifest] = []
    for name, data in data_files(done).items():
        warcs = {file.name: file for file in done.warcs}
        if RUN_JSON in data:
            file = data.pop(RUN_JSON)
            run = RunOnDisk(id=name, told=f"{told}/data/{name}", files=data, manifest_file=file)
            manifest, found = read_manifest(run)
            yield from found
            listed = {warc: warcs[warc] for warc in manifest.files if warc in warcs}
            data.update(listed)
            yield from check_files(manifest)
            manifests.append(manifest)
        for kind, rows_file in ITEM_FILES.items():
            if rows_file in data:
                yield from check.check_rows(data[rows_file], kind, name)
        if SKIPPED in data:
            yield from check.check_skipped(data[SKIPPED], name)
    yield from _check_chain(manifests)
    yield from rows.check(complete=False, dropped=False)


def _check_chain(manifests: list[Manifest]) -> Iterator[Finding]:
    for found in check_chain(manifests):
        first = manifests[0].run.manifest_file.told
        # A package of one run, or of some, begins in the middle of the chain.
        if found.file == first and found.rule == "run-missing":
            yield note("run-elsewhere", found.file, found.found, found.expected)
        else:
            yield found
