"""Dates as blogs print them, and the moments that machines are told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<{}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_TIME = (
    r"(?:(?:\s*[,|–—-]\s*|\s+at\s+|\s+@\s+|\s+|t)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?(?:\s*(?P<zone>z\b|gmt\b|utc\b|[ecmp][sd]t\b|[+-]\d\d:?\d\d))?)?"
)
_DATE = re.compile(
    r"(?<![\w/-])" + _WEEKDAY + r"(?:"
    + _MONTH.format("m1") + r"\s+(?P<d1>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y1>\d{4})"
    r"|(?P<d2>\d{1,2})(?:st|nd|rd|th)?\s+" + _MONTH.format("m2") + r",?\s+(?P<y2>\d{4})"
    r"|(?P<y3>\d{4})-(?P<m3>\d\d)-(?P<d3>\d\d)"
    r"|(?P<m4>\d{1,2})/(?P<d4>\d{1,2})/(?P<y4>\d{4})"
    r")" + _TIME + r"(?![\w/])",
    re.IGNORECASE,
)  # fmt: skip

_YEAR = re.compile(r"\d{4}")

_ZONES = {"z": 0, "gmt": 0, "utc": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6}
_ZONES |= {"pst": -8, "pdt": -7}

FIRST_YEAR = 1990
"""No blog is older; an earlier year is a number of something else."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A date found in a text."""

    day: date
    text: str
    """As printed, with the time where one follows."""
    start: int
    end: int
    published_at: str | None
    """The moment in UTC where time and zone are printed, else None."""


def find_dates(text: str) -> list[Printed]:
    """Every date in ``text``, in order; numbers that make no day of the calendar are passed over."""
    return [printed for match in _DATE.finditer(text) if (printed := _printed(match))]


def find_date(text: str) -> Printed | None:
    """The first date in ``text``, or None."""
    if not _YEAR.search(text):  # most texts; to look for a year alone is far quicker
        return None
    return next((printed for match in _DATE.finditer(text) if (printed := _printed(match))), None)


def whole_date(text: str) -> Printed | None:
    """The date that ``text`` is, with nothing else around it but ``on``, brackets and stops; or None."""
    printed = find_date(text)
    if printed is None:
        return None
    around = text[: printed.start] + text[printed.end :]
    return printed if not _NOTHING.sub("", around) else None


_NOTHING = re.compile(r"^(?:posted\s+)?on\b|^(?:posted|published|date):|[\s.,:;|·•()\[\]–—-]", re.IGNORECASE)


def _printed(match: re.Match[str]) -> Printed | None:
    found = match.groupdict()
    for number in "1234":
        if found[f"y{number}"]:
            year, month, day = (found[f"{part}{number}"] for part in "ymd")
            break
    try:
        on = date(int(year), _month(month), int(day))
    except ValueError:
        return None
    if on.year < FIRST_YEAR:
        return None
    return Printed(on, match[0].strip(), match.start(), match.end(), _moment_of(on, found))


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1


def _moment_of(on: date, found: dict[str, str | None]) -> str | None:
    zone, hour = found["zone"], found["hour"]
    if zone is None or hour is None:
        return None
    hours = int(hour)
    if half := found["half"]:
        hours = hours % 12 + 12 * (half.lower() == "p")
    try:
        at = time(hours, int(found["minute"] or 0), int(found["second"] or 0), tzinfo=_zone(zone))
    except ValueError:
        return None
    return in_utc(datetime.combine(on, at))


def _zone(text: str) -> timezone:
    if text.lower() in _ZONES:
        return timezone(timedelta(hours=_ZONES[text.lower()]))
    return datetime.strptime(text.replace(":", ""), "%z").tzinfo or UTC  # type: ignore[return-value]


def in_utc(moment: datetime) -> str:
    """An aware moment as ``YYYY-MM-DDTHH:MM:SSZ``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stated_moment(value: str | None) -> str | None:
    """The moment of a machine-readable ``value`` (ISO 8601), in UTC.

    None where there is no zone, or midnight only: then a day was meant.
    """
    moment = _iso(value)
    if moment is None or moment.tzinfo is None or moment.time() == time(0):
        return None
    return in_utc(moment)


def stated_day(value: str | None) -> str | None:
    """The day of a machine-readable ``value`` (ISO 8601) in its own zone, ``YYYY-MM-DD``; or None."""
    moment = _iso(value)
    return moment.date().isoformat() if moment is not None and moment.year >= FIRST_YEAR else None


def _iso(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat((value or "").strip())
    except ValueError:
        return None
