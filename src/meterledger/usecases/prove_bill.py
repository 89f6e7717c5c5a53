"""Prove: a bill with the readings and values it follows from, for anybody to compute again.

The file stands alone: whoever has it and ``meterledger_verify.py`` needs neither our store nor our
book. Nothing is proved that does not replay to the same bytes first.

Lives here      gathering what the file says of a bill; what is signed, as bytes.
Lives elsewhere its readings (``proof_readings``), charges as operations (``proof_charges``), values
                (``proof_values``), taxes and what else has an amount (``proof_amounts``), the
                signature (``stores/gateways``), the program that checks (``meterledger_verify``).
Read first      docs/reference/proof_file.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from meterledger.facts.bills import Bill
from meterledger.facts.usage import window_seconds
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import zone
from meterledger.kernel.money import usd_text
from meterledger.kernel.span import DaySpan
from meterledger.rating import RatePlan
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.beside_usage import BesideUsage
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.given_beside import NOTHING_GIVEN, GivenBeside
from meterledger.usecases.ports import Lake
from meterledger.usecases.proof_amounts import asked_of, left_of, paperless_of, taxes_of
from meterledger.usecases.proof_charges import DELIVERED, REACTIVE, RECEIVED, PlanCharges
from meterledger.usecases.proof_readings import (
    CannotProve,
    load_count,
    loads_of,
    places_of,
    reactive_of,
    received_of,
)
from meterledger.usecases.proof_values import ProofValues, op
from meterledger.usecases.replay_bill import Recalled, ReplayStore, recall_bill, replay_bill
from meterledger.usecases.unmetered_usage import customer_codes

FORMAT = "meterledger-bill-proof/3"
SHORTEST, LONGEST = "regular_period_days_min", "regular_period_days_max"
NORMAL = "normal_period_days"
UNMETERED = "unmetered_"
_STEP_SECONDS = 900


def prove_bill(*, bill_id: str, store: ReplayStore, lake: Lake, book: TariffBook) -> dict[str, Any]:
    """What the proof file of a bill says, not yet signed.

    :raises NotFound: if there is no such bill
    :raises CannotReplay: if it cannot be computed as known when it was issued
    :raises CannotProve: if it computes to other bytes
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
    recalled = recall_bill(bill_id=bill_id, store=store, book=book)
    calculator = Calculator(recalled.view, cycle=recalled.due.service.account.cycle)
    given = _given(bill, recalled, calculator, store, lake)
    plan = calculator.plan(bill.schedule, bill.days, given.programs)
    values = ProofValues(recalled.view, plan)
    loads = loads_of(bill, values) if bill.usage.loads else None
    of_plan = PlanCharges(plan, given, values, loads, meters=max(1, len(bill.usage.points)))
    dropped = frozenset() if loads is None else customer_codes(plan.schedule)
    charges = _customer_charges(bill, of_plan, calculator)
    charges += [of_plan.told(rule) for rule in of_plan.rules if rule.code not in dropped]
    charges += paperless_of(bill, recalled, store, values)
    codes = [one["code"] for one in charges]
    charges += taxes_of(bill, recalled, values, codes)
    charges += left_of(bill, values, codes)
    asked, amounts = asked_of(bill, recalled, store, values)
    more: dict[str, Any] = {}
    if amounts:
        more["asked"] = amounts
    if plan.net is not None:
        more["net"] = of_plan.net()
    if plan.solar is not None:
        more["solar"] = of_plan.solar()
    readings = {}
    if loads is None:
        readings = {DELIVERED: places_of(bill, recalled, store, lake, values)}
    if plan.net is not None:
        readings[RECEIVED] = [received_of(given, recalled, lake)]
    if plan.needs_kvar:
        readings[REACTIVE] = [reactive_of(recalled, lake)]
    proration = _proration(values, bill.days, plan)
    if values.by_period:
        more["reading_day"] = recalled.due.service.account.cycle
    return {
        "format": FORMAT,
        "bill": {**_bill(bill), **asked},
        "readings": readings,
        "utc_offsets": _offsets(bill.days, plan.zone),
        "proration": proration,
        "charges": charges,
        "values": values.told(),
        **more,
        "release": {**bill.pins.as_json(), "record_sha256": bill.record_sha256},
    }


def _given(
    bill: Bill, recalled: Recalled, calculator: Calculator, store: ReplayStore, lake: Lake
) -> GivenBeside:
    """What the bill was given beside its usage, as known then."""
    service = recalled.due.service
    if recalled.due.joined:
        return NOTHING_GIVEN
    beside = BesideUsage(
        [service],
        bill.days,
        known_at=recalled.known_at,
        sequence=recalled.sequence,
        calculator=calculator,
        lake=lake,
        store=store,
    )
    first, *others = recalled.due.installations or (None,)
    if others:
        return beside.of_exchanged(service, recalled.due.installations).given
    if first is not None and beside.of(service).nets:
        beside.with_received({bill.agreement_id: (service, first)})
    return beside.of(service).given


def _customer_charges(
    bill: Bill, of_plan: PlanCharges, calculator: Calculator
) -> list[dict[str, Any]]:
    """Where there is no meter, the customer charges of another schedule for each device."""
    values = of_plan.values
    counts = [f"given:{load_count(n)}@last" for n, _ in enumerate(bill.usage.loads, 1)]
    devices = op("sum", *({"value": count} for count in counts))
    found: list[dict[str, Any]] = []
    for line in bill.lines:
        if not line.code.startswith(UNMETERED) or line.code in [one["code"] for one in found]:
            continue
        plan = calculator.plan(dict(line.inputs)["schedule"], bill.days)
        other = PlanCharges(plan, of_plan.given, values)
        rule = next(one for one in other.rules if UNMETERED + one.code == line.code)
        told = other.told(rule)
        quantity = op("product", told["quantity"], devices)
        found.append({**told, "code": line.code, "unit": line.unit, "quantity": quantity})
    return found


def _proration(values: ProofValues, window: DaySpan, plan: RatePlan) -> list[str]:
    """The values that say how many months the bill counts for, if any of it goes by months."""
    if not values.uses_months:
        return []
    least, most = (values.view.number(name).on(window.last_day) for name in (SHORTEST, LONGEST))
    regular = least.value <= window.day_count <= most.value
    names = [SHORTEST, LONGEST] if regular else [SHORTEST, LONGEST, NORMAL]
    return [values.ask(name, [window.last_day]) for name in names]


def signed_bytes(proof: dict[str, Any]) -> bytes:
    """What the signature is over: the whole file but the signature, in canonical JSON."""
    return canonical_bytes(
        {key: value for key, value in proof.items() if key != "signature"}
    ).removesuffix(b"\n")


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
        **({"estimated": estimated.told(int)} if (estimated := bill.usage.estimated) else {}),
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


__all__ = ["CannotProve", "prove_bill", "signed_bytes"]
