"""Columns of whole numbers: bounds proved before 64 bits, Python's integers beyond them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.rounding import share_whole, to_whole_half_up
from meterledger.rating.exact import multiply_divide_half_up, share_by_weights

WHOLE = st.integers(-(2**62), 2**62)


def column(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


class TestMultiplyDivide:
    @pytest.mark.parametrize(
        ("whole", "cents"),
        [(4, 0), (5, 1), (6, 1), (14, 1), (15, 2), (-4, 0), (-5, -1), (-6, -1), (-15, -2), (0, 0)],
    )
    def test_both_sides_of_each_half_for_charges_and_credits(self, whole: int, cents: int) -> None:
        assert multiply_divide_half_up(column(whole), 1, 10).tolist() == [cents]
        assert multiply_divide_half_up(column(whole), -1, 10).tolist() == [-cents]

    @given(
        st.lists(WHOLE, max_size=5),
        st.integers(-(2**70), 2**70),
        st.integers(2**60, 2**80) | st.integers(2**70, 2**75),
    )
    def test_is_exact_however_large_the_product(
        self, numbers: list[int], factor: int, divisor: int
    ) -> None:
        expected = [to_whole_half_up(Fraction(number * factor, divisor)) for number in numbers]
        if any(abs(number) >= 2**63 for number in expected):
            with pytest.raises(InvariantBroken, match="fits in 64 bits"):
                multiply_divide_half_up(column(*numbers), factor, divisor)
        else:
            assert multiply_divide_half_up(column(*numbers), factor, divisor).tolist() == expected

    @given(
        st.lists(st.integers(-(2**40), 2**40), max_size=5),
        st.integers(-(2**21), 2**21),
        st.integers(1, 2**30),
    )
    def test_is_exact_in_the_range_of_bills(
        self, numbers: list[int], factor: int, divisor: int
    ) -> None:
        expected = [to_whole_half_up(Fraction(number * factor, divisor)) for number in numbers]

        assert multiply_divide_half_up(column(*numbers), factor, divisor).tolist() == expected

    def test_of_nothing_but_zeros_is_zero_whatever_the_price(self) -> None:
        assert multiply_divide_half_up(column(0, 0), 2**70, 3).tolist() == [0, 0]

    @pytest.mark.parametrize("divisor", [0, -1])
    def test_refuses_a_divisor_that_is_not_positive(self, divisor: int) -> None:
        with pytest.raises(InvariantBroken, match="a divisor is positive"):
            multiply_divide_half_up(column(1), 1, divisor)


class TestSharing:
    @given(
        st.integers(1, 5).flatmap(
            lambda width: st.lists(
                st.tuples(
                    st.integers(0, 2**61),
                    st.lists(st.integers(0, 2**58), min_size=width, max_size=width),
                ),
                min_size=1,
                max_size=4,
            )
        )
    )
    def test_is_row_by_row_what_it_is_for_one_number(
        self, rows: list[tuple[int, list[int]]]
    ) -> None:
        totals = column(*(total for total, _ in rows))
        weights = np.array([row for _, row in rows], dtype=np.int64)

        shared = share_by_weights(totals, weights)

        assert shared.dtype == np.int64
        assert shared.tolist() == [share_whole(total, row) for total, row in rows]
        assert shared.sum(axis=1).tolist() == totals.tolist()

    def test_of_no_rows_is_no_rows(self) -> None:
        empty = share_by_weights(np.zeros(0, dtype=np.int64), np.zeros((0, 3), dtype=np.int64))

        assert empty.shape == (0, 3)

    @pytest.mark.parametrize(("total", "weight"), [(-1, 1), (1, -1)])
    def test_refuses_to_share_what_is_not_there(self, total: int, weight: int) -> None:
        with pytest.raises(InvariantBroken, match="shares are of what is there"):
            share_by_weights(column(total), np.array([[weight]], dtype=np.int64))
