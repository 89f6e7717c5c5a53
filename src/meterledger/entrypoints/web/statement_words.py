"""What a statement tells beside its charges: balance, use, readings, contact; sentences and rows.

Lives here      text for the page and the paper alike. Pure: no clock, no store.
Lives elsewhere the charges and the bill as a whole (``bill_words``), how quantities are written
                (``words``), drawing (``templates``, ``documents``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from meterledger.entrypoints.web.words import (
    day_count_words,
    day_words,
    kwh_words,
    number_words,
    period_words,
    short_span_words,
    span_words,
    table_day_words,
)
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.statements import ContactRoute, StatedEstimate, Statement
from meterledger.facts.weather import MeanTemperature
from meterledger.kernel.ids import with_check_digit
from meterledger.kernel.money import usd_display
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.usecases.estimated_by_hand import BY_PERSON

READ_WORDS = {
    "actual": "actual",
    "estimated": "estimated",
    "adjusted": "actual, moved to this day",
}
"""How a bill calls the basis of a register's figures."""


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """A row of the account's summary; ``strong`` rows are sums."""

    words: str
    amount: str
    strong: bool = False
    late_charge: str = ""
    """The charge that has a page of its own."""


@dataclass(frozen=True, slots=True)
class CompareRow:
    """Daily use and temperature of one of the two years; text, never a zero for what is unknown."""

    span: str
    daily: str
    temperature: str


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A register between two days."""

    meter: str
    opened: str
    closed: str
    multiplier: str
    used: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """This bill beside the same days of last year."""

    rows: tuple[CompareRow, ...]
    sentence: str


def balance_rows(statement: Statement) -> tuple[MoneyRow, ...]:
    """From what the last bill asked to what this one asks: every row adds to the next sum."""
    balance = statement.balance
    rows = []
    if balance.last_asked_cents is not None:
        words = "Asked on your last bill"
        if statement.takes_in:
            words = f"Asked on bill {statement.takes_in[-1]} of the same day"
            words += "" if statement.asked_on else ", to be paid with this one"
        rows.append(MoneyRow(words, usd_display(balance.last_asked_cents)))
    for change in balance.changes:
        words = f"{change.words}, {table_day_words(change.day)}"
        amount = usd_display(change.cents)
        rows.append(MoneyRow(words, amount, late_charge=change.late_charge))
    if balance.unlisted_cents:
        words = "Payments and other changes since then" if rows else "Changes before this bill"
        rows.append(MoneyRow(words, usd_display(balance.unlisted_cents)))
    elif not balance.changes and rows:
        rows.append(MoneyRow("Payments received since then", "none"))
    carried = "Credit from before" if balance.previous_cents < 0 else "Still owed from before"
    rows.append(MoneyRow(carried, usd_display(balance.previous_cents), strong=bool(rows)))
    rows.append(MoneyRow("Charges on this bill", usd_display(statement.charges_cents)))
    budget = statement.budget
    if budget is not None:
        rows.append(
            MoneyRow("Asked in their place by your budget plan", usd_display(budget.asked_cents))
        )
    if statement.relief is not None:
        amount = usd_display(-statement.relief.cents)
        rows.append(MoneyRow("Taken off as agreed with you", amount))
    words = "Your credit" if statement.asked_cents < 0 else "Amount due"
    if statement.is_cancelled:
        words += " before it was cancelled"
    elif statement.asked_cents > 0 and statement.combination:
        words = f"Not asked for here, but on combined statement {statement.combination}"
    elif statement.asked_cents > statement.to_pay_cents:
        words = f"Asked for on bill {statement.asked_on} of the same day"
    rows.append(MoneyRow(words, usd_display(abs(statement.asked_cents)), True))
    if budget is not None:
        ahead = budget.difference_cents < 0
        words = "Paid ahead in your plan" if ahead else "Still open in your plan"
        rows.append(MoneyRow(words, usd_display(abs(budget.difference_cents))))
    return tuple(rows)


def short_balance_rows(statement: Statement) -> tuple[MoneyRow, ...]:
    """The same rows with all that happened since the last bill as one, for a paper whose front has
    too little room: it is told on the next page. Empty where that would be no shorter.
    """
    changes = statement.balance.changes
    if len(changes) < 2:
        return ()
    rows = balance_rows(statement)
    begin = 0 if statement.balance.last_asked_cents is None else 1
    words = f"{len(changes)} payments and other changes, told on page 2"
    one = MoneyRow(words, usd_display(sum(change.cents for change in changes)))
    return (*rows[:begin], one, *rows[begin + len(changes) :])


def comparison(statement: Statement) -> Comparison:
    """Average use a day and temperature, this year and last; what is not known is said."""
    now = statement.usage.energy_wh, statement.days
    rows = [CompareRow(_year_span(now[1]), _daily(*now), _degrees(statement.temperature))]
    before = statement.year_before
    if before is None:
        sentence = (
            "We billed no use for these days a year ago to this account, so there is nothing to "
            "compare with yet."
        )
        return Comparison(tuple(rows), f"{sentence}{_unknown(statement.temperature)}")
    rows.append(
        CompareRow(
            _year_span(before.days),
            _daily(before.energy_wh, before.days),
            _degrees(before.temperature),
        )
    )
    change = _change(_average(*now), _average(before.energy_wh, before.days))
    unknown = _unknown(statement.temperature and before.temperature)
    return Comparison(tuple(rows), f"Your average day used {change} a year ago.{unknown}")


def _unknown(temperature: MeanTemperature | None) -> str:
    return "" if temperature else " Temperatures of all these days are not known to us."


def _year_span(days: DaySpan) -> str:
    return f"{short_span_words(days)}, {days.last_day.year}"


def _average(energy_wh: int, days: DaySpan) -> Fraction:
    return Fraction(energy_wh, days.day_count)


def _daily(energy_wh: int, days: DaySpan) -> str:
    return f"{kwh_words(to_whole_half_up(_average(energy_wh, days)))} kWh"


def _degrees(temperature: MeanTemperature | None) -> str:
    if temperature is None:
        return "not known"
    return f"{to_whole_half_up(Fraction(temperature.mean_tenths_f, 10))} °F"


def _change(now: Fraction, before: Fraction) -> str:
    if before == 0:
        return "energy, and none" if now else "nothing, as"
    percent = to_whole_half_up((now - before) / before * 100)
    if percent == 0:
        return "about as much as"
    return f"{abs(percent)} % {'more' if percent > 0 else 'less'} than"


def interval_words(statement: Statement) -> str:
    """The words for interval billing (GRR V.D), or for energy that is calculated; empty where a
    register is billed.
    """
    usage = statement.usage
    if not usage.from_intervals:
        return ""
    if "loads" in usage.record:
        return _load_words(usage.record["loads"])
    if "points" in usage.record:
        return _together_words(usage.record["points"])
    count = number_words(str(usage.record["interval_count"]))
    seconds = usage.record["interval_seconds"]
    length = _length(seconds) if seconds else "an interval of time"
    such = "one such measurement" if count == "1" else f"{count} such measurements"
    told = (
        f"Your meter measures the energy of {length}. This bill adds up {such}, "
        f"from {day_words(statement.days.from_day)} through {day_words(statement.days.last_day)}; "
        "opening and closing readings of a register are not used"
    )
    if usage.periods:
        return f"{told}. The total of each time of use is below."
    return f"{told}."


def _together_words(points: list[dict[str, Any]]) -> str:
    """That several meters are on the bill, and that their energy is added (GRR IV.C)."""
    how = (
        "Each is read on its register, or measures the energy of intervals of time, as it says. "
        if any(one["usage"].get("registers") for one in points)
        else "Each measures the energy of intervals of time; opening and closing readings of a "
        "register are not used. "
    )
    return (
        f"Meters at {len(points)} places of your account are on this bill. {how}What each "
        "has measured is below, and the charges are on the sum. Where a charge is for "
        "demand, it is on the sum of each meter's own highest demand, whenever that was."
    )


def _load_words(loads: list[dict[str, Any]]) -> str:
    """That nothing is measured, and what the energy is calculated from (GRR IV.E of 2013)."""
    told = []
    for one in loads:
        hours = " and ".join(f"{begin} to {end}" for begin, end in one["hours"])
        days = span_words(DaySpan(date.fromisoformat(one["from"]), date.fromisoformat(one["to"])))
        told.append(
            f"{one['count']} x {one['device']} of {one['volt_amperes']} volt-amperes, on from "
            f"{hours} by the local clock, {days}"
        )
    return f"This service has no meter. Its energy is calculated: {'; '.join(told)}."


def _length(seconds: int) -> str:
    if seconds % 3600 == 0:
        return "every hour" if seconds == 3600 else f"every {seconds // 3600} hours"
    if seconds % 60 == 0:
        return f"every {seconds // 60} minutes"
    return f"every {seconds} seconds"


def period_rows(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Each time of use with its kWh; empty where the schedule knows none."""
    found = [
        (period_words(one.period).capitalize(), f"{kwh_words(one.energy_wh, 3)} kWh")
        for one in statement.usage.periods
    ]
    if found:
        found.append(("All", f"{kwh_words(statement.usage.energy_wh, 3)} kWh"))
    return tuple(found)


