"""The pages of an archive as a list to open it by: a line for each page that gave rows, made from the rows.

The form is that of ``pages/pages.jsonl`` in WACZ 1.1.1, section "pages.jsonl".
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from crawler.collection.visit import DROPPED_ROW
from crawler.items import ITEM_FILES, Comment, Post, as_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from crawler.warc.cdxj import Entry

SCHEMA = """
    CREATE TABLE row (
        id TEXT PRIMARY KEY, version INT, shown INT, kind INT, place INT, url TEXT, captured_at TEXT,
        file INT, start INT, length INT
    );
    CREATE TABLE title (post_id TEXT PRIMARY KEY, title TEXT);
    BEGIN;
"""
KEEP = """
    INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
        version = excluded.version, shown = excluded.shown, place = excluded.place, url = excluded.url,
        captured_at = excluded.captured_at, file = excluded.file, start = excluded.start,
        length = excluded.length
    WHERE excluded.version > version
"""
PAGES = """
    SELECT url, max(captured_at) FROM row WHERE shown GROUP BY url
    ORDER BY url = ? DESC, min(kind), min(rowid)
"""
KEEP_CAPTURED = """
    UPDATE row SET
        shown = shown AND url IN (SELECT url FROM again),
        captured_at = coalesce((SELECT captured_at FROM again WHERE again.url = row.url), captured_at)
"""
ROWS_OF = "SELECT file, start, length FROM row WHERE shown AND url = ? ORDER BY kind, place, rowid"

ON_A_PAGE = 1_000_000
"""Comments that a page can have at most, to sort them by page and number at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPage:
    """The page that an archive is opened at."""

    url: str
    captured_at: str
    """WARC-Date of its record."""
    title: str


class _Kind(NamedTuple):
    """What a row is, as the list sorts it."""

    order: int
    file: str


KINDS = (_Kind(0, ITEM_FILES[Post]), _Kind(1, ITEM_FILES[Comment]))


class PageList:
    """The pages that the rows of some runs were read from.

    A page is an address that a row names as its proof, at the moment of the
    newest of the rows that name it, so that each line stands for one record. Of
    each post and comment its newest version counts; one that was erased gives
    nothing. Where each row stands is remembered in a temporary database, the
    rows themselves are read again when they are asked for.

    ReplayWeb.page searches the text of ``pages/extraPages.jsonl`` only, where
    there is one: further pages of comments hence stand in the same list, behind the posts.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        """Read the rows of these runs, oldest first, which are as they were left. Raises OSError."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._files: list[Path] = []
        try:
            self._database.executescript(SCHEMA)
            for folder in folders:
                for kind in KINDS:
                    if (folder / kind.file).exists():
                        self._note_rows(folder / kind.file, kind.order)
            self._database.execute("CREATE INDEX by_url ON row (url)")
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def keep_captured(
        self, captures: Iterable[Entry], captured_at: Callable[[Entry], str], skipped: Path
    ) -> None:
        """Leave only pages that are among these captures, oldest first, each at the moment of its last.

        ``captured_at`` gives the WARC-Date of a capture. What a line of
        ``skipped`` tells could not be read is not taken for what an earlier
        capture said. Raises OSError.
        """
        self._database.execute("CREATE TABLE again (url TEXT PRIMARY KEY, captured_at TEXT)")
        for entry in captures:
            if self._has(entry.url):
                again = entry.url, captured_at(entry)
                self._database.execute("INSERT OR REPLACE INTO again VALUES (?, ?)", again)
        with skipped.open("rb") as lines:
            for told in map(json.loads, lines):
                if told["reason"] != DROPPED_ROW:
                    self._database.execute("DELETE FROM again WHERE url = ?", [told["url"]])
        self._database.execute(KEEP_CAPTURED)

    def lines(self, title: str, front: FrontPage | None) -> Iterator[str]:
        """The head of the list, the front page, posts, further pages of comments; without line ends."""
        yield as_line({"format": "json-pages-1.0", "id": "pages", "title": title, "hasText": True})
        front_url = front.url if front else None
        if front is not None and not self._has(front.url):
            yield as_line({"url": front.url, "ts": front.captured_at, "title": front.title, "id": front.url})
        with closing(self._database.execute(PAGES, [front_url])) as pages:
            for url, captured_at in pages:
                yield as_line({"url": url, "ts": captured_at, **self._described(url)})

    def first(self) -> tuple[str, str] | None:
        """Address and moment of the first page that rows were read from; None where there is none."""
        found: tuple[str, str] | None = self._database.execute(PAGES, [None]).fetchone()
        return found

    def _has(self, url: str) -> bool:
        return bool(self._database.execute("SELECT 1 FROM row WHERE shown AND url = ?", [url]).fetchone())

    def _described(self, url: str) -> dict[str, str]:
        """Title, identity and text of a page."""
        with closing(self._database.execute(ROWS_OF, [url])) as places:
            rows = [self._row(*place) for place in places]
        first = rows[0]
        if "post_id" in first:
            title = (
                f"{self._title(first['post_id']) or first['post_url']} (comments, page {first['page'] + 1})"
            )
        else:
            title = first["title"] or url
        text = "\n\n".join(filter(None, map(_text, rows)))
        return {"title": title, "id": first["id"], "text": text}

    def _title(self, post_id: str) -> str | None:
        found = self._database.execute("SELECT title FROM title WHERE post_id = ?", [post_id]).fetchone()
        return found[0] if found else None

    def _row(self, file: int, start: int, length: int) -> dict[str, Any]:
        with self._files[file].open("rb") as lines:
            lines.seek(start)
            row: dict[str, Any] = json.loads(lines.read(length))
        return row

    def _note_rows(self, path: Path, kind: int) -> None:
        self._files.append(path)
        start = 0
        with path.open("rb") as lines:
            for line in lines:
                self._note(json.loads(line), kind, start, len(line))
                start += len(line)

    def _note(self, row: dict[str, Any], kind: int, start: int, length: int) -> None:
        if row["state"] == "gone":
            # That the site states it no more is no reason to hide what it stated.
            return
        place = row["page"] * ON_A_PAGE + row["number"] if "post_id" in row else 0
        shown = row["state"] == "present"
        named = row["id"], row["version"], shown, kind, place, row["captured_url"], row["captured_at"]
        self._database.execute(KEEP, (*named, len(self._files) - 1, start, length))
        if "post_id" not in row:
            title = row["title"] if shown else None
            self._database.execute("INSERT OR REPLACE INTO title VALUES (?, ?)", (row["id"], title))


def _text(row: dict[str, Any]) -> str:
    """What is searched for: a post's body, a comment with who wrote it."""
    parts = (row["author"], row["body_text"]) if "post_id" in row else (row["byline"], row["body_text"])
    return "\n".join(filter(None, parts))
