"""Rounding with a name: halves away from zero, limits down, shares that sum."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.rounding import (
    share_whole,
    to_cents_half_up,
    to_whole_down,
    to_whole_half_up,
)

AMOUNTS = st.decimals(
    min_value=-(10**9), max_value=10**9, places=5, allow_nan=False, allow_infinity=False
)


class TestHalfUp:
    @pytest.mark.parametrize(
        ("exact", "whole"),
        [
            (Fraction(0), 0),
            (Fraction(49, 100), 0),
            (Fraction(1, 2), 1),
            (Fraction(51, 100), 1),
            (Fraction(3, 2), 2),  # not to the even neighbor
            (Fraction(5, 2), 3),
            (Fraction(-49, 100), 0),
            (Fraction(-1, 2), -1),  # a credit rounds like a charge
            (Fraction(-51, 100), -1),
            (Fraction(-3, 2), -2),
            (Fraction(-5, 2), -3),
            (Fraction(10**40 * 2 + 1, 2), 10**40 + 1),
            (Fraction(1, 2) - Fraction(1, 10**60), 0),
            (Fraction(-1, 2) + Fraction(1, 10**60), 0),
        ],
    )
    def test_both_sides_of_each_half(self, exact: Fraction, whole: int) -> None:
        assert to_whole_half_up(exact) == whole

    @pytest.mark.parametrize(
        ("usd", "cents"),
        [("1.004999", 100), ("1.005", 101), ("-1.004999", -100), ("-1.005", -101), ("0.005", 1)],
    )
    def test_dollars_to_cents(self, usd: str, cents: int) -> None:
        assert to_cents_half_up(Fraction(usd)) == cents

    @given(AMOUNTS)
    def test_is_what_the_decimal_library_calls_half_up(self, amount: Decimal) -> None:
        expected = int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))

        assert to_whole_half_up(Fraction(amount)) == expected

    @given(st.fractions())
    def test_a_credit_is_the_mirror_of_a_charge(self, exact: Fraction) -> None:
        assert to_whole_half_up(-exact) == -to_whole_half_up(exact)
        assert abs(to_whole_half_up(exact) - exact) <= Fraction(1, 2)


class TestDown:
    @pytest.mark.parametrize(
        ("exact", "whole"),
        [
            (Fraction(749_999, 1000), 749),
            (Fraction(750), 750),
            (Fraction(-1, 2), -1),  # a limit below zero leaves room for less, not for more
        ],
    )
    def test_leaves_room_for_no_more_than_the_limit(self, exact: Fraction, whole: int) -> None:
        assert to_whole_down(exact) == whole

    @given(AMOUNTS)
    def test_is_the_floor(self, amount: Decimal) -> None:
        assert to_whole_down(Fraction(amount)) == int(amount.to_integral_value(ROUND_FLOOR))


class TestSharing:
    @pytest.mark.parametrize(
        ("total", "weights", "parts"),
        [
            (900, [12, 18], [360, 540]),  # a bill with 12 winter and 18 summer days
            (600, [16, 14], [320, 280]),
            (750, [29, 1], [725, 25]),
            (1, [1, 1, 1], [0, 0, 1]),
            (2, [1, 1, 1], [0, 1, 1]),
            (7, [0, 0], [0, 7]),  # nothing says where it belongs: the last takes it
            (7, [0, 3, 0], [0, 7, 0]),
            (0, [1, 2], [0, 0]),
            (5, [9], [5]),
        ],
    )
    def test_gives_whole_parts_in_order(
        self, total: int, weights: list[int], parts: list[int]
    ) -> None:
        assert share_whole(total, weights) == parts

    @given(
        st.integers(-(10**15), 10**15),
        st.lists(st.integers(0, 10**9), min_size=1, max_size=20),
    )
    def test_conserves_the_total_and_is_off_by_less_than_one(
        self, total: int, weights: list[int]
    ) -> None:
        parts = share_whole(total, weights)

        assert sum(parts) == total
        assert len(parts) == len(weights)
        if sum(weights):
            for part, weight in zip(parts, weights, strict=True):
                assert abs(part - Fraction(total * weight, sum(weights))) < 1

    @given(st.integers(0, 10**12), st.lists(st.integers(1, 40), min_size=2, max_size=9))
    def test_does_not_depend_on_how_finely_it_is_cut(self, total: int, weights: list[int]) -> None:
        whole = share_whole(total, [weights[0], sum(weights[1:])])
        finer = share_whole(total, weights)

        assert finer[0] == whole[0]
        assert sum(finer[1:]) == whole[1]
