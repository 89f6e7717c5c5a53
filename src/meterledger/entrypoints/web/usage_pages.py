"""The queue of held usage, and one day of a meter with the ways out of it.

Lives here      gathering what the two pages show; reading the form of a decision.
Lives elsewhere the decision itself (``usecases/review_usage``), the chart (``usage_chart``), meters
                and reports (``usage_reports``).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.web.asked import NotADay
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import acting, personal
from meterledger.entrypoints.web.usage_chart import day_chart
from meterledger.entrypoints.wiring import System
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.usage_log import FindingOnFile, ReviewAct
from meterledger.kernel.money import shown, whole_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_from_text
from meterledger.usecases.review_usage import (
    CannotReview,
    DayToReview,
    accept_day,
    day_to_review,
    edit_day,
    estimate_day,
    reject_day,
)

MOST_SHOWN = 500
ACT_WORDS = {
    ReviewAct.ACCEPT: ("Accept it as it is", "Bill the values as they were received."),
    ReviewAct.EDIT: ("Edit intervals", "Put other watt-hours in the intervals named below."),
    ReviewAct.ESTIMATE: (
        "Estimate it",
        "Take the sheet's ladder for the intervals named below, or for the whole day.",
    ),
    ReviewAct.REJECT: (
        "Reject it",
        "Keep the day from being billed until it is read, edited or estimated.",
    ),
}
A_CASE = re.compile(r"H-[0-9a-f]{16}", re.ASCII)
ONE_VALUE = re.compile(r"[ \t\r]*([0-9]{1,4})[ \t\r]*[=:][ \t\r]*(-?[0-9]{1,9})[ \t\r]*")
ONE_RUN = re.compile(r"[ \t\r]*([0-9]{1,4})[ \t\r]*(?:-[ \t\r]*([0-9]{1,4}))?[ \t\r]*")


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A meter-day that is held, with its findings."""

    day: date
    meter_id: str
    findings: tuple[FindingOnFile, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form, to show it again when it is refused."""

    act: str = ""
    author: str = ""
    reason: str = ""
    values: str = ""
    cause: str = ""


@personal("look at the review queue", subjects=lambda: ["review queue"])
def queue_page(request: HttpRequest, system: System) -> HttpResponse:
    """Every meter-day that is held, the oldest first; of one check, where the query names it."""
    by_day: dict[tuple[date, str], list[FindingOnFile]] = {}
    for one in system.store.review_queue():
        by_day.setdefault((one.logged.day, one.logged.meter_id), []).append(one)
    codes = Counter(
        code for found in by_day.values() for code in {each.logged.finding.code for each in found}
    )
    found_by = request.GET.get("found", "")[:80]
    if found_by:
        by_day = {
            key: found
            for key, found in by_day.items()
            if any(each.logged.finding.code == found_by for each in found)
        }
    rows = [QueueRow(day, meter, tuple(found)) for (day, meter), found in by_day.items()]
    context = {
        "rows": rows[:MOST_SHOWN],
        "count": len(rows),
        "more": max(0, len(rows) - MOST_SHOWN),
        "meters": len({row.meter_id for row in rows}),
        "codes": sorted(codes.items()),
        "found_by": found_by,
    }
    return render(request, "web/usage_queue.html", context)


@acting("decide held usage", subjects=lambda day, meter_id: [meter_id])
def day_page(request: HttpRequest, system: System, day: str, meter_id: str) -> HttpResponse:
    """A meter's day: findings with evidence, the day against its history, the ways out.

    Who comes from a held bill (``?case=``) is led back to it.
    """
    each = _day(day)
    came_from = request.GET.get("case", "")
    case_id = came_from if A_CASE.fullmatch(came_from) else ""
    view = system.view
    item = day_to_review(meter_id, each, store=system.store, lake=system.lake, view=view)
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = _typed(request)
        try:
            _decide(item, typed, system)
        except Refusal as caught:
            refusal = caught
        else:
            again = reverse("usage-day", args=[day, meter_id])
            return redirect(f"{again}?case={case_id}" if case_id else again)
    context = {
        "item": item,
        "chart": day_chart(item, view.time_zone),
        "typed": typed,
        "refusal": refusal,
        "acts": [(act, *ACT_WORDS[act]) for act in item.ways_out],
        "causes": [(cause.value, cause.value.replace("_", " ")) for cause in EstimateCause],
        "last": len(item.values) - 1,
        "case_id": case_id,
    }
    return render(request, "web/usage_day.html", context, status=status_after(refusal))


def _day(text: str) -> date:
    day = day_from_text(text)
    if day is None:
        raise NotADay(
            f"{shown(text)} is not a day",
            where="address",
            do="Open the day from the queue, or write it like 2026-11-25",
        )
    return day


def _typed(request: HttpRequest) -> Typed:
    def word(name: str) -> str:
        return str(request.POST.get(name, ""))[:2000]

    return Typed(word("act"), word("author"), word("reason"), word("values"), word("cause"))


def _decide(item: DayToReview, typed: Typed, system: System) -> None:
    """Make the decision of a form.

    :raises CannotReview: if it is none, or not one for this day
    """
    who: dict[str, Any] = {
        "author": typed.author,
        "reason": typed.reason,
        "at": system.now,
        "store": system.store,
    }
    if typed.act == ReviewAct.ACCEPT.value:
        accept_day(item, **who)
    elif typed.act == ReviewAct.REJECT.value:
        reject_day(item, **who)
    elif typed.act == ReviewAct.EDIT.value:
        values = _values(typed.values)
        edit_day(item, values, **who, lake=system.lake, zone=system.view.time_zone)
    elif typed.act == ReviewAct.ESTIMATE.value:
        slots = _slots(typed.values)
        cause = _cause(typed.cause)
        estimate_day(item, **who, slots=slots, cause=cause, lake=system.lake, view=system.view)
    else:
        raise CannotReview("No decision was chosen", do="Choose one of the ways out")


def _parts(text: str) -> list[str]:
    return [part for line in text.split("\n") for part in line.split(",") if part.strip()]


def _values(text: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in _parts(text):
        read = ONE_VALUE.fullmatch(part)
        wh = whole_from_text(read[2]) if read else None
        if read is None or wh is None:
            raise CannotReview(
                f"{shown(part.strip())} is no interval with its watt-hours",
                where="intervals",
                do="Write one a line: its number in the table, =, and whole watt-hours",
            )
        found[int(read[1])] = wh
    return found


def _slots(text: str) -> list[int] | None:
    found: list[int] = []
    for part in _parts(text):
        read = ONE_RUN.fullmatch(part)
        if read is None or int(read[2] or read[1]) < int(read[1]):
            raise CannotReview(
                f"{shown(part.strip())} names no intervals",
                where="intervals",
                do="Write numbers of the table, like 40 or 40-43, or leave it empty for the "
                "missing ones",
            )
        found += range(int(read[1]), int(read[2] or read[1]) + 1)
    return found or None


def _cause(text: str) -> EstimateCause:
    try:
        return EstimateCause(text)
    except ValueError:
        raise CannotReview(
            "No cause was chosen",
            where="cause",
            why="An estimate has exactly one cause of the sheet's list",
            do="Choose one",
        ) from None
