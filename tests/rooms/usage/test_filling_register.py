"""Register and intervals are made to agree by moving estimates only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.estimates import Method
from meterledger.facts.usage import MISSING_VALUE
from meterledger.usage import Agreed, RegisterCannotAgree, agree_with_register

LIKE, FLAT, HAND = Method.LIKE_DAY, Method.FLAT_LINE, Method.BY_HAND
MOVED = Method.ADJUSTED_TO_REGISTER


def agree(value: Any, method: Any, register_wh: int) -> Agreed:
    return agree_with_register(np.array(value, np.int32), np.array(method, np.int8), register_wh)


@pytest.mark.parametrize(
    ("value", "register_wh", "after"),
    [
        ([1000, 2000, 3000, 4000], 12_000, [1200, 2400, 3600, 4800]),  # scaled to the register
        ([0, 0, 0, 0], 2000, [500, 500, 500, 500]),  # all zero: alike
        ([0, 0, 0], 2000, [666, 667, 667]),  # the running share, rounded down
        ([1, 1, 1], 4, [1, 1, 2]),
        ([5, 5], 0, [0, 0]),
    ],
)
def test_estimates_are_scaled(value: list[int], register_wh: int, after: list[int]) -> None:
    agreed = agree(value, [LIKE] * len(value), register_wh)
    assert agreed.value.tolist() == after
    assert agreed.method.tolist() == [MOVED] * len(value)
    assert agreed.moved_wh == register_wh - sum(value)


def test_measured_values_and_those_of_a_person_stay() -> None:
    agreed = agree([100, 50, 70, 30], [0, LIKE, HAND, FLAT], 330)
    assert agreed.value.tolist() == [100, 100, 70, 60]
    assert agreed.method.tolist() == [0, MOVED, HAND, MOVED]


def test_where_they_agree_nothing_changes() -> None:
    agreed = agree([100, 50], [0, LIKE], 150)
    assert agreed.value.tolist() == [100, 50]
    assert agreed.method.tolist() == [0, LIKE]


@pytest.mark.parametrize(
    ("value", "method", "register_wh", "words"),
    [
        ([100, 50], [0, 0], 151, "no interval was estimated. A measured value is never changed"),
        ([100, 50], [0, HAND], 151, "no interval was estimated"),
        ([100, 50], [0, LIKE], 99, "The measured intervals alone are 100 Wh, and the register"),
        ([100, MISSING_VALUE], [0, 0], 99, "1 intervals have no value"),
        ([100, 50], [0, LIKE], 2**33, "would not fit 32 bits"),
    ],
)
def test_refuses_what_cannot_be(
    value: list[int], method: list[int], register_wh: int, words: str
) -> None:
    with pytest.raises(RegisterCannotAgree, match=words):
        agree(value, method, register_wh)


def test_the_measured_alone_may_be_all_of_it() -> None:
    assert agree([100, 50], [0, LIKE], 100).value.tolist() == [100, 0]


@given(
    slots=st.lists(
        st.tuples(st.integers(0, 5000), st.sampled_from([0, LIKE, FLAT, HAND])), min_size=1
    ),
    more=st.integers(0, 10**6),
)
def test_the_sum_is_the_register_to_the_watt_hour(slots: list[tuple[int, int]], more: int) -> None:
    value, method = [one for one, _ in slots], [int(one) for _, one in slots]
    fixed = sum(v for v, m in slots if m in (0, HAND))
    if not any(m in (LIKE, FLAT) for m in method):
        return
    agreed = agree(value, method, fixed + more)
    assert int(agreed.value.sum()) == fixed + more
    assert (agreed.value >= 0).all()
    kept = [m in (0, HAND) for m in method]
    assert agreed.value[kept].tolist() == [v for v, k in zip(value, kept, strict=True) if k]
