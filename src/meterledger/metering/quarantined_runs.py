"""Runs of readings that were set aside: from kept bytes back to readings.

Lives here      reading what ``admit`` wrote.
Lives elsewhere whether they may be taken now (``admit``), recording it (``usecases``).
"""

from __future__ import annotations

import json

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)


def readings_of_run(data: bytes) -> ChannelReadings:
    """The readings of a run, exactly as they were judged. ``data`` is what ``admit`` wrote."""
    record = json.loads(data)
    readings = tuple(
        Reading(start, seconds, value, Quality[word.upper()], line)
        for start, seconds, value, word, line in record["readings"]
    )
    lengths = {one.seconds for one in readings}
    kind = ChannelKind(record["kind"])
    channel = Channel(
        meter_id=record["meter"],
        commodity=Commodity(record["commodity"]),
        unit=record["unit"],
        kind=kind,
        flow=Flow(record["direction"]),
        interval_seconds=(
            lengths.pop() if kind is ChannelKind.INTERVAL and len(lengths) == 1 else None
        ),
        scale=record["scale"],
    )
    return ChannelReadings(channel, readings)
