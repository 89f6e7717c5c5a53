"""A generated population's quarter-hours, made fast: seeded, compiled, the same for the same seed.

Four of five meters are homes; the rest are small businesses, homes with solar panels, and vacant
ones. Each has a size, a base load and habits of its own, a daily shape, noise that lingers, and
appliances that come on; three in a thousand intervals are missing, as whole days, runs and single
ones. Values are whole watt-hours with the texture of real ones, so that files compress as real ones
do. Floating point is used here and nowhere after: these are inputs.

Lives here      the values.
Lives elsewhere writing them (``determinants``), homes whose bills are looked at (``demo``).
"""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from meterledger.facts.stored import UInt64Array
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan

DEFAULT_SEED = 20_250_601
_MISSING = np.int32(-(2**31))
_HOME, _BUSINESS, _SOLAR, _VACANT = 0, 1, 2, 3


def _shapes() -> npt.NDArray[np.float64]:
    """Use over a day relative to size, Float64 [kinds x 96]."""
    hour = np.arange(96) / 4.0

    def hump(middle: float, width: float) -> npt.NDArray[np.float64]:
        return np.asarray(np.exp(-0.5 * ((hour - middle) / width) ** 2))

    home = 0.35 + 0.7 * hump(7.5, 1.2) + 1.3 * hump(19, 2.2) + 0.25 * hump(13, 2.5)
    business = 0.4 + 2.2 * hump(12.5, 3.8)
    return np.stack([home, business, home, home * 0])


def quarter_hours(
    meters: UInt64Array, days: DaySpan, zone_name: str, *, seed: int = DEFAULT_SEED
) -> npt.NDArray[np.int32]:
    """Watt-hours of every quarter-hour, Int32 [meters x slots], MISSING_VALUE where none arrived.

    A value depends on the seed, the meter and the day alone. Releases the interpreter's lock.
    """
    all_days = list(days.days())
    widths = [intervals_in_day(day, zone_name, 900) for day in all_days]
    starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
    numbers = np.array([day.toordinal() for day in all_days], dtype=np.int64)
    factors = np.array([_weather(day) for day in all_days])
    resting = np.array([day.weekday() >= 5 for day in all_days])
    values = np.empty((len(meters), int(starts[-1])), dtype=np.int32)
    _fill(values, meters, starts, numbers, factors, resting, _shapes(), np.uint64(seed))
    return values


def _weather(day: date) -> float:
    """More in the heat and in the cold, and a slow swing from week to week."""
    season = 0.25 * abs(math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 365))
    return 0.9 + season + 0.15 * math.sin(day.toordinal() / 5.0)


@nb.njit(inline="always")
def _mixed(state: Any) -> Any:
    """Steele, Lea and Flood's SplitMix64: a well-mixed number for every number."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@nb.njit(inline="always")
def _even(number: Any) -> Any:
    """Evenly in [0, 1)."""
    return np.float64(number >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@nb.njit(inline="always")
def _bell(number: Any) -> Any:
    """About normal, mean 0, deviation 1: the sum of four even ones."""
    mask = np.uint64(0xFFFF)
    total = np.float64(number & mask) + np.float64((number >> np.uint64(16)) & mask)
    total += np.float64((number >> np.uint64(32)) & mask) + np.float64(number >> np.uint64(48))
    return (total / 65536.0 - 2.0) * 1.7320508


@nb.njit(nogil=True, cache=True)
def _fill(
    values: Any,
    meters: Any,
    starts: Any,
    numbers: Any,
    factors: Any,
    resting: Any,
    shapes: Any,
    seed: Any,
) -> None:
    step = np.uint64(0x9E3779B97F4A7C15)
    for row in range(values.shape[0]):
        own = _mixed(meters[row] ^ _mixed(seed))
        lot = _even(_mixed(own + step))
        kind = _HOME
        if lot < 0.10:
            kind = _BUSINESS
        elif lot < 0.18:
            kind = _SOLAR
        elif lot < 0.195:
            kind = _VACANT
        size = 200.0 * math.exp(0.55 * _bell(_mixed(own + step * np.uint64(2))))
        base = 30.0 * math.exp(0.4 * _bell(_mixed(own + step * np.uint64(3))))
        shift = np.int64(_mixed(own + step * np.uint64(4)) % np.uint64(9)) - 4
        for day in range(numbers.shape[0]):
            stream = _mixed(own ^ _mixed(np.uint64(numbers[day])))
            first, until = starts[day], starts[day + 1]
            factor = factors[day] * (1.08 if resting[day] and kind != _BUSINESS else 1.0)
            linger = 0.35 * _bell(_mixed(stream + step))
            on, left = np.int64(0), np.int64(0)
            for slot in range(first, until):
                stream += step
                dice = _mixed(stream)
                linger = 0.8 * linger + 0.21 * _bell(dice)
                stream += step
                dice = _mixed(stream)
                if left == 0 and (dice & np.uint64(1023)) < np.uint64(31):
                    left = 1 + np.int64((dice >> np.uint64(10)) & np.uint64(7))
                    on = 80 + np.int64((dice >> np.uint64(13)) % np.uint64(620))
                shape = shapes[kind, (slot - first + shift) % 96]
                use = base + size * shape * factor * math.exp(linger)
                if left > 0:
                    use += on
                    left -= 1
                if kind == _SOLAR and 34 <= slot - first <= 62 and (dice >> np.uint64(40)) % 7 > 0:
                    use = 0.0
                if kind == _VACANT:
                    use = np.float64((dice >> np.uint64(40)) % np.uint64(3))
                values[row, slot] = np.int32(use)
            _spoil(values[row], first, until, _mixed(stream + step))


@nb.njit(inline="always")
def _spoil(line: Any, first: Any, until: Any, dice: Any) -> None:
    """Gaps, and now and then a spike, a negative value or a run of zeros."""
    lot = _even(dice)
    dice = _mixed(dice)
    width = np.uint64(until - first)
    at = first + np.int64(dice % width)
    if lot < 0.0010:
        line[first:until] = _MISSING
    elif lot < 0.0130:
        line[at : min(until, at + 1 + np.int64((dice >> np.uint64(32)) % np.uint64(25)))] = _MISSING
    elif lot < 0.0510:
        line[at] = _MISSING
    elif lot < 0.0515:
        line[at] = line[at] * 12 + 9000
    elif lot < 0.0516:
        line[at] = -1 - np.int32((dice >> np.uint64(32)) % np.uint64(500))
    elif lot < 0.0525:
        line[at : min(until, at + 36)] = 0
