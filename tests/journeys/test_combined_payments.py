"""One check for a combined statement: split, taken once, taken back whole; by file, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.desk_of_payments import (
    A_BILL,
    BY_CHECK,
    NOW,
    RECEIVED,
    TODAY,
    bill_item,
    desk_of,
    new_store,
    opened,
    paid,
    pay,
    stands,
    view,
)
from tests.journeys.test_payment_files import file_of, take, take_lines
from tests.stores.combined_paper import account, keep_combinations, statement_of

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.combination import CombinedBill, CombinedKind, CombinedStatement
from meterledger.facts.payments import ReceiptState, Totals
from meterledger.rulebook.loading import default_book_folder
from meterledger.usecases.combined_payments import CombinedPayment, take_combined_payment
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.returned_payment import settle_returned_payment
from meterledger.usecases.settle_payment import CannotSettlePayment, reverse_payment
from meterledger.usecases.settlements import MoneyDesk
from meterledger.usecases.take_payment import PaymentRefused

STATEMENT = statement_of().statement_id
ASKED = 2 * A_BILL
WHO = {"by": "Ana", "reason": "returned check"}


def schools(bills: int = 3) -> Any:
    """Two accounts with so many bills each; the first of both stand on one statement."""
    store = new_store(bills)
    keep_combinations(store)
    return store


def take_check(
    store: Any, cents: int, key: str = "R-1", **changed: Any
) -> tuple[CombinedPayment, bool]:
    asked: dict[str, Any] = {
        "combination_id": "C-1",
        "statement_id": STATEMENT,
        "cents": cents,
        "payment_key": key,
        "received_day": RECEIVED,
        "learned_at": NOW,
        "view": view(),
        "store": store,
        "how": BY_CHECK,
    }
    return take_combined_payment(**{**asked, **changed})


def parts(payment: CombinedPayment) -> list[tuple[str, str | None, int]]:
    return [(one.receipt.payment_key, one.account_id, one.receipt.cents) for one in payment.parts]


class TestACheck:
    def test_pays_what_each_bill_of_the_statement_has_open(self) -> None:
        store = schools()
        payment, newly = take_check(store, ASKED)
        assert newly
        assert parts(payment) == [
            ("R-1", account(1), A_BILL),
            (f"R-1:{account(2)}", account(2), A_BILL),
        ]
        assert paid(store, "R-1") == [(bill_item(0), A_BILL)]
        assert paid(store, f"R-1:{account(2)}") == [(bill_item(0, 2), A_BILL)]
        assert [store.balance_cents(account(one)) for one in (1, 2)] == [2 * A_BILL] * 2
        step = payment.parts[1].steps[-1]
        assert "$165.19 of $330.38, payment R-1 for combined statement CB-C-1-1" in step.reason
        assert "GRR V.M" in step.reason

    @pytest.mark.parametrize(
        ("cents", "given"),
        [
            (1, (1, 0)),
            (A_BILL, (A_BILL, 0)),
            (A_BILL + 1, (A_BILL, 1)),
            (ASKED - 1, (A_BILL, A_BILL - 1)),
            (ASKED, (A_BILL, A_BILL)),
            # What is over pays what else the accounts owe, in the order of the statement.
            (ASKED + 1, (A_BILL + 1, A_BILL)),
            (ASKED + 2 * A_BILL + 1, (3 * A_BILL, A_BILL + 1)),
            (6 * A_BILL, (3 * A_BILL, 3 * A_BILL)),
            # And what nobody owes is credit of its first account.
            (6 * A_BILL + 5, (3 * A_BILL + 5, 3 * A_BILL)),
        ],
    )
    def test_is_split_in_the_order_of_the_statement(
        self, cents: int, given: tuple[int, int]
    ) -> None:
        store = schools()
        payment, _ = take_check(store, cents)
        got = {one.account_id: one.receipt.cents for one in payment.parts}
        assert (got.get(account(1), 0), got.get(account(2), 0)) == given
        assert payment.cents == cents

    def test_leaves_out_what_was_paid_since_and_begins_with_who_gets_some(self) -> None:
        store = schools(bills=1)
        pay(store, A_BILL, key="R-0")
        payment, _ = take_check(store, A_BILL)
        assert parts(payment) == [("R-1", account(2), A_BILL)]
        assert opened(store, 1) == opened(store, 2) == {}

    def test_over_all_that_is_owed_is_credit_of_the_first_account(self) -> None:
        store = schools(bills=1)
        take_check(store, ASKED + 7_00)
        assert stands(store, 1).unapplied_cents == 7_00
        assert stands(store, 2).unapplied_cents == 0

    def test_is_spent_inside_an_account_in_the_order_of_the_sheet(self) -> None:
        """The statement is of later bills: an account's part pays what it owed before."""
        store = schools()
        take_check(store, ASKED, statement_id=later_statement(store).statement_id)
        assert paid(store, "R-1") == [(bill_item(0), A_BILL)]
        assert set(opened(store, 1)) == {bill_item(1), bill_item(2)}


