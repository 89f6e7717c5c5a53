"""Later files: of what a file and a later one both say, the later one speaks, whichever came first.

Lives here      which readings of a file give way, and what is kept of them.
Lives elsewhere which files are later (``IntakeLog.later_files``), reading them again
                (``usecases.receive_readings``).
Read first      glossary: "quarantine"; README.md of ``stores/lake``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    QuarantinedLine,
    Reading,
)
from meterledger.metering.admit import run_of

Place = tuple[str, Commodity, ChannelKind, Flow, int, int]
"""What two readings share that speak of the same: meter, commodity, kind, direction, time."""


def places_told(channels: Sequence[ChannelReadings]) -> set[Place]:
    """Of what the channels say something: every reading with a value."""
    return {
        _place(one.channel, reading)
        for one in channels
        for reading in one.readings
        if reading.value is not None
    }


def give_way(
    channels: Sequence[ChannelReadings], later: Mapping[str, set[Place]]
) -> tuple[tuple[ChannelReadings, ...], tuple[QuarantinedLine, ...]]:
    """The channels without what later files say, and that as lines set aside.

    ``later`` has for each later file, by its name, of what it says something.
    """
    kept: list[ChannelReadings] = []
    aside: list[QuarantinedLine] = []
    for one in channels:
        speaks = [
            next((name for name, told in later.items() if _place(one.channel, reading) in told), "")
            for reading in one.readings
        ]
        readings = tuple(
            reading for reading, name in zip(one.readings, speaks, strict=True) if not name
        )
        if readings:
            kept.append(replace(one, readings=readings))
        for name in dict.fromkeys(filter(None, speaks)):
            run = [reading for reading, by in zip(one.readings, speaks, strict=True) if by == name]
            aside.append(run_of(one, run, _sentence(one, run, name)))
    return tuple(kept), tuple(aside)


def _sentence(one: ChannelReadings, run: Sequence[Reading], name: str) -> str:
    count = f"{len(run)} readings" if len(run) > 1 else "a reading"
    return (
        f"The file {name} was made later and says something of {count} of meter "
        f"{one.channel.meter_id}; that speaks. Nothing is to be done."
    )


def _place(channel: Channel, reading: Reading) -> Place:
    return (
        *(channel.meter_id, channel.commodity, channel.kind, channel.flow),
        *(reading.start, reading.seconds),
    )
