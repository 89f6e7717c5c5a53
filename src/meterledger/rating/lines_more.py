"""The words of lines that rest on more than energy, a month or the highest clock hour.

Lives here      quantity, unit, arithmetic and inputs of demands by name, blocks of a set, kvar,
                days, bills, percentages, minimums, Solar Blocks and netting.
Lives elsewhere every other line, and what all lines have (``lines``); the cents (``price``).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from meterledger.kernel.money import micro_usd_text, usd_text
from meterledger.rating.on_lines import base_cents
from meterledger.rating.plan_shapes import LinePlan
from meterledger.rating.price import PricedWindows
from meterledger.rulebook.schedule import ChargeKind

COUNTS = {
    ChargeKind.DAILY: "day",
    ChargeKind.PER_BILL: "bill",
    ChargeKind.SOLAR_BLOCK: "block",
}
ALWAYS = frozenset({ChargeKind.DAILY, ChargeKind.PER_BILL})
BY_AMOUNT = frozenset({ChargeKind.PERCENT, ChargeKind.MINIMUM, ChargeKind.NET_CREDIT})
"""Kinds whose line stands where its amount is not zero."""
OWN_WORDS = BY_AMOUNT | COUNTS.keys() | {ChargeKind.REACTIVE, ChargeKind.NET_EXCESS}

Inputs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a line says of its quantity."""

    quantity: str
    unit: str
    price_usd: str
    arithmetic: str
    inputs: Inputs


def has_own_words(line: LinePlan) -> bool:
    """Whether the line's words are made here."""
    return line.rule.kind in OWN_WORDS or line.demand is not None


def stands(line: LinePlan, quantity: int, cents: int) -> bool:
    """Whether a line of its own words is printed."""
    kind = line.rule.kind
    return kind in ALWAYS or (cents != 0 if kind in BY_AMOUNT else quantity != 0)


def told_line(priced: PricedWindows, row: int, number: int) -> Told:
    """The words of one line of one window."""
    line = priced.plan.lines[number]
    quantity, cents = int(priced.quantity[row, number]), int(priced.cents[row, number])
    basis = 0 if priced.basis is None else int(priced.basis[row, number])
    kind = line.rule.kind
    if kind in COUNTS:
        return _counted(line, quantity, cents)
    if kind in (ChargeKind.DEMAND, ChargeKind.REACTIVE):
        return _demand(line, quantity, basis, cents)
    if kind is ChargeKind.NET_EXCESS:
        price = micro_usd_text(line.price_micro_usd)
        kwh = thousandths(quantity)
        return Told(
            kwh,
            "kWh",
            price,
            f"{kwh} kWh x ${price} = {_usd(basis)}, credited to the following period",
            (_series(line), ("credit_granted_usd", usd_text(basis))),
        )
    if kind is ChargeKind.NET_CREDIT:
        above = int(priced.cents[row, :number].sum())
        left = usd_text(-cents)
        return Told(
            left,
            "USD",
            "",
            f"credits of earlier periods, at most {_usd(above)} = {_usd(cents)}",
            (("lines_above_usd", usd_text(above)),),
        )
    return _of_lines(priced, row, line, basis, cents)


def energy_inputs(priced: PricedWindows, row: int, number: int) -> Inputs:
    """What stands with a line of energy beside its own inputs."""
    line = priced.plan.lines[number]
    found: list[tuple[str, str]] = []
    if line.blocks is not None:
        found.append(("block", line.blocks.words))
        if line.blocks.demand is not None and priced.basis is not None:
            found.append(("demand", line.blocks.demand.name))
            found.append(("demand_kw", thousandths(int(priced.basis[row, number]))))
    if priced.replaced is not None and priced.replaced[row, number]:
        found.append(("solar_blocks_kwh", thousandths(int(priced.replaced[row, number]))))
    if priced.plan.net is not None:
        found.append(("energy_is", "delivered less received, by month"))
    return tuple(found)


def _counted(line: LinePlan, quantity: int, cents: int) -> Told:
    unit, price = COUNTS[line.rule.kind], micro_usd_text(line.price_micro_usd)
    return Told(
        str(quantity),
        unit,
        price,
        f"{quantity} {unit}{'s' if quantity != 1 else ''} x ${price} = {_usd(cents)}",
        (_series(line), ("price_unit", f"USD per {unit}"), ("days", str(line.days.day_count))),
    )


def _demand(line: LinePlan, quantity: int, basis: int, cents: int) -> Told:
    reactive = line.rule.kind is ChargeKind.REACTIVE
    unit, price = ("kvar" if reactive else "kW"), micro_usd_text(line.price_micro_usd)
    shown = thousandths(quantity)
    months = "" if line.share == 1 else f" x {fraction_text(line.share)} month"
    name = line.demand.name if line.demand else ""
    inputs = [_series(line), ("price_unit", f"USD per {unit}"), ("days", str(line.days.day_count))]
    inputs.append(("demand", name))
    if reactive:
        inputs += [("demand_kw", thousandths(basis)), ("free_share", fraction_text(line.beyond))]
    elif line.over is not None:
        inputs += [("beyond_demand", line.over.name), ("beyond_kw", thousandths(basis))]
    elif line.demand is not None and not line.demand.is_measured:
        inputs.append(("measured_kw", thousandths(basis)))
        if line.demand.floor_w:
            inputs.append(("least_kw", thousandths(line.demand.floor_w)))
        if line.demand.ratchet is not None:
            inputs.append(("share_of_periods_before", fraction_text(line.demand.ratchet.share)))
    return Told(
        shown, unit, price, f"{shown} {unit} x ${price}{months} = {_usd(cents)}", tuple(inputs)
    )


def _of_lines(priced: PricedWindows, row: int, line: LinePlan, basis: int, cents: int) -> Told:
    on = line.on_lines
    codes = ", ".join(line.rule.of)
    if on is None or line.rule.kind is ChargeKind.MINIMUM:
        lines_usd = usd_text(basis - cents)
        return Told(
            usd_text(cents),
            "USD",
            "",
            f"{_usd(basis)} minimum - {_usd(basis - cents)} = {_usd(cents)}",
            (
                _series(line),
                ("minimum_usd", usd_text(basis)),
                ("lines_usd", lines_usd),
                ("of", codes),
            ),
        )
    scale = base_cents(on, priced.cents[row : row + 1])[1]
    base = usd_text(basis) if scale == 1 else fraction_text(Fraction(basis, 100 * scale))
    share = fraction_text(on.percent)
    return Told(
        base,
        "USD",
        "",
        f"${base} x {share} = {_usd(cents)}",
        (_series(line), ("share", share), ("of", codes), ("days", str(line.days.day_count))),
    )


def _series(line: LinePlan) -> tuple[str, str]:
    return "price_series", line.rule.price


def _usd(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}${usd_text(abs(cents))}"


def thousandths(whole: int) -> str:
    """``412345`` Wh as ``412.345`` kWh, without trailing zeros: an exact decimal."""
    sign = "-" if whole < 0 else ""
    units, part = divmod(abs(whole), 1000)
    return f"{sign}{units}.{part:03d}".rstrip("0").rstrip(".")


def fraction_text(share: Fraction) -> str:
    """A share as a whole number or as one over another."""
    return (
        str(share.numerator) if share.denominator == 1 else f"{share.numerator}/{share.denominator}"
    )
