"""Priced columns into the charge lines a person reads: quantity, price, clause, arithmetic.

Lives here      the words and figures of one line; a line of no energy is left out.
Lives elsewhere lines that rest on more (``lines_more``); the cents, which are only copied here and
                never computed a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from meterledger.facts.charges import ChargeLine
from meterledger.kernel.money import micro_usd_text, usd_text
from meterledger.rating.lines_more import (
    Told,
    energy_inputs,
    fraction_text,
    has_own_words,
    stands,
    thousandths,
    told_line,
)
from meterledger.rating.plan_shapes import LinePlan
from meterledger.rating.price import PricedWindows
from meterledger.rulebook.schedule import Block, ChargeKind

BY_DAYS_READING = "billing.season_proration_basis"


def lines_of(priced: PricedWindows, row: int) -> tuple[ChargeLine, ...]:
    """The charge lines of one window, in the schedule's order.

    Monthly and daily charges and those of a bill always stand; lines of other lines and credits
    where they amount to something; others where there is a quantity.
    """
    (lines,) = _lines_of_rows(priced, [row])
    return lines


def lines_of_all(priced: PricedWindows) -> list[tuple[ChargeLine, ...]]:
    """The charge lines of every window, as ``lines_of`` gives them for one."""
    return _lines_of_rows(priced, range(priced.cents.shape[0]))


@dataclass(frozen=True, slots=True)
class _Words:
    """What a line says whatever its quantity: made once for a batch of windows."""

    line: LinePlan
    always: bool
    price_usd: str
    unit: str
    months: str
    inputs_before: tuple[tuple[str, str], ...]
    inputs_after: tuple[tuple[str, str], ...]
    shows_energy: bool
    reading_keys: tuple[str, ...]


def _lines_of_rows(priced: PricedWindows, rows: Sequence[int]) -> list[tuple[ChargeLine, ...]]:
    plan = priced.plan
    if plan.solar or plan.net or any(has_own_words(one) or one.blocks for one in plan.lines):
        return _lines_with_more(priced, rows)
    words = [_words(priced, line) for line in plan.lines]
    chosen = list(rows)
    quantities = priced.quantity[chosen].tolist()
    cents = priced.cents[chosen].tolist()
    energies = priced.days_wh[chosen].tolist()
    return [
        tuple(
            _line(one, quantity, line_cents, energy)
            for one, quantity, line_cents, energy in zip(words, *columns, strict=True)
            if one.always or quantity != 0
        )
        for columns in zip(quantities, cents, energies, strict=True)
    ]


def _lines_with_more(priced: PricedWindows, rows: Sequence[int]) -> list[tuple[ChargeLine, ...]]:
    """The lines of a plan that has some with words of their own, window by window."""
    words = [_words(priced, line) for line in priced.plan.lines]
    found = []
    for row in rows:
        lines = []
        for number, one in enumerate(words):
            quantity, cents = int(priced.quantity[row, number]), int(priced.cents[row, number])
            if has_own_words(one.line):
                if stands(one.line, quantity, cents):
                    lines.append(_told(one, told_line(priced, row, number), cents))
            elif one.always or quantity != 0:
                line = _line(one, quantity, cents, int(priced.days_wh[row, number]))
                more = energy_inputs(priced, row, number) if one.shows_energy else ()
                lines.append(replace(line, inputs=(*line.inputs, *more)))
        found.append(tuple(lines))
    return found


def _told(words: _Words, told: Told, cents: int) -> ChargeLine:
    line = words.line
    return ChargeLine(
        code=line.rule.code,
        label=line.rule.label,
        group=line.group,
        days=line.days,
        quantity=told.quantity,
        unit=told.unit,
        price_usd=told.price_usd,
        cents=cents,
        standing=line.standing,
        citations=line.citations,
        arithmetic=told.arithmetic,
        inputs=told.inputs,
        reading_keys=words.reading_keys,
    )


def _line(words: _Words, quantity: int, cents: int, days_wh: int) -> ChargeLine:
    line = words.line
    shown = fraction_text(line.share) if words.always else thousandths(quantity)
    inputs = words.inputs_before
    if words.shows_energy:
        inputs = (*inputs, ("energy_of_days_kwh", thousandths(days_wh)), *words.inputs_after)
    return ChargeLine(
        code=line.rule.code,
        label=line.rule.label,
        group=line.group,
        days=line.days,
        quantity=shown,
        unit=words.unit,
        price_usd=words.price_usd,
        cents=cents,
        standing=line.standing,
        citations=line.citations,
        arithmetic=f"{shown} {words.unit} x ${words.price_usd}{words.months} = ${usd_text(cents)}",
        inputs=inputs,
        reading_keys=words.reading_keys,
    )


def _words(priced: PricedWindows, line: LinePlan) -> _Words:
    kind = line.rule.kind
    unit = {ChargeKind.MONTHLY: "month", ChargeKind.DEMAND: "kW"}.get(kind, "kWh")
    months = ""
    if kind is ChargeKind.DEMAND and line.share != 1:
        months = f" x {fraction_text(line.share)} month"
    before = [
        ("price_series", line.rule.price),
        ("price_unit", f"USD per {unit}"),
        ("days", str(line.days.day_count)),
    ]
    after: list[tuple[str, str]] = []
    if kind is ChargeKind.MONTHLY:
        before.append(("window_days", str(priced.plan.window.day_count)))
    elif kind is ChargeKind.DEMAND:
        before.append(("demand", "highest hour of these days that counts for demand"))
    elif line.rule.period is not None:
        after.append(("period", line.rule.period))
    if line.block is not None:
        side = "up to" if line.block is Block.FIRST else "over"
        after.append(("block", f"{side} {thousandths(line.block_limit_wh)} kWh"))
    if priced.determinants.by_days and line.rule.season is not None:
        after.append(("energy_by", "days, for want of interval times"))
    return _Words(
        line=line,
        always=kind is ChargeKind.MONTHLY,
        price_usd=micro_usd_text(line.price_micro_usd),
        unit=unit,
        months=months,
        inputs_before=tuple(before),
        inputs_after=tuple(after),
        shows_energy=kind not in (ChargeKind.MONTHLY, ChargeKind.DEMAND),
        reading_keys=_reading_keys(priced, line),
    )


def _reading_keys(priced: PricedWindows, line: LinePlan) -> tuple[str, ...]:
    part_of_window = len(line.segments) < len(priced.plan.segments)
    shared_by_days = (
        priced.determinants.by_days and part_of_window and line.rule.kind is not ChargeKind.MONTHLY
    )
    keys = (*line.reading_keys, BY_DAYS_READING) if shared_by_days else line.reading_keys
    return tuple(dict.fromkeys(keys))
