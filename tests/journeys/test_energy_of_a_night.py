"""Energy through a night: what was received stays, estimates are on record, in any order."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import DAY, NEXT, NIGHT, UsageTown, usage_town, weekly, with_gap

from meterledger.facts.estimates import Method
from meterledger.kernel.local_days import intervals_in_day
from meterledger.usecases.check_estimates import check_estimates

SPRING, AUTUMN = date(2026, 3, 8), date(2025, 11, 2)
DAYS = st.sampled_from([DAY, SPRING, AUTUMN])
FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def town_of(book: Any, folder: str) -> UsageTown:
    made = usage_town(Path(folder), book=book)
    made.start(1, from_day=date(2025, 7, 1))
    return made


@FEW
@given(
    day=DAYS,
    lost=st.sets(st.integers(0, 99), max_size=99),
    wh=st.integers(0, 4_000),
)
def test_received_energy_stays_and_every_other_watt_hour_is_an_estimate_on_record(
    first_book: Any, day: date, lost: set[int], wh: int
) -> None:
    def values(each: date, count: int) -> list[int | None]:
        told = [(one or 0) + wh for one in weekly(each, count)]
        if each != day:
            return list(told)
        return [None if slot in lost else one for slot, one in enumerate(told)]

    with tempfile.TemporaryDirectory() as folder:
        town = town_of(first_book, folder)
        with town.store.viewing(VIEWER, []):
            town.arrive("M1", (day - timedelta(days=30), day + timedelta(days=1)), values)
            received = values(day, intervals_in_day(day, "America/Chicago", 900))

            town.validate(day)

            known = town.values_of("M1", day)
            methods = town.methods_of("M1", day)
            estimates = town.store.estimates_of_meter("M1")
    kept = [wh for wh in received if wh is not None]
    assert [wh for wh, was in zip(known, received, strict=True) if was is not None] == kept
    assert all((method == 0) == (was is not None) for method, was in
               zip(methods, received, strict=True))  # fmt: skip
    estimated_wh = sum(one.estimate.energy_wh for one in estimates)
    assert sum(known) == sum(kept) + estimated_wh
    assert sum(one.interval_count for one in estimates) == len(received) - len(kept)


@FEW
@given(
    order=st.permutations(["part", "whole", "night", "part again", "night again"]),
    lost=st.sets(st.integers(0, 95), min_size=1, max_size=40),
)
def test_in_any_order_the_readings_speak_in_the_end(
    first_book: Any, order: list[str], lost: set[int]
) -> None:
    def part(each: date, count: int) -> list[int | None]:
        told = weekly(each, count)
        return [None if slot in lost else one for slot, one in enumerate(told)]

    one_day = (DAY, DAY + timedelta(days=1))
    with tempfile.TemporaryDirectory() as folder:
        town = town_of(first_book, folder)
        with town.store.viewing(VIEWER, []):
            town.arrive("M1", (DAY - timedelta(days=30), DAY))
            for number, act in enumerate(order):
                at = NIGHT + timedelta(minutes=number)
                if act.startswith("night"):
                    town.validate(known_at=at)
                elif act == "whole":
                    town.arrive("M1", one_day, learned_at=at)
                else:
                    town.arrive("M1", one_day, part, learned_at=at)
            report = town.validate(known_at=NEXT)

            assert town.values_of("M1") == weekly(DAY, 96)
            assert town.methods_of("M1") == [Method.AS_RECEIVED] * 96
    assert report.counts.complete == 1


@pytest.mark.parametrize(("day", "width"), [(DAY, 96), (SPRING, 92), (AUTUMN, 100)])
def test_days_have_their_length(day: date, width: int) -> None:
    assert intervals_in_day(day, "America/Chicago", 900) == width


def test_estimates_on_record_are_what_the_lake_kept(first_book: Any, tmp_path: Path) -> None:
    town = town_of(first_book, str(tmp_path))
    with town.store.viewing(VIEWER, []):
        span = (DAY - timedelta(days=30), DAY + timedelta(days=1))
        town.arrive("M1", span, with_gap(DAY, 10, 14))
        town.validate()
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), learned_at=NEXT)  # replaced since
        assert check_estimates(town.store, town.lake, town.view) == (1, [])

        (one,) = town.store._estimates
        off = replace(one.estimate, energy_wh=one.estimate.energy_wh + 1)
        town.store._estimates[:] = [replace(one, estimate=off)]
        checked, (said,) = check_estimates(town.store, town.lake, town.view)
    assert checked == 1
    assert f"{off.energy_wh} Wh are on record as estimated, and the lake has" in said
