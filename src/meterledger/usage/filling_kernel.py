"""The compiled interval ladder: gaps found, filled from a day, or by a flat line.

Lives here      loops over gaps. A gap is a run of slots without a value inside one row.
Lives elsewhere which days, in which order (``filling_plan``), the arrays (``filling``).
Read first      filling.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from meterledger.usage.compiled import compiled
from meterledger.usage.validation_facts import NOT_KNOWN

MISSING = np.int32(-(2**31))
LARGEST = 2**31 - 1


@compiled
def find_gaps_in_rows(value: Any, at: Any, first: Any, until: Any) -> Any:
    """Write each gap's row, first slot and end; returns how many there are."""
    width = value.shape[1]
    count = 0
    for i in range(value.shape[0]):
        j = 0
        while j < width:
            if value[i, j] != MISSING:
                j += 1
                continue
            begin = j
            while j < width and value[i, j] == MISSING:
                j += 1
            at[count], first[count], until[count] = i, begin, j
            count += 1
    return count


@compiled
def count_gaps_in_rows(value: Any) -> Any:
    """How many gaps there are."""
    count = 0
    for i in range(value.shape[0]):
        before = False
        for j in range(value.shape[1]):
            none = value[i, j] == MISSING
            count += none and not before
            before = none
    return count


@compiled
def _is_measured(quality: Any, method: Any, sound: Any, row: Any, slot: Any) -> Any:
    """Whether a value that is there was received, and is not doubted."""
    if quality.shape[0] > 0 and not sound[quality[row, slot]]:
        return False
    return method.shape[0] == 0 or method[row, slot] == 0


@compiled
def fill_from_day(
    value: Any,
    method: Any,
    rows: Any,
    at: Any,
    first: Any,
    until: Any,
    how: Any,
    source: Any,
    energy: Any,
    still: Any,
    count: Any,
    past: Any,
    past_quality: Any,
    past_method: Any,
    sound: Any,
    slots: Any,
    code: Any,
    day: Any,
) -> Any:
    """Fill the gaps listed in ``still`` whose every slot was measured on the past day.

    Returns how many remain, listed anew in ``still``.
    """
    left = 0
    plain = past_quality.shape[0] == 0 and past_method.shape[0] == 0
    for k in range(count):
        gap = still[k]
        i = at[gap]
        row = rows[i]
        line, into = past[row], value[i]
        total = np.int64(0)
        begin, end = first[gap], until[gap]
        place = begin
        while place < end:
            slot = slots[place]
            if slot < 0 or line[slot] == MISSING:
                break
            if not plain and not _is_measured(past_quality, past_method, sound, row, slot):
                break
            into[place] = line[slot]
            total += line[slot]
            place += 1
        if place < end:
            into[begin:place] = MISSING
            still[left] = gap
            left += 1
            continue
        method[i, begin:end] = code
        how[gap], source[gap], energy[gap] = code, day, total
    return left


@compiled
def fill_flat(
    value: Any,
    method: Any,
    rows: Any,
    at: Any,
    first: Any,
    until: Any,
    how: Any,
    energy: Any,
    basis: Any,
    still: Any,
    count: Any,
    register_wh: Any,
    quality: Any,
    given_method: Any,
    sound: Any,
    code: Any,
) -> Any:
    """Fill gaps by a flat line: the register's rest evenly, else the level measured beside them.

    Returns how many remain, listed anew in ``still``.
    """
    left = 0
    k = 0
    while k < count:
        i = at[still[k]]
        end = k
        slots = np.int64(0)
        while end < count and at[still[end]] == i:
            slots += until[still[end]] - first[still[end]]
            end += 1
        known = register_wh[rows[i]] != NOT_KNOWN
        rest = np.int64(0)
        if known:
            rest = register_wh[rows[i]]
            for j in range(value.shape[1]):
                if value[i, j] != MISSING:
                    rest -= value[i, j]
        run = np.int64(0)
        given = np.int64(0)
        for place in range(k, end):
            gap = still[place]
            if known:
                level = np.int64(-1)
                works = rest >= 0 and rest // slots < LARGEST
            else:
                level = _level_beside(
                    value, quality, given_method, sound, i, rows[i], first[gap], until[gap]
                )
                works = level >= 0
            if not works:
                still[left] = gap
                left += 1
                continue
            total = np.int64(0)
            for j in range(first[gap], until[gap]):
                one = level
                if known:
                    run += 1
                    upto = _share(rest, run, slots)
                    one = upto - given
                    given = upto
                value[i, j] = one
                method[i, j] = code
                total += one
            how[gap], energy[gap] = code, total
            basis[gap] = rest if known else level
        k = end
    return left


@compiled
def _share(rest: Any, run: Any, slots: Any) -> Any:
    """``rest * run // slots`` without leaving 64 bits."""
    return (rest // slots) * run + (rest % slots) * run // slots


@compiled
def _level_beside(
    value: Any,
    quality: Any,
    method: Any,
    sound: Any,
    i: Any,
    row: Any,
    first: Any,
    until: Any,
) -> Any:
    """The value just before a gap, else just after it, if it was measured; -1 if neither was."""
    for which in range(2):
        slot = np.int64(first) - 1 if which == 0 else np.int64(until)
        if slot < 0 or slot >= value.shape[1]:
            continue
        if _is_measured(quality, method, sound, row, slot):
            return np.int64(value[i, slot])
    return np.int64(-1)
