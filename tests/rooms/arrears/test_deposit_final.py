"""Final bills, notices and non-residential deposits: GRR VI.A.2.d, VI.B and VI.C.4."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.arrears.deposit_facts import CustomerKind, DepositFactsContradict
from meterledger.arrears.deposit_final import (
    FINAL_CREDIT,
    FINAL_REMAINDER,
    FinalCredit,
    FinalCreditFacts,
    Remainder,
    RemainderFacts,
)
from meterledger.arrears.deposit_nonresidential import (
    NON_RESIDENTIAL_DEPOSIT,
    NonResidentialDeposit,
    NonResidentialDepositFacts,
)
from meterledger.arrears.deposit_notice import (
    DEPOSIT_NOTICE,
    DepositNotice,
    DepositNoticeFacts,
    ExplainedIn,
)
from meterledger.kernel.money import Cents

ALL_TEXTS = [date(2013, 9, 3), date(2014, 5, 1), date(2016, 12, 1)]
TODAY = date(2016, 12, 1)


class TestTheCreditToTheFinalBill:
    @given(st.integers(0, 10**7), st.integers(1, 10**7), st.integers(0, 10**6))
    def test_is_spent_exactly(self, bill: int, deposit: int, interest: int) -> None:
        facts = FinalCreditFacts(Cents(bill), Cents(deposit), Cents(interest))

        found = ruling_on(FINAL_CREDIT, facts, TODAY).decision.outcome

        assert isinstance(found, FinalCredit)
        assert found.credited_cents == deposit + interest
        assert bill - found.left_to_pay_cents == found.credited_cents - found.remaining_cents
        assert min(found.left_to_pay_cents, found.remaining_cents) == 0
        assert found.final_bill_is_issued

    @pytest.mark.parametrize("amounts", [(-1, 1, 0), (0, 0, 0), (0, 1, -1)])
    def test_of_amounts_that_do_not_fit_is_refused(self, amounts: tuple[int, int, int]) -> None:
        with pytest.raises(DepositFactsContradict, match="do not fit each other"):
            ruling_on(FINAL_CREDIT, FinalCreditFacts(*map(Cents, amounts)), TODAY)


def remainder(
    cents: int, today: date = TODAY, *, asked: bool = False, readings: dict[str, str] | None = None
) -> Remainder:
    facts = RemainderFacts(Cents(cents), today, asked)
    outcome = ruling_on(FINAL_REMAINDER, facts, today, readings=readings).decision.outcome
    assert isinstance(outcome, Remainder)
    return outcome


class TestWhatRemains:
    @pytest.mark.parametrize("today", ALL_TEXTS)
    @pytest.mark.parametrize(("cents", "automatic"), [(1, False), (99, False), (101, True)])
    def test_goes_back_by_itself_above_a_dollar(
        self, cents: int, automatic: bool, today: date
    ) -> None:
        found = remainder(cents, today)

        assert (found.automatic, found.on_request) == (automatic, not automatic)
        assert found.return_now_cents == (cents if automatic else 0)

    def test_of_exactly_a_dollar_is_a_reading(self) -> None:
        other = {"money.one_dollar_exact": "on_request_only"}

        assert remainder(100).automatic
        assert not remainder(100, readings=other).automatic
        for cents in (99, 101):
            assert remainder(cents) == remainder(cents, readings=other)

    def test_goes_back_within_21_days_of_the_end_of_service(self) -> None:
        assert remainder(500, date(2016, 12, 1)).return_by == date(2016, 12, 22)
        assert remainder(50, date(2016, 12, 1)).return_by is None

    def test_below_a_dollar_goes_back_to_who_asks(self) -> None:
        assert remainder(99, asked=True).return_now_cents == 99
        assert remainder(0, asked=True) == Remainder(False, False, Cents(0), None)

    def test_below_zero_or_before_service_ends_is_refused(self) -> None:
        with pytest.raises(DepositFactsContradict, match=r"-\$0.01 does not remain"):
            remainder(-1)
        facts = RemainderFacts(Cents(1), date(2016, 12, 2), False)
        with pytest.raises(DepositFactsContradict, match="The end of service is 2016-12-02"):
            ruling_on(FINAL_REMAINDER, facts, TODAY)


def noticed(facts: DepositNoticeFacts, today: date = TODAY) -> bool:
    outcome = ruling_on(DEPOSIT_NOTICE, facts, today).decision.outcome
    assert isinstance(outcome, DepositNotice)
    return outcome.may_be_asked_for


class TestTheNoticeBeforeADeposit:
    @pytest.mark.parametrize("how", [ExplainedIn.OWN_NOTICE, ExplainedIn.DISCONNECTION_NOTICES])
    @pytest.mark.parametrize(
        ("sent_on", "in_time"), [(date(2016, 11, 30), True), (date(2016, 12, 1), False)]
    )
    def test_comes_before_the_day(self, how: ExplainedIn, sent_on: date, in_time: bool) -> None:
        assert noticed(DepositNoticeFacts(how, sent_on, True)) is in_time
        assert not noticed(DepositNoticeFacts(how, sent_on, False))

    def test_was_needed_in_2013_too(self) -> None:
        facts = DepositNoticeFacts(ExplainedIn.OWN_NOTICE, date(2013, 9, 2), True)

        assert noticed(facts, date(2013, 9, 3))
        assert not noticed(facts, date(2013, 9, 2))

    def test_that_is_missing_forbids_the_deposit(self) -> None:
        assert not noticed(DepositNoticeFacts(ExplainedIn.NOWHERE, None, False))

    @pytest.mark.parametrize(
        "facts",
        [
            DepositNoticeFacts(ExplainedIn.NOWHERE, date(2016, 11, 1), True),
            DepositNoticeFacts(ExplainedIn.OWN_NOTICE, None, True),
        ],
    )
    def test_without_its_day_is_refused(self, facts: DepositNoticeFacts) -> None:
        with pytest.raises(DepositFactsContradict, match="null where none was"):
            noticed(facts)


SHOP = NonResidentialDepositFacts(CustomerKind.NON_RESIDENTIAL, False, False, False)


def required(facts: NonResidentialDepositFacts, today: date = TODAY) -> NonResidentialDeposit:
    outcome = ruling_on(NON_RESIDENTIAL_DEPOSIT, facts, today).decision.outcome
    assert isinstance(outcome, NonResidentialDeposit)
    return outcome


class TestANonResidentialDeposit:
    @pytest.mark.parametrize("today", [date(2013, 9, 3), date(2014, 7, 26), date(2016, 1, 15)])
    def test_may_be_asked_for_at_any_time_in_winter_too(self, today: date) -> None:
        assert required(SHOP, today) == NonResidentialDeposit(True, False)

    @pytest.mark.parametrize(
        ("satisfactory", "accepted", "guarantee"),
        [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
    )
    def test_gives_way_to_a_guarantee_only_by_the_companys_choice(
        self, satisfactory: bool, accepted: bool, guarantee: bool
    ) -> None:
        facts = replace(
            SHOP,
            guarantee_offered=True,
            guarantor_credit_satisfactory=satisfactory,
            company_accepts_guarantee=accepted,
        )

        assert required(facts) == NonResidentialDeposit(not guarantee, guarantee)

    def test_of_a_residential_customer_or_an_unoffered_guarantee_is_refused(self) -> None:
        with pytest.raises(DepositFactsContradict, match="needs a ground"):
            required(replace(SHOP, customer=CustomerKind.RESIDENTIAL))
        with pytest.raises(DepositFactsContradict, match="No guarantee is offered"):
            required(replace(SHOP, company_accepts_guarantee=True))
