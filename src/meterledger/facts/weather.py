"""Weather as it was: mean temperatures of local days at a station, and of stretches of days.

Temperatures are whole tenths of a degree Fahrenheit: they inform, and no amount rests on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from meterledger.kernel.ensure import ensure
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan

COLDEST_TENTHS_F, HOTTEST_TENTHS_F = -1500, 1500


@dataclass(frozen=True, slots=True)
class DailyTemperature:
    """The mean of one local day at a station, who said so, and when we learned it.

    :raises InvariantBroken: if no such temperature has ever been measured
    """

    station: str
    day: date
    mean_tenths_f: int
    source: str
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(
            COLDEST_TENTHS_F <= self.mean_tenths_f <= HOTTEST_TENTHS_F,
            f"{self.mean_tenths_f} tenths of a degree are a temperature on Earth",
        )


@dataclass(frozen=True, slots=True)
class MeanTemperature:
    """The mean of a stretch of days at a station, all of whose days are known."""

    station: str
    mean_tenths_f: int


def mean_temperature(
    station: str, days: DaySpan, known: Mapping[date, int]
) -> MeanTemperature | None:
    """The mean over the days; None where some day is not known. Half a tenth counts up."""
    found = [known[day] for day in days.days() if day in known]
    if len(found) != days.day_count:
        return None
    return MeanTemperature(station, to_whole_half_up(Fraction(sum(found), len(found))))
