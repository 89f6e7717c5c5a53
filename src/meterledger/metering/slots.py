"""Which interval channels are slots of local days, and which are not.

Lives here      telling quarter-hours and hours (slots that a day is tiled with) from monthly or
                shifted periods, which are measurements all the same but belong to no slot.
Lives elsewhere keeping either (``stores``), billing slots (``rating``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from meterledger.facts.readings import ChannelReadings
from meterledger.kernel.local_days import day_start_utc, local_day_of, seconds_in_day


def fills_slots(one: ChannelReadings, *, zone_name: str) -> bool:
    """Whether every reading of the channel is a slot that tiles its local day.

    All readings of one local day have one length, or the day has no slots to speak of.
    """
    length_of: dict[date, int] = {}
    for reading in one.readings:
        day = local_day_of(datetime.fromtimestamp(reading.start, UTC), zone_name)
        if length_of.setdefault(day, reading.seconds) != reading.seconds:
            return False
        if not _is_slot(day, reading.start, reading.seconds, zone_name):
            return False
    return True


def _is_slot(day: date, start: int, seconds: int, zone_name: str) -> bool:
    if seconds <= 0:
        return False
    offset = start - int(day_start_utc(day, zone_name).timestamp())
    return offset % seconds == 0 and seconds_in_day(day, zone_name) % seconds == 0
