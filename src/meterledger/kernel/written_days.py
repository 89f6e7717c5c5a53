"""Days and instants as people and programs write them, read in one form each.

Python's own reading takes 2025-W27-1, 20250701 and the years 1 and 9999 as well: days that nobody
named, and on which a month later is no day any more. Here a day is ten ASCII characters within two
years that the caller may widen, and an instant says its offset from UTC.

Lives here      the readers, each answers None for what it does not take; a day in words.
Lives elsewhere the refusal, which knows whose day it was (doors, readers of files); columns of
                readings (``stores.gateways.csv_times``); what we wrote ourselves.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Days of our business; a day of birth, or of a statute, may be earlier."""
EARLIEST_YEAR = 1850
"""Nobody alive was born before it, and no text of a book is older."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(\.[0-9]{1,6})?"
    r"(?:Z|([+-])([0-9]{2}):?([0-9]{2}))"
)
_FARTHEST = timedelta(hours=14)
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")
_COMMON_YEAR = 2025


class MonthDay(NamedTuple):
    """A day of every year; the earlier in a year is the smaller."""

    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.month:02d}-{self.day:02d}"

    def of_year(self, year: int) -> date:
        """That day of a year."""
        return date(year, self.month, self.day)


def day_from_text(text: str, *, first: int = FIRST_YEAR, last: int = LAST_YEAR) -> date | None:
    """The day of a text like 2025-07-01, from the first day of the year ``first`` to that of
    ``last``; None if it is none.
    """
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(first, 1, 1) <= day <= date(last, 1, 1) else None


def instant_from_text(text: str, *, fractions: bool = False) -> datetime | None:
    """The instant of a text like 2025-07-10T10:07:00-05:00, in UTC; None if it is none.

    Without an offset it is none: the same clock time is another instant in every zone. Parts of a
    second are read where ``fractions`` says that the writer measures them.
    """
    found = _INSTANT.fullmatch(text)
    day = day_from_text(found[1]) if found else None
    if found is None or day is None or (found[3] and not fractions):
        return None
    ahead = timedelta(hours=int(found[5] or 0), minutes=int(found[6] or 0))
    try:
        clock = datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC)
    except ValueError:
        return None
    if ahead > _FARTHEST or int(found[6] or 0) > 59:
        return None
    parts = timedelta(microseconds=int((found[3] or ".0")[1:].ljust(6, "0")))
    return clock + parts + (ahead if found[4] == "-" else -ahead)


def month_day_from_text(text: str) -> MonthDay | None:
    """The day of every year that a text like 06-30 says; None if it is none, as 02-29 is."""
    if not _MONTH_DAY.fullmatch(text):
        return None
    day = day_from_text(f"{_COMMON_YEAR}-{text}")
    return None if day is None else MonthDay(day.month, day.day)


def day_words(day: date) -> str:
    """``July 1, 2025``: how a day is written to people, on pages, paper and in letters."""
    return f"{MONTH_NAMES[day.month - 1]} {day.day}, {day.year}"
