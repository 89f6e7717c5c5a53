"""Totals of many windows are the sums of the lines of each, whatever the plan and the use."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.determinants import Determinants
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.rating import Proration, RatePlan, charge_totals, plan_window, price, shares_of
from meterledger.rating.compiled_totals import SMALL, add_lines
from meterledger.rulebook.loading import default_book_folder

VIEW = open_book(default_book_folder()).as_known(date(2026, 11, 29))
SCHEDULES = ("1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate")
WINDOWS = (
    DaySpan(date(2025, 9, 15), date(2025, 10, 15)),
    DaySpan(date(2025, 12, 15), date(2026, 1, 15)),
    DaySpan(date(2025, 7, 1), date(2025, 7, 12)),
)


def plan(schedule: str, window: DaySpan) -> RatePlan:
    months = Fraction(1) if window.day_count > 20 else Fraction(window.day_count, 30)
    return plan_window(
        view=VIEW, schedule_code=schedule, window=window, proration=Proration(months)
    )


def use(one: RatePlan, count: int, *, most: int, least: int = 0, seed: int = 1) -> Determinants:
    dice = np.random.default_rng(seed)
    segments, periods = len(one.segments), len(one.periods)
    return Determinants(
        energy_wh=dice.integers(least, most, size=(count, segments, periods)),
        peak_wh=dice.integers(0, most, size=(count, segments)),
        by_days=False,
    )


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_of_every_option(schedule: str, window: DaySpan) -> None:
    one = plan(schedule, window)
    some = use(one, 3_000, most=900_000)

    assert charge_totals(one, some).tolist() == price(one, some).cents.sum(axis=1).tolist()


@settings(deadline=None, max_examples=60)
@given(
    schedule=st.sampled_from(SCHEDULES),
    window=st.sampled_from(WINDOWS),
    most=st.sampled_from([1, 2, 1_000, 750_001, 5_000_000, 2**40]),
    least=st.sampled_from([0, 0, -5_000]),
    seed=st.integers(0, 10_000),
)
def test_of_any_use(schedule: str, window: DaySpan, most: int, least: int, seed: int) -> None:
    """Nothing used, the block's limit, received more than delivered, sums beyond any home's."""
    one = plan(schedule, window)
    if least < 0 and any(line.block is not None for line in one.lines):
        least = 0  # shares of a block are of what was delivered
    some = use(one, 80, most=most, least=least, seed=seed)

    assert charge_totals(one, some).tolist() == price(one, some).cents.sum(axis=1).tolist()


def test_of_many_windows_in_two_threads() -> None:
    one = plan("1M-smart", WINDOWS[0])
    some = use(one, 80_000, most=900_000)

    assert (charge_totals(one, some) == price(one, some).cents.sum(axis=1)).all()


def test_of_no_window() -> None:
    one = plan("1M-smart", WINDOWS[0])

    assert charge_totals(one, use(one, 0, most=1)).tolist() == []


class TestShares:
    @pytest.mark.parametrize(("top", "bottom"), [(1, 19), (1, 2), (99, 901), (1, 20_000_000)])
    @pytest.mark.parametrize("most", [1, 10**6, 10**11])
    def test_are_those_of_exact_fractions(self, top: int, bottom: int, most: int) -> None:
        dice = np.random.default_rng([20_251_130, bottom, most])
        some = dice.integers(-most, most + 1, size=2_000)
        halves = (2 * dice.integers(0, 50, size=200) + 1) * bottom // 2
        cents = np.concatenate([some, halves, halves - 1, halves + 1, -halves, [0]])

        found = shares_of(cents, Fraction(top, bottom))

        assert found is not None
        assert found.tolist() == [
            to_whole_half_up(one * Fraction(top, bottom)) for one in cents.tolist()
        ]


@pytest.mark.parametrize("highest", [400_000_000, SMALL // 2 - 20_000_000, SMALL // 2, 2**50])
def test_of_every_half_cent_and_its_neighbours(highest: int) -> None:
    """A division by a product is right on both sides of each half, and so is the plain one."""
    dice = np.random.default_rng([20_251_130, highest])
    price, divisor = 1, 10_000_000
    cents = dice.integers(0, highest // divisor + 1, size=3_000)
    halves = cents * divisor + divisor // 2
    some = np.concatenate([halves - 1, halves, halves + 1, dice.integers(0, highest, 3_000)])
    energy = np.minimum(np.concatenate([some, -some, [0]]), highest).reshape(1, 1, -1)
    count = energy.shape[2]
    lines = np.array([[1, -1, 0, 0, price, divisor, 0, 1]], dtype=np.int64)
    found = np.zeros((1, count), dtype=np.int64)

    add_lines(
        np.ascontiguousarray(energy),
        np.zeros((1, count), dtype=np.int64),
        lines,
        np.ones((1, 1), dtype=bool),
        0,
        count,
        2 * highest + 2 * divisor < SMALL,
        found,
    )

    exact = [to_whole_half_up(Fraction(one, divisor)) for one in energy.ravel().tolist()]
    assert found[0].tolist() == exact