def later_statement(store: Any) -> CombinedStatement:
    """A second statement, of the accounts' second bills."""
    bills = []
    for number in (1, 2):
        (bill,) = [
            one
            for one in store.issued_bills_of_account(account(number))
            if f"bill:{one.bill_id}" == bill_item(1, number)
        ]
        told = (bill.account_id, bill.bill_id, CombinedKind.CHARGED, bill.days)
        bills.append(CombinedBill(*told, bill.total_cents, bill.total_cents))
    made = replace(statement_of(), statement_id="CB-C-1-2", bills=tuple(bills))
    store.record_combined_statement(made)
    return made


class TestOnce:
    def test_the_same_check_again_changes_nothing(self) -> None:
        store = schools()
        first, _ = take_check(store, ASKED)
        pay(store, A_BILL, key="R-2")  # what is open now would be split otherwise
        again, newly = take_check(store, ASKED, learned_at=NOW + timedelta(hours=1))
        assert not newly
        assert again == first
        assert store.balance_cents(account(1)) == A_BILL

    @pytest.mark.parametrize(
        "changed", [{"cents": ASKED - 1}, {"received_day": TODAY}, {"statement_id": "CB-C-1-2"}]
    )
    def test_with_other_contents_it_is_refused(self, changed: dict[str, Any]) -> None:
        store = schools()
        later_statement(store)
        take_check(store, ASKED)
        with pytest.raises(Conflict, match=r"R-1 is used already, for \$330.38 of combined"):
            take_check(store, **{"cents": ASKED, **changed})
        assert store.balance_cents(account(1)) == 2 * A_BILL

    def test_a_key_is_of_a_check_or_of_an_accounts_payment_and_never_of_both(self) -> None:
        store = schools()
        take_check(store, ASKED)
        with pytest.raises(Conflict, match="R-1 is used already"):
            pay(store, A_BILL, key="R-1")
        pay(store, A_BILL, key="R-2")
        with pytest.raises(Conflict, match="R-2 is used already"):
            take_check(store, ASKED, key="R-2")
        assert store.balance_cents(account(2)) == 2 * A_BILL


class TestIsRefused:
    def test_for_a_statement_that_is_not_there_or_of_another_combination(self) -> None:
        store = schools()
        with pytest.raises(NotFound, match="Combination C-1 has no combined statement CB-NONE"):
            take_check(store, ASKED, statement_id="CB-NONE")
        with pytest.raises(
            NotFound, match=f"Combination C-9 has no combined statement {STATEMENT}"
        ):
            take_check(store, ASKED, combination_id="C-9")
        with pytest.raises(NotFound, match="There is no combined statement"):
            take_check(store, ASKED, statement_id=" ", combination_id="")

    @pytest.mark.parametrize(("longest", "taken"), [(53, True), (54, False)])
    def test_with_a_key_that_leaves_no_place_for_an_account(
        self, longest: int, taken: bool
    ) -> None:
        store = schools()
        if taken:
            assert take_check(store, ASKED, key="K" * longest)[1]
            return
        with pytest.raises(PaymentRefused, match="is not the key of a check for several") as found:
            take_check(store, ASKED, key="K" * longest)
        assert "up to 53 plain characters" in str(found.value)

    @pytest.mark.parametrize("cents", [0, -1])
    def test_of_nothing(self, cents: int) -> None:
        with pytest.raises(PaymentRefused, match="cannot be taken"):
            take_check(schools(), cents)

    def test_of_a_day_to_come(self) -> None:
        with pytest.raises(PaymentRefused, match="and today is 2026-12-01"):
            take_check(schools(), ASKED, received_day=TODAY + timedelta(days=1))

    def test_from_before_an_account_was_opened(self) -> None:
        store = schools()
        day = store.account_money([account(1)])[account(1)].opened_day - timedelta(days=1)
        with pytest.raises(PaymentRefused, match="before the account was opened"):
            take_check(store, ASKED, received_day=day)
        assert store.balance_cents(account(1)) == 3 * A_BILL


