"""Whole local days of many meters exactly as the lake keeps them, for sums over a population.

Made by ``stores/lake/scan``, summed by ``rating``. Where ``facts/usage`` has one row for each meter
of a question, this is what one piece of one file holds: nothing is copied to a place of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.span import DaySpan

UInt64Array: TypeAlias = npt.NDArray[np.uint64]

LARGEST_POWER = 3
"""Stored values are watt-hours times ten to a power of 0 to 3; others come as ``UsageBatch``."""


@dataclass(frozen=True, slots=True)
class StoredDays:
    """Consecutive local days of M meters with one interval length.

    ``rows``        Int64 [M] the meters' rows in the answer; no other part that is given at the
                    same time has any of them
    ``first_slot``  column at which the slots of ``days`` begin
    ``power``       a value is so many watt-hours times ten to this power
    ``values``      Int32 [M x columns] C-contiguous, MISSING_VALUE where there is none
    ``counts``      bool [M x days], or None where all count: of a meter-day that does not count
                    another part speaks
    ``quality``     Int8 of the shape of values, codes of ``facts.readings.Quality``
    ``method``      Int8 of the shape of values, codes of ``facts.estimates.Method``; both are None
                    where nobody asked, or where all values came as received
    """

    rows: Int64Array
    days: DaySpan
    interval_seconds: int
    first_slot: int
    power: int
    values: npt.NDArray[np.int32]
    counts: BoolArray | None = None
    quality: npt.NDArray[np.int8] | None = None
    method: npt.NDArray[np.int8] | None = None


def meter_numbers(meters: tuple[str, ...] | list[str]) -> UInt64Array:
    """Pseudonyms of 16 hexadecimal digits as numbers, UInt64 [N]."""
    return np.frombuffer(bytes.fromhex("".join(meters)), dtype=">u8").astype(np.uint64)


def meter_names(numbers: UInt64Array) -> list[str]:
    """The pseudonyms of such numbers."""
    digits = numbers.astype(">u8").tobytes().hex()
    return [digits[at : at + 16] for at in range(0, len(digits), 16)]
