"""Rate usage without an account: what would this energy cost on this schedule in this window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.taxes import TaxSubject
from meterledger.facts.usage import TiledUsage, UsageBatch
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import TariffBook
from meterledger.usage import find_gaps
from meterledger.usecases.calculate import ALL_GROUPS, Calculator
from meterledger.usecases.given_beside import NOTHING_GIVEN, GivenBeside

MAX_WH = 10**12


class UsageNotWhole(Refusal):
    """The usage given does not cover the window, or is not an amount of energy."""


@dataclass(frozen=True, slots=True)
class RatedUsage:
    """Lines, total and standing for one window on one schedule."""

    schedule: str
    window: DaySpan
    lines: tuple[ChargeLine, ...]

    @property
    def total_cents(self) -> int:
        """The sum of the lines."""
        return sum(line.cents for line in self.lines)

    @property
    def standing(self) -> Standing:
        """The weakest standing of any line."""
        return weakest(line.standing for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """The shape of ``rate --json`` (DESIGN.md section 6)."""
        return {
            "schedule": self.schedule,
            "from": self.window.from_day.isoformat(),
            "to": self.window.until_day.isoformat(),
            "total_usd": usd_text(self.total_cents),
            "standing": self.standing.value,
            "lines": [line.as_json() for line in self.lines],
        }


def rate_usage(
    *,
    schedule: str,
    window: DaySpan,
    usage: int | UsageBatch | TiledUsage,
    book: TariffBook,
    as_known_on: date,
    groups: frozenset[ChargeGroup] = ALL_GROUPS,
    tax_place: str = "none",
    given: GivenBeside = NOTHING_GIVEN,
    sales_tax_place: str | None = None,
) -> RatedUsage:
    """Price watt-hours (a whole number) or intervals (one row, or tiled) over one window.

    ``sales_tax_place`` is a sales-tax jurisdiction or ``none``, where the state alone asks it;
    without one no sales tax is reckoned. ``given`` is what is known beside the energy: demands,
    kvar, history, programmes.

    :raises NoRuleInForce: if the book is silent on a day of the window
    :raises UsageNotWhole: if intervals are missing, or energy is below zero or beyond reason
    :raises NobodyAsks: if a fact is given beside that nothing counts
    :raises TimesNeeded: if the schedule needs times and only an amount was given
    """
    calculator = Calculator(book.as_known(as_known_on), groups, given.cycle)
    for one in (usage, given.received):
        if one is not None:
            _ensure_energy(one)
    given.ensure_asked(calculator.plan(schedule, window, given.programs))
    if isinstance(given.received, UsageBatch) and find_gaps(given.received):
        raise UsageNotWhole(
            "Energy received is missing in some intervals of the window",
            where=str(window),
            do="Give a file that covers every interval, 0 where nothing was received",
        )
    if isinstance(usage, int):
        lines = calculator.price_total(schedule, window, usage, given)
    else:
        if given.demands_w:
            raise UsageNotWhole(
                "A demand is given beside intervals, which say it themselves",
                do="Leave the demand out, or give kWh instead of intervals",
            )
        gaps = find_gaps(usage) if isinstance(usage, UsageBatch) else {}
        if gaps:
            raise UsageNotWhole(
                gaps[0].sentence,
                where=str(window),
                do="Give a file that covers every interval of the window, or a shorter window",
            )
        lines = calculator.price_usage(schedule, window, usage, given)
    subject = (
        TaxSubject(premise_id="", state=calculator.view.states[0], sales_place=sales_tax_place)
        if sales_tax_place is not None
        else None
    )
    taxed = calculator.with_tax(lines, window, tax_place, schedule=schedule, subject=subject)
    return RatedUsage(schedule, window, taxed)


def _ensure_energy(usage: int | UsageBatch | TiledUsage) -> None:
    """Refuse energy below zero, in any interval, and more than a window can have."""
    if isinstance(usage, int):
        whole_usage(usage)
    elif isinstance(usage, TiledUsage):
        for one in usage.intervals:
            if one.energy_wh < 0:
                raise _below_zero(datetime.fromtimestamp(one.start, UTC), one.energy_wh)
        whole_usage(usage.energy_wh)
    else:
        for values in usage.days:
            below = np.argwhere(values.energy_wh < 0)
            if len(below):
                row, slot = (int(place) for place in below[0])
                start = day_start_utc(values.day, usage.zone)
                at = start + timedelta(seconds=slot * usage.interval_seconds)
                raise _below_zero(at, int(values.energy_wh[row, slot]))
        whole_usage(int(usage.total_wh.max()))


def _below_zero(at: datetime, wh: int) -> UsageNotWhole:
    begins = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return UsageNotWhole(
        f"The interval that begins at {begins} has {wh} Wh, and no energy is below zero",
        do="Correct the reading; energy received from the customer has a file of its own",
    )


def whole_usage(wh: int) -> int:
    """Watt-hours that may be the usage of a billing window, as given.

    :raises UsageNotWhole: if they are negative or beyond reason
    """
    if not 0 <= wh <= MAX_WH:
        raise UsageNotWhole(
            f"{wh} Wh is not an amount of energy used in a billing window",
            do=f"Give kWh between 0 and {MAX_WH // 1000}",
        )
    return wh
