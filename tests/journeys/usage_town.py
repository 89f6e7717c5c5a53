"""A small town over the real lake, for the journeys of usage: readings arrive, days are checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from tests.journeys.town import CHICAGO, FIRST, Town

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.stores.lake import IntervalLake
from meterledger.usecases.validate_usage import UsageReport, validate_usage

DAY = date(2025, 10, 8)
"""A Wednesday with nothing special about it."""
NIGHT = datetime(2026, 11, 30, 9, tzinfo=UTC)  # the validation file was learned the day before
NEXT = datetime(2026, 12, 1, 9, tzinfo=UTC)
AFTER = datetime(2026, 12, 2, 9, tzinfo=UTC)
MONTH_BEFORE = DAY - timedelta(days=35)
Values = Callable[[date, int], list[int | None]]


def weekly(day: date, count: int) -> list[int | None]:
    """A household whose weekdays and weekends differ, quietly alive in every interval."""
    weekend = 40 if day.weekday() >= 5 else 0
    jitter = day.toordinal() * 3  # no day is another one to the watt-hour
    return [
        100 + weekend + (slot * 24 // count) * 5 + (slot * 7 + jitter) % 23 for slot in range(count)
    ]


def with_gap(day: date, first: int, until: int, base: Values = weekly) -> Values:
    """The same, with intervals of one day missing."""

    def values(each: date, count: int) -> list[int | None]:
        told = base(each, count)
        if each == day:
            told[first:until] = [None] * (until - first)
        return told

    return values


BELOW_ZERO = -900


def with_value(day: date, slot: int, wh: int, base: Values = weekly) -> Values:
    """The same, with one interval of one day as told: far too high, or below zero."""

    def values(each: date, count: int) -> list[int | None]:
        told = base(each, count)
        if each == day:
            told[slot] = wh
        return told

    return values


@dataclass
class UsageTown(Town):
    """The town of the other journeys, over a lake of files, as known once checks are on file."""

    @property
    def view(self) -> BookView:
        return self.book.as_known(NIGHT.date())

    def arrive(
        self,
        meter_id: str,
        span: tuple[date, date],
        values: Values = weekly,
        *,
        learned_at: datetime = FIRST,
        seconds: int = 900,
        flow: Flow = Flow.DELIVERED,
    ) -> int:
        """A file of readings is written to the lake and published; returns the sequence."""
        readings = []
        for day in DaySpan(*span).days():
            start = int(day_start_utc(day, CHICAGO).timestamp())
            count = intervals_in_day(day, CHICAGO, seconds)
            for slot, wh in enumerate(values(day, count)):
                quality = Quality.MISSING if wh is None else Quality.VALID
                readings.append(
                    Reading(start + slot * seconds, seconds, wh, quality, len(readings))
                )
        channel = Channel(
            meter_id, Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, flow, seconds, 0
        )
        told = ChannelReadings(channel, tuple(readings))
        self.files += 1
        sha256 = hashlib.sha256(repr((meter_id, span, learned_at, self.files)).encode()).hexdigest()
        names = self.lake.write(
            [(self.pseudonym(meter_id), told)],
            source_sha256=sha256,
            learned_at=learned_at,
            at_sequence=self.store.lake_sequence(),
        )
        received = self.store.record_file(
            sha256=sha256,
            name=f"{meter_id}-{self.files}.csv",
            format="csv",
            channels=[told],
            quarantined=(),
            lake_files=names,
            learned_at=learned_at,
        )
        return int(received.lake_sequence)

    def pseudonym(self, meter_id: str) -> str:
        return pseudonym(meter_id, self.view.name)

    def validate(self, day: date = DAY, *, known_at: datetime = NIGHT, **how: Any) -> UsageReport:
        return validate_usage(
            day=day,
            known_at=known_at,
            store=how.pop("store", self.store),
            lake=how.pop("lake", self.lake),
            view=self.view,
            **how,
        )

    def values_of(self, meter_id: str, day: date = DAY, sequence: int | None = None) -> list[int]:
        """Watt-hours of the day's intervals, -1 where there is none."""
        values = self.day(meter_id, day, sequence)
        told = np.where(values.missing[0], -1, values.energy_wh[0])
        return [int(wh) for wh in told]

    def methods_of(self, meter_id: str, day: date = DAY) -> list[int]:
        values = self.day(meter_id, day)
        if values.method is None:
            return [0] * values.energy_wh.shape[1]
        return [int(code) for code in values.method[0]]

    def day(self, meter_id: str, day: date = DAY, sequence: int | None = None) -> Any:
        newest = self.store.lake_sequence() if sequence is None else sequence
        (batch,) = self.lake.usage(
            [self.pseudonym(meter_id)], DaySpan(day, day + timedelta(days=1)), at_sequence=newest
        )
        return batch.days[0]


def usage_town(folder: Path, **changed: Any) -> UsageTown:
    """A town with an empty lake in the folder."""
    town = UsageTown(**changed)
    town.lake = IntervalLake(folder / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    return town
