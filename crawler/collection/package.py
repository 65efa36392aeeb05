"""A collection, or one run of it, as one WACZ file that stands alone."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler import __version__
from crawler.collection.closed import closed_runs, select
from crawler.collection.draft import draft
from crawler.collection.front_page import front_page, may_be_page
from crawler.collection.layout import SKIPPED
from crawler.collection.packaged_index import add_index, indexed, lines_of
from crawler.collection.page_list import PageList
from crawler.collection.referred import Referred, packaged_name
from crawler.collection.wacz import WaczWriter
from crawler.items import ITEM_FILES
from crawler.warc.cdxj import INDEX
from crawler.warc.space import check_space

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from crawler.collection.closed import ClosedRun
    from crawler.collection.page_list import FrontPage
    from crawler.warc.cdxj import Entry

ABOUT = ("curator", "institution", "description", "rights")
"""What ``run.json`` says of the archive in words."""


class UnfitOutput(ValueError):
    """A name that a package cannot have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """What was handed over."""

    path: Path
    size: int
    """Bytes."""
    runs: int
    pages: int
    """Lines of the list of pages."""
    originals: int
    """Records of other runs that came along."""
    still_open: tuple[str, ...]
    """Runs that are not closed, and were left out."""


def package_wacz(
    collection: Path,
    output: Path,
    *,
    run: str | None = None,
    replace: bool = False,
    min_free: int = 0,
    created: datetime | None = None,
) -> Packaged:
    """Write all closed runs of a collection, or the one named, into a WACZ.

    ``replace`` allows to replace a file of that name, once the new one is
    whole. The same runs give the same bytes, but for ``created`` (UTC, the
    present time where it is None) and its digest. So many bytes as
    ``min_free`` are left free on the disk.

    Raises UnfitOutput, NotACollection, NoSuchRun; EditedRun and BadIndex where
    something in the collection is not as it was left; OSError.
    """
    hold_output(output, replace=replace)
    chosen, still_open = select(collection, run)
    check_space(output.parent, min_free, sum(file.size for closed in chosen for file in closed.files))
    package = _Package(collection, chosen, stands_for_all=run is None)
    with draft(output) as stream, WaczWriter(stream, chosen[-1].began) as wacz:
        package.write(wacz, created or datetime.now(UTC))
    return Packaged(
        path=output,
        size=output.stat().st_size,
        runs=len(chosen),
        pages=package.pages,
        originals=package.originals,
        still_open=tuple(still_open),
    )


def hold_output(output: Path, *, replace: bool) -> None:
    """Pass where a WACZ of this name can be written. Raises UnfitOutput."""
    if output.suffix != ".wacz":
        raise UnfitOutput(f"{output}: expected a name that ends in .wacz")
    if not output.parent.is_dir():
        raise UnfitOutput(f"{output}: {output.parent} is no folder, expected one that is there")
    if output.is_dir():
        raise UnfitOutput(f"{output}: is a folder, expected a new name")
    if output.exists() and not replace:
        raise UnfitOutput(f"{output}: is there already, expected a new name, or --force to replace a file")


