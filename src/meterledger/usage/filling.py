"""Filling the gaps of a day of many meters by the sheet's interval ladder: GRR V.E.3.d.

Lives here      the ladder in bulk; what each gap was filled with, by which rung, from which day;
                the record of each estimate.
Lives elsewhere the rule for one gap, whose answers these are (``estimation_intervals``), the days
                (``filling_plan``), agreeing with the register (``filling_register``).
Read first      facts/estimates.py; tariffs/…/grr_v_estimation/README.md.

A gap is a run of slots without a value inside one local day. The first rung that works fills all of
it, so that a gap has one method and one source. A value that was received is never touched, and
only what was measured fills anything: an estimate never begets another. What no rung fills is left
without a value and said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from meterledger.facts.estimates import Estimate, EstimateCause, Method
from meterledger.facts.readings import Quality
from meterledger.facts.usage import MISSING_VALUE, Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import day_start_utc
from meterledger.usage.filling_plan import FillingPlan, slot_map
from meterledger.usage.validation_facts import (
    LARGEST_WH,
    MEASURED,
    NOT_KNOWN,
    DayBlock,
    Int8Array,
    Int16Array,
    Int32Array,
)

NO_DAY = -1


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps of M rows, one entry each, in order of rows and slots.

    ``at``      Int32 place of the row in ``Filled.rows``
    ``first``, ``until``  Int32 slots, half open
    ``method``  Int8  code of ``Method``; 0 where no rung worked and the gap is left
    ``source``  Int16 place of the day in ``FillingPlan.wanted_days``; -1 where none was used
    ``energy_wh``  Int64 estimated over the gap
    ``basis_wh``   Int64 of a flat line: what the register left for the row's flat lines, or the
                   level of the interval beside the gap; NOT_KNOWN for other rungs
    """

    at: Int32Array
    first: Int32Array
    until: Int32Array
    method: Int8Array
    source: Int16Array
    energy_wh: Int64Array
    basis_wh: Int64Array

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class Filled:
    """The rows that had gaps, filled.

    ``rows``    Int64 [M] their rows in the block
    ``value``   Int32 [M x width], MISSING_VALUE where no rung worked
    ``method``  Int8  [M x width] codes of ``Method`` of what was filled here; elsewhere as given
    """

    block: DayBlock
    plan: FillingPlan
    rows: Int64Array
    value: Int32Array
    method: Int8Array
    gaps: Gaps
    register_wh: Int64Array

    @property
    def left_count(self) -> int:
        """Slots that no rung could fill."""
        return int((self.value == MISSING_VALUE).sum())

    def whole_block(self) -> DayBlock:
        """The block with what was filled, its methods, and quality ``ESTIMATED`` where filled."""
        value = self.block.value.copy()
        value[self.rows] = self.value
        given = self.block.method
        method = np.zeros(value.shape, np.int8) if given is None else given.copy()
        method[self.rows] = self.method
        quality = None if self.block.quality is None else self.block.quality.copy()
        if quality is None:
            quality = np.where(
                self.block.value == MISSING_VALUE, Quality.MISSING.value, Quality.VALID.value
            ).astype(np.int8)
        new = (self.block.value == MISSING_VALUE) & (value != MISSING_VALUE)
        quality[new] = Quality.ESTIMATED.value
        block = self.block
        return DayBlock(
            block.day, block.zone, block.interval_seconds, block.meters, value, quality, method
        )

    def inputs_of(self, gap: int) -> tuple[tuple[str, str], ...]:
        """What a gap's figures were made from, by name, as text."""
        source = int(self.gaps.source[gap])
        if source != NO_DAY:
            return (("source_day", self.plan.wanted_days[source].isoformat()),)
        register = int(self.register_wh[self.rows[self.gaps.at[gap]]])
        basis = str(int(self.gaps.basis_wh[gap]))
        if register != NOT_KNOWN:
            return (("register_wh", str(register)), ("register_rest_wh", basis))
        return (("level_wh", basis),)


def fill_missing(
    block: DayBlock,
    past: Mapping[date, DayBlock],
    plan: FillingPlan,
    register_wh: Int64Array | None = None,
    *,
    rows: Int64Array | None = None,
) -> Filled:
    """Fill the gaps of a day. Rows without a gap are not looked at.

    ``past``         blocks of earlier days with the same meters in the same rows; a day that is
                     not there was not measured. ``plan.wanted_days`` names those worth loading
    ``register_wh``  Int64 [N] register's difference over the day, NOT_KNOWN unless both bounding
                     reads exist
    ``rows``         the rows that have gaps, where validation has found them (evidence.missing)

    :raises InvariantBroken: if a block has another day, other rows or another interval length
    """
    from meterledger.usage.filling_kernel import count_gaps_in_rows, find_gaps_in_rows

    _check(block, past, plan)
    if rows is None:
        rows = np.flatnonzero((block.value == MISSING_VALUE).any(axis=1)).astype(np.int64)
    register = _register(block, register_wh)
    value = block.value[rows]
    method = np.zeros(value.shape, np.int8) if block.method is None else block.method[rows]
    count = count_gaps_in_rows(value)
    gaps = Gaps(
        at=np.zeros(count, np.int32),
        first=np.zeros(count, np.int32),
        until=np.zeros(count, np.int32),
        method=np.zeros(count, np.int8),
        source=np.full(count, NO_DAY, np.int16),
        energy_wh=np.zeros(count, np.int64),
        basis_wh=np.full(count, NOT_KNOWN, np.int64),
    )
    find_gaps_in_rows(value, gaps.at, gaps.first, gaps.until)
    filled = Filled(block, plan, rows, value, method, gaps, register)
    _climb(filled, past)
    return filled


