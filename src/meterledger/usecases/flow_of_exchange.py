"""Another flow of a window that several meters measured one after the other.

Lives here      asking the lake for each meter's days, and both together over the window.
Lives elsewhere energy delivered over an exchange (``window_usage``), cutting at the instant of the
                exchange (``usage``), what a bill is given of it (``beside_usage``).
Read first      docs/decisions/0014-an-exchange-inside-a-window.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from meterledger.facts.places import MeterInstallation
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import DaySpan
from meterledger.usage import ExchangedUsage, MeterStay, known_of, tile_exchanged
from meterledger.usecases.ports import MetersRefused
from meterledger.usecases.window_usage import days_of_stay

Read = Callable[..., list[UsageBatch]]
"""``Lake.usage``, ``Lake.received`` or ``Lake.reactive``."""


def flow_of_exchange(
    read: Read,
    installations: Sequence[MeterInstallation],
    window: DaySpan,
    *,
    zone: str,
    utility: str,
    at_sequence: int,
) -> ExchangedUsage:
    """What the meters measured of a flow, each while it was there, through its own multiplier.

    :raises UsageNotTiled: if together they do not fill the window, naming the meter
    :raises Refusal: of the lake, if the values of one of them cannot be given
    """
    stays: list[MeterStay] = []
    for one in installations:
        meter = pseudonym(one.meter_id, utility)
        since, gone = one.stretch(zone)
        try:
            batches = read([meter], days_of_stay(one, window), at_sequence=at_sequence)
        except MetersRefused as some:
            raise some.by_meter[meter] from some
        known = tuple(interval for batch in batches for interval in known_of(batch))
        stays.append(MeterStay(meter, one.meter_id, since, gone, one.multiplier, known))
    return tile_exchanged(stays, days=window, zone=zone)
