"""Watt-hours into periods and hours of demand by the local clock, through every kind of day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.usage import UsageBatch
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rating import (
    IntervalTooLong,
    Proration,
    RatePlan,
    TimesNeeded,
    determine,
    determine_by_days,
    plan_window,
)

CHICAGO = "America/Chicago"
FALL_BACK = date(2025, 11, 2)
SPRING_FORWARD = date(2026, 3, 8)
HOLIDAYS = frozenset({date(2025, 7, 4), date(2025, 12, 25), date(2026, 1, 1)})


@pytest.fixture(scope="session")
def plan_of(
    paper: ModuleType, options: dict[str, Any], second: ModuleType
) -> Callable[..., RatePlan]:
    def make(code: str, window: DaySpan) -> RatePlan:
        tariff = options[code]
        tariff = second.Tariff(
            tariff.charges, tariff.periods, tariff.working, tariff.resting, HOLIDAYS,
            tariff.block_kwh,
        )  # fmt: skip
        return plan_window(
            view=paper.paper_book(tariff),
            schedule_code="paper",
            window=window,
            proration=Proration(second.months_of(window.day_count)),
        )

    return make


def one_day(day: date) -> DaySpan:
    return DaySpan(day, day + timedelta(days=1))


def even(day: date, seconds: int = 900, wh: int = 1) -> list[int]:
    return [wh] * intervals_in_day(day, CHICAGO, seconds)


def by_period(usage: UsageBatch, plan: RatePlan) -> dict[str, int]:
    found = determine(usage, plan)
    return {
        period: int(found.energy_wh[0, :, number].sum())
        for number, period in enumerate(plan.periods)
    }


class TestPeriodsOfADay:
    """Quarter-hours counted by period: one watt-hour each."""

    @pytest.mark.parametrize(
        ("code", "day", "on_peak", "mid_peak", "off_peak"),
        [
            ("1M-smart", date(2025, 7, 3), 16, 48, 32),  # a summer Thursday
            ("1M-smart", date(2025, 7, 4), 0, 64, 32),  # a holiday on a Friday
            ("1M-smart", date(2025, 7, 5), 0, 64, 32),  # Saturday
            ("1M-smart", date(2025, 7, 6), 0, 64, 32),  # Sunday
            ("1M-smart", date(2025, 7, 7), 16, 48, 32),  # Monday
            ("1M-smart", date(2025, 9, 30), 16, 48, 32),  # the last summer day
            ("1M-smart", date(2025, 10, 1), 16, 48, 32),  # the first winter day
            ("1M-smart", date(2025, 12, 25), 0, 64, 32),
            ("1M-smart", date(2025, 12, 26), 16, 48, 32),
            ("1M-smart", FALL_BACK, 0, 64, 36),  # the hour that comes twice is off-peak
            ("1M-smart", SPRING_FORWARD, 0, 64, 28),  # the hour that is skipped was off-peak
            ("1M-overnight", FALL_BACK, 64, None, 36),
            ("1M-overnight", SPRING_FORWARD, 64, None, 28),
            ("1M-overnight", date(2025, 7, 4), 64, None, 32),  # every day alike
            ("1M-evening-morning", FALL_BACK, 48, None, 52),
            ("1M-evening-morning", SPRING_FORWARD, 48, None, 44),
            ("1M-ultimate", date(2025, 7, 3), 16, None, 80),
            ("1M-ultimate", date(2025, 7, 4), 0, None, 96),
            ("1M-ultimate", date(2025, 11, 3), 16, None, 80),
        ],
    )
    def test_are_those_of_the_local_clock(
        self,
        code: str,
        day: date,
        on_peak: int,
        mid_peak: int | None,
        off_peak: int,
        plan_of: Callable[..., RatePlan],
        usage_of: Callable[..., UsageBatch],
    ) -> None:
        window = one_day(day)
        expected = {"on_peak": on_peak, "mid_peak": mid_peak, "off_peak": off_peak}

        found = by_period(usage_of(window, 900, even(day)), plan_of(code, window))

        assert found == {period: count for period, count in expected.items() if count is not None}

    @pytest.mark.parametrize(
        ("day", "slot", "period"),
        [
            (date(2025, 7, 3), 59, "mid_peak"),  # 14:45 to 15:00
            (date(2025, 7, 3), 60, "on_peak"),  # 15:00
            (date(2025, 7, 3), 75, "on_peak"),  # 18:45
            (date(2025, 7, 3), 76, "mid_peak"),  # 19:00
            (date(2025, 7, 3), 23, "off_peak"),  # 05:45
            (date(2025, 7, 3), 24, "mid_peak"),  # 06:00
            (date(2025, 7, 3), 87, "mid_peak"),  # 21:45
            (date(2025, 7, 3), 88, "off_peak"),  # 22:00
            (FALL_BACK, 27, "off_peak"),  # 05:45, an hour later on the meter
            (FALL_BACK, 28, "mid_peak"),
            (SPRING_FORWARD, 19, "off_peak"),
            (SPRING_FORWARD, 20, "mid_peak"),  # 06:00, an hour sooner on the meter
            (date(2025, 12, 1), 24, "on_peak"),  # winter mornings too
            (date(2025, 12, 1), 31, "on_peak"),  # 07:45
            (date(2025, 12, 1), 32, "mid_peak"),  # 08:00
        ],
    )
    def test_change_on_the_quarter_hour(
        self,
        day: date,
        slot: int,
        period: str,
        plan_of: Callable[..., RatePlan],
        usage_of: Callable[..., UsageBatch],
    ) -> None:
        values = even(day, wh=0)
        values[slot] = 7

        found = by_period(usage_of(one_day(day), 900, values), plan_of("1M-smart", one_day(day)))

        assert found[period] == 7
        assert sum(found.values()) == 7


class TestDemand:
    """The highest clock hour between 06:00 and 22:00, in watt-hours."""

    def peak(
        self,
        plan: RatePlan,
        usage: UsageBatch,
    ) -> list[int]:
        return [int(wh) for wh in determine(usage, plan).peak_wh[0]]

    @pytest.mark.parametrize(
        ("day", "slot", "counted"),
        [
            (date(2025, 7, 3), 23, 0),  # 05:45 to 06:00: before the window
            (date(2025, 7, 3), 24, 900),  # 06:00
            (date(2025, 7, 3), 87, 900),  # 21:45 to 22:00: the last that counts
            (date(2025, 7, 3), 88, 0),  # 22:00
            (date(2025, 7, 3), 0, 0),
            (date(2025, 7, 6), 50, 900),  # a Sunday counts
            (FALL_BACK, 27, 0),  # 05:45, for the clock went back
            (FALL_BACK, 28, 900),
            (FALL_BACK, 91, 900),
            (FALL_BACK, 92, 0),
            (SPRING_FORWARD, 19, 0),
            (SPRING_FORWARD, 20, 900),
            (SPRING_FORWARD, 83, 900),
            (SPRING_FORWARD, 84, 0),
        ],
    )
    def test_counts_inside_the_window_only(
        self,
        day: date,
        slot: int,
        counted: int,
        plan_of: Callable[..., RatePlan],
        usage_of: Callable[..., UsageBatch],
    ) -> None:
        values = even(day, wh=0)
        values[slot] = 900

        usage = usage_of(one_day(day), 900, values)

        assert self.peak(plan_of("1M-ultimate", one_day(day)), usage) == [counted]

    def test_is_of_the_clock_hour_and_not_of_any_sixty_minutes(
        self, plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
    ) -> None:
        day = date(2025, 7, 3)
        values = even(day, wh=0)
        values[42:46] = [500, 500, 500, 500]  # 10:30 to 11:30, half in each clock hour

        usage = usage_of(one_day(day), 900, values)

        assert self.peak(plan_of("1M-ultimate", one_day(day)), usage) == [1000]

    def test_is_the_highest_of_each_season_apart(
        self, plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
    ) -> None:
        window = DaySpan(date(2025, 9, 30), date(2025, 10, 2))
        values = [0] * 48
        values[12], values[13] = 4_000, 3_000
        values[24 + 7] = 2_500

        plan = plan_of("1M-ultimate", window)

        assert [segment.season for segment in plan.segments] == ["summer", "winter"]
        assert self.peak(plan, usage_of(window, 3600, values)) == [4_000, 2_500]

    def test_is_not_measured_with_intervals_longer_than_an_hour(
        self, plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
    ) -> None:
        window = one_day(date(2025, 7, 3))

        with pytest.raises(IntervalTooLong) as refused:
            determine(usage_of(window, 86_400, [9_000]), plan_of("1M-ultimate", window))

        assert "Use shorter intervals" in str(refused.value) or "Demand is measured" in str(
            refused.value
        )


class TestLongIntervals:
    def test_are_refused_where_the_price_changes_inside_one(
        self, plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
    ) -> None:
        window = one_day(date(2025, 7, 3))

        with pytest.raises(IntervalTooLong) as refused:
            determine(usage_of(window, 86_400, [9_000]), plan_of("1M-overnight", window))

        assert str(refused.value) == (
            "An interval of 86400 s begins at 00:00 and runs past 06:00, where the price changes. "
            "Use shorter intervals, or a schedule without times of use, for this meter."
        )

    def test_are_taken_where_no_price_changes_inside_one(
        self, plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
    ) -> None:
        window = one_day(date(2025, 7, 3))
        two_hours = [10] * 12

        assert by_period(usage_of(window, 86_400, [9_000]), plan_of("1M-anytime", window)) == {
            "all": 9_000
        }
        assert by_period(usage_of(window, 7_200, two_hours), plan_of("1M-overnight", window)) == {
            "on_peak": 80,
            "off_peak": 40,
        }

    def test_that_straddle_a_change_are_refused_even_when_they_tile_the_day(
        self, plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
    ) -> None:
        window = one_day(date(2025, 7, 3))

        with pytest.raises(IntervalTooLong, match="begins at 14:00 and runs past 15:00"):
            determine(usage_of(window, 7_200, [10] * 12), plan_of("1M-smart", window))

    def test_of_minutes_are_as_good_as_quarter_hours(
        self, plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
    ) -> None:
        window = one_day(FALL_BACK)

        found = by_period(usage_of(window, 300, even(FALL_BACK, 300)), plan_of("1M-smart", window))

        assert found == {"on_peak": 0, "mid_peak": 64 * 3, "off_peak": 36 * 3}


class TestAQuantityWithoutTimes:
    @pytest.mark.parametrize(
        ("first", "until", "kwh", "parts"),
        [
            # 12 days of May and 18 of June; 16 of September and 14 of October; one day of October
            (date(2026, 5, 20), date(2026, 6, 19), 900, {"winter": 360, "summer": 540}),
            (date(2025, 9, 15), date(2025, 10, 15), 600, {"summer": 320, "winter": 280}),
            (date(2025, 9, 2), date(2025, 10, 2), 750, {"summer": 725, "winter": 25}),
        ],
    )
    def test_is_shared_between_the_seasons_by_days(
        self,
        first: date,
        until: date,
        kwh: int,
        parts: dict[str, int],
        plan_of: Callable[..., RatePlan],
    ) -> None:
        plan = plan_of("1M-anytime", DaySpan(first, until))

        found = determine_by_days([kwh * 1000], plan)

        assert found.by_days
        assert {
            segment.season: int(found.energy_wh[0, number, 0]) // 1000
            for number, segment in enumerate(plan.segments)
        } == parts

    def test_of_one_season_is_shared_with_nobody(self, plan_of: Callable[..., RatePlan]) -> None:
        plan = plan_of("1M-anytime", DaySpan(date(2025, 7, 1), date(2025, 8, 1)))

        assert not determine_by_days([1_000_000], plan).by_days

    @given(totals=st.lists(st.integers(0, 10**12), min_size=1, max_size=4))
    def test_loses_no_watt_hour(self, totals: list[int], plan_of: Callable[..., RatePlan]) -> None:
        plan = plan_of("1M-anytime", DaySpan(date(2025, 9, 15), date(2025, 10, 15)))

        found = determine_by_days(totals, plan)

        assert found.energy_wh.sum(axis=(1, 2)).tolist() == totals

    @pytest.mark.parametrize(
        "code", ["1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate"]
    )
    def test_is_refused_where_the_time_of_use_matters(
        self, code: str, plan_of: Callable[..., RatePlan]
    ) -> None:
        plan = plan_of(code, DaySpan(date(2025, 7, 1), date(2025, 8, 1)))

        with pytest.raises(TimesNeeded) as refused:
            determine_by_days([1_000_000], plan)

        assert "prices energy by the time of day it is used" in str(refused.value)
        assert "Give interval data (--usage FILE), or choose 1M-anytime" in str(refused.value)


def test_usage_of_other_days_than_the_window_is_a_broken_promise(
    plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
) -> None:
    plan = plan_of("1M-anytime", DaySpan(date(2025, 7, 1), date(2025, 7, 3)))

    with pytest.raises(InvariantBroken, match="usage holds the window's days"):
        determine(usage_of(one_day(date(2025, 7, 1)), 3600, [1] * 24), plan)


def test_usage_cut_by_another_clock_is_a_broken_promise(
    plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
) -> None:
    window = one_day(date(2025, 7, 1))
    usage = replace(usage_of(window, 3600, [1] * 24), zone="America/Denver")

    with pytest.raises(InvariantBroken, match="by the clock of the book"):
        determine(usage, plan_of("1M-anytime", window))