def _climb(filled: Filled, past: Mapping[date, DayBlock]) -> None:
    """Try the rungs in the book's order until no gap is left or no rung is."""
    gaps, plan, block = filled.gaps, filled.plan, filled.block
    still = np.arange(len(gaps), dtype=np.int64)
    left = len(gaps)
    places = {day: place for place, day in enumerate(plan.wanted_days)}
    for rung in plan.order:
        if rung is Method.FLAT_LINE:
            left = _flat(filled, still, left)
            continue
        for day in plan.days[rung]:
            if left == 0:
                return
            if day in past:
                slots = slot_map(block.day, day, block.zone, block.interval_seconds)
                left = _from_day(filled, past[day], slots, rung, places[day], still, left)


def _from_day(
    filled: Filled,
    past: DayBlock,
    slots: Int16Array,
    rung: Method,
    place: int,
    still: Int64Array,
    left: int,
) -> int:
    from meterledger.usage.filling_kernel import fill_from_day

    gaps = filled.gaps
    remaining: int = fill_from_day(
        filled.value,
        filled.method,
        filled.rows,
        gaps.at,
        gaps.first,
        gaps.until,
        gaps.method,
        gaps.source,
        gaps.energy_wh,
        still,
        left,
        past.value,
        _codes(past.quality),
        _codes(past.method),
        _SOUND,
        slots,
        np.int8(rung),
        np.int16(place),
    )
    return remaining


def _flat(filled: Filled, still: Int64Array, left: int) -> int:
    from meterledger.usage.filling_kernel import fill_flat

    gaps, block = filled.gaps, filled.block
    remaining: int = fill_flat(
        filled.value,
        filled.method,
        filled.rows,
        gaps.at,
        gaps.first,
        gaps.until,
        gaps.method,
        gaps.energy_wh,
        gaps.basis_wh,
        still,
        left,
        filled.register_wh,
        _codes(block.quality),
        _codes(block.method),
        _SOUND,
        np.int8(Method.FLAT_LINE),
    )
    return remaining


_SOUND = np.zeros(128, dtype=np.bool_)
_SOUND[list(MEASURED)] = True
_NO_CODES = np.zeros((0, 0), np.int8)


def _codes(codes: Int8Array | None) -> Int8Array:
    return _NO_CODES if codes is None else codes


def _register(block: DayBlock, register_wh: Int64Array | None) -> Int64Array:
    if register_wh is None:
        return np.full(len(block.meters), NOT_KNOWN, np.int64)
    ensure(len(register_wh) == len(block.meters), "each meter has its register's difference")
    known = register_wh != NOT_KNOWN
    ensure(
        bool((np.abs(register_wh[known]) <= LARGEST_WH).all()),
        "no meter moves more than 2**40 watt-hours a day",
    )
    return register_wh


def _check(block: DayBlock, past: Mapping[date, DayBlock], plan: FillingPlan) -> None:
    ensure(plan.day == block.day, "the plan is of the block's day")
    ensure(block.width == block.due_width, "a day that is filled has the length of the day")
    for day, one in past.items():
        ensure(
            one.day == day < block.day
            and len(one.meters) == len(block.meters)
            and one.interval_seconds == block.interval_seconds
            and one.width == one.due_width,
            f"{day} is an earlier day of the same meters and intervals",
        )


def estimates_of(filled: Filled, *, cause: EstimateCause, made_at: datetime) -> list[Estimate]:
    """The record of each gap that was filled. Gaps that were left have none."""
    block, gaps = filled.block, filled.gaps
    begin = int(day_start_utc(block.day, block.zone).timestamp())
    return [
        Estimate(
            meter=block.meters[int(filled.rows[gaps.at[gap]])],
            start=begin + int(gaps.first[gap]) * block.interval_seconds,
            until=begin + int(gaps.until[gap]) * block.interval_seconds,
            energy_wh=int(gaps.energy_wh[gap]),
            method=Method(int(gaps.method[gap])),
            cause=cause,
            provision=filled.plan.provision,
            citation=filled.plan.citation,
            made_at=made_at,
            inputs=filled.inputs_of(gap),
        )
        for gap in np.flatnonzero(gaps.method).tolist()
    ]
