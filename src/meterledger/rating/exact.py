"""Exact whole-number arithmetic on columns: bounds proved before 64 bits, Python integers beyond.

Lives here      multiply-then-divide with half-up or downward rounding, and sharing by weights.
Lives elsewhere the same for one number: ``kernel/rounding``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.facts.usage import Int64Array
from meterledger.kernel.ensure import ensure

SAFE = 2**62
"""Products below this cannot overflow 64 bits even when doubled once."""


def multiply_divide_half_up(whole: Int64Array, factor: int, divisor: int) -> Int64Array:
    """``whole * factor / divisor`` rounded to whole numbers, halves away from zero. Shape kept.

    :raises InvariantBroken: if the divisor is not positive, or a result exceeds 64 bits
    """
    ensure(divisor > 0, "a divisor is positive")
    wide = _wide(whole, factor, 2 * divisor)
    product = wide * factor
    magnitude = (2 * abs(product) + divisor) // (2 * divisor)
    return narrow(np.where(product < 0, -magnitude, magnitude))


def multiply_divide_down(whole: Int64Array, factor: int, divisor: int) -> Int64Array:
    """``whole * factor / divisor`` rounded down to whole numbers: a limit gives no more than that.

    :raises InvariantBroken: if the divisor is not positive, or a result exceeds 64 bits
    """
    ensure(divisor > 0, "a divisor is positive")
    wide = _wide(whole, factor, 2 * divisor)
    return narrow(np.asarray((wide * factor) // divisor))


def share_by_weights(total: Int64Array, weights: Int64Array) -> Int64Array:
    """Share each total [N] over its row of weights [N x K] into whole parts that sum to it.

    Part k ends at the floor of the running share, as ``kernel.rounding.share_whole`` does for one
    number; a row whose weights are all zero gives everything to its last part.

    :raises InvariantBroken: if a weight or a total is negative
    """
    ensure(bool((weights >= 0).all()) and bool((total >= 0).all()), "shares are of what is there")
    if total.size == 0:
        return np.zeros(weights.shape, dtype=np.int64)
    wide_weights: npt.NDArray[Any] = weights
    if int(total.max()) * max(1, int(weights.sum(axis=1, dtype=object).max())) >= SAFE:
        wide_weights = weights.astype(object)
    running = np.cumsum(wide_weights, axis=1)
    weight_sum = running[:, -1:]
    upto = (total[:, None] * running) // np.where(weight_sum == 0, 1, weight_sum)
    upto[:, -1] = total
    return narrow(np.diff(upto, axis=1, prepend=0))


def _wide(whole: Int64Array, factor: int, headroom: int) -> npt.NDArray[Any]:
    # At least 1, so that a factor that does not fit in 64 bits never meets a column of zeros.
    largest = max(1, abs(int(whole.max())), abs(int(whole.min()))) if whole.size else 1
    return whole if 2 * largest * abs(factor) + headroom < SAFE else whole.astype(object)


def narrow(exact: npt.NDArray[Any]) -> Int64Array:
    """The column in 64 bits. :raises InvariantBroken: if a number does not fit."""
    if exact.dtype != object:
        return exact.astype(np.int64, copy=False)
    ensure(all(abs(int(number)) < 2**63 for number in exact.flat), "a result fits in 64 bits")
    return exact.astype(np.int64)
