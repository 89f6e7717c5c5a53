"""Making intervals and register agree: only estimates move, and to the watt-hour.

Lives here      scaling a period's estimated intervals to what the register leaves for them.
Lives elsewhere making the estimates (``filling``), whether a register's difference can be right
                (``metering``).
Read first      facts/estimates.py: ``ADJUSTED_TO_REGISTER``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.facts.estimates import Method
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import share_whole
from meterledger.usage.validation_facts import Int8Array, Int32Array

MOVABLE = (
    Method.SAME_DAY,
    Method.LIKE_DAY,
    Method.FLAT_LINE,
    Method.ADJUSTED_TO_REGISTER,
)
"""Interval estimates of this room. What a person or a customer stated is not moved."""


class RegisterCannotAgree(Refusal):
    """Intervals and register cannot be made to agree by moving estimates."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """Intervals that sum to the register's difference.

    ``value``   Int32 [slots]; ``method`` Int8 [slots], ``ADJUSTED_TO_REGISTER`` where moved
    ``moved_wh``  the register's difference less the sum as it was
    """

    value: Int32Array
    method: Int8Array
    moved_wh: int


def agree_with_register(value: Int32Array, method: Int8Array, register_wh: int) -> Agreed:
    """Scale the estimated intervals of one meter's period so that all sum to the register.

    ``value`` Int32 [slots] and ``method`` Int8 [slots] are of the period between two register
    reads, ``register_wh`` their difference. Each estimate is its share of what the register leaves
    for all of them; where all of them are zero they share alike. Whole watt-hours: each ends at
    the floor of the running share. Where they agree already nothing changes, methods included.

    :raises RegisterCannotAgree: if an interval has no value, no interval was estimated, or the
        measured ones alone are more than the register's difference
    """
    ensure(value.ndim == 1 and value.shape == method.shape, "one meter's slots, each with a method")
    if bool((value == MISSING_VALUE).any()):
        raise RegisterCannotAgree(
            f"{int((value == MISSING_VALUE).sum())} intervals have no value",
            why="What they hold is not known, so nothing can be said of the sum",
            do="Estimate them first",
        )
    total = int(value.sum(dtype=np.int64))
    if total == register_wh:
        return Agreed(value.copy(), method.copy(), 0)
    movable = np.isin(method, [int(one) for one in MOVABLE])
    if not movable.any():
        raise RegisterCannotAgree(
            f"The intervals sum to {total} Wh and the register moved by {register_wh} Wh, and no "
            "interval was estimated",
            why="A measured value is never changed to fit another",
            do="Leave the usage in the review queue: one of the two is wrong",
        )
    measured = int(value[~movable].sum(dtype=np.int64))
    rest = register_wh - measured
    if rest < 0:
        raise RegisterCannotAgree(
            f"The measured intervals alone are {measured} Wh, and the register moved by "
            f"{register_wh} Wh",
            why="Estimates would have to be below zero",
            do="Leave the usage in the review queue: register or intervals are wrong",
        )
    weights = [max(one, 0) for one in value[movable].tolist()]
    parts = share_whole(rest, weights if any(weights) else [1] * len(weights))
    if max(parts) >= -MISSING_VALUE:
        raise RegisterCannotAgree(
            f"The register leaves {rest} Wh for {len(parts)} intervals",
            why="One of them would not fit 32 bits of watt-hours",
            do="Leave the usage in the review queue: the register's difference is wrong",
        )
    agreed, how = value.copy(), method.copy()
    agreed[movable] = _int32(parts)
    how[movable] = np.int8(Method.ADJUSTED_TO_REGISTER)
    ensure(int(agreed.sum(dtype=np.int64)) == register_wh, "intervals sum to the register")
    return Agreed(agreed, how, register_wh - total)


def _int32(parts: list[int]) -> npt.NDArray[Any]:
    return np.array(parts, dtype=np.int32)
