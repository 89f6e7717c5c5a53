"""A check that waited for its account is found to be for a combined statement: split as one that
comes for it, in one transaction, and it goes back whole.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.desk_of_payments import (
    A_BILL,
    RECEIVED,
    TODAY,
    bill_item,
    desk_of,
    new_store,
    opened,
    paid,
    pay,
    stands,
)
from tests.journeys.test_combined_payments import ASKED, STATEMENT, later_statement, take_check
from tests.journeys.test_payment_files import file_of, take, take_lines
from tests.stores.combined_paper import account, keep_combinations

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.payments import ReceiptAct, ReceiptState, Totals
from meterledger.facts.receivables import ItemKind
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import default_book_folder
from meterledger.usecases.combined_payments import CombinedPayment, combined_payment
from meterledger.usecases.finance_reports import cash
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.returned_payment import settle_returned_payment
from meterledger.usecases.settle_payment import (
    CannotSettlePayment,
    ask_to_send_back,
    assign_to_statement,
    assign_unapplied,
    reverse_payment,
)
from meterledger.usecases.settlements import MoneyDesk
from meterledger.usecases.take_payment import PaymentRefused

KEY = "lockbox:7:4"
PARTS = [f"{KEY}:{account(number)}" for number in (1, 2)]
WHO = {"by": "Ana", "reason": "the school called"}


def waiting(cents: int, bills: int = 3) -> Any:
    """A lockbox line that names nobody; two accounts whose first bills stand on a statement."""
    store = new_store(bills)
    keep_combinations(store)
    take_lines(store, [("77", cents)])
    assert store.receipt(KEY).state is ReceiptState.UNAPPLIED
    return store


def assign(store: Any, statement: str = STATEMENT, minutes: int = 1, **how: Any) -> CombinedPayment:
    told = {**WHO, **how}
    return assign_to_statement(KEY, statement, desk=desk_of(store, minutes=minutes), **told)


def unapplied(store: Any) -> int:
    return -int(store.trial_balance().get("253.unapplied", 0))


class TestItIsDivided:
    def test_over_what_each_bill_of_the_statement_has_open(self) -> None:
        store = waiting(ASKED)
        assert unapplied(store) == ASKED

        check = assign(store)

        assert [one.receipt.payment_key for one in check.parts] == PARTS
        assert [one.receipt.cents for one in check.parts] == [A_BILL, A_BILL]
        assert (check.payment_key, check.cents) == (KEY, ASKED)
        assert paid(store, PARTS[0]) == [(bill_item(0), A_BILL)]
        assert paid(store, PARTS[1]) == [(bill_item(0, 2), A_BILL)]
        assert unapplied(store) == 0
        whole = store.receipt(KEY)
        assert (whole.state, whole.steps[-1].act) == (ReceiptState.DIVIDED, ReceiptAct.ASSIGNED)
        assert whole.steps[-1].reason == f"For combined statement {STATEMENT}: the school called"
        said = check.parts[0].steps[0].reason
        assert f"$165.19 of $330.38, payment {KEY} for combined statement {STATEMENT}" in said
        assert "the school called" in said

    @pytest.mark.parametrize("cents", [1, A_BILL, A_BILL + 1, ASKED, ASKED + A_BILL, 7 * A_BILL])
    def test_exactly_as_a_check_that_comes_for_it(self, cents: int) -> None:
        told, comes = waiting(cents), new_store(3)
        keep_combinations(comes)
        given = {one.account_id: one.receipt.cents for one in assign(told).parts}
        check, _ = take_check(comes, cents)
        assert given == {one.account_id: one.receipt.cents for one in check.parts}
        for number in (1, 2):
            assert opened(told, number) == opened(comes, number)
            assert stands(told, number).unapplied_cents == stands(comes, number).unapplied_cents

    def test_counts_from_the_day_it_was_received(self) -> None:
        store = waiting(ASKED)
        assign(store)
        (payment,) = store.payments_of_account(account(2))
        assert payment.received_day == RECEIVED

    def test_and_is_counted_once_with_its_day_and_its_file(self) -> None:
        store = waiting(ASKED)
        days = (RECEIVED, RECEIVED + timedelta(days=1))
        (before,) = store.receipt_totals(*days)
        assert before.received == Totals(1, ASKED)
        assign(store)
        (after,) = store.receipt_totals(*days)
        assert after.received == Totals(2, ASKED)
        assert after.by_state == ((ReceiptState.POSTED, Totals(2, ASKED)),)
        assert cash(DaySpan(*days), store=store).as_json()["ties"]
        reverse_payment(KEY, on=TODAY, desk=desk_of(store, minutes=2), **WHO)
        (back,) = store.receipt_totals(*days)
        assert back.by_state == ((ReceiptState.RETURNED, Totals(2, ASKED)),)
        assert cash(DaySpan(*days), store=store).as_json()["ties"]

    def test_pays_a_deposit_that_one_of_the_accounts_is_asked_for(self) -> None:
        """What is over goes as any payment of the account does."""
        store = waiting(ASKED + 4 * A_BILL + 5)
        check = assign(store)
        assert check.parts[0].receipt.cents == 3 * A_BILL + 5
        kinds = {one.kind for one in store.applications_of(f"payment:{PARTS[0]}")}
        assert kinds == {ItemKind.UTILITY}
        assert stands(store, 1).unapplied_cents == 5

    def test_of_a_later_statement_its_parts_pay_what_is_older_first(self) -> None:
        store = waiting(ASKED)
        assign(store, later_statement(store).statement_id)
        assert paid(store, PARTS[0]) == [(bill_item(0), A_BILL)]

    def test_after_somebody_asked_to_send_it_back(self) -> None:
        store = waiting(ASKED)
        ask_to_send_back(KEY, desk=desk_of(store, minutes=1), **WHO)
        assert assign(store, minutes=2).cents == ASKED


class TestOnce:
    def test_a_second_time_it_waits_no_more(self) -> None:
        store = waiting(ASKED)
        assign(store)
        with pytest.raises(CannotSettlePayment, match="It is divided, and only unapplied money"):
            assign(store, minutes=2)
        with pytest.raises(CannotSettlePayment, match="It is divided, and only unapplied money"):
            assign_unapplied(KEY, account(1), desk=desk_of(store, minutes=2), **WHO)
        with pytest.raises(Conflict, match=r"is used already, for \$330.38 of combined"):
            take_check(store, ASKED, key=KEY)

    def test_nothing_is_kept_where_a_part_is_known(self) -> None:
        store = waiting(ASKED)
        pay(store, 1_00, key=PARTS[1], number=2)
        with pytest.raises(Conflict, match="some of them are known"):
            assign(store)
        assert store.receipt(KEY).state is ReceiptState.UNAPPLIED
        assert unapplied(store) == ASKED
        assert not store.known_receipts([PARTS[0]])


class TestIsRefused:
    def test_for_a_statement_that_is_not_there(self) -> None:
        store = waiting(ASKED)
        with pytest.raises(NotFound, match="There is no combined statement CB-NONE"):
            assign(store, "CB-NONE")
        with pytest.raises(NotFound, match="Combination C-9 has no combined statement"):
            assign(store, combination_id="C-9")
        assert unapplied(store) == ASKED

    @pytest.mark.parametrize("who", [{"by": " "}, {"reason": ""}])
    def test_without_who_and_why(self, who: dict[str, str]) -> None:
        with pytest.raises(CannotSettlePayment, match="Nobody says"):
            assign(waiting(ASKED), **who)

    @pytest.mark.parametrize("longest", [53, 54])
    def test_with_a_key_that_leaves_no_place_for_an_account(self, longest: int) -> None:
        store = new_store()
        keep_combinations(store)
        file, key = file_of([("77", ASKED)]), "K" * longest
        take(store, replace(file, lines=(replace(file.lines[0], key=key),)))
        desk = desk_of(store, minutes=1)
        if longest == 53:
            assert assign_to_statement(key, STATEMENT, desk=desk, **WHO).cents == ASKED
            return
        with pytest.raises(CannotSettlePayment, match="leaves no place for the accounts") as found:
            assign_to_statement(key, STATEMENT, desk=desk, **WHO)
        assert "under a shorter key" in str(found.value)

    def test_from_before_an_account_was_opened(self) -> None:
        store = new_store()
        keep_combinations(store)
        file = file_of([("77", ASKED)])
        early = replace(file.lines[0], received_day=date(2020, 1, 1))
        take(store, replace(file, lines=(early,)))
        with pytest.raises(PaymentRefused, match="before the account was opened"):
            assign(store)
        assert unapplied(store) == ASKED


class TestItComesBack:
    def test_with_all_of_its_parts_and_out_of_our_cash(self) -> None:
        store = waiting(ASKED + 7_00)
        before = [opened(store, one) for one in (1, 2)]
        assign(store)
        known = reverse_payment(KEY, on=TODAY, desk=desk_of(store, minutes=2), **WHO)
        assert known.state is ReceiptState.RETURNED
        assert {store.receipt(one).state for one in PARTS} == {ReceiptState.RETURNED}
        assert [opened(store, one) for one in (1, 2)] == before
        assert unapplied(store) == 0
        assert store.trial_balance().get("131.lockbox", 0) == 0
        again = reverse_payment(KEY, on=TODAY, desk=desk_of(store, minutes=3), **WHO)
        assert again == known

    @pytest.mark.parametrize("part", PARTS)
    def test_and_never_a_part_alone(self, part: str) -> None:
        store = waiting(ASKED)
        assign(store)
        with pytest.raises(CannotSettlePayment, match=f"a part of payment {KEY}, one sum of"):
            reverse_payment(part, on=TODAY, desk=desk_of(store, minutes=2), **WHO)

    @pytest.mark.parametrize("key", [KEY, PARTS[0]])
    def test_and_has_one_charge_with_its_own_key(self, key: str) -> None:
        store = waiting(ASKED)
        assign(store)
        reverse_payment(KEY, on=TODAY, desk=desk_of(store, minutes=2), **WHO)
        desk = MoneyDesk(
            store, open_book(default_book_folder()), TODAY, desk_of(store, minutes=3).now
        )
        none = settle_returned_payment(PARTS[1], account(2), desk=desk, **WHO)
        assert none.charge is None
        assert f"it is a part of payment {KEY}" in none.reasons[0].finding
        told = {"our_error": True, "desk": desk, **WHO}
        done = settle_returned_payment(key, account(1), **told)
        assert "a part of payment" not in done.reasons[0].finding


def test_each_of_its_receipts_leads_to_the_whole_check() -> None:
    store = waiting(ASKED)
    assign(store)
    found = {combined_payment(one, store) for one in (KEY, *PARTS)}
    (check,) = found
    assert check is not None
    assert [one.receipt.payment_key for one in check.on_file] == [KEY, *PARTS]
