"""Where the cents of a partial payment go: GRR V.N to 2018-04-11, V.M after it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, terms_on

from meterledger.kernel.money import Cents
from meterledger.ledger.payment_order import (
    PAYMENT_ORDER,
    BillPart,
    OpenBill,
    PaymentFacts,
    PaymentFactsContradict,
    PaymentSplit,
    decide_payment_split,
)

IN_2016, IN_2019 = date(2016, 1, 10), date(2019, 1, 10)
AMOUNTS = st.integers(0, 10**6).map(Cents)


def split(facts: PaymentFacts, today: date = IN_2019) -> PaymentSplit:
    outcome = ruling_on(PAYMENT_ORDER, facts, today).decision.outcome
    assert isinstance(outcome, PaymentSplit)
    return outcome


class TestABillOfCurrentChargesOnly:
    @pytest.mark.parametrize(
        ("payment_cents", "utility_cents", "deposit_cents", "special_cents", "left_cents"),
        [
            (0, 0, 0, 0, 0),
            (80_00, 80_00, 0, 0, 0),
            (100_00, 100_00, 0, 0, 0),
            (100_01, 100_00, 1, 0, 0),
            (140_00, 100_00, 40_00, 0, 0),
            (140_01, 100_00, 40_00, 1, 0),
            (165_00, 100_00, 40_00, 25_00, 0),
            (165_01, 100_00, 40_00, 25_00, 1),
        ],
    )
    def test_is_paid_utility_first_then_deposit_then_special(
        self,
        payment_cents: int,
        utility_cents: int,
        deposit_cents: int,
        special_cents: int,
        left_cents: int,
    ) -> None:
        outcome = split(
            PaymentFacts(
                Cents(payment_cents),
                current_utility_cents=Cents(100_00),
                current_deposit_cents=Cents(40_00),
                special_cents=Cents(25_00),
            )
        )
        assert outcome.current_utility_cents == utility_cents
        assert outcome.current_deposit_cents == deposit_cents
        assert outcome.special_cents == special_cents
        assert outcome.left_over_cents == left_cents


def test_says_in_grammar_what_gets_the_rest() -> None:
    owed = {"current_utility_cents": Cents(100_00), "current_deposit_cents": Cents(40_00)}
    for cents, said in (
        (50_00, "utility charges get what is left, $50.00 of $100.00"),
        (110_00, "the deposit gets what is left, $10.00 of $40.00"),
    ):
        ruling = ruling_on(PAYMENT_ORDER, PaymentFacts(Cents(cents), **owed), IN_2019)
        assert said in [one.finding for one in ruling.decision.reasons]


class TestABillWithAPreviousBalance:
    @pytest.mark.parametrize("today", [IN_2016, IN_2019, date(2020, 5, 1), date(2026, 7, 2)])
    def test_pays_a_previous_deposit_before_current_utility_charges(self, today: date) -> None:
        outcome = split(
            PaymentFacts(
                Cents(100_00),
                current_utility_cents=Cents(90_00),
                previous_utility_cents=Cents(60_00),
                previous_deposit_cents=Cents(30_00),
                special_cents=Cents(25_00),
            ),
            today,
        )
        assert outcome == PaymentSplit(
            Cents(60_00), Cents(30_00), Cents(10_00), Cents(0), Cents(0), Cents(0), ()
        )

    def test_pays_the_oldest_of_earlier_bills_first(self) -> None:
        december, november = date(2018, 12, 5), date(2018, 11, 5)
        outcome = split(
            PaymentFacts(
                Cents(50_00),
                previous_utility_cents=Cents(60_00),
                previous_utility_bills=(
                    OpenBill(december, Cents(25_00)),
                    OpenBill(november, Cents(35_00)),
                ),
            )
        )
        assert outcome.previous_utility_bills == (
            BillPart(november, Cents(35_00)),
            BillPart(december, Cents(15_00)),
        )


@given(AMOUNTS, st.lists(AMOUNTS, min_size=5, max_size=5), st.lists(AMOUNTS, max_size=4))
def test_every_cent_is_spent_once_and_nothing_is_overpaid(
    payment: Cents, owed: list[Cents], bills: list[Cents]
) -> None:
    utility, deposit, previous, previous_deposit, special = owed
    open_bills = tuple(OpenBill(date(2018, 12 - n, 5), one) for n, one in enumerate(bills))
    facts = PaymentFacts(
        payment,
        utility,
        deposit,
        Cents(sum(bills)) if bills else previous,
        previous_deposit,
        special,
        open_bills,
    )
    outcome = decide_payment_split(facts, terms_on(IN_2019)).outcome

    in_order = [
        (outcome.previous_utility_cents, facts.previous_utility_cents),
        (outcome.previous_deposit_cents, previous_deposit),
        (outcome.current_utility_cents, utility),
        (outcome.current_deposit_cents, deposit),
        (outcome.special_cents, special),
    ]
    assert sum(paid for paid, _ in in_order) + outcome.left_over_cents == payment
    for place, (paid, due) in enumerate(in_order):
        assert 0 <= paid <= due
        if paid < due:
            assert all(later == 0 for later, _ in in_order[place + 1 :])
            assert outcome.left_over_cents == 0
    if bills:
        parts = outcome.previous_utility_bills
        assert sum(part.paid_cents for part in parts) == outcome.previous_utility_cents
        assert list(parts) == sorted(parts, key=lambda part: part.bill_date)


class TestEveryDecision:
    @pytest.mark.parametrize(
        ("today", "clause"),
        [
            (date(2013, 6, 30), "Sheet 138, rev. Original, GRR V.N"),
            (date(2017, 6, 16), "Sheet 138, rev. Original, GRR V.N"),
            (date(2017, 6, 17), "Sheet 138, rev. 1, GRR V.N"),
            (date(2018, 4, 11), "Sheet 138, rev. 1, GRR V.N"),
            (date(2018, 4, 12), "Sheet 138, rev. 2, GRR V.M"),
            (date(2020, 3, 31), "Sheet 138, rev. 2, GRR V.M"),
            (date(2020, 4, 1), "Sheet 138, rev. 3, GRR V.M"),
            (date(2020, 6, 13), "Sheet 138, rev. 3, GRR V.M"),
            (date(2020, 6, 14), "Sheet 138, rev. 4, GRR V.M"),
        ],
    )
    def test_cites_the_text_of_its_day_and_the_variance(self, today: date, clause: str) -> None:
        facts = PaymentFacts(Cents(10_00), current_utility_cents=Cents(20_00))
        reasons = ruling_on(PAYMENT_ORDER, facts, today).decision.reasons

        assert {str(reason.citation) for reason in reasons} == {clause}
        assert "EO-98-263" in reasons[-1].finding


class TestContradictions:
    def test_a_returned_payment_is_no_payment(self) -> None:
        with pytest.raises(PaymentFactsContradict, match="a return is a reversal"):
            split(PaymentFacts(Cents(-1)))

    def test_earlier_bills_sum_up_or_are_refused(self) -> None:
        facts = PaymentFacts(
            Cents(1),
            previous_utility_cents=Cents(2),
            previous_utility_bills=(OpenBill(date(2018, 12, 5), Cents(3)),),
        )
        with pytest.raises(PaymentFactsContradict, match=r"have \$0.03 open, and .* says \$0.02"):
            split(facts)
