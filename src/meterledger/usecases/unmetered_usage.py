"""A service point without a meter: its calculated energy, and what the bill is priced from.

Lives here      whose customer charge and whose energy prices a bill takes, by
                ``meters.unmetered_bill``; the loads as known at an instant.
Lives elsewhere the energy itself and the rule (``metering``), prices (``calculate``), bills.
Read first      GRR IV.E of 2013; docs/operating/unmetered.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Protocol

import numpy as np

from meterledger.facts.bills import BilledUsage
from meterledger.facts.charges import ChargeLine
from meterledger.facts.meters import UnmeteredLoad
from meterledger.facts.places import BillableService
from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.decision import Reason
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.money import micro_usd_text, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_cents_half_up
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import weakest
from meterledger.metering import SLOT_SECONDS, UNMETERED_BILL, CalculatedEnergy, calculate_energy
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import ChargeKind, Schedule
from meterledger.rulebook.terms import Terms
from meterledger.usage import describe_usage
from meterledger.usecases.calculate import Calculator
from meterledger.usecases.decide import decide

POWER_FACTOR = "meters_unmetered_billing_power_factor"
CUSTOMER = "customer"
"""How the code of a schedule's customer charge begins."""
PER_UNIT = frozenset({ChargeKind.MONTHLY, ChargeKind.DAILY})


class UnmeteredHeld(Refusal):
    """A service point without a meter cannot be billed as it stands."""


class UnmeteredSource(Protocol):
    """What is asked of the store: loads without a meter, as known at an instant."""

    def unmetered_loads(
        self, service_point_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, list[UnmeteredLoad]]:
        """The loads at service points, by first day and name; points without any are left out."""


@dataclass(frozen=True, slots=True)
class UnmeteredBilled:
    """Lines without tax, the usage they stand on, and why."""

    lines: tuple[ChargeLine, ...]
    usage: BilledUsage
    reasons: tuple[Reason, ...]


def bill_unmetered(
    service: BillableService,
    window: DaySpan,
    loads: Sequence[UnmeteredLoad],
    calculator: Calculator,
) -> UnmeteredBilled:
    """What a window of a service point without a meter is billed on.

    :raises NoRuleInForce: if the book is silent on a price, a schedule or the power factor
    :raises NoLoadThen: if on some day no load is known
    :raises UnmeteredHeld: if the agreement is on another schedule than the sheet bills energy by
    """
    view, terms = calculator.view, Terms(calculator.view, window.last_day)
    factor = terms.number(POWER_FACTOR)
    energy = calculate_energy(loads, window, view.time_zone, factor.value)
    units = sum(one.count for one in loads if window.last_day in one.days)
    kwh = f"{energy.energy_wh // 1000}.{energy.energy_wh % 1000:03d}"
    ruling = decide(
        rule=UNMETERED_BILL,
        facts={"units": units, "calculated_kwh": kwh},
        day=window.last_day,
        view=view,
    )
    made = ruling.decision.outcome
    charge_from = _schedule_named(made.customer_charge_schedule, window, view)
    schedule = service.agreement.schedule
    if not _is_of(schedule, made.energy_schedule):
        raise UnmeteredHeld(
            f"The agreement is on {schedule}, and energy without a meter is billed at "
            f"{made.energy_schedule}",
            where=f"account {service.account.account_id}",
            why=ruling.decision.reasons[-1].citation.text,
            do="Put its rate option right with `meterledger service correct "
            f"{service.agreement.agreement_id} --schedule RATE`",
        )
    customer = _customer_lines(charge_from, made.customer_charge_count, window, calculator)
    meter = pseudonym(service.agreement.service_point_id, view.name)
    usage = _usage(meter, energy, window, view.time_zone)
    (priced,) = calculator.price_intervals(schedule, window, usage)
    dropped = customer_codes(view.schedule(schedule, window.from_day))
    lines = (
        *customer,
        *(one for one in priced if one.code not in dropped),
    )
    clause = ruling.decision.reasons[0].citation
    cited = tuple(
        replace(one, citations=tuple(dict.fromkeys((*one.citations, clause)))) for one in lines
    )
    reckoned = sum(one.volt_ampere_seconds for one in energy.shares)
    found = (
        f"{energy.energy_wh} Wh are calculated, not measured: {reckoned} volt-ampere-seconds x "
        f"{_decimal(factor.value)} / 3600, rounded once"
    )
    return UnmeteredBilled(
        cited,
        replace(describe_usage(usage)[0], loads=energy.shares),
        (*ruling.decision.reasons, Reason(found, factor.citation)),
    )


