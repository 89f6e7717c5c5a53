"""Determinants into priced lines: exact columns, each line rounded once to cents, half up.

Lives here      quantity times price for every line of a plan, for any number of windows at once.
Lives elsewhere the quantities (``determine``), the cuts and clauses (``plan``), the words on a
                line (``lines``), taxes and totals (``billing``).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import Int64Array
from meterledger.kernel.money import Cents
from meterledger.rating.exact import multiply_divide_half_up, share_by_weights
from meterledger.rating.plan import LinePlan, RatePlan
from meterledger.rulebook.schedule import Block, ChargeKind

# cents = Wh x (millionths of USD / kWh) / 1000 Wh per kWh / 1e6 millionths x 100 cents
ENERGY_DIVISOR = 10_000_000
# cents = months x millionths of USD / 1e6 x 100
MONTHLY_DIVISOR = 10_000
ROWS_AT_ONCE = 16384
"""Windows priced together: few enough that what lies between a line and its cents stays near."""
ROUNDS_WORTH_THREADS = 4
THREADS = 2


@dataclass(frozen=True, slots=True)
class PricedWindows:
    """Lines of N windows of one plan, as columns.

    ``quantity``  Int64 [N x lines]: watt-hours, watts, or 1 where the line's quantity is its share
    ``cents``     Int64 [N x lines], rounded once
    ``days_wh``   Int64 [N x lines]: energy of the line's days and period, all blocks together
    """

    plan: RatePlan
    determinants: Determinants
    quantity: Int64Array
    cents: Int64Array
    days_wh: Int64Array


def price(plan: RatePlan, determinants: Determinants) -> PricedWindows:
    """Price every line of the plan for every window. Columns are exact; cents are half up.

    :raises InvariantBroken: if a sum cannot be held in 64 bits
    """
    row_count = determinants.energy_wh.shape[0]
    # A line's column lies in one piece: it is written as a whole, and windows are many.
    shape = (len(plan.lines), row_count)
    quantity, cents, days_wh = (np.empty(shape, dtype=np.int64).T for _ in range(3))

    def price_some(begin: int) -> None:
        rows = slice(begin, begin + ROWS_AT_ONCE)
        some = Determinants(
            energy_wh=determinants.energy_wh[rows],
            peak_wh=determinants.peak_wh[rows],
            by_days=determinants.by_days,
        )
        _price_rows(plan, some, quantity[rows], cents[rows], days_wh[rows])

    starts = range(0, row_count, ROWS_AT_ONCE)
    if len(starts) < ROUNDS_WORTH_THREADS:
        for begin in starts:
            price_some(begin)
    else:  # no row is in two rounds, and NumPy lets go of Python while it reckons
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            list(pool.map(price_some, starts))
    return PricedWindows(plan, determinants, quantity, cents, days_wh)


def _price_rows(
    plan: RatePlan,
    determinants: Determinants,
    quantity: Int64Array,
    cents: Int64Array,
    days_wh: Int64Array,
) -> None:
    """Fill the columns of some windows; shapes as ``PricedWindows`` has them."""
    first_block = _first_block_wh(plan, determinants)
    for number, line in enumerate(plan.lines):
        if line.rule.kind is ChargeKind.MONTHLY:
            days_wh[:, number], quantity[:, number] = 0, 1
        else:
            days_wh[:, number] = _energy_of_days(line, determinants)
            quantity[:, number] = _quantity(line, determinants, days_wh[:, number], first_block)
        cents[:, number] = _cents(
            line.rule.kind, quantity[:, number], line.price_micro_usd, line.share
        )


def energy_cents(energy_wh: int, price_micro_usd: int) -> Cents:
    """What energy costs at one price a kWh, as a line of that energy would: cents, half up.

    :raises InvariantBroken: if the result exceeds 64 bits
    """
    (cents,) = _cents(ChargeKind.RIDER, np.array([energy_wh]), price_micro_usd, Fraction(1))
    return Cents(int(cents))


def _cents(
    kind: ChargeKind, quantity: Int64Array, price_micro_usd: int, share: Fraction
) -> Int64Array:
    """The one multiplication of a quantity by a price: rounded once, whoever asks."""
    divisor = MONTHLY_DIVISOR if kind is ChargeKind.MONTHLY else ENERGY_DIVISOR
    return multiply_divide_half_up(
        quantity, price_micro_usd * share.numerator, divisor * share.denominator
    )


def _energy_of_days(line: LinePlan, determinants: Determinants) -> Int64Array:
    energy: Int64Array = determinants.energy_wh[:, list(line.segments), :].sum(axis=1)
    return energy.sum(axis=1) if line.period is None else energy[:, line.period]


def _quantity(
    line: LinePlan,
    determinants: Determinants,
    days_wh: Int64Array,
    first_block: dict[tuple[int, int], Int64Array],
) -> Int64Array:
    if line.rule.kind is ChargeKind.DEMAND:
        highest: Int64Array = determinants.peak_wh[:, list(line.segments)].max(axis=1)
        return highest
    if line.block is None:
        return days_wh
    first = first_block[line.block_group, _period_key(line)]
    return first if line.block is Block.FIRST else days_wh - first


def _first_block_wh(
    plan: RatePlan, determinants: Determinants
) -> dict[tuple[int, int], Int64Array]:
    """Watt-hours in the first block, by block group and period.

    Where a schedule has blocks and periods both, the block is shared in proportion to the energy
    of each period (reading ``rating.block_share_between_periods``).
    """
    found: dict[tuple[int, int], Int64Array] = {}
    for line in plan.lines:
        if line.block is None or (line.block_group, _period_key(line)) in found:
            continue
        energy = determinants.energy_wh[:, list(line.segments), :].sum(axis=1)
        within = np.minimum(energy.sum(axis=1), line.block_limit_wh)
        if line.period is None:
            found[line.block_group, -1] = within
        else:
            shared = share_by_weights(within, energy)
            for period in range(energy.shape[1]):
                found[line.block_group, period] = shared[:, period]
    return found


def _period_key(line: LinePlan) -> int:
    return -1 if line.period is None else line.period
