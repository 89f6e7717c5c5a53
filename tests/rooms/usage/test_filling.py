"""Gaps are filled by the sheet's ladder: same day, like day, flat line (GRR V.E.3.d)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.rulebook_on import the_book

from meterledger.facts.estimates import EstimateCause, Method
from meterledger.facts.readings import Quality
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.rounding import share_whole
from meterledger.usage import (
    DayBlock,
    FillingPlan,
    IntervalGapFacts,
    choose_interval_fill,
    estimates_of,
    fill_missing,
)
from meterledger.usage.filling_plan import slot_map
from meterledger.usage.validation_facts import NOT_KNOWN

ZONE = "America/Chicago"
WEDNESDAY = date(2026, 1, 14)
SPRING, FALL = date(2026, 3, 8), date(2025, 11, 2)
GONE = MISSING_VALUE


def plan_of(day: date, **readings: str) -> FillingPlan:
    view = the_book().with_readings(readings) if readings else the_book()
    return FillingPlan.of(view, day)


def day_of(day: date, *rows: Any, **codes: Any) -> DayBlock:
    """A day of quarter-hours; a single number is a whole day of it."""
    width = intervals_in_day(day, ZONE, 900)
    value = np.array([np.broadcast_to(np.array(row), (width,)) for row in rows], dtype=np.int32)
    return DayBlock(day, ZONE, 900, [f"M{n}" for n in range(len(rows))], value, **codes)


def with_gap(level: int, first: int, until: int, width: int = 96) -> list[int]:
    return [GONE if first <= slot < until else level for slot in range(width)]


def back(day: date, days: int) -> date:
    return day - timedelta(days=days)


class TestSameDay:
    def test_takes_the_same_weekday_of_the_nearest_week(self) -> None:
        gap = day_of(WEDNESDAY, with_gap(50, 10, 14))
        past = {
            back(WEDNESDAY, 7): day_of(back(WEDNESDAY, 7), 70),
            back(WEDNESDAY, 14): day_of(back(WEDNESDAY, 14), 90),
            back(WEDNESDAY, 1): day_of(back(WEDNESDAY, 1), 30),
        }
        filled = fill_missing(gap, past, plan_of(WEDNESDAY))
        assert filled.value[0, 10:14].tolist() == [70] * 4
        assert filled.method[0, 9:15].tolist() == [0, 1, 1, 1, 1, 0]
        assert filled.inputs_of(0) == (("source_day", "2026-01-07"),)
        assert filled.gaps.energy_wh.tolist() == [280]

    @pytest.mark.parametrize(("weeks", "method"), [(4, Method.SAME_DAY), (5, None)])
    def test_looks_back_four_weeks_and_not_five(self, weeks: int, method: Method | None) -> None:
        day = back(WEDNESDAY, 7 * weeks)
        filled = fill_missing(day_of(WEDNESDAY, GONE), {day: day_of(day, 70)}, plan_of(WEDNESDAY))
        assert filled.gaps.method.tolist() == [method or 0]
        assert filled.left_count == (0 if method else 96)

    def test_a_week_that_was_missing_in_part_of_the_gap_is_passed_over(self) -> None:
        gap = day_of(WEDNESDAY, with_gap(50, 10, 14), with_gap(50, 20, 24))
        week, two = back(WEDNESDAY, 7), back(WEDNESDAY, 14)
        past = {
            week: day_of(week, with_gap(70, 13, 20), with_gap(70, 13, 20)),
            two: day_of(two, 90, 90),
        }
        filled = fill_missing(gap, past, plan_of(WEDNESDAY))
        assert filled.value[0, 10:14].tolist() == [90] * 4  # one gap has one source
        assert filled.value[1, 20:24].tolist() == [70] * 4

    @pytest.mark.parametrize(
        "codes",
        [
            {"quality": np.full((1, 96), Quality.ESTIMATED.value, np.int8)},
            {"quality": np.full((1, 96), Quality.QUESTIONABLE.value, np.int8)},
            {"method": np.full((1, 96), Method.LIKE_DAY, np.int8)},
        ],
    )
    def test_an_estimate_or_a_doubted_value_never_fills(self, codes: Any) -> None:
        week = back(WEDNESDAY, 7)
        past = {week: day_of(week, 70, **codes)}
        filled = fill_missing(day_of(WEDNESDAY, GONE), past, plan_of(WEDNESDAY))
        assert filled.left_count == 96


class TestLikeDay:
    def test_takes_the_nearest_day_of_its_type(self) -> None:
        monday = date(2026, 1, 12)
        past = {day: day_of(day, 60 + day.day) for day in (date(2026, 1, 9), date(2026, 1, 11))}
        filled = fill_missing(day_of(monday, GONE), past, plan_of(monday))
        assert filled.inputs_of(0) == (("source_day", "2026-01-09"),)  # the Friday, no Sunday
        assert filled.gaps.method.tolist() == [Method.LIKE_DAY]

    def test_a_holiday_is_like_a_weekend(self) -> None:
        christmas = date(2025, 12, 25)
        past = {day: day_of(day, day.day) for day in (date(2025, 12, 24), date(2025, 12, 21))}
        filled = fill_missing(day_of(christmas, GONE), past, plan_of(christmas))
        assert set(filled.value[0].tolist()) == {21}

    @pytest.mark.parametrize(("days", "found"), [(28, True), (29, False)])
    def test_within_twenty_eight_days(self, days: int, found: bool) -> None:
        saturday = date(2026, 1, 17)
        day = back(saturday, days)
        assert (day in plan_of(saturday).days[Method.LIKE_DAY]) == found

    def test_another_reading_looks_at_the_year_before(self) -> None:
        otherwise = {"estimation.day_definitions": "last_year_same_date"}
        plan = plan_of(WEDNESDAY, **otherwise)
        assert plan.days[Method.SAME_DAY] == (date(2025, 1, 14),)
        assert plan.days[Method.LIKE_DAY][:3] == (
            date(2025, 1, 14),
            date(2025, 1, 15),
            date(2025, 1, 13),
        )


class TestFlatLine:
    def test_spreads_what_the_register_leaves_and_places_the_rest_by_rule(self) -> None:
        gap = day_of(WEDNESDAY, with_gap(50, 10, 13))
        register = np.array([93 * 50 + 100])
        filled = fill_missing(gap, {}, plan_of(WEDNESDAY), register)
        assert filled.value[0, 10:13].tolist() == [33, 33, 34]
        assert filled.value.sum() == register[0]
        assert filled.inputs_of(0) == (("register_wh", "4750"), ("register_rest_wh", "100"))

    def test_two_gaps_of_a_day_share_it(self) -> None:
        row = with_gap(50, 10, 12)
        row[40] = GONE
        filled = fill_missing(
            day_of(WEDNESDAY, row), {}, plan_of(WEDNESDAY), np.array([93 * 50 + 7])
        )
        assert filled.value[0, [10, 11, 40]].tolist() == [2, 2, 3]
        assert filled.gaps.energy_wh.tolist() == [4, 3]

    def test_a_register_that_moved_less_than_was_measured_leaves_the_gap(self) -> None:
        gap = day_of(WEDNESDAY, with_gap(50, 10, 12))
        enough, short = np.array([94 * 50]), np.array([94 * 50 - 1])
        assert fill_missing(gap, {}, plan_of(WEDNESDAY), enough).left_count == 0
        assert fill_missing(gap, {}, plan_of(WEDNESDAY), short).left_count == 2

    @pytest.mark.parametrize(
        ("first", "until", "level"), [(10, 14, 50), (0, 4, 50), (0, 96, None), (90, 96, 50)]
    )
    def test_without_reads_goes_on_at_the_level_beside(
        self, first: int, until: int, level: int | None
    ) -> None:
        filled = fill_missing(day_of(WEDNESDAY, with_gap(50, first, until)), {}, plan_of(WEDNESDAY))
        assert filled.left_count == (0 if level else until - first)
        if level:
            assert set(filled.value[0].tolist()) == {level}
            assert filled.inputs_of(0) == (("level_wh", "50"),)

    def test_takes_the_level_before_the_gap_rather_than_after_it(self) -> None:
        row = [20] * 10 + [GONE] * 2 + [80] * 84
        filled = fill_missing(day_of(WEDNESDAY, row), {}, plan_of(WEDNESDAY))
        assert filled.value[0, 10:12].tolist() == [20, 20]


class TestClockChanges:
    def test_each_slot_takes_the_same_time_on_the_wall(self) -> None:
        spring = slot_map(SPRING, back(SPRING, 7), ZONE, 900)
        assert spring[:10].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 12, 13]  # 02:00 is not
        fall = slot_map(FALL, back(FALL, 7), ZONE, 900)
        assert fall[4:14].tolist() == [4, 5, 6, 7, 4, 5, 6, 7, 8, 9]  # 01:00 is twice

    def test_an_hour_the_past_day_did_not_have_is_looked_for_further_back(self) -> None:
        day = SPRING + timedelta(days=7)
        past = {SPRING: day_of(SPRING, 40), back(SPRING, 7): day_of(back(SPRING, 7), 60)}
        row = with_gap(50, 8, 12)  # 02:00 to 03:00
        row[50] = GONE
        filled = fill_missing(day_of(day, row), past, plan_of(day))
        assert filled.value[0, [8, 11, 50]].tolist() == [60, 60, 40]

    @pytest.mark.parametrize("day", [SPRING, FALL])
    def test_a_whole_day_is_filled(self, day: date) -> None:
        week = back(day, 7)
        past = {week: day_of(week, list(range(96)))}
        filled = fill_missing(day_of(day, GONE), past, plan_of(day))
        assert filled.left_count == 0
        hour = sum(range(8, 12)) if day == SPRING else -sum(range(4, 8))
        assert filled.value.sum() == sum(range(96)) - hour


def valid_days(block: DayBlock, past: dict[date, DayBlock], row: int, gap: range) -> list[date]:
    found = []
    for day, one in past.items():
        slots = slot_map(block.day, day, ZONE, 900)[list(gap)]
        if (slots >= 0).all() and one.measured()[row, slots].all():
            found.append(day)
    return found


@pytest.mark.parametrize("day", [WEDNESDAY, SPRING, FALL, SPRING + timedelta(days=7)])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_fills_as_the_rule_for_one_gap_does_and_touches_nothing_else(day: date, seed: int) -> None:
    dice = np.random.default_rng(seed)
    meters, plan = 6, plan_of(day)
    width = intervals_in_day(day, ZONE, 900)

    def some_day(one: date) -> DayBlock:
        value = dice.integers(0, 400, (meters, intervals_in_day(one, ZONE, 900)))
        value[dice.random(value.shape) < 0.03] = GONE
        value[dice.random(meters) < 0.4] = GONE
        quality = np.where(value == GONE, 0, dice.choice([1, 1, 1, 2, 3, 6], value.shape))
        return day_of(one, *value, quality=quality.astype(np.int8))

    past = {one: some_day(one) for one in plan.wanted_days if dice.random() < 0.25}
    block = some_day(day)
    for row in range(meters):
        first = int(dice.integers(0, width))
        block.value[row, first : first + int(dice.integers(0, 40))] = GONE
    block = replace(block, quality=np.where(block.value == GONE, 0, 1).astype(np.int8))
    measured = np.where(block.value == GONE, 0, block.value).sum(axis=1, dtype=np.int64)
    register = np.where(
        dice.random(meters) < 0.5, measured + dice.integers(-500, 9000, meters), NOT_KNOWN
    )
    filled = fill_missing(block, past, plan, register)

    received = block.value[filled.rows] != GONE
    assert (filled.value[received] == block.value[filled.rows][received]).all()
    assert (filled.method[received] == 0).all()
    assert ((filled.method == 0) == (received | (filled.value == GONE))).all()

    gaps = filled.gaps
    flat_of: dict[int, list[int]] = {}
    for gap in range(len(gaps)):
        row = int(filled.rows[gaps.at[gap]])
        slots = range(int(gaps.first[gap]), int(gaps.until[gap]))
        level = block.value[row, slots[0] - 1] if slots[0] else GONE
        if level == GONE and slots[-1] + 1 < width:
            level = block.value[row, slots[-1] + 1]
        facts = IntervalGapFacts(
            day=day,
            missing_intervals=len(slots),
            valid_days=tuple(valid_days(block, past, row, slots)),
            level_wh=None if level == GONE or register[row] != NOT_KNOWN else int(level),
        )
        ruled = choose_interval_fill(facts, view=the_book(), day=day).outcome
        if ruled.source_day is not None or register[row] == NOT_KNOWN:
            method = Method(int(gaps.method[gap])).word if gaps.method[gap] else Method.BY_HAND.word
            assert method == ruled.method
            source = int(gaps.source[gap])
            assert (plan.wanted_days[source] if source >= 0 else None) == ruled.source_day
            if ruled.energy_wh is not None:
                assert int(gaps.energy_wh[gap]) == ruled.energy_wh
        else:
            flat_of.setdefault(row, []).append(gap)
    for row, some in flat_of.items():
        place = filled.rows.tolist().index(row)
        slots = [s for gap in some for s in range(int(gaps.first[gap]), int(gaps.until[gap]))]
        others = sum(int(filled.value[place, s]) for s in range(width) if s not in slots)
        rest = int(register[row]) - others
        parts = share_whole(rest, [1] * len(slots)) if rest >= 0 else [GONE] * len(slots)
        assert filled.value[place, slots].tolist() == parts
        if rest >= 0:
            assert int(filled.value[place].sum(dtype=np.int64)) == register[row]


class TestRecords:
    def test_each_gap_that_was_filled_has_one(self) -> None:
        row = with_gap(50, 10, 14)
        row[95] = GONE
        week = back(WEDNESDAY, 7)
        past = {week: day_of(week, with_gap(70, 95, 96))}
        filled = fill_missing(day_of(WEDNESDAY, row), past, plan_of(WEDNESDAY))
        made_at = datetime(2026, 1, 15, 8, tzinfo=UTC)
        one, other = estimates_of(filled, cause=EstimateCause.REMOTE_DEVICE_FAILED, made_at=made_at)
        midnight = int(datetime(2026, 1, 14, 6, tzinfo=UTC).timestamp())
        assert (one.meter, one.start, one.until) == ("M0", midnight + 9000, midnight + 12600)
        assert (one.energy_wh, one.method, one.provision) == (
            280,
            Method.SAME_DAY,
            "estimation.ami_interval.ladder",
        )
        assert "Sheet 131.2" in one.citation
        assert (other.method, other.energy_wh) == (Method.FLAT_LINE, 50)

    def test_the_whole_block_says_which_values_are_estimates(self) -> None:
        block = day_of(WEDNESDAY, with_gap(50, 10, 12), 40)
        whole = fill_missing(block, {}, plan_of(WEDNESDAY)).whole_block()
        assert whole.quality is not None
        assert whole.method is not None
        assert whole.quality[0, 9:13].tolist() == [1, 3, 3, 1]
        assert whole.method[:, 10].tolist() == [3, 0]
        assert (block.value[0, 10:12] == GONE).all()  # what was given stays as it was


def test_days_of_other_meters_or_of_later_are_a_mistake_of_the_caller() -> None:
    block = day_of(WEDNESDAY, GONE)
    week, later = back(WEDNESDAY, 7), back(WEDNESDAY, -7)
    for wrong in ({week: day_of(week, 1, 2)}, {later: day_of(later, 1)}, {week: block}):
        with pytest.raises(InvariantBroken, match="an earlier day of the same meters"):
            fill_missing(block, wrong, plan_of(WEDNESDAY))
