"""One WARC file checked, every byte of it, in one pass and in little memory."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from crawler.warc.finding import shown
from crawler.warc.member import BrokenMember, CheckedMember
from crawler.warc.octets import (
    GZIP_MAGIC,
    RECORD_BEGINS,
    RECORD_LINE,
    VERSION_LINE,
    Cut,
    Member,
    Plain,
    Source,
    Unreadable,
    find_member,
)
from crawler.warc.record_check import NoRecord, RecordCheck
from crawler.warc.relations import Relations
from crawler.warc.report import Report
from crawler.warc.walk import behind, first_fault, next_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.warc.checked import CheckedRecord
    from crawler.warc.finding import Finding


def checked_records(file: IO[bytes], name: str) -> Iterator[Finding | CheckedRecord]:
    """What is wrong with a WARC file, plain or gzip, and the records in it, in the order of the file.

    What is wrong with a record precedes it; what is wrong with how records
    refer to each other comes last. Behind damage, reading goes on at the next
    record. ``name`` is the file's, without folder. ``file`` has to be one
    that can seek. Memory does not grow with the file. Never raises for what
    is in the file, nor where it cannot be read on.
    """
    report = Report(name)
    with Relations() as relations:
        check = _FileCheck(file, name, report, relations)
        for record in check.records():
            yield from report.take()
            if record is not None:
                yield record
        yield from report.take()
        for found in relations.check():
            report.add(*found)
            yield from report.take()
        report.add_counts()
        yield from report.take()


class _FileCheck:
    """The walk through one file. Where it gives None, something was reported, and there is no record."""

    def __init__(self, file: IO[bytes], name: str, report: Report, relations: Relations) -> None:
        self._source = Source(file)
        self._name = name.removesuffix(".open")
        self._report = report
        self._check = RecordCheck(name, report, relations)
        self._form: tuple[int, int, int, bool] | None = None
        self._one_each = False
        self._misnamed = False

    def records(self) -> Iterator[CheckedRecord | None]:
        try:
            compressed = self._is_compressed()
            yield from self._members() if compressed else self._plain()
        except Unreadable as error:
            self._report.add("unreadable", None, shown(str(error)), "a file that can be read to its end")
        self._check.check_whole()
        # Who wrote the file, and so how grave it is, is known only now.
        if self._misnamed:
            words = ["a plain file", "a gzip file"]
            named = self._name.endswith(".gz")
            self._report.add("compression", 0, words[not named], words[named])

    def _is_compressed(self) -> bool:
        begin = self._source.read(0, len(RECORD_BEGINS))
        named = self._name.endswith(".gz")
        if begin == RECORD_BEGINS or begin.startswith(GZIP_MAGIC):
            compressed = begin != RECORD_BEGINS
            self._misnamed = named != compressed and self._name.endswith((".gz", ".warc"))
            return compressed
        return named

    # --- gzip ---

    def _members(self) -> Iterator[CheckedRecord | None]:
        offset: int | None = 0
        while offset is not None and (magic := self._source.read(offset, len(GZIP_MAGIC))):
            if magic != GZIP_MAGIC and not GZIP_MAGIC.startswith(magic):
                offset = self._pass_strange(offset)
                yield None
                continue
            member = CheckedMember(self._source, offset)
            try:
                read = self._check.read(member, offset)
                alone = not member.peek(1)
            except (NoRecord, BrokenMember, Cut) as fault:
                self._report_fault(fault, offset)
                yield None
                offset = behind(Member(self._source, offset))
                continue
            self._compare_form(member, offset)
            if alone:
                self._one_each = True
                yield self._check.finish(read, offset, member.end - offset)
                offset = member.end
            else:
                yield self._check.finish(read, offset, 0)
                yield from self._shared(member, offset)
                offset = behind(Member(self._source, offset))

    def _pass_strange(self, offset: int) -> int | None:
        """Report bytes that are no member; gives the offset of the next one."""
        found = shown(self._source.read(offset, 20))
        place = find_member(self._source, offset + 1)
        count = (place if place is not None else self._source.size()) - offset
        self._report.add("between-records", offset, f"{count} bytes that begin {found}", "a gzip member")
        return place

    def _compare_form(self, member: CheckedMember, offset: int) -> None:
        if self._form is None:
            self._form = member.form
        elif member.form != self._form:
            found, expected = (
                f"flags {flags:02x}, {extra:02x}, system {system:02x}, {'a' if time else 'no'} time"
                for flags, extra, system, time in (member.form, self._form)
            )
            self._report.add("gzip-header-differs", offset, found, f"{expected}, as in the first")

    def _shared(self, member: CheckedMember, offset: int) -> Iterator[CheckedRecord | None]:
        """The records behind the first one of a member that holds several."""
        rule = "shared-member" if self._one_each else "whole-file-member"
        self._report.add(rule, offset, "several records in a gzip member", "a member for each record")
        try:
            while member.peek(1):
                try:
                    yield self._check.finish(self._check.read(member, offset), offset, 0)
                except NoRecord as fault:
                    self._report_fault(fault, offset)
                    yield None
                    if not member.seek(RECORD_LINE):
                        return
        except (BrokenMember, Cut) as fault:
            self._report_fault(fault, offset)
            yield None

    # --- Plain ---

    def _plain(self) -> Iterator[CheckedRecord | None]:
        octets: Plain | None = Plain(self._source, 0)
        while octets is not None and (begin := octets.peek(len(RECORD_BEGINS))):
            offset = octets.position
            if not RECORD_BEGINS.startswith(begin):
                octets = self._pass_strange_lines(octets)
                yield None
                continue
            try:
                read = self._check.read(octets, offset)
                yield self._check.finish(read, offset, octets.position - offset)
            except NoRecord as fault:
                self._report_fault(fault, offset)
                yield None
                octets = next_plain(self._source, offset)
            except Cut as fault:
                self._report_fault(fault, offset)
                yield None
                octets = next_plain(self._source, offset)
                # Unless what follows are records up to the very end, it is a piece of the one that was cut.
                if octets is not None and first_fault(self._source, octets.position):
                    return

    def _pass_strange_lines(self, octets: Plain) -> Plain | None:
        offset, found = octets.position, shown(octets.near(20))
        more = octets.seek(VERSION_LINE)
        count = (octets.position if more else self._source.size()) - offset
        self._report.add("between-records", offset, f"{count} bytes that begin {found}", "a record")
        return octets if more else None

    def _report_fault(self, fault: NoRecord | BrokenMember | Cut, offset: int) -> None:
        if isinstance(fault, Unreadable):
            raise fault
        if isinstance(fault, Cut):
            self._report.add(
                "cut", offset, f"{fault} at byte {self._source.size()}", "the rest of the record"
            )
        else:
            self._report.add(fault.rule, offset, fault.found, fault.expected)
