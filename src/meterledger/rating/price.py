"""Determinants into priced lines: exact columns, each line rounded once to cents, half up.

Lives here      quantity times price for every line of a plan, for any number of windows at once.
Lives elsewhere the quantities (``determine``), demands, blocks and lines of lines (``demand``,
                ``blocks``, ``on_lines``), what programmes do (``netting``), the cuts and clauses
                (``plan``), the words on a line (``lines``), taxes and totals (``billing``).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import Int64Array
from meterledger.facts.window_facts import NOTHING_KNOWN, WindowFacts
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents
from meterledger.rating.blocks import Blocks, block_of, blocks_wh, period_key
from meterledger.rating.demand import (
    demand_w,
    excess_var,
    highest_wh,
    measured_w,
    need_demands,
)
from meterledger.rating.exact import multiply_divide_half_up
from meterledger.rating.netting import live_credits, need_program_facts, netted_wh, replaced_wh
from meterledger.rating.on_lines import minimum_cents, percent_cents
from meterledger.rating.parts import DemandUse
from meterledger.rating.plan_shapes import LinePlan, RatePlan
from meterledger.rulebook.schedule import DEMAND_KINDS, ENERGY_KINDS, ChargeKind

# cents = Wh x (millionths of USD / kWh) / 1000 Wh per kWh / 1e6 millionths x 100 cents
ENERGY_DIVISOR = 10_000_000
# cents = months x millionths of USD / 1e6 x 100
MONTHLY_DIVISOR = 10_000
COUNTED = frozenset(
    {ChargeKind.MONTHLY, ChargeKind.DAILY, ChargeKind.PER_BILL, ChargeKind.SOLAR_BLOCK}
)
"""Kinds whose quantity is a count: of months, days, bills or blocks."""
ROWS_AT_ONCE = 16384
"""Windows priced together: few enough that what lies between a line and its cents stays near."""
ROUNDS_WORTH_THREADS = 4
THREADS = 2


@dataclass(frozen=True, slots=True)
class PricedWindows:
    """Lines of N windows of one plan, as columns.

    ``quantity``  Int64 [N x lines]: watt-hours, watts, vars, a count, or 1 where the line's
                  quantity is its share
    ``cents``     Int64 [N x lines], rounded once
    ``days_wh``   Int64 [N x lines]: energy of the line's days and period, all blocks together
    ``basis``     Int64 [N x lines], what a line rests on beside its quantity: watts measured, or
                  of the demand that it begins above or whose share is free; watts of a block's
                  demand; scaled cents that a percentage is of; cents of a minimum or of a granted
                  credit
    ``replaced``  Int64 [N x lines]: watt-hours that Solar Blocks took off the line
    The last two are None where no line of the plan has any.
    """

    plan: RatePlan
    determinants: Determinants
    quantity: Int64Array
    cents: Int64Array
    days_wh: Int64Array
    basis: Int64Array | None = None
    replaced: Int64Array | None = None


def price(
    plan: RatePlan, determinants: Determinants, facts: WindowFacts = NOTHING_KNOWN
) -> PricedWindows:
    """Price every line of the plan for every window. Columns are exact; cents are half up.

    :raises InvariantBroken: if a sum cannot be held in 64 bits
    :raises HistoryNeeded: if a demand of periods before is not given
    :raises KvarNeeded: if reactive demand is not given
    :raises ProgramFactsNeeded: if a programme needs what is not given
    """
    need_demands(plan, facts)
    need_program_facts(plan, facts)
    row_count = determinants.energy_wh.shape[0]
    # A line's column lies in one piece: it is written as a whole, and windows are many.
    shape = (len(plan.lines), row_count)
    quantity, cents, days_wh = (np.empty(shape, dtype=np.int64).T for _ in range(3))
    basis = np.zeros(shape, dtype=np.int64).T if _has_basis(plan) else None
    replaced = np.zeros(shape, dtype=np.int64).T if plan.solar is not None else None
    columns = PricedWindows(plan, determinants, quantity, cents, days_wh, basis, replaced)

    def price_some(begin: int) -> None:
        rows = slice(begin, begin + ROWS_AT_ONCE)
        _price_rows(_of_rows(columns, rows), facts.of_rows(rows))

    starts = range(0, row_count, ROWS_AT_ONCE)
    if len(starts) < ROUNDS_WORTH_THREADS:
        for begin in starts:
            price_some(begin)
    else:  # no row is in two rounds, and NumPy lets go of Python while it reckons
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            list(pool.map(price_some, starts))
    return columns


def _has_basis(plan: RatePlan) -> bool:
    kinds = {ChargeKind.NET_EXCESS, ChargeKind.PERCENT, ChargeKind.MINIMUM}
    return any(
        line.rule.kind in kinds or line.demand is not None or line.blocks is not None
        for line in plan.lines
    )


def _of_rows(columns: PricedWindows, rows: slice) -> PricedWindows:
    """A view of some rows: what is written there stands in the whole."""
    return PricedWindows(
        plan=columns.plan,
        determinants=columns.determinants.of_rows(rows),
        quantity=columns.quantity[rows],
        cents=columns.cents[rows],
        days_wh=columns.days_wh[rows],
        basis=None if columns.basis is None else columns.basis[rows],
        replaced=None if columns.replaced is None else columns.replaced[rows],
    )


def _price_rows(some: PricedWindows, facts: WindowFacts) -> None:
    """Fill the columns of some windows: quantities first, then cents in the order of the lines."""
    plan, determinants = some.plan, some.determinants
    energy_wh, excess = determinants.energy_wh, None
    if plan.net is not None and facts.received is not None:
        energy_wh, excess = netted_wh(plan.net, energy_wh, facts.received.energy_wh)
    blocks = blocks_wh(plan, energy_wh, determinants, facts.history)
    for number, line in enumerate(plan.lines):
        kind = line.rule.kind
        has_energy = kind in ENERGY_KINDS or kind is ChargeKind.DEMAND
        some.days_wh[:, number] = _energy_of_days(line, energy_wh) if has_energy else 0
        if kind in ENERGY_KINDS:
            some.quantity[:, number] = _energy_quantity(line, some.days_wh[:, number], blocks)
            if line.blocks is not None and line.blocks.demand is not None:
                _note(some, number, _demand(line.blocks.demand, line, some, facts))
        elif kind in DEMAND_KINDS:
            _demand_quantity(some, number, line, facts)
        else:
            some.quantity[:, number] = _count(line, facts, excess)
    if some.replaced is not None and facts.solar_blocks is not None:
        some.replaced[:] = replaced_wh(plan, some.quantity, facts.solar_blocks)
        some.quantity[:] -= some.replaced
    for number, line in enumerate(plan.lines):
        some.cents[:, number] = _line_cents(some, number, line, facts)


def energy_cents(energy_wh: int, price_micro_usd: int) -> Cents:
    """What energy costs at one price a kWh, as a line of that energy would: cents, half up.

    :raises InvariantBroken: if the result exceeds 64 bits
    """
    (cents,) = _cents(ChargeKind.RIDER, np.array([energy_wh]), price_micro_usd, Fraction(1))
    return Cents(int(cents))


def _line_cents(some: PricedWindows, number: int, line: LinePlan, facts: WindowFacts) -> Int64Array:
    """The cents of one line; those of the lines above it stand already."""
    kind, quantity = line.rule.kind, some.quantity[:, number]
    if kind is ChargeKind.PERCENT and line.on_lines is not None:
        cents, base = percent_cents(line.on_lines, some.cents)
        _note(some, number, base)
        return cents
    if kind is ChargeKind.MINIMUM and line.on_lines is not None:
        cents, minimum = minimum_cents(line.on_lines, some.cents, some.determinants, facts.history)
        _note(some, number, minimum)
        return cents
    if kind is ChargeKind.NET_CREDIT and facts.credits is not None:
        owed = some.cents[:, :number].sum(axis=1)
        live = live_credits(some.plan, facts.credits).sum(axis=1)
        taken: Int64Array = np.minimum(live, np.maximum(owed, 0))
        return -taken
    cents = _cents(kind, quantity, line.price_micro_usd, line.share)
    if kind is ChargeKind.NET_EXCESS:
        _note(some, number, cents)  # granted for the following period, nothing on this bill
        return np.zeros(len(cents), dtype=np.int64)
    return cents


def _cents(
    kind: ChargeKind, quantity: Int64Array, price_micro_usd: int, share: Fraction
) -> Int64Array:
    """The one multiplication of a quantity by a price: rounded once, whoever asks."""
    divisor = MONTHLY_DIVISOR if kind in COUNTED else ENERGY_DIVISOR
    return multiply_divide_half_up(
        quantity, price_micro_usd * share.numerator, divisor * share.denominator
    )


def _energy_of_days(line: LinePlan, energy_wh: Int64Array) -> Int64Array:
    energy: Int64Array = energy_wh[:, list(line.segments), :].sum(axis=1)
    return energy.sum(axis=1) if line.period is None else energy[:, line.period]


def _energy_quantity(line: LinePlan, days_wh: Int64Array, blocks: Blocks) -> Int64Array:
    if line.block is None and line.blocks is None:
        return days_wh
    return blocks[line.block_group, period_key(line)][block_of(line)]


def _demand(use: DemandUse, line: LinePlan, some: PricedWindows, facts: WindowFacts) -> Int64Array:
    return demand_w(use, line.segments, some.determinants, facts.history)


def _demand_quantity(some: PricedWindows, number: int, line: LinePlan, facts: WindowFacts) -> None:
    """Watts or vars of a line for demand, and what it rests on."""
    determinants = some.determinants
    if line.demand is None:
        some.quantity[:, number] = highest_wh(line.segments, determinants)
        return
    watts = _demand(line.demand, line, some, facts)
    if line.rule.kind is ChargeKind.REACTIVE:
        ensure(facts.reactive_var is not None, "kvar are asked for before a line is priced")
        var = facts.reactive_var if facts.reactive_var is not None else watts
        some.quantity[:, number] = excess_var(var, watts, line.beyond)
        _note(some, number, watts)
        return
    if line.over is not None:
        over = _demand(line.over, line, some, facts)
        some.quantity[:, number] = np.maximum(watts - over, 0)
        _note(some, number, over)
        return
    some.quantity[:, number] = watts
    _note(some, number, measured_w(line.demand, line.segments, determinants))


def _count(line: LinePlan, facts: WindowFacts, excess: Int64Array | None) -> Int64Array | int:
    """The quantity of a line that is for no energy and no demand of its own days."""
    if line.rule.kind is ChargeKind.DAILY:
        return line.days.day_count
    if line.rule.kind is ChargeKind.SOLAR_BLOCK and facts.solar_blocks is not None:
        return facts.solar_blocks
    if line.rule.kind is ChargeKind.NET_EXCESS and excess is not None:
        return excess
    return 1


def _note(some: PricedWindows, number: int, basis: Int64Array) -> None:
    if some.basis is not None:
        some.basis[:, number] = basis
