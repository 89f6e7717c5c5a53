"""What came in and what became of it; the quarantine, and one line of it with its ways out.

Lives here      gathering what the three pages show; reading the form of a decision.
Lives elsewhere control totals (``stores``), what a release or a rejection moves
                (``usecases.leave_quarantine``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meterledger.entrypoints.intake import intake_of
from meterledger.entrypoints.web.asked import day_asked
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import acting, personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.intake import (
    REFUSED,
    ControlTotals,
    Count,
    IntakeDay,
    QuarantinedItem,
    exact_text,
)
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.leave_quarantine import reject_line, release_line

DAYS_SHOWN = 14
MOST_SHOWN = 500
BYTES_SHOWN = 2000
RELEASE, REJECT = "release", "reject"


class NotDecided(Refusal):
    """The form of a decision was sent without one."""


@dataclass(frozen=True, slots=True)
class SideRow:
    """One side of the control totals, in words of the page."""

    name: str
    files: int
    rows: int
    energy_wh: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of one source, side by side."""

    day: date
    source: str
    sides: tuple[SideRow, ...]
    repeated: int


@personal("report the intake", subjects=lambda: ["refused files"])
def intake_page(request: HttpRequest, system: System) -> HttpResponse:
    """Control totals by day and source, refused files, numbers that never came, the sources."""
    zone, store = system.view.time_zone, system.store
    last = day_asked(request, "to") or local_day_of(system.now, zone)
    first = day_asked(request, "from") or last - timedelta(days=DAYS_SHOWN - 1)
    days = store.intake_days(first, last, zone_name=zone)
    total = ControlTotals.sum_of(one.totals for one in days)
    refused = list(reversed(store.movements(first, last, zone_name=zone, status=REFUSED)))
    sources = store.sources()
    context = {
        "first": first,
        "last": last,
        "backwards": last < first,
        "days": [_day_row(one) for one in reversed(days)],
        "total": _sides(total),
        "unread": total.unread_rows,
        "refused": refused[:MOST_SHOWN],
        "more": max(0, len(refused) - MOST_SHOWN),
        "sources": [(one, store.sequence_gaps(one.name)) for one in sources],
        "waiting": len(store.quarantined_items()),
    }
    return render(request, "web/usage_intake.html", context)


@personal("list the quarantine", subjects=lambda: ["quarantined lines"])
def quarantine_page(request: HttpRequest, system: System) -> HttpResponse:
    """Lines that wait, the oldest first; with ``all`` also those that have left."""
    everything = request.GET.get("all") == "1"
    items = system.store.quarantined_items(waiting_only=not everything)
    context = {
        "items": items[:MOST_SHOWN],
        "count": len(items),
        "more": max(0, len(items) - MOST_SHOWN),
        "everything": everything,
    }
    return render(request, "web/usage_quarantine.html", context)


@acting("decide a quarantined line", subjects=lambda number: [f"line {number}"])
def line_page(request: HttpRequest, system: System, number: int) -> HttpResponse:
    """One line with its bytes and reason; released or rejected by a name with a reason, once."""
    item = system.store.quarantined_item(number)
    refusal: Refusal | None = None
    typed = {name: str(request.POST.get(name, ""))[:2000] for name in ("act", "author", "reason")}
    if request.method == "POST":
        try:
            _decide(system, item, typed)
        except Refusal as caught:
            refusal = caught
        else:
            return redirect("quarantined", number=number, permanent=False)
    held = item.line.data.decode("utf-8", errors="backslashreplace").rstrip()
    context = {
        "item": item,
        "energy_wh": None if item.line.energy_wh is None else exact_text(item.line.energy_wh),
        "bytes": held[:BYTES_SHOWN],
        "longer": max(0, len(held) - BYTES_SHOWN),
        "typed": typed,
        "refusal": refusal,
        "movements": system.store.movements_of(item.sha256),
    }
    return render(request, "web/usage_line.html", context, status=status_after(refusal))


def _decide(system: System, item: QuarantinedItem, typed: dict[str, str]) -> None:
    """Release or reject.

    :raises NotDecided: if neither was chosen
    :raises Refusal: as the journey says
    """
    if typed["act"] == RELEASE:
        release_line(
            quarantine_id=item.quarantine_id,
            author=typed["author"],
            reason=typed["reason"],
            intake=intake_of(system),
            learned_at=system.now,
        )
    elif typed["act"] == REJECT:
        reject_line(
            quarantine_id=item.quarantine_id,
            author=typed["author"],
            reason=typed["reason"],
            store=system.store,
            learned_at=system.now,
        )
    else:
        raise NotDecided("No decision was chosen", do="Choose one of the ways out")


def _day_row(one: IntakeDay) -> DayRow:
    return DayRow(one.day, one.source, _sides(one.totals), one.repeated)


def _sides(totals: ControlTotals) -> tuple[SideRow, ...]:
    def row(name: str, count: Count) -> SideRow:
        return SideRow(name, count.files, count.rows, exact_text(count.energy_wh))

    return (
        row("received", totals.received),
        row("stored", totals.stored),
        row("quarantined", totals.quarantined),
        row("refused", totals.refused),
    )