def read_rows(statement: Statement) -> tuple[ReadRow, ...]:
    """What each register opened and closed on, with its basis and day; empty for intervals.

    Of several meters on one bill each one's days and energy, and the sum.
    """
    if "points" in statement.usage.record:
        return _point_rows(statement, statement.usage.record["points"])
    rows = []
    registers = statement.usage.registers
    for number, one in enumerate(registers):
        first, last = number == 0, number == len(registers) - 1
        rows.append(
            _register_row(
                one,
                _meter(statement, number, len(registers)),
                statement.days.from_day if first else None,
                statement.days.until_day if last else None,
            )
        )
    return tuple(rows)


def _register_row(
    one: dict[str, Any], meter: str, from_day: date | None, until_day: date | None
) -> ReadRow:
    return ReadRow(
        meter=meter,
        opened=_read(one, "opening", from_day),
        closed=_read(one, "closing", until_day)
        + (", having passed its last figure" if one["rolled_over"] else ""),
        multiplier=str(one["multiplier"]),
        used=f"{kwh_words(one['energy_wh'], 3)} kWh",
    )


def _point_rows(statement: Statement, points: list[dict[str, Any]]) -> tuple[ReadRow, ...]:
    shares = [
        (one, each)
        for one in points
        for each in one["usage"].get("registers")
        or one["usage"].get("meters")
        or [{"energy_wh": one["usage"]["energy_wh"], "multiplier": one.get("multiplier", "")}]
    ]
    rows = []
    for number, (point, share) in enumerate(shares):
        days = DaySpan(date.fromisoformat(point["from"]), date.fromisoformat(point["to"]))
        if each := point["usage"].get("registers"):
            on = (
                days.from_day if share is each[0] else None,
                days.until_day if share is each[-1] else None,
            )
            rows.append(_register_row(share, _meter(statement, number, len(shares)), *on))
            continue
        rows.append(
            ReadRow(
                meter=_meter(statement, number, len(shares)),
                opened=f"intervals from {table_day_words(days.from_day)}",
                closed=f"through {table_day_words(days.last_day)}",
                multiplier=str(share["multiplier"]),
                used=f"{kwh_words(share['energy_wh'], 3)} kWh",
            )
        )
    total = kwh_words(statement.usage.energy_wh, 3)
    return (*rows, ReadRow("All meters", "", "", "", f"{total} kWh"))


