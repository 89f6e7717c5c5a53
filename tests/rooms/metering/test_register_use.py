"""Use between readings of a register: forward, over the last figure, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.meters import Register
from meterledger.facts.readings import Flow
from meterledger.metering import RegisterStep, RegisterValue, RegisterValueImpossible, use_between
from meterledger.metering.register_use import use_over

FIVE_DIALS = Register("1", Flow.DELIVERED, "kWh", digits=5)
HOUR = 3600
MONTH = 30 * 24 * HOUR
MOST = 50
"""Kilowatt-hours in an hour: far above any house."""


def step(before: int, after: int, *, seconds: int = MONTH, register: Register = FIVE_DIALS):
    return use_between(
        register, RegisterValue(0, before), RegisterValue(seconds, after), most_per_hour=MOST
    )


class TestARegister:
    def test_that_goes_on_has_counted_the_difference(self) -> None:
        found = step(12_345, 13_345)
        assert (found.step, found.used) == (RegisterStep.FORWARD, 1000)

    def test_that_stands_still_has_counted_nothing(self) -> None:
        assert step(12_345, 12_345).used == 0

    def test_is_multiplied_once(self) -> None:
        with_transformers = Register("1", Flow.DELIVERED, "kWh", digits=5, multiplier=40)
        assert step(100, 125, register=with_transformers).used == 1000

    def test_rolls_over_after_its_last_figure(self) -> None:
        found = step(99_500, 320)
        assert (found.step, found.used) == (RegisterStep.ROLLOVER, 820)

    def test_shows_its_last_figure_and_then_zero(self) -> None:
        assert step(99_999, 0).used == 1

    @pytest.mark.parametrize("back", [1, 2, 50, 5000])
    def test_that_steps_back_has_not_rolled_over(self, back: int) -> None:
        found = step(50_000, 50_000 - back)
        assert (found.step, found.used) == (RegisterStep.BACKWARD, None)

    def test_cannot_roll_over_further_than_the_time_allows(self) -> None:
        assert step(99_990, 40, seconds=HOUR).step is RegisterStep.ROLLOVER  # 50 in an hour
        assert step(99_990, 41, seconds=HOUR).step is RegisterStep.BACKWARD

    def test_cannot_count_more_than_can_flow(self) -> None:
        assert step(100, 150, seconds=HOUR).used == 50
        found = step(100, 151, seconds=HOUR)
        assert (found.step, found.used) == (RegisterStep.TOO_LARGE, None)

    def test_with_five_figures_shows_no_sixth(self) -> None:
        with pytest.raises(RegisterValueImpossible, match="cannot show 100000") as refused:
            step(99_999, 100_000)
        assert "5 figures and 0 decimals" in str(refused.value)

    def test_is_not_read_backward_in_time(self) -> None:
        with pytest.raises(RegisterValueImpossible, match="not in order of time"):
            step(1, 2, seconds=0)


@given(st.lists(st.integers(0, 720 * MOST), min_size=1, max_size=30), st.integers(0, 99_999))
def test_what_a_register_counted_is_what_flowed_however_often_it_rolled_over(
    months: list[int], first: int
) -> None:
    shown, values = first, [RegisterValue(0, first)]
    for number, used in enumerate(months, start=1):
        shown = (shown + used) % FIVE_DIALS.rolls_over_at
        values.append(RegisterValue(number * MONTH, shown))

    uses = use_over(FIVE_DIALS, values, most_per_hour=MOST)

    assert [one.used for one in uses] == months
