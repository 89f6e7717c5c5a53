"""What an address asks for: a day or a page of a list in the query, read or refused in words.

Lives here      days and pages of the query.
Lives elsewhere whole forms (``facts_form``), what is shown for a day (the pages).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from meterledger.kernel.money import shown, whole_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import FIRST_YEAR, LAST_YEAR, day_from_text

T = TypeVar("T")


class NotAPage(Refusal):
    """The page of a list in an address is not one."""


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


def page_asked(request: HttpRequest, rows: Sequence[T], size: int) -> Page[T]:
    """The page of a list that the query names under ``page``; the first where it names none.

    :raises NotAPage: saying how many there are; Django's own reading takes 1_0 and shows page ten
    """
    pages: Paginator[T] = Paginator(rows, size)
    text = request.GET.get("page", "").strip()
    number = whole_from_text(text) if text else 1
    if number is None or not 1 <= number <= pages.num_pages:
        raise NotAPage(
            f"{shown(text)} is not a page of this list",
            where="page",
            why=f"It has the pages 1 to {pages.num_pages}",
            do="Write the number in digits alone, or leave it out",
        )
    return pages.page(number)
