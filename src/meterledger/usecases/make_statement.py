"""Make the statement of a bill: what its customer sees, from what is stored. Pure.

Lives here      gathering; nothing is read, and nothing is calculated a second time: amounts are
                copied from the record and the ledger.
Lives elsewhere reading (``gather_statements``), which entries moved the balance before it
                (``carried_balance``), words and drawing (``entrypoints``), the noun
                (``facts/statements``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from meterledger.facts.bills import read_record
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.money import Entry
from meterledger.facts.places import BillableService
from meterledger.facts.relief import BillRelief
from meterledger.facts.statements import (
    ContactRoute,
    PeriodUse,
    StatedBudget,
    StatedEstimate,
    StatedLine,
    StatedMark,
    StatedUsage,
    Statement,
    UseThen,
)
from meterledger.facts.weather import MeanTemperature
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import cents_from_text, usd_display, whole_from_decimal_text
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import BookView
from meterledger.usecases.beside_usage import received_wh
from meterledger.usecases.cancelled_bills import cancelled_words
from meterledger.usecases.carried_balance import asked_of_bill, balance_before, of_one_day
from meterledger.usecases.deposit_statement import deposit_messages
from meterledger.usecases.estimated_by_hand import with_rungs
from meterledger.usecases.joined_services import meters_on_bill
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.relief_statement import stated_relief

ESTIMATE_FINDINGS = "this bill is based on estimated usage"
"""How the reason begins that marks an estimated bill; the rungs follow it."""
ESTIMATED_BY = " estimated by "
"""What stands in the reason of each rung."""

TO_PAY = " months to pay it: as long as the delay"
"""What ends the reason that says over how many months a bill that we delayed may be paid."""

Temperatures = Callable[[DaySpan], MeanTemperature | None]


def no_temperature(days: DaySpan) -> MeanTemperature | None:
    """What is known of the weather where nobody records it: nothing."""
    return None


@dataclass(frozen=True, slots=True)
class Beside:
    """What a statement shows beside the bill, its account and the book."""

    contact: ContactRoute | None = None
    temperatures: Temperatures = no_temperature
    messages: tuple[str, ...] = ()


def make_statement(
    stored: StoredBill,
    *,
    service: BillableService,
    history: Sequence[StoredBill],
    entries: Sequence[Entry],
    view: BookView,
    beside: Beside,
    cause: EstimateCause | None = None,
    relief: BillRelief | None = None,
    rungs: Sequence[Reason] = (),
    later_due: date | None = None,
    combination: str = "",
) -> Statement:
    """Everything that the bill shows.

    ``service`` and ``view`` are as known when the bill was made; ``history`` has the account's
    bills and ``entries`` what touched it, both in any order. ``cause`` is why it was estimated,
    ``rungs`` by which of the ladder where a person did, as they were logged. ``relief`` is what an
    agreement takes off it. ``later_due`` is until when it may be paid where it went out late,
    ``combination`` the one whose statement asks for it.

    :raises RecordUnreadable: if the stored record is none
    :raises InvariantBroken: if its lines do not sum to its total
    """
    record = with_rungs(read_record(stored.record), rungs)
    lines = tuple(_line(one, stored.bill_id) for one in record["lines"])
    off = stated_relief(relief)
    premise = service.premise
    meters = [one.meter_id for one in meters_on_bill(service, stored.days)]
    today = [one.bill_id for one in of_one_day(stored, history)]
    made = Statement(
        bill_id=stored.bill_id,
        account_id=stored.account_id,
        utility=view.utility,
        schedule=record["schedule"],
        schedule_name=view.schedule(record["schedule"], stored.days.from_day).name,
        kind=record["kind"],
        days=stored.days,
        issued_day=stored.issued_day,
        due_day=stored.due_day,
        holders=service.holders,
        address=premise.address,
        city=premise.city,
        state=premise.state,
        postal_code=premise.postal_code,
        meter_ids=tuple(dict.fromkeys(meters)),
        usage=_usage(record, lines, cause),
        lines=lines,
        charges_cents=cents_from_text(record["total_usd"], where=stored.bill_id),
        balance=balance_before(stored, history, entries),
        budget=_budget(record),
        temperature=beside.temperatures(stored.days),
        year_before=_year_before(record, stored, history, beside.temperatures),
        contact=beside.contact,
        messages=(
            *([_combined(combination)] if combination else ()),
            *([off.sentence] if off else ()),
            *beside.messages,
            *_of_deposit(stored, entries, relief),
        ),
        marks=(*_marks(stored, history), *_late(stored, record)),
        reasons=tuple(
            (one["finding"], Citation.from_json(one["citation"])) for one in record["reasons"]
        ),
        relief=off,
        combination=combination,
        asked_on=today[-1] if today[-1] != stored.bill_id else "",
        takes_in=tuple(today[: today.index(stored.bill_id)]),
    )
    return made if later_due is None else due_later(made, later_due)


def _combined(combination: str) -> str:
    return (
        f"This bill is part of your combined statement {combination}, which comes by itself and "
        "asks for it together with the others, with one due day for all (GRR V.B). There is "
        "nothing to pay with this paper. What is still owed from before stays due as it was asked "
        "for."
    )


def due_later(statement: Statement, day: date) -> Statement:
    """The statement of a bill that went out late: until when it may be paid, and why."""
    if day <= statement.due_day or statement.asked_cents <= 0 or statement.combination:
        return statement
    was = statement.due_day
    words = (
        f"This bill says {was:%B} {was.day}, {was.year} as its due day, and was sent later. Your "
        f"time to pay counts from the day on which it was sent, and ends on {day:%B} {day.day}, "
        f"{day.year} (20 CSR 4240-13.015)."
    )
    return replace(statement, due_day=day, messages=(words, *statement.messages))


def _line(line: dict[str, Any], bill_id: str) -> StatedLine:
    return StatedLine(
        code=line["code"],
        label=line["label"],
        group=line["group"],
        days=_days(line),
        quantity=line["quantity"],
        unit=line["unit"],
        price_usd=line["price_usd"],
        cents=cents_from_text(line["usd"], where=bill_id),
        standing=Standing(line["standing"]),
        citations=tuple(Citation.from_json(one) for one in line["citations"]),
        arithmetic=line["arithmetic"],
        inputs=tuple(line["inputs"].items()),
    )


def _days(told: dict[str, Any]) -> DaySpan:
    return DaySpan(date.fromisoformat(told["from"]), date.fromisoformat(told["to"]))


def _budget(record: dict[str, Any]) -> StatedBudget | None:
    """What a budget plan asks, where the record has it."""
    told = record.get("asked")
    if told is None:
        return None
    return StatedBudget(
        asked_cents=cents_from_text(told["asked_usd"], where=record["bill"]),
        difference_cents=cents_from_text(told["difference_after_usd"], where=record["bill"]),
    )


def _marks(stored: StoredBill, history: Sequence[StoredBill]) -> tuple[StatedMark, ...]:
    """That the bill corrects another, or has been cancelled itself."""
    marks = []
    if stored.corrects is not None:
        words = f"This bill corrects the bill {stored.corrects}, which is cancelled."
        was = next((one for one in history if one.bill_id == stored.corrects), None)
        if was is not None:
            issued = f"{was.issued_day:%B} {was.issued_day.day}, {was.issued_day.year}"
            words = (
                f"This bill corrects the bill {stored.corrects} of {issued}, which is cancelled. "
                f"Its charges were {usd_display(was.total_cents)} and are "
                f"{usd_display(stored.total_cents)} now."
            )
        marks.append(StatedMark("corrects", words, stored.corrects))
    if stored.cancelled_by is not None:
        marks.append(StatedMark("cancelled", *cancelled_words(stored, history)))
    return tuple(marks)


def _late(stored: StoredBill, record: dict[str, Any]) -> tuple[StatedMark, ...]:
    """That a bill we sent late may be paid over at least as long: a right, and no small print.

    As the bill's own reasons have it. A bill of which nothing is asked needs no time.
    """
    if stored.cancelled_by is not None or stored.total_cents <= 0:
        return ()
    return tuple(
        StatedMark(
            "late",
            f"We sent this bill late. You may pay it over {months} or more, and "
            f"no late charge is put on it ({citation.text}).",
        )
        for months, citation in time_to_pay(record)
    )


def time_to_pay(record: dict[str, Any]) -> tuple[tuple[str, Citation], ...]:
    """Over how many months a bill that we sent late may be paid, with the clause; else nothing."""
    return tuple(
        (_months(one["finding"]), Citation.from_json(one["citation"]))
        for one in record["reasons"]
        if one["finding"].endswith(TO_PAY)
    )


def _months(finding: str) -> str:
    count = finding.removesuffix(TO_PAY)
    return f"{count} month{'' if count == '1' else 's'}"


# ------------------------------------------------------------------------------------- usage


def _usage(
    record: dict[str, Any], lines: Sequence[StatedLine], cause: EstimateCause | None
) -> StatedUsage:
    usage = record["usage"]
    return StatedUsage(
        energy_wh=usage["energy_wh"],
        periods=_periods(lines, usage["energy_wh"]),
        record=usage,
        estimate=_estimate(record, cause),
        received_wh=received_wh(one["finding"] for one in record["reasons"]),
    )


def _periods(lines: Sequence[StatedLine], energy_wh: int) -> tuple[PeriodUse, ...]:
    """Energy of each time of use, from the lines that price it; empty where none names one.

    Told only where it adds up to what was used: a line that prices a part of it twice, or none of
    it, would make the table say something else than the meter.
    """
    found: dict[str, int] = {}
    for line in lines:
        period = line.input("period")
        if line.group != "base" or line.unit != "kWh" or period in ("", "all"):
            continue
        watt_hours = whole_from_decimal_text(line.quantity, decimals=3)
        if watt_hours is None:
            return ()
        found[period] = found.get(period, 0) + watt_hours
    if sum(found.values()) != energy_wh:
        return ()
    return tuple(PeriodUse(period, energy) for period, energy in found.items())


def _estimate(record: dict[str, Any], cause: EstimateCause | None) -> StatedEstimate | None:
    """The mark of an estimated bill. A former occupant's use may have gone into it, and is never
    shown (C-LADDER-FORMER-OCCUPANT): how it was estimated is told by its method and clauses.
    """
    estimated = record["usage"].get("estimated")
    if estimated is None:
        return None
    clauses = [
        Citation.from_json(one["citation"])
        for one in record["reasons"]
        if one["finding"].startswith(ESTIMATE_FINDINGS) or ESTIMATED_BY in one["finding"]
    ]
    return StatedEstimate(
        interval_count=estimated["interval_count"],
        day_count=sum(one.get("day_count", 0) for one in estimated["by"]),
        energy_wh=estimated["energy_wh"],
        percent=estimated["percent"],
        methods=tuple(
            dict.fromkeys(
                one["finding"] for one in record["reasons"] if ESTIMATED_BY in one["finding"]
            )
        ),
        citations=tuple(dict.fromkeys(clauses)),
        cause=cause,
    )


def _year_before(
    record: dict[str, Any],
    stored: StoredBill,
    history: Sequence[StoredBill],
    temperatures: Temperatures,
) -> UseThen | None:
    """The account's own bill for the same service that holds the middle day, a year before."""
    middle = date.fromordinal(
        (stored.days.from_day.toordinal() + stored.days.last_day.toordinal()) // 2
    )
    then = _a_year_before(middle)
    for other in history:
        if other.bill_id == stored.bill_id or then not in other.days:
            continue
        if not other.was_live(stored.known_at):
            continue
        told = read_record(other.record)
        if _places(told) == _places(record):
            energy_wh = told["usage"]["energy_wh"]
            return UseThen(other.days, energy_wh, temperatures(other.days))
    return None


def _places(record: dict[str, Any]) -> set[str]:
    """The service points on a bill: a sum of several is compared with the same ones only."""
    points = record["usage"].get("points", ())
    return {one["service_point"] for one in points} or {record["service_point"]}


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # February 29
        return day.replace(year=day.year - 1, day=28)


def _of_deposit(
    stored: StoredBill, entries: Sequence[Entry], relief: BillRelief | None
) -> tuple[str, ...]:
    """That a deposit was credited to this very bill, which the balance before it cannot show."""
    asked_cents = stored.previous_balance_cents + asked_of_bill(stored)
    asked_cents -= 0 if relief is None else relief.cents
    return deposit_messages(stored.bill_id, stored.account_id, entries, asked_cents=asked_cents)
