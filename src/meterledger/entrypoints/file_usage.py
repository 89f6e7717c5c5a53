"""Usage for ``rate --usage FILE``: a meter file through the same readers and lake as any other.

Lives here      choosing the one meter of the file, and a lake in a temporary folder.
Lives elsewhere reading files (``stores/gateways``), completing local days (``stores/lake``).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from meterledger.entrypoints.cli.answer import BadArgument
from meterledger.entrypoints.clock import now_utc
from meterledger.facts.readings import ChannelKind, ChannelReadings
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import DaySpan


def usage_from_file(file: Path, window: DaySpan, *, meter: str | None, zone: str) -> UsageBatch:
    """The delivered energy of one meter of the file over the window: one row.

    :raises BadArgument: if the file holds no electric intervals, or several meters and none named
    :raises FileRefused: if the file cannot be read
    """
    from meterledger.stores.gateways import read_file
    from meterledger.stores.lake import IntervalLake

    moment = now_utc()
    read = read_file(file, received_at=moment, zone=zone)
    electric = [
        one
        for one in read.channels
        if one.channel.kind is ChannelKind.INTERVAL and one.channel.energy_wh_power is not None
    ]
    chosen = _one_meter(electric, meter, file)
    name = pseudonym(chosen[0].channel.meter_id, "rate")
    with tempfile.TemporaryDirectory(prefix="meterledger-rate-") as folder:
        names: list[str] = []
        lake = IntervalLake(Path(folder), zone=zone, files_at=lambda sequence: names)
        names += lake.write(
            [(name, one) for one in chosen],
            source_sha256=read.sha256,
            learned_at=moment,
            at_sequence=0,
        )
        (usage,) = lake.usage([name], window, at_sequence=1)
    return usage


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
