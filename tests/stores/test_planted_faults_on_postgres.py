"""The planted faults over PostgreSQL and a lake of files, each found by its named check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.journeys import planted
from tests.journeys.planted import HOLDING, NOVEMBER, UNBILLED
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import DAY, NEXT, UsageTown, usage_town, weekly

from meterledger.facts.findings import Weight
from meterledger.stores.postgres.repository import PostgresStore

pytestmark = pytest.mark.postgres

ASKS_THE_STORE = (
    planted.times_ten_after_an_exchange,
    planted.swapped_channels,
    planted.crossed_with_its_neighbor,
    planted.a_clock_that_stands_still,
    planted.a_day_that_came_a_year_late,
    planted.one_total_across_an_area,
    planted.an_overlapping_channel,
    *UNBILLED,
)
"""The faults that are only found with what the store knows beside the values."""


@pytest.mark.parametrize("plant", ASKS_THE_STORE, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found_by_its_check(
    postgres: PostgresStore, tmp_path: Path, plant: Callable[[UsageTown], Any]
) -> None:
    town = usage_town(tmp_path, store=postgres)
    with postgres.viewing(VIEWER, []):
        meters, code = plant(town)
        town.validate()
        held = {
            (one.logged.meter_id, one.logged.finding.code): one.logged.finding
            for one in postgres.review_queue()
            if one.logged.day == DAY
        }
        for meter_id in meters:
            assert held[meter_id, code].weight is Weight.HOLD
        if plant in HOLDING:
            (waits,) = town.bill(1, on=NOVEMBER, known_at=NEXT).held
            assert code in waits.sentence


def test_a_source_that_knows_no_clock_changes_is_found(
    postgres: PostgresStore, tmp_path: Path
) -> None:
    town = usage_town(tmp_path, store=postgres)
    spring = DAY.replace(year=2026, month=3, day=8)
    with postgres.viewing(VIEWER, []):
        town.start(1)
        planted.sent(town, "M1", spring, weekly(spring, 96))
        town.validate(spring)
        (found,) = [
            one.logged.finding
            for one in postgres.review_queue()
            if one.logged.finding.code == "usage.wrong_length"
        ]
        assert found.sentence == "96 readings were sent for a local day of 92 intervals."
