"""Who keeps an archive, what it is, and what may be done with it: settings that are written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

SETTINGS = {
    "curator": "ARCHIVE_CURATOR",
    "institution": "ARCHIVE_INSTITUTION",
    "description": "ARCHIVE_DESCRIPTION",
    "rights": "ARCHIVE_RIGHTS",
}
"""What ``run.json`` says under ``about``, and the setting that says it."""

TERMS = {"curator": "creator", "institution": "publisher", "description": "description", "rights": "rights"}
"""The same in the terms of Dublin Core, of which ``warcinfo`` consists (WARC 1.1 section 6.2)."""


def about(settings: BaseSettings) -> dict[str, str | None]:
    """What the settings say, each in one line; None for what they do not say."""
    return {
        name: " ".join(str(settings.get(setting) or "").split()) or None for name, setting in SETTINGS.items()
    }


def as_warcinfo(told: dict[str, str | None]) -> dict[str, str]:
    """The same as fields of ``warcinfo``."""
    return {TERMS[name]: value for name, value in told.items() if value is not None}
