"""A lake with a list of publications beside it, and readings made in a line.

Lives here      what the tests of the lake share. No promise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.ids import BUCKET_COUNT, pseudonym
from meterledger.kernel.local_days import day_start_utc, seconds_in_day
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import IntervalLake

CHICAGO = "America/Chicago"
LEARNED = datetime(2025, 8, 1, 12, tzinfo=UTC)
ADA = pseudonym("METER-ADA-1", "utility")
BEN = pseudonym("METER-BEN-2", "utility")
CAM = pseudonym("METER-CAM-3", "utility")


class LakeWorld:
    """A lake, and PostgreSQL's part of it: which files are published, in which order."""

    def __init__(self, folder: Path, *, bucket_count: int = BUCKET_COUNT) -> None:
        self.folder = folder
        self.published: list[list[str]] = []
        self.lake = IntervalLake(
            folder, zone=CHICAGO, files_at=self.files_at, bucket_count=bucket_count
        )
        self.learned_at = LEARNED
        self.written = 0

    def files_at(self, sequence: int) -> list[str]:
        return [name for commit in self.published[:sequence] for name in commit]

    @property
    def sequence(self) -> int:
        return len(self.published)

    def write(
        self,
        *channels: tuple[str, ChannelReadings],
        at_sequence: int | None = None,
        source: str | None = None,
    ) -> list[str]:
        """Write and do not publish. Each write comes from a file of its own, an hour later."""
        self.written += 1
        self.learned_at += timedelta(hours=1)
        named = source or hashlib.sha256(str(self.written).encode()).hexdigest()
        return self.lake.write(
            list(channels),
            source_sha256=named,
            learned_at=self.learned_at,
            at_sequence=self.sequence if at_sequence is None else at_sequence,
        )

    def publish(self, names: list[str]) -> int:
        self.published.append(names)
        return self.sequence

    def ingest(self, *channels: tuple[str, ChannelReadings]) -> int:
        """Write and publish."""
        return self.publish(self.write(*channels))

    def usage(
        self, meters: Sequence[str] | str, days: DaySpan, at_sequence: int | None = None
    ) -> UsageBatch:
        """The one batch of the meters."""
        (batch,) = self.lake.usage(
            [meters] if isinstance(meters, str) else meters,
            days,
            at_sequence=self.sequence if at_sequence is None else at_sequence,
        )
        return batch


def channel(
    *,
    unit: str = "Wh",
    scale: int = 0,
    flow: Flow = Flow.DELIVERED,
    commodity: Commodity = Commodity.ELECTRICITY,
    meter_id: str = "METER-ADA-1",
    seconds: int | None = 900,
) -> Channel:
    return Channel(meter_id, commodity, unit, ChannelKind.INTERVAL, flow, seconds, scale)


def day_of(day: date, *values: int | None, seconds: int = 900, **kind: object) -> ChannelReadings:
    """Readings from the local midnight of ``day`` on; the last value goes on until the day ends."""
    count = seconds_in_day(day, CHICAGO) // seconds
    filled = [*values, *[values[-1]] * (count - len(values))][:count]
    return slots(day, dict(enumerate(filled)), seconds=seconds, **kind)


def slots(
    day: date, values: dict[int, int | None], *, seconds: int = 900, **kind: object
) -> ChannelReadings:
    """Readings of some slots, counted from the local midnight of ``day``."""
    midnight = int(day_start_utc(day, CHICAGO).timestamp())
    return ChannelReadings(
        channel(seconds=seconds, **kind),  # type: ignore[arg-type]
        tuple(
            Reading(
                midnight + slot * seconds,
                seconds,
                value,
                Quality.MISSING if value is None else Quality.VALID,
                slot + 1,
            )
            for slot, value in values.items()
        ),
    )


def span(from_day: date, days: int = 1) -> DaySpan:
    return DaySpan(from_day, from_day + timedelta(days=days))


def values_of(batch: UsageBatch, row: int = 0) -> list[int | None]:
    """All intervals of a row in time order, None where missing."""
    energy = np.concatenate([day.energy_wh[row] for day in batch.days])
    missing = np.concatenate([day.missing[row] for day in batch.days])
    return [None if gone else int(wh) for wh, gone in zip(energy, missing, strict=True)]
