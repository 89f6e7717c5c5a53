"""Business days: Monday to Friday, without the holidays of the book's calendar.

Lives here      counting business days after a day.
Lives elsewhere which days are holidays (``business_day_holidays.yaml``), what the count is for
                (``arrears.timely_payment``, first and last readings in ``usage``).
Read first      docs/glossary.md: "business day".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.kernel.citation import Citation
from meterledger.rulebook.terms import Terms

HOLIDAYS = "business_day_holidays"
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """The day on which a count of business days ends, and the holidays that were passed over."""

    day: date
    holidays: tuple[date, ...]
    calendar: Citation
    """The clause for which the holidays were entered."""


def on_a_weekend(day: date) -> bool:
    """Whether a day is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


def weekday_after(day: date, count: int) -> date:
    """The ``count``-th weekday after a day, holidays counted: the earliest the count can end."""
    found = day
    while count > 0:
        found += timedelta(days=1)
        count -= not on_a_weekend(found)
    return found


def business_day_after(day: date, count: int, terms: Terms) -> BusinessDay:
    """The ``count``-th business day after a day.

    :raises NoRuleInForce: if the book has no holidays for a year that the count touches
    """
    found, passed = day, []
    calendar = terms.on(day).holidays(HOLIDAYS)
    while count > 0:
        found += timedelta(days=1)
        if on_a_weekend(found):
            continue
        calendar = terms.on(found).holidays(HOLIDAYS)
        if found in calendar.value:
            passed.append(found)
        else:
            count -= 1
    return BusinessDay(found, tuple(passed), calendar.citation)


def business_days_between(earlier: date, later: date, terms: Terms) -> int:
    """How many business days lie after ``earlier``, up to and including ``later``.

    0 where ``later`` is not after ``earlier``.

    :raises NoRuleInForce: if the book has no holidays for a year that is counted
    """
    count, day = 0, earlier
    while day < later:
        day += timedelta(days=1)
        if not on_a_weekend(day) and day not in terms.on(day).holidays(HOLIDAYS).value:
            count += 1
    return count
