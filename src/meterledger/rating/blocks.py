"""Energy into blocks, of many windows at once: two or more, by the month or by the kW.

Lives here      which watt-hours of each period lie in which block; they sum to all of them.
Lives elsewhere where a block ends (``plan``, ``planning``), what a block costs (``price``).
Read first      docs/reference/tariff_files.md, "Any number of blocks".
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import Int64Array
from meterledger.facts.window_facts import DemandHistory
from meterledger.rating.demand import demand_w
from meterledger.rating.exact import SAFE, multiply_divide_down, share_by_weights
from meterledger.rating.parts import BlockUse
from meterledger.rating.plan_shapes import LinePlan, RatePlan
from meterledger.rulebook.schedule import Block

Blocks = dict[tuple[int, int], list[Int64Array]]
"""Watt-hours of each block, Int64 [N] each, by block group and period (-1: all hours)."""


def blocks_wh(
    plan: RatePlan,
    energy_wh: Int64Array,
    determinants: Determinants,
    history: Mapping[str, DemandHistory],
) -> Blocks:
    """The energy of every block that a line of the plan prices.

    ``energy_wh`` is Int64 [N x segments x periods], what is billed. Where a schedule has periods, a
    block is shared in proportion to what blocks before it left of each period's energy (reading
    ``rating.block_share_between_periods``).
    """
    found: Blocks = {}
    for line in plan.lines:
        if (line.block is None and line.blocks is None) or (
            line.block_group,
            period_key(line),
        ) in found:
            continue
        energy = energy_wh[:, list(line.segments), :].sum(axis=1)
        ends = _ends(line, energy.sum(axis=1), determinants, history)
        if line.period is None:
            after = [end - begin for begin, end in pairwise(ends)]
            found[line.block_group, -1] = [ends[0], *after]
            continue
        shared = _shared(energy, ends)
        for period in range(energy.shape[1]):
            found[line.block_group, period] = [part[:, period] for part in shared]
    return found


def block_of(line: LinePlan) -> int:
    """The number of a line's block, from 0."""
    if line.blocks is not None:
        return line.blocks.number
    return 0 if line.block is Block.FIRST else 1


def period_key(line: LinePlan) -> int:
    """The period of a line as blocks name it."""
    return -1 if line.period is None else line.period


def _ends(
    line: LinePlan,
    total_wh: Int64Array,
    determinants: Determinants,
    history: Mapping[str, DemandHistory],
) -> list[Int64Array]:
    """Up to where each block takes the energy, Int64 [N] each; the last takes all of it."""
    if line.blocks is None:
        return [np.minimum(total_wh, line.block_limit_wh), total_wh]
    return [*(np.minimum(total_wh, one) for one in _bounds(line, determinants, history)), total_wh]


def _bounds(
    line: LinePlan, determinants: Determinants, history: Mapping[str, DemandHistory]
) -> list[Int64Array | int]:
    blocks: BlockUse | None = line.blocks
    if blocks is None:
        return []
    if blocks.demand is None:
        # No energy reaches the end of 64 bits, so that a block which does has no end.
        return [min(bound.numerator // bound.denominator, SAFE) for bound in blocks.bounds]
    watts = demand_w(blocks.demand, line.segments, determinants, history)
    return [
        multiply_divide_down(watts, bound.numerator, bound.denominator) for bound in blocks.bounds
    ]


def _shared(energy: Int64Array, ends: list[Int64Array]) -> list[Int64Array]:
    """Each block over the periods, Int64 [N x periods] each."""
    left = energy
    found = []
    before: Int64Array | int = 0
    for end in ends[:-1]:
        part = share_by_weights(end - before, left)
        found.append(part)
        left, before = left - part, end
    return [*found, left]
