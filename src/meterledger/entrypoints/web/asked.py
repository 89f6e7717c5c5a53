"""What an address asks for: a day in the query, read or refused in words.

Lives here      days of the query.
Lives elsewhere whole forms (``facts_form``), what is shown for a day (the pages).
"""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest

from meterledger.kernel.money import shown
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import FIRST_YEAR, LAST_YEAR, day_from_text


class NotADay(Refusal):
    """The day in an address is not one."""


def day_asked(request: HttpRequest, name: str) -> date | None:
    """The day that the query names under ``name``; None where it names none.

    :raises NotADay: saying how a day is written
    """
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    day = day_from_text(text)
    if day is None:
        raise NotADay(
            f"{shown(text)} is not a day between {FIRST_YEAR} and {LAST_YEAR}",
            where=name,
            do="Write it as year-month-day, like 2026-11-25, or leave it out",
        )
    return day
