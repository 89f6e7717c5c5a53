"""Lines that are reckoned from lines above them: percentages and minimum bills.

Lives here      the cents of such a line for many windows at once, exact until its one rounding.
Lives elsewhere which lines count and for how much (``planning``), the order of lines (``price``).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import Int64Array
from meterledger.facts.window_facts import DemandHistory
from meterledger.rating.demand import demand_w
from meterledger.rating.exact import multiply_divide_half_up, narrow
from meterledger.rating.parts import OnLines

MICRO_PER_CENT = 10_000


def base_cents(on: OnLines, cents: Int64Array) -> tuple[Int64Array, int]:
    """The cents of the lines that count, times a scale that makes them whole: Int64 [N], scale."""
    scale = lcm(*(part.denominator for _, part in on.lines)) if on.lines else 1
    total = np.zeros(len(cents), dtype=np.int64)
    for number, part in on.lines:
        total = total + cents[:, number] * int(part * scale)
    return total, scale


def percent_cents(on: OnLines, cents: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The percentage of the lines, rounded once, and the scaled cents it is of; Int64 [N] each."""
    base, scale = base_cents(on, cents)
    part = on.percent / scale
    return multiply_divide_half_up(base, part.numerator, part.denominator), base


def minimum_cents(
    on: OnLines,
    cents: Int64Array,
    determinants: Determinants,
    history: Mapping[str, DemandHistory],
) -> tuple[Int64Array, Int64Array]:
    """What the lines lack to the minimum, not below zero, and the minimum; Int64 [N] each.

    The minimum is exact until it is rounded to cents, once; then the lines are taken off.
    """
    fixed = on.fixed_micro / MICRO_PER_CENT
    rates = [one.share * one.price_micro_usd / (1000 * MICRO_PER_CENT) for one in on.demands]
    scale = lcm(fixed.denominator, *(rate.denominator for rate in rates))
    exact: Any = np.full(len(cents), int(fixed * scale), dtype=object)
    for one, rate in zip(on.demands, rates, strict=True):
        watts = demand_w(one.use, one.segments, determinants, history)
        exact = exact + watts.astype(object) * int(rate * scale)
    minimum = _half_up(exact, scale)
    return np.maximum(minimum - base_cents(on, cents)[0], 0), minimum


def _half_up(exact: Any, scale: int) -> Int64Array:
    """Whole cents of exact ones times a scale, halves away from zero."""
    magnitude = (2 * abs(exact) + scale) // (2 * scale)
    return narrow(np.where(exact < 0, -magnitude, magnitude))


def share_of(on: OnLines) -> Fraction:
    """The percentage of one whole cent of the lines."""
    return on.percent
