"""Compiled sums of a plan's lines over many windows. Imported only where a population is priced.

Whole numbers only. Every product fits 64 bits: ``totals`` proves the bound before it calls. The
arithmetic is that of ``price``, which tests hold it to.

Lives here      the loops.
Lives elsewhere which lines can be summed so, and their figures (``totals``).
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

FIXED, ENERGY, PEAK = 0, 1, 2
WHOLE, FIRST, OVER = 0, 1, 2
KIND, PERIOD, BLOCK, LIMIT, FACTOR, DIVISOR = range(6)
_PER_KWH = 10_000_000  # rating.price.ENERGY_DIVISOR, as a constant of the compiled code

_Cube = nb.types.Array(nb.int64, 3, "C", readonly=True)
_Table = nb.types.Array(nb.int64, 2, "C", readonly=True)
_Flags = nb.types.Array(nb.boolean, 2, "C", readonly=True)
_Sums = nb.types.Array(nb.int64, 1, "C")


@nb.njit(nb.void(_Cube, _Table, _Table, _Flags, nb.int64, nb.int64, _Sums), nogil=True, cache=True)
def add_lines(
    energy_wh: Any, peak_wh: Any, lines: Any, parts: Any, begin: int, end: int, cents: Any
) -> None:
    """Add the cents of every line to the windows from ``begin`` until ``end``.

    ``energy_wh``  [segments x periods x N];  ``peak_wh`` [segments x N];  ``cents`` [N]
    ``lines``      [lines x 6] kind, period or -1, side of a block, its limit, factor, divisor
    ``parts``      [lines x segments] whose energy or demand a line takes
    """
    segments, periods = energy_wh.shape[0], energy_wh.shape[1]
    quantity = np.zeros(end - begin, np.int64)
    total = np.zeros(end - begin, np.int64)
    before = np.zeros(end - begin, np.int64)
    for line in range(lines.shape[0]):
        kind, period, block = lines[line, KIND], lines[line, PERIOD], lines[line, BLOCK]
        factor, divisor = lines[line, FACTOR], lines[line, DIVISOR]
        if kind == FIXED:
            product = np.int64(factor)
            size = (2 * abs(product) + divisor) // (2 * divisor)
            one = -size if product < 0 else size
            for row in range(end - begin):
                cents[begin + row] += one
            continue
        quantity[:] = 0
        if kind == PEAK:
            quantity[:] = -(2**62)
            for segment in range(segments):
                if parts[line, segment]:
                    for row in range(end - begin):
                        quantity[row] = max(quantity[row], peak_wh[segment, begin + row])
        else:
            for segment in range(segments):
                if parts[line, segment]:
                    for each in range(periods):
                        if period < 0 or each == period:
                            for row in range(end - begin):
                                quantity[row] += energy_wh[segment, each, begin + row]
        if block != WHOLE:
            limit = lines[line, LIMIT]
            total[:] = 0
            before[:] = 0
            for segment in range(segments):
                if parts[line, segment]:
                    for each in range(periods):
                        for row in range(end - begin):
                            wh = energy_wh[segment, each, begin + row]
                            total[row] += wh
                            if each < period:
                                before[row] += wh
            for row in range(end - begin):
                within = min(total[row], limit)
                first = within
                if period >= 0:
                    weight = total[row] if total[row] != 0 else 1
                    upto = within * (before[row] + quantity[row]) // weight
                    if period == periods - 1:
                        upto = within
                    first = upto - within * before[row] // weight
                quantity[row] = first if block == FIRST else quantity[row] - first
        if divisor == _PER_KWH:
            for row in range(end - begin):
                product = quantity[row] * factor
                size = np.int64(np.uint64(2 * abs(product) + _PER_KWH) // np.uint64(2 * _PER_KWH))
                cents[begin + row] += -size if product < 0 else size
        else:
            for row in range(end - begin):
                product = quantity[row] * factor
                size = (2 * abs(product) + divisor) // (2 * divisor)
                cents[begin + row] += -size if product < 0 else size
