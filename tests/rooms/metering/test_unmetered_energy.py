"""Energy of loads without a meter: by the wall clock, exact over days of 23 and 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.meters import UnmeteredLoad
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan, Validity
from meterledger.metering import CalculatedEnergy, NoLoadThen, calculate_energy

CHICAGO = "America/Chicago"
FORWARD, BACK = date(2026, 3, 8), date(2026, 11, 1)
ORDINARY = date(2026, 3, 10)
LEARNED = datetime(2026, 1, 1, tzinfo=UTC)
ALL_DAY = ((0, 1440),)


def load(
    *,
    count: int = 1,
    volt_amperes: int = 100,
    hours: tuple[tuple[int, int], ...] = ALL_DAY,
    days: Validity | None = None,
    name: str = "L-1",
) -> UnmeteredLoad:
    days = days or Validity(date(2020, 1, 1))
    return UnmeteredLoad(name, "SP-1", "lighting", count, volt_amperes, hours, days, LEARNED)


def day_of(day: date, *loads: UnmeteredLoad, factor: str = "1") -> CalculatedEnergy:
    window = DaySpan(day, date.fromordinal(day.toordinal() + 1))
    return calculate_energy(loads, window, CHICAGO, Fraction(factor))


class TestHours:
    @pytest.mark.parametrize(
        ("day", "hours_on", "slots"), [(ORDINARY, 24, 96), (FORWARD, 23, 92), (BACK, 25, 100)]
    )
    def test_all_day_is_as_long_as_the_day(self, day: date, hours_on: int, slots: int) -> None:
        found = day_of(day, load())
        assert found.energy_wh == 100 * hours_on
        assert len(found.by_day[0]) == slots
        assert set(found.by_day[0]) == {25}
        assert found.shares[0].seconds == 3600 * hours_on

    @pytest.mark.parametrize(
        ("day", "hours_on"),
        [
            (ORDINARY, 2),
            (FORWARD, 1),  # there is no 02:00 to 03:00
            (BACK, 3),  # 01:00 to 02:00 comes twice
        ],
    )
    def test_a_stretch_over_the_change_is_that_of_the_wall_clock(
        self, day: date, hours_on: int
    ) -> None:
        assert day_of(day, load(hours=((60, 180),))).energy_wh == 100 * hours_on

    @pytest.mark.parametrize("day", [ORDINARY, FORWARD, BACK])
    def test_a_stretch_away_from_the_change_is_untouched_by_it(self, day: date) -> None:
        assert day_of(day, load(hours=((1080, 1440),))).energy_wh == 600

    def test_minutes_count_and_a_quarter_hour_may_be_part_lit(self) -> None:
        found = day_of(ORDINARY, load(volt_amperes=600, hours=((360, 367),)))
        assert found.energy_wh == 70
        assert found.by_day[0][24] == 70

    def test_several_stretches_are_added(self) -> None:
        dark = load(hours=((0, 360), (1080, 1440)))
        assert day_of(ORDINARY, dark).energy_wh == 1200


class TestAmounts:
    def test_devices_volt_amperes_and_power_factor_are_multiplied(self) -> None:
        assert day_of(ORDINARY, load(count=12, volt_amperes=150), factor="0.95").energy_wh == 41_040

    @pytest.mark.parametrize(
        ("volt_amperes", "minutes", "energy_wh"),
        [(1, 29, 0), (1, 30, 1), (1, 89, 1), (1, 90, 2)],
    )
    def test_half_a_watt_hour_is_rounded_up_once(
        self, volt_amperes: int, minutes: int, energy_wh: int
    ) -> None:
        found = day_of(ORDINARY, load(volt_amperes=volt_amperes, hours=((0, minutes),)))
        assert found.energy_wh == energy_wh

    def test_a_small_load_is_not_rounded_away_by_its_quarter_hours(self) -> None:
        found = day_of(ORDINARY, load(volt_amperes=1))
        assert found.energy_wh == 24
        assert sorted(set(found.by_day[0])) == [0, 1]

    def test_a_load_counts_on_its_days_alone(self) -> None:
        window = DaySpan(date(2026, 5, 1), date(2026, 5, 11))
        always = load()
        later = load(name="L-2", volt_amperes=50, days=Validity(date(2026, 5, 8)))
        found = calculate_energy([always, later], window, CHICAGO, Fraction(1))
        assert found.energy_wh == 10 * 2400 + 3 * 1200
        assert [(one.load_id, one.from_day.day) for one in found.shares] == [("L-1", 1), ("L-2", 8)]

    def test_a_day_without_a_load_is_not_a_day_of_zero(self) -> None:
        gone = load(days=Validity(date(2026, 1, 1), date(2026, 5, 9)))
        window = DaySpan(date(2026, 5, 1), date(2026, 5, 11))
        with pytest.raises(NoLoadThen, match="No load without a meter is known on 2026-05-09"):
            calculate_energy([gone], window, CHICAGO, Fraction(1))

    @given(
        st.lists(
            st.tuples(
                st.integers(1, 500),
                st.integers(1, 5000),
                st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(sorted),
            ),
            min_size=1,
            max_size=3,
        ),
        st.fractions(min_value=Fraction(1, 2), max_value=1, max_denominator=100),
        st.sampled_from([ORDINARY, FORWARD, BACK]),
    )
    def test_the_shares_give_the_whole_to_half_a_watt_hour(
        self, told: list[tuple[int, int, list[int]]], factor: Fraction, day: date
    ) -> None:
        loads = [
            load(
                count=count,
                volt_amperes=size,
                hours=tuple(zip(edges[0::2], edges[1::2], strict=False)),
                name=f"L-{place}",
            )
            for place, (count, size, edges) in enumerate(told)
        ]
        window = DaySpan(day, date.fromordinal(day.toordinal() + 1))
        found = calculate_energy(loads, window, CHICAGO, factor)
        reckoned = sum(one.volt_ampere_seconds for one in found.shares)
        assert found.energy_wh == to_whole_half_up(reckoned * factor / 3600)
        assert all(slot >= 0 for slots in found.by_day for slot in slots)
