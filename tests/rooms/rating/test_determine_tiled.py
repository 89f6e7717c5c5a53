"""Intervals of any length into the same determinants: never otherwise than whole days are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.usage import TiledInterval, TiledUsage, UsageBatch, window_seconds
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan
from meterledger.rating import (
    IntervalTooLong,
    Proration,
    RatePlan,
    determine,
    determine_by_days,
    determine_tiled,
    lines_of,
    plan_window,
    price,
)

CHICAGO = "America/Chicago"
FALL_BACK, SPRING_FORWARD = date(2025, 11, 2), date(2026, 3, 8)
CODES = ("1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate")
HOUR, DAY = 3_600, 86_400


@pytest.fixture(scope="session")
def plan_of(
    paper: ModuleType, options: dict[str, Any], second: ModuleType
) -> Callable[..., RatePlan]:
    def make(code: str, window: DaySpan) -> RatePlan:
        return plan_window(
            view=paper.paper_book(options[code]),
            schedule_code="paper",
            window=window,
            proration=Proration(second.months_of(window.day_count)),
        )

    return make


def tiled(window: DaySpan, values: Sequence[int], edges: Sequence[int]) -> TiledUsage:
    return TiledUsage(
        "m0",
        CHICAGO,
        window,
        tuple(
            TiledInterval(start, end - start, wh)
            for (start, end), wh in zip(pairwise(edges), values, strict=True)
        ),
    )


def slots(window: DaySpan, seconds: int, values: Sequence[int]) -> TiledUsage:
    begin, until = window_seconds(window, CHICAGO)
    return tiled(window, values, [*range(begin, until, seconds), until])


class TestSlotsOfLocalDays:
    """The fast way and the slow way are one calculation."""

    @pytest.mark.parametrize("code", CODES)
    @pytest.mark.parametrize("seconds", [300, 900, 1_800, 3_600])
    @pytest.mark.parametrize(
        "window",
        [
            DaySpan(date(2025, 9, 24), date(2025, 10, 25)),  # the season changes
            DaySpan(date(2025, 10, 27), date(2025, 11, 24)),  # the long day
            DaySpan(date(2026, 2, 20), date(2026, 3, 22)),  # the short day
        ],
        ids=str,
    )
    def test_give_the_same_lines_either_way(
        self,
        code: str,
        seconds: int,
        window: DaySpan,
        plan_of: Callable[..., RatePlan],
        usage_of: Callable[..., UsageBatch],
        random_values: Callable[..., list[int]],
    ) -> None:
        plan = plan_of(code, window)
        values = random_values(window, seconds, seconds + window.day_count)

        fast = determine(usage_of(window, seconds, values), plan)
        slow = determine_tiled(slots(window, seconds, values), plan)

        assert slow.energy_wh.tolist() == fast.energy_wh.tolist()
        assert slow.peak_wh.tolist() == fast.peak_wh.tolist()
        assert not slow.by_days
        assert lines_of(price(plan, slow), 0) == lines_of(price(plan, fast), 0)

    def test_of_whole_days_give_the_same_without_times_of_use(
        self, plan_of: Callable[..., RatePlan], usage_of: Callable[..., UsageBatch]
    ) -> None:
        window = DaySpan(date(2025, 9, 24), date(2025, 10, 25))
        plan, values = plan_of("1M-anytime", window), list(range(1_000, 1_031))

        fast = determine(usage_of(window, DAY, values), plan)
        slow = determine_tiled(slots(window, DAY, values), plan)

        assert slow.energy_wh.tolist() == fast.energy_wh.tolist()


class TestOneIntervalOverAWindow:
    @pytest.mark.parametrize(
        "window",
        [
            DaySpan(date(2025, 9, 15), date(2025, 10, 15)),
            DaySpan(date(2026, 5, 20), date(2026, 6, 19)),
            DaySpan(date(2025, 7, 1), date(2025, 8, 1)),
        ],
        ids=str,
    )
    def test_is_shared_as_a_total_without_times_is(
        self, window: DaySpan, plan_of: Callable[..., RatePlan]
    ) -> None:
        plan = plan_of("1M-anytime", window)
        begin, until = window_seconds(window, CHICAGO)

        slow = determine_tiled(tiled(window, [812_347], [begin, until]), plan)
        total = determine_by_days([812_347], plan)

        assert slow.by_days is total.by_days
        assert slow.energy_wh.tolist() == total.energy_wh.tolist()
        assert lines_of(price(plan, slow), 0) == lines_of(price(plan, total), 0)

    def test_through_the_long_day_counts_days_and_not_hours(
        self, plan_of: Callable[..., RatePlan], paper: ModuleType
    ) -> None:
        """Ten days before a change and ten from it on, one of them of 25 hours: half and half."""
        window = DaySpan(date(2025, 9, 21), date(2025, 10, 11))
        begin, until = window_seconds(window, CHICAGO)

        found = determine_tiled(tiled(window, [20_000], [begin, until]), plan_of(CODES[0], window))

        assert found.energy_wh[0, :, 0].tolist() == [10_000, 10_000]


class TestAnIntervalInTwoSegments:
    def test_is_shared_by_the_part_of_the_day_on_each_side(
        self, plan_of: Callable[..., RatePlan]
    ) -> None:
        """From 18:00 on the last day of summer until noon of the first of winter: 6 of 18 hours."""
        window = DaySpan(date(2025, 9, 30), date(2025, 10, 2))
        begin, until = window_seconds(window, CHICAGO)
        edges = [begin, begin + 18 * HOUR, begin + 36 * HOUR, until]

        found = determine_tiled(tiled(window, [5, 9_000, 7], edges), plan_of(CODES[0], window))

        assert found.by_days
        assert found.energy_wh[0, :, 0].tolist() == [5 + 3_000, 6_000 + 7]

    def test_at_night_is_one_period_and_shared_all_the_same(
        self, plan_of: Callable[..., RatePlan]
    ) -> None:
        """23:30 to 00:30 across the change of season, off-peak on both sides."""
        window = DaySpan(date(2025, 9, 30), date(2025, 10, 2))
        begin, until = window_seconds(window, CHICAGO)
        half_past = begin + 23 * HOUR + HOUR // 2
        hours = range(begin, until + 1, HOUR)
        edges = sorted({*hours, half_past, half_past + HOUR} - {begin + DAY})
        values = [1_001 if edge == half_past else 0 for edge in edges[:-1]]

        plan = plan_of("1M-overnight", window)
        found = determine_tiled(tiled(window, values, edges), plan)

        assert found.by_days
        off_peak = plan.periods.index("off_peak")
        assert found.energy_wh[0, :, off_peak].tolist() == [500, 501]


class TestAnIntervalInTwoPeriods:
    def test_holds_the_bill_and_is_named_with_the_hour(
        self, plan_of: Callable[..., RatePlan]
    ) -> None:
        window = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
        begin, until = window_seconds(window, CHICAGO)
        month = tiled(window, [9], [begin, until])

        with pytest.raises(IntervalTooLong) as refused:
            determine_tiled(month, plan_of("1M-overnight", window))

        assert refused.value.sentence == (
            "The interval from 2025-07-01T05:00:00Z until 2025-08-01T05:00:00Z goes on past 06:00 "
            "local time on 2025-07-01, where the price changes. Ingest shorter intervals, or "
            "choose a schedule without times of use for this meter."
        )

    @pytest.mark.parametrize(
        ("day", "utc_hour"), [(FALL_BACK, 12), (SPRING_FORWARD, 11)], ids=["long", "short"]
    )
    def test_is_told_by_the_local_clock_on_the_days_it_changes(
        self, day: date, utc_hour: int, plan_of: Callable[..., RatePlan]
    ) -> None:
        """06:00 is 12:00Z after the clock went back, 11:00Z after it went forward."""
        window = DaySpan(day, day + timedelta(days=1))
        begin, until = window_seconds(window, CHICAGO)
        change = begin - begin % DAY + utc_hour * HOUR
        evening = until - 2 * HOUR  # 22:00
        plan = plan_of("1M-overnight", window)

        found = determine_tiled(tiled(window, [3, 4, 5], [begin, change, evening, until]), plan)
        assert found.energy_wh[0, 0, plan.periods.index("off_peak")] == 8

        with pytest.raises(IntervalTooLong, match=f"past 06:00 local time on {day}"):
            determine_tiled(
                tiled(window, [3, 4, 5], [begin, change + 900, evening, until]), plan
            )  # fmt: skip

    def test_of_the_same_name_is_in_one(self, plan_of: Callable[..., RatePlan]) -> None:
        """A whole summer weekend day of the ultimate option is off-peak."""
        saturday = DaySpan(date(2025, 7, 5), date(2025, 7, 6))
        begin, until = window_seconds(saturday, CHICAGO)
        plan = plan_of("1M-ultimate", saturday)

        with pytest.raises(IntervalTooLong, match="does not lie within one clock hour, and demand"):
            determine_tiled(tiled(saturday, [9], [begin, until]), plan)
        night = [begin, begin + 6 * HOUR, *range(begin + 7 * HOUR, begin + 22 * HOUR, HOUR)]
        edges = [*night, begin + 22 * HOUR, until]
        found = determine_tiled(tiled(saturday, [2] * (len(edges) - 1), edges), plan)
        assert found.energy_wh[0, 0, plan.periods.index("off_peak")] == 2 * (len(edges) - 1)
        assert found.peak_wh.tolist() == [[2]]


class TestDemand:
    def test_adds_up_the_intervals_of_a_clock_hour(self, plan_of: Callable[..., RatePlan]) -> None:
        day = DaySpan(date(2025, 7, 3), date(2025, 7, 4))
        begin, until = window_seconds(day, CHICAGO)
        ten = begin + 10 * HOUR
        edges = sorted({*range(begin, until + 1, HOUR), ten + 420, ten + 1_500})
        values = [100 if ten <= edge < ten + HOUR else 1 for edge in edges[:-1]]

        found = determine_tiled(tiled(day, values, edges), plan_of("1M-ultimate", day))

        assert found.peak_wh.tolist() == [[300]]

    def test_refuses_half_hours_off_the_clock_where_they_count(
        self, plan_of: Callable[..., RatePlan]
    ) -> None:
        day = DaySpan(date(2025, 7, 3), date(2025, 7, 4))
        begin, until = window_seconds(day, CHICAGO)
        edges = [begin, *range(begin + HOUR // 2, until, HOUR), until]

        with pytest.raises(IntervalTooLong, match="from 2025-07-03T10:30:00Z until 2025-07-03T11"):
            determine_tiled(tiled(day, [1] * 25, edges), plan_of("1M-ultimate", day))


class TestWhatEverHolds:
    @given(data=st.data())
    def test_no_watt_hour_is_lost_or_doubled(
        self, data: st.DataObject, plan_of: Callable[..., RatePlan]
    ) -> None:
        window = DaySpan(date(2025, 9, 15), date(2025, 11, 8))
        begin, until = window_seconds(window, CHICAGO)
        inner = data.draw(st.lists(st.integers(begin + 1, until - 1), max_size=30, unique=True))
        edges = [begin, *sorted(inner), until]
        values = data.draw(
            st.lists(
                st.integers(0, 10**9), min_size=len(edges) - 1, max_size=len(edges) - 1
            )
        )  # fmt: skip

        found = determine_tiled(tiled(window, values, edges), plan_of("1M-anytime", window))

        assert int(found.energy_wh.sum()) == sum(values)
        assert (found.energy_wh >= 0).all()

    def test_another_window_or_clock_is_a_mistake_of_ours(
        self, plan_of: Callable[..., RatePlan]
    ) -> None:
        day, other = (DaySpan(date(2025, 7, n), date(2025, 7, n + 1)) for n in (3, 4))
        with pytest.raises(InvariantBroken, match="usage holds the window's days"):
            determine_tiled(slots(other, HOUR, [1] * 24), plan_of("1M-anytime", day))
