"""Every line of every option, to the cent, against a calculation written apart from ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterledger.billing import periods_of
from meterledger.facts.charges import ChargeLine
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.span import DaySpan
from meterledger.rating import Proration, determine, lines_of, plan_window, price

OPTIONS = ["1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate"]

EDGES = [
    date(2025, 7, 4),  # a holiday
    date(2025, 10, 1),  # winter begins
    date(2025, 11, 2),  # 25 hours
    date(2025, 12, 31),  # the last day of a year's holiday calendar
    date(2026, 2, 1),  # a rider changes
    date(2026, 3, 8),  # 23 hours
    date(2026, 6, 1),  # summer begins, a rider changes
]

HOLIDAYS = frozenset({date(2025, 7, 4), date(2025, 11, 27), date(2025, 12, 25), date(2026, 1, 1)})


@st.composite
def windows(draw: st.DrawFn) -> DaySpan:
    """Windows around a day on which something changes, of regular and of odd lengths."""
    edge = draw(st.sampled_from(EDGES))
    length = draw(st.sampled_from([1, 2, 9, 25, 26, 29, 30, 31, 35, 36, 45, 62]))
    start = edge - timedelta(days=draw(st.integers(0, length)))
    start = max(start, date(2025, 6, 1))
    return DaySpan(start, start + timedelta(days=length))


def as_second(second: ModuleType, lines: tuple[ChargeLine, ...]) -> list[Any]:
    return sorted(
        second.Line(
            line.days.from_day,
            line.days.until_day,
            line.unit,
            int(Fraction(line.price_usd) * 1_000_000),
            Fraction(line.quantity),
            line.cents,
        )
        for line in lines
    )


def proration(second: ModuleType, window: DaySpan) -> Proration:
    return Proration(months=second.months_of(window.day_count))


@pytest.fixture(scope="session")
def with_riders(second: ModuleType, options: dict[str, Any]) -> dict[str, Any]:
    """The five options with a charge and a credit of changing price, and some holidays."""
    cuts = (date(2025, 6, 1), date(2025, 10, 1), date(2026, 2, 1), date(2026, 6, 1), None)
    fuel = tuple(zip(cuts, cuts[1:], (4_140, 2_700, -1_360, 5), strict=False))
    credit = tuple(zip(cuts[::3], (cuts[3], None), (-1_045, 3_670), strict=True))
    return {
        code: second.Tariff(
            charges=(
                *tariff.charges,
                second.Charge("rider", fuel),
                second.Charge("rider", credit),
            ),
            periods=tariff.periods,
            working=tariff.working,
            resting=tariff.resting,
            holidays=HOLIDAYS,
            block_kwh=tariff.block_kwh,
        )
        for code, tariff in options.items()
    }


class TestEveryOption:
    @pytest.mark.parametrize("code", OPTIONS)
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(window=windows(), seconds=st.sampled_from([900, 1800, 3600]), seed=st.integers(0, 2**32))
    def test_agrees_on_every_line_and_loses_no_watt_hour(
        self,
        code: str,
        window: DaySpan,
        seconds: int,
        seed: int,
        second: ModuleType,
        paper: ModuleType,
        with_riders: dict[str, Any],
        usage_of: Callable[..., UsageBatch],
        random_values: Callable[..., list[int]],
        first_epoch: Callable[[date], int],
    ) -> None:
        tariff = with_riders[code]
        meters = [random_values(window, seconds, seed + number) for number in range(3)]
        meters[2] = [0] * len(meters[2])  # a quiet house beside busy ones
        plan = plan_window(
            view=paper.paper_book(tariff),
            schedule_code="paper",
            window=window,
            proration=proration(second, window),
        )

        determinants = determine(usage_of(window, seconds, *meters), plan)
        priced = price(plan, determinants)

        for row, values in enumerate(meters):
            expected = second.second_lines(
                tariff, window.from_day, window.until_day, first_epoch(window.from_day), seconds,
                values,
            )  # fmt: skip
            assert as_second(second, lines_of(priced, row)) == expected
            assert int(determinants.energy_wh[row].sum()) == sum(values)
            base = [line for line in lines_of(priced, row) if line.unit == "kWh"]
            base = [line for line in base if line.group.value == "base"]
            assert sum(Fraction(line.quantity) for line in base) * 1000 == sum(values)

    @pytest.mark.parametrize("code", OPTIONS)
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        window=windows(),
        read_on=st.integers(1, 28),
        until=st.sampled_from([None, date(2025, 7, 1), date(2025, 10, 15), date(2026, 1, 1)]),
        numbers=st.lists(st.sampled_from(["summer", "winter"]), min_size=12, max_size=12),
        seed=st.integers(0, 2**32),
    )
    def test_agrees_where_seasons_go_by_the_number_of_the_period(
        self,
        code: str,
        window: DaySpan,
        read_on: int,
        until: date | None,
        numbers: list[str],
        seed: int,
        second: ModuleType,
        paper: ModuleType,
        with_riders: dict[str, Any],
        usage_of: Callable[..., UsageBatch],
        random_values: Callable[..., list[int]],
        first_epoch: Callable[[date], int],
    ) -> None:
        tariff = replace(
            with_riders[code], by_number=tuple(numbers), by_number_until=until, read_on=read_on
        )
        book = paper.paper_book(tariff)
        values = random_values(window, 3600, seed)
        plan = plan_window(
            view=book,
            schedule_code="paper",
            window=window,
            proration=proration(second, window),
            period_of=periods_of(book, read_on, window),
        )

        lines = lines_of(price(plan, determine(usage_of(window, 3600, values), plan)), 0)

        assert as_second(second, lines) == second.second_lines(
            tariff, window.from_day, window.until_day, first_epoch(window.from_day), 3600, values
        )

    @pytest.mark.parametrize("code", OPTIONS)
    def test_a_batch_of_one_is_a_batch_of_many(
        self,
        code: str,
        second: ModuleType,
        paper: ModuleType,
        with_riders: dict[str, Any],
        usage_of: Callable[..., UsageBatch],
        random_values: Callable[..., list[int]],
    ) -> None:
        window = DaySpan(date(2025, 9, 15), date(2025, 10, 15))
        plan = plan_window(
            view=paper.paper_book(with_riders[code]),
            schedule_code="paper",
            window=window,
            proration=proration(second, window),
        )
        meters = [random_values(window, 900, seed) for seed in range(7)]

        together = price(plan, determine(usage_of(window, 900, *meters), plan))

        for row, values in enumerate(meters):
            alone = price(plan, determine(usage_of(window, 900, values), plan))
            assert lines_of(alone, 0) == lines_of(together, row)


@st.composite
def made_up_tariffs(draw: st.DrawFn) -> dict[str, Any]:
    """Prices that change on any day, credits, blocks that change, and demand, all at once."""
    day = st.dates(date(2025, 9, 10), date(2025, 10, 20))

    def prices(low: int, high: int) -> tuple[tuple[date, date | None, int], ...]:
        cuts = sorted(draw(st.sets(day, max_size=2)))
        edges = [date(2025, 6, 1), *cuts, None]
        return tuple(
            (edges[n], edges[n + 1], draw(st.integers(low, high))) for n in range(len(edges) - 1)
        )  # type: ignore[misc]

    return {
        "block": prices(0, 1500),
        "rider": prices(-9_999, 9_999),
        "month": prices(0, 30_000_000),
        "demand": prices(0, 20_000_000),
        "first": prices(0, 500_000),
        "over": prices(0, 500_000),
        "others": [prices(-500_000, 500_000) for _ in range(2)],
    }


class TestAnyTariff:
    """Made-up tariffs whose prices, blocks and demand charges change on days of their own."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        facts=made_up_tariffs(),
        start=st.dates(date(2025, 9, 5), date(2025, 10, 3)),
        length=st.integers(1, 40),
        seed=st.integers(0, 2**32),
        times_of_use=st.booleans(),
    )
    def test_agrees_on_every_line(
        self,
        facts: dict[str, Any],
        start: date,
        length: int,
        seed: int,
        times_of_use: bool,
        second: ModuleType,
        paper: ModuleType,
        usage_of: Callable[..., UsageBatch],
        random_values: Callable[..., list[int]],
        first_epoch: Callable[[date], int],
    ) -> None:
        window = DaySpan(start, start + timedelta(days=length))
        hours = ((0, 420, "night"), (420, 1380, "day"), (1380, 1440, "night"))
        charges = [
            second.Charge("monthly", facts["month"]),
            second.Charge("demand", facts["demand"], "summer"),
            second.Charge("demand", facts["demand"], "winter"),
            second.Charge("rider", facts["rider"]),
        ]
        if times_of_use:
            for period, other in zip(("day", "night"), facts["others"], strict=True):
                charges += [
                    second.Charge("energy", other, "summer", period),
                    second.Charge("energy", facts["first"], "winter", period, "first"),
                    second.Charge("energy", facts["over"], "winter", period, "over"),
                ]
        else:
            charges += [
                second.Charge("energy", facts["others"][0], "summer"),
                second.Charge("energy", facts["first"], "winter", None, "first"),
                second.Charge("energy", facts["over"], "winter", None, "over"),
            ]
        tariff = second.Tariff(
            charges=tuple(charges),
            periods=("day", "night") if times_of_use else (),
            working={"summer": hours, "winter": hours},
            resting={"summer": hours, "winter": hours},
            block_kwh=facts["block"],
        )
        values = random_values(window, 3600, seed)
        plan = plan_window(
            view=paper.paper_book(tariff),
            schedule_code="paper",
            window=window,
            proration=proration(second, window),
        )

        lines = lines_of(price(plan, determine(usage_of(window, 3600, values), plan)), 0)

        assert as_second(second, lines) == second.second_lines(
            tariff, window.from_day, window.until_day, first_epoch(window.from_day), 3600, values
        )
