"""A population's stored days give the determinants of the same usage in batches, on any day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.stored import StoredDays
from meterledger.facts.usage import MISSING_VALUE, DayValues, UsageBatch
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rating import (
    IntervalTooLong,
    PopulationSums,
    Proration,
    RatePlan,
    determine,
    plan_window,
)

CHICAGO = "America/Chicago"
OPTIONS = ("1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate")
ACROSS = {
    "short day": DaySpan(date(2026, 3, 6), date(2026, 3, 10)),
    "long day": DaySpan(date(2025, 10, 31), date(2025, 11, 4)),
    "change of season": DaySpan(date(2025, 9, 29), date(2025, 10, 3)),
    "holiday": DaySpan(date(2025, 7, 3), date(2025, 7, 7)),
}
EXTREMES = (2**20 - 1, 2**20, -(2**20), -(2**20) - 1, 2**31 - 1, -(2**31) + 1)
"""On both sides of what is summed in 32 bits, and the largest there is."""

Values = npt.NDArray[np.int32]


@pytest.fixture(scope="session")
def plan_of(
    paper: ModuleType, options: dict[str, Any], second: ModuleType
) -> Callable[..., RatePlan]:
    holidays = frozenset({date(2025, 7, 4)})

    def make(code: str, window: DaySpan) -> RatePlan:
        told = options[code]
        tariff = second.Tariff(
            told.charges, told.periods, told.working, told.resting, holidays, told.block_kwh
        )
        return plan_window(
            view=paper.paper_book(tariff),
            schedule_code="paper",
            window=window,
            proration=Proration(second.months_of(window.day_count)),
        )

    return make


def width_of(days: DaySpan, seconds: int = 900) -> int:
    return sum(intervals_in_day(day, CHICAGO, seconds) for day in days.days())


def values_of(days: DaySpan, seed: int, *, meters: int = 3, seconds: int = 900) -> Values:
    """Ordinary and missing values, and on the days of some meters extreme ones, anywhere."""
    chance = np.random.default_rng(seed)
    values = chance.integers(-50, 5_000, (meters, width_of(days, seconds))).astype(np.int32)
    values[chance.random(values.shape) < 0.1] = MISSING_VALUE
    for meter in np.flatnonzero(chance.random(meters) < 0.5):
        odd = chance.random(values.shape[1]) < chance.choice([0.001, 0.1])
        values[meter, odd] = chance.choice(np.array(EXTREMES, dtype=np.int32), int(odd.sum()))
    return values


def batch_of(values: Values, days: DaySpan, seconds: int = 900, power: int = 0) -> UsageBatch:
    """The same values as the lake gives them to a bill."""
    made, at = [], 0
    for day in days.days():
        width = intervals_in_day(day, CHICAGO, seconds)
        part = values[:, at : at + width]
        missing = part == MISSING_VALUE
        made.append(
            DayValues(day, np.where(missing, 0, part).astype(np.int64) * 10**power, missing)
        )
        at += width
    names = tuple(f"m{number}" for number in range(len(values)))
    return UsageBatch(names, seconds, CHICAGO, tuple(made))


def stored(values: Values, days: DaySpan, **more: Any) -> StoredDays:
    rows = np.arange(len(values), dtype=np.int64)
    told: dict[str, Any] = {"interval_seconds": 900, "first_slot": 0, "power": 0} | more
    return StoredDays(rows=rows, days=days, values=values, **told)


def assert_as_in_batches(sums: PopulationSums, batch: UsageBatch) -> None:
    expected = determine(batch, sums.plan)
    assert sums.energy_wh.tolist() == expected.energy_wh.tolist()
    assert sums.peak_wh.tolist() == expected.peak_wh.tolist()
    there = sum((~day.missing).sum(axis=1) for day in batch.days)
    assert sums.present.tolist() == list(there)


class TestStoredDays:
    @pytest.mark.parametrize("days", ACROSS.values(), ids=ACROSS.keys())
    @pytest.mark.parametrize("code", OPTIONS)
    @given(seed=st.integers(0, 2**32))
    def test_give_what_batches_give(
        self, code: str, days: DaySpan, seed: int, plan_of: Callable[..., RatePlan]
    ) -> None:
        values = values_of(days, seed)
        sums = PopulationSums(plan_of(code, days), len(values))

        sums.add(stored(values, days))

        assert_as_in_batches(sums, batch_of(values, days))

    @pytest.mark.parametrize("seconds", [300, 900, 1800, 3600])
    def test_may_be_of_any_length_that_tiles_an_hour(
        self, seconds: int, plan_of: Callable[..., RatePlan]
    ) -> None:
        days = ACROSS["long day"]
        values = values_of(days, 7, seconds=seconds)
        sums = PopulationSums(plan_of("1M-ultimate", days), len(values))

        sums.add(stored(values, days, interval_seconds=seconds, power=3))

        assert_as_in_batches(sums, batch_of(values, days, seconds, power=3))

    @given(seed=st.integers(0, 2**32), data=st.data())
    def test_may_come_in_any_parts(
        self, seed: int, data: st.DataObject, plan_of: Callable[..., RatePlan]
    ) -> None:
        """Days by days, cut out of longer lines, some of them told by another part."""
        days = ACROSS["change of season"]
        values = values_of(days, seed)
        sums = PopulationSums(plan_of("1M-ultimate", days), len(values))
        cut = data.draw(st.integers(1, days.day_count - 1))
        middle = days.from_day + timedelta(days=cut)
        wrong = values_of(days, seed + 1)
        first_tells = np.array(
            data.draw(st.lists(st.lists(st.booleans(), min_size=cut, max_size=cut),
                               min_size=3, max_size=3))
        )  # fmt: skip
        early, late = DaySpan(days.from_day, middle), DaySpan(middle, days.until_day)
        told = np.repeat(first_tells, 96, axis=1)
        one, other = wrong.copy(), wrong.copy()
        one[:, : 96 * cut][told] = values[:, : 96 * cut][told]
        other[:, : 96 * cut][~told] = values[:, : 96 * cut][~told]

        sums.add(stored(values, late, first_slot=96 * cut))
        sums.add(stored(one, early, counts=first_tells))
        sums.add(stored(other, early, counts=~first_tells))

        assert_as_in_batches(sums, batch_of(values, days))

    @given(seed=st.integers(0, 2**32))
    def test_count_those_that_nobody_measured(
        self, seed: int, plan_of: Callable[..., RatePlan]
    ) -> None:
        """On days that count, and where there is a value; in batches too."""
        days = ACROSS["long day"]
        values = values_of(days, seed)
        chance = np.random.default_rng(seed)
        quality = chance.choice(np.arange(7, dtype=np.int8), values.shape)
        method = chance.choice(np.array([0, 0, 0, 1, 4, 25], dtype=np.int8), values.shape)
        counts = chance.random((3, days.day_count)) < 0.8
        missing = values == MISSING_VALUE
        quality[missing] = method[missing] = 0
        made = (method != 0) | (quality == 3) | (quality == 5)
        widths = [intervals_in_day(day, CHICAGO, 900) for day in days.days()]
        sums = PopulationSums(plan_of("1M-smart", days), 3)
        whole = PopulationSums(sums.plan, 3)

        sums.add(stored(values, days, quality=quality, method=method, counts=counts))
        batch = batch_of(values, days)
        told, at = [], 0
        for day, width in zip(batch.days, widths, strict=True):
            slots = slice(at, at + width)
            told.append(replace(day, quality=quality[:, slots], method=method[:, slots]))
            at += width
        whole.add_batch(replace(batch, days=tuple(told)), np.arange(3))

        there = np.repeat(counts, widths, axis=1)
        assert sums.estimated.tolist() == (made & there).sum(axis=1).tolist()
        assert sums.present.tolist() == (there & ~missing).sum(axis=1).tolist()
        assert whole.estimated.tolist() == made.sum(axis=1).tolist()
        assert_as_in_batches(whole, batch)

    def test_are_multiplied_where_a_meter_has_a_multiplier(
        self, plan_of: Callable[..., RatePlan]
    ) -> None:
        days = ACROSS["holiday"]
        values = np.full((2, width_of(days)), 5, dtype=np.int32)
        sums = PopulationSums(plan_of("1M-ultimate", days), 2)
        sums.add(stored(values, days))

        sums.multiply(np.array([1, 40]))

        assert sums.energy_wh.sum(axis=(1, 2)).tolist() == [4 * 480, 4 * 480 * 40]
        assert sums.peak_wh[:, 0].tolist() == [20, 800]
        with pytest.raises(InvariantBroken, match="multiplied energy fits 64 bits"):
            sums.multiply(np.array([1, 2**60]))

    def test_are_refused_in_the_words_of_a_bill(self, plan_of: Callable[..., RatePlan]) -> None:
        days = DaySpan(date(2025, 7, 3), date(2025, 7, 4))
        values = np.full((1, 12), 5, dtype=np.int32)

        for code in ("1M-smart", "1M-ultimate"):
            plan = plan_of(code, days)
            with pytest.raises(IntervalTooLong) as here:
                PopulationSums(plan, 1).add(stored(values, days, interval_seconds=7200))
            with pytest.raises(IntervalTooLong) as there:
                determine(batch_of(values, days, 7200), plan)
            assert str(here.value) == str(there.value)

    @pytest.mark.parametrize(
        ("wrong", "promise"),
        [
            ({"power": 4}, "watt-hours or kilowatt-hours"),
            ({"power": -1}, "watt-hours or kilowatt-hours"),
            ({"first_slot": 1}, "the slots of the days are there"),
            ({"rows": np.zeros(1, dtype=np.int64)}, "a row for each meter"),
            ({"counts": np.ones((2, 3), dtype=bool)}, "a row for each meter"),
            (
                dict.fromkeys(("quality", "method"), np.zeros((2, 3), dtype=np.int8)),
                "a code for each value",
            ),
            ({"days": DaySpan(date(2025, 7, 2), date(2025, 7, 6))}, "in the plan's window"),
        ],
    )
    def test_of_another_shape_break_a_promise(
        self, wrong: dict[str, Any], promise: str, plan_of: Callable[..., RatePlan]
    ) -> None:
        days = ACROSS["holiday"]
        part = stored(np.zeros((2, width_of(days)), dtype=np.int32), days)

        with pytest.raises(InvariantBroken, match=promise):
            PopulationSums(plan_of("1M-smart", days), 2).add(replace(part, **wrong))
