"""A small town whose meters are billed on their register: read by hand, by car, or every night."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.journeys.town import CHICAGO, FIRST, Town

from meterledger.facts.meters import BilledOn, Meter, MeterConfiguration, MeterKind, Register
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
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.usecases.describe_meters import configure_meter

NIGHT = datetime(2026, 11, 30, 9, tzinfo=UTC)  # the book's limits were learned the day before
NEXT = datetime(2026, 12, 1, 9, tzinfo=UTC)
AFTER = datetime(2026, 12, 2, 9, tzinfo=UTC)
KWH = Register("kWh", Flow.DELIVERED, "kWh", 5)


def months(first: date, count: int) -> list[date]:
    """First days of months in a row."""
    return [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
        for n in range(count)
    ]


@dataclass
class RegisterTown(Town):
    """Services whose meter is billed on its register."""

    @property
    def view(self) -> BookView:
        return self.book.as_known(NIGHT.date())

    def meter(
        self,
        number: int,
        kind: MeterKind = MeterKind.AMI,
        *,
        came: date = date(2023, 1, 1),
        register: Register = KWH,
        billed_on: BilledOn = BilledOn.REGISTER,
        **changed: Any,
    ) -> None:
        """A home with service from ``came``, and its meter."""
        self.start(number, from_day=came, **changed)
        self.set_up(f"M{number}", kind, came=came, register=register, billed_on=billed_on)

    def set_up(
        self,
        meter: str,
        kind: MeterKind = MeterKind.AMI,
        *,
        came: date,
        register: Register = KWH,
        billed_on: BilledOn = BilledOn.REGISTER,
        learned_at: datetime = FIRST,
    ) -> None:
        seconds = 900 if billed_on is BilledOn.INTERVAL else None
        setup = MeterConfiguration(
            meter, billed_on, seconds, (register,), (), Validity(came), learned_at
        )
        device = Meter(meter, kind, learned_at)
        configure_meter(setup, device, learned_at=learned_at, store=self.store)

    def reads(
        self,
        meter: str,
        *told: tuple[date, int],
        hour: float = 0,
        scale: int = 0,
        unit: str = "kWh",
        quality: Quality = Quality.VALID,
        learned_at: datetime = FIRST,
    ) -> int:
        """The register showed so much at an hour of local days."""
        channel = Channel(
            meter, Commodity.ELECTRICITY, unit, ChannelKind.REGISTER, Flow.DELIVERED, None, scale
        )
        readings = tuple(
            Reading(self.at(day, hour), 0, shown, quality, line)
            for line, (day, shown) in enumerate(sorted(told))
        )
        self.files += 1
        received = self.store.record_file(
            sha256=f"{self.files:064x}",
            name=f"registers{self.files}",
            format="test",
            channels=[ChannelReadings(channel, readings)],
            quarantined=(),
            lake_files=(),
            learned_at=learned_at,
        )
        return int(received.lake_sequence)

    def every_night(
        self,
        meter: str,
        span: tuple[date, date],
        shown: Callable[[date], int],
        *,
        without: frozenset[date] = frozenset(),
        **how: Any,
    ) -> int:
        """Read at every midnight of ``[from, to]``, some left out."""
        days = [span[0] + timedelta(days=n) for n in range((span[1] - span[0]).days + 1)]
        return self.reads(meter, *((day, shown(day)) for day in days if day not in without), **how)

    def at(self, day: date, hour: float = 0) -> int:
        return int(day_start_utc(day, CHICAGO).timestamp() + hour * 3600)

    def pseudonym(self, meter: str) -> str:
        return pseudonym(meter, self.view.name)

    def bill_month(self, number: int, first: date, *, known_at: datetime = NEXT, **how: Any) -> Any:
        """The bill run on the first of the next month."""
        return self.bill(number, on=months(first, 2)[1], known_at=known_at, **how)
