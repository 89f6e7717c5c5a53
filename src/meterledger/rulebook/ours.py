"""Thresholds of ours that stood in the program before they stood in the book.

Lives here      reading one, with what held before: of a day, or as known, where the book says none.
Lives elsewhere all other values (``terms``): there silence is a refusal.

What is decided of the past is decided by the book as known then, which did not say these; then it
is what the program said. A book that never says one (of tests, of a utility that begins) is read so
too.
"""

from __future__ import annotations

from datetime import date

from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms

OURS = frozenset(
    {
        "event_clock_ahead_hours",
        "intake_unadmitted_percent",
        "meter_health_days",
        "register_days_looked_ahead",
        "report_receipts_at_most",
        "usage_location_days",
        "usage_next_door_numbers",
        "usage_recent_days",
        "weather_of_use_days_min",
    }
)
"""Names of these values."""


def whole_of_ours(view: BookView, name: str, day: date, before: int) -> int:
    """The whole number in force on a day; ``before`` where the book, as known, says none of it.

    :raises TariffFileBroken: if it is no whole number
    """
    if name not in view.names() or view.number(name).covering(day) is None:
        return before
    return Terms(view, day).whole(name).value
