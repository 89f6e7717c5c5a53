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
_QUARTERS = 4
_SMALL, _FEW = 2**20, 2**11 - 1
"""So many values below that size add up to less than 2**31, whatever their signs."""

_Values = nb.types.Array(nb.int32, 2, "C", readonly=True)
_Codes = nb.types.Array(nb.int8, 2, "C", readonly=True)
_Flags = nb.types.Array(nb.boolean, 2, "C", readonly=True)
_Line = nb.types.Array(nb.int64, 1, "C", readonly=True)
_Table = nb.types.Array(nb.int64, 2, "C", readonly=True)
_Line64 = nb.types.Array(nb.int64, 1, "C")
_Table64 = nb.types.Array(nb.int64, 2, "C")
_Cube64 = nb.types.Array(nb.int64, 3, "C")


@nb.njit(
    nb.void(
        _Values, _Line, _Flags, nb.int64,
        _Line, _Line, _Table, _Line, _Table, _Line, nb.int64,
        _Cube64, _Table64, _Line64,
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
    places: Any,
    places_from: Any,
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
    ``slots``      [days + 1] first column of each day;  ``segments`` [days]
    ``places``     [K x 3] columns from, until, and period; ``places_from`` [days + 1] into it
    ``hours``      [H x 2] columns from, until of hours that count, ``per_hour`` columns each
    ``energy_wh``  [N x segments x periods];  ``peak_wh`` [N x segments];  ``present`` [N]
    """
    everything = counts.shape[0] == 0
    small = np.empty(values.shape[1], np.int32)
    for meter in range(values.shape[0]):
        line = values[meter]
        row = rows[meter]
        told = np.int64(0)
        for day in range(segments.shape[0]):
            if not (everything or counts[meter, day]):
                continue
            segment = segments[day]
            begin = slots[day]
            of_day = line[begin : slots[day + 1]]
            clean = small[: of_day.shape[0]]
            some, bits = np.int32(0), np.int32(0)
            for slot in range(of_day.shape[0]):
                value = of_day[slot]
                there = value != _MISSING
                kept = value if there else np.int32(0)
                clean[slot] = kept
                some += np.int32(there)
                bits |= kept ^ (kept >> np.int32(31))
            told += some
            if bits < _SMALL and clean.shape[0] <= _FEW:
                # No sum of the day reaches 2**31: half the bits do, and twice as many at a time.
                for place in range(places_from[day], places_from[day + 1]):
                    part = clean[places[place, 0] - begin : places[place, 1] - begin]
                    total = np.int32(0)
                    for slot in range(part.shape[0]):
                        total += part[slot]
                    energy_wh[row, segment, places[place, 2]] += np.int64(total) * factor
                highest = np.int32(0)
                for run in range(hours_from[day], hours_from[day + 1]):
                    part = clean[hours[run, 0] - begin : hours[run, 1] - begin]
                    if per_hour == _QUARTERS:  # the common case, without an inner loop
                        for hour in range(part.shape[0] // _QUARTERS):
                            at = _QUARTERS * hour
                            total = part[at] + part[at + 1] + part[at + 2] + part[at + 3]
                            highest = max(highest, total)
                    else:
                        for hour in range(part.shape[0] // per_hour):
                            total = np.int32(0)
                            for slot in range(hour * per_hour, (hour + 1) * per_hour):
                                total += part[slot]
                            highest = max(highest, total)
                peak_wh[row, segment] = max(peak_wh[row, segment], np.int64(highest) * factor)
            else:
                for place in range(places_from[day], places_from[day + 1]):
                    wide = np.int64(0)
                    for slot in range(places[place, 0] - begin, places[place, 1] - begin):
                        wide += np.int64(clean[slot])
                    energy_wh[row, segment, places[place, 2]] += wide * factor
                most = peak_wh[row, segment]
                for run in range(hours_from[day], hours_from[day + 1]):
                    for first in range(hours[run, 0] - begin, hours[run, 1] - begin, per_hour):
                        wide = np.int64(0)
                        for slot in range(first, first + per_hour):
                            wide += np.int64(clean[slot])
                        most = max(most, wide * factor)
                peak_wh[row, segment] = most
        present[row] += told


@nb.njit(
    nb.void(_Values, _Codes, _Codes, _Line, _Flags, _Line, nb.int64, nb.int64, _Line64),
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
        some = np.int64(0)
        for day in range(slots.shape[0] - 1):
            if everything or counts[meter, day]:
                for slot in range(slots[day], slots[day + 1]):
                    code = quality[meter, slot]
                    made = method[meter, slot] != 0 or code in (estimated, substituted)
                    some += np.int64(made and values[meter, slot] != _MISSING)
        found[rows[meter]] += some
