"""The book of the first utility, priced: published totals, riders, and the second calculation.

The expected figures are those that others published or computed on the same published prices, and
the five options as this folder's ``sheet_54_facts`` writes them down a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing
from meterledger.rating import (
    Proration,
    determine,
    determine_by_days,
    lines_of,
    plan_window,
    price,
)
from meterledger.rulebook.book import BookView, NoSuchValue
from meterledger.rulebook.loading import default_book_folder
from meterledger.rulebook.series import NoRuleInForce

OPTIONS = ["1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate"]
RIDERS = ["fac_usd_per_kwh", "eeic_usd_per_kwh", "resram_usd_per_kwh"]
EDGES = [
    date(2025, 7, 4),
    date(2025, 10, 1),
    date(2025, 11, 2),
    date(2025, 12, 31),
    date(2026, 2, 1),
    date(2026, 3, 8),
    date(2026, 6, 1),
]


@pytest.fixture(scope="session")
def view() -> BookView:
    return open_book(default_book_folder()).as_known(date(2026, 11, 25))


@pytest.fixture(scope="session")
def tariffs(second: ModuleType, options: dict[str, Any], view: BookView) -> dict[str, Any]:
    """The options with the book's own riders and holidays, which nobody publishes."""
    riders = tuple(
        second.Charge(
            "rider",
            tuple(
                (dated.days.from_day, dated.days.until_day, dated.value)
                for dated in view.price(name).values
            ),
        )
        for name in RIDERS
    )
    holidays = frozenset(
        day for dated in view.holidays("residential_tou_holidays").values for day in dated.value
    )
    return {
        code: second.Tariff(
            charges=(*tariff.charges, *riders),
            periods=tariff.periods,
            working=tariff.working,
            resting=tariff.resting,
            holidays=holidays,
            block_kwh=tariff.block_kwh,
        )
        for code, tariff in options.items()
    }


@st.composite
def windows(draw: st.DrawFn) -> DaySpan:
    edge = draw(st.sampled_from(EDGES))
    length = draw(st.sampled_from([1, 25, 26, 30, 31, 35, 36, 61]))
    start = max(edge - timedelta(days=draw(st.integers(0, length))), date(2025, 6, 1))
    return DaySpan(start, start + timedelta(days=length))


class TestEveryOptionOfTheBook:
    def test_is_there(self, view: BookView) -> None:
        assert [one for one in view.schedule_codes() if one.startswith("1M-")] == OPTIONS

    @pytest.mark.parametrize("code", OPTIONS)
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(window=windows(), seconds=st.sampled_from([900, 1800, 3600]), seed=st.integers(0, 2**32))
    def test_agrees_on_every_line_with_the_second_calculation(
        self,
        code: str,
        window: DaySpan,
        seconds: int,
        seed: int,
        second: ModuleType,
        view: BookView,
        tariffs: dict[str, Any],
        usage_of: Callable[..., UsageBatch],
        random_values: Callable[..., list[int]],
        first_epoch: Callable[[date], int],
    ) -> None:
        plan = plan_window(
            view=view,
            schedule_code=code,
            window=window,
            proration=Proration(second.months_of(window.day_count)),
        )
        meters = [random_values(window, seconds, seed + number) for number in range(2)]

        priced = price(plan, determine(usage_of(window, seconds, *meters), plan))

        for row, values in enumerate(meters):
            found = sorted(
                second.Line(
                    line.days.from_day,
                    line.days.until_day,
                    line.unit,
                    int(Fraction(line.price_usd) * 1_000_000),
                    Fraction(line.quantity),
                    line.cents,
                )
                for line in lines_of(priced, row)
            )
            assert found == second.second_lines(
                tariffs[code],
                window.from_day,
                window.until_day,
                first_epoch(window.from_day),
                seconds,
                values,
            )

    @pytest.mark.parametrize("code", OPTIONS)
    @pytest.mark.parametrize("edge", EDGES)
    def test_cites_clauses_in_force_from_the_first_to_the_last_day_of_each_line(
        self,
        code: str,
        edge: date,
        view: BookView,
        usage_of: Callable[..., UsageBatch],
    ) -> None:
        window = DaySpan(
            max(edge - timedelta(days=14), date(2025, 6, 1)), edge + timedelta(days=16)
        )
        plan = plan_window(
            view=view, schedule_code=code, window=window, proration=Proration(Fraction(1))
        )
        count = sum(HOURS.get(day, 24) for day in window.days())

        lines = lines_of(price(plan, determine(usage_of(window, 3600, [1_500] * count), plan)), 0)

        for line in lines:
            series = view.price(dict(line.inputs)["price_series"])
            first, last = series.on(line.days.from_day), series.on(line.days.last_day)
            assert first is last, "one price from the first day of a line to its last"
            assert first.citation in line.citations
            assert line.standing.weakness >= first.standing.weakness
            assert all(cite.effective <= line.days.last_day for cite in line.citations)


