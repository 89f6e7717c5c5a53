"""The town's weather: days as they were at Springfield, moved to the town's months.

Lives here      reading the published file and moving its days by whole weeks.
Lives elsewhere whose it is (data/README.md), keeping temperatures (stores), what they explain
                (``billing.weather_of_use``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path

from meterledger.facts.weather import DailyTemperature
from meterledger.kernel.span import DaySpan
from meterledger.stores.gateways.daily_temperature import read_temperatures

FILE = "illinois_hourly_temperature_2015_2018.csv.gz"
WEEKS = 469
"""As far as the Illinois meter of those months is moved, so that it meets its own weather."""
SOURCE = "Springfield, Illinois (USAF 724390), 469 weeks before: the demo's weather"


def temperatures(
    station: str, days: DaySpan, *, zone_name: str, learned_at: datetime
) -> list[DailyTemperature]:
    """The means of our days, said of the station."""
    return [
        replace(one, station=station, learned_at=learned_at)
        for one in _moved(zone_name)
        if one.day in days
    ]


@cache
def _moved(zone_name: str) -> tuple[DailyTemperature, ...]:
    with resources.as_file(resources.files(__package__).joinpath("data", FILE)) as path:
        found = read_temperatures(
            Path(path),
            station="724390",
            source=SOURCE,
            zone_name=zone_name,
            learned_at=datetime(2018, 2, 9, tzinfo=UTC),
        )
    return tuple(replace(one, day=one.day + timedelta(weeks=WEEKS)) for one in found)
