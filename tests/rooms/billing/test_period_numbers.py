"""Billing periods of a cycle, their numbers, and the season that a number says."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rating.written_book import WrittenBook

from meterledger.billing import (
    PeriodNotKnown,
    UnknownPeriodRule,
    billing_period,
    periods_of,
)
from meterledger.billing.seasons import SUMMER_NUMBERS, SeasonFacts, decide_season
from meterledger.facts.billing_periods import BillingPeriod
from meterledger.kernel.span import DaySpan
from meterledger.rating import SeasonChoice
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms

MONTHS = ["summer" if month in (6, 7, 8, 9) else "winter" for month in range(1, 13)]
NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
BY_MONTH = dict(zip(NAMES, MONTHS, strict=True))
SWITCH = date(2021, 1, 1)


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> BookView:
    """A book whose seasons go by numbers through 2020, as GRR V.A had them."""
    book = WrittenBook(tmp_path_factory.mktemp("seasons") / "book")
    book.seasons_by_period(MONTHS, [(SWITCH, BY_MONTH)])
    return load_book(book.folder).as_known(date.max)


@pytest.fixture(scope="module")
def filed() -> BookView:
    return load_book(default_book_folder()).as_known(date.max)


class TestNumbers:
    @pytest.mark.parametrize(
        ("cycle", "day", "begin", "until", "number", "year"),
        [
            (10, date(2018, 6, 9), date(2018, 5, 10), date(2018, 6, 10), 5, 2018),
            (10, date(2018, 6, 10), date(2018, 6, 10), date(2018, 7, 10), 6, 2018),
            (15, date(2018, 6, 14), date(2018, 5, 15), date(2018, 6, 15), 5, 2018),
            (16, date(2018, 6, 15), date(2018, 5, 16), date(2018, 6, 16), 6, 2018),
            (1, date(2019, 9, 30), date(2019, 9, 1), date(2019, 10, 1), 9, 2019),
            (20, date(2019, 9, 25), date(2019, 9, 20), date(2019, 10, 20), 10, 2019),
            (15, date(2021, 1, 14), date(2020, 12, 15), date(2021, 1, 15), 12, 2020),
            (16, date(2020, 12, 16), date(2020, 12, 16), date(2021, 1, 16), 1, 2021),
        ],
    )
    def test_are_those_of_the_month_whose_fifteenth_lies_in_the_period(
        self,
        cycle: int,
        day: date,
        begin: date,
        until: date,
        number: int,
        year: int,
        view: BookView,
    ) -> None:
        found = billing_period(day, cycle, view)
        assert found == BillingPeriod(DaySpan(begin, until), number, year, date(year, number, 15))

    @given(cycle=st.integers(1, 28), year=st.integers(2018, 2026))
    def test_are_twelve_of_each_year_whatever_the_cycle(
        self, cycle: int, year: int, view: BookView
    ) -> None:
        days = DaySpan(date(year, 1, 1), date(year + 1, 1, 1)).days()
        periods = {billing_period(day, cycle, view) for day in days}
        later = {billing_period(one.days.until_day, cycle, view) for one in periods}
        counted = Counter(one.number for one in periods | later if one.year == year)
        assert counted == dict.fromkeys(range(1, 13), 1)

    def test_by_a_rule_that_nobody_knows_are_refused(self, tmp_path: Path) -> None:
        book = WrittenBook(tmp_path / "book")
        book.seasons_by_period(MONTHS, [])
        book.value("billing_period_number_rule", "text", "by_the_bill", unit="rule")
        other = load_book(book.folder).as_known(date.max)
        with pytest.raises(UnknownPeriodRule, match="by a rule called 'by_the_bill'"):
            billing_period(date(2020, 6, 1), 5, other)


class TestWithoutACycle:
    def test_a_window_from_a_day_to_the_same_of_the_next_month_is_a_period(
        self, view: BookView
    ) -> None:
        window = DaySpan(date(2020, 5, 20), date(2020, 6, 20))
        assert periods_of(view, None, window)(window.last_day).number == 6

    @pytest.mark.parametrize(
        ("begin", "until"),
        [
            (date(2020, 5, 20), date(2020, 6, 19)),
            (date(2020, 5, 20), date(2020, 6, 21)),
            (date(2020, 5, 20), date(2020, 7, 20)),
            (date(2019, 1, 29), date(2019, 3, 1)),
            (date(2020, 3, 29), date(2020, 4, 29)),
        ],
    )
    def test_another_window_is_of_no_known_period(
        self, begin: date, until: date, view: BookView
    ) -> None:
        window = DaySpan(begin, until)
        with pytest.raises(PeriodNotKnown, match="Give the reading cycle"):
            periods_of(view, None, window)(window.last_day)


class TestTheChoiceIsTheRule:
    """What bills are priced by is what ``billing.season`` decides of the filed sheets."""

    @given(
        cycle=st.integers(1, 28),
        day=st.dates(date(2018, 1, 1), date(2022, 12, 31)),
        short=st.integers(0, 30),
    )
    def test_of_every_period_and_of_short_bills_in_it(
        self, cycle: int, day: date, short: int, view: BookView, filed: BookView
    ) -> None:
        period = billing_period(day, cycle, view)
        begin = min(period.days.from_day + timedelta(days=short), period.days.last_day)
        window = DaySpan(begin, period.days.until_day)
        choice = SeasonChoice(view, "seasons", window, periods_of(view, cycle, window))
        mine = Counter(choice.of(one) for one in window.days())

        year = min(max(period.year, begin.year), window.last_day.year)
        facts = SeasonFacts(begin, period.number, year, usage_from_intervals=True)
        ruled = decide_season(facts, Terms(filed, window.last_day)).outcome

        assert (mine["summer"], mine["winter"]) == (ruled.summer_days, ruled.winter_days)

    def test_has_the_numbers_of_the_filed_sheet(self, filed: BookView) -> None:
        numbers = Terms(filed, date(2019, 7, 1)).counts(SUMMER_NUMBERS).value
        assert [number for number in range(1, 13) if MONTHS[number - 1] == "summer"] == [*numbers]

    @pytest.mark.parametrize("code", ["1M-anytime", "2M-single-phase", "3M", "11M"])
    def test_bills_of_those_years_are_refused_for_what_is_not_held(
        self, code: str, filed: BookView
    ) -> None:
        """No prices before 2023 are held: the refusal names the schedule, and no season."""
        with pytest.raises(NoRuleInForce, match=f"No value of '{code}' is in force on 2020-05-20"):
            filed.schedule(code, date(2020, 5, 20))
