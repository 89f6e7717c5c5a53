"""Readings of another flow over an exchange of meters: what was received, or reactive energy.

Lives here      whole days of one meter as known intervals; cut intervals put into slots of days.
Lives elsewhere cutting at the exchange (``exchanged``), which meter was there when
                (``facts.places``), pricing (``rating``).
Read first      docs/decisions/0014-an-exchange-inside-a-window.md.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from meterledger.facts.estimates import Method
from meterledger.facts.usage import DayValues, KnownInterval, TiledUsage, UsageBatch
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import day_start_utc, intervals_in_day, local_day_of
from meterledger.usage.tiling import UsageNotTiled, instant_text


def known_of(usage: UsageBatch) -> list[KnownInterval]:
    """Every interval of one meter's days that has a value, in order of time.

    :raises InvariantBroken: if the batch is of several meters
    """
    ensure(len(usage.meters) == 1, "the intervals of one meter")
    found: list[KnownInterval] = []
    for values in usage.days:
        midnight = int(day_start_utc(values.day, usage.zone).timestamp())
        found += [
            KnownInterval(
                midnight + slot * usage.interval_seconds,
                usage.interval_seconds,
                int(values.energy_wh[0, slot]),
                0,
                Method.AS_RECEIVED if values.method is None else Method(values.method[0, slot]),
            )
            for slot in np.flatnonzero(~values.missing[0]).tolist()
        ]
    return found


def on_slots(usage: TiledUsage) -> UsageBatch:
    """The same energy in slots of local days, each as long as the longest interval.

    Intervals that lie in one slot are added: the two parts of one in which a meter was exchanged.

    :raises UsageNotTiled: if an interval lies in two slots, or the slots do not fill a day
    """
    seconds = max(one.seconds for one in usage.intervals)
    if 3600 % seconds:
        raise _not_slots(usage.intervals[0].start, seconds)
    begins = {day: int(day_start_utc(day, usage.zone).timestamp()) for day in usage.days.days()}
    energy = {
        day: np.zeros((1, intervals_in_day(day, usage.zone, seconds)), dtype=np.int64)
        for day in begins
    }
    for one in usage.intervals:
        day = local_day_of(datetime.fromtimestamp(one.start, UTC), usage.zone)
        slot = (one.start - begins[day]) // seconds
        if (one.end - 1 - begins[day]) // seconds != slot:
            raise _not_slots(one.start, one.seconds)
        energy[day][0, slot] += one.energy_wh
    days = tuple(
        DayValues(day, values, np.zeros(values.shape, dtype=bool)) for day, values in energy.items()
    )
    return UsageBatch((usage.meter,), seconds, usage.zone, days)


def _not_slots(start: int, seconds: int) -> UsageNotTiled:
    return UsageNotTiled(
        f"The interval of {seconds} seconds from {instant_text(start)} lies in no one part of an "
        "hour",
        why="Demand is measured over parts of an hour, the same on all days",
        do="Send the meters' readings in intervals that fill the hours, then bill again",
    )
