"""Prove: a bill with the readings and parameters it follows from, for anybody to compute again.

The file stands alone: whoever has it and ``meterledger_verify.py`` needs neither our store nor our
book. Nothing is proved that does not replay to the same bytes first.

Lives here      gathering what the file says; what is signed, as bytes.
Lives elsewhere the signature (``stores/gateways``), the program that checks
                (``meterledger_verify``).
Read first      docs/reference/proof_file.md.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from meterledger.billing import ADJUSTMENT, TAX_CODE, length_terms, tax_terms
from meterledger.facts.bills import Bill
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.usage import UsageBatch, window_seconds
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import zone
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rating import RatePlan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.schedule import ChargeRule, DayWindows
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.ports import Lake
from meterledger.usecases.replay_bill import Recalled, ReplayStore, recall_bill, replay_bill
from meterledger.usecases.window_usage import usage_of_window

FORMAT = "meterledger-bill-proof/1"
_STEP_SECONDS = 900


class CannotProve(Refusal):
    """No proof file can be made of this bill."""


def prove_bill(*, bill_id: str, store: ReplayStore, lake: Lake, book: TariffBook) -> dict[str, Any]:
    """What the proof file of a bill says, not yet signed.

    :raises NotFound: if there is no such bill
    :raises CannotReplay: if it cannot be computed as known when it was issued
    :raises CannotProve: if it computes to other bytes, or its intervals are of several lengths
    """
    again = replay_bill(bill_id=bill_id, store=store, lake=lake, book=book)
    if not again.same_bytes:
        raise CannotProve(
            "The bill as issued does not follow from its readings and the book",
            where=bill_id,
            why="; ".join(again.differences),
            do="Find the difference with `meterledger replay`; a bill that is wrong is corrected",
        )
    _refuse_other_taxes(again.bill)
    recalled = recall_bill(bill_id=bill_id, store=store, book=book)
    usage = _usage(recalled, again.bill, store, lake)
    calculator = Calculator(recalled.view)
    plan = calculator.plan(again.bill.schedule, again.bill.days)
    if not plan.is_plain:
        raise CannotProve(
            f"Schedule {again.bill.schedule} has charges that a proof file cannot tell",
            where=bill_id,
            why="It tells months, energy in at most two blocks, the highest hour and riders",
            do="Use `meterledger replay`, which computes any bill",
        )
    return {
        "format": FORMAT,
        "bill": _bill(again.bill),
        "readings": _readings(usage, again.bill),
        "parameters": _parameters(recalled.view, plan, again.bill),
        "release": {**again.bill.pins.as_json(), "record_sha256": again.bill.record_sha256},
    }


def signed_bytes(proof: dict[str, Any]) -> bytes:
    """What the signature is over: the whole file but the signature, in canonical JSON."""
    return canonical_bytes(
        {key: value for key, value in proof.items() if key != "signature"}
    ).removesuffix(b"\n")


def _refuse_other_taxes(bill: Bill) -> None:
    """The proof file holds the gross-receipts tax on all charges, and no other.

    :raises CannotProve: if the bill has sales tax, or rests on a certificate of exemption
    """
    for line in bill.lines:
        other = line.group is ChargeGroup.TAX and line.code != TAX_CODE
        if other or "certificate" in dict(line.inputs):
            raise CannotProve(
                f"The bill has a {line.label.lower()} that the proof file cannot hold",
                where=bill.bill_id,
                why="It holds a gross-receipts tax on all charges, without an exemption",
                do="Use `meterledger replay`, which computes any bill",
            )


def _usage(recalled: Recalled, bill: Bill, store: ReplayStore, lake: Lake) -> UsageBatch:
    if any(line.unit == ADJUSTMENT for line in bill.lines):
        raise CannotProve(
            "The bill leaves an amount uncharged, or as it was billed before",
            where=bill.bill_id,
            why="That follows from the days and facts of a case, and the proof file holds readings "
            "and prices",
            do="Use `meterledger replay`, which computes any bill",
        )
    if bill.usage.registers:
        raise CannotProve(
            "The bill stands on readings of a register",
            where=bill.bill_id,
            why="The proof file holds one meter's intervals of one length",
            do="Use `meterledger replay`, which computes any bill",
        )
    if bill.usage.interval_seconds is None or bill.usage.meters:
        raise CannotProve(
            "The bill stands on intervals of several lengths, or of several meters",
            where=bill.bill_id,
            why="The proof file holds one meter's intervals of one length",
            do="Use `meterledger replay`, which computes any bill",
        )
    due = recalled.due
    found = usage_of_window(
        {due.meter: due.installations[0]},
        due.window.days,
        zone=recalled.view.time_zone,
        at_sequence=recalled.sequence,
        lake=lake,
        kept=store,
    )
    if not found.whole:
        raise CannotProve(
            "The bill's intervals do not begin and end with local days",
            where=bill.bill_id,
            why="The proof file holds whole local days",
            do="Use `meterledger replay`, which computes any bill",
        )
    (whole,) = found.whole
    return whole.usage


def _bill(bill: Bill) -> dict[str, Any]:
    return {
        "bill": bill.bill_id,
        "account": bill.account_id,
        "agreement": bill.agreement_id,
        "schedule": bill.schedule,
        "from": bill.days.from_day.isoformat(),
        "to": bill.days.until_day.isoformat(),
        "issued": bill.issued_day.isoformat(),
        "due": bill.due_day.isoformat(),
        "total_usd": usd_text(bill.total_cents),
        "standing": bill.standing.value,
        **({"corrects": bill.corrects} if bill.corrects else {}),
        "lines": [
            {
                "code": line.code,
                "label": line.label,
                "from": line.days.from_day.isoformat(),
                "to": line.days.until_day.isoformat(),
                "quantity": line.quantity,
                "unit": line.unit,
                "price_usd": line.price_usd,
                "usd": usd_text(line.cents),
                "standing": line.standing.value,
                "arithmetic": line.arithmetic,
                "citations": [citation.text for citation in line.citations],
            }
            for line in bill.lines
        ],
    }


def _readings(usage: UsageBatch, bill: Bill) -> dict[str, Any]:
    start, _ = window_seconds(bill.days, usage.zone)
    values = np.concatenate([day.energy_wh[0] for day in usage.days])
    told = {
        "meter": bill.usage.meter,
        "start": start,
        "interval_seconds": usage.interval_seconds,
        "values_wh": values.tolist(),
        "sha256": bill.usage.sha256,
    }
    if bill.usage.estimated is not None:
        told["estimated"] = bill.usage.estimated.told(int)
    return told


def _parameters(view: BookView, plan: RatePlan, bill: Bill) -> dict[str, Any]:
    schedule, window = plan.schedule, plan.window
    seasons = {segment.season for segment in plan.segments}
    calendars = (schedule.windows, schedule.demand_window)
    return {
        "zone": plan.zone,
        "utc_offsets": _offsets(window, plan.zone),
        "seasons": _parts(view, schedule.seasons, window, lambda value: list(value.months)),
        "periods": list(plan.periods),
        "windows": _hours(view, schedule.windows, window),
        "demand_window": _hours(view, schedule.demand_window, window),
        "holidays": _holidays(view, [name for name in calendars if name], window),
        "block_limit_kwh": (
            _parts(view, schedule.block_limit, window, str) if schedule.block_limit else None
        ),
        "charges": [
            _charge(view, rule, plan)
            for rule in schedule.charges
            if rule.season is None or rule.season in seasons
        ],
        "proration": _proration(view, window),
        "tax": _tax(view, bill),
    }


def _parts(view: BookView, name: str, window: DaySpan, told: Any) -> list[list[Any]]:
    return [
        [days.from_day.isoformat(), days.until_day.isoformat(), told(dated.value)]
        for days, dated in view.series(name).parts(window)
    ]


def _charge(view: BookView, rule: ChargeRule, plan: RatePlan) -> dict[str, Any]:
    """A charge with its prices on the days of its season, each with its clause."""
    prices: list[list[Any]] = []
    citations: list[str] = []
    for segment in plan.segments:
        if rule.season is not None and segment.season != rule.season:
            continue
        for days, dated in view.price(rule.price).parts(segment.days):
            told = [days.from_day.isoformat(), days.until_day.isoformat(), dated.value]
            same = prices and prices[-1][1:] == [told[0], told[2]]
            if same and citations[-1] == dated.citation.text:
                prices[-1][1] = told[1]
                continue
            prices.append(told)
            citations.append(dated.citation.text)
    return {
        "code": rule.code,
        "kind": rule.kind.value,
        "season": rule.season,
        "period": rule.period,
        "block": rule.block.value if rule.block else None,
        "price": prices,
        "citations": citations,
    }


def _hours(view: BookView, name: str | None, window: DaySpan) -> list[list[Any]] | None:
    if name is None:
        return None
    return [
        [
            days.from_day.isoformat(),
            days.until_day.isoformat(),
            {
                "working_day": _by_season(dated.value.working_day),
                "weekend_or_holiday": _by_season(dated.value.weekend_or_holiday),
            },
        ]
        for days, dated in view.time_of_use(name).parts(window)
    ]


def _by_season(windows: dict[str, DayWindows]) -> dict[str, list[list[Any]]]:
    return {
        season: [[one.from_minute, one.until_minute, one.period] for one in day.windows]
        for season, day in windows.items()
    }


def _holidays(view: BookView, calendars: list[str], window: DaySpan) -> list[str]:
    found: set[date] = set()
    for name in calendars:
        for days, dated in view.time_of_use(name).parts(window):
            if dated.value.working_day != dated.value.weekend_or_holiday:
                series = view.holidays(dated.value.holidays)
                found |= {day for day in days.days() if day in series.on(day).value}
    return [day.isoformat() for day in sorted(found)]


def _offsets(window: DaySpan, zone_name: str) -> list[list[int]]:
    """From which instants (UTC epoch seconds) local time lies how far ahead of UTC, in seconds."""
    begin, until = window_seconds(window, zone_name)
    local = zone(zone_name)
    found: list[list[int]] = []
    for epoch in range(begin, until + 1, _STEP_SECONDS):
        offset = datetime.fromtimestamp(epoch, UTC).astimezone(local).utcoffset()
        ensure(offset is not None, "a zone says how far it is from UTC")
        seconds = int((offset or timedelta()).total_seconds())
        if not found or found[-1][1] != seconds:
            found.append([epoch, seconds])
    return found


def _proration(view: BookView, window: DaySpan) -> dict[str, Any]:
    terms = length_terms(window, view)
    return {
        "regular_days_min": terms.days_min,
        "regular_days_max": terms.days_max,
        "normal_days": None if terms.normal_days is None else str(terms.normal_days),
        "citations": [citation.text for citation in terms.citations],
    }


def _tax(view: BookView, bill: Bill) -> dict[str, Any] | None:
    terms = tax_terms(place=bill.tax_place, window=bill.days, view=view, schedule=bill.schedule)
    if terms is None:
        return None
    return {
        "code": TAX_CODE,
        "rate": str(terms.share / (1 + terms.share)),
        "citations": [citation.text for citation in terms.citations],
    }
