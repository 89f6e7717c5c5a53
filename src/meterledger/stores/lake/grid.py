"""The grid of a local day: how many slots it has, and where each begins on the UTC line.

A run of days with one interval length is one unbroken row of slots, also through a clock change:
each day is tiled exactly, so slot k of the run begins k intervals after the first midnight.

Lives here      widths and offsets of days, as whole numbers and arrays.
Lives elsewhere where a local day begins (``kernel.local_days``).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from meterledger.kernel.local_days import day_start_utc, seconds_in_day
from meterledger.kernel.span import DaySpan

DAY_SECONDS = 86_400
"""The nominal length of day-long intervals; the true one follows the clock (82 800 to 90 000)."""

MICROS = 1_000_000

Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]


def tiles_day(day: date, zone: str, interval_seconds: int) -> bool:
    """Whether intervals of that length fill the local day without remainder."""
    return interval_seconds > 0 and seconds_in_day(day, zone) % interval_seconds == 0


def nominal_seconds(day: date, zone: str, interval_seconds: int) -> int:
    """The interval length by which a series goes: day-long intervals go by 86 400, always."""
    return DAY_SECONDS if interval_seconds == seconds_in_day(day, zone) else interval_seconds


@lru_cache(maxsize=4096)
def offsets(days: DaySpan, zone: str, interval_seconds: int) -> tuple[int, ...]:
    """Where each day's slots begin in the run, and the number of slots at the end.

    Every day must be tiled by the interval length.
    """
    places = [0]
    for day in days.days():
        places.append(places[-1] + seconds_in_day(day, zone) // interval_seconds)
    return tuple(places)


def starts_us(days: DaySpan, zone: str, interval_seconds: int) -> Int64Array:
    """Begin of every slot of the run, Int64 [slots] microseconds of the UTC epoch."""
    count = offsets(days, zone, interval_seconds)[-1]
    first = epoch_seconds(days.from_day, zone) * MICROS
    return first + np.arange(count, dtype=np.int64) * (interval_seconds * MICROS)


def local_days(days: DaySpan, zone: str, interval_seconds: int) -> Int32Array:
    """The local day of every slot of the run, Int32 [slots] days of the epoch."""
    places = np.array(offsets(days, zone, interval_seconds))
    first = (days.from_day - date(1970, 1, 1)).days
    numbers = np.arange(first, first + days.day_count, dtype=np.int32)
    return np.repeat(numbers, np.diff(places))


def epoch_seconds(day: date, zone: str) -> int:
    """The instant at which the local day begins."""
    return int(day_start_utc(day, zone).timestamp())


def one_day(day: date) -> DaySpan:
    """The span of a single day."""
    return DaySpan(day, day + timedelta(days=1))


def month_of(day: date) -> str:
    """The calendar month of a local day, ``2025-07``."""
    return day.isoformat()[:7]


def split_by_month(days: DaySpan) -> list[DaySpan]:
    """The span, cut where months begin."""
    firsts = [day for day in days.days() if day.day == 1]
    return days.split_at(firsts)
