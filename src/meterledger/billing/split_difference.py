"""Why one bill is not as high as another: the difference by its causes, to the cent.

The causes are days, weather, use, an estimate, the mix of seasons, hours and blocks, prices,
riders, demand, the rate option, a programme, fees and credits, and tax. They are taken in this
order, each at what stood before it, so that they add up; fractions of cents that are left go to
the causes with the largest, and the parts sum exactly.

Weather is what the home's own days say of it (``weather_of_use``); where no temperature is known it
stands within use. Use that rests on an estimate, by the greater share of the two bills, stands as
estimate: nobody knows yet whether it was used.

Lives here      the split of two records.
Lives elsewhere the records (``facts.bills``), showing it (``usecases.explain_bill``, doors).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction
from typing import Any

from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, cents_from_text

BY_QUANTITY = frozenset({"kWh", "kW", "kvar", "month", "months", "day"})
"""Units of lines that are a quantity times a price; amounts of their own are fees and credits."""
OF_PROGRAMS = frozenset({"credit_granted_usd", "lines_above_usd"})
"""Inputs that only lines of a programme beside the schedule have."""
_OF_A_MONTH = re.compile(r" x ([0-9]+(?:/[0-9]+)?) month\b")
"""How the arithmetic of a charge on demand tells its share of a month."""
REPLACED_KWH, NETTED = "solar_blocks_kwh", "energy_is"
"""Inputs of a line for energy of which a programme takes some off: how much; that it nets."""


class Cause(Enum):
    """Why two bills differ, in the order in which it is taken."""

    DAYS = "days"
    WEATHER = "weather"
    USE = "use"
    ESTIMATE = "estimate"
    MIX = "seasons, hours and blocks"
    PRICES = "prices"
    RIDERS = "riders"
    DEMAND = "demand"
    OPTION = "rate option"
    PROGRAM = "programme"
    FEES = "fees, credits and minimums"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause makes of the difference, in cents; a credit is below zero."""

    cause: Cause
    cents: Cents


@dataclass(slots=True)
class _Demand:
    """A charge on demand: its cents, of how many months, its kW times months, before rounding."""

    cents: int = 0
    months: Fraction = Fraction(0)
    kw_months: Fraction = Fraction(0)
    exact_cents: Fraction = Fraction(0)

    @property
    def price(self) -> Fraction:
        """What a kW costs a month, in cents; where a revision cuts the period, on average."""
        return self.exact_cents / self.kw_months


@dataclass(slots=True)
class _Side:
    """One bill in figures: days, kWh, cents by kind of line, quantities and amounts by code.

    ``usd_of`` is quantity times price before rounding; where a revision cuts a line, of both parts.
    ``taken_kwh`` is what a programme takes off the energy that was measured, ``taken_riders`` what
    riders would have made of it, in cents.
    """

    days: int
    kwh: Fraction
    energy: Fraction
    riders: Fraction
    demand_of: dict[str, _Demand]
    program: Fraction
    fees: int
    tax: int
    monthly_of: dict[str, int]
    months_of: dict[str, Fraction]
    usd_of: dict[str, Fraction]
    kwh_of: dict[str, Fraction]
    taken_kwh: Fraction = Fraction(0)
    taken_riders: Fraction = Fraction(0)


def split_difference(
    before: Mapping[str, Any], after: Mapping[str, Any], *, weather_wh: Fraction | None = None
) -> tuple[Part, ...]:
    """The difference of two bills' records by cause; the parts sum to it exactly.

    ``weather_wh`` is how many watt-hours of the later bill its weather made more than the earlier
    one's (less: below zero); None where nobody can say.

    :raises InvariantBroken: if a record's lines do not sum to its total
    """
    one, other = _side(before), _side(after)
    for side, beside in ((one, _prices(other)), (other, _prices(one))):
        _as_measured(side, beside)
    exact = dict.fromkeys(Cause, Fraction(0))
    weather_kwh = None if weather_wh is None else weather_wh / 1000
    _energy(one, other, weather_kwh, exact)
    _riders(one, other, weather_kwh, exact)
    _monthly(one, other, exact)
    estimated = max(_estimated_share(before), _estimated_share(after))
    exact[Cause.ESTIMATE] = exact[Cause.USE] * estimated
    exact[Cause.USE] -= exact[Cause.ESTIMATE]
    _demand(one, other, exact)
    exact[Cause.PROGRAM] += other.program - one.program
    exact[Cause.FEES] += other.fees - one.fees
    exact[Cause.TAX] += other.tax - one.tax
    if before["schedule"] != after["schedule"]:
        # Another option has other prices for other hours: the two cannot be told apart.
        exact[Cause.OPTION] = exact[Cause.MIX] + exact[Cause.PRICES] + exact[Cause.DEMAND]
        exact[Cause.MIX] = exact[Cause.PRICES] = exact[Cause.DEMAND] = Fraction(0)
    difference = _total(after) - _total(before)
    ensure(sum(exact.values()) == difference, "the causes make up the difference")
    return tuple(Part(cause, Cents(cents)) for cause, cents in _whole(exact) if cents)


