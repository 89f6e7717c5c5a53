"""By how much energy registers moved between two instants, the same in every store.

Lives here      differences of readings of one register, in whole watt-hours.
Lives elsewhere rollover and plausibility (``metering``); intervals kept beside the lake (``kept``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from meterledger.facts.readings import Channel


def differences(readings: Iterable[tuple[Channel, int, int]]) -> dict[str, int]:
    """Watt-hours by meter, of (channel, instant, value) at two instants, later published last.

    A meter of which either instant is missing, which has two registers of delivered energy, or
    whose register went backwards is left out: what it moved is not known.
    """
    told: dict[str, dict[Channel, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for channel, instant, value in readings:
        told[channel.meter_id][channel][instant] = value
    found: dict[str, int] = {}
    for meter, channels in told.items():
        whole = [(channel, moves) for channel, moves in channels.items() if len(moves) == 2]
        if len(whole) != 1:
            continue
        (channel, moves) = whole[0]
        moved = moves[max(moves)] - moves[min(moves)]
        power = channel.energy_wh_power
        if moved >= 0 and power is not None:
            found[meter] = int(Decimal(moved).scaleb(power))
    return found
