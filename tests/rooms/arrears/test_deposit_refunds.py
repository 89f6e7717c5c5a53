"""Refund of deposits and release of guarantors: GRR VI.C.2 by the real book."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.arrears.deposit_facts import DepositFactsContradict, Payment
from meterledger.arrears.deposit_refunds import (
    NON_RESIDENTIAL_REFUND,
    RESIDENTIAL_REFUND,
    Action,
    NonResidentialRefund,
    NonResidentialRefundFacts,
    OpenDispute,
    Opinion,
    ResidentialRefund,
    ResidentialRefundFacts,
    Security,
)
from meterledger.arrears.deposit_returns import (
    APPLY_DEPOSIT,
    RETURN_EFFORTS,
    Applied,
    ApplyFacts,
    Effort,
    Efforts,
    EffortsFacts,
)
from meterledger.kernel.money import Cents
from meterledger.rulebook.series import NoRuleInForce

ALL_TEXTS = [date(2013, 9, 3), date(2014, 5, 1), date(2016, 12, 1)]
TODAY = date(2016, 12, 1)
GOOD, LATE = Payment.BEFORE_THE_DAY, Payment.LATE
TWELVE = ResidentialRefundFacts(Security.CASH, (GOOD,) * 12, False, OpenDispute.NONE)
EACH_TEXT = {"payments.timely_definition": "by_each_text"}


def refunded(
    facts: ResidentialRefundFacts, today: date = TODAY, readings: dict[str, str] | None = None
) -> ResidentialRefund:
    outcome = ruling_on(RESIDENTIAL_REFUND, facts, today, readings=readings).decision.outcome
    assert isinstance(outcome, ResidentialRefund)
    return outcome


class TestAResidentialRefund:
    @pytest.mark.parametrize("today", ALL_TEXTS)
    @pytest.mark.parametrize(("months", "due"), [(0, False), (11, False), (12, True), (13, True)])
    def test_is_due_after_twelve_good_months(self, months: int, due: bool, today: date) -> None:
        found = refunded(replace(TWELVE, months=(GOOD,) * months), today)

        assert (found.refund, found.good_months) == (due, months)

    def test_counts_anew_after_a_late_month(self) -> None:
        eleven_then_late = refunded(replace(TWELVE, months=(GOOD,) * 11 + (LATE,)))
        begun_again = refunded(replace(TWELVE, months=(GOOD,) * 11 + (LATE,) + (GOOD,) * 11))

        assert (eleven_then_late.refund, eleven_then_late.count_restarts) == (False, True)
        assert (begun_again.refund, begun_again.good_months) == (False, 11)

    def test_once_due_stays_due(self) -> None:
        found = refunded(replace(TWELVE, months=(GOOD,) * 12 + (LATE,)))

        assert (found.refund, found.good_months, found.count_restarts) == (True, 0, True)

    @pytest.mark.parametrize("payment", [Payment.ON_THE_DAY, Payment.MAILED_WITHIN_GRACE])
    def test_takes_the_delinquent_day_as_the_reading_says(self, payment: Payment) -> None:
        facts = replace(TWELVE, months=(GOOD,) * 11 + (payment,))

        assert ruling_on(RESIDENTIAL_REFUND, facts, TODAY).reading_keys == tuple(EACH_TEXT)
        assert refunded(facts).refund
        assert not refunded(facts, readings=EACH_TEXT).refund

    def test_goes_through_the_final_bill_of_a_closed_account(self) -> None:
        found = refunded(replace(TWELVE, months=(GOOD, LATE, GOOD), account_closed=True))

        assert (found.refund, found.through_final_bill) == (True, True)

    def test_releases_a_guarantor(self) -> None:
        found = refunded(replace(TWELVE, held=Security.GUARANTEE, account_closed=True))

        assert (found.action, found.through_final_bill) == (Action.RELEASE_GUARANTOR, False)

    @pytest.mark.parametrize("today", ALL_TEXTS)
    @pytest.mark.parametrize(
        ("dispute", "action"),
        [
            (OpenDispute.NONE, Action.REFUND),
            (OpenDispute.DISCONNECTION_FOR_NONPAYMENT, Action.MAY_WAIT),
            (OpenDispute.UNAUTHORIZED_INTERFERENCE, Action.MAY_WAIT),
            (OpenDispute.ANOTHER_MATTER, Action.REFUND),
        ],
    )
    def test_may_wait_for_two_kinds_of_dispute(
        self, dispute: OpenDispute, action: Action, today: date
    ) -> None:
        found = refunded(replace(TWELVE, open_dispute=dispute), today)

        assert (found.action, found.refund) == (action, action is Action.REFUND)

    @given(st.lists(st.sampled_from(list(Payment)), max_size=40).map(tuple))
    def test_needs_twelve_months_in_a_row(self, months: tuple[Payment, ...]) -> None:
        late = (Payment.LATE, Payment.UNPAID)
        windows = [months[start : start + 12] for start in range(len(months) - 11)]

        found = refunded(replace(TWELVE, months=months))

        assert found.refund is any(not set(window) & set(late) for window in windows)


SHOP = NonResidentialRefundFacts(
    Security.CASH, date(2013, 12, 1), Opinion.SATISFACTORY, OpenDispute.NONE
)


def reviewed(facts: NonResidentialRefundFacts, today: date = TODAY) -> NonResidentialRefund:
    outcome = ruling_on(NON_RESIDENTIAL_REFUND, facts, today).decision.outcome
    assert isinstance(outcome, NonResidentialRefund)
    return outcome


class TestANonResidentialReview:
    def test_is_due_when_three_years_have_passed(self) -> None:
        assert reviewed(SHOP, date(2016, 11, 30)).action is Action.KEEP
        assert reviewed(SHOP, date(2016, 12, 1)).action is Action.REFUND

    @pytest.mark.parametrize("today", ALL_TEXTS)
    def test_was_due_then_under_every_revision(self, today: date) -> None:
        facts = replace(SHOP, received_on=today.replace(year=today.year - 3))

        assert reviewed(facts, today).refund

    @pytest.mark.parametrize(
        ("opinion", "action"),
        [
            (Opinion.NOT_REVIEWED, Action.REVIEW),
            (Opinion.SATISFACTORY, Action.REFUND),
            (Opinion.NOT_SATISFACTORY, Action.KEEP),
        ],
    )
    def test_is_the_companys_opinion(self, opinion: Opinion, action: Action) -> None:
        assert reviewed(replace(SHOP, opinion=opinion)).action is action

    def test_of_a_deposit_to_come_is_refused(self) -> None:
        with pytest.raises(DepositFactsContradict, match="was received is 2016-12-02"):
            reviewed(replace(SHOP, received_on=date(2016, 12, 2)))


def applied(facts: ApplyFacts, today: date = TODAY) -> Applied:
    outcome = ruling_on(APPLY_DEPOSIT, facts, today).decision.outcome
    assert isinstance(outcome, Applied)
    return outcome


AMOUNTS = st.integers(0, 10**7).map(Cents)


class TestADepositSetAgainstCharges:
    @given(st.integers(1, 10**7).map(Cents), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.booleans())
    def test_is_spent_exactly_and_on_undisputed_utility_charges_only(
        self,
        deposit: Cents,
        interest: Cents,
        owed: Cents,
        disputed: Cents,
        special: Cents,
        shown: bool,
    ) -> None:
        found = applied(ApplyFacts(deposit, interest, owed, disputed, special, shown))

        assert found.may_apply_cents + found.to_return_cents == deposit + interest
        assert found.may_apply_cents + found.utility_still_owed_cents == owed
        assert found.may_apply_cents == (min(deposit + interest, owed) if shown else 0)

    @pytest.mark.parametrize("today", ALL_TEXTS)
    def test_needs_its_line_on_the_bill(self, today: date) -> None:
        facts = ApplyFacts(Cents(100_00), Cents(0), Cents(40_00), Cents(0), Cents(0), True)

        assert applied(facts, today).may_apply_cents == 40_00
        assert applied(replace(facts, shown_on_bill=False), today).may_apply_cents == 0

    def test_of_nothing_or_less_is_refused(self) -> None:
        facts = ApplyFacts(Cents(0), Cents(0), Cents(40_00), Cents(0), Cents(0), True)
        with pytest.raises(DepositFactsContradict, match="No deposit is subject to refund"):
            applied(facts)
        with pytest.raises(DepositFactsContradict, match=r"-\$0.01 is below zero"):
            applied(replace(facts, special_cents=Cents(-1)))


MAILED = Effort(date(2016, 10, 5), "check mailed", True, True)


def efforts(facts: EffortsFacts, today: date = TODAY) -> Efforts:
    outcome = ruling_on(RETURN_EFFORTS, facts, today).decision.outcome
    assert isinstance(outcome, Efforts)
    return outcome


class TestEffortsToReturn:
    def test_go_on_until_one_has_not_failed(self) -> None:
        again = replace(MAILED, made_on=date(2016, 11, 2), failed=False)
        entitled = date(2016, 10, 5)

        assert efforts(EffortsFacts(entitled, ())) == Efforts(True, 0, None)
        assert efforts(EffortsFacts(entitled, (MAILED,))) == Efforts(True, 0, MAILED.made_on)
        assert efforts(EffortsFacts(entitled, (MAILED, again))) == Efforts(False, 0, MAILED.made_on)

    def test_are_counted_where_no_record_is_kept(self) -> None:
        unrecorded = replace(MAILED, recorded=False)

        assert efforts(EffortsFacts(MAILED.made_on, (MAILED, unrecorded))).records_missing == 1

    @pytest.mark.parametrize(
        ("facts", "words"),
        [
            (EffortsFacts(date(2016, 10, 6), (MAILED,)), "before the entitlement"),
            (EffortsFacts(date(2016, 12, 2), ()), "after the day that counts"),
            (
                EffortsFacts(
                    date(2016, 10, 1), (MAILED, replace(MAILED, made_on=date(2016, 10, 4)))
                ),
                "Give the earliest first",
            ),
        ],
    )
    def test_out_of_order_are_refused(self, facts: EffortsFacts, words: str) -> None:
        with pytest.raises(DepositFactsContradict, match=words):
            efforts(facts)

    def test_are_demanded_since_2014_07_27(self) -> None:
        facts = EffortsFacts(date(2014, 7, 1), ())

        assert efforts(facts, date(2014, 7, 27)).effort_needed
        with pytest.raises(NoRuleInForce, match=r"efforts_and_records.*2014-07-26"):
            efforts(facts, date(2014, 7, 26))
