"""What the checks of a day leave behind: bits and figures by meter, and findings in words.

Lives here      the evidence arrays, and which findings hold, are noted, or are put off by a storm.
Lives elsewhere making them (``validation``), the sentences (``validation_words``).
Read first      validation_facts.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.usage.validation_facts import Int32Array


@dataclass(frozen=True, slots=True)
class Evidence:
    """Figures of N meters, one each. A figure of a check is 0 where the check found nothing.

    ``found``       Int32 bits of ``Check``
    ``energy_wh``   Int64 energy of the intervals that are there
    ``missing``     Int32 intervals without a value
    ``highest``     Int32 highest interval, watt-hours (spike)
    ``third``       Int64 third highest interval (spike)
    ``negative``    Int32 intervals below zero (negative)
    ``flat_slots``, ``zero_slots``  Int32 longest run of one value, of zero
    ``tail_slots``  Int32 intervals without a value at the end of the day
    ``moved``       Int32 hours by which the clock seems moved: above 0, use comes later than usual
    ``off_wh``      Int64 how far the hours are off the like days; -1 where they do not compare
    ``best_off_wh`` Int64 the same after moving by ``moved``
    ``alike``       Int64 meters of the area with this total (identical totals)
    ``marks``       Int64 the row's mark, for the history of days to come

    ``kept_hours``, ``kept_rows``  rows, with their energy by hour or their values, that checks
                    between meters of different runs will ask for
    """

    found: Int32Array
    energy_wh: Int64Array
    missing: Int32Array
    highest: Int32Array
    third: Int64Array
    negative: Int32Array
    flat_slots: Int32Array
    zero_slots: Int32Array
    tail_slots: Int32Array
    moved: Int32Array
    off_wh: Int64Array
    best_off_wh: Int64Array
    alike: Int64Array
    marks: Int64Array
    kept_hours: list[tuple[Int64Array, Int64Array]] = field(default_factory=list, repr=False)
    kept_rows: list[tuple[Int64Array, Int32Array]] = field(default_factory=list, repr=False)

    @classmethod
    def blank(cls, count: int) -> Evidence:
        """Room for the evidence of ``count`` meters."""
        narrow = {name: np.zeros(count, np.int32) for name in _NARROW}
        wide = {name: np.zeros(count, np.int64) for name in _WIDE}
        return cls(**narrow, **wide)  # type: ignore[arg-type]

    def rows(self, first: int, until: int) -> Evidence:
        """A run of rows, as views that can be written into; what is kept goes to the whole."""
        views = {name: getattr(self, name)[first:until] for name in (*_NARROW, *_WIDE)}
        return Evidence(**views, kept_hours=self.kept_hours, kept_rows=self.kept_rows)


_NARROW = (
    *("found", "missing", "highest", "negative"),
    *("flat_slots", "zero_slots", "tail_slots", "moved"),
)
_WIDE = ("energy_wh", "third", "off_wh", "best_off_wh", "alike", "marks")


def bits_where(rows: BoolArray, bits: int) -> Int32Array:
    """Int32 [N]: the bits in the rows that are true, 0 in the others."""
    return np.where(rows, np.int32(bits), np.int32(0))
