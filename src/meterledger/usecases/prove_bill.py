"""Prove: a bill with the readings and parameters it follows from, for anybody to compute again.

The file stands alone: whoever has it and ``meterledger_verify.py`` needs neither our store nor our
book. Nothing is proved that does not replay to the same bytes first.

Lives here      gathering what the file says of bill and charges; what is signed, as bytes.
Lives elsewhere its readings (``proof_readings``), taxes and what else has an amount
                (``proof_amounts``), the signature (``stores/gateways``), the program that checks
                (``meterledger_verify``).
Read first      docs/reference/proof_file.md.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from meterledger.billing import length_terms
from meterledger.facts.bills import Bill
from meterledger.facts.participation import taking_part
from meterledger.facts.usage import window_seconds
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import zone
from meterledger.kernel.money import usd_text
from meterledger.kernel.span import DaySpan
from meterledger.rating import RatePlan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.schedule import Block, ChargeKind, ChargeRule, DayWindows, Schedule
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.ports import Lake
from meterledger.usecases.proof_amounts import asked_of, left_of, paperless_of, taxes_of
from meterledger.usecases.proof_readings import INSTEAD, CannotProve, readings_of
from meterledger.usecases.replay_bill import ReplayStore, recall_bill, replay_bill

FORMAT, WIDER_FORMAT = "meterledger-bill-proof/1", "meterledger-bill-proof/2"
"""The second where the file says more than the first could: its readings, or its amounts."""
_STEP_SECONDS = 900
_KINDS = {ChargeKind.MONTHLY, ChargeKind.ENERGY, ChargeKind.DEMAND, ChargeKind.RIDER}


def prove_bill(*, bill_id: str, store: ReplayStore, lake: Lake, book: TariffBook) -> dict[str, Any]:
    """What the proof file of a bill says, not yet signed.

    :raises NotFound: if there is no such bill
    :raises CannotReplay: if it cannot be computed as known when it was issued
    :raises CannotProve: if it computes to other bytes, or has what the file cannot hold
    """
    again = replay_bill(bill_id=bill_id, store=store, lake=lake, book=book)
    if not again.same_bytes:
        raise CannotProve(
            "The bill as issued does not follow from its readings and the book",
            where=bill_id,
            why="; ".join(again.differences),
            do="Find the difference with `meterledger replay`; a bill that is wrong is corrected",
        )
    bill = again.bill
    if bill.usage.points:
        raise CannotProve(
            "Meters of several service points are on this bill, and a proof file has one place",
            where=bill_id,
            why="Demands of several meters are each one's own, which its operations cannot say",
            do=INSTEAD,
        )
    recalled = recall_bill(bill_id=bill_id, store=store, book=book)
    known = store.participations([bill.agreement_id], recalled.known_at)
    taking = taking_part(known.get(bill.agreement_id, ()), bill.days.from_day)
    programs = tuple(one.program for one in taking)
    plan = Calculator(recalled.view).plan(bill.schedule, bill.days, programs)
    _refuse_other_charges(plan, bill)
    readings = readings_of(bill, recalled, store, lake)
    more = {**left_of(bill), **paperless_of(bill, recalled, store)}
    taxes, asked = taxes_of(bill, recalled), asked_of(bill, recalled, store)
    wider = more or asked or "taxes" in taxes or "values_wh" not in readings
    return {
        "format": WIDER_FORMAT if wider else FORMAT,
        "bill": {**_bill(bill), **asked},
        "readings": readings,
        "parameters": {**_parameters(recalled.view, plan), **taxes, **more},
        "release": {**bill.pins.as_json(), "record_sha256": bill.record_sha256},
    }


def signed_bytes(proof: dict[str, Any]) -> bytes:
    """What the signature is over: the whole file but the signature, in canonical JSON."""
    return canonical_bytes(
        {key: value for key, value in proof.items() if key != "signature"}
    ).removesuffix(b"\n")


def _refuse_other_charges(plan: RatePlan, bill: Bill) -> None:
    """The file holds months, energy in at most two blocks, the highest hour and riders.

    :raises CannotProve: naming the kinds of charge that it cannot hold
    """
    rules = [line.rule for line in plan.lines]
    kinds = {rule.kind.value for rule in rules if rule.kind not in _KINDS}
    kinds |= {"demand by name" for rule in rules if rule.demand or rule.over}
    kinds |= {"solar block"} if plan.solar else set()
    kinds |= {"net metering"} if plan.net else set()
    if _limit_of(plan.schedule) is None:
        kinds |= {"energy in a set of blocks" for rule in rules if rule.block_set}
    if kinds:
        raise CannotProve(
            f"Schedule {bill.schedule} has charges that a proof file cannot hold: "
            f"{', '.join(sorted(kinds)).replace('_', ' ')}",
            where=bill.bill_id,
            why="It holds months, energy in at most two blocks, the highest hour and riders",
            do=INSTEAD,
        )


def _limit_of(schedule: Schedule) -> str | None:
    """The series of the first block's kWh, whether the schedule says two blocks or a set of two."""
    sets = schedule.block_sets
    if schedule.block_limit is not None or len(sets) != 1:
        return schedule.block_limit if not sets else None
    (only,) = sets
    two = only.demand is None and len(only.limits) == 1
    return only.limits[0] if two else None


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


def _parameters(view: BookView, plan: RatePlan) -> dict[str, Any]:
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
            _parts(view, limit, window, str) if (limit := _limit_of(schedule)) else None
        ),
        "charges": [
            _charge(view, rule, plan)
            for rule in schedule.charges
            if rule.season is None or rule.season in seasons
        ],
        "proration": _proration(view, window),
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
        "block": _block(rule),
        "price": prices,
        "citations": citations,
    }


def _block(rule: ChargeRule) -> str | None:
    block = rule.block
    if rule.block_set is not None:
        block = Block.FIRST if rule.block_number == 1 else Block.OVER
    return None if block is None else block.value


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


__all__ = ["CannotProve", "prove_bill", "signed_bytes"]
