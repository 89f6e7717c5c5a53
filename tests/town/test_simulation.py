"""Simulated homes: the same watt-hours wherever and in whatever order they are made."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.entrypoints.demo.simulation import day_values, traits_of
from meterledger.kernel.canonical import sha256_hex

ZONE = "America/Chicago"
ANY_DAY = st.dates(date(2024, 1, 1), date(2027, 12, 31))


class TestSimulatedDays:
    def test_are_the_same_on_every_machine(self) -> None:
        values = day_values(traits_of(range(50), seed=7), date(2025, 8, 1), seed=7, zone_name=ZONE)
        assert sha256_hex(values.astype("<i8").tobytes()) == (
            "0512d6d5cf16a3b3a32c9399beef693966d7018051cc6d867b6c4d7157c84d7c"
        )

    @pytest.mark.parametrize(
        ("day", "quarter_hours"),
        [(date(2025, 11, 1), 96), (date(2025, 11, 2), 100), (date(2026, 3, 8), 92)],
    )
    def test_have_the_local_days_length(self, day: date, quarter_hours: int) -> None:
        values = day_values(traits_of([1, 2], seed=7), day, seed=7, zone_name=ZONE)
        assert values.shape == (2, quarter_hours)

    @given(ANY_DAY, st.lists(st.integers(0, 10**8), min_size=1, max_size=20, unique=True))
    def test_of_a_home_do_not_depend_on_the_others(self, day: date, numbers: list[int]) -> None:
        together = day_values(traits_of(numbers, seed=3), day, seed=3, zone_name=ZONE)
        alone = day_values(traits_of(numbers[-1:], seed=3), day, seed=3, zone_name=ZONE)
        assert np.array_equal(together[-1:], alone)

    @given(ANY_DAY, st.integers(0, 10**8), st.integers(0, 10**9))
    def test_are_whole_and_within_a_homes_reach(self, day: date, number: int, seed: int) -> None:
        values = day_values(traits_of([number], seed=seed), day, seed=seed, zone_name=ZONE)
        assert values.dtype == np.int64
        assert 0 <= values.min() <= values.max() <= 4_000

    def test_are_warm_and_cold_as_the_year_is(self) -> None:
        homes = traits_of(range(200), seed=7)

        def week(day: date) -> int:
            days = [day + timedelta(days=number) for number in range(7)]
            return sum(int(day_values(homes, one, seed=7, zone_name=ZONE).sum()) for one in days)

        april, august, january = (week(date(2026, month, 10)) for month in (4, 8, 1))
        assert august > april
        assert january > april
