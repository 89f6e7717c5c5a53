"""The same journeys over the real lake: one meter's fifteen minutes to a bill, file by file."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import FileMissing, IntervalLake

CHICAGO = "America/Chicago"


@pytest.fixture
def lake_town(town: Any, tmp_path: Path) -> Any:
    """The town over a lake of files."""
    town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    return town


def arrive(
    town: Any,
    towns: ModuleType,
    meter_id: str,
    span: tuple[date, date],
    values: Any,
    *,
    learned_at: datetime,
    seconds: int = 900,
) -> None:
    """A file of readings is written to the lake and published, as ``ingest`` does it."""
    readings = []
    for day in DaySpan(*span).days():
        start = int(day_start_utc(day, CHICAGO).timestamp())
        count = intervals_in_day(day, CHICAGO, seconds)
        for slot, wh in enumerate(values(day, count)):
            quality = Quality.MISSING if wh is None else Quality.VALID
            readings.append(Reading(start + slot * seconds, seconds, wh, quality, len(readings)))
    channel = Channel(
        meter_id, Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, Flow.DELIVERED, seconds, 0
    )
    channels = [ChannelReadings(channel, tuple(readings))]
    sha256 = hashlib.sha256(repr((meter_id, span, learned_at)).encode()).hexdigest()
    names = town.lake.write(
        [(towns.pseudonym(meter_id, town.view.name), channels[0])],
        source_sha256=sha256,
        learned_at=learned_at,
        at_sequence=town.store.lake_sequence(),
    )
    town.store.record_file(
        sha256=sha256,
        name=f"{meter_id}.csv",
        format="csv",
        channels=channels,
        quarantined=(),
        lake_files=names,
        learned_at=learned_at,
    )


AUTUMN = (date(2025, 10, 1), date(2025, 12, 1))


class TestFromFilesToBills:
    def test_every_option_is_billed_as_over_the_lake_in_dictionaries(
        self, lake_town: Any, towns: ModuleType, first_book: Any
    ) -> None:
        """Two months with the long day, five options, half of them read by the hour."""
        paper = towns.Town(book=first_book)
        with paper.store.viewing(towns.VIEWER, []):
            for number, code in enumerate(
                [one for one in lake_town.view.schedule_codes() if one.startswith("1M-")], start=1
            ):
                seconds = 3600 if number % 2 else 900
                for one in (lake_town, paper):
                    one.start(number, schedule=code, from_day=AUTUMN[0], multiplier=number)
                paper.read(f"M{number}", AUTUMN, seconds=seconds)
                arrive(lake_town, towns, f"M{number}", AUTUMN, towns.lively,
                       learned_at=towns.FIRST, seconds=seconds)  # fmt: skip

            over_files = lake_town.bill(1, 2, 3, 4, 5, on=date(2025, 12, 1))
            over_paper = paper.bill(1, 2, 3, 4, 5, on=date(2025, 12, 1))

        assert over_files.held == []
        assert over_files.issued_count == 10
        records = {bill.bill_id: bill.record() for bill in over_paper.issued}
        assert {bill.bill_id: bill.record() for bill in over_files.issued} == records
        (november,) = [
            bill
            for bill in over_files.issued
            if bill.account_id == lake_town.account_id(2) and bill.days.from_day.month == 11
        ]
        assert november.usage.interval_count == 30 * 96 + 4

    def test_a_gap_holds_and_the_late_file_releases(
        self, lake_town: Any, towns: ModuleType
    ) -> None:
        lake_town.start(1, from_day=AUTUMN[0])
        arrive(lake_town, towns, "M1", (date(2025, 10, 1), date(2025, 10, 31)), towns.lively,
               learned_at=towns.FIRST)  # fmt: skip

        (held,) = lake_town.bill(1, on=date(2025, 11, 1)).held
        assert (
            "96 of 2976 intervals are missing, the first at 2025-10-31T05:00:00Z" in held.sentence
        )

        arrive(lake_town, towns, "M1", (date(2025, 10, 31), date(2025, 11, 1)), towns.lively,
               learned_at=towns.LATER)  # fmt: skip
        run = lake_town.bill(1, on=date(2025, 11, 1), known_at=towns.LATER)
        assert run.issued_count == 1

    def test_a_meter_never_read_is_held_beside_one_that_was(
        self, lake_town: Any, towns: ModuleType
    ) -> None:
        for number in (1, 2):
            lake_town.start(number, from_day=AUTUMN[0])
        arrive(lake_town, towns, "M2", AUTUMN, towns.lively, learned_at=towns.FIRST)

        run = lake_town.bill(1, 2, on=date(2025, 11, 1))

        assert [bill.account_id for bill in run.issued] == [lake_town.account_id(2)]
        (held,) = run.held
        assert "No interval has arrived; the window needs 2976" in held.sentence


class TestOnTwoClocks:
    def test_a_late_correction_changes_replay_as_known_now_and_not_as_known_then(
        self, lake_town: Any, towns: ModuleType
    ) -> None:
        lake_town.start(1, schedule="1M-ultimate", from_day=AUTUMN[0])
        arrive(lake_town, towns, "M1", AUTUMN, towns.lively, learned_at=towns.FIRST)
        (bill,) = lake_town.bill(1, on=date(2025, 11, 1)).issued
        one_day = (date(2025, 10, 9), date(2025, 10, 10))
        arrive(lake_town, towns, "M1", one_day, towns.even(9_000), learned_at=towns.LATER)

        then = lake_town.replay(bill.bill_id)
        now = lake_town.replay(bill.bill_id, towns.LAST)

        assert then.same_bytes
        assert not now.same_bytes
        more = 96 * 9_000 - sum(towns.lively(one_day[0], 96))
        assert now.bill.usage.energy_wh == bill.usage.energy_wh + more
        demand = next(line for line in now.bill.lines if line.unit == "kW")
        assert demand.quantity == "36"
        assert json.loads(now.bill.record())["pins"]["lake_sequence"] == 2

    def test_a_lost_file_is_a_refusal_and_not_a_smaller_bill(
        self, lake_town: Any, towns: ModuleType, tmp_path: Path
    ) -> None:
        lake_town.start(1, from_day=AUTUMN[0])
        arrive(lake_town, towns, "M1", AUTUMN, towns.lively, learned_at=towns.FIRST)
        (bill,) = lake_town.bill(1, on=date(2025, 11, 1)).issued
        for path in (tmp_path / "lake").rglob("*.parquet"):
            path.unlink()
        lake_town.lake = IntervalLake(
            tmp_path / "lake", zone=CHICAGO, files_at=lake_town.store.lake_files
        )

        for again in (
            lambda: lake_town.replay(bill.bill_id),
            lambda: lake_town.bill(1, on=date(2025, 12, 1)),
        ):
            with pytest.raises(FileMissing) as refused:
                again()
            assert "is published, and is not there" in str(refused.value)
            assert "do not bill without it" in str(refused.value)

        assert len(lake_town.store.bills_of_account(bill.account_id)) == 1