def _meter(statement: Statement, number: int, count: int) -> str:
    if len(statement.meter_ids) == count:
        return statement.meter_ids[number]
    return "Meter" if number == 0 else "New meter"


def _read(register: dict[str, Any], which: str, day: date | None) -> str:
    read = register[which]
    when = table_day_words(day) if day else "at the exchange"
    return f"{read['figures']} {register['unit']}, {when} ({READ_WORDS[read['basis']]})"


CAUSE_WORDS = {
    EstimateCause.NOT_FEASIBLE: "it was not feasible to read the meter",
    EstimateCause.WEATHER_EMERGENCY: "a weather emergency kept us from reading the meter",
    EstimateCause.WORK_STOPPAGE: "a work stoppage kept us from reading the meter",
    EstimateCause.NO_ACCESS: "we had no access to the meter",
    EstimateCause.UNDETECTABLE_EQUIPMENT_FAILURE: "the equipment failed, and it could not be seen",
    EstimateCause.HUMAN_OR_BILLING_ERROR: "an error of ours or of our billing system",
    EstimateCause.REMOTE_DEVICE_FAILED: "the meter's device did not send its readings",
    EstimateCause.UNDETECTED_USE_WHILE_VACANT: "use was not noticed while the place stood vacant",
    EstimateCause.LATE_NOTIFICATION: "we were told late that service began or ended",
}
"""Why there was no reading, as a customer is told it (GRR V.E.1 and V.E.2)."""


def estimate_words(statement: Statement, estimate: StatedEstimate) -> str:
    """How much of the bill was estimated, why, and in which way (GRR V.E.1)."""
    usage = statement.usage
    part = (
        f"The register was not read for {estimate.day_count} of "
        f"{day_count_words(statement.days)}. "
        f"{'Its' if estimate.day_count == 1 else 'Their'} use was"
        if estimate.day_count
        else f"{_no_reading(estimate)} for {number_words(str(estimate.interval_count))} of "
        f"{number_words(str(usage.record['interval_count']))} intervals. "
        f"{'It was' if estimate.interval_count == 1 else 'They were'}"
    )
    why = CAUSE_WORDS.get(estimate.cause) if estimate.cause else None
    return (
        f"{part} estimated: {kwh_words(estimate.energy_wh)} kWh, {estimate.percent} percent of the "
        f"energy on this bill.{f' The reason: {why}.' if why else ''}"
    )


def _no_reading(estimate: StatedEstimate) -> str:
    """Where a person estimated, a reading may have arrived, and have been wrong."""
    if any(one.endswith(BY_PERSON) for one in estimate.methods):
        return "No reading that could be billed had arrived"
    return "No reading had arrived"


def method_words(estimate: StatedEstimate) -> str:
    """The ways in which it was estimated, as the record tells them; empty where it tells none."""
    return "; ".join(one[:1].upper() + one[1:] for one in estimate.methods)


def contact_sentences(contact: ContactRoute) -> tuple[str, ...]:
    """Whom to call first and next."""
    return (
        f"Questions, or something wrong with this bill? Call us at {contact.utility_phone}, or "
        f"write to {', '.join(contact.utility_address)}. Please do so before the due date: what is "
        "in dispute is written down, with a number.",
        f"If our answer does not settle it, you may complain to the {contact.commission_name}: "
        f"{contact.commission_phone}, {', '.join(contact.commission_address)}.",
    )


def scan_line(account_id: str, asked_cents: int) -> str:
    """The line a remittance reader scans: account, amount in cents, a check digit over both."""
    amount = f"{max(asked_cents, 0):010d}"
    return f"{account_id} {amount} {with_check_digit(account_id + amount)[-1]}"
