"""Priced columns into the charge lines a person reads: quantity, price, clause, arithmetic.

Lives here      the words and figures of one line; a line of no energy is left out.
Lives elsewhere the cents, which are only copied here and never computed a second time.
"""

from __future__ import annotations

from fractions import Fraction

from meterledger.facts.charges import ChargeLine
from meterledger.kernel.money import micro_usd_text, usd_text
from meterledger.rating.plan import LinePlan
from meterledger.rating.price import PricedWindows
from meterledger.rulebook.schedule import Block, ChargeKind

BY_DAYS_READING = "billing.season_proration_basis"


def lines_of(priced: PricedWindows, row: int) -> tuple[ChargeLine, ...]:
    """The charge lines of one window, in the schedule's order.

    Monthly charges always stand; energy, demand and rider lines stand where there is a quantity.
    """
    return tuple(
        _line(
            priced,
            plan_line,
            int(priced.quantity[row, number]),
            int(priced.cents[row, number]),
            row,
        )
        for number, plan_line in enumerate(priced.plan.lines)
        if plan_line.rule.kind is ChargeKind.MONTHLY or priced.quantity[row, number] != 0
    )


def _line(priced: PricedWindows, line: LinePlan, quantity: int, cents: int, row: int) -> ChargeLine:
    price_usd = micro_usd_text(line.price_micro_usd)
    if line.rule.kind is ChargeKind.MONTHLY:
        shown, unit, per = _fraction_text(line.share), "month", "month"
        arithmetic = f"{shown} month x ${price_usd} = ${usd_text(cents)}"
    elif line.rule.kind is ChargeKind.DEMAND:
        shown, unit, per = _thousandths(quantity), "kW", "kW"
        months = "" if line.share == 1 else f" x {_fraction_text(line.share)} month"
        arithmetic = f"{shown} kW x ${price_usd}{months} = ${usd_text(cents)}"
    else:
        shown, unit, per = _thousandths(quantity), "kWh", "kWh"
        arithmetic = f"{shown} kWh x ${price_usd} = ${usd_text(cents)}"
    return ChargeLine(
        code=line.rule.code,
        label=line.rule.label,
        group=line.group,
        days=line.days,
        quantity=shown,
        unit=unit,
        price_usd=price_usd,
        cents=cents,
        standing=line.standing,
        citations=line.citations,
        arithmetic=arithmetic,
        inputs=_inputs(priced, line, row, per),
        reading_keys=_reading_keys(priced, line),
    )


def _inputs(
    priced: PricedWindows, line: LinePlan, row: int, per: str
) -> tuple[tuple[str, str], ...]:
    found = [
        ("price_series", line.rule.price),
        ("price_unit", f"USD per {per}"),
        ("days", str(line.days.day_count)),
    ]
    if line.rule.kind is ChargeKind.MONTHLY:
        found.append(("window_days", str(priced.plan.window.day_count)))
    elif line.rule.kind is ChargeKind.DEMAND:
        found.append(("demand", "highest hour of these days that counts for demand"))
    else:
        energy = priced.determinants.energy_wh[row][list(line.segments), :]
        total = energy.sum() if line.period is None else energy[:, line.period].sum()
        found.append(("energy_of_days_kwh", _thousandths(int(total))))
        if line.rule.period is not None:
            found.append(("period", line.rule.period))
    if line.block is not None:
        side = "up to" if line.block is Block.FIRST else "over"
        found.append(("block", f"{side} {_thousandths(line.block_limit_wh)} kWh"))
    if priced.determinants.by_days and line.rule.season is not None:
        found.append(("energy_by", "days, for want of interval times"))
    return tuple(found)


def _reading_keys(priced: PricedWindows, line: LinePlan) -> tuple[str, ...]:
    part_of_window = len(line.segments) < len(priced.plan.segments)
    shared_by_days = (
        priced.determinants.by_days and part_of_window and line.rule.kind is not ChargeKind.MONTHLY
    )
    keys = (*line.reading_keys, BY_DAYS_READING) if shared_by_days else line.reading_keys
    return tuple(dict.fromkeys(keys))


def _thousandths(whole: int) -> str:
    """``412345`` Wh as ``412.345`` kWh, without trailing zeros: an exact decimal."""
    sign = "-" if whole < 0 else ""
    units, part = divmod(abs(whole), 1000)
    return f"{sign}{units}.{part:03d}".rstrip("0").rstrip(".")


def _fraction_text(share: Fraction) -> str:
    return (
        str(share.numerator) if share.denominator == 1 else f"{share.numerator}/{share.denominator}"
    )
