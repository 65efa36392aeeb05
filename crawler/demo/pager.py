"""Drupal 7's pagers: several on a page share one query value, ``page=<comments>,<sidebar>``.

Modelled on ``includes/pager.inc``: each pager counts from 0 and knows the
place (the *element*) of its number in the value; its links copy whatever else
stands in the query, the other pagers' numbers and garbage included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode

SHOWN = 9
"""How many numbers a pager shows at most."""


@dataclass(frozen=True, slots=True)
class Pagers:
    """The state of all pagers of one request."""

    path: str
    """The page that the pagers' links lead to."""
    elements: tuple[str, ...] = ("",)
    """The numbers as asked for; anything may stand there."""
    others: tuple[tuple[str, str], ...] = ()
    """The rest of the query, kept by every link."""

    @classmethod
    def from_query(cls, path: str, query: str) -> Self:
        """The state that a query string asks for."""
        pairs = parse_qsl(query, keep_blank_values=True)
        value = dict(pairs).get("page", "")
        others = tuple(pair for pair in pairs if pair[0] != "page")
        return cls(path, tuple(value.split(",")), others)

    def asked(self, element: int) -> int:
        """The number asked of a pager, as PHP reads one: 0 where there is none."""
        value = self.elements[element] if element < len(self.elements) else ""
        number = re.match(r"\s*-?\d+", value)
        return int(number[0]) if number else 0

    def current(self, element: int, pages: int) -> int:
        """The page that a pager shows: the last one where a later one is asked for."""
        return max(0, min(self.asked(element), pages - 1))

    def link(self, element: int, number: int) -> str:
        """Address of a page of one pager, with the state of the others as it is."""
        value = list(self.elements)
        value += ["0"] * (element + 1 - len(value))
        value[:element] = [other or "0" for other in value[:element]]
        value[element] = str(number)
        # PHP takes "0" for false: the first page of the only pager has the bare address.
        state = ",".join(value)
        query = [("page", state)] if state != "0" else []
        query += self.others
        return self.path + ("?" + urlencode(query, quote_via=quote, safe="") if query else "")

    def render(self, element: int, pages: int) -> str:
        """The pager as HTML; empty where there is one page."""
        if pages < 2:
            return ""
        entries = self._entries(element, pages)
        entries[0] = entries[0].replace('">', ' first">', 1)
        entries[-1] = entries[-1].replace('">', ' last">', 1)
        list_ = f'<div class="item-list"><ul class="pager">{chr(10).join(entries)}\n</ul></div>'
        return '<h2 class="element-invisible">Pages</h2>' + list_

    def _entries(self, element: int, pages: int) -> list[str]:
        current = self.current(element, pages)

        def entry(kind: str, number: int, title: str, text: str) -> str:
            href = escape(self.link(element, number))
            return f'<li class="pager-{kind}"><a title="Go to {title}" href="{href}">{text}</a></li>'

        first = max(0, min(current - SHOWN // 2, pages - SHOWN))
        numbers = range(first, min(first + SHOWN, pages))
        before, after = [], []
        if current > 0:
            before = [
                entry("first", 0, "first page", "« first"),
                entry("previous", current - 1, "previous page", "‹ previous"),
            ]
        if current < pages - 1:
            after = [
                entry("next", current + 1, "next page", "next ›"),
                entry("last", pages - 1, "last page", "last »"),
            ]
        ellipsis = ['<li class="pager-ellipsis">…</li>']
        shown = [
            f'<li class="pager-current">{number + 1}</li>'
            if number == current
            else entry("item", number, f"page {number + 1}", str(number + 1))
            for number in numbers
        ]
        return [
            *before,
            *(ellipsis if numbers.start > 0 else []),
            *shown,
            *(ellipsis if numbers.stop < pages else []),
            *after,
        ]
