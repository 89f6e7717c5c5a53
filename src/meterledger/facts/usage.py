"""Usage ready to be rated: whole local days of many meters, or one meter's intervals of any length.

Made by ``stores/lake`` (and by the readers of ``rate --usage``), checked by ``usage``, priced by
``rating``. Arrays are NumPy; nothing here knows a name, an account or an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from meterledger.facts.estimates import Method
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan

Int64Array: TypeAlias = npt.NDArray[np.int64]
Int8Array: TypeAlias = npt.NDArray[np.int8]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

MISSING_VALUE = -(2**31)
"""What stands in the lake's value column where an interval has no value; quality says so too."""


@dataclass(frozen=True, slots=True)
class DayValues:
    """One local day of N meters.

    ``energy_wh``  Int64 [N x width] watt-hours delivered in each interval, 0 where missing
    ``missing``    bool  [N x width] true where there is no value
    ``quality``    Int8  [N x width] codes of ``facts.readings.Quality``, or None
    ``method``     Int8  [N x width] codes of ``facts.estimates.Method``, or None
    The width is the day's length over the interval length: 92, 96 or 100 quarter-hours.

    ``quality`` and ``method`` are both None, or both there. None says that every value of the day
    came as received, and valid or raw: nothing was estimated, edited or doubted.
    """

    day: date
    energy_wh: Int64Array
    missing: BoolArray
    quality: Int8Array | None = None
    method: Int8Array | None = None

    def of_rows(self, rows: Sequence[int]) -> DayValues:
        """The same day of some of the meters, by their row numbers."""
        chosen = np.asarray(rows, dtype=np.int64)
        return DayValues(
            self.day,
            self.energy_wh[chosen],
            self.missing[chosen],
            None if self.quality is None else self.quality[chosen],
            None if self.method is None else self.method[chosen],
        )


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
            ensure(
                (values.quality is None) == (values.method is None)
                and all(
                    codes is None or codes.shape == values.missing.shape
                    for codes in (values.quality, values.method)
                ),
                f"quality and method of {values.day} stand together, a code for each interval",
            )

    @property
    def total_wh(self) -> Int64Array:
        """Watt-hours of each meter over all days, Int64 [N]."""
        total = np.zeros(len(self.meters), dtype=np.int64)
        for values in self.days:
            total += values.energy_wh.sum(axis=1)
        return total


@dataclass(frozen=True, slots=True, order=True)
class KnownInterval:
    """One interval of a meter's delivered energy as it is known, of any length.

    The energy is ``value`` times ten to the power ``power`` watt-hours, over ``seconds`` seconds
    from ``start`` (UTC epoch seconds). It may be finer than a watt-hour. ``method`` is how it is
    known, and no part of what it is.
    """

    start: int
    seconds: int
    value: int
    power: int
    method: Method = field(default=Method.AS_RECEIVED, compare=False)

    @property
    def end(self) -> int:
        """The instant at which it ends, UTC epoch seconds."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class TiledInterval:
    """One interval of a window: whole watt-hours over ``seconds`` from ``start`` (UTC epoch)."""

    start: int
    seconds: int
    energy_wh: int
    method: Method = Method.AS_RECEIVED

    @property
    def end(self) -> int:
        """The instant at which it ends, UTC epoch seconds."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class TiledUsage:
    """One meter's intervals of whatever lengths, in order, that tile the days of a window exactly.

    What a ``UsageBatch`` is to slots of local days, this is to all other intervals: days that
    begin at another hour, months, lengths that change inside the window.

    :raises InvariantBroken: if an instant of the window lies in no interval, or in two
    """

    meter: str
    zone: str
    days: DaySpan
    intervals: tuple[TiledInterval, ...]

    def __post_init__(self) -> None:
        begin, until = window_seconds(self.days, self.zone)
        ensure(
            len(self.intervals) > 0
            and self.intervals[0].start == begin
            and self.intervals[-1].end == until
            and all(one.end == other.start for one, other in pairwise(self.intervals))
            and all(one.seconds > 0 for one in self.intervals),
            f"the intervals tile {self.days}",
        )

    @property
    def energy_wh(self) -> int:
        """Watt-hours over all days."""
        return sum(one.energy_wh for one in self.intervals)


def window_seconds(days: DaySpan, zone_name: str) -> tuple[int, int]:
    """The instants at which the local days begin and are over, UTC epoch seconds."""
    begin = day_start_utc(days.from_day, zone_name)
    until = day_start_utc(days.until_day, zone_name)
    return int(begin.timestamp()), int(until.timestamp())
