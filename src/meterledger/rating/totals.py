"""Totals of many windows without their lines: the cents of ``price``, summed as they are made.

For questions over a population (what would another price come to?), where nobody reads lines. A
plan that has more than months, energy, blocks and the highest hour is priced by ``price``.

Lives here      which plans the loops can sum, and the bounds they need.
Lives elsewhere the loops (``compiled_totals``), the arithmetic they are held to (``price``).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.rating.exact import SAFE
from meterledger.rating.plan_shapes import LinePlan, RatePlan
from meterledger.rating.price import ENERGY_DIVISOR, MONTHLY_DIVISOR, price
from meterledger.rulebook.schedule import Block, ChargeKind

ROWS_AT_ONCE = 16_384
THREADS = 2
HELD_AGAINST = 64
"""So many windows are priced line by line as well: the loops may never go their own way."""

_SUMMED = frozenset({ChargeKind.MONTHLY, ChargeKind.ENERGY, ChargeKind.RIDER, ChargeKind.DEMAND})


def charge_totals(plan: RatePlan, determinants: Determinants) -> Int64Array:
    """Cents of all charges of each window, Int64 [N], tax apart: the sum of ``price``'s lines.

    :raises InvariantBroken: if the loops and ``price`` do not agree on the first windows
    """
    count = determinants.energy_wh.shape[0]
    summed = _lines(plan)
    if summed is None or not count or not _fits(summed, determinants):
        return np.asarray(price(plan, determinants).cents.sum(axis=1), dtype=np.int64)
    from meterledger.rating import compiled_totals  # loads a compiler: not for a single bill

    lines, parts = summed
    energy_wh = np.ascontiguousarray(np.moveaxis(determinants.energy_wh, 0, 2))
    peak_wh = np.ascontiguousarray(determinants.peak_wh.T)
    cents = np.zeros(count, dtype=np.int64)

    def add(begin: int) -> None:
        end = min(begin + ROWS_AT_ONCE, count)
        compiled_totals.add_lines(energy_wh, peak_wh, lines, parts, begin, end, cents)

    starts = range(0, count, ROWS_AT_ONCE)
    if len(starts) < 2 * THREADS:
        for begin in starts:
            add(begin)
    else:
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            list(pool.map(add, starts))
    few = Determinants(
        energy_wh=determinants.energy_wh[:HELD_AGAINST],
        peak_wh=determinants.peak_wh[:HELD_AGAINST],
        by_days=determinants.by_days,
    )
    ensure(
        bool((price(plan, few).cents.sum(axis=1) == cents[:HELD_AGAINST]).all()),
        "totals are the sums of the lines",
    )
    return cents


def _lines(plan: RatePlan) -> tuple[Int64Array, BoolArray] | None:
    """The plan's lines as figures for the loops; None if it has more than they know."""
    if plan.solar is not None or plan.net is not None or not plan.lines:
        return None
    parts = np.zeros((len(plan.lines), len(plan.segments)), dtype=bool)
    figures: list[list[int]] = []
    for number, line in enumerate(plan.lines):
        if line.rule.kind not in _SUMMED or _has_more(line):
            return None
        parts[number, list(line.segments)] = True
        figures.append(_figures(line))
    return np.array(figures, dtype=np.int64), parts


def _has_more(line: LinePlan) -> bool:
    parts = (line.demand, line.over, line.blocks, line.on_lines)
    return any(one is not None for one in parts) or bool(line.beyond)


def _figures(line: LinePlan) -> list[int]:
    kind = line.rule.kind
    fixed = kind is ChargeKind.MONTHLY
    divisor = (MONTHLY_DIVISOR if fixed else ENERGY_DIVISOR) * line.share.denominator
    side = {None: 0, Block.FIRST: 1}.get(line.block, 2)
    return [
        0 if fixed else 2 if kind is ChargeKind.DEMAND else 1,
        -1 if line.period is None else line.period,
        side,
        line.block_limit_wh,
        line.price_micro_usd * line.share.numerator,
        divisor,
    ]


def _fits(summed: tuple[Int64Array, BoolArray], determinants: Determinants) -> bool:
    """Whether no product leaves 64 bits, and blocks share energy that is delivered only."""
    lines, _ = summed
    energy = determinants.energy_wh
    most = int(np.abs(energy).max(axis=0).sum()) + int(determinants.peak_wh.max(initial=0))
    factor, divisor = int(np.abs(lines[:, 4]).max()), int(lines[:, 5].max())
    blocks = bool((lines[:, 2] != 0).any())
    if blocks and (most * most >= SAFE or int(energy.min()) < 0):
        return False
    return 2 * max(1, most) * max(1, factor) + 2 * divisor < SAFE
