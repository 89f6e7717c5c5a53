"""The end of a budget plan: only after a missed day, at any request, and always settled."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, the_book

from meterledger.billing.budget_calendar import PlanFactsContradict
from meterledger.billing.budget_ending import (
    END_BY_COMPANY,
    FINAL_BILL_SETTLEMENT,
    LEAVING,
    ColdWeatherAgreement,
    EndByCompany,
    FinalBillFacts,
    LeavingFacts,
    MissedPaymentFacts,
)
from meterledger.billing.budget_plan import COLD_WEATHER_READING
from meterledger.kernel.money import Cents

DELINQUENT = date(2014, 6, 12)
AMOUNTS = st.integers(min_value=0, max_value=10**9)


def end(
    paid: date | None,
    *,
    today: date = date(2014, 6, 30),
    wants: bool = True,
    mail: date | None = None,
    agreement: ColdWeatherAgreement = ColdWeatherAgreement.NONE,
) -> EndByCompany:
    facts = MissedPaymentFacts(DELINQUENT, paid, wants, Cents(4_510), mail, agreement)
    outcome: EndByCompany = ruling_on(END_BY_COMPANY, facts, today).decision.outcome
    return outcome


class TestEndingForNonPayment:
    @pytest.mark.parametrize(
        ("paid", "mail", "missed"),
        [
            (date(2014, 6, 11), None, False),
            (date(2014, 6, 12), None, False),
            (date(2014, 6, 13), None, True),
            (None, None, True),
            (date(2014, 6, 16), date(2014, 6, 16), False),
            (date(2014, 6, 17), date(2014, 6, 16), True),
            (None, date(2014, 6, 16), True),
        ],
    )
    def test_needs_a_missed_delinquent_date(
        self, paid: date | None, mail: date | None, missed: bool
    ) -> None:
        outcome = end(paid, mail=mail)

        assert outcome.ended is missed
        assert outcome.settlement_cents == (4_510 if missed else None)
        assert outcome.settled_on == ("next bill" if missed else None)

    def test_waits_until_the_day_is_over(self) -> None:
        assert not end(None, today=DELINQUENT).may_be_ended
        assert end(None, today=date(2014, 6, 13)).may_be_ended

    def test_waits_for_mail_that_would_still_be_in_time(self) -> None:
        mail = date(2014, 6, 16)

        assert not end(None, today=mail, mail=mail).may_be_ended
        assert end(None, today=date(2014, 6, 17), mail=mail).may_be_ended

    def test_is_the_utilitys_choice(self) -> None:
        outcome = end(None, wants=False)

        assert outcome == EndByCompany(False, True, None, None)

    def test_keeps_a_cold_weather_customer_on_the_plan_until_the_default(self) -> None:
        assert not end(None, agreement=ColdWeatherAgreement.KEPT).may_be_ended
        assert end(None, agreement=ColdWeatherAgreement.DEFAULTED).ended

    def test_every_other_reading_of_the_agreement_lets_the_plan_end(self) -> None:
        facts = MissedPaymentFacts(
            DELINQUENT, None, True, Cents(1), None, ColdWeatherAgreement.KEPT
        )
        chosen, *others = the_book().reading(COLD_WEATHER_READING).options

        assert chosen
        assert others
        for option in others:
            ruling = ruling_on(
                END_BY_COMPANY, facts, date(2014, 6, 30), readings={COLD_WEATHER_READING: option}
            )
            assert ruling.decision.outcome.ended, option

    def test_refuses_days_that_contradict_each_other(self) -> None:
        with pytest.raises(PlanFactsContradict, match="paid on 2014-07-01, after 2014-06-30"):
            end(date(2014, 7, 1))
        with pytest.raises(PlanFactsContradict, match="until 2014-06-11, before the delinquent"):
            end(None, mail=date(2014, 6, 11))


class TestLeaving:
    @given(st.integers(min_value=-(10**9), max_value=10**9), st.sampled_from(ColdWeatherAgreement))
    def test_is_always_possible_and_settles_all(
        self, difference: int, agreement: ColdWeatherAgreement
    ) -> None:
        facts = LeavingFacts(date(2014, 3, 14), Cents(difference), agreement)

        outcome = ruling_on(LEAVING, facts, date(2014, 3, 14)).decision.outcome

        assert outcome.ended
        assert outcome.settlement_cents == difference
        assert outcome.ask_about_agreement is (agreement is ColdWeatherAgreement.KEPT)


class TestTheFinalBill:
    @given(AMOUNTS, AMOUNTS, st.integers(min_value=-(10**6), max_value=10**6))
    def test_makes_what_was_billed_equal_to_actual_use(
        self, actual: int, billed: int, rolled: int
    ) -> None:
        facts = FinalBillFacts(
            date(2014, 9, 15), Cents(actual), Cents(billed), Cents(8_000), Cents(rolled)
        )

        outcome = ruling_on(FINAL_BILL_SETTLEMENT, facts, date(2014, 9, 20)).decision.outcome

        assert billed + outcome.settlement_cents == actual + rolled
        assert outcome.refund is (outcome.settlement_cents < 0)
        assert outcome.floor_looks_at_cents == 8_000
