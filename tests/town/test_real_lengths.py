"""Real readings that are no quarter-hours, moved to the book's months, through both clock changes.

A meter read once a month, one read by the day, and one read by the hour and for some weeks by the
day. Moved by whole weeks and, from Eastern to Central time, by the hour that keeps the clock on the
wall; in the files' own months they are measured in ``test_measuring_real_files.py``.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from tests.tidy.house import ROOT
from tests.town.towns import MemoryUtility

from meterledger.entrypoints.demo import real_series
from meterledger.entrypoints.demo.story import book_completed_at
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
    ReadingFile,
)
from meterledger.kernel.ids import with_check_digit
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan
from meterledger.stores.gateways import read_file
from meterledger.usecases.issue_bills import BillRun, issue_bills
from meterledger.usecases.receive_readings import receive_readings
from meterledger.usecases.replay_bill import replay_bill
from meterledger.usecases.start_service import ServiceRequest, start_service, stop_service

DATA = ROOT / "tests" / "data"
ZONE = "America/Chicago"
WEEK, HOUR = 7 * 86_400, 3_600
LONG_DAY, SHORT_DAY = date(2025, 11, 2), date(2026, 3, 8)
ACCOUNT, METER, POINT = with_check_digit("400000004"), "ML-1", "SP-1"


def midnight(day: date) -> int:
    return int(day_start_utc(day, ZONE).timestamp())


def green_button(name: str, *, weeks: int) -> list[tuple[int, int, int]]:
    """Start, length and watt-hours of an official sample's readings, moved."""
    file = read_file(DATA / "greenbutton" / name, received_at=datetime(2026, 11, 25, tzinfo=UTC))
    (channel,) = file.channels
    power = channel.channel.energy_wh_power
    assert power is not None
    return [
        (one.start + weeks * WEEK + HOUR, one.seconds, (one.value or 0) * 10**power)
        for one in channel.readings
    ]


class Billed:
    """One customer with one meter: readings arrive, bills are made."""

    def __init__(self, utility: MemoryUtility) -> None:
        self.utility = utility
        self.at = book_completed_at(utility.book)
        self.files = 0
        self.measured: dict[int, tuple[int, int]] = {}

    def start(self, from_day: date, *, cycle: int, schedule: str = "1M-anytime") -> str:
        request = ServiceRequest(
            account_id=ACCOUNT,
            people=(("P1", "Ana Rivera"),),
            cycle=cycle,
            premise_id="P-1",
            address="12 Elm Street",
            city="University City",
            postal_code="63130",
            tax_place="university_city",
            service_point_id=POINT,
            meter_id=METER,
            multiplier=1,
            schedule=schedule,
            from_day=from_day,
        )
        started = start_service(
            request, learned_at=self.at, view=self.utility.view, store=self.utility.store
        )
        return started.agreement_id

    def stop(self, agreement: str, day: date) -> None:
        stop_service(
            agreement_id=agreement, last_day_out=day, learned_at=self.at, store=self.utility.store
        )

    def read(self, intervals: Sequence[tuple[int, int, int]]) -> None:
        """A file with these intervals arrives."""
        self.files += 1
        channel = Channel(
            METER, Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, Flow.DELIVERED, None, 0
        )
        readings = tuple(
            Reading(start, seconds, wh, Quality.VALID, line)
            for line, (start, seconds, wh) in enumerate(intervals, start=1)
        )
        receive_readings(
            file=ReadingFile(
                f"file {self.files}",
                f"{self.files:064x}",
                "test",
                (ChannelReadings(channel, readings),),
            ),
            store=self.utility.store,
            lake=self.utility.lake,
            utility=self.utility.view.name,
            zone_name=ZONE,
            learned_at=self.at,
        )
        self.measured |= {start: (seconds, wh) for start, seconds, wh in intervals}

    def bill(self, on: date) -> BillRun:
        """Every window that is due; each bill is replayed to the byte."""
        store = self.utility.store
        known_at = self.at + timedelta(hours=1)
        run = issue_bills(
            services=store.services_of_account(ACCOUNT, known_at),
            on=on,
            known_at=known_at,
            store=store,
            lake=self.utility.lake,
            book=self.utility.book,
        )
        for bill in run.issued:
            again = replay_bill(
                bill_id=bill.bill_id, store=store, lake=self.utility.lake, book=self.utility.book
            )
            assert again.same_bytes
        return run

    def energy(self, days: DaySpan) -> int:
        """Watt-hours that arrived in intervals that lie in these days."""
        begin, until = midnight(days.from_day), midnight(days.until_day)
        return sum(
            wh
            for start, (seconds, wh) in self.measured.items()
            if begin <= start and start + seconds <= until
        )

    def assert_equal(self, run: BillRun) -> None:
        """Energy in is energy billed: bill by bill, in its lines, and in all."""
        for bill in run.issued:
            assert bill.usage.energy_wh == self.energy(bill.days), bill.days
            assert base_wh(bill) == bill.usage.energy_wh
        assert sum(bill.usage.energy_wh for bill in run.issued) == run.energy_billed_wh


