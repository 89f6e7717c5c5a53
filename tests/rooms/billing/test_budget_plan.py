"""Who joins the budget plan, and a first amount that loses no cent of the year."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, the_book

from meterledger.billing.budget_calendar import PlanFactsContradict, UnknownPlanRule
from meterledger.billing.budget_plan import (
    COLD_WEATHER_READING,
    FIRST_AMOUNT,
    JOINING,
    BillMedium,
    FirstAmountFacts,
    JoiningFacts,
    monthly_share,
    months_of_a_year,
)
from meterledger.kernel.money import Cents
from meterledger.kernel.standing import Standing
from meterledger.rulebook.series import NoRuleInForce

IN_FORCE = date(2014, 3, 1)


def joins(
    rate_class: str = "1(M)",
    medium: BillMedium = BillMedium.POSTCARD,
    credit: bool = True,
    charitable: bool = False,
    agrees: bool = False,
) -> bool:
    facts = JoiningFacts(rate_class, medium, credit, charitable, agrees)
    accepted: bool = ruling_on(JOINING, facts, IN_FORCE).decision.outcome.accepted
    return accepted


class TestJoining:
    @pytest.mark.parametrize("rate_class", ["1(M)", "2(M)", "3(M)", "11(M)", "12(M)"])
    @pytest.mark.parametrize("medium", list(BillMedium))
    def test_takes_the_class_and_the_medium_of_the_sheet(
        self, rate_class: str, medium: BillMedium
    ) -> None:
        wanted = rate_class in ("1(M)", "2(M)") and medium is not BillMedium.LETTER

        assert joins(rate_class, medium) is wanted

    @given(
        st.sampled_from(["1(M)", "2(M)", "3(M)", "4(M)"]),
        st.sampled_from(list(BillMedium)),
        st.booleans(),
        st.booleans(),
    )
    def test_is_never_without_credit(
        self, rate_class: str, medium: BillMedium, charitable: bool, agrees: bool
    ) -> None:
        assert not joins(rate_class, medium, False, charitable, agrees)

    @pytest.mark.parametrize("written", ["1M", "1(m)", "0(M)", "123(M)", "Residential", "1(M) "])
    def test_knows_a_class_only_as_the_sheets_write_it(self, written: str) -> None:
        with pytest.raises(PlanFactsContradict, match=r"no service classification.*1\(M\)"):
            joins(written)

    def test_each_answer_names_class_medium_and_credit(self) -> None:
        facts = JoiningFacts("3(M)", BillMedium.LETTER, False)

        findings = [one.finding for one in ruling_on(JOINING, facts, IN_FORCE).decision.reasons]

        assert findings == [
            "billed under 3(M), which is not among 1(M) or 2(M)",
            "billed by letter, and the plan is for postcard or electronic billing",
            "the utility's credit requirements are not met",
        ]

    def test_every_other_reading_of_the_agreement_leaves_the_plans_own_terms(self) -> None:
        facts = JoiningFacts("1(M)", BillMedium.POSTCARD, False, cold_weather_agreement=True)
        chosen, *others = the_book().reading(COLD_WEATHER_READING).options

        assert ruling_on(JOINING, facts, IN_FORCE).decision.outcome.accepted
        assert others
        for option in others:
            ruling = ruling_on(JOINING, facts, IN_FORCE, readings={COLD_WEATHER_READING: option})
            assert not ruling.decision.outcome.accepted, option
            assert ruling.reading_keys == (COLD_WEATHER_READING,)
        assert the_book().reading_option(COLD_WEATHER_READING) == chosen


class TestTheTextAndItsEnd:
    facts = JoiningFacts("1(M)", BillMedium.POSTCARD, True)

    def test_is_filed_until_its_last_day(self) -> None:
        ruling = ruling_on(JOINING, self.facts, date(2015, 11, 19))

        assert ruling.standing is Standing.FILED
        assert ruling.reading_keys == ()

    def test_is_carried_forward_from_the_day_it_was_cancelled(self) -> None:
        ruling = ruling_on(JOINING, self.facts, date(2015, 11, 20))

        assert ruling.decision.outcome.accepted
        assert ruling.standing is Standing.CARRIED_FORWARD
        assert ruling.reading_keys == ("gaps.carry_forward.c_budget_gap",)

    def test_does_not_reach_back(self) -> None:
        with pytest.raises(NoRuleInForce, match="2013-06-29"):
            ruling_on(JOINING, self.facts, date(2013, 6, 29))


class TestTheFirstAmount:
    @given(st.integers(min_value=0, max_value=10**9))
    def test_and_its_rest_make_the_year(self, annual: int) -> None:
        facts = FirstAmountFacts(Cents(annual))

        outcome = ruling_on(FIRST_AMOUNT, facts, IN_FORCE).decision.outcome

        assert outcome.monthly_amount_cents * 12 + outcome.left_for_settlement_cents == annual
        assert abs(outcome.left_for_settlement_cents) <= 6  # half a cent a month at most

    def test_refuses_a_year_below_nothing(self) -> None:
        with pytest.raises(PlanFactsContradict, match="Correct the estimate"):
            monthly_share(Cents(-1), Fraction(1, 12))

    def test_knows_only_years_of_equal_parts(self) -> None:
        assert months_of_a_year(Fraction(1, 12)) == 12
        with pytest.raises(UnknownPlanRule, match="2/25"):
            months_of_a_year(Fraction(2, 25))