def _usage(meter: str, energy: CalculatedEnergy, window: DaySpan, zone: str) -> UsageBatch:
    days = []
    for day, slots in zip(window.days(), energy.by_day, strict=True):
        values = np.array([slots], dtype=np.int64)
        days.append(DayValues(day, values, np.zeros(values.shape, dtype=bool)))
    return UsageBatch((meter,), SLOT_SECONDS, zone, tuple(days))


def _is_of(code: str, named: str) -> bool:
    """Whether a schedule is the one a sheet names: by its code, or by its classification.

    Sheets write ``2(M)``; the codes of its schedules are ``2M`` and what they choose after it.
    """
    return code == named or code.partition("-")[0].replace("M", "(M)") == named


def _schedule_named(named: str, window: DaySpan, view: BookView) -> str:
    """The one schedule of that name.

    :raises UnmeteredHeld: if the book has none, or several
    """
    found = [code for code in view.schedule_codes() if _is_of(code, named)]
    if len(found) != 1:
        raise UnmeteredHeld(
            f"The book has {'several schedules' if found else 'no schedule'} {named}",
            where=f"service {window}",
            why="The customer charge of a service without a meter is of that schedule",
            do="Add it to the book with its prices, or leave the bill in the queue",
        )
    return found[0]


def customer_codes(schedule: Schedule) -> frozenset[str]:
    """Codes of the customer charges; no other charge may rest on them, since they are left out.

    :raises UnmeteredHeld: if one does
    """
    codes = frozenset(
        rule.code
        for rule in schedule.charges
        if rule.kind in PER_UNIT and rule.code.startswith(CUSTOMER)
    )
    for rule in schedule.charges:
        if not codes.isdisjoint(rule.of):
            raise UnmeteredHeld(
                f"'{rule.label}' of {schedule.code} is reckoned from its customer charge",
                where=f"schedule {schedule.code}",
                why="Without a meter its customer charge is not billed, and nobody says what "
                "becomes of the other",
                do="Leave the bill in the queue for a rate analyst",
            )
    return codes


def _customer_lines(
    schedule: str, units: int, window: DaySpan, calculator: Calculator
) -> tuple[ChargeLine, ...]:
    """The customer charge, once for each unit: one price, rounded once."""
    plan = calculator.plan(schedule, window)
    codes = customer_codes(plan.schedule)
    found: list[ChargeLine] = []
    for line in plan.lines:
        if line.rule.code not in codes:
            continue
        daily = line.rule.kind is ChargeKind.DAILY
        share = Fraction(line.days.day_count) if daily else line.share
        unit = "day" if daily else "month"
        price = micro_usd_text(line.price_micro_usd)
        cents = to_cents_half_up(Fraction(line.price_micro_usd, 1_000_000) * share * units)
        found.append(
            ChargeLine(
                code=f"unmetered_{line.rule.code}",
                label=f"{line.rule.label}, service without a meter",
                group=line.group,
                days=line.days,
                quantity=_text(share * units),
                unit=f"unit-{unit}",
                price_usd=price,
                cents=cents,
                standing=weakest((line.standing,)),
                citations=line.citations,
                arithmetic=f"{units} units x {_text(share)} {unit} x ${price} = ${usd_text(cents)}",
                inputs=(
                    ("price_series", line.rule.price),
                    ("price_unit", f"USD per {unit}, for each unit"),
                    ("days", str(line.days.day_count)),
                    ("units", str(units)),
                    ("schedule", schedule),
                ),
                reading_keys=line.reading_keys,
            )
        )
    if not found:
        raise UnmeteredHeld(
            f"Schedule {schedule} has no customer charge",
            where=f"service {window}",
            why="It is what each unit of a service without a meter pays",
            do="Add the charge to the book with its clause, or leave the bill in the queue",
        )
    return tuple(found)


def _text(share: Fraction) -> str:
    if share.denominator == 1:
        return str(share.numerator)
    return f"{share.numerator}/{share.denominator}"


def _decimal(value: Fraction) -> str:
    """A number of the book as it is written there."""
    digits = 0
    while (value * 10**digits).denominator != 1 and digits < 9:
        digits += 1
    whole = int(value * 10**digits)
    return f"{whole // 10**digits}.{whole % 10**digits:0{digits}d}" if digits else str(whole)
