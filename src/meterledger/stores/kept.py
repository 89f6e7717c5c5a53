"""What both stores promise about intervals kept beside the lake, in the same words.

Lives here      which of them are delivered energy, and which of several versions speaks.
Lives elsewhere keeping rows (``memory``, ``postgres``); slots of local days (``lake``); whether
                intervals tile a window (``usage``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from meterledger.facts.readings import Channel, Commodity, Flow
from meterledger.facts.usage import KnownInterval

DELIVERED_FLOWS = (Flow.DELIVERED, Flow.UNKNOWN)
"""Where a file names no direction, energy is taken as delivered, as in the lake."""

ENERGY_UNITS = ("Wh", "kWh", "MWh")


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """One row as kept: whose, in which channel, published when, and what it says."""

    channel: Channel
    sequence: int
    start: int
    seconds: int
    value: int


def is_delivered_energy(channel: Channel) -> bool:
    """Whether the channel's intervals may be billed as delivered energy."""
    return (
        channel.commodity is Commodity.ELECTRICITY
        and channel.unit in ENERGY_UNITS
        and channel.flow in DELIVERED_FLOWS
    )


def speaking_last(versions: Iterable[KeptVersion]) -> dict[str, list[KnownInterval]]:
    """By meter, of equal intervals of one direction those published last, in order of time.

    One file that says two things of one interval is not settled here: both come back.
    """
    newest: dict[tuple[str, int, int, Flow], int] = {}
    told: dict[tuple[str, int, int, Flow], set[KnownInterval]] = {}
    for one in versions:
        key = (one.channel.meter_id, one.start, one.seconds, one.channel.flow)
        if one.sequence < newest.get(key, 0):
            continue
        if one.sequence > newest.get(key, 0):
            newest[key] = one.sequence
            told[key] = set()
        told[key].add(_known(one))
    found: dict[str, list[KnownInterval]] = defaultdict(list)
    for (meter, *_), intervals in told.items():
        found[meter] += intervals
    return {meter: sorted(intervals) for meter, intervals in found.items()}


def _known(one: KeptVersion) -> KnownInterval:
    """The interval in one form: equal amounts of energy are equal, whatever scale they came in."""
    value, power = one.value, one.channel.energy_wh_power or 0
    while value != 0 and value % 10 == 0:
        value, power = value // 10, power + 1
    return KnownInterval(one.start, one.seconds, value, power if value else 0)
