"""Identifiers: readable, derived from what they mean, with a check digit where typed."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.ids import (
    BUCKET_COUNT,
    bill_id,
    bucket_of,
    check_digit_holds,
    pseudonym,
    with_check_digit,
)

NINE_DIGITS = st.text("0123456789", min_size=9, max_size=9)


class TestTheCheckDigit:
    @pytest.mark.parametrize(
        ("digits", "whole"),
        [("7992739871", "79927398713"), ("0", "00"), ("123456789", "1234567897")],
    )
    def test_is_that_of_luhn(self, digits: str, whole: str) -> None:
        assert with_check_digit(digits) == whole
        assert check_digit_holds(whole)

    @given(NINE_DIGITS, st.integers(0, 9), st.integers(1, 9))
    def test_finds_every_single_wrong_digit(self, digits: str, place: int, shift: int) -> None:
        number = with_check_digit(digits)
        wrong = str((int(number[place]) + shift) % 10)

        assert not check_digit_holds(number[:place] + wrong + number[place + 1 :])

    @given(NINE_DIGITS, st.integers(0, 8))
    def test_finds_swapped_neighbors_but_for_09(self, digits: str, place: int) -> None:
        number = with_check_digit(digits)
        left, right = number[place], number[place + 1]
        swapped = number[:place] + right + left + number[place + 2 :]

        assert check_digit_holds(swapped) is (left == right or {left, right} == {"0", "9"})

    @pytest.mark.parametrize("text", ["", "x", "12a", " 00", "00 ", "-0", "٠٠", "²", "0.0"])
    def test_does_not_hold_for_what_is_not_digits(self, text: str) -> None:
        assert not check_digit_holds(text)


class TestABillsName:
    def test_says_agreement_and_days(self) -> None:
        days = (date(2025, 7, 1), date(2025, 8, 1))

        assert bill_id("A1", *days) == "B-A1-20250701-20250801"
        assert bill_id("A1", *days, version=2) == "B-A1-20250701-20250801-v2"


class TestAPseudonym:
    def test_is_stable_for_ever(self) -> None:
        # Pinned: a change of this text would orphan every interval in every lake.
        assert pseudonym("M-1", "union_electric_mo6") == "75090a3216c1a33e"

    def test_differs_by_meter_and_by_utility(self) -> None:
        assert pseudonym("M-1", "one") != pseudonym("M-2", "one")
        assert pseudonym("M-1", "one") != pseudonym("M-1", "two")

    def test_lies_in_a_stable_bucket_and_buckets_fill_evenly(self) -> None:
        buckets = Counter(bucket_of(pseudonym(f"M{n}", "u")) for n in range(6_400))

        assert set(buckets) == set(range(BUCKET_COUNT))
        assert max(buckets.values()) < 2 * min(buckets.values())