def base_wh(bill: Any) -> int:
    """Watt-hours that the base energy lines of a bill price."""
    lines = [line for line in bill.lines if line.group.value == "base" and line.unit == "kWh"]
    thousandths = [line.quantity.partition(".") for line in lines]
    return sum(int(whole) * 1000 + int((part + "000")[:3]) for whole, _, part in thousandths)


def periods(run: BillRun) -> list[str]:
    return [str(bill.days) for bill in run.issued]


@pytest.fixture
def billed(utility: MemoryUtility) -> Billed:
    """A customer to be."""
    return Billed(utility)


class TestReadOnceAMonth:
    """``MonthlyOnlyElectricData``: read on the 26th of each month, at 0:00 Eastern time."""

    NAME = "MonthlyOnlyElectricData.xml"

    def test_is_billed_through_the_season_and_the_long_day(self, billed: Billed) -> None:
        """729 weeks later it was read on the 15th, which is reading day of cycle 15."""
        months = green_button(self.NAME, weeks=729)
        billed.start(date(2025, 8, 15), cycle=15)
        billed.read(months)

        run = billed.bill(date(2026, 3, 1))

        assert [one.sentence for one in run.held] == []
        assert periods(run) == [
            "2025-08-15 to 2025-09-15",
            "2025-09-15 to 2025-10-15",
            "2025-10-15 to 2025-11-15",
            "2025-11-15 to 2025-12-15",
            "2025-12-15 to 2026-01-15",
            "2026-01-15 to 2026-02-15",
        ]
        billed.assert_equal(run)
        assert run.energy_billed_wh == (778 + 756 + 783 + 790 + 705 + 761) * 1_000
        november = run.issued[2]
        assert LONG_DAY in november.days
        assert november.usage.interval_seconds == 31 * 86_400 + HOUR
        autumn = {line.code: line.quantity for line in run.issued[1].lines}
        assert (autumn["energy_summer"], autumn["energy_winter_first"]) == ("403.2", "350")

    def test_is_billed_through_the_short_day(self, billed: Billed) -> None:
        """732 weeks later the reading of February 26 to March 26 is of March 8 to April 6."""
        agreement = billed.start(SHORT_DAY, cycle=7)
        billed.stop(agreement, date(2026, 4, 6))
        (month,) = [
            one for one in green_button(self.NAME, weeks=732) if one[0] == midnight(SHORT_DAY)
        ]
        billed.read([month])

        run = billed.bill(date(2026, 4, 6))

        assert run.held == []
        (bill,) = run.issued
        assert bill.usage.interval_seconds == 29 * 86_400 - HOUR
        billed.assert_equal(run)
        assert run.energy_billed_wh == 661_000

    def test_is_held_from_where_its_readings_leave_the_reading_days(self, billed: Billed) -> None:
        """A leap day ago the next reading was on the 26th; now that is the 16th of March."""
        billed.start(date(2025, 8, 15), cycle=15)
        billed.read(green_button(self.NAME, weeks=729))

        run = billed.bill(date(2026, 3, 31))

        assert len(run.issued) == 6
        (held,) = run.held
        assert held.code == "usage.not_tiled"
        assert (
            "The interval from 2026-02-15T06:00:00Z until 2026-03-16T05:00:00Z lies across the "
            "beginning of 2026-03-15, an edge of the window"
        ) in held.sentence


