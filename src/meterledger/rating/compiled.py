"""Compiled sums over stored meter-days. Imported only where a population is summed.

Whole numbers only. Every product and sum fits 64 bits: ``population`` proves the bound before it
calls. A twin in plain NumPy (tests/rooms/rating) gives the same on any input.

Lives here      the loops.
Lives elsewhere which slots belong to which period and hour (``population``).
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

_MISSING = np.int32(-(2**31))  # facts.usage.MISSING_VALUE, as a constant of the compiled code
_index = np.uintp
_NONE, _ONE, _TWO, _THREE, _FOUR = (_index(number) for number in range(5))
"""Places are unsigned: a signed one would be looked at each time, whether it counts from the end.
No part of an array gets a name in the loops either: that would count its users, across threads."""
_SMALL, _FEW = 2**20, 2**11 - 1
"""So many values below that size add up to less than 2**31, whatever their signs."""

_Values = nb.types.Array(nb.int32, 2, "C", readonly=True)
_Masks = nb.types.Array(nb.int32, 3, "C", readonly=True)
_Codes = nb.types.Array(nb.int8, 2, "C", readonly=True)
_Flags = nb.types.Array(nb.boolean, 2, "C", readonly=True)
_Line = nb.types.Array(nb.int64, 1, "C", readonly=True)
_Table = nb.types.Array(nb.int64, 2, "C", readonly=True)
_Counts = nb.types.Array(nb.int32, 1, "C")
_Table64 = nb.types.Array(nb.int64, 2, "C")
_Cube64 = nb.types.Array(nb.int64, 3, "C")


@nb.njit(
    nb.void(
        _Values, _Line, _Flags, nb.int64,
        _Line, _Line, _Line, _Masks, _Table, _Line, nb.int64,
        _Cube64, _Table64, _Counts,
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def add_days(
    values: Any,
    rows: Any,
    counts: Any,
    factor: int,
    slots: Any,
    segments: Any,
    kinds: Any,
    masks: Any,
    hours: Any,
    hours_from: Any,
    per_hour: int,
    energy_wh: Any,
    peak_wh: Any,
    present: Any,
) -> None:
    """Add the days that count to each meter's sums, its highest hour and its count of values.

    ``values``     Int32 [M x columns];  ``rows`` [M];  ``counts`` [M x days], or [0 x 0] for all
    ``factor``     watt-hours of a value of 1
    ``slots``      [days + 1] first column of each day;  ``segments`` [days];  ``kinds`` [days]
    ``masks``      Int32 [kinds x periods x slots] -1 where the slot is in the period, else 0
    ``hours``      [H x 2] columns from, until of hours that count, ``per_hour`` columns each
    ``hours_from`` [days + 1] into it
    ``energy_wh``  [N x segments x periods];  ``peak_wh`` [N x segments];  ``present`` [N]
    """
    everything = counts.shape[0] == 0
    small = np.empty(values.shape[1], np.int32)
    hour_slots = _index(per_hour)
    for meter in range(_index(values.shape[0])):
        row = _index(rows[meter])
        told = np.int32(0)
        for day in range(_index(segments.shape[0])):
            if not (everything or counts[meter, day]):
                continue
            segment, kind, begin = _index(segments[day]), _index(kinds[day]), _index(slots[day])
            width = _index(slots[day + _ONE]) - begin
            some, bits, whole = np.int32(0), np.int32(0), np.int32(0)
            for slot in range(width):
                value = values[meter, begin + slot]
                there = value != _MISSING
                kept = value if there else np.int32(0)
                small[slot] = kept
                some += np.int32(there)
                whole += kept
                bits |= kept ^ (kept >> np.int32(31))
            told += some
            if bits < _SMALL and width <= _FEW:
                # No sum of the day reaches 2**31: half the bits do, and twice as many at a time.
                for period in range(_ONE, _index(masks.shape[1])):
                    total = np.int32(0)
                    for slot in range(width):
                        total += small[slot] & masks[kind, period, slot]
                    whole -= total
                    energy_wh[row, segment, period] += np.int64(total) * factor
                energy_wh[row, segment, _NONE] += np.int64(whole) * factor
                highest = np.int32(0)
                for run in range(_index(hours_from[day]), _index(hours_from[day + _ONE])):
                    first = _index(hours[run, _NONE]) - begin
                    count = (_index(hours[run, _ONE]) - begin - first) // hour_slots
                    if hour_slots == _FOUR:  # the common case, without an inner loop
                        for hour in range(count):
                            at = first + _FOUR * hour
                            total = small[at] + small[at + _ONE]
                            total += small[at + _TWO] + small[at + _THREE]
                            highest = max(highest, total)
                    else:
                        for hour in range(count):
                            total = np.int32(0)
                            for slot in range(hour_slots):
                                total += small[first + hour * hour_slots + slot]
                            highest = max(highest, total)
                peak_wh[row, segment] = max(peak_wh[row, segment], np.int64(highest) * factor)
            else:
                for period in range(_index(masks.shape[1])):
                    wide = np.int64(0)
                    for slot in range(width):
                        wide += np.int64(small[slot] & masks[kind, period, slot])
                    energy_wh[row, segment, period] += wide * factor
                most = peak_wh[row, segment]
                for run in range(_index(hours_from[day]), _index(hours_from[day + _ONE])):
                    first = _index(hours[run, _NONE]) - begin
                    for hour in range((_index(hours[run, _ONE]) - begin - first) // hour_slots):
                        wide = np.int64(0)
                        for slot in range(hour_slots):
                            wide += np.int64(small[first + hour * hour_slots + slot])
                        most = max(most, wide * factor)
                peak_wh[row, segment] = most
        present[row] += told


@nb.njit(
    nb.void(
        _Values, _Line, _Flags, nb.int64, _Line, _Line, _Table, _Line, nb.int64, _Table64
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def add_highest(
    values: Any,
    rows: Any,
    counts: Any,
    factor: int,
    slots: Any,
    segments: Any,
    windows: Any,
    windows_from: Any,
    per_window: int,
    highest_wh: Any,
) -> None:
    """Raise each meter's highest window of a demand to that of the days. Shapes as ``add_days``.

    ``windows``      [H x 2] columns from, until of windows that count, ``per_window`` columns each
    ``windows_from`` [days + 1] into it;  ``highest_wh`` [N x segments]
    """
    everything = counts.shape[0] == 0
    width = _index(per_window)
    for meter in range(_index(values.shape[0])):
        row = _index(rows[meter])
        for day in range(_index(segments.shape[0])):
            if not (everything or counts[meter, day]):
                continue
            segment = _index(segments[day])
            most = highest_wh[row, segment]
            for run in range(_index(windows_from[day]), _index(windows_from[day + _ONE])):
                first = _index(windows[run, _NONE])
                for window in range((_index(windows[run, _ONE]) - first) // width):
                    total = np.int64(0)
                    for slot in range(width):
                        value = values[meter, first + window * width + slot]
                        total += np.int64(value) if value != _MISSING else np.int64(0)
                    most = max(most, total * factor)
            highest_wh[row, segment] = most


@nb.njit(
    nb.void(_Values, _Codes, _Codes, _Line, _Flags, _Line, nb.int64, nb.int64, _Counts),
    nogil=True,
    cache=True,
)
def count_estimated(
    values: Any,
    quality: Any,
    method: Any,
    rows: Any,
    counts: Any,
    slots: Any,
    estimated: int,
    substituted: int,
    found: Any,
) -> None:
    """Count each meter's values that were not measured, on days that count. Shapes as above.

    ``estimated`` and ``substituted`` are codes of quality; a method other than 0 counts too.
    """
    everything = counts.shape[0] == 0
    for meter in range(values.shape[0]):
        some = np.int32(0)
        for day in range(slots.shape[0] - 1):
            if everything or counts[meter, day]:
                for slot in range(slots[day], slots[day + 1]):
                    code = quality[meter, slot]
                    made = method[meter, slot] != 0 or code in (estimated, substituted)
                    some += np.int32(made and values[meter, slot] != _MISSING)
        found[rows[meter]] += some
