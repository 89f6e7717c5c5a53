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
    clean = np.empty(values.shape[1], np.int64)
    for meter in range(values.shape[0]):
        line = values[meter]
        row = rows[meter]
        told = np.int64(0)
        for day in range(segments.shape[0]):
            if not (everything or counts[meter, day]):
                continue
            segment = segments[day]
            some = np.int32(0)
            for slot in range(slots[day], slots[day + 1]):
                value = line[slot]
                there = value != _MISSING
                clean[slot] = np.int64(value) if there else np.int64(0)
                some += np.int32(there)
            told += some
            for place in range(places_from[day], places_from[day + 1]):
                total = np.int64(0)
                for slot in range(places[place, 0], places[place, 1]):
                    total += clean[slot]
                energy_wh[row, segment, places[place, 2]] += total * factor
            highest = np.int64(0)
            for run in range(hours_from[day], hours_from[day + 1]):
                first = hours[run, 0]
                if per_hour == _QUARTERS:  # the common case, without an inner loop
                    for hour in range((hours[run, 1] - first) // _QUARTERS):
                        at = first + _QUARTERS * hour
                        total = clean[at] + clean[at + 1] + clean[at + 2] + clean[at + 3]
                        highest = max(highest, total)
                else:
                    for at in range(first, hours[run, 1], per_hour):
                        total = np.int64(0)
                        for slot in range(at, at + per_hour):
                            total += clean[slot]
                        highest = max(highest, total)
            peak_wh[row, segment] = max(peak_wh[row, segment], highest * factor)
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
