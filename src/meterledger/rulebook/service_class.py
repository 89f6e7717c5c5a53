"""Which class of service names a schedule on a day, with its clause; silence is refused.

Lives here      looking a schedule up in the book's values of kind ``service_class``.
Lives elsewhere their form (``parsing_calendars``), asking on a view (``book``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from meterledger.rulebook.series import DatedValue, NoRuleInForce, Series


def class_naming(
    classes: Iterable[Series[Any]], schedule_code: str, day: date, known_on: date
) -> DatedValue[str]:
    """The class that names the schedule on the day.

    :raises NoRuleInForce: if none of them does
    """
    for series in classes:
        dated = series.covering(day)
        if dated is not None and schedule_code in dated.value.schedules:
            return replace(dated, value=dated.value.service_class)
    raise NoRuleInForce(
        f"The book does not say of which class of service '{schedule_code}' is on {day}",
        why=f"No value of kind service_class names it, as the book was known on {known_on}",
        do="Add it to the class of its sheet, with its clause, or leave the bill in the queue",
    )
