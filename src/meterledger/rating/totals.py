"""Totals of many windows without their lines: the cents of ``price``, summed as they are made.

For questions over a population (what would another price come to?), where nobody reads lines. A
plan that has more than months, energy, blocks and the highest hour is priced by ``price``.

Lives here      which plans the loops can sum, and the bounds they need.
Lives elsewhere the loops (``compiled_totals``), the arithmetic they are held to (``price``).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TypeAlias

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rating.exact import SAFE
from meterledger.rating.plan_shapes import LinePlan, RatePlan
from meterledger.rating.price import ENERGY_DIVISOR, MONTHLY_DIVISOR, price
from meterledger.rulebook.schedule import Block, ChargeKind

ROWS_AT_ONCE = 32_768
THREADS = 2
HELD_AGAINST = 16
"""So many windows are priced line by line as well: the loops may never go their own way."""

_Quantity: TypeAlias = tuple[int, int, int, int, frozenset[int]]

_SUMMED = frozenset({ChargeKind.MONTHLY, ChargeKind.ENERGY, ChargeKind.RIDER, ChargeKind.DEMAND})


def charge_totals(plan: RatePlan, determinants: Determinants) -> Int64Array:
    """Cents of all charges of each window, Int64 [N], tax apart: the sum of ``price``'s lines.

    :raises InvariantBroken: if the loops and ``price`` do not agree on the first windows
    """
    (found,) = charge_totals_of([plan], determinants)
    return found


def charge_totals_of(plans: Sequence[RatePlan], determinants: Determinants) -> list[Int64Array]:
    """The totals of each of several plans that cut the window alike, all in one pass.

    :raises InvariantBroken: if the loops and ``price`` do not agree on the first windows
    """
    count = determinants.energy_wh.shape[0]
    summed = _lines(plans)
    energy_wh = np.ascontiguousarray(np.moveaxis(determinants.energy_wh, 0, 2))
    peak_wh = np.ascontiguousarray(determinants.peak_wh.T)
    largest = None
    if summed is not None and count:
        largest = _largest(summed.lines, energy_wh, peak_wh)
    if summed is None or largest is None or largest >= SAFE:
        return [
            np.asarray(price(plan, determinants).cents.sum(axis=1), dtype=np.int64)
            for plan in plans
        ]
    from meterledger.rating import compiled_totals  # loads a compiler: not for a single bill

    cents = np.empty((len(plans), count), dtype=np.int64)
    cents[:] = summed.fixed_cents[:, None]
    small = largest < compiled_totals.SMALL

    def add(begin: int) -> None:
        end = min(begin + ROWS_AT_ONCE, count)
        compiled_totals.add_lines(
            energy_wh, peak_wh, summed.lines, summed.parts, begin, end, small, cents
        )

    _in_threads(add, range(0, count, ROWS_AT_ONCE))
    few = determinants.of_rows(slice(0, HELD_AGAINST))
    for plan, total in zip(plans, cents, strict=True):
        ensure(
            bool((price(plan, few).cents.sum(axis=1) == total[:HELD_AGAINST]).all()),
            "totals are the sums of the lines",
        )
    return list(cents)


def shares_of(cents: Int64Array, share: Fraction) -> Int64Array | None:
    """A share of each sum, Int64 [N], rounded once, half away from zero.

    None where a product could leave 64 bits: ask for the sums one by one.
    """
    top, bottom = share.numerator, share.denominator
    if not len(cents):
        return None
    largest = int(max(cents.max(), -cents.min())) * 2 * abs(top) + 2 * bottom
    if largest >= SAFE:
        return None
    from meterledger.rating import compiled_totals  # loads a compiler: not for a single bill

    given = np.ascontiguousarray(cents)
    found = np.empty_like(given)
    beyond = 31 + (2 * bottom).bit_length()
    times = 2**beyond // (2 * bottom) if largest < 2**31 else 0

    def some(begin: int) -> None:
        rows = slice(begin, begin + ROWS_AT_ONCE)
        compiled_totals.shares(given[rows], top, bottom, times, beyond, found[rows])

    _in_threads(some, range(0, len(given), ROWS_AT_ONCE))
    return found


def _in_threads(work: Callable[[int], None], starts: range) -> None:
    if len(starts) < 2 * THREADS:
        for begin in starts:
            work(begin)
        return
    list(_pool().map(work, starts))


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads that stay: a population asks hundreds of times. What they do asks them for nothing.

    A forked process has none of them, and makes its own.
    """
    return ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="totals")


