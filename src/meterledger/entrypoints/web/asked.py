"""What an address asks for: a day in the query, read or refused in words.

Lives here      days of the query.
Lives elsewhere whole forms (``facts_form``), what is shown for a day (the pages).
"""

from __future__ import annotations

import re
from datetime import date

from django.http import HttpRequest

from meterledger.kernel.refusal import Refusal

DAY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""``fromisoformat`` alone reads 20251125 and 2025-W27-1, too, and shows a day nobody named."""


class NotADay(Refusal):
    """The day in an address is not one."""


def day_asked(request: HttpRequest, name: str) -> date | None:
    """The day that the query names under ``name``; None where it names none.

    :raises NotADay: saying how a day is written
    """
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    try:
        if not DAY_FORM.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise NotADay(
            f"'{text[:20]}' is not a day",
            where=name,
            do="Write it as year-month-day, like 2026-11-25, or leave it out",
        ) from None
