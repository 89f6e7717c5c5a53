"""Reviews of the monthly amount: yearly in time; between only upwards, never twice running."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.billing.budget_calendar import Month, PlanFactsContradict
from meterledger.billing.budget_review import (
    INTERIM_REVIEW,
    REEVALUATION,
    InterimReview,
    InterimReviewFacts,
    Reevaluation,
    ReevaluationFacts,
)
from meterledger.kernel.money import Cents

BILL_DAYS = st.dates(min_value=date(2013, 6, 30), max_value=date(2015, 11, 19))
AMOUNTS = st.integers(min_value=0, max_value=10**7)


def review(
    current: int,
    recalculated: int,
    *,
    today: date = date(2014, 8, 1),
    month: Month = Month.DECEMBER,
    last: date | None = None,
) -> InterimReview:
    facts = InterimReviewFacts(month, Cents(current), Cents(recalculated), last)
    outcome: InterimReview = ruling_on(INTERIM_REVIEW, facts, today).decision.outcome
    return outcome


class TestAnInterimReview:
    @pytest.mark.parametrize(
        ("rise", "adjusted"), [(-2500, False), (0, False), (299, False), (300, True), (301, True)]
    )
    def test_raises_by_three_dollars_or_more(self, rise: int, adjusted: bool) -> None:
        outcome = review(12_000, 12_000 + rise)

        assert outcome.reviewed
        assert outcome.adjusted is adjusted
        assert outcome.new_amount_cents == (12_000 + rise if adjusted else 12_000)

    @given(AMOUNTS, AMOUNTS, BILL_DAYS, st.sampled_from(list(Month)))
    def test_never_lowers(self, current: int, new: int, today: date, month: Month) -> None:
        outcome = review(current, new, today=today, month=month)

        assert outcome.new_amount_cents >= current
        assert outcome.adjusted is (outcome.new_amount_cents != current)

    @given(st.sampled_from(list(Month)))
    def test_is_in_two_months_of_every_year(self, month: Month) -> None:
        days = [date(2014, number, 15) for number in range(1, 13)]

        reviewed = [day for day in days if review(0, 500, today=day, month=month).reviewed]

        assert len(reviewed) == 2
        before = sorted((month.number - day.month) % 12 for day in reviewed)
        assert before == [4, 8]

    @pytest.mark.parametrize(
        ("last", "adjusted"),
        [
            (date(2014, 8, 31), False),  # this very month
            (date(2014, 7, 1), False),
            (date(2014, 6, 30), True),
            (date(2013, 8, 31), True),
            (None, True),
        ],
    )
    def test_leaves_out_the_second_of_two_months_running(
        self, last: date | None, adjusted: bool
    ) -> None:
        outcome = review(12_000, 15_000, today=date(2014, 8, 31), last=last)

        assert outcome.adjusted is adjusted

    def test_asks_of_the_last_adjustment_only_where_it_would_adjust(self) -> None:
        facts = InterimReviewFacts(Month.DECEMBER, Cents(12_000), Cents(12_299), date(2014, 7, 15))

        ruling = ruling_on(INTERIM_REVIEW, facts, date(2014, 8, 1))

        assert "budget_adjust_not_two_in_a_row_min_gap_months" not in ruling.values

    @pytest.mark.parametrize("amounts", [(-1, 0), (0, -1)])
    def test_knows_no_amount_below_zero(self, amounts: tuple[int, int]) -> None:
        with pytest.raises(PlanFactsContradict, match=r"cannot be -\$0\.01.*settled, not budgeted"):
            review(*amounts)


def reevaluate(
    today: date, annual: int | None = None, last: date | None = None, current: int = 12_000
) -> Reevaluation:
    facts = ReevaluationFacts(
        date(2014, 3, 14), Cents(current), None if annual is None else Cents(annual), last
    )
    outcome: Reevaluation = ruling_on(REEVALUATION, facts, today).decision.outcome
    return outcome


class TestTheYearlyReevaluation:
    def test_is_due_within_twelve_months(self) -> None:
        due = date(2015, 3, 14)

        assert reevaluate(due).due_by == due
        assert not reevaluate(due).overdue
        assert reevaluate(due + timedelta(days=1)).overdue

    def test_says_no_amount_where_no_cost_is_given(self) -> None:
        assert reevaluate(date(2015, 3, 14)).new_amount_cents is None

    @pytest.mark.parametrize(
        ("annual", "amount"), [(0, 0), (144_000, 12_000), (144_005, 12_000), (144_006, 12_001)]
    )
    def test_takes_a_twelfth_up_or_down(self, annual: int, amount: int) -> None:
        assert reevaluate(date(2015, 3, 14), annual).new_amount_cents == amount

    @pytest.mark.parametrize(
        ("last", "amount"),
        [(date(2015, 2, 1), 12_000), (date(2015, 1, 31), 10_000), (None, 10_000)],
    )
    def test_leaves_the_amount_that_was_adjusted_the_month_before(
        self, last: date | None, amount: int
    ) -> None:
        assert reevaluate(date(2015, 3, 1), 120_000, last).new_amount_cents == amount

    def test_does_not_ask_of_adjustments_where_nothing_changes(self) -> None:
        facts = ReevaluationFacts(
            date(2014, 3, 14), Cents(12_000), Cents(144_000), date(2015, 2, 10)
        )

        ruling = ruling_on(REEVALUATION, facts, date(2015, 3, 1))

        assert ruling.decision.outcome.new_amount_cents == 12_000
        assert "budget_adjust_not_two_in_a_row_min_gap_months" not in ruling.values

    def test_refuses_a_cost_below_nothing(self) -> None:
        with pytest.raises(PlanFactsContradict, match="cannot be expected to cost"):
            reevaluate(date(2015, 3, 14), -1)
