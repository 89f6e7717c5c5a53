"""Determinants kept for later: what the meters of one window and schedule used, in columns.

Kept by ``stores/lake/determinants`` beside the lake, under pseudonyms only; priced by ``rating``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.facts.determinants import Determinants
from meterledger.facts.stored import UInt64Array
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan


@dataclass(frozen=True, slots=True)
class SumsKey:
    """Which sums: a schedule's over a window, of a reading cycle's accounts."""

    schedule: str
    window: DaySpan
    cycle: int


@dataclass(frozen=True, slots=True)
class SumsShape:
    """How the window was cut and what was summed. The same shape can be priced from the sums.

    ``segments``  first days of the parts and their seasons
    ``periods``   names of the times of use
    ``hours``     a hash of which hours of each day belong to which period, and count for demand
    """

    segments: tuple[tuple[date, str], ...]
    periods: tuple[str, ...]
    hours: str


@dataclass(frozen=True, slots=True)
class StoredSums:
    """The sums of N meters, multipliers applied.

    ``at_sequence``   the commit sequence of the lake that they were summed at
    ``numbers``       UInt64 [N] pseudonyms as numbers, ascending
    ``multipliers``   Int64 [N] those that were applied
    ``complete``      Bool [N]; the sums of the others count for nothing
    ``determinants``  the sums in the shape that is priced
    """

    key: SumsKey
    shape: SumsShape
    at_sequence: int
    numbers: UInt64Array
    multipliers: Int64Array
    complete: BoolArray
    determinants: Determinants

    def __post_init__(self) -> None:
        count = len(self.numbers)
        ensure(
            len(self.multipliers) == len(self.complete) == count
            and self.determinants.energy_wh.shape[0] == count,
            "stored sums have a row for each meter",
        )