class TestItComesBack:
    def test_with_all_of_its_parts_at_once(self) -> None:
        store = schools()
        before = [opened(store, one) for one in (1, 2)]
        take_check(store, ASKED + 7_00)
        known = reverse_payment("R-1", on=TODAY, desk=desk_of(store, minutes=1), **WHO)
        assert known.state is ReceiptState.RETURNED
        assert store.receipt(f"R-1:{account(2)}").state is ReceiptState.RETURNED
        assert [opened(store, one) for one in (1, 2)] == before
        assert [store.balance_cents(account(one)) for one in (1, 2)] == [3 * A_BILL] * 2
        again = reverse_payment("R-1", on=TODAY, desk=desk_of(store, minutes=2), **WHO)
        assert again == known

    def test_and_never_a_part_alone(self) -> None:
        store = schools()
        take_check(store, ASKED)
        with pytest.raises(
            CannotSettlePayment, match=r"a part of payment R-1, one sum of"
        ) as found:
            reverse_payment(f"R-1:{account(2)}", on=TODAY, desk=desk_of(store), **WHO)
        assert "Take back payment R-1" in str(found.value)
        assert store.receipt("R-1").state is ReceiptState.POSTED

    def test_and_is_charged_for_once(self) -> None:
        store = schools()
        take_check(store, ASKED)
        reverse_payment("R-1", on=TODAY, desk=desk_of(store, minutes=1), **WHO)
        desk = MoneyDesk(store, open_book(default_book_folder()), TODAY, NOW)
        done = settle_returned_payment(f"R-1:{account(2)}", account(2), desk=desk, **WHO)
        assert done.charge is None
        (why,) = [one.finding for one in done.reasons]
        assert why == "no charge: it is a part of payment R-1, which has the one charge"


class TestALineOfAFile:
    @pytest.mark.parametrize("told", [STATEMENT, STATEMENT.removeprefix("CB-")])
    def test_with_a_statements_number_is_split_and_counted_once(self, told: str) -> None:
        store = schools()
        lines = [(told, ASKED), (account(1), 1_00), ("77", 2_00)]
        taken = take_lines(store, lines)
        assert taken.received == Totals(3, ASKED + 3_00)
        assert taken.posted == Totals(2, ASKED + 1_00)
        assert taken.unapplied == Totals(1, 2_00)
        second = f"lockbox:7:4:{account(2)}"
        assert paid(store, "lockbox:7:4") == [(bill_item(0), A_BILL)]
        assert paid(store, second) == [(bill_item(0, 2), A_BILL)]
        assert paid(store, "lockbox:7:5") == [(bill_item(1), 1_00)]
        assert {store.receipt(one).receipt.line for one in ("lockbox:7:4", second)} == {4}
        reverse_payment("lockbox:7:4", on=TODAY, desk=desk_of(store, minutes=1), **WHO)
        assert store.receipt(second).state is ReceiptState.RETURNED

    def test_a_second_check_finds_what_the_first_one_left(self) -> None:
        store = schools(bills=1)
        take_lines(store, [(STATEMENT, A_BILL), (STATEMENT, A_BILL)])
        assert paid(store, "lockbox:7:4") == [(bill_item(0), A_BILL)]
        assert paid(store, "lockbox:7:5") == [(bill_item(0, 2), A_BILL)]

    def test_is_known_when_the_bank_sends_it_again(self) -> None:
        store = schools()
        take_lines(store, [(STATEMENT, ASKED), *[("77", 1)] * 60])
        lines = file_of([(STATEMENT, ASKED)]).lines
        more = file_of([("77", 1)] * 200)
        fresh = tuple(replace(one, key=f"{one.key}:b", line=one.line + 9) for one in more.lines)
        again = replace(more, lines=(*lines, *fresh), stated_cents=more.stated_cents + ASKED)
        taken, _ = take(store, again, sha256="c" * 64)
        assert taken.refused == Totals(1, ASKED)
        assert "was taken before" in taken.refused_lines[0].why

    def test_whose_key_has_no_place_for_an_account_waits(self) -> None:
        store = schools()
        file = file_of([(STATEMENT, ASKED)])
        long = replace(file, lines=(replace(file.lines[0], key="K" * 54),))
        taken, _ = take(store, long)
        assert taken.unapplied == Totals(1, ASKED)
        (waiting,) = store.receipts(state=ReceiptState.UNAPPLIED)
        assert "leaves no place for the accounts of CB-C-1-1" in waiting.steps[-1].reason
