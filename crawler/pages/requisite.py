"""A page requisite: something that a page or a stylesheet needs to be shown as it was."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RequisiteKind(StrEnum):
    """What a requisite is there for; what its answer turns out to be is another matter."""

    IMAGE = "image"
    STYLE = "style"
    SCRIPT = "script"
    FONT = "font"
    ICON = "icon"
    AUDIO = "audio"
    VIDEO = "video"
    """Video, and the captions that go with it."""
    DOCUMENT = "document"
    """What a page links to that is no page: PDF, text, spreadsheets, archives; a web app's manifest."""
    FRAME = "frame"
    """A page of the same site inside of the page."""


@dataclass(frozen=True, slots=True)
class Requisite:
    """``url`` is what a browser asks for, byte for byte, without a fragment."""

    url: str
    kind: RequisiteKind
