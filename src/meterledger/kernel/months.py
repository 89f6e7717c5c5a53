"""Calendar months: the same day some months later, as deadlines and anniversaries count them.

Lives here      adding months and years to a day.
Lives elsewhere spans of days (``span``), local days and the clock (``local_days``).
"""

from __future__ import annotations

import calendar
from datetime import date


def months_after(day: date, months: int) -> date:
    """The same day of a month ``months`` later, or its last day: 31 August + 6 is 28 February.

    ``months`` may be negative.
    """
    ahead = day.year * 12 + day.month - 1 + months
    year, month = divmod(ahead, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def years_after(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February becomes the 28th where there is none."""
    return months_after(day, 12 * years)
