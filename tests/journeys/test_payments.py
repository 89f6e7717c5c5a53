"""Payments over what is open, by GRR V.M; taken back, unknown, unapplied; mail in time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.journeys.desk_of_payments import (
    A_BILL,
    RECEIVED,
    TODAY,
    bill_item,
    deposit_of,
    desk_of,
    new_store,
    opened,
    paid,
    pay,
    stands,
    view,
)
from tests.stores.paper_town import account_id, bill_of

from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, ReceiptState
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.settle_payment import (
    CannotSettlePayment,
    ask_to_send_back,
    assign_unapplied,
    confirm_payment,
    is_timely,
    reverse_payment,
    send_back,
    tell_outcome,
)
from meterledger.usecases.take_payment import How, PaymentRefused, receipt_of, tell_receipt


class TestTheOrder:
    def test_pays_previous_bills_oldest_first_and_then_the_current_one(self) -> None:
        store = new_store()
        pay(store, 2 * A_BILL + 1)
        assert paid(store, "R-1") == [
            (f"{bill_item(0)}", A_BILL),
            (f"{bill_item(1)}", A_BILL),
            (f"{bill_item(2)}", 1),
        ]
        assert opened(store) == {bill_item(2): A_BILL - 1}

    @pytest.mark.parametrize(
        ("cents", "to_bill", "to_deposit"), [(A_BILL, A_BILL, 0), (A_BILL + 1, A_BILL, 1)]
    )
    def test_pays_utility_before_a_deposit_where_all_is_current(
        self, cents: int, to_bill: int, to_deposit: int
    ) -> None:
        store = new_store(bills=1)
        pay(store, cents, deposits=(deposit_of(50_00),))
        applied = dict(paid(store, "R-1"))
        assert applied.get(bill_item(0), 0) == to_bill
        assert applied.get("deposit:D-1", 0) == to_deposit
        assert store.trial_balance().get("235", 0) == -to_deposit
        assert store.balance_cents(account_id(1)) == A_BILL - to_bill

    def test_pays_a_previous_deposit_before_current_charges(self) -> None:
        store = new_store(bills=2)
        asked = (deposit_of(50_00, bill_of(1, 0)[0].issued_day),)
        pay(store, A_BILL + 50_00 + 1, deposits=asked)
        assert dict(paid(store, "R-1")) == {
            bill_item(0): A_BILL,
            "deposit:D-1": 50_00,
            bill_item(1): 1,
        }

    def test_says_which_clause_placed_each_part(self) -> None:
        store = new_store()
        pay(store, A_BILL)
        reason = store.receipt("R-1").steps[0].reason
        assert "previous utility charges get what is left, $165.19 of $330.38" in reason
        assert "GRR V.M" in reason

    def test_pays_what_the_money_was_given_for_first(self) -> None:
        store = new_store()
        pay(
            store,
            A_BILL + 5,
            how=How(Tender.PLEDGE, Channel.AGENCY),
            earmarked_to=(bill_item(2),),
        )
        assert dict(paid(store, "R-1")) == {bill_item(2): A_BILL, bill_item(0): 5}
        assert store.trial_balance()["131.agency"] == A_BILL + 5

    def test_leaves_a_credit_that_pays_the_next_bill(self) -> None:
        store = new_store(bills=1)
        pay(store, A_BILL + 10_00)
        assert stands(store).unapplied_cents == 10_00
        store.record_bills([bill_of(1, 1)])
        assert opened(store) == {bill_item(1): A_BILL - 10_00}
        pay(store, 1_00, "R-2")
        assert paid(store, "R-2") == [(bill_item(1), 1_00)]
        assert opened(store) == {bill_item(1): A_BILL - 11_00}

    def test_of_money_learned_late_is_that_of_the_day_we_learn_it(self) -> None:
        store = new_store()
        pay(store, A_BILL, received_day=date(2025, 2, 5))
        assert paid(store, "R-1") == [(bill_item(0), A_BILL)]
        assert store.payments_of_account(account_id(1))[0].received_day == date(2025, 2, 5)
        assert opened(store, at=date(2025, 2, 5)) == {}


class TestAKey:
    def test_posts_once_and_answers_the_same(self) -> None:
        store = new_store()
        assert pay(store, 50_00)
        assert not pay(store, 50_00, minutes=5)
        assert store.balance_cents(account_id(1)) == 3 * A_BILL - 50_00

    @pytest.mark.parametrize("how", [{"cents": 50_01}, {"how": How(Tender.CASH)}, {"number": 2}])
    def test_of_other_contents_is_refused(self, how: dict[str, Any]) -> None:
        store = new_store()
        pay(store, 50_00)
        with pytest.raises(Conflict, match="R-1 is used already"):
            pay(store, how.pop("cents", 50_00), **how)

    @pytest.mark.parametrize(
        "how",
        [
            How(Tender.CARD, Channel.CARD, reference="4111 1111 1111 1111"),
            How(Tender.WALLET, Channel.CARD, reference="x4111-1111-1111-1111"),
            How(Tender.CARD, Channel.CARD, check_number="77"),
        ],
    )
    def test_never_comes_with_a_cards_number(self, how: How) -> None:
        with pytest.raises(PaymentRefused, match="may be a card's number"):
            pay(new_store(), 50_00, how=how)

    def test_from_a_lockbox_came_by_mail_whether_told_or_not(self) -> None:
        store = new_store()
        pay(store, 50_00, how=How(Tender.CHECK, Channel.LOCKBOX))
        pay(store, 50_00, "R-2", how=How(Tender.CHECK, Channel.OFFICE))
        assert [store.receipt(key).receipt.is_mailed for key in ("R-1", "R-2")] == [True, False]

    def test_may_come_with_a_processors_reference(self) -> None:
        how = How(Tender.CARD, Channel.CARD, reference="pi_3Nf-204411")
        assert pay(new_store(), 50_00, how=how)


class TestTakenBack:
    def test_opens_again_exactly_what_it_had_paid(self) -> None:
        store = new_store()
        before, owed = opened(store), store.trial_balance()
        pay(store, A_BILL + 7)
        back = reverse_payment(
            "R-1", on=TODAY, by="Ana", reason="no funds", desk=desk_of(store, minutes=5)
        )
        assert back.state is ReceiptState.RETURNED
        assert opened(store) == before
        assert {name: cents for name, cents in store.trial_balance().items() if cents} == owed

    def test_twice_is_taken_back_once(self) -> None:
        store = new_store()
        pay(store, A_BILL)
        for minutes in (5, 6):
            reverse_payment(
                "R-1", on=TODAY, by="Ana", reason="no funds", desk=desk_of(store, minutes=minutes)
            )
        assert len(store.receipt("R-1").steps) == 2
        assert store.balance_cents(account_id(1)) == 3 * A_BILL

    def test_after_later_money_leaves_that_where_it_is(self) -> None:
        store = new_store()
        pay(store, A_BILL)
        pay(store, A_BILL, "R-2", minutes=1)
        reverse_payment("R-1", on=TODAY, by="Ana", reason="error", desk=desk_of(store, minutes=5))
        assert paid(store, "R-2") == [(bill_item(1), A_BILL)]
        assert opened(store) == {bill_item(0): A_BILL, bill_item(2): A_BILL}
        pay(store, 1, "R-3", minutes=9)
        assert paid(store, "R-3") == [(bill_item(0), 1)]

    def test_lets_free_credit_of_later_money_pay_what_is_open_again(self) -> None:
        store = new_store(bills=1)
        pay(store, A_BILL)
        pay(store, 20_00, "R-2", minutes=1)
        assert stands(store).unapplied_cents == 20_00
        reverse_payment("R-1", on=TODAY, by="Ana", reason="error", desk=desk_of(store, minutes=5))
        assert opened(store) == {bill_item(0): A_BILL - 20_00}

    @pytest.mark.parametrize(
        ("on", "by", "reason", "words"),
        [
            (RECEIVED - timedelta(days=1), "Ana", "x", "cannot be taken back on 2026-11-29"),
            (TODAY + timedelta(days=1), "Ana", "x", "cannot be taken back on 2026-12-02"),
            (TODAY, " ", "x", "Nobody says who decides this"),
            (TODAY, "Ana", "", "Nobody says why"),
        ],
    )
    def test_is_refused(self, on: date, by: str, reason: str, words: str) -> None:
        store = new_store()
        pay(store, A_BILL)
        with pytest.raises(CannotSettlePayment, match=words):
            reverse_payment("R-1", on=on, by=by, reason=reason, desk=desk_of(store))
        assert store.receipt("R-1").state is ReceiptState.POSTED

    @given(
        amounts=st.lists(st.integers(1, 4 * A_BILL), min_size=1, max_size=4),
        undone=st.integers(0, 3),
        deposit=st.integers(0, 2),
    )
    def test_is_as_if_it_had_never_been(
        self, amounts: list[int], undone: int, deposit: int
    ) -> None:
        """All, and one taken back, is as all without it; of the last one, to the item."""
        asked = (deposit_of(30_00),) if deposit else ()
        store, without = new_store(), new_store()
        victim = undone % len(amounts)
        for number, cents in enumerate(amounts):
            pay(store, cents, f"R-{number}", minutes=number, deposits=asked)
            if number != victim:
                pay(without, cents, f"R-{number}", minutes=number, deposits=asked)
        last = len(amounts) - 1
        before = opened(without), stands(without).free_credits
        reverse_payment(
            f"R-{victim}", on=TODAY, by="Ana", reason="x", desk=desk_of(store, minutes=60)
        )
        together = sum(opened(store).values()) - stands(store).unapplied_cents
        paid_to_deposit = -store.trial_balance().get("235", 0)
        assert together == store.balance_cents(account_id(1))
        assert together - paid_to_deposit == (
            without.balance_cents(account_id(1)) + without.trial_balance().get("235", 0)
        )
        if victim == last:
            assert (opened(store), stands(store).free_credits) == before


class TestMoneyThatIsNotCertain:
    def told(self, store: Any, state: ReceiptState = ReceiptState.UNKNOWN) -> None:
        how = How(Tender.CARD, Channel.CARD, reference="pi_1")
        receipt = receipt_of(
            account_id=account_id(1),
            cents=A_BILL,
            payment_key="C-1",
            received_day=RECEIVED,
            learned_at=desk_of(store).now,
            view=view(),
            how=how,
        )
        assert tell_receipt(receipt, state, reason="no answer", view=view(), store=store)

    def test_is_not_paid_until_it_is_known(self) -> None:
        store = new_store()
        self.told(store)
        assert store.balance_cents(account_id(1)) == 3 * A_BILL
        for minutes in (5, 6):
            confirm_payment("C-1", reason="settled", desk=desk_of(store, minutes=minutes))
        assert paid(store, "C-1") == [(bill_item(0), A_BILL)]
        assert store.trial_balance()["131.card"] == A_BILL

    def test_is_refused_for_good(self) -> None:
        store = new_store()
        self.told(store)
        tell_outcome("C-1", ReceiptState.REFUSED, reason="declined", desk=desk_of(store))
        with pytest.raises(Conflict, match="is refused since 2026-12-01 and cannot become posted"):
            confirm_payment("C-1", reason="settled", desk=desk_of(store))
        assert store.balance_cents(account_id(1)) == 3 * A_BILL

    def test_is_not_taken_back(self) -> None:
        store = new_store()
        self.told(store)
        with pytest.raises(CannotSettlePayment, match="was never posted"):
            reverse_payment("C-1", on=TODAY, by="Ana", reason="x", desk=desk_of(store))

    def test_is_not_told_of_as_posted(self) -> None:
        with pytest.raises(PaymentRefused, match="cannot be told of as posted"):
            self.told(new_store(), ReceiptState.POSTED)


class TestMail:
    @pytest.mark.parametrize(
        ("channel", "is_mailed", "days_late", "timely"),
        [
            (Channel.LOCKBOX, True, 2, True),  # Friday, counted from Wednesday
            (Channel.LOCKBOX, True, 3, False),
            (Channel.OFFICE, True, 2, True),
            (Channel.OFFICE, False, 1, False),
            (Channel.OFFICE, False, 0, True),
            (Channel.ACH, False, 1, False),
        ],
    )
    def test_has_two_business_days(
        self, channel: Channel, is_mailed: bool, days_late: int, timely: bool
    ) -> None:
        delinquent = date(2025, 10, 15)
        receipt = receipt_of(
            account_id=account_id(1),
            cents=1,
            payment_key="R-1",
            received_day=delinquent + timedelta(days=days_late),
            learned_at=desk_of(None).now,
            view=view(),
            how=How(Tender.CHECK, channel, is_mailed=is_mailed),
        )
        found, reasons = is_timely(receipt, delinquent, view())
        assert found is timely
        assert reasons


def test_unapplied_money_waits_for_its_account_or_goes_back_by_two_people() -> None:
    store = new_store()
    from tests.journeys.test_payment_files import take_lines

    take_lines(store, [("77", 40_00), ("78", 50_00)])
    assert store.trial_balance()["253.unapplied"] == -90_00
    first, second = (one.receipt.payment_key for one in store.receipts(limit=2)[::-1])
    if store.receipt(first).receipt.cents != 40_00:
        first, second = second, first

    assign_unapplied(
        first, account_id(1), by="Ana", reason="the slip names them", desk=desk_of(store, minutes=3)
    )
    assert paid(store, first) == [(bill_item(0), 40_00)]
    with pytest.raises(CannotSettlePayment, match="only unapplied money is assigned"):
        assign_unapplied(first, account_id(2), by="Ana", reason="x", desk=desk_of(store))
    with pytest.raises(NotFound):
        assign_unapplied(second, "9999999999", by="Ana", reason="x", desk=desk_of(store))

    ask_to_send_back(second, by="Ana", reason="nobody's", desk=desk_of(store, minutes=4))
    with pytest.raises(Conflict, match="Money leaves by two people"):
        send_back(second, by="ana", reason="yes", desk=desk_of(store, minutes=5))
    send_back(second, by="Bo", reason="yes", desk=desk_of(store, minutes=5))
    assert store.trial_balance()["253.unapplied"] == 0
    assert store.trial_balance()["131.lockbox"] == 40_00

    reverse_payment(first, on=TODAY, by="Ana", reason="bounced", desk=desk_of(store, minutes=9))
    assert store.trial_balance()["131.lockbox"] == 0
    assert store.trial_balance()["253.unapplied"] == 0
    assert opened(store) == {bill_item(month): A_BILL for month in range(3)}