class TestReadByTheDay:
    """``12MonthlyUpdates``: days of 23, 24 and 25 hours, 730 weeks later our own."""

    NAME = "12MonthlyUpdates.xml.gz"
    DAYS = DaySpan(date(2025, 7, 1), date(2026, 3, 29))

    def moved(self) -> list[tuple[int, int, int]]:
        first = midnight(self.DAYS.from_day)
        return [one for one in green_button(self.NAME, weeks=730) if one[0] >= first]

    def test_is_billed_through_both_clock_changes(self, billed: Billed) -> None:
        agreement = billed.start(self.DAYS.from_day, cycle=1)
        billed.stop(agreement, self.DAYS.until_day)
        days = self.moved()
        billed.read(days)

        run = billed.bill(self.DAYS.until_day)

        assert run.held == []
        assert run.energy_billed_wh == sum(wh for _, _, wh in days)
        billed.assert_equal(run)
        daily = {
            day: wh
            for bill in run.issued
            for day, wh in zip(bill.days.days(), bill.usage.daily_wh, strict=True)
        }
        lengths = {start: (seconds, wh) for start, seconds, wh in days}
        assert lengths[midnight(LONG_DAY)] == (90_000, daily[LONG_DAY])
        assert lengths[midnight(SHORT_DAY)] == (82_800, daily[SHORT_DAY])

    def test_that_begins_an_hour_before_midnight_is_held(self, billed: Billed) -> None:
        """The same days left on Eastern time: none of them is a day here."""
        agreement = billed.start(self.DAYS.from_day, cycle=1)
        billed.stop(agreement, self.DAYS.until_day)
        billed.read([(start - HOUR, seconds, wh) for start, seconds, wh in self.moved()[1:]])

        run = billed.bill(self.DAYS.until_day)

        assert run.issued == []
        assert "lies across the beginning of 2025-08-01" in run.held[0].sentence


class TestReadByTheHourAndForSomeWeeksByTheDay:
    """The Illinois meter of 2016 to 2017, published by the hour and by the day."""

    DAYS = DaySpan(date(2025, 8, 1), date(2026, 4, 1))
    BY_THE_DAY = (
        DaySpan(date(2025, 10, 20), date(2025, 11, 12)),
        DaySpan(date(2026, 3, 1), date(2026, 3, 19)),
    )

    def hours(self) -> list[tuple[int, int, int]]:
        moved = real_series.Moved(real_series.ILLINOIS, 469, self.DAYS)
        return [(start, HOUR, wh) for start, wh in moved.values(ZONE)]

    def days(self) -> list[tuple[int, int, int]]:
        path = DATA / "timeseries" / "illinois_daily.csv.gz"
        rows = list(csv.reader(gzip.decompress(path.read_bytes()).decode().splitlines()))[1:]
        starts = [int(datetime.fromisoformat(start).timestamp()) + 469 * WEEK for start, _ in rows]
        return [
            (start, end - start, int(Decimal(value) * 1_000))
            for (start, end), (_, value) in zip(pairwise(starts), rows, strict=False)
        ]

    @staticmethod
    def within(
        intervals: Iterable[tuple[int, int, int]], spans: Iterable[DaySpan]
    ) -> list[tuple[int, int, int]]:
        edges = [(midnight(span.from_day), midnight(span.until_day)) for span in spans]
        return [one for one in intervals if any(begin <= one[0] < end for begin, end in edges)]

    def test_is_billed_through_both_clock_changes(self, billed: Billed) -> None:
        agreement = billed.start(self.DAYS.from_day, cycle=1)
        billed.stop(agreement, self.DAYS.until_day)
        by_the_day = self.within(self.days(), self.BY_THE_DAY)
        gone = set(self.within(self.hours(), self.BY_THE_DAY))
        hours = [one for one in self.hours() if one not in gone]
        billed.read(hours)
        billed.read(by_the_day)

        run = billed.bill(self.DAYS.until_day)

        assert [one.sentence for one in run.held] == []
        assert len(run.issued) == 8
        assert run.energy_billed_wh == sum(wh for _, _, wh in [*hours, *by_the_day])
        billed.assert_equal(run)
        mixed = [bill for bill in run.issued if bill.usage.interval_seconds is None]
        assert [bill.days.from_day.month for bill in mixed] == [10, 11, 3]
        long_day = {start: wh for start, _, wh in by_the_day}[midnight(LONG_DAY)]
        assert mixed[1].usage.daily_wh[1] == long_day

    def test_needs_hours_where_the_price_changes_by_the_hour(self, billed: Billed) -> None:
        agreement = billed.start(self.DAYS.from_day, cycle=1, schedule="1M-overnight")
        billed.stop(agreement, self.DAYS.until_day)
        gone = set(self.within(self.hours(), self.BY_THE_DAY))
        billed.read([one for one in self.hours() if one not in gone])
        billed.read(self.within(self.days(), self.BY_THE_DAY))

        run = billed.bill(self.DAYS.until_day)

        assert periods(run) == ["2025-08-01 to 2025-09-01", "2025-09-01 to 2025-10-01"]
        billed.assert_equal(run)
        (held,) = run.held
        assert held.code == "usage.interval_too_long"
        assert (
            "The interval from 2025-10-20T05:00:00Z until 2025-10-21T05:00:00Z goes on past 06:00 "
            "local time on 2025-10-20, where the price changes"
        ) in held.sentence
