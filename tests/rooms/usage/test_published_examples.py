"""Published worked examples of validation and estimation, where our rules say the same.

The figures are facts quoted from public documents; each test names its source. Of the collection
these are other utilities' rules and not ours: straight lines between neighbors and their limits of
length (the sheet's ladder takes the same day, a like day, or a flat line), a register's change in
percent of the read before, and a load projected from two anchors (ours is checked by its stories).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tests.rooms.usage.validation_builders import (
    FALL_DAY,
    PLAIN_DAY,
    SPRING_DAY,
    block,
    facts,
    terms,
)

from meterledger.facts.estimates import Method
from meterledger.kernel.local_days import intervals_in_day
from meterledger.usage import Check, History, agree_with_register, validate_day
from meterledger.usage.validation_facts import Source


def found(row: list[int], **known: object) -> set[Check]:
    day = block(row)
    one = validate_day(day, History.none(1), terms(), facts(1, **known))
    return {check for check in Check if len(one.rows_with(check))}


@pytest.mark.parametrize(
    ("day", "count"), [(SPRING_DAY, 92), (FALL_DAY, 100), (PLAIN_DAY, 96), (date(2026, 7, 4), 96)]
)
def test_days_of_a_clock_change_have_92_and_100_quarter_hours(day: date, count: int) -> None:
    """ERCOT, interval data file format descriptions."""
    assert intervals_in_day(day, "America/Chicago", 900) == count


def test_a_highest_interval_200_percent_above_the_third_highest_is_a_spike() -> None:
    """Oracle Utilities MDM, Interval Spike Check: 9.0 over 3.0 is 200 percent, beyond 180."""
    row = [1000] * 93 + [3000, 3000, 9000]
    assert Check.SPIKE in found(row)
    assert Check.SPIKE not in found([1000] * 93 + [3000, 3000, 8400])  # 180 percent, and no more


def test_intervals_of_real_meters_sum_to_their_registers_difference() -> None:
    """Records of a head-end: registers 2,931,567 and 2,932,046 kWh, intervals 479 kWh between."""
    difference_wh = (2_932_046 - 2_931_567) * 1000
    row = [difference_wh // 96] * 95
    row.append(479_000 - sum(row))
    assert Check.REGISTER not in found(row, register_wh=difference_wh)


@pytest.mark.parametrize(
    ("interval_wh", "matches"), [(101_900, True), (102_000, True), (102_001, False)]
)
def test_two_kilowatt_hours_beside_a_register_that_a_person_read(
    interval_wh: int, matches: bool
) -> None:
    """ERCOT, questions to TDSPs: usage and intervals match within 2 kWh times the multiplier.

    Of 100 kWh, where our one percent is less than that.
    """
    row = [interval_wh // 96] * 96
    row[-1] += interval_wh - sum(row)
    was = found(row, register_wh=100_000, source=Source.MANUAL)
    assert (Check.REGISTER not in was) == matches


@pytest.mark.parametrize(
    ("before", "register_wh", "after"),
    [
        ([1000, 2000, 3000, 4000], 12_000, [1200, 2400, 3600, 4800]),
        ([0, 0, 0, 0], 2000, [500, 500, 500, 500]),
    ],
)
def test_estimates_are_scaled_to_the_register(
    before: list[int], register_wh: int, after: list[int]
) -> None:
    """Oracle Utilities MDM, Interval Adjustment From Scalar."""
    methods = np.array([Method.LIKE_DAY] * len(before), np.int8)
    agreed = agree_with_register(np.array(before, np.int32), methods, register_wh)
    assert agreed.value.tolist() == after
