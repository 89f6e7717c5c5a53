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

ENERGY, PEAK = 1, 2
WHOLE, FIRST, OVER = 0, 1, 2
KIND, PERIOD, BLOCK, LIMIT, FACTOR, DIVISOR, TARIFF, FRESH = range(8)
EVERY = -1
_PER_KWH = 10_000_000  # rating.price.ENERGY_DIVISOR, as a constant of the compiled code
_HALVES = np.int64(2 * _PER_KWH)
_BELOW, _BEYOND = np.int64(13), np.int64(43)
_TIMES = np.int64(2 ** int(_BELOW + _BEYOND) // (2 * _PER_KWH))
SMALL = 2**44
"""Below it a division is a product and two shifts, eight at a time, where a division is alone: what
is shifted off below is less than a two-thousandth of the divisor, so the quotient is right or one
too little, which its remainder tells. The product stays below 2**63."""

_Cube = nb.types.Array(nb.int64, 3, "C", readonly=True)
_Table = nb.types.Array(nb.int64, 2, "C", readonly=True)
_Flags = nb.types.Array(nb.boolean, 2, "C", readonly=True)
_Sums = nb.types.Array(nb.int64, 2, "C")
_Line = nb.types.Array(nb.int64, 1, "C", readonly=True)
_Out = nb.types.Array(nb.int64, 1, "C")


@nb.njit(
    nb.void(_Cube, _Table, _Table, _Flags, nb.int64, nb.int64, _Out, _Out, _Out),
    nogil=True,
    cache=True,
)
def _quantity(
    energy_wh: Any,
    peak_wh: Any,
    lines: Any,
    parts: Any,
    line: int,
    begin: int,
    quantity: Any,
    total: Any,
    before: Any,
) -> None:
    """The quantity of a line, watt-hours or those of the highest hour, of some windows."""
    segments, periods, count = energy_wh.shape[0], energy_wh.shape[1], quantity.shape[0]
    kind, period, block = lines[line, KIND], lines[line, PERIOD], lines[line, BLOCK]
    if kind == PEAK:
        quantity[:] = -(2**62)
        for segment in range(segments):
            if parts[line, segment]:
                for row in range(count):
                    quantity[row] = max(quantity[row], peak_wh[segment, begin + row])
        return
    quantity[:] = 0
    for segment in range(segments):
        if parts[line, segment]:
            for each in range(periods):
                if period < 0 or each == period:
                    for row in range(count):
                        quantity[row] += energy_wh[segment, each, begin + row]
    if block == WHOLE:
        return
    limit = lines[line, LIMIT]
    total[:] = 0
    before[:] = 0
    for segment in range(segments):
        if parts[line, segment]:
            for each in range(periods):
                for row in range(count):
                    wh = energy_wh[segment, each, begin + row]
                    total[row] += wh
                    if each < period:
                        before[row] += wh
    for row in range(count):
        within = min(total[row], limit)
        first = within
        if period >= 0:
            weight = total[row] if total[row] != 0 else 1
            upto = within * (before[row] + quantity[row]) // weight
            if period == periods - 1:
                upto = within
            first = upto - within * before[row] // weight
        quantity[row] = first if block == FIRST else quantity[row] - first


@nb.njit(
    nb.void(_Cube, _Table, _Table, _Flags, nb.int64, nb.int64, nb.boolean, _Sums),
    nogil=True,
    cache=True,
)
def add_lines(
    energy_wh: Any,
    peak_wh: Any,
    lines: Any,
    parts: Any,
    begin: int,
    end: int,
    small: bool,
    cents: Any,
) -> None:
    """Add the cents of every line to the windows from ``begin`` until ``end``.

    ``energy_wh``  [segments x periods x N];  ``peak_wh`` [segments x N]
    ``lines``      [lines x 8] kind, period or -1, side of a block, its limit, factor, divisor,
                   whose tariff's it is or -1 for all, and 1 where its quantity is another than
                   that of the line before it
    ``parts``      [lines x segments] whose energy or demand a line takes
    ``small``      whether twice any product and its divisor together stay below ``SMALL``
    ``cents``      [tariffs x N]
    """
    count = end - begin
    quantity = np.zeros(count, np.int64)
    total = np.zeros(count, np.int64)
    before = np.zeros(count, np.int64)
    line_cents = np.zeros(count, np.int64)
    for line in range(lines.shape[0]):
        if lines[line, FRESH]:
            _quantity(energy_wh, peak_wh, lines, parts, line, begin, quantity, total, before)
        factor, divisor, tariff = lines[line, FACTOR], lines[line, DIVISOR], lines[line, TARIFF]
        if divisor == _PER_KWH and small:
            for row in range(count):
                product = quantity[row] * factor
                twice = 2 * abs(product) + _PER_KWH
                size = ((twice >> _BELOW) * _TIMES) >> _BEYOND
                size += np.int64(twice - size * _HALVES >= _HALVES)
                line_cents[row] = -size if product < 0 else size
        elif divisor == _PER_KWH:
            for row in range(count):
                product = quantity[row] * factor
                size = np.int64(np.uint64(2 * abs(product) + _PER_KWH) // np.uint64(2 * _PER_KWH))
                line_cents[row] = -size if product < 0 else size
        else:
            for row in range(count):
                product = quantity[row] * factor
                size = (2 * abs(product) + divisor) // (2 * divisor)
                line_cents[row] = -size if product < 0 else size
        if tariff == EVERY:
            for each in range(cents.shape[0]):
                for row in range(count):
                    cents[each, begin + row] += line_cents[row]
        else:
            for row in range(count):
                cents[tariff, begin + row] += line_cents[row]


@nb.njit(nb.void(_Line, nb.int64, nb.int64, nb.int64, nb.int64, _Out), nogil=True, cache=True)
def shares(cents: Any, top: int, bottom: int, times: int, beyond: int, found: Any) -> None:
    """``top / bottom`` of each sum, rounded once, halves away from zero.

    ``times`` is 2 to the power of ``beyond`` over twice ``bottom``, or 0 where a product with it
    could leave 64 bits.
    """
    halves = 2 * bottom
    if times:
        for row in range(cents.shape[0]):
            product = cents[row] * top
            twice = 2 * abs(product) + bottom
            size = (twice * times) >> beyond
            size += np.int64(twice - size * halves >= halves)
            found[row] = -size if product < 0 else size
        return
    for row in range(cents.shape[0]):
        product = cents[row] * top
        size = np.int64(np.uint64(2 * abs(product) + bottom) // np.uint64(halves))
        found[row] = -size if product < 0 else size
