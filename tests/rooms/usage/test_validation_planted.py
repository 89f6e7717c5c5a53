"""A planted fault of each kind is found by the check that is named for it, and a calm day by none.

Both sides of every threshold: the last value that passes, and the first that does not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.rooms.usage.validation_builders import (
    FALL_DAY,
    HOME,
    PLAIN_DAY,
    SPRING_DAY,
    block,
    facts,
    history,
    terms,
)

from meterledger.facts.findings import Weight
from meterledger.facts.usage import MISSING_VALUE
from meterledger.usage import Check, DayBlock, DayFindings, History, MeterFacts, validate_day
from meterledger.usage.validation import day_marks
from meterledger.usage.validation_facts import GENERATES, INACTIVE, NET, VACANT, Source

GONE = MISSING_VALUE
TOTAL = sum(HOME)
NIGHT_OWL = HOME[48:] + HOME[:48]
"""The same home, half a day later: what a neighbor who works at night uses."""


def checked(
    day: DayBlock, known: MeterFacts | None = None, past: History | None = None
) -> DayFindings:
    count = len(day.meters)
    return validate_day(day, past or History.none(count), terms(day.day), known or facts(count))


def found(row: Any, past: History | None = None, on: date = PLAIN_DAY, **known: Any) -> set[Check]:
    """What is found on a day of one meter."""
    one = checked(block(row, day=on), facts(1, **known), past)
    return {check for check in Check if len(one.rows_with(check))}


def changed(*changes: tuple[int, int]) -> list[int]:
    """The home's day with some slots changed."""
    row = list(HOME)
    for slot, value in changes:
        row[slot] = value
    return row


def test_a_calm_day_has_no_finding() -> None:
    known: dict[str, Any] = {"register_wh": TOTAL, "received_wh": 0, "late_days": 1}
    known |= {"installed_days": 3, "location_wh": TOTAL}
    assert found(HOME, history(HOME), **known) == set()


