"""Usage for ``rate --usage FILE``: a meter file through the same readers and lake as any other.

Lives here      choosing the one meter of the file, and a lake in a temporary folder.
Lives elsewhere reading files (``stores/gateways``), completing local days (``stores/lake``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from meterledger.entrypoints.cli.answer import BadArgument
from meterledger.entrypoints.clock import now_utc
from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import ChannelKind, ChannelReadings, Flow
from meterledger.facts.usage import KnownInterval, TiledUsage, UsageBatch
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import DaySpan, Validity
from meterledger.metering import fills_slots
from meterledger.usecases.window_usage import usage_of_window


def usage_from_file(
    file: Path, window: DaySpan, *, meter: str | None, zone: str, received: bool = False
) -> UsageBatch | TiledUsage:
    """The delivered energy of one meter of the file over the window, as a bill would take it.

    With ``received`` it is the energy received from the customer, read in the same way.

    :raises BadArgument: if the file holds no electric intervals, or several meters and none named
    :raises FileRefused: if the file cannot be read
    :raises UsageNotTiled: if an interval lies across the window's edge, or two overlap
    """
    from meterledger.stores.gateways import read_file
    from meterledger.stores.kept import is_delivered_energy
    from meterledger.stores.lake import IntervalLake

    moment = now_utc()
    read = read_file(file, received_at=moment, zone=zone)
    intervals = [one for one in read.channels if one.channel.kind is ChannelKind.INTERVAL]
    electric = [one for one in intervals if one.channel.energy_wh_power is not None]
    if intervals and not electric:
        units = " and ".join(sorted({one.channel.unit for one in intervals}))
        raise BadArgument(
            f"The file holds no intervals of electric energy: its intervals are of {units}",
            where=file.name,
            do="Give energy in Wh, kWh or MWh",
        )
    chosen = _one_meter(electric, meter, file)
    if received:
        chosen = _received(chosen, file)
    elif not any(is_delivered_energy(one.channel) for one in chosen):
        flows = " and ".join(sorted({one.channel.flow.value for one in chosen}))
        raise BadArgument(
            f"The file holds no energy delivered to the customer: its readings are {flows}",
            where=file.name,
            do="Give a file with the delivered energy; what was received goes with --received",
        )
    name = pseudonym(chosen[0].channel.meter_id, "rate")
    slots = [one for one in chosen if fills_slots(one, zone_name=zone)]
    beside = [one for one in chosen if one not in slots]
    with tempfile.TemporaryDirectory(prefix="meterledger-rate-") as folder:
        names: list[str] = []
        lake = IntervalLake(Path(folder), zone=zone, files_at=lambda sequence: names)
        names += lake.write(
            [(name, one) for one in slots],
            source_sha256=read.sha256,
            learned_at=moment,
            at_sequence=0,
        )
        found = usage_of_window(
            {name: _installed(chosen[0].channel.meter_id, moment)},
            window,
            zone=zone,
            at_sequence=1,
            lake=lake,
            kept=_Beside(beside),
        )
    for refusal in found.refused.values():
        raise refusal
    return found.tiled[name] if name in found.tiled else found.whole[0].usage


@dataclass(frozen=True)
class _Beside:
    """What a file holds beside slots of local days, asked as a store would be."""

    channels: Sequence[ChannelReadings]

    def kept_intervals(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownInterval]]:
        """As ``usecases.ports.ReadingLog``."""
        from meterledger.stores.kept import KeptVersion, is_delivered_energy, speaking_last

        return speaking_last(
            KeptVersion(one.channel, at_sequence, reading.start, reading.seconds, reading.value)
            for one in self.channels
            if is_delivered_energy(one.channel)
            for reading in one.readings
            if reading.value is not None
            and reading.start < until
            and begin < reading.start + reading.seconds
        )


def _received(channels: list[ChannelReadings], file: Path) -> list[ChannelReadings]:
    """The received energy of a meter, as channels that are read like delivered energy."""
    found = [one for one in channels if one.channel.flow is Flow.RECEIVED]
    if not found:
        raise BadArgument(
            "The file holds no energy that was received from the customer",
            where=file.name,
            do="Give a file whose readings name the direction, or received_kwh in --known",
        )
    return [replace(one, channel=replace(one.channel, flow=Flow.DELIVERED)) for one in found]


def _installed(meter_id: str, moment: datetime) -> MeterInstallation:
    """The meter as if it had always been there, without transformers."""
    return MeterInstallation("rate", meter_id, 1, Validity(date.min), moment)


def _one_meter(
    channels: list[ChannelReadings], meter: str | None, file: Path
) -> list[ChannelReadings]:
    meters = sorted({one.channel.meter_id for one in channels})
    if not meters:
        raise BadArgument(
            "The file holds no intervals of electric energy",
            where=file.name,
            do="Give a file with electric interval data; registers and other commodities have none",
        )
    if meter is None and len(meters) > 1:
        raise BadArgument(
            f"The file holds {len(meters)} meters",
            where=file.name,
            do=f"Name one with --meter, like --meter {meters[0]}",
        )
    wanted = meter or meters[0]
    if wanted not in meters:
        raise BadArgument(
            f"Meter {wanted} is not in the file",
            where=file.name,
            do=f"Name one of {', '.join(meters[:5])}",
        )
    return [one for one in channels if one.channel.meter_id == wanted]
