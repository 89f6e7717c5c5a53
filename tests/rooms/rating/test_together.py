"""Meters of one account added: all of their energy, and each one's own peak (GRR IV.C)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.determinants import Determinants
from meterledger.kernel.ensure import InvariantBroken
from meterledger.rating import add_meters, measured_w
from meterledger.rating.demand import highest_wh
from meterledger.rating.parts import DemandUse


def meter(energy: list[int], peaks: list[int], demands: list[int] | None = None) -> Determinants:
    """One meter with a period, two segments, and the highest hour of each."""
    watts = None if demands is None else np.array(demands, dtype=np.int64).reshape(1, 2, 1)
    return Determinants(
        energy_wh=np.array(energy, dtype=np.int64).reshape(1, 2, 1),
        peak_wh=np.array(peaks, dtype=np.int64).reshape(1, 2),
        by_days=False,
        demand_w=watts,
    )


HOUSE, BARN = meter([10, 20], [5, 1], [5, 1]), meter([1, 2], [1, 4], [1, 4])


def test_energy_is_added_where_it_lies() -> None:
    assert add_meters([HOUSE, BARN]).energy_wh.tolist() == [[[11], [22]]]


class TestAPeak:
    def test_of_one_part_is_the_sum_of_the_meters_own(self) -> None:
        assert highest_wh([0], add_meters([HOUSE, BARN])).tolist() == [6]
        assert highest_wh([1], add_meters([HOUSE, BARN])).tolist() == [5]

    def test_of_several_parts_is_each_meters_highest_of_them(self) -> None:
        """The house peaks in the first part and the barn in the second: 5 and 4, and never 6."""
        assert highest_wh([0, 1], add_meters([HOUSE, BARN])).tolist() == [9]

    def test_of_a_demand_by_name_is_so_too(self) -> None:
        use = DemandUse("demand", ((0, Fraction(1)),))
        assert measured_w(use, [0, 1], add_meters([HOUSE, BARN])).tolist() == [9]
        assert measured_w(use, [0, 1], HOUSE).tolist() == [5]

    def test_of_one_meter_is_its_own(self) -> None:
        assert highest_wh([0, 1], add_meters([HOUSE])).tolist() == [5]


@given(st.lists(st.tuples(*(st.integers(0, 10**9) for _ in range(4))), min_size=1, max_size=6))
def test_nothing_of_any_meter_is_lost(told: list[tuple[int, int, int, int]]) -> None:
    meters = [meter([a, b], [c, d]) for a, b, c, d in told]
    added = add_meters(meters)
    assert int(added.energy_wh.sum()) == sum(a + b for a, b, _, _ in told)
    own = sum(max(c, d) for _, _, c, d in told)
    assert highest_wh([0, 1], added).tolist() == [own]
    assert int(added.peak_wh.max()) <= own


def test_a_sum_is_of_one_window() -> None:
    two = Determinants(
        np.zeros((2, 2, 1), dtype=np.int64), np.zeros((2, 2), dtype=np.int64), by_days=False
    )
    with pytest.raises(InvariantBroken, match="the sum of several meters is of one window"):
        Determinants(two.energy_wh, two.peak_wh, by_days=False, of_meters=two)