class TestOneRow:
    def test_gap(self) -> None:
        one = checked(block(changed((40, GONE), (41, GONE)), [GONE] * 96))
        assert one.rows_with(Check.GAP).tolist() == [0, 1]
        first, none = one.findings_of(0)[0], one.findings_of(1)[0]
        assert first.code == "usage.gap"
        assert first.weight is Weight.HOLD
        assert first.sentence == "2 of 96 intervals are missing."
        assert none.sentence == "None of the 96 intervals has arrived."

    @pytest.mark.parametrize(
        ("third", "highest", "is_found"), [(900, 2520, False), (900, 2521, True)]
    )
    def test_spike(self, third: int, highest: int, is_found: bool) -> None:
        row = changed((10, third), (20, third), (30, highest))
        assert (Check.SPIKE in found(row)) == is_found
        if is_found:
            one = checked(block(row)).findings_of(0)[0]
            assert one.sentence == (
                "One interval has 2521 Wh, the third highest of the day 900 Wh."
            )
            assert one.evidence["validation_spike_percent"] == 180
            assert one.weight is Weight.HOLD  # nobody is billed it before a person has looked

    def test_no_spike_at_a_small_load(self) -> None:
        assert found(changed((30, 2000))) == set()
        assert found(changed((30, 2001))) == {Check.SPIKE}

    def test_high_and_low_against_history(self) -> None:
        usual = history([200] * 96)  # 19,200 Wh a day
        assert found([1000] * 48 + [1001] * 48, usual) >= {Check.HIGH}
        assert Check.HIGH not in found([1000] * 96, usual)  # five times as much, and no more
        small = history([50] * 96)  # 4,800 Wh a day: a return from holidays is no fault
        assert Check.HIGH not in found([466] * 96, small)  # 39,936 Wh above it
        assert Check.HIGH in found([467] * 96, small)  # 40,032 Wh above it
        assert Check.LOW in found([39] * 96, usual)
        assert Check.LOW not in found([40] * 96, usual)
        assert Check.LOW not in found([GONE] * 90 + [40] * 6, usual)  # a gap is not low
        assert Check.HIGH not in found([1100] * 96, history([200] * 96, days=2))

    def test_negative(self) -> None:
        assert found(changed((5, -1))) == {Check.NEGATIVE}
        assert found(changed((5, 0))) == set()
        assert found(changed((5, -1)), state=NET) == set()

    @pytest.mark.parametrize(("value", "check"), [(7, Check.FLAT_RUN), (0, Check.ZERO_RUN)])
    def test_runs(self, value: int, check: Check) -> None:
        day = [30, 20] * 48
        assert found(day[:40] + [value] * 23 + day[63:]) == set()
        assert found(day[:40] + [value] * 24 + day[64:]) == {check}
        split = day[:40] + [value] * 15 + [GONE] + [value] * 15 + day[71:]
        assert found(split) == {Check.GAP}  # a gap says nothing of a run

    @pytest.mark.parametrize("state", [VACANT, INACTIVE, GENERATES])
    def test_no_zero_run_where_nothing_is_expected(self, state: int) -> None:
        assert found([0] * 96, state=state) == set()

    def test_use_on_a_vacant_or_inactive_meter(self) -> None:
        assert found([0] * 95 + [1000], state=VACANT) == set()
        assert found([0] * 95 + [1001], state=VACANT) == {Check.VACANT_USE}
        assert found([0] * 95 + [1], state=INACTIVE) == {Check.INACTIVE_USE}

    @pytest.mark.parametrize(
        ("register_wh", "multiplier", "is_found"),
        [
            (9_600, 1, False),
            (9_600 - 95, 1, False),  # within one percent
            (9_600 - 96, 1, True),
            (9_600 + 400, 40, False),  # within 10 Wh times the multiplier
            (9_600 + 401, 40, True),
        ],
    )
    def test_sum_against_the_register(
        self, register_wh: int, multiplier: int, is_found: bool
    ) -> None:
        row = [99, 101] * 48
        was = found(row, register_wh=register_wh, multiplier=multiplier)
        assert was == ({Check.REGISTER} if is_found else set())

    def test_a_register_read_by_a_person_is_in_whole_kilowatt_hours(self) -> None:
        row = [99, 101] * 48
        assert found(row, register_wh=11_600, source=Source.MANUAL) == set()
        assert found(row, register_wh=11_601, source=Source.MANUAL) == {Check.REGISTER}
        one = checked(block(row), facts(1, register_wh=11_601, source=Source.MANUAL))
        assert one.findings_of(0)[0].evidence["validation_manual_register_tolerance_wh"] == 2000

    @pytest.mark.parametrize(
        ("scale", "is_found"), [("10", True), ("1/10", True), ("4", False), ("1/4", False)]
    )
    def test_wrong_multiplier_or_unit_after_install(self, scale: str, is_found: bool) -> None:
        over, _, under = scale.partition("/")
        row = [v * int(over) // int(under or 1) for v in HOME]
        known = {"location_wh": TOTAL, "installed_days": 35}
        assert (Check.MULTIPLIER in found(row, **known)) == is_found
        assert Check.MULTIPLIER not in found(row, location_wh=TOTAL, installed_days=36)
        if scale == "10":
            sentence = checked(block(row), facts(1, **known)).findings_of(0)[-1].sentence
            assert "nearest to 10 times as much" in sentence

    @pytest.mark.parametrize(
        ("day", "sent", "is_found"),
        [
            (PLAIN_DAY, 96, False),
            (PLAIN_DAY, 100, True),
            (SPRING_DAY, 92, False),
            (SPRING_DAY, 96, True),
            (FALL_DAY, 100, False),
            (FALL_DAY, 96, True),
            (PLAIN_DAY, 90, False),  # fewer are gaps
        ],
    )
    def test_wrong_length_day(self, day: date, sent: int, is_found: bool) -> None:
        width = block([0], day=day).due_width
        row = ([30, 20] * 50)[:width]
        assert found(row, on=day, readings_sent=sent) == (
            {Check.WRONG_LENGTH} if is_found else set()
        )

    def test_a_matrix_of_another_length_is_a_wrong_day(self) -> None:
        assert found([30, 20] * 48, on=SPRING_DAY) == {Check.WRONG_LENGTH}

    @pytest.mark.parametrize("hours", [-6, -3, 3, 6])
    def test_clock_drift(self, hours: int) -> None:
        row = np.roll(HOME, 4 * hours).tolist()
        assert found(row, history(HOME)) == {Check.CLOCK_DRIFT}
        one = checked(block(row), past=history(HOME)).findings_of(0)[0]
        word = "later" if hours > 0 else "earlier"
        assert one.sentence == (
            f"The day fits its like days {abs(hours)} hours {word} than the clock says."
        )

    def test_a_day_that_is_only_larger_is_no_drift(self) -> None:
        assert found([2 * v for v in HOME], history(HOME)) == set()

    def test_channels_swapped(self) -> None:
        sun = history([20] * 96, received=[24_000])
        swapped = {"received_wh": 1_920, "state": GENERATES}
        assert found([251, 249] * 48, sun, **swapped) == {Check.CHANNELS_SWAPPED}
        assert found([21, 19] * 48, sun, received_wh=24_000, state=GENERATES) == set()

    def test_energy_from_a_place_that_makes_none(self) -> None:
        assert found(HOME, received_wh=2_000) == set()
        assert found(HOME, received_wh=2_001) == {Check.CHANNELS_SWAPPED}

    def test_frozen_clock(self) -> None:
        frozen = HOME[:60] + [sum(HOME[60:])] + [GONE] * 35
        assert found(frozen) == {Check.GAP, Check.SPIKE, Check.FROZEN_CLOCK}
        assert found(HOME[:60] + [GONE] * 36) == {Check.GAP}  # an outage is not a clock
        assert found(HOME, at_one_time=4) == {Check.FROZEN_CLOCK}
        assert found(HOME, at_one_time=3) == set()

    def test_a_day_sent_twice(self) -> None:
        before = day_marks(block(HOME))
        past = replace(history(HOME), recent=np.array([[1, before[0], 0]]))
        assert found(HOME, past) == {Check.DAY_SENT_TWICE}
        assert found(changed((0, HOME[0] + 1)), past) == set()
        one = checked(block(HOME), past=past).findings_of(0)[0]
        assert one.evidence["of_days_before"] == 2

    def test_an_empty_house_may_have_the_same_day_twice(self) -> None:
        still = [5] * 84 + [5, 6] * 5 + [5, 5]  # ten changes
        past = replace(history(still), recent=day_marks(block(still)).reshape(1, 1))
        assert Check.DAY_SENT_TWICE not in found(still, past)

    def test_a_day_of_another_year(self) -> None:
        past = replace(history(HOME), years=day_marks(block(HOME)).reshape(1, 1))
        assert found(HOME, past) == {Check.DAY_OF_ANOTHER_YEAR}
        assert found(HOME, late_days=300) == set()
        assert found(HOME, late_days=301) == {Check.DAY_OF_ANOTHER_YEAR}
        assert found(HOME, late_days=-1) == {Check.DAY_OF_ANOTHER_YEAR}


class TestBetweenMeters:
    def test_identical_totals_across_an_area(self) -> None:
        rows = [np.roll(HOME, n).tolist() for n in range(5)]
        area = [7, 7, 7, 7, 7]
        five = checked(block(*rows), facts(5, area=area))
        assert five.rows_with(Check.IDENTICAL_TOTALS).tolist() == [0, 1, 2, 3, 4]
        assert five.findings_of(0)[0].evidence["meters"] == 5
        four = checked(block(*rows), facts(5, area=[7, 7, 7, 7, 8]))
        assert len(four.rows_with(Check.IDENTICAL_TOTALS)) == 0

    def test_two_channels_of_one_meter(self) -> None:
        part = [GONE if n < 50 else v for n, v in enumerate(HOME)]
        rest = [v if n < 50 else GONE for n, v in enumerate(HOME)]
        day = block(HOME, HOME, HOME, changed((3, 1)), part, rest)
        one = checked(day, facts(6, channel_key=[1, 1, 2, 2, 3, 3]))
        assert one.rows_with(Check.DUPLICATE_CHANNEL).tolist() == [0, 1]
        assert one.rows_with(Check.OVERLAPPING_CHANNEL).tolist() == [2, 3]

    def test_a_meter_crossed_with_its_neighbors(self) -> None:
        past = history(HOME, NIGHT_OWL)
        neighbors = facts(2, neighbor=[1, 0])
        crossed = checked(block(NIGHT_OWL, HOME), neighbors, past)
        assert crossed.rows_with(Check.CROSSED_METER).tolist() == [0, 1]
        assert crossed.findings_of(0)[-1].evidence["neighbor"] == "M1"
        right = checked(block(HOME, NIGHT_OWL), neighbors, past)
        assert not right.found.any()


def test_every_check_is_planted_here() -> None:
    """A new check without a planted fault fails: the file names each of them."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f"Check.{check.name}" in text for check in Check)
