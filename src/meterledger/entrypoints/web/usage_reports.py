"""A meter's page, who sent and who did not, and bills whose usage was replaced.

Lives here      gathering what the three pages show.
Lives elsewhere the reports (``usecases/meter_health``, ``usage_replaced``), the queue
                (``usage_pages``).
"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.web.asked import day_asked
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.events import MeterEvent
from meterledger.facts.meters import Meter
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan
from meterledger.usecases.meter_health import meter_health
from meterledger.usecases.ports import NotFound
from meterledger.usecases.usage_replaced import usage_replaced

MOST_METERS = 5000
MOST_ACCOUNTS = 500
MOST_ROWS = 1000
DAYS_SHOWN = 60
MOST_EVENTS = 200


@personal("read a meter", subjects=lambda meter_id: [meter_id])
def meter_page(request: HttpRequest, system: System, meter_id: str) -> HttpResponse:
    """Where a meter is and was, how well it is heard, and everything written about its days."""
    store = system.store
    installations = store.meter_installations([meter_id]).get(meter_id, [])
    if not installations:
        raise NotFound(
            f"There is no meter {meter_id[:80]}",
            do="Open a meter from the queue, or from the report",
        )
    day = day_asked(request, "on") or system.report_day
    days = DaySpan(day - timedelta(days=DAYS_SHOWN), day + timedelta(days=1))
    report = meter_health(
        day,
        known_at=system.now,
        store=store,
        lake=system.lake,
        view=system.view,
        meter_ids=[meter_id],
    )
    context = {
        "meter_id": meter_id,
        "device": _device(system, meter_id),
        "installations": installations,
        "day": day,
        "health": report.meters[0] if report.meters else None,
        "findings": store.findings_of_meter(meter_id, days),
        "estimates": list(reversed(store.estimates_of_meter(meter_id, days))),
        "edits": list(reversed(store.edits_of_meter(meter_id))),
        "reviews": list(reversed(store.reviews_of_meter(meter_id))),
        "efforts": list(reversed(store.efforts_of_meter(meter_id))),
        "events": list(reversed(_events(system, meter_id, days)))[:MOST_EVENTS],
        "cases": list(reversed(store.cases(meter_ids=[meter_id]))),
        "shown": DAYS_SHOWN,
    }
    return render(request, "web/usage_meter.html", context)


def _events(system: System, meter_id: str, days: DaySpan) -> list[MeterEvent]:
    since = day_start_utc(days.from_day, system.view.time_zone)
    return system.store.events(meter_ids=[meter_id], since=since)


def _device(system: System, meter_id: str) -> Meter | None:
    try:
        return system.store.meter_file(meter_id, system.now).meter
    except NotFound:
        return None


@personal("report on meters", subjects=lambda: ["all meters"])
def health_page(request: HttpRequest, system: System) -> HttpResponse:
    """Who sent on a day, who did not, and what is missing of thirty days."""
    asked = day_asked(request, "on")
    day = asked or system.report_day
    count = len(system.store.meters_on_day(day, system.now))
    too_many = count > MOST_METERS
    report = None
    if not too_many:
        report = meter_health(
            day,
            known_at=system.now,
            store=system.store,
            lake=system.lake,
            view=system.view,
        )
    silent = {one.meter_id for one in report.silent} if report else set()
    looked = report.meters if report else ()
    rows = [one for one in looked if not one.healthy and one.meter_id not in silent]
    gaps = [(one.name, system.store.sequence_gaps(one.name)) for one in system.store.sources()]
    begin = day_start_utc(day, system.view.time_zone)
    until = day_start_utc(day + timedelta(days=1), system.view.time_zone)
    context = {
        "day": day,
        "chosen": asked is None,
        "count": count,
        "too_many": too_many,
        "report": report,
        "rows": rows[:MOST_ROWS],
        "more": max(0, len(rows) - MOST_ROWS),
        "gaps": [(name, found) for name, found in gaps if found],
        "events": sorted(system.store.event_counts(begin, until).items()),
    }
    return render(request, "web/usage_report.html", context)


@personal("report on usage replaced since billed", subjects=lambda: ["all accounts"])
def replaced_page(request: HttpRequest, system: System) -> HttpResponse:
    """Bills whose usage has changed since they were made, with the difference."""
    accounts = system.store.account_ids()
    too_many = len(accounts) > MOST_ACCOUNTS
    looked_at, found = (
        (0, [])
        if too_many
        else usage_replaced(
            store=system.store,
            lake=system.lake,
            view=system.view,
            accounts=accounts,
            known_at=system.now,
        )
    )
    context = {"too_many": too_many, "looked_at": looked_at, "found": found[:MOST_ROWS]}
    return render(request, "web/usage_replaced.html", context)