os.register_at_fork(after_in_child=_pool.cache_clear)


@dataclass(frozen=True, slots=True)
class _Summed:
    """Lines of several plans as figures for the loops; ``fixed_cents`` [tariffs] of those that
    come to the same for every window.
    """

    lines: Int64Array
    parts: BoolArray
    fixed_cents: Int64Array


def _lines(plans: Sequence[RatePlan]) -> _Summed | None:
    """None if a plan has more than the loops know, or cuts its window otherwise than the first."""
    shape = (len(plans[0].segments), len(plans[0].periods))
    fixed = np.zeros(len(plans), dtype=np.int64)
    by_quantity: dict[_Quantity, list[Counter[tuple[int, int]]]] = {}
    for tariff, plan in enumerate(plans):
        if plan.solar is not None or plan.net is not None or not plan.lines:
            return None
        if (len(plan.segments), len(plan.periods)) != shape:
            return None
        for line in plan.lines:
            if line.rule.kind not in _SUMMED or _has_more(line):
                return None
            if line.rule.kind is ChargeKind.MONTHLY:
                fixed[tariff] += to_whole_half_up(_price_of(line))
                continue
            each = by_quantity.setdefault(_quantity_key(line), [Counter() for _ in plans])
            factor = line.price_micro_usd * line.share.numerator
            each[tariff][factor, ENERGY_DIVISOR * line.share.denominator] += 1
    figures: list[list[int]] = []
    parts: list[list[bool]] = []
    for key, counters in by_quantity.items():
        kind, period, side, limit, segments = key
        fresh = 1
        for tariff, factor, divisor in _targets(counters):
            figures.append([kind, period, side, limit, factor, divisor, tariff, fresh])
            parts.append([number in segments for number in range(shape[0])])
            fresh = 0
    return _Summed(
        np.array(figures, dtype=np.int64).reshape(-1, 8),
        np.array(parts, dtype=bool).reshape(-1, shape[0]),
        fixed,
    )


def _targets(counters: list[Counter[tuple[int, int]]]) -> Iterator[tuple[int, int, int]]:
    """Tariff (-1: every one), factor and divisor of each line of one quantity."""
    shared = counters[0].copy()
    for one in counters[1:]:
        shared &= one
    for factor, divisor in shared.elements():
        yield -1, factor, divisor
    for tariff, one in enumerate(counters):
        for factor, divisor in (one - shared).elements():
            yield tariff, factor, divisor


def _price_of(line: LinePlan) -> Fraction:
    return line.price_micro_usd * line.share / MONTHLY_DIVISOR


def _has_more(line: LinePlan) -> bool:
    parts = (line.demand, line.over, line.blocks, line.on_lines)
    return any(one is not None for one in parts) or bool(line.beyond)


def _quantity_key(line: LinePlan) -> _Quantity:
    """What decides a line's quantity: its kind, period, side of a block, limit and segments."""
    return (
        2 if line.rule.kind is ChargeKind.DEMAND else 1,
        -1 if line.period is None else line.period,
        {None: 0, Block.FIRST: 1}.get(line.block, 2),
        line.block_limit_wh,
        frozenset(line.segments),
    )


def _largest(lines: Int64Array, energy_wh: Int64Array, peak_wh: Int64Array) -> int | None:
    """A bound of twice any product with its divisor; None where a block would share energy that
    is not only delivered, or a share of a block leaves 64 bits.
    """
    if not len(lines):
        return 0
    least = min(0, int(energy_wh.min()))
    parts: int = energy_wh.shape[0] * energy_wh.shape[1]
    most = parts * max(int(energy_wh.max()), -least) + int(peak_wh.max(initial=0))
    factor, divisor = int(np.abs(lines[:, 4]).max()), int(lines[:, 5].max())
    if bool((lines[:, 2] != 0).any()) and (most * most >= SAFE or least < 0):
        return None
    return 2 * max(1, most) * max(1, factor) + 2 * divisor
