"""Usage ready to be rated: whole local days of interval values for many meters at once.

Made by ``stores/lake`` (and by the readers of ``rate --usage``), checked by ``usage``, priced by
``rating``. Arrays are NumPy; nothing here knows a name, an account or an address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import intervals_in_day

Int64Array: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

MISSING_VALUE = -(2**31)
"""What stands in the lake's value column where an interval has no value; quality says so too."""


@dataclass(frozen=True, slots=True)
class DayValues:
    """One local day of N meters.

    ``energy_wh``  Int64 [N x width] watt-hours delivered in each interval, 0 where missing
    ``missing``    bool  [N x width] true where there is no value
    The width is the day's length over the interval length: 92, 96 or 100 quarter-hours.
    """

    day: date
    energy_wh: Int64Array
    missing: BoolArray


@dataclass(frozen=True, slots=True)
class UsageBatch:
    """Consecutive local days of N meters, all with one interval length.

    ``meters``   the N meter pseudonyms (or any labels), in row order
    ``days``     one ``DayValues`` per local day, in order, no day left out
    ``at_sequence``  the lake's commit sequence the values were read at; None outside the lake
    """

    meters: tuple[str, ...]
    interval_seconds: int
    zone: str
    days: tuple[DayValues, ...]
    at_sequence: int | None = None

    def __post_init__(self) -> None:
        for values in self.days:
            width = intervals_in_day(values.day, self.zone, self.interval_seconds)
            ensure(
                values.energy_wh.shape == (len(self.meters), width)
                and values.missing.shape == values.energy_wh.shape,
                f"{values.day} holds {width} intervals for each of {len(self.meters)} meters",
            )

    @property
    def total_wh(self) -> Int64Array:
        """Watt-hours of each meter over all days, Int64 [N]."""
        total = np.zeros(len(self.meters), dtype=np.int64)
        for values in self.days:
            total += values.energy_wh.sum(axis=1)
        return total
