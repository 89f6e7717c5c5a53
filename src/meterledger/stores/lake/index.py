"""The index of a lake file: which meter-days are where in its value column.

A *run* is a block of meters that all have the same unbroken days, one channel, interval length,
unit and scale; its values lie meter by meter, day by day, slot by slot. The index lists the runs in
row order. It stands in the Parquet key-value metadata, and every row says the same in its own
columns, which ``IntervalLake.verify`` compares. Names of meters are not said twice where that would
cost more than a reader saves: runs of less than a week in files of many meters leave them to the
column, from which the opener takes them.

Lives here      the index as data, as JSON, and each run's place.
Lives elsewhere making runs (``files``), reading values by them (``reader``).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.facts.readings import Channel
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.grid import offsets
from meterledger.stores.lake.units import lake_unit

METADATA_KEY = "meterledger.index"
LAYOUT = 2
_LAYOUTS_KNOWN = (1, 2)
_FEW_METERS = 64
_LONG_WIDTH = 7 * 96
ENERGY_POWER = {"Wh": 0, "kWh": 3, "MWh": 6}
REACTIVE_POWER = {"VArh": 0, "kVArh": 3, "MVArh": 6}
BILLABLE = ("electricity/delivered/energy", "electricity/unknown/energy")
"""Channels that ``usage`` returns. Where a file names no direction, energy is taken as delivered;
received, net and total energy stay in the table and are never billed as deliveries."""
REACTIVE = tuple(
    f"electricity/{flow}/{unit}" for flow in ("delivered", "unknown") for unit in REACTIVE_POWER
)
"""Channels of reactive energy, each unit its own: what ``reactive`` returns in var-hours."""

_POWERS = ENERGY_POWER | REACTIVE_POWER


def channel_key(channel: Channel) -> str:
    """The channel of a meter: commodity, flow and what is measured, ``gas/unknown/therm``.

    Watt-hours in any multiple are one quantity, ``energy``; every other unit is its own.
    """
    quantity = "energy" if channel.unit in ENERGY_POWER else lake_unit(channel.unit)
    return f"{channel.commodity.value}/{channel.flow.value}/{quantity}"


@dataclass(frozen=True, slots=True)
class Form:
    """What all rows of a row group share."""

    channel: str
    interval_seconds: int
    unit: str
    scale: int

    @property
    def power(self) -> int:
        """Power of ten of the values, of watt-hours where the unit is energy, or of var-hours."""
        return self.scale + _POWERS.get(self.unit, 0)


@dataclass(frozen=True)
class Run:
    """A block of whole meter-days: its form, its days, its meters, and its place in the file."""

    form: Form
    days: DaySpan
    meters: tuple[str, ...]
    group: int
    """Number of the row group, from 0."""
    row: int
    """First row, counted inside the row group."""
    plain: bool | None = None
    """Whether every value is as received, and valid or raw; None where the file does not say."""

    @cached_property
    def ordinal_of(self) -> dict[str, int]:
        """Place of each meter in the run."""
        return {meter: ordinal for ordinal, meter in enumerate(self.meters)}

    def width(self, zone: str) -> int:
        """Slots of one meter over all days of the run."""
        return offsets(self.days, zone, self.form.interval_seconds)[-1]


@dataclass(frozen=True)
class FileIndex:
    """All that a file says of itself."""

    zone: str
    source: str
    learned_us: int
    runs: tuple[Run, ...]
    own: tuple[tuple[str, int], ...] = ()
    """Source and instant of each file whose values this one brought; empty where it is the one
    above."""

    @property
    def origins(self) -> tuple[tuple[str, int], ...]:
        """Source and instant of each file whose values this one brought."""
        return self.own or ((self.source, self.learned_us),)


def index_json(index: FileIndex) -> str:
    """The index as it stands in the file."""
    few = len({meter for run in index.runs for meter in run.meters}) <= _FEW_METERS
    return json.dumps(
        {
            "layout": LAYOUT,
            "zone": index.zone,
            "source": index.source,
            "learned_us": index.learned_us,
            "own": [list(one) for one in index.own],
            "runs": [
                {
                    "channel": run.form.channel,
                    "interval_seconds": run.form.interval_seconds,
                    "unit": run.form.unit,
                    "scale": run.form.scale,
                    "from": run.days.from_day.isoformat(),
                    "until": run.days.until_day.isoformat(),
                    "group": run.group,
                    "row": run.row,
                    "plain": run.plain,
                    "count": len(run.meters),
                    "meters": "".join(run.meters)
                    if few or run.width(index.zone) >= _LONG_WIDTH
                    else None,
                }
                for run in index.runs
            ],
        },
        sort_keys=True,
        separators=(",", ":"),
    )


MetersAt = Callable[[int, npt.NDArray[np.int64]], Sequence[str]]
"""Gives the meters of some rows of a row group, out of its own column."""


def read_index(text: str | bytes, meters_at: MetersAt) -> FileIndex:
    """The index of a file. ``meters_at`` is asked for names that the index leaves to the column.

    :raises ValueError: if it is not one (KeyError and TypeError are turned into it)
    """
    try:
        record: dict[str, Any] = json.loads(text)
        if record["layout"] not in _LAYOUTS_KNOWN:
            raise ValueError(f"layout {record['layout']}")
        return FileIndex(
            zone=record["zone"],
            source=record["source"],
            learned_us=record["learned_us"],
            runs=tuple(_run(run, record["zone"], meters_at) for run in record["runs"]),
            own=tuple((source, learned_us) for source, learned_us in record.get("own", ())),
        )
    except (KeyError, TypeError) as broken:
        raise ValueError(f"no index: {broken!r}") from broken


def _run(record: dict[str, Any], zone: str, meters_at: MetersAt) -> Run:
    days = DaySpan(date.fromisoformat(record["from"]), date.fromisoformat(record["until"]))
    digits = record["meters"]
    if digits is None:
        width = offsets(days, zone, record["interval_seconds"])[-1]
        firsts = record["row"] + width * np.arange(record["count"], dtype=np.int64)
        names = meters_at(record["group"], firsts)
    else:
        names = [digits[at : at + 16] for at in range(0, len(digits), 16)]
    return Run(
        form=Form(
            channel=record["channel"],
            interval_seconds=record["interval_seconds"],
            unit=record["unit"],
            scale=record["scale"],
        ),
        days=days,
        meters=tuple(sys.intern(name) for name in names),
        group=record["group"],
        row=record["row"],
        plain=record.get("plain"),
    )


def row_count(runs: Sequence[Run], zone: str) -> int:
    """How many rows the runs have together."""
    return sum(len(run.meters) * run.width(zone) for run in runs)
