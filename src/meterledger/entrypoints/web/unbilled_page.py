"""Who got no bill: services whose last billed day is more than one cycle ago, each with why.

Lives here      the page.
Lives elsewhere finding them (``usecases/unbilled``), their cases (``held_pages``).
"""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.billing import hold_kind
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.wiring import System
from meterledger.usecases.unbilled import Unbilled, unbilled

MOST_ACCOUNTS = 5000
MOST_ROWS = 1000
NOT_HELD = {"excluded": "excluded by a person", "no_run": "no run has looked at it"}


@personal("look for services without a bill", subjects=lambda: ["all accounts"])
def unbilled_page(request: HttpRequest, system: System) -> HttpResponse:
    """Services that got no bill for more than a cycle, the longest without one first."""
    too_many = len(system.store.account_ids()) > MOST_ACCOUNTS
    found: list[Unbilled] = []
    if not too_many:
        asked = unbilled(system.today, known_at=system.now, store=system.store, view=system.view)
        found = sorted(asked, key=_longest_first)
    rows = [
        (one, NOT_HELD.get(one.code) or hold_kind(one.code).words, (system.today - one.since).days)
        for one in found[:MOST_ROWS]
    ]
    context = {
        "rows": rows,
        "count": len(found),
        "more": max(0, len(found) - MOST_ROWS),
        "too_many": too_many,
        "today": system.today,
    }
    return render(request, "web/held_unbilled.html", context)


def _longest_first(one: Unbilled) -> tuple[date, str]:
    return one.since, one.agreement_id