def _energy(
    one: _Side, other: _Side, weather_kwh: Fraction | None, exact: dict[Cause, Fraction]
) -> None:
    rest = _by_quantity(one, other, one.energy, other.energy, weather_kwh, exact)
    revised = sum(
        (
            kwh * 100 * (other.usd_of[code] / kwh - one.usd_of[code] / one.kwh_of[code])
            for code, kwh in other.kwh_of.items()
            if kwh and one.kwh_of.get(code)
        ),
        start=Fraction(0),
    )
    exact[Cause.PRICES] += revised
    exact[Cause.MIX] += rest - revised


def _riders(
    one: _Side, other: _Side, weather_kwh: Fraction | None, exact: dict[Cause, Fraction]
) -> None:
    exact[Cause.RIDERS] += _by_quantity(one, other, one.riders, other.riders, weather_kwh, exact)


def _by_quantity(
    one: _Side,
    other: _Side,
    cents: Fraction,
    other_cents: Fraction,
    weather_kwh: Fraction | None,
    exact: dict[Cause, Fraction],
) -> Fraction:
    """Adds what charges on energy differ for days, weather and use a day; answers the rest, which
    is what a kWh cost.
    """
    if not one.kwh:
        exact[Cause.USE] += other_cents - cents
        return Fraction(0)
    each = Fraction(cents) / one.kwh
    daily = one.kwh / one.days
    weather = (weather_kwh or Fraction(0)) * each
    exact[Cause.DAYS] += daily * (other.days - one.days) * each
    exact[Cause.WEATHER] += weather
    exact[Cause.USE] += (other.kwh - daily * other.days) * each - weather
    return other_cents - other.kwh * each


def _estimated_share(record: Mapping[str, Any]) -> Fraction:
    usage = record.get("usage") or {}
    estimated = (usage.get("estimated") or {}).get("energy_wh", 0)
    whole = usage.get("energy_wh", 0)
    return Fraction(min(abs(estimated), whole), whole) if estimated and whole > 0 else Fraction(0)


def _monthly(one: _Side, other: _Side, exact: dict[Cause, Fraction]) -> None:
    """Charges by the month: for its share, and for what a month cost."""
    for code in one.monthly_of.keys() | other.monthly_of.keys():
        cents, later = one.monthly_of.get(code, 0), other.monthly_of.get(code, 0)
        months = one.months_of.get(code, Fraction(0))
        days = Fraction(0)
        if months and code in other.months_of:
            days = (other.months_of[code] - months) * cents / months
        exact[Cause.DAYS] += days
        exact[Cause.PRICES] += later - cents - days


def _demand(one: _Side, other: _Side, exact: dict[Cause, Fraction]) -> None:
    """Charges on demand: for the share of a month, for what a kW cost, and for the kW."""
    for code in one.demand_of.keys() | other.demand_of.keys():
        before, after = one.demand_of.get(code, _Demand()), other.demand_of.get(code, _Demand())
        days = revised = Fraction(0)
        if before.kw_months and after.kw_months:
            days = before.kw_months / before.months * (after.months - before.months) * before.price
            revised = after.kw_months * (after.price - before.price)
        exact[Cause.DAYS] += days
        exact[Cause.PRICES] += revised
        exact[Cause.DEMAND] += after.cents - before.cents - days - revised


def _share_of_month(line: Mapping[str, Any]) -> Fraction:
    """The share of a month that a charge on demand is for, as its arithmetic tells it."""
    told = _OF_A_MONTH.search(line.get("arithmetic", ""))
    return Fraction(told[1]) if told else Fraction(1)


