"""What of a case is adjusted: both sides of each limit, each direction by itself, every cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.billing import BillInError, CorrectionEvidence, decide_correction
from meterledger.entrypoints.wiring import open_book
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder
from meterledger.rulebook.terms import Terms

DAY = date(2026, 2, 3)
FOUND = CorrectionEvidence(discovered=DAY)
VIEW = open_book(default_book_folder()).as_known(date(2026, 12, 1))


def month(count: int) -> date:
    """The first of the month so many before February 2026."""
    months = 2026 * 12 + 1 - count
    return date(months // 12, months % 12 + 1, 1)


def bills(*errors: int, estimated: bool = False) -> tuple[BillInError, ...]:
    """Bills of $100.00 until January 2026, oldest first; by how many cents each is wrong."""
    found = []
    for back, error in enumerate(reversed(errors), start=1):
        days = DaySpan(month(back), month(back - 1))
        found.append(BillInError(f"B-{back}", days, 100_00, 100_00 + error, estimated))
    return tuple(reversed(found))


def decide(
    told: Sequence[BillInError], evidence: CorrectionEvidence = FOUND, view: BookView = VIEW
) -> Any:
    return decide_correction(told, evidence, Terms(view, DAY))


class TestResidential:
    def test_an_undercharge_goes_back_twelve_periods_and_the_thirteenth_stays(self) -> None:
        told = bills(*[1_00] * 13)

        outcome = decide(told).outcome

        assert outcome.adjusted == {one.bill_id for one in told[1:]}
        assert (outcome.undercharge_cents, outcome.left_cents) == (12_00, 1_00)

    def test_correct_periods_in_between_count_as_periods(self) -> None:
        told = bills(5_00, 5_00, *[0] * 10, 5_00)

        outcome = decide(told).outcome

        assert outcome.adjusted == {told[1].bill_id, told[-1].bill_id}
        assert outcome.left_cents == 5_00

    def test_an_overcharge_goes_back_sixty(self) -> None:
        told = bills(*[-1_00] * 61)

        outcome = decide(told).outcome

        assert len(outcome.adjusted) == 60
        assert (outcome.overcharge_cents, outcome.left_cents) == (60_00, -1_00)

    def test_an_inquiry_two_months_before_moves_the_limit(self) -> None:
        told = bills(*[1_00] * 14)

        outcome = decide(told, replace(FOUND, inquired=date(2025, 12, 15))).outcome

        assert told[0].bill_id not in outcome.adjusted
        assert told[1].bill_id in outcome.adjusted  # the periods after the inquiry are not counted

    @pytest.mark.parametrize(("error", "adjusted"), [(99, 0), (100, 1), (-99, 0), (-100, 1)])
    def test_the_floor_is_a_dollar_either_way(self, error: int, adjusted: int) -> None:
        assert len(decide(bills(error)).outcome.adjusted) == adjusted

    def test_each_direction_has_its_own_floor(self) -> None:
        told = bills(-60, 5_00, -30)

        outcome = decide(told).outcome

        assert outcome.adjusted == {told[1].bill_id}
        assert outcome.left_cents == -90

    def test_a_meter_within_its_limits_changes_nothing(self) -> None:
        decision = decide(bills(50_00), replace(FOUND, meter_error_within_limits=True))

        assert decision.outcome.adjusted == frozenset()
        assert "lies within the limits" in decision.reasons[-1].finding

    def test_obstruction_lifts_the_twelve_periods(self) -> None:
        told = bills(*[1_00] * 20)
        evidence = replace(FOUND, obstruction_or_misrepresentation=True)

        assert len(decide(told, evidence).outcome.adjusted) == 20


class TestRepayment:
    def test_is_offered_over_twice_the_periods_adjusted(self) -> None:
        offer = decide(bills(10_00, 10_00, 10_01)).outcome.repayment

        assert (offer.months_offered, offer.amount_cents) == (6, 30_01)
        assert (offer.instalment_cents, offer.last_instalment_cents) == (5_00, 5_01)

    def test_is_of_what_is_left_after_the_credits_of_the_case(self) -> None:
        assert decide(bills(-4_00, 10_00)).outcome.repayment.amount_cents == 6_00

    def test_is_not_offered_where_nothing_is_to_be_paid(self) -> None:
        assert decide(bills(-10_00, 4_00)).outcome.repayment is None

    def test_is_as_short_as_the_customer_wishes(self) -> None:
        offer = decide(bills(10_00), replace(FOUND, wished_months=1)).outcome.repayment

        assert (offer.months_offered, offer.months, offer.instalment_cents) == (2, 1, 10_00)


class TestOthers:
    OTHER = replace(FOUND, residential=False)

    def test_are_decided_by_a_person_whole(self) -> None:
        decision = decide(bills(*[50] * 20), self.OTHER)

        assert len(decision.outcome.adjusted) == 20
        assert decision.outcome.repayment is None
        assert "a person decides" in decision.reasons[-1].finding

    @pytest.mark.parametrize(
        ("since", "adjusted"), [(month(2), 2), (month(3), 3), (date(2025, 12, 2), 2)]
    )
    def test_a_meters_error_is_not_adjusted_before_the_meter_came(
        self, since: date, adjusted: int
    ) -> None:
        evidence = replace(
            self.OTHER,
            meter_error=True,
            meter_in_service_since=since,
            first_occupancy=date(2020, 1, 1),
        )

        assert len(decide(bills(5_00, 5_00, 5_00), evidence).outcome.adjusted) == adjusted


def test_nothing_wrong_is_no_correction() -> None:
    with pytest.raises(InvariantBroken, match="a correction corrects something"):
        decide(bills(0, 0))


@given(
    st.lists(st.integers(-20_00, 20_00), min_size=1, max_size=70).filter(any),
    st.booleans(),
    st.booleans(),
)
def test_every_cent_is_adjusted_or_left(
    errors: list[int], residential: bool, obstruction: bool
) -> None:
    told = bills(*errors)
    evidence = replace(FOUND, residential=residential, obstruction_or_misrepresentation=obstruction)

    outcome = decide(told, evidence).outcome

    adjusted = outcome.undercharge_cents - outcome.overcharge_cents
    assert adjusted + outcome.left_cents == sum(errors)
    if outcome.repayment is not None:
        assert outcome.repayment.amount_cents == adjusted
