"""Streams of single readings as channels: contradictions, repeats and large values set aside.

Lives here      what formats share in which a reading stands by itself (not a line of many).
Lives elsewhere what a contradiction is, and one scale for a channel (``gather``).
Read first      README.md beside this file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from meterledger.facts.readings import ChannelReadings
from meterledger.stores.gateways.csv_words import METER_ID
from meterledger.stores.gateways.gather import (
    ChannelKey,
    RawReading,
    Sieve,
    repeat_reason,
    settle,
    to_channel,
)
from meterledger.stores.gateways.refusals import MeterNotNamed

TOO_LARGE = "Its value does not fit 63 bits together with the decimals of the others"


def settled_channels(
    streams: Mapping[tuple[ChannelKey, int], Sequence[RawReading]],
    *,
    sieve: Sieve,
    bytes_of: Callable[[RawReading], bytes],
) -> list[ChannelReadings]:
    """Each stream as a channel; keys carry the power of ten to apply to every value.

    Of two readings that say different things of one time neither is kept: a gap holds a bill, a
    guess would not. An exact repeat counts once.
    """
    channels: list[ChannelReadings] = []
    for (key, power), given in streams.items():
        raw = list(given)
        while True:
            settled = settle(raw)
            struck: dict[tuple[int, tuple[int, int]], tuple[RawReading, str]] = {}
            for pair in settled.contradictions:
                for one in (pair.first, pair.second):
                    struck.setdefault((one.line, one.place), (one, pair.sentence))
            if not struck:
                break
            for one, sentence in struck.values():
                sieve.set_aside(one.line, bytes_of(one), f"{sentence}; neither was kept")
            raw = [one for one in raw if (one.line, one.place) not in struck]
        repeats: dict[tuple[int, tuple[int, int]], list[RawReading]] = defaultdict(list)
        for repeat in settled.repeats:
            repeats[repeat.line, repeat.place].append(repeat)
        for first, *more in repeats.values():
            reason = repeat_reason(first, 1 + len(more))
            sieve.set_repeat_aside(first.line, bytes_of(first), reason, rows=1 + len(more))
        channel, too_large = to_channel(key, settled.readings, power=power)
        for one in too_large:
            sieve.set_aside(one.line, bytes_of(one), TOO_LARGE)
        if channel is not None:
            channels.append(channel)
    return channels


def named(
    channels: Sequence[ChannelReadings], meter: str | None, name: str
) -> tuple[ChannelReadings, ...]:
    """The channels, all of the meter that ``--meter`` names, if it does.

    :raises MeterNotNamed: if the file holds several meters and one was named
    """
    if meter is None:
        return tuple(channels)
    meters = {one.channel.meter_id for one in channels}
    if len(meters) > 1:
        raise MeterNotNamed(
            f"The file holds {len(meters)} meters, and one was named",
            where=name,
            do="Leave out --meter, or split the file by meter",
        )
    return tuple(replace(one, channel=replace(one.channel, meter_id=meter)) for one in channels)


def is_meter_id(text: str) -> bool:
    """Whether the text can be a meter's number: 1 to 64 plain characters."""
    return METER_ID.fullmatch(text) is not None
