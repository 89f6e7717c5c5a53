"""Numbers are kept as written, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.ensure import InvariantBroken
from meterledger.stores.gateways.exact import WHOLE_MAX, Exact, common_scale, read_exact


class TestReadExact:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("0.100", Exact(100, -3)),
            ("1.0", Exact(10, -1)),
            ("-5", Exact(-5, 0)),
            ("+.5", Exact(5, -1)),
            ("1e3", Exact(1000, 0)),
            ("1.5D-05", Exact(15, -6)),
            (str(WHOLE_MAX), Exact(WHOLE_MAX, 0)),
            ("43490.000000000000000", Exact(43490, 0)),
        ],
    )
    def test_keeps_the_decimals_that_were_written(self, text: str, number: Exact) -> None:
        assert read_exact(text) == number

    @pytest.mark.parametrize(
        "text",
        ["", ".", "-", "1,5", "1_000", "0x1F", "NaN", "inf", "٣", "1e99", str(WHOLE_MAX + 1), " 1"],
    )
    def test_refuses_what_is_no_number_or_too_long(self, text: str) -> None:
        assert read_exact(text) is None

    @given(
        st.decimals(
            allow_nan=False, allow_infinity=False, places=6, min_value=-(10**11), max_value=10**11
        )
    )
    def test_says_the_same_as_decimal(self, number: Decimal) -> None:
        exact = read_exact(format(number, "f"))
        assert exact is not None
        assert Decimal(exact.whole).scaleb(exact.exponent) == number
        assert Decimal(str(exact)) == number


class TestCommonScale:
    def test_is_the_most_decimals_written(self) -> None:
        assert common_scale([Exact(100, -3), Exact(5, 0)]) == -3

    def test_drops_zeros_only_where_values_would_grow_large(self) -> None:
        assert common_scale([Exact(43490_000000000, -9), Exact(434955, -1)]) == -1

    @given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(-6, 0)), min_size=1))
    def test_makes_every_number_whole(self, parts: list[tuple[int, int]]) -> None:
        numbers = [Exact(*part) for part in parts]
        scale = common_scale(numbers)
        for number in numbers:
            whole = (
                number.at_scale(scale)
                if scale <= number.exponent
                else number.shortest().at_scale(scale)
            )
            assert Decimal(whole).scaleb(scale) == Decimal(number.whole).scaleb(number.exponent)


def test_zeros_after_the_point_are_dropped_and_never_the_number() -> None:
    long, short = read_exact("43490.000000000"), read_exact("43495.0")
    assert long is not None
    assert short is not None

    scale = common_scale([long, short])

    assert scale == 0
    assert (long.at_scale(scale), short.at_scale(scale)) == (43490, 43495)


def test_a_number_is_never_cut_to_fit_a_scale() -> None:
    number = read_exact("1.05")
    assert number is not None
    with pytest.raises(InvariantBroken, match="only zeros after the point"):
        number.at_scale(-1)
