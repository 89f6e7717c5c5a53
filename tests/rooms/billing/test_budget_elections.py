"""Elections of the budget plan: which month, for how long, and who is from before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.billing.budget_calendar import Month, Option, PlanFactsContradict, month_of
from meterledger.billing.budget_elections import (
    CHANGE_OF_ELECTION,
    EARLY_PARTICIPANT,
    REEVALUATION_MONTH,
    ChangeOfElection,
    ChangeOfElectionFacts,
    EarlyParticipantFacts,
    ReevaluationMonth,
    ReevaluationMonthFacts,
)

TODAY = date(2014, 3, 14)
CUTOFF = date(2012, 3, 18)
JOINING_DAYS = st.dates(min_value=date(2013, 6, 30), max_value=date(2015, 11, 19))


def elect(
    option: Option | None, month: Month | None = None, enrolled: date = TODAY
) -> ReevaluationMonth:
    facts = ReevaluationMonthFacts(enrolled, option, month)
    outcome: ReevaluationMonth = ruling_on(
        REEVALUATION_MONTH, facts, max(enrolled, TODAY)
    ).decision.outcome
    return outcome


class TestTheReevaluationMonth:
    @pytest.mark.parametrize("month", list(Month))
    def test_is_any_month_but_the_twelfth_under_option_a(self, month: Month) -> None:
        elected = elect(Option.A, month)

        assert elected.accepted is (month is not Month.MARCH)
        assert elected.reevaluation_month is (month if elected.accepted else None)
        assert elected.option is (Option.A if elected.accepted else None)

    @given(JOINING_DAYS)
    def test_is_the_month_of_joining_a_year_later_under_option_b(self, enrolled: date) -> None:
        facts = ReevaluationMonthFacts(enrolled, Option.B)

        outcome = ruling_on(REEVALUATION_MONTH, facts, enrolled).decision.outcome

        assert outcome.reevaluation_month is month_of(enrolled)
        assert outcome.next_reevaluation.endswith(str(enrolled.year + 1))

    @given(JOINING_DAYS, st.sampled_from(list(Month)))
    def test_comes_within_twelve_months_of_joining(self, enrolled: date, month: Month) -> None:
        facts = ReevaluationMonthFacts(enrolled, Option.A, month)

        outcome = ruling_on(REEVALUATION_MONTH, facts, enrolled).decision.outcome

        assert outcome.accepted is (month is not month_of(enrolled))
        if outcome.accepted:
            year = enrolled.year + (month.number < enrolled.month)
            assert outcome.next_reevaluation == f"{month.value} {year}"

    def test_elected_some_weeks_after_joining_may_be_this_month(self) -> None:
        facts = ReevaluationMonthFacts(date(2014, 2, 27), Option.A, Month.MARCH)

        outcome = ruling_on(REEVALUATION_MONTH, facts, TODAY).decision.outcome

        assert outcome.next_reevaluation == "March 2014"

    @pytest.mark.parametrize(
        ("option", "month"), [(Option.A, None), (Option.B, Month.MAY), (None, Month.MAY)]
    )
    def test_stands_with_option_a_and_only_there(
        self, option: Option | None, month: Month | None
    ) -> None:
        with pytest.raises(PlanFactsContradict, match="give null with option b"):
            elect(option, month)

    def test_is_the_last_allowed_where_nothing_was_elected(self) -> None:
        assert elect(None).reevaluation_month is Month.MARCH
        assert elect(None, enrolled=date(2010, 5, 3)).next_reevaluation == "May 2014"


def change(
    elected: date | None, today: date, enrolled: date = date(2014, 2, 10), to: Option = Option.A
) -> ChangeOfElection:
    facts = ChangeOfElectionFacts(enrolled, elected, to)
    outcome: ChangeOfElection = ruling_on(CHANGE_OF_ELECTION, facts, today).decision.outcome
    return outcome


class TestChangingAnElection:
    @given(st.dates(min_value=date(2014, 2, 10), max_value=date(2014, 11, 18)))
    def test_is_allowed_from_the_same_day_a_year_later(self, elected: date) -> None:
        until = elected.replace(year=elected.year + 1)

        assert not change(elected, until - timedelta(days=1)).change_allowed
        assert change(elected, until).change_allowed
        assert change(elected, until).locked_until == until

    def test_is_free_where_none_was_made(self) -> None:
        assert change(None, date(2014, 2, 10)).change_allowed

    @pytest.mark.parametrize("to", list(Option))
    def test_binds_early_participants_from_their_first_election_on(self, to: Option) -> None:
        early = CUTOFF - timedelta(days=1)

        assert change(None, date(2014, 2, 10), early, to).change_allowed
        assert not change(date(2014, 2, 10), date(2015, 2, 9), early, to).change_allowed
        assert change(date(2014, 2, 10), date(2015, 2, 10), early, to).change_allowed

    def test_needs_days_that_follow_each_other(self) -> None:
        with pytest.raises(PlanFactsContradict, match="after 2014-03-14, the day that counts"):
            change(date(2014, 3, 15), TODAY)
        with pytest.raises(PlanFactsContradict, match="before enrollment on 2014-02-10"):
            change(date(2014, 2, 9), TODAY)


class TestParticipantsFromBefore:
    @given(st.dates(min_value=date(1990, 1, 1), max_value=date(2014, 1, 1)))
    def test_are_those_enrolled_before_the_day_of_the_sheet(self, enrolled: date) -> None:
        facts = EarlyParticipantFacts(enrolled)

        outcome = ruling_on(EARLY_PARTICIPANT, facts, date(2014, 1, 1)).decision.outcome

        assert outcome.legacy is (enrolled < CUTOFF)
        assert (outcome.option_without_election is Option.B) is outcome.legacy
        assert outcome.may_elect_a_at_any_time is outcome.legacy
