"""Collections made page by page, without a crawl: each run is as a crawl would have left it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crawler.collection.line_file import LineFile, write_json
from crawler.collection.rows import prove
from crawler.collection.run import file_entry
from crawler.items import ITEM_FILES, Comment, Post, Row
from crawler.warc.cdxj import INDEX, REVISIT, Entry, merge_into, timestamp_of
from crawler.warc.exchange import Location, new_record_id
from crawler.warc.files import OpenFile
from crawler.warc.records import Record, exchange_records, sha1_field
from crawler.warc.surt import surt_key
from tests.warc.exchanges import REQUEST, make_exchange

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crawler.items import Skipped
    from crawler.warc.exchange import Exchange

SITE = "http://blog.example"


def html(title: str, text: str = "") -> bytes:
    return f"<!DOCTYPE html><title>{title}</title><p>{text}".encode()


@dataclass
class Page:
    """An answer of the site, and the rows that are read from it."""

    path: str
    body: bytes
    rows: list[Row] = field(default_factory=list)
    status: int = 200
    revisit_of: Location | None = None

    @property
    def url(self) -> str:
        return SITE + self.path


def post(path: str, title: str | None = "A post", text: str = "Text of the post.", **more: Any) -> Page:
    """The page of a post."""
    row = Post(id=f"blog.example{path}", url=SITE + path, title=title, body_text=text, **more)
    return Page(path, html(title or "", text), [row])


def comments(on: str, path: str, *texts: str, page: int = 0) -> Page:
    """A page that states comments on a post."""
    rows: list[Row] = [
        Comment(
            id=f"blog.example{on}#comment-{page * 100 + number}",
            post_id=f"blog.example{on}",
            post_url=SITE + on,
            number=number,
            page=page,
            author="Eric",
            body_text=text,
        )
        for number, text in enumerate(texts, 1)
    ]
    return Page(path, html("Comments", " ".join(texts)), rows)


FRONT = Page("/", html("The Lamp Room"))
ROBOTS = Page("/robots.txt", b"User-agent: *\n")


class Made:
    """A collection on disk that grows run by run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.locations: dict[tuple[str, str], Location] = {}
        """Where the record of a path in a run stands."""
        self._previous: dict[str, str] | None = None

    def run(self, run: str, *pages: Page, about: dict[str, str | None] | None = None, **said: Any) -> Path:
        """Write a closed run, and what the index says of it."""
        return self.run_of(run, pages, about=about, **said)

    def run_of(
        self, run: str, pages: Iterable[Page], *, skipped: Iterable[Skipped] = (), **said: Any
    ) -> Path:
        """The same of pages that need not be in memory at once."""
        folder = self.path / run
        folder.mkdir(parents=True)
        name = f"{self.path.name}-{run}-00000.warc.gz"
        warc = OpenFile(folder / name, {"software": "a test"})
        rows = {kind: LineFile(folder / file) for kind, file in ITEM_FILES.items()}
        unread = LineFile(folder / "skipped.jsonl")
        for told in skipped:
            unread.write(told.as_line())
        moment = datetime.fromisoformat(run)
        lines = []
        for number, page in enumerate(pages):
            sent_at = moment + timedelta(seconds=number, microseconds=1000 + number)
            location = self._write(warc, page, sent_at)
            self.locations[run, page.path] = location
            lines.append(self._entry(page, location).as_line())
            for row in page.rows:
                prove(row, location, run_id=run, source="live")
                rows[type(row)].write(row.as_line())
        merge_into(self.path / INDEX, sorted(lines))
        closed = warc.close()
        manifest = {
            "run_id": run,
            "collection": self.path.name,
            "continues": None,
            "previous_run": self._previous,
            "files": [
                *(file_entry(file.close()) for file in (*rows.values(), unread)),
                {
                    "name": closed.name,
                    "size": closed.size,
                    "sha256": closed.sha256,
                    "records": closed.records,
                },
            ],
            **said,
        }
        self._previous = {"run_id": run, "sha256": write_json(folder / "run.json", manifest)}
        return folder

    def _write(self, warc: OpenFile, page: Page, sent_at: datetime) -> Location:
        exchange = _exchange(page, sent_at)
        records = exchange_records(exchange, warcinfo_id=warc.warcinfo_id)
        if page.revisit_of is not None:
            records[1] = _revisit(records[1], page.revisit_of)
        places = [warc.append(record) for record in records]
        fields = dict(records[1].fields)
        return Location(
            file=warc.path.name,
            offset=places[1][0],
            length=places[1][1],
            record_id=exchange.record_id,
            target_uri=page.url,
            date=fields["WARC-Date"],
            payload_digest=fields["WARC-Payload-Digest"],
            whole=True,
        )

    def _entry(self, page: Page, location: Location) -> Entry:
        mime = "text/plain" if page.path.endswith(".txt") else "text/html"
        return Entry(
            key=surt_key(page.url),
            timestamp=timestamp_of(location.date),
            url=page.url,
            mime=REVISIT if page.revisit_of else mime,
            status=str(page.status),
            digest=str(location.payload_digest),
            length=location.length,
            offset=location.offset,
            filename=location.file,
        )


def _exchange(page: Page, sent_at: datetime) -> Exchange:
    kind = "text/plain" if page.path.endswith(".txt") else "text/html"
    head = f"HTTP/1.1 {page.status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(page.body)}\r\n\r\n"
    return make_exchange(
        page.body,
        head=head.encode(),
        request=REQUEST.replace(b"/post", page.path.encode(), 1),
        target_uri=page.url,
        sent_at=sent_at,
        record_id=new_record_id(),
    )


def _revisit(response: Record, original: Location) -> Record:
    fields = dict(response.fields) | {
        "WARC-Type": "revisit",
        "WARC-Block-Digest": sha1_field(hashlib.sha1(response.start).digest()),
        "WARC-Truncated": "length",
        "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC-Refers-To": f"<{original.record_id}>",
        "WARC-Refers-To-Target-URI": original.target_uri,
        "WARC-Refers-To-Date": original.date,
    }
    return Record(fields=list(fields.items()), start=response.start)


def pages_of(octets: bytes) -> list[dict[str, Any]]:
    """The lines of a list of pages."""
    return [json.loads(line) for line in octets.decode().split("\n")[:-1]]
