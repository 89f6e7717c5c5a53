"""Local days on the UTC line: where a day starts, and how many intervals it holds.

Time-zone rules come from the pinned ``tzdata`` wheel and never from the machine, so that the
same bill is recomputed on any machine; ``time_zone_data_version`` is recorded with each bill.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import metadata

from meterledger.kernel.ensure import ensure

zoneinfo.reset_tzpath(to=[])  # only the wheel: a machine's own zone files may differ


def time_zone_data_version() -> str:
    """The version of the IANA rules in use, e.g. ``2026.6``."""
    return metadata.version("tzdata")


@lru_cache(maxsize=64)
def zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone of that IANA name, e.g. ``America/Chicago``."""
    return zoneinfo.ZoneInfo(name)


@lru_cache(maxsize=65_536)
def day_start_utc(day: date, zone_name: str) -> datetime:
    """The UTC instant at which the local day begins (local midnight)."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone(zone_name))
    return midnight.astimezone(UTC)


def evening_of(day: date, zone_name: str) -> datetime:
    """The last UTC instant of the local day."""
    return day_start_utc(day + timedelta(days=1), zone_name) - timedelta(microseconds=1)


@lru_cache(maxsize=65_536)
def seconds_in_day(day: date, zone_name: str) -> int:
    """Length of the local day in seconds: 82 800, 86 400 or 90 000 where clocks change an hour."""
    end = day_start_utc(day + timedelta(days=1), zone_name)
    return int((end - day_start_utc(day, zone_name)).total_seconds())


def intervals_in_day(day: date, zone_name: str, interval_seconds: int) -> int:
    """How many intervals tile the local day; quarter-hours: 92, 96 or 100.

    :raises InvariantBroken: if the interval length does not tile the day
    """
    seconds = seconds_in_day(day, zone_name)
    ensure(seconds % interval_seconds == 0, f"{interval_seconds} s tiles the local day {day}")
    return seconds // interval_seconds


def local_day_of(instant: datetime, zone_name: str) -> date:
    """The local day on which a UTC instant falls."""
    return instant.astimezone(zone(zone_name)).date()
