"""The checks of a day in NumPy: what somebody would write without a compiler, and write well.

The peer of the bench ``validation``. It goes over rows in runs that stay near the processor, and
looks for runs of one value and for moved clocks only in rows that can have them, as ours does. Its
findings are compared with ours before anything is timed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.facts.usage import MISSING_VALUE
from meterledger.usage import (
    GENERATES,
    INACTIVE,
    NET,
    NO_DAYS,
    NOT_KNOWN,
    VACANT,
    Check,
    DayBlock,
    History,
    Limit,
    MeterFacts,
    ValidationTerms,
    mark_key,
)

ROWS_AT_ONCE = 8192
HOURS = 24
Array = npt.NDArray[Any]


def numpy_checks(
    block: DayBlock, history: History, terms: ValidationTerms, facts: MeterFacts
) -> Array:
    """Int32 [N] bits of ``Check``, every check of the validation file."""
    count = len(block.meters)
    found = np.zeros(count, np.int32)
    energy = np.zeros(count, np.int64)
    missing = np.zeros(count, np.int64)
    off = np.full(count, -1, np.int64)
    for first in range(0, count, ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        until = min(first + ROWS_AT_ONCE, count)
        some, past = facts.rows(first, until), history.rows(first, until)
        found[part], energy[part], missing[part], off[part] = _rows(
            block, block.value[part], past, terms, some
        )
    _between(block, history, terms, facts, found, energy, missing, off)
    return found


def _rows(
    block: DayBlock, value: Array, past: History, terms: ValidationTerms, facts: MeterFacts
) -> tuple[Array, Array, Array, Array]:
    width, seconds = block.width, block.interval_seconds

    def limit(one: Limit) -> Array:
        return np.asarray(terms.limits[facts.source, one])

    bits = np.zeros(len(value), np.int32)

    def add(check: Check, where: Array) -> None:
        bits[where] |= 1 << check

    gone = value == MISSING_VALUE
    missing = gone.sum(axis=1)
    complete = missing == 0
    there = np.where(gone, 0, value)
    energy = there.sum(axis=1, dtype=np.int64)
    state = facts.state
    add(Check.GAP, ~complete)
    add(Check.NEGATIVE, (there < 0).any(axis=1) & (state & NET == 0))

    top = np.partition(value, (width - 3, width - 1), axis=1)
    highest, third = top[:, -1].astype(np.int64), top[:, -3].astype(np.int64)
    add(
        Check.SPIKE,
        (width - missing >= 3)
        & (highest > limit(Limit.SPIKE_FLOOR_WATTS) * seconds // 3600)
        & ((highest - third) * 100 > limit(Limit.SPIKE_PERCENT) * third),
    )

    same = (value[:, 1:] == value[:, :-1]).sum(axis=1)
    flat_slots = -(-limit(Limit.FLAT_RUN_MINUTES) * 60 // seconds)
    zero_slots = -(-limit(Limit.ZERO_RUN_MINUTES) * 60 // seconds)
    rows = np.flatnonzero(same + 1 >= np.minimum(flat_slots, zero_slots))
    flat, zero = _longest_runs(value[rows])
    add(Check.FLAT_RUN, rows[flat >= flat_slots[rows]])
    in_use = state[rows] & (VACANT | INACTIVE | GENERATES) == 0
    add(Check.ZERO_RUN, rows[(zero >= zero_slots[rows]) & in_use])
    add(Check.VACANT_USE, (state & VACANT != 0) & (energy > limit(Limit.VACANT_FLOOR_WH)))
    add(Check.INACTIVE_USE, (state & INACTIVE != 0) & (energy > limit(Limit.INACTIVE_FLOOR_WH)))

    known = past.days >= limit(Limit.HISTORY_DAYS_MIN)
    usual = past.day_wh
    add(
        Check.HIGH,
        known
        & (energy * 100 > limit(Limit.HIGH_PERCENT) * usual)
        & (energy - usual > limit(Limit.HIGH_FLOOR_WH)),
    )
    add(
        Check.LOW,
        (known & complete & (usual > 0))
        & (energy * 100 < limit(Limit.LOW_PERCENT) * usual)
        & (usual - energy > limit(Limit.LOW_FLOOR_WH)),
    )
    off = np.full(len(value), -1, np.int64)
    if block.has_plain_hours:
        hours = value.reshape(len(value), HOURS, width // HOURS).sum(axis=2, dtype=np.int64)
        apart = np.abs(hours - past.hour_wh).sum(axis=1)
        off = np.where(known & complete, apart, -1)
        rows = np.flatnonzero(
            (off >= 0)
            & (energy > limit(Limit.DRIFT_FLOOR_WH))
            & (off * 100 >= limit(Limit.DRIFT_OWN_PERCENT) * energy)
        )
        most = int(terms.limits[:, Limit.DRIFT_HOURS].max())
        best = np.full(len(rows), 2**62, np.int64)
        for move in (*range(-most, 0), *range(1, most + 1)):
            moved = np.abs(hours[rows] - np.roll(past.hour_wh[rows], move, axis=1)).sum(axis=1)
            allowed = abs(move) <= limit(Limit.DRIFT_HOURS)[rows]
            best = np.where(allowed, np.minimum(best, moved), best)
        fits = best * 100 <= limit(Limit.DRIFT_BEST_PERCENT)[rows] * off[rows]
        add(Check.CLOCK_DRIFT, rows[fits & (best < 2**62)])

    register = facts.register_wh
    apart = np.abs(energy - register)
    add(
        Check.REGISTER,
        (complete & (register != NOT_KNOWN))
        & (apart > limit(Limit.REGISTER_TOLERANCE_WH) * facts.multiplier)
        & (apart * 100 > limit(Limit.REGISTER_TOLERANCE_PERCENT) * np.abs(register)),
    )
    location = np.where(facts.location_wh == NOT_KNOWN, 0, facts.location_wh)
    factor = limit(Limit.MULTIPLIER_FACTOR)
    add(
        Check.MULTIPLIER,
        (facts.location_wh != NOT_KNOWN)
        & (facts.installed_days >= 0)
        & (facts.installed_days <= limit(Limit.MULTIPLIER_DAYS))
        & (location > limit(Limit.MULTIPLIER_FLOOR_WH))
        & ((energy >= factor * location) | (complete & (energy * factor <= location))),
    )
    add(Check.CHANNELS_SWAPPED, _swapped(energy, usual, known & complete, past, facts, limit))
    sent, due = facts.readings_sent, block.due_width
    plain = HOURS * 3600 // seconds
    wrong = (sent >= 0) & ((sent > due) | ((sent == plain) & (plain != due)))
    add(Check.WRONG_LENGTH, wrong | (width != due))
    add(Check.FROZEN_CLOCK, facts.at_one_time >= limit(Limit.FROZEN_READINGS))
    rows = np.flatnonzero(~complete)
    add(Check.FROZEN_CLOCK, rows[_frozen(value[rows], energy[rows], rows, limit, seconds)])

    with np.errstate(over="ignore"):
        marks = value.astype(np.int64) @ mark_key(width)
    varied = width - 1 - same >= limit(Limit.TWICE_CHANGES)
    add(Check.DAY_SENT_TWICE, varied & (past.recent == marks[:, None]).any(axis=1))
    add(Check.DAY_OF_ANOTHER_YEAR, varied & (past.years == marks[:, None]).any(axis=1))
    late = facts.late_days
    add(
        Check.DAY_OF_ANOTHER_YEAR,
        (late != NO_DAYS) & ((late < 0) | (late > limit(Limit.LATE_DAYS))),
    )
    return bits & terms.made[facts.source].astype(np.int32), energy, missing, off


def _longest_runs(value: Array) -> tuple[Array, Array]:
    run = np.zeros(len(value), np.int64)
    flat, zero = run.copy(), run.copy()
    before = np.full(len(value), MISSING_VALUE, value.dtype)
    for slot in range(value.shape[1]):
        here = value[:, slot]
        run = np.where(here == before, run + 1, 1)
        before = here
        zero = np.where(here == 0, np.maximum(zero, run), zero)
        flat = np.where((here != 0) & (here != MISSING_VALUE), np.maximum(flat, run), flat)
    return flat, zero


def _swapped(
    energy: Array, usual: Array, can: Array, past: History, facts: MeterFacts, limit: Any
) -> Array:
    floor = limit(Limit.SWAPPED_FLOOR_WH)
    told = facts.received_wh != NOT_KNOWN
    received = np.where(told, facts.received_wh, 0)
    before = np.where(past.received_wh == NOT_KNOWN, 0, past.received_wh)
    made_none = (received > floor) & (facts.state & GENERATES == 0)
    exchanged = (
        (can & (past.received_wh != NOT_KNOWN) & (np.abs(usual - before) > floor))
        & (2 * np.abs(energy - before) < np.abs(energy - usual))
        & (2 * np.abs(received - usual) < np.abs(received - before))
    )
    return np.asarray(told & (made_none | exchanged))


def _frozen(value: Array, energy: Array, rows: Array, limit: Any, seconds: int) -> Array:
    gone = value == MISSING_VALUE
    others = (~gone).sum(axis=1) - 1
    tail = np.argmax(~gone[:, ::-1], axis=1)
    place = value.shape[1] - 1 - tail
    every = np.arange(len(value))
    last = np.where(others >= 0, value[every, place], 0).astype(np.int64)
    rest = value.copy()
    rest[every, place] = MISSING_VALUE
    highest = rest.max(axis=1, initial=MISSING_VALUE).astype(np.int64)
    slots = -(-limit(Limit.FROZEN_MINUTES)[rows] * 60 // seconds)
    return np.asarray(
        ((others >= 4) & (tail >= slots) & (last > 0))
        & ((last - highest) * 100 > limit(Limit.SPIKE_PERCENT)[rows] * highest)
        & (last * 100 * others >= limit(Limit.FROZEN_PERCENT)[rows] * (tail + 1) * (energy - last))
    )


def _between(
    block: DayBlock,
    history: History,
    terms: ValidationTerms,
    facts: MeterFacts,
    found: Array,
    energy: Array,
    missing: Array,
    off: Array,
) -> None:
    limits, made = terms.limits[facts.source], terms.made[facts.source]
    rows = np.flatnonzero(
        (facts.area >= 0)
        & (missing == 0)
        & (energy > limits[:, Limit.IDENTICAL_FLOOR_WH])
        & (made >> Check.IDENTICAL_TOTALS & 1 != 0)
    )
    area, total = facts.area[rows].astype(np.int64), energy[rows]
    order = np.lexsort((total, area))
    edges = np.flatnonzero(np.diff(area[order]) | np.diff(total[order])) + 1
    sizes = np.diff(np.concatenate([[0], edges, [len(rows)]]))
    alike = np.empty(len(rows), np.int64)
    alike[order] = np.repeat(sizes, sizes)
    enough = rows[alike >= limits[rows, Limit.IDENTICAL_METERS]]
    found[enough] |= 1 << Check.IDENTICAL_TOTALS

    _channels(block, facts, made, found, missing)
    one = np.flatnonzero(facts.neighbor >= 0)
    if not block.has_plain_hours or len(one) == 0:
        return
    other = facts.neighbor[one]
    own = off[one] + off[other]
    can = (facts.neighbor[other] == one) & (one < other) & (off[one] >= 0) & (off[other] >= 0)
    can &= own > limits[one, Limit.CROSSED_FLOOR_WH]
    can &= own * 100 >= limits[one, Limit.CROSSED_OWN_PERCENT] * (energy[one] + energy[other])
    one, other, own = one[can], other[can], own[can]
    shape = (-1, HOURS, block.width // HOURS)
    here, there = (
        block.value[some].reshape(shape).sum(axis=2, dtype=np.int64) for some in (one, other)
    )
    exchanged = np.abs(here - history.hour_wh[other]).sum(axis=1)
    exchanged += np.abs(there - history.hour_wh[one]).sum(axis=1)
    is_crossed = exchanged * 100 <= limits[one, Limit.CROSSED_BEST_PERCENT] * own
    bit = 1 << Check.CROSSED_METER
    for some in (one[is_crossed], other[is_crossed]):
        found[some] |= (bit & made[some]).astype(np.int32)


def _channels(
    block: DayBlock, facts: MeterFacts, made: Array, found: Array, missing: Array
) -> None:
    rows = np.flatnonzero((facts.channel_key >= 0) & (missing < block.width))
    keys = facts.channel_key[rows]
    order = np.argsort(keys, kind="stable")
    for some in np.split(rows[order], np.flatnonzero(np.diff(keys[order])) + 1):
        for row in some if len(some) > 1 else ():
            others = block.value[some[some != row]]
            same = (others == block.value[row]).all(axis=1)
            meets = ((others != MISSING_VALUE) & (block.value[row] != MISSING_VALUE)).any(axis=1)
            bits = (1 << Check.DUPLICATE_CHANNEL) * bool(same.any())
            bits |= (1 << Check.OVERLAPPING_CHANNEL) * bool((meets & ~same).any())
            found[row] |= bits & int(made[row])
