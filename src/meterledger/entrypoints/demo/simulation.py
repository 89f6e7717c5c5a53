"""Simulated homes: quarter-hours in whole watt-hours, the same on every machine and run.

Lives here      a generator of use from integer tables and an integer hash. No float, no clock.
Lives elsewhere who the homes are (``town``), large populations (``population``).

Everything is 64-bit whole-number arithmetic on NumPy arrays: a value depends only on the seed,
the home's number and the quarter-hour, so that homes and days may be made in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from meterledger.facts.usage import Int64Array
from meterledger.kernel.local_days import day_start_utc, intervals_in_day, zone

QUARTER_SECONDS = 900

_UInt64Array = npt.NDArray[np.uint64]

# Watt-hours of a quarter-hour by local hour, before the home's size: lights, kitchen, appliances.
_WORKDAY_WH = np.array(
    [52, 46, 43, 42, 44, 58, 96, 118, 98, 80, 76, 78]
    + [84, 80, 78, 86, 112, 156, 188, 182, 168, 142, 104, 70],
    dtype=np.int64,
)
_WEEKEND_WH = np.array(
    [62, 54, 48, 45, 44, 48, 62, 88, 118, 132, 134, 138]
    + [142, 136, 130, 128, 138, 158, 174, 170, 158, 138, 108, 78],
    dtype=np.int64,
)

# Mean temperature of a month in tenths of a degree Fahrenheit, near St. Louis; ours, rounded.
_MONTH_MEAN_DF = (325, 370, 470, 580, 675, 765, 800, 785, 710, 590, 465, 365)
_HOUR_DF = np.array(
    [-60, -70, -80, -85, -90, -90, -80, -60, -30, 0, 30, 55]
    + [75, 90, 100, 105, 100, 85, 60, 30, 5, -15, -35, -50],
    dtype=np.int64,
)
_COMFORT_COOL_DF = 700
_COMFORT_HEAT_DF = 600


@dataclass(frozen=True, slots=True)
class HomeTraits:
    """What N homes are like, one value each (Int64 [N])."""

    number: Int64Array
    size_percent: Int64Array
    cooling_wh_per_10_f: Int64Array
    heating_wh_per_10_f: Int64Array
    car_wh: Int64Array

    def __len__(self) -> int:
        return len(self.number)


def traits_of(numbers: npt.ArrayLike, *, seed: int) -> HomeTraits:
    """The homes of these numbers: size, cooling, electric heat (1 in 4), a car (1 in 6)."""
    number = np.asarray(numbers, dtype=np.int64)
    electric_heat = _draw(seed, 3, number, 4) == 0
    has_car = _draw(seed, 4, number, 6) == 0
    return HomeTraits(
        number=number,
        size_percent=80 + _draw(seed, 1, number, 120),
        cooling_wh_per_10_f=70 + _draw(seed, 2, number, 110),
        heating_wh_per_10_f=np.where(electric_heat, 70 + _draw(seed, 5, number, 70), 8),
        car_wh=np.where(has_car, 1100 + _draw(seed, 6, number, 700), 0),
    )


def day_values(homes: HomeTraits, day: date, *, seed: int, zone_name: str) -> Int64Array:
    """Watt-hours of every quarter-hour of one local day: Int64 [homes x 92, 96 or 100].

    The same local hour costs the same twice on the day that has it twice: people live by the
    clock on the wall. All values are between 0 and 4,000 (16 kW).
    """
    first_quarter, hours = _local_hours(day, zone_name)
    width = len(hours)
    table = _WEEKEND_WH if day.weekday() >= 5 else _WORKDAY_WH
    column = (slice(None), None)

    base = table[hours][None, :] * homes.size_percent[column] // 100
    quarter = first_quarter + np.arange(width, dtype=np.int64)
    noise = _hash(seed, 10, homes.number[column], quarter[None, :])
    base = base * (70 + _below(noise, 60)) // 100

    outside = _day_mean_df(day, seed) + _HOUR_DF[hours]
    too_warm = np.maximum(outside - _COMFORT_COOL_DF, 0)
    too_cold = np.maximum(_COMFORT_HEAT_DF - outside, 0)
    thermostat = 60 + _below(noise >> np.uint64(16), 80)
    climate = (
        too_warm[None, :] * homes.cooling_wh_per_10_f[column]
        + too_cold[None, :] * homes.heating_wh_per_10_f[column]
    ) * thermostat
    climate = climate // (100 * 100)

    away = _draw(seed, 11, homes.number * 4096 + day.toordinal() // 7, 24) == 0
    oven = np.where(
        (hours >= 16) & (hours < 20) & (_below(noise >> np.uint64(32), 23) == 0), 450, 0
    )
    charging_night = _draw(seed, 12, homes.number * 800_000 + day.toordinal(), 7) < 4
    charging = ((hours < 3) & (hours >= 0))[None, :] & charging_night[column]
    car = np.where(charging, homes.car_wh[column], 0)

    values = base + climate + oven + car
    values = np.where(away[column], base // 3, values)
    return np.minimum(values, 4_000).astype(np.int64)


@lru_cache(maxsize=1024)
def _local_hours(day: date, zone_name: str) -> tuple[int, Int64Array]:
    """The number of the day's first quarter-hour since 1970, and the local hour of each of them."""
    start = day_start_utc(day, zone_name)
    width = intervals_in_day(day, zone_name, QUARTER_SECONDS)
    local = zone(zone_name)
    hours = [
        (start + timedelta(seconds=QUARTER_SECONDS * slot)).astimezone(local).hour
        for slot in range(width)
    ]
    first = int((start - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) // QUARTER_SECONDS
    return first, np.array(hours, dtype=np.int64)


def _day_mean_df(day: date, seed: int) -> int:
    """The day's mean temperature: between mid-months on a straight line, with a daily wobble."""
    before = day.month - 1 if day.day >= 15 else day.month - 2
    since_middle = day.day - 15 if day.day >= 15 else day.day + 15
    low, high = _MONTH_MEAN_DF[before % 12], _MONTH_MEAN_DF[(before + 1) % 12]
    wobble = int(_draw(seed, 20, np.array([day.toordinal() // 3], dtype=np.int64), 181)[0]) - 90
    return low + (high - low) * min(since_middle, 30) // 30 + wobble


def _draw(seed: int, purpose: int, key: Int64Array, below: int) -> Int64Array:
    """One whole number in [0, below) for each key; another purpose draws other numbers."""
    return _below(_hash(seed, purpose, key, np.zeros(1, dtype=np.int64)), below)


def _below(noise: _UInt64Array, bound: int) -> Int64Array:
    return ((noise & np.uint64(0xFFFF)) * np.uint64(bound) >> np.uint64(16)).astype(np.int64)


def _hash(seed: int, purpose: int, key: Int64Array, other: Int64Array) -> _UInt64Array:
    """A well-mixed 64-bit number for each pair of keys (the finalizer known as SplitMix64)."""
    salt = np.uint64((seed * 1_000_003 + purpose * 7_919) % 2**64)
    mixed = _mix(key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + salt)
    return _mix(mixed + other.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03))


def _mix(number: _UInt64Array) -> _UInt64Array:
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))
