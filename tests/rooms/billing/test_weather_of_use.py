"""What the weather explains of a difference in use, by the home's own days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from meterledger.billing import weather_wh

BASE = Fraction(65)
JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)


def month(first: date, temperature_f: Callable[[int], int]) -> dict[date, int]:
    """Tenths of a degree for thirty days."""
    return {first + timedelta(number): temperature_f(number) * 10 for number in range(30)}


def use(temperatures: dict[date, int], wh: Callable[[int], int]) -> dict[date, int]:
    return {day: wh(tenths // 10) for day, tenths in temperatures.items()}


def cooling(fahrenheit: int) -> int:
    """8 kWh a day, and 500 Wh for each degree above 65."""
    return 8000 + 500 * max(0, fahrenheit - 65)


MILD = month(JULY, lambda number: 70 + number % 5)
HOT = month(AUGUST, lambda number: 80 + number % 5)


def test_a_hotter_month_explains_all_that_the_air_conditioner_took() -> None:
    before, after = use(MILD, cooling), use(HOT, cooling)

    found = weather_wh(before, after, MILD | HOT, base_f=BASE)

    assert found == sum(after.values()) - sum(before.values()) == 30 * 10 * 500


def test_a_cooler_month_explains_as_much_less() -> None:
    before, after = use(HOT, cooling), use(MILD, cooling)
    assert weather_wh(before, after, MILD | HOT, base_f=BASE) == -30 * 10 * 500


def test_a_guest_who_stayed_is_not_the_weather() -> None:
    """Ten kWh more every day of August, and the degrees as before."""
    same = month(AUGUST, lambda number: 70 + number % 5)
    before, after = use(MILD, cooling), use(same, lambda degrees: cooling(degrees) + 10_000)

    assert weather_wh(before, after, MILD | same, base_f=BASE) == 0


def test_heating_counts_below_the_base_and_cooling_above_it() -> None:
    winter = month(date(2025, 1, 1), lambda number: 20 + number % 10)
    heated = use(winter, lambda degrees: 8000 + 300 * max(0, 65 - degrees))
    cooled = use(HOT, cooling)

    found = weather_wh(cooled, heated, winter | HOT, base_f=BASE)

    assert found == sum(heated.values()) - sum(cooled.values())


def test_at_the_base_nothing_is_asked_of_the_weather() -> None:
    flat = month(JULY, lambda number: 65)
    other = month(AUGUST, lambda number: 65)
    assert weather_wh(use(flat, cooling), use(other, cooling), flat | other, base_f=BASE) is None


def test_a_home_that_uses_less_when_it_is_hot_has_no_answer() -> None:
    def away(degrees: int) -> int:
        return 50_000 - 500 * degrees

    assert weather_wh(use(MILD, away), use(HOT, away), MILD | HOT, base_f=BASE) is None


def test_one_unknown_day_is_enough_to_say_nothing() -> None:
    known = MILD | HOT
    del known[AUGUST]
    assert weather_wh(use(MILD, cooling), use(HOT, cooling), known, base_f=BASE) is None


def test_a_few_days_say_nothing_of_a_home() -> None:
    def first(temperatures: dict[date, int], count: int) -> dict[date, int]:
        return use(dict(list(temperatures.items())[:count]), cooling)

    known = MILD | HOT
    assert weather_wh(first(MILD, 13), first(HOT, 14), known, base_f=BASE) is None
    assert weather_wh(first(MILD, 14), first(HOT, 14), known, base_f=BASE) is not None


DAYS = st.lists(
    st.tuples(st.integers(-200, 1100), st.integers(0, 200_000)), min_size=28, max_size=62
)


@given(DAYS)
def test_there_and_back_is_the_same_by_the_day(days: list[tuple[int, int]]) -> None:
    """Of the same two months the weather explains opposite watt-hours a day, either way round."""
    half = len(days) // 2
    dated = {JULY + timedelta(number): one for number, one in enumerate(days)}
    ordered = sorted(dated)
    before = {day: dated[day][1] for day in ordered[:half]}
    after = {day: dated[day][1] for day in ordered[half:]}
    known = {day: tenths for day, (tenths, _) in dated.items()}

    there = weather_wh(before, after, known, base_f=BASE)
    back = weather_wh(after, before, known, base_f=BASE)

    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert there / len(after) == -back / len(before)
