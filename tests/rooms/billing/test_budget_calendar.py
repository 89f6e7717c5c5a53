"""Months are counted by the calendar, and a short month ends a count on its last day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.billing.budget_calendar import (
    Month,
    PlanFactsContradict,
    month_of,
    month_words,
    months_between,
    not_after,
)
from meterledger.kernel.months import months_after

DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2060, 12, 31))


class TestMonths:
    @pytest.mark.parametrize(
        ("day", "months", "later"),
        [
            (date(2014, 2, 10), 12, date(2015, 2, 10)),
            (date(2016, 2, 29), 12, date(2017, 2, 28)),
            (date(2015, 2, 28), 12, date(2016, 2, 28)),
            (date(2014, 12, 31), 2, date(2015, 2, 28)),
            (date(2014, 11, 30), 1, date(2014, 12, 30)),
        ],
    )
    def test_a_day_so_many_months_later(self, day: date, months: int, later: date) -> None:
        assert months_after(day, months) == later

    @given(DAYS, st.integers(min_value=0, max_value=60))
    def test_adding_months_is_what_counting_them_finds(self, day: date, months: int) -> None:
        later = months_after(day, months)

        assert months_between(day, later) == months
        assert later.day <= day.day

    @given(st.sampled_from(list(Month)), DAYS)
    def test_the_next_month_of_a_name_is_one_to_twelve_months_away(
        self, month: Month, day: date
    ) -> None:
        first = month.next_after(day)

        assert month_of(first) is month
        assert 1 <= months_between(day, first) <= 12

    def test_a_month_before_january_is_december(self) -> None:
        assert Month.JANUARY.before(1) is Month.DECEMBER
        assert Month.DECEMBER.before(8) is Month.APRIL

    def test_a_month_is_written_with_its_year(self) -> None:
        assert month_words(date(2014, 8, 31)) == "August 2014"


class TestAPastEvent:
    def test_may_be_today(self) -> None:
        not_after(date(2014, 3, 1), date(2014, 3, 1), key="paid", what="The bill was paid")

    def test_is_not_tomorrow(self) -> None:
        with pytest.raises(PlanFactsContradict) as refused:
            not_after(date(2014, 3, 2), date(2014, 3, 1), key="paid", what="The bill was paid")

        assert str(refused.value) == (
            "facts.paid: The bill was paid on 2014-03-02, after 2014-03-01, the day that counts. "
            "Correct the fact, or ask for a later day."
        )