class _Package:
    """The parts of a WACZ, in the order in which they are written."""

    def __init__(self, collection: Path, chosen: Sequence[ClosedRun], *, stands_for_all: bool) -> None:
        self.pages = 0
        self.originals = 0
        self._chosen = chosen
        self._runs = closed_runs(collection)[0]
        self._index = collection / INDEX
        self._all = stands_for_all
        self._name = str(chosen[-1].manifest.get("collection") or collection.resolve().name)
        self._title = self._name if stands_for_all else f"{self._name}, run {chosen[0].id}"

    def write(self, wacz: WaczWriter, created: datetime) -> None:
        """Write all of it."""
        for run in self._chosen:
            for file in run.files:
                if not file.is_warc:
                    path = f"data/{run.id}-{file.name}"
                    wacz.add(path, file.slices(), moment=run.began, size=file.size)
        main_page = self._add_pages(wacz)
        if self._all:
            add_index(wacz, lines_of(self._index, self._chosen, all_runs=True))
        else:
            self._add_run(wacz)
        for run in self._chosen:
            for file in run.warcs:
                wacz.add(f"archive/{file.name}", file.slices(), moment=run.began, size=file.size)
        wacz.close(self._about(main_page, created))

    def _add_pages(self, wacz: WaczWriter) -> tuple[str, str] | None:
        """Write the list of pages; gives address and moment of the page to begin with."""
        front = front_page(self._index, self._runs, self._chosen, fallback=self._name)
        # What one run found unchanged is told by the rows of the runs before it.
        told_by = [run for run in self._runs if run.id <= self._chosen[-1].id]
        for run in told_by:
            for file in run.files:
                if file.name in ITEM_FILES.values() and run not in self._chosen:
                    file.hold()
        with PageList([run.folder for run in told_by]) as pages:
            if not self._all:
                self._keep_captured(pages, self._chosen[0])
            wacz.add("pages/pages.jsonl", self._counted(pages, front))
            return (front.url, front.captured_at) if front else pages.first()

    def _keep_captured(self, pages: PageList, run: ClosedRun) -> None:
        """Leave only the pages that a run has captured."""
        files = {file.name: file for file in run.warcs}
        sizes = {name: file.size for name, file in files.items()}
        captures = (entry for _, entry in indexed(self._index, sizes, lambda _: True) if may_be_page(entry))

        def captured_at(entry: Entry) -> str:
            return files[entry.filename].record_at(entry.offset).fields["warc-date"]

        pages.keep_captured(captures, captured_at, run.folder / SKIPPED)

    def _counted(self, pages: PageList, front: FrontPage | None) -> Iterator[bytes]:
        for number, line in enumerate(pages.lines(self._title, front)):
            self.pages = number
            yield line.encode() + b"\n"

    def _add_run(self, wacz: WaczWriter) -> None:
        """Write the index of one run, and what its revisits refer to in others."""
        with Referred(self._index, self._runs, self._chosen[0]) as referred:
            self.originals = referred.count
            own = lines_of(self._index, self._chosen, all_runs=False)
            add_index(wacz, heapq.merge(own, referred.lines()))
            for source in referred.sources:
                wacz.add(f"archive/{packaged_name(source)}", referred.members(source), size=source.size)

    def _about(self, main_page: tuple[str, str] | None, created: datetime) -> dict[str, Any]:
        """What ``datapackage.json`` says of the whole."""
        told = about(self._chosen)
        moment = created.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        content: dict[str, Any] = {
            "title": self._title,
            "description": told.get("description") or self._described(),
            "created": moment,
            "modified": moment,
            "software": f"blogarchive {__version__}",
        }
        # What ReplayWeb.page shows for a title. With a "desc" it would open at that and not at the pages.
        content["metadata"] = {"title": content["title"]}
        if main_page is not None:
            # The specification spells it "Url", the tool that most packages are made with "URL".
            content |= dict.fromkeys(("mainPageUrl", "mainPageURL"), main_page[0])
            content["mainPageDate"] = main_page[1]
        if contributors := _contributors(told):
            content["contributors"] = contributors
        if "rights" in told:
            content["rights"] = told["rights"]
        return content

    def _described(self) -> str:
        begin, end = self._chosen[0].began, self._chosen[-1].began
        when = (
            f"on {begin:%Y-%m-%d}"
            if begin.date() == end.date()
            else f"from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"
        )
        return f"Web pages of {self._name}, captured {when}."


def about(runs: Sequence[ClosedRun]) -> dict[str, str]:
    """What the runs say of the archive, each in the words of the last run that says it."""
    told: dict[str, str] = {}
    for run in runs:
        said = run.manifest.get("about") or {}
        told |= {name: str(said[name]) for name in ABOUT if said.get(name)}
    return told


def _contributors(told: dict[str, str]) -> list[dict[str, str]]:
    """Curator and institution in the words of Frictionless Data Package 1.0, section "contributors"."""
    found = []
    if "curator" in told:
        place = {"organization": told["institution"]} if "institution" in told else {}
        found.append({"title": told["curator"], "role": "maintainer", **place})
    if "institution" in told:
        found.append({"title": told["institution"], "role": "publisher"})
    return found
