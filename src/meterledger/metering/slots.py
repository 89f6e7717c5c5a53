"""Which interval channels are slots of local days, and which are not.

Lives here      telling quarter-hours and hours (slots that a day is tiled with) from monthly or
                shifted periods, which are measurements all the same but belong to no slot.
Lives elsewhere keeping either (``stores``), billing slots (``rating``).
"""

from __future__ import annotations

from datetime import UTC, datetime

from meterledger.facts.readings import ChannelReadings
from meterledger.kernel.local_days import day_start_utc, local_day_of, seconds_in_day


def fills_slots(one: ChannelReadings, *, zone_name: str) -> bool:
    """Whether every reading of the channel is a slot that tiles its local day."""
    return all(_is_slot(reading.start, reading.seconds, zone_name) for reading in one.readings)


def _is_slot(start: int, seconds: int, zone_name: str) -> bool:
    if seconds <= 0:
        return False
    day = local_day_of(datetime.fromtimestamp(start, UTC), zone_name)
    offset = start - int(day_start_utc(day, zone_name).timestamp())
    return offset % seconds == 0 and seconds_in_day(day, zone_name) % seconds == 0
