"""The compiled checks of single meter-days: one pass over the matrix, bits and evidence out.

Lives here      every check of ``Check`` that needs one meter's row, its facts and its history.
Lives elsewhere checks between meters (``validation_across``), what thresholds are
                (``validation_terms``), the same in plain Python, for comparison (tests).
Read first      validation_facts.py.

All arithmetic is on 64-bit whole numbers; ``validation`` proves the bounds before it calls. The
first loops of a row have no branches, so that they run on many values at once; what few rows need
(the third highest, runs, hours moved) is looked at only where those loops give cause.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from meterledger.usage.compiled import compiled
from meterledger.usage.validation_facts import (
    GENERATES,
    HOURS,
    INACTIVE,
    LARGEST_WH,
    NET,
    NO_DAYS,
    NOT_KNOWN,
    VACANT,
    Check,
)
from meterledger.usage.validation_terms import Limit

MISSING = np.int32(-(2**31))
LOWEST = np.int64(-(2**62))
LARGEST = np.int64(LARGEST_WH)

GAP, SPIKE, HIGH, LOW = (1 << Check.GAP, 1 << Check.SPIKE, 1 << Check.HIGH, 1 << Check.LOW)
NEGATIVE, FLAT, ZERO = (1 << Check.NEGATIVE, 1 << Check.FLAT_RUN, 1 << Check.ZERO_RUN)
VACANT_USE, INACTIVE_USE = (1 << Check.VACANT_USE, 1 << Check.INACTIVE_USE)
REGISTER, MULTIPLIER = (1 << Check.REGISTER, 1 << Check.MULTIPLIER)
LENGTH, DRIFT = (1 << Check.WRONG_LENGTH, 1 << Check.CLOCK_DRIFT)
SWAPPED, FROZEN = (1 << Check.CHANNELS_SWAPPED, 1 << Check.FROZEN_CLOCK)
TWICE, YEAR = (1 << Check.DAY_SENT_TWICE, 1 << Check.DAY_OF_ANOTHER_YEAR)

HISTORY_MIN = int(Limit.HISTORY_DAYS_MIN)
SPIKE_PERCENT, SPIKE_FLOOR = int(Limit.SPIKE_PERCENT), int(Limit.SPIKE_FLOOR_WATTS)
HIGH_PERCENT, HIGH_FLOOR = int(Limit.HIGH_PERCENT), int(Limit.HIGH_FLOOR_WH)
LOW_PERCENT, LOW_FLOOR = int(Limit.LOW_PERCENT), int(Limit.LOW_FLOOR_WH)
FLAT_SLOTS, ZERO_SLOTS = int(Limit.FLAT_RUN_MINUTES), int(Limit.ZERO_RUN_MINUTES)
VACANT_FLOOR, INACTIVE_FLOOR = int(Limit.VACANT_FLOOR_WH), int(Limit.INACTIVE_FLOOR_WH)
TOLERANCE_WH, TOLERANCE_PERCENT = (
    int(Limit.REGISTER_TOLERANCE_WH),
    int(Limit.REGISTER_TOLERANCE_PERCENT),
)
FACTOR, FACTOR_DAYS, FACTOR_FLOOR = (
    int(Limit.MULTIPLIER_FACTOR),
    int(Limit.MULTIPLIER_DAYS),
    int(Limit.MULTIPLIER_FLOOR_WH),
)
OWN_PERCENT, BEST_PERCENT = int(Limit.DRIFT_OWN_PERCENT), int(Limit.DRIFT_BEST_PERCENT)
DRIFT_HOURS, DRIFT_FLOOR = int(Limit.DRIFT_HOURS), int(Limit.DRIFT_FLOOR_WH)
SWAPPED_FLOOR = int(Limit.SWAPPED_FLOOR_WH)
FROZEN_SLOTS, FROZEN_PERCENT = int(Limit.FROZEN_MINUTES), int(Limit.FROZEN_PERCENT)
FROZEN_READINGS, CHANGES = int(Limit.FROZEN_READINGS), int(Limit.TWICE_CHANGES)
LATE_DAYS = int(Limit.LATE_DAYS)


@compiled
def _third_highest(row: Any) -> Any:
    first = second = third = LOWEST
    for place in range(row.shape[0]):
        value = np.int64(row[place])
        if value == MISSING or value <= third:
            continue
        if value > first:
            first, second, third = value, first, second
        elif value > second:
            second, third = value, second
        else:
            third = value
    return third


@compiled
def _longest_runs(row: Any) -> Any:
    """Longest run of one value above or below zero, and of zero."""
    flat = zero = run = 0
    before = MISSING
    for place in range(row.shape[0]):
        value = row[place]
        run = run + 1 if value == before else 1
        before = value
        if value == MISSING:
            continue
        if value == 0:
            zero = max(zero, run)
        else:
            flat = max(flat, run)
    return flat, zero


@compiled
def _best_move(hours: Any, usual: Any, twice: Any, most: Any) -> Any:
    """The move of the clock by which the hours fit best: hours later, and how far off then.

    ``twice`` is room for two usual days one after the other, so that a moved day is one stretch.
    """
    for hour in range(HOURS):
        twice[hour] = usual[hour]
        twice[hour + HOURS] = usual[hour]
    best, move = LOWEST, 0
    for size in range(1, most + 1):
        for sign in (1, -1):
            begin = (HOURS - sign * size) % HOURS
            off = np.int64(0)
            for hour in range(HOURS):
                off += abs(hours[hour] - twice[begin + hour])
            if best == LOWEST or off < best:
                best, move = off, sign * size
    return move, best


@compiled
def _is_frozen(row: Any, energy: Any, missing: Any, tail: Any, limit: Any) -> Any:
    """Whether the last interval before a long silence holds what the silent ones lack."""
    others = row.shape[0] - missing - 1
    if tail < limit[FROZEN_SLOTS] or others < 4:
        return False
    last = np.int64(row[row.shape[0] - 1 - tail])
    highest = LOWEST
    for place in range(row.shape[0] - 1 - tail):
        if row[place] != MISSING and row[place] > highest:
            highest = np.int64(row[place])
    return (
        last > 0
        and (last - highest) * 100 > limit[SPIKE_PERCENT] * highest
        and last * 100 * others >= limit[FROZEN_PERCENT] * (tail + 1) * (energy - last)
    )


@compiled
def _is_swapped(energy: Any, usual: Any, received: Any, usual_received: Any, floor: Any) -> Any:
    return (
        abs(usual - usual_received) > floor
        and 2 * abs(energy - usual_received) < abs(energy - usual)
        and 2 * abs(received - usual) < abs(received - usual_received)
    )


@compiled
def _is_beyond(figure: Any) -> Any:
    return figure > LARGEST or (figure < -LARGEST and figure != NOT_KNOWN)


@compiled
def _sum_hours(row: Any, per_hour: Any, hours: Any) -> None:
    """Energy by hour of the clock; quarter-hours without an inner loop."""
    if per_hour == 4:
        for hour in range(HOURS):
            at = 4 * hour
            first = np.int64(row[at]) + np.int64(row[at + 1])
            hours[hour] = first + np.int64(row[at + 2]) + np.int64(row[at + 3])
        return
    for hour in range(HOURS):
        one = np.int64(0)
        for j in range(hour * per_hour, (hour + 1) * per_hour):
            one += row[j]
        hours[hour] = one


@compiled
def check_rows(
    value: Any,
    key: Any,
    limits: Any,
    made: Any,
    due: Any,
    plain_day: Any,
    plain_hours: Any,
    source: Any,
    state: Any,
    multiplier: Any,
    register_wh: Any,
    installed_days: Any,
    location_wh: Any,
    received_wh: Any,
    readings_sent: Any,
    at_one_time: Any,
    late_days: Any,
    days: Any,
    day_wh: Any,
    hour_wh: Any,
    usual_received: Any,
    recent: Any,
    years: Any,
    found: Any,
    energy_wh: Any,
    missing_count: Any,
    highest: Any,
    third: Any,
    negative: Any,
    flat_slots: Any,
    zero_slots: Any,
    tail_slots: Any,
    moved: Any,
    off_wh: Any,
    best_off_wh: Any,
    marks: Any,
) -> Any:
    """Check every row, and write bits and evidence into the arrays after ``years``.

    ``value`` Int32 [N x W]; ``key`` Int64 [W] weights of the mark; ``limits`` as in the
    terms, with minutes as slots and watts as watt-hours of an interval; ``due`` slots of the day,
    ``plain_day`` slots of 24 hours, ``plain_hours`` whether hours compare. Evidence comes blank,
    and what would be zero is not written. Returns how many figures are beyond all meters.
    """
    beyond = 0
    width = value.shape[1]
    per_hour = width // HOURS
    hours = np.zeros(HOURS, np.int64)
    twice = np.zeros(2 * HOURS, np.int64)
    for i in range(value.shape[0]):
        row = value[i]
        limit = limits[source[i]]
        bits = 0
        total = np.int64(0)
        mark = np.int64(0)
        lowest = row[0]
        most = row[0]
        for j in range(width):
            total += row[j]
            mark += row[j] * key[j]
            lowest = min(lowest, row[j])
            most = max(most, row[j])
        same = 0
        for j in range(1, width):
            same += row[j] == row[j - 1]

        missing = 0
        below = 0
        tail = 0
        if lowest == MISSING:
            for j in range(width):
                missing += row[j] == MISSING
            total -= np.int64(MISSING) * missing
            while tail < width and row[width - 1 - tail] == MISSING:
                tail += 1
            bits |= GAP
            if _is_frozen(row, total, missing, tail, limit):
                bits |= FROZEN
        if lowest < 0:
            for j in range(width):
                below += (row[j] < 0) & (row[j] != MISSING)
            if below > 0 and state[i] & NET == 0:
                bits |= NEGATIVE
        complete = missing == 0

        third_wh = np.int64(0)
        if most > limit[SPIKE_FLOOR] and width - missing >= 3:
            third_wh = _third_highest(row)
            if (most - third_wh) * 100 > limit[SPIKE_PERCENT] * third_wh:
                bits |= SPIKE

        flat, zero = 0, 0
        if same + 1 >= min(limit[FLAT_SLOTS], limit[ZERO_SLOTS]):
            flat, zero = _longest_runs(row)
            if flat >= limit[FLAT_SLOTS]:
                bits |= FLAT
            if zero >= limit[ZERO_SLOTS] and state[i] & (VACANT | INACTIVE | GENERATES) == 0:
                bits |= ZERO

        if state[i] & VACANT and total > limit[VACANT_FLOOR]:
            bits |= VACANT_USE
        if state[i] & INACTIVE and total > limit[INACTIVE_FLOOR]:
            bits |= INACTIVE_USE

        off = np.int64(-1)
        best = np.int64(0)
        move = 0
        known = days[i] >= limit[HISTORY_MIN]
        if known:
            usual = day_wh[i]
            if total * 100 > limit[HIGH_PERCENT] * usual and total - usual > limit[HIGH_FLOOR]:
                bits |= HIGH
            if (
                complete
                and usual > 0
                and total * 100 < limit[LOW_PERCENT] * usual
                and usual - total > limit[LOW_FLOOR]
            ):
                bits |= LOW
            if complete and plain_hours:
                off = np.int64(0)
                _sum_hours(row, per_hour, hours)
                usual_total = np.int64(0)
                for hour in range(HOURS):
                    off += abs(hours[hour] - hour_wh[i, hour])
                    usual_total += hour_wh[i, hour]
                if (  # a moved day is off by the difference of the totals at least
                    total > limit[DRIFT_FLOOR]
                    and off * 100 >= limit[OWN_PERCENT] * total
                    and abs(total - usual_total) * 100 <= limit[BEST_PERCENT] * off
                ):
                    move, best = _best_move(hours, hour_wh[i], twice, limit[DRIFT_HOURS])
                    if move != 0 and best * 100 <= limit[BEST_PERCENT] * off:
                        bits |= DRIFT

        if complete and register_wh[i] != NOT_KNOWN:
            apart = abs(total - register_wh[i])
            if apart > limit[TOLERANCE_WH] * multiplier[i] and apart * 100 > limit[
                TOLERANCE_PERCENT
            ] * abs(register_wh[i]):
                bits |= REGISTER

        if (
            0 <= installed_days[i] <= limit[FACTOR_DAYS]
            and location_wh[i] != NOT_KNOWN
            and location_wh[i] > limit[FACTOR_FLOOR]
            and (
                total >= limit[FACTOR] * location_wh[i]
                or (complete and total * limit[FACTOR] <= location_wh[i])
            )
        ):
            bits |= MULTIPLIER

        if received_wh[i] != NOT_KNOWN and (
            (received_wh[i] > limit[SWAPPED_FLOOR] and state[i] & GENERATES == 0)
            or (
                known
                and complete
                and usual_received[i] != NOT_KNOWN
                and _is_swapped(
                    total, day_wh[i], received_wh[i], usual_received[i], limit[SWAPPED_FLOOR]
                )
            )
        ):
            bits |= SWAPPED

        sent = readings_sent[i]
        if width != due or (sent >= 0 and (sent > due or (sent == plain_day and sent != due))):
            bits |= LENGTH
        if at_one_time[i] >= limit[FROZEN_READINGS]:
            bits |= FROZEN

        if width - 1 - same >= limit[CHANGES]:
            for k in range(recent.shape[1]):
                if recent[i, k] == mark:
                    bits |= TWICE
            for k in range(years.shape[1]):
                if years[i, k] == mark:
                    bits |= YEAR
        if late_days[i] != NO_DAYS and (late_days[i] > limit[LATE_DAYS] or late_days[i] < 0):
            bits |= YEAR

        beyond += _is_beyond(register_wh[i]) + _is_beyond(location_wh[i])
        beyond += _is_beyond(received_wh[i]) + _is_beyond(usual_received[i])
        beyond += abs(day_wh[i]) > LARGEST
        beyond += multiplier[i] <= 0

        bits &= made[source[i]]
        energy_wh[i] = total
        off_wh[i] = off
        marks[i] = mark
        if missing > 0:
            missing_count[i] = missing
            tail_slots[i] = tail
        if bits == 0:
            continue
        found[i] = bits
        if bits & SPIKE:
            highest[i] = most
            third[i] = third_wh
        if bits & NEGATIVE:
            negative[i] = below
        if bits & FLAT:
            flat_slots[i] = flat
        if bits & ZERO:
            zero_slots[i] = zero
        if bits & DRIFT:
            moved[i] = move
            best_off_wh[i] = best
    return beyond


@compiled
def hours_of(value: Any, rows: Any) -> Any:
    """Int64 [rows x 24] energy by hour of some rows of a day of plain hours."""
    hours = np.zeros((rows.shape[0], HOURS), np.int64)
    for at in range(rows.shape[0]):
        _sum_hours(value[rows[at]], value.shape[1] // HOURS, hours[at])
    return hours