HOURS = {date(2025, 11, 2): 25, date(2026, 3, 8): 23}


class TestPublishedTotals:
    """Anytime, a whole month, without riders and taxes."""

    @pytest.mark.parametrize(
        ("kwh", "summer", "winter"),
        [
            (0, 9_19, 9_19),
            (250, 48_19, 35_74),
            (500, 87_19, 62_29),
            (750, 126_19, 88_84),
            (751, 126_35, 88_91),
            (1000, 165_19, 106_69),
            (1250, 204_19, 124_54),
            (1500, 243_19, 142_39),
            (2000, 321_19, 178_09),
            (3000, 477_19, 249_49),
        ],
    )
    def test_agree_in_both_seasons(
        self, kwh: int, summer: int, winter: int, view: BookView
    ) -> None:
        for window, total in (
            (DaySpan(date(2025, 7, 1), date(2025, 8, 1)), summer),
            (DaySpan(date(2026, 1, 1), date(2026, 2, 1)), winter),
        ):
            plan = plan_window(
                view=view,
                schedule_code="1M-anytime",
                window=window,
                proration=Proration(Fraction(1)),
                with_riders=False,
            )
            lines = lines_of(price(plan, determine_by_days([kwh * 1000], plan)), 0)
            assert sum(line.cents for line in lines) == total
            assert all(line.standing is not Standing.FILED for line in lines), (
                "no number of the sheet was read in the sheet"
            )