def _side(record: Mapping[str, Any]) -> _Side:
    none = Fraction(0)
    side = _Side(_day_count(record), none, none, none, {}, none, 0, 0, {}, {}, {}, {})
    replaces = nets = False
    for line in record["lines"]:
        code, cents = line["code"], cents_from_text(line["usd"], where=record["bill"])
        inputs = line.get("inputs") or {}
        if line["group"] == "tax":
            side.tax += cents
            continue
        replaces |= line["unit"] == "block"
        nets |= NETTED in inputs or "credit_granted_usd" in inputs
        if line["unit"] == "block" or not inputs.keys().isdisjoint(OF_PROGRAMS):
            side.program += cents
            continue
        if line["unit"] not in BY_QUANTITY:
            side.fees += cents
            continue
        quantity = Fraction(line["quantity"])
        if line["group"] == "rider" and line["unit"] == "kWh":
            side.riders += cents
            taken = Fraction(inputs.get(REPLACED_KWH, 0))
            side.taken_riders += taken * Fraction(line["price_usd"]) * 100
        elif line["unit"] == "kWh":
            usd = quantity * Fraction(line["price_usd"])
            side.energy += cents
            side.kwh += quantity
            side.kwh_of[code] = side.kwh_of.get(code, Fraction(0)) + quantity
            side.usd_of[code] = side.usd_of.get(code, Fraction(0)) + usd
        elif line["unit"] in ("kW", "kvar"):
            kw_months = quantity * (share := _share_of_month(line))
            of = side.demand_of.setdefault(code, _Demand())
            of.cents += cents
            of.months += share
            of.kw_months += kw_months
            of.exact_cents += kw_months * Fraction(line["price_usd"]) * 100
        else:
            side.monthly_of[code] = side.monthly_of.get(code, 0) + cents
            side.months_of[code] = side.months_of.get(code, Fraction(0)) + quantity
    if replaces or nets:
        measured = Fraction((record.get("usage") or {}).get("energy_wh", 0), 1000)
        side.taken_kwh = max(measured - side.kwh, none)
    if nets and side.kwh:
        side.taken_riders += side.riders * side.taken_kwh / side.kwh
    return side


def _prices(side: _Side) -> tuple[Fraction, Fraction]:
    """What a billed kWh costs on average, in cents: its energy, and the riders on it."""
    if not side.kwh:
        return Fraction(0), Fraction(0)
    return side.energy / side.kwh, side.riders / side.kwh


def _as_measured(side: _Side, beside: tuple[Fraction, Fraction]) -> None:
    """What a programme takes off is no less use: it is priced as the rest, and taken off again.

    Where nothing at all is billed, the prices are those of the other bill (``beside``).
    """
    if not side.taken_kwh:
        return
    energy = side.taken_kwh * (side.energy / side.kwh if side.kwh else beside[0])
    riders = side.taken_riders
    if not side.kwh and any(beside):
        riders = side.taken_kwh * beside[1] - side.riders
    if side.kwh:
        scale = (side.kwh + side.taken_kwh) / side.kwh
        side.kwh_of = {code: kwh * scale for code, kwh in side.kwh_of.items()}
        side.usd_of = {code: usd * scale for code, usd in side.usd_of.items()}
    side.kwh += side.taken_kwh
    side.energy += energy
    side.riders += riders
    side.program -= energy + riders


def _day_count(record: Mapping[str, Any]) -> int:
    return (date.fromisoformat(record["to"]) - date.fromisoformat(record["from"])).days


def _total(record: Mapping[str, Any]) -> int:
    return sum(cents_from_text(line["usd"], where=record["bill"]) for line in record["lines"])


def _whole(exact: Mapping[Cause, Fraction]) -> Sequence[tuple[Cause, int]]:
    """Whole cents for each cause that sum to the whole: the largest fractions are rounded up."""
    floors = {cause: int(value // 1) for cause, value in exact.items()}
    left = int(sum(exact.values())) - sum(floors.values())
    by_rest = sorted(Cause, key=lambda cause: floors[cause] - exact[cause])
    for cause in by_rest[:left]:
        floors[cause] += 1
    return [(cause, floors[cause]) for cause in Cause]