class TestPublishedRiderAmounts:
    """Amounts that the commission announced, from the book's price a kWh, rounded once."""

    @pytest.mark.parametrize(
        ("series", "day", "kwh", "amount"),
        [
            ("fac_usd_per_kwh", date(2017, 5, 31), 1015, 1_26),
            ("fac_usd_per_kwh", date(2017, 6, 1), 1015, 70),
            ("fac_usd_per_kwh", date(2018, 5, 31), 1015, 27),
            ("fac_usd_per_kwh", date(2018, 6, 1), 1015, 2_34),
            ("fac_usd_per_kwh", date(2019, 9, 23), 1000, -1_76),
            ("fac_usd_per_kwh", date(2019, 9, 24), 1000, -1_36),
            ("fac_usd_per_kwh", date(2020, 1, 26), 1000, -1_36),
            ("fac_usd_per_kwh", date(2020, 1, 27), 1000, -77),
            ("fac_usd_per_kwh", date(2020, 5, 27), 1000, -2_07),
            ("fac_usd_per_kwh", date(2021, 9, 30), 1000, 3_08),
            ("fac_usd_per_kwh", date(2021, 10, 1), 1000, 4_14),
            ("fac_usd_per_kwh", date(2022, 2, 1), 1000, 2_79),
            ("fac_usd_per_kwh", date(2023, 1, 31), 1000, 2_70),
            ("fac_usd_per_kwh", date(2023, 2, 1), 1000, 6_27),
            ("fac_usd_per_kwh", date(2023, 6, 1), 1000, 5_26),
            ("eeic_usd_per_kwh", date(2023, 1, 31), 1000, 3_76),
            ("eeic_usd_per_kwh", date(2023, 2, 1), 1000, 3_67),
            ("resram_usd_per_kwh", date(2022, 1, 31), 1000, 17),
            ("resram_usd_per_kwh", date(2022, 2, 1), 1000, -1_04),
            ("resram_usd_per_kwh", date(2023, 1, 31), 1000, -50),
            ("resram_usd_per_kwh", date(2023, 2, 1), 1000, 35),
            ("resram_usd_per_kwh", date(2023, 2, 1), 1022, 36),
            ("resram_usd_per_kwh", date(2024, 1, 31), 1000, 35),
            ("resram_usd_per_kwh", date(2024, 2, 1), 1000, 2_04),
        ],
    )
    def test_are_reproduced_to_the_cent(
        self, series: str, day: date, kwh: int, amount: int, view: BookView, second: ModuleType,
        paper: ModuleType,
    ) -> None:  # fmt: skip
        """Through rating itself: the day's price on a paper schedule, for none is known then."""
        micro_usd = view.price(series).on(day).value
        tariff = second.Tariff((second.Charge("rider", ((date(2025, 6, 1), None, micro_usd),)),))
        plan = plan_window(
            view=paper.paper_book(tariff),
            schedule_code="paper",
            window=DaySpan(date(2025, 7, 1), date(2025, 8, 1)),
            proration=Proration(Fraction(1)),
        )

        (line,) = lines_of(price(plan, determine_by_days([kwh * 1000], plan)), 0)

        assert line.cents == amount

    @pytest.mark.parametrize(
        ("day", "amounts", "total"),
        [
            (date(2023, 1, 31), [2_70, 3_76, -50], 5_96),
            (date(2023, 2, 1), [6_27, 3_67, 35], 10_29),
            (date(2023, 5, 31), [6_27, 3_67, 35], 10_29),
            (date(2023, 6, 1), [5_26, 3_67, 35], 9_28),
        ],
    )
    def test_of_the_three_riders_of_a_bill_sum_to_the_cent(
        self, day: date, amounts: list[int], total: int, view: BookView, second: ModuleType,
        paper: ModuleType,
    ) -> None:  # fmt: skip
        """1,000 kWh; from February to May 2023 three published lines came to $10.29."""
        start = date(2025, 6, 1)
        tariff = second.Tariff(
            tuple(
                second.Charge("rider", ((start, None, view.price(series).on(day).value),))
                for series in RIDERS
            )
        )
        plan = plan_window(
            view=paper.paper_book(tariff),
            schedule_code="paper",
            window=DaySpan(date(2025, 7, 1), date(2025, 8, 1)),
            proration=Proration(Fraction(1)),
        )

        lines = lines_of(price(plan, determine_by_days([1_000_000], plan)), 0)

        assert [line.cents for line in lines] == amounts
        assert sum(line.cents for line in lines) == total


class TestWhereTheBookIsSilent:
    def test_before_june_2025_there_is_no_rate(self, view: BookView) -> None:
        for code in OPTIONS:
            with pytest.raises(NoRuleInForce) as refused:
                plan_window(
                    view=view,
                    schedule_code=code,
                    window=DaySpan(date(2025, 5, 31), date(2025, 6, 30)),
                    proration=Proration(Fraction(1)),
                )
            assert "in force on 2025-05-31" in str(refused.value)
            assert "Do not extend a neighboring value" in str(refused.value)

    def test_an_unknown_schedule_is_answered_with_those_there_are(self, view: BookView) -> None:
        with pytest.raises(NoSuchValue) as refused:
            plan_window(
                view=view,
                schedule_code="1M-nonesuch",
                window=DaySpan(date(2025, 7, 1), date(2025, 8, 1)),
                proration=Proration(Fraction(1)),
            )

        assert str(refused.value) == (
            "There is no schedule '1M-nonesuch'. Name one of "
            + ", ".join(view.schedule_codes())
            + "."
        )
