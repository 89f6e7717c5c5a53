"""Balances moved, credits given back, debts written off, money nobody claims: whole stories.

The paper town's accounts on the memory store, and the first book. Account 1's bills of January and
February 2025 are of $165.19 each; its service ends on the second of March.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.settling_town import (
    AT,
    ENDS,
    FINDERS,
    JULY,
    ONE,
    OTHER,
    SAME,
    TWO,
    Settling,
    begin,
    billed_to_the_end,
    owes,
)
from tests.stores.paper_town import ANALYST, account_id, bill_of, start_of

from meterledger.entrypoints.settlement_words import settlement_words
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.money import Entry, Leg, Tender
from meterledger.facts.settlements import Act, Means, SettlementKind
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import DEPOSITS, RefundWay
from meterledger.ledger.refunds import RefundContradicts
from meterledger.ledger.returned_payment import ChargeNotHeld
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.ports import Conflict
from meterledger.usecases.refund_credit import (
    ask_refund,
    clear_refund,
    give_credit,
    refunds_to_send,
    send_refund,
    send_refunds,
    settle_final_credit,
    stop_refund,
    verify_payee,
)
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.returned_payment import settle_returned_payment
from meterledger.usecases.settlements import CannotSettle, refuse_settlement, reverse_settlement
from meterledger.usecases.transfer_balance import transfer_balance
from meterledger.usecases.unclaimed import (
    claim,
    set_stale_apart,
)
from meterledger.usecases.write_off import (
    provide,
    record_recoveries,
    record_recovery,
    write_off,
)


@pytest.fixture(scope="module")
def book(first_book: Any) -> TariffBook:
    found: TariffBook = first_book
    return found


@pytest.fixture
def town(book: TariffBook) -> Iterator[Settling]:
    """Account 1 has ended; account 3 is of the same person, account 2 of another; all are there."""
    made = Settling(MemoryStore(), book)
    with made.store.viewing(ANALYST, ["all"]):
        begin(made.store)
        yield made


class TestMovingABalance:
    def test_goes_to_another_account_of_the_customer_and_each_part_keeps_its_age(
        self, town: Settling
    ) -> None:
        owes(town.store)

        moved = transfer_balance(ONE, SAME, desk=town.desk(), **FINDERS)

        assert [town.store.balance_cents(one) for one in (ONE, SAME)] == [0, 330_38]
        parts = (moved.case, *moved.beside)
        assert [one.by_day for one in parts] == [date(2025, 2, 21), date(2025, 3, 23)]
        words = [town.store.entries_of_account(one)[-1].cause for one in (ONE, SAME)]
        assert words == [f"balance moved from account {ONE} to {SAME}"] * 2
        assert b"it stays overdue since 2025-02-21" in moved.case.record
        assert b"GRR V.F" in moved.case.record

    def test_is_no_older_for_a_late_charge_on_it(self, town: Settling) -> None:
        owes(town.store)
        town.pay(ONE, 165_19, "K-1")  # January
        town.store._entries["late:x"] = Entry(
            *("late:x", date(2025, 4, 1), AT, (Leg("142", 2_48, ONE), Leg("450", -2_48)), "late")
        )
        town.store._entries_of[ONE].append("late:x")

        moved = transfer_balance(ONE, SAME, desk=town.desk(), **FINDERS)

        assert town.store.balance_cents(SAME) == 165_19 + 2_48
        assert moved.case.by_day == date(2025, 3, 23)  # the February bill's due day
        assert replay_settlement(moved.case, town.desk())

    def test_again_on_the_day_changes_nothing(self, town: Settling) -> None:
        owes(town.store)
        transfer_balance(ONE, SAME, desk=town.desk(), **FINDERS)

        again = transfer_balance(ONE, SAME, desk=town.desk(), **FINDERS)

        assert not again.is_new
        assert town.store.balance_cents(SAME) == 330_38

    def test_is_taken_back_by_its_reversal(self, town: Settling) -> None:
        owes(town.store)
        moved = transfer_balance(ONE, SAME, desk=town.desk(), **FINDERS)

        reverse_settlement(moved.case.settlement_id, desk=town.desk(), **FINDERS)

        assert [town.store.balance_cents(one) for one in (ONE, SAME)] == [330_38, 0]
        last = town.store.entries_of_account(ONE)[-2:]
        parts = (moved.case, *moved.beside)
        assert [one.reverses for one in last] == [one.settlement_id for one in parts]
        with pytest.raises(Conflict, match="cannot be reversed now"):
            reverse_settlement(moved.case.settlement_id, desk=town.desk(), **FINDERS)

    def test_is_not_to_another_person(self, town: Settling) -> None:
        owes(town.store)

        with pytest.raises(CannotSettle, match="and another person is responsible") as no:
            transfer_balance(ONE, TWO, desk=town.desk(), **FINDERS)

        assert "GRR V.F" in no.value.sentence
        assert town.store.balance_cents(ONE) == 330_38

    def test_is_not_of_what_is_disputed(self, town: Settling) -> None:
        owes(town.store)

        with pytest.raises(CannotSettle, match="The balance is in dispute"):
            transfer_balance(ONE, SAME, desk=town.desk(), disputed=True, **FINDERS)

    def test_is_not_while_service_goes_on(self, town: Settling) -> None:
        owes(town.store)

        with pytest.raises(CannotSettle, match="takes service"):
            transfer_balance(ONE, SAME, desk=town.desk(date(2025, 3, 1)), **FINDERS)
        assert transfer_balance(ONE, SAME, desk=town.desk(ENDS), **FINDERS).is_new

    @pytest.mark.parametrize(("by", "reason"), [("", "why"), ("Ana", " "), ("A" * 101, "why")])
    def test_needs_a_name_and_a_cause(self, town: Settling, by: str, reason: str) -> None:
        with pytest.raises(CannotSettle, match=r"missing|at most 100 characters"):
            transfer_balance(ONE, SAME, by=by, reason=reason, desk=town.desk())

    def test_of_nothing_is_refused(self, town: Settling) -> None:
        with pytest.raises(CannotSettle, match=r"owes nothing: its balance is \$0\.00"):
            transfer_balance(ONE, SAME, desk=town.desk(), **FINDERS)


class TestACreditOfAnAccountThatEnded:
    @pytest.fixture(autouse=True)
    def other_is_gone(self, town: Settling) -> None:
        town.store.stop_service("AG-3-20250101", ENDS, AT)
        billed_to_the_end(town.store)

    @pytest.mark.parametrize(
        ("cents", "way"),
        [(99, RefundWay.ON_REQUEST), (1_00, RefundWay.BACK), (1_01, RefundWay.BACK)],
    )
    def test_from_one_dollar_on_is_asked_for_by_itself(
        self, town: Settling, cents: int, way: RefundWay
    ) -> None:
        town.pay(ONE, cents, "K-1")

        found = settle_final_credit(ONE, by="final credits", desk=town.desk())

        assert (found.way, found.cents) == (way, cents)
        asked = town.store.settlements(account_id=ONE)
        assert len(asked) == (way is RefundWay.BACK)
        if asked:
            assert (asked[0].by_day, asked[0].awaits_approval) == (date(2025, 7, 22), True)

    def test_is_asked_for_once(self, town: Settling) -> None:
        town.pay(ONE, 5_00, "K-1")
        first = settle_final_credit(ONE, by="final credits", desk=town.desk())

        again = settle_final_credit(ONE, by="final credits", desk=town.desk(date(2025, 7, 9)))

        assert (again.case, again.is_new) == (first.case, False)
        assert len(town.store.settlements(account_id=ONE)) == 1

    def test_whose_payment_came_back_is_gone(self, town: Settling) -> None:
        town.pay(ONE, 5_00, "K-1")
        town.bring_back("K-1")

        found = settle_final_credit(ONE, by="final credits", desk=town.desk())

        assert found.way is RefundWay.STAYS


def test_a_credit_waits_for_the_final_bill(town: Settling) -> None:
    town.pay(ONE, 50_00, "K-1")

    found = settle_final_credit(ONE, by="final credits", desk=town.desk())

    assert (found.way, found.case) == (RefundWay.STAYS, None)
    assert "pays the final bill, which is not issued yet" in found.words


def test_a_credit_moves_to_the_account_of_the_customer_that_goes_on(town: Settling) -> None:
    town.pay(ONE, 50, "K-1")
    billed_to_the_end(town.store)

    found = settle_final_credit(ONE, by="final credits", desk=town.desk())

    assert found.way is RefundWay.MOVES
    assert [town.store.balance_cents(one) for one in (ONE, SAME)] == [0, -50]
    assert town.store.entries_of_account(SAME)[-1].cause == (
        f"credit moved from account {ONE} to {SAME}"
    )
    assert found.case is not None
    assert replay_settlement(found.case, town.desk())


def test_a_credit_of_two_people_goes_back_and_not_to_an_account_of_one_of_them(
    town: Settling,
) -> None:
    begun = start_of(4)
    (holder,) = begun.holders
    both = tuple(replace(holder, person_id=one) for one in ("person-1", "person-2"))
    town.store.start_service(replace(begun, persons=(), holders=both))
    four = account_id(4)
    town.store.stop_service("AG-4-20250101", ENDS, AT)
    town.store.record_bills([bill_of(4, month, cents=0) for month in range(2)])
    town.pay(four, 50_00, "K-4")

    found = settle_final_credit(four, by="final credits", desk=town.desk())
    assert found.way is RefundWay.BACK
    assert town.store.balance_cents(SAME) == 0
    owes(town.store, months=1)
    with pytest.raises(CannotSettle, match="may not be moved"):
        transfer_balance(ONE, four, desk=town.desk(), **FINDERS)


class TestARefund:
    def test_goes_from_the_customer_to_the_bank(self, town: Settling) -> None:
        town.pay(ONE, 20_00, "K-1")

        case = town.refund()
        (to_send,) = refunds_to_send(town.desk())
        assert (to_send.name, to_send.means, to_send.cents) == (
            *("Ana Rivera 1", Means.CHECK, 20_00),
        )
        send_refund(case.settlement_id, by="Cleo", reference="C-100", desk=town.desk())
        assert refunds_to_send(town.desk()) == []
        done = clear_refund(case.settlement_id, by="bank", reference="line 7", desk=town.desk())

        assert [one.act for one in done.case.steps] == [
            *(Act.ASKED, Act.APPROVED, Act.SENT, Act.CLEARED)
        ]
        assert set(town.store.trial_balance().values()) == {0}

    @pytest.mark.parametrize(("cents", "is_there"), [(20_00, True), (20_01, False)])
    def test_is_of_no_more_than_the_credit(
        self, town: Settling, cents: int, is_there: bool
    ) -> None:
        town.pay(ONE, 20_00, "K-1")
        if is_there:
            assert ask_refund(ONE, cents, desk=town.desk(), **FINDERS).is_new
            return
        with pytest.raises(RefundContradicts, match=r"credit is \$20\.00"):
            ask_refund(ONE, cents, desk=town.desk(), **FINDERS)

    @pytest.mark.parametrize(
        ("tender", "means"),
        [(Tender.CASH, Means.CHECK), (Tender.ACH, Means.ACH), (Tender.WALLET, Means.CARD)],
    )
    def test_goes_back_the_way_it_came(self, town: Settling, tender: Tender, means: Means) -> None:
        town.pay(ONE, 20_00, "K-1", tender)

        asked = ask_refund(ONE, 20_00, desk=town.desk(), **FINDERS)

        assert asked.case.payee is not None
        assert (asked.case.payee.means, asked.case.payee.payment_key) == (means, "K-1")

    def test_refused_or_taken_back_may_be_asked_for_anew_on_the_same_day(
        self, town: Settling
    ) -> None:
        town.pay(ONE, 40_00, "K-1")
        first = ask_refund(ONE, 20_00, desk=town.desk(), **FINDERS)
        assert not ask_refund(ONE, 20_00, desk=town.desk(), **FINDERS).is_new
        refuse_settlement(first.case.settlement_id, desk=town.desk(), **OTHER)

        second = ask_refund(ONE, 20_00, desk=town.desk(), **FINDERS)
        assert second.is_new
        assert second.case.settlement_id == f"{first.case.settlement_id}-2"
        assert second.case.awaits_approval
        again = ask_refund(ONE, 20_00, desk=town.desk(), **FINDERS)
        assert (again.case, again.is_new) == (second.case, False)
        approve_settlement(second.case.settlement_id, desk=town.desk(), **OTHER)
        assert not ask_refund(ONE, 20_00, desk=town.desk(), **FINDERS).is_new
        assert town.store.trial_balance()["232.refunds"] == -20_00

        reverse_settlement(second.case.settlement_id, desk=town.desk(), **FINDERS)
        third = ask_refund(ONE, 20_00, desk=town.desk(), **FINDERS)
        assert third.case.settlement_id == f"{first.case.settlement_id}-3"

    def test_says_what_may_be_done_with_it_and_by_which_command(self, town: Settling) -> None:
        town.pay(ONE, 40_00, "K-1")
        name = town.refund().settlement_id
        sent = send_refund(name, by="Cleo", reference="CHK 1", desk=town.desk()).case
        told = settlement_words(sent)
        assert "  It may be:\n    marked as paid by the bank with `meterledger refund clear" in told
        assert f"    marked as having come back with `meterledger refund return {name}`" in told
        assert f"    stopped with `meterledger refund stop {name}`" in told

    def test_to_a_payment_that_came_back_is_refused(self, town: Settling) -> None:
        town.pay(ONE, 20_00, "K-1")
        town.pay(ONE, 30_00, "K-2")
        town.bring_back("K-2")

        with pytest.raises(CannotSettle, match="Payment K-2 is not one of the account's that was"):
            ask_refund(ONE, 20_00, payment_key="K-2", desk=town.desk(), **FINDERS)

    def test_goes_to_a_verified_payee_of_the_account(self, town: Settling) -> None:
        town.pay(ONE, 20_00, "K-1")
        for payee, account in (("estate", ONE), ("other", TWO)):
            verify_payee(
                payee,
                account_id=account,
                name="Estate of Ana Rivera",
                means=Means.CHECK,
                details="1 Elm Street",
                by="Ana",
                evidence="letters of the court were seen",
                desk=town.desk(),
            )

        asked = ask_refund(ONE, 20_00, payee_id="estate", desk=town.desk(), **FINDERS)

        assert asked.case.payee is not None
        assert asked.case.payee.name == "Estate of Ana Rivera"
        with pytest.raises(CannotSettle, match="Payee other is verified for another account"):
            ask_refund(ONE, 5_00, payee_id="other", desk=town.desk(), **FINDERS)

    def test_of_which_nobody_knows_the_source_is_refused(self, town: Settling) -> None:
        given_to = give_credit(ONE, 9_00, desk=town.desk(), **FINDERS)
        approve_settlement(given_to.case.settlement_id, desk=town.desk(), **OTHER)

        with pytest.raises(CannotSettle, match="nobody is known to whom money may go"):
            ask_refund(ONE, 9_00, desk=town.desk(), **FINDERS)

    def test_of_a_deposit_that_no_deposit_is_behind_is_refused(self, town: Settling) -> None:
        town.pay(ONE, 20_00, "K-1")
        town.store._entries["deposit:x"] = Entry(  # what a payment of a deposit posts
            *("deposit:x", JULY, AT, (Leg("131", 50_00), Leg("235", -50_00, ONE)), "a deposit")
        )
        town.store._entries_of[ONE].append("deposit:x")
        off = {"source": DEPOSITS, **FINDERS}

        with pytest.raises(RefundContradicts, match=r"the account's credit is \$0\.00"):
            ask_refund(ONE, 50_00, desk=town.desk(), **off)

    def test_is_stopped_and_sent_again(self, town: Settling) -> None:
        town.pay(ONE, 20_00, "K-1")
        name = town.refund().settlement_id
        send_refund(name, by="Cleo", reference="C-100", desk=town.desk())
        with pytest.raises(Conflict, match="It is sent, and cannot be sent now"):
            send_refund(name, by="Cleo", reference="C-101", desk=town.desk())

        stop_refund(name, by="Cleo", reason="lost in the mail", desk=town.desk())
        send_refund(name, by="Cleo", reference="C-101", desk=town.desk())

        assert town.store.trial_balance() == {"131": 0, "142": 0, "232.refunds": 0}

    def test_of_a_file_is_sent_with_all_the_others_or_not(self, town: Settling) -> None:
        town.pay(ONE, 50_00, "K-1")
        first, second = town.refund(20_00), town.refund(30_00)
        send_refund(second.settlement_id, by="Cleo", reference="C-1", desk=town.desk())
        names = [(one.settlement_id, "F-1") for one in (first, second)]

        with pytest.raises(Conflict, match="cannot be sent now"):
            send_refunds(names, by="Cleo", desk=town.desk())

        assert town.store.settlement(first.settlement_id).last.act is Act.APPROVED

    def test_that_is_refused_frees_the_credit(self, town: Settling) -> None:
        town.pay(ONE, 20_00, "K-1")
        asked = ask_refund(ONE, 20_00, desk=town.desk(), **FINDERS)
        refuse_settlement(asked.case.settlement_id, desk=town.desk(), **OTHER)

        again = ask_refund(ONE, 20_00, desk=town.desk(date(2025, 7, 2)), **FINDERS)

        assert again.is_new

    def test_is_not_dated_before_its_last_step(self, town: Settling) -> None:
        town.pay(ONE, 20_00, "K-1")
        asked = ask_refund(ONE, 20_00, desk=town.desk(), **FINDERS)

        with pytest.raises(CannotSettle, match="has been asked on 2025-07-01"):
            approve_settlement(asked.case.settlement_id, desk=town.desk(date(2025, 6, 30)), **OTHER)


class TestTheRecord:
    def test_comes_out_the_same_whatever_was_learned_after(self, town: Settling) -> None:
        owes(town.store, months=1, cents=80_00)
        town.pay(ONE, 100_00, "K-1")
        case = town.refund(20_00)
        town.pay(ONE, 7_00, "K-2")
        town.store.stop_service("AG-3-20250101", ENDS, town.desk().now)

        assert replay_settlement(case, town.desk())
        assert not replay_settlement(
            replace(case, record=case.record.replace(b"20.00", b"19.00")), town.desk()
        )

    def test_of_every_kind_comes_out_the_same(self, town: Settling) -> None:
        owes(town.store, months=1, cents=80_00)
        on = date(2025, 9, 1)
        written = write_off(ONE, desk=town.desk(on), **FINDERS).case
        town.pay(ONE, 90_00, "K-1")
        recovery = record_recovery("K-1", ONE, by="Ana", desk=town.desk(on)).case
        credit = give_credit(ONE, 5_00, desk=town.desk(on), **FINDERS).case
        provision = provide(date(2025, 1, 1), desk=town.desk(on), **FINDERS).case
        owed = [bill_of(2)]
        town.store.record_bills(owed)

        for case in (written, recovery, credit, provision):
            assert replay_settlement(case, town.desk(on)), case.settlement_id

    def test_says_which_book_and_how_sure_it_is(self, town: Settling) -> None:
        town.pay(ONE, 20_00, "K-1")
        case = town.refund()

        assert b'"standing":"assumed"' in case.record
        assert town.desk().view.sha256.encode() in case.record


class TestAWriteOff:
    LAST_DUE = date(2025, 2, 21)

    @pytest.mark.parametrize(("days", "may"), [(89, False), (90, True)])
    def test_waits_its_days(self, town: Settling, days: int, may: bool) -> None:
        owes(town.store, months=1, cents=80_00)
        desk = town.desk(self.LAST_DUE + timedelta(days=days))

        if may:
            write_off(ONE, desk=desk, **FINDERS)
            assert town.store.balance_cents(ONE) == 0
            return
        with pytest.raises(CannotSettle, match="Write it off from 2025-05-22 on"):
            write_off(ONE, desk=desk, **FINDERS)

    def test_above_the_ceiling_waits_for_another_person(self, town: Settling) -> None:
        owes(town.store, months=1)

        asked = write_off(ONE, desk=town.desk(), **FINDERS)

        assert asked.case.awaits_approval
        assert town.store.balance_cents(ONE) == 165_19
        with pytest.raises(Conflict, match="Ana has asked for this and cannot approve it"):
            approve_settlement(asked.case.settlement_id, desk=town.desk(), **FINDERS)
        approve_settlement(asked.case.settlement_id, desk=town.desk(), **OTHER)
        assert town.store.trial_balance() == {"142": 0, "144": 165_19, "440": -165_19}

    def test_is_told_by_the_account_and_undone_by_a_payment(self, town: Settling) -> None:
        owes(town.store, months=1, cents=80_00)
        write_off(ONE, desk=town.desk(), **FINDERS)
        town.pay(ONE, 30_00, "K-1")

        record_recovery("K-1", ONE, by="payments", desk=town.desk())
        again = record_recovery("K-1", ONE, by="payments", desk=town.desk())

        assert not again.is_new
        assert town.store.balance_cents(ONE) == 0
        assert town.store.trial_balance()["144"] == 50_00
        causes = [one.cause for one in town.store.entries_of_account(ONE)]
        assert "balance written off" in causes
        assert "payment K-1 of a balance that was written off" in causes

    def test_of_what_an_agency_has_is_refused(self, town: Settling) -> None:
        owes(town.store, months=1, cents=80_00)

        with pytest.raises(CannotSettle, match="sold or is with an agency"):
            write_off(ONE, desk=town.desk(), with_agency=True, **FINDERS)

    def test_waits_while_a_cent_of_a_deposit_is_held_for_the_debt(self, town: Settling) -> None:
        owes(town.store, months=1, cents=80_00)
        legs = (Leg("131", 1), Leg("235", -1, ONE))
        town.store._entries["deposit:x"] = Entry("deposit:x", JULY, AT, legs, "a deposit")
        town.store._entries_of[ONE].append("deposit:x")
        with pytest.raises(CannotSettle, match=r"A deposit of \$0\.01 is still held"):
            write_off(ONE, desk=town.desk(), **FINDERS)

    def test_recovers_whatever_is_paid_after_it(self, town: Settling) -> None:
        owes(town.store, months=1, cents=80_00)
        write_off(ONE, desk=town.desk(), **FINDERS)
        for key, cents in (("K-1", 30_00), ("K-2", 60_00), ("K-3", 5_00)):
            town.pay(ONE, cents, key)

        done = record_recoveries(by="a run", desk=town.desk())
        again = record_recoveries(by="a run", desk=town.desk())

        assert [one.case.cents for one in done] == [30_00, 50_00]
        assert again == []
        assert town.store.trial_balance()["144"] == 0
        assert town.store.balance_cents(ONE) == -15_00

    def test_is_owed_as_before_so_that_a_credit_that_comes_later_is_nobodys_to_have(
        self, town: Settling
    ) -> None:
        """Paid once of two bills; one written off; then a bill is corrected to less."""
        owes(town.store, months=2)
        town.pay(ONE, 165_19, "K-1")
        off = write_off(ONE, desk=town.desk(), **FINDERS).case
        if off.awaits_approval:
            approve_settlement(off.settlement_id, desk=town.desk(), **OTHER)
        given = give_credit(ONE, 45_00, desk=town.desk(), **FINDERS).case
        approve_settlement(given.settlement_id, desk=town.desk(), **OTHER)
        assert town.store.balance_cents(ONE) == -45_00

        found = settle_final_credit(ONE, by="the night", desk=town.desk())
        assert (found.way, found.case) == (RefundWay.STAYS, None)
        assert "$165.19 of the account is written off and not recovered" in found.words
        assert found.waits_for_a_person
        with pytest.raises(CannotSettle, match="owed as before") as no:
            ask_refund(ONE, 1, desk=town.desk(), **FINDERS)
        assert "`meterledger settlement undo`" in no.value.do

        reverse_settlement(off.settlement_id, desk=town.desk(), **OTHER)
        assert town.store.balance_cents(ONE) == 120_19
        again = write_off(ONE, desk=town.desk(), **FINDERS)  # on the same day, of what is left
        assert (again.is_new, again.case.cents) == (True, 120_19)
        assert again.case.settlement_id == f"{off.settlement_id}-2"

    def test_of_which_something_was_recovered_is_undone_after_the_recovery(
        self, town: Settling
    ) -> None:
        owes(town.store, months=1, cents=80_00)
        off = write_off(ONE, desk=town.desk(), **FINDERS).case
        town.pay(ONE, 30_00, "K-1")
        (recovered,) = record_recoveries(by="a run", desk=town.desk())

        with pytest.raises(CannotSettle, match="something was recovered: recovery:K-1"):
            reverse_settlement(off.settlement_id, desk=town.desk(), **OTHER)
        assert town.store.balance_cents(ONE) == 0
        reverse_settlement(recovered.case.settlement_id, desk=town.desk(), **OTHER)
        reverse_settlement(off.settlement_id, desk=town.desk(), **OTHER)
        assert town.store.balance_cents(ONE) == 50_00
        assert town.store.trial_balance().get("144", 0) == 0

    def test_beside_another_that_was_recovered_is_undone_alone(self, town: Settling) -> None:
        """The first was recovered whole; what came to be owed after it was written off, too."""
        owes(town.store, months=1, cents=80_00)
        write_off(ONE, desk=town.desk(), **FINDERS)
        town.pay(ONE, 80_00, "K-1")
        record_recoveries(by="a run", desk=town.desk())
        town.store.record_bills([bill_of(1, 1, cents=20_00)])
        later = write_off(ONE, desk=town.desk(date(2026, 7, 1)), **FINDERS).case

        reverse_settlement(later.settlement_id, desk=town.desk(date(2026, 7, 1)), **OTHER)
        assert town.store.balance_cents(ONE) == 20_00

    def test_of_nothing_recovers_nothing(self, town: Settling) -> None:
        town.pay(ONE, 30_00, "K-1")

        with pytest.raises(CannotSettle, match="is written off and not recovered"):
            record_recovery("K-1", ONE, by="payments", desk=town.desk())
        with pytest.raises(CannotSettle, match=f"It is no payment of account {ONE}"):
            record_recovery("K-9", ONE, by="payments", desk=town.desk())

    def test_is_provided_for_once_a_month(self, town: Settling) -> None:
        owes(town.store, months=1)  # issued on the last day of January

        with pytest.raises(CannotSettle, match="Provide for it from 2025-02-01 on"):
            provide(date(2025, 1, 1), desk=town.desk(date(2025, 1, 31)), **FINDERS)
        made = provide(date(2025, 1, 1), desk=town.desk(date(2025, 2, 1)), **FINDERS)
        again = provide(date(2025, 1, 15), desk=town.desk(), **FINDERS)

        assert (made.case.cents, again.is_new) == (99, False)  # 0.60 percent of 165.19
        assert town.store.trial_balance()["904"] == 99
        reverse_settlement(made.case.settlement_id, desk=town.desk(), **OTHER)
        anew = provide(date(2025, 1, 1), desk=town.desk(), **FINDERS)
        assert (anew.is_new, anew.case.key) == (True, "2025-01-2")
        assert town.store.trial_balance()["904"] == 99


@pytest.fixture(scope="module")
def charging_book(tmp_path_factory: pytest.TempPathFactory) -> TariffBook:
    """The book as if Sheet 63 had been found, with a charge of 25 dollars."""
    folder = tmp_path_factory.mktemp("books") / "union_electric_mo6"
    shutil.copytree(default_book_folder(), folder)
    beside = folder / "settlements" / "unclaimed_named_usd.yaml"
    told = beside.read_text(encoding="utf-8")
    charge = told.replace('"50.00"', '"25.00"').replace("1998-08-28\n", "2013-06-30\n", 1)
    Path(folder / "settlements" / "returned_payment_charge_usd.yaml").write_text(
        charge, encoding="utf-8"
    )
    return load_book(folder)


class TestAReturnedPayment:
    def returned(self, town: Settling) -> None:
        town.pay(ONE, 30_00, "K-1")
        town.bring_back("K-1")

    def test_is_charged_for_once(self, town: Settling, charging_book: TariffBook) -> None:
        town.book = charging_book
        self.returned(town)

        first = settle_returned_payment("K-1", ONE, desk=town.desk(), **FINDERS)
        again = settle_returned_payment("K-1", ONE, desk=town.desk(), **FINDERS)

        assert (first.is_new, again.is_new) == (True, False)
        assert town.store.balance_cents(ONE) == 25_00
        assert town.store.trial_balance()["451"] == -25_00
        assert again.charge is not None
        assert replay_settlement(again.charge, town.desk())

    def test_by_an_error_of_ours_costs_nothing(
        self, town: Settling, charging_book: TariffBook
    ) -> None:
        town.book = charging_book
        self.returned(town)

        done = settle_returned_payment("K-1", ONE, our_error=True, desk=town.desk(), **FINDERS)

        assert done.charge is None
        assert town.store.balance_cents(ONE) == 0
        assert "an error of ours" in done.reasons[0].finding

    def test_is_not_charged_for_without_a_text(self, town: Settling) -> None:
        self.returned(town)

        with pytest.raises(ChargeNotHeld, match="M-01: The charge for a returned payment is not"):
            settle_returned_payment("K-1", ONE, desk=town.desk(), **FINDERS)

        assert town.store.settlements() == []

    def test_takes_its_recovery_back_with_the_charge(
        self, town: Settling, charging_book: TariffBook
    ) -> None:
        town.book = charging_book
        owes(town.store, months=1, cents=80_00)
        write_off(ONE, desk=town.desk(), **FINDERS)
        town.pay(ONE, 30_00, "K-1")
        record_recovery("K-1", ONE, by="payments", desk=town.desk())
        town.bring_back("K-1")

        settle_returned_payment("K-1", ONE, desk=town.desk(), **FINDERS)

        assert town.store.trial_balance()["144"] == 80_00
        assert town.store.balance_cents(ONE) == 25_00

    def test_that_stands_is_not_charged_for(self, town: Settling) -> None:
        town.pay(ONE, 30_00, "K-1")

        with pytest.raises(CannotSettle, match=f"It is no payment of account {ONE} that came back"):
            settle_returned_payment("K-1", ONE, desk=town.desk(), **FINDERS)


class TestGoodwill:
    @pytest.mark.parametrize(("cents", "may"), [(250_00, True), (250_01, False)])
    def test_is_limited(self, town: Settling, cents: int, may: bool) -> None:
        if may:
            assert give_credit(ONE, cents, desk=town.desk(), **FINDERS).case.awaits_approval
            return
        with pytest.raises(CannotSettle, match="Correct the bill, if it is wrong"):
            give_credit(ONE, cents, desk=town.desk(), **FINDERS)

    def test_is_given_once_a_day_unless_a_key_tells_two_apart(self, town: Settling) -> None:
        for key, is_new in (("", True), ("", False), ("2", True)):
            assert give_credit(ONE, 5_00, key=key, desk=town.desk(), **FINDERS).is_new is is_new
        with pytest.raises(CannotSettle, match="does not tell two credits apart"):
            give_credit(ONE, 5_00, key="../x", desk=town.desk(), **FINDERS)

    def test_takes_from_the_revenue_of_its_class(self, town: Settling) -> None:
        asked = give_credit(ONE, 5_00, desk=town.desk(), **FINDERS)

        approve_settlement(asked.case.settlement_id, desk=town.desk(), **OTHER)

        assert town.store.trial_balance() == {"142": -5_00, "440": 5_00}
        assert town.store.entries_of_account(ONE)[-1].cause == "credit: asked by telephone"


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["pay", "return", "ask", "approve", "refuse", "send", "clear", "stop", "stale"]
            + ["claim", "write off", "recover", "transfer", "back", "final", "credit"]
        ),
        st.integers(1, 120_00),
        st.integers(0, 5),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(ACTIONS)
def test_money_is_conserved_whatever_is_done(actions: list[tuple[str, int, int]]) -> None:
    """After each step the books sum to zero, and each ledger account is what is open of it."""
    town = Settling(MemoryStore(), _the_book())
    with town.store.viewing(ANALYST, ["all"]):
        begin(town.store)
        owes(town.store, months=1, cents=80_00)
        billed_to_the_end(town.store)
        for place, (action, cents, which) in enumerate(actions):
            day = JULY + timedelta(days=40 * place)
            with contextlib.suppress(Refusal):  # it changes nothing: the sums below say so
                _do(town, action, cents, which, day, place)
            _is_whole(town.store)


def _do(town: Settling, action: str, cents: int, which: int, day: date, place: int) -> None:
    cases = town.store.settlements()
    name = cases[which % len(cases)].settlement_id if cases else "refund:none"
    desk = town.desk(day)
    if action == "pay":
        town.pay(ONE, cents, f"K-{place}")
    elif action == "return":
        town.bring_back(f"K-{which}")
    elif action == "ask":
        ask_refund(ONE, cents, desk=desk, **FINDERS)
    elif action == "approve":
        approve_settlement(name, desk=desk, **OTHER)
    elif action == "refuse":
        refuse_settlement(name, desk=desk, **OTHER)
    elif action == "send":
        send_refund(name, by="Cleo", reference="C-1", desk=desk)
    elif action == "clear":
        clear_refund(name, by="bank", reference="7", desk=desk)
    elif action == "stop":
        stop_refund(name, by="Cleo", reason="lost", desk=desk)
    elif action == "stale":
        set_stale_apart(by="a run", desk=desk)
    elif action == "claim":
        claim(name, by="Dana", reason="called", desk=desk)
    elif action == "write off":
        write_off(ONE, desk=desk, **FINDERS)
    elif action == "recover":
        record_recovery(f"K-{which}", ONE, by="payments", desk=desk)
    elif action == "transfer":
        transfer_balance(ONE, SAME, desk=desk, **FINDERS)
    elif action == "back":
        reverse_settlement(name, desk=desk, **OTHER)
    elif action == "final":
        settle_final_credit(ONE, by="final credits", desk=desk)
    else:
        give_credit(ONE, cents, desk=desk, **FINDERS)


def _is_whole(store: MemoryStore) -> None:
    sums, cases = store.trial_balance(), store.settlements()
    assert sum(sums.values()) == 0
    assert -sums.get("232.refunds", 0) == sum(one.cents for one in cases if one.is_open_refund)
    unclaimed = [one for one in cases if one.last.act in (Act.UNCLAIMED, Act.NOTICED)]
    assert -sums.get("242.unclaimed", 0) == sum(one.cents for one in unclaimed)
    written = {SettlementKind.WRITE_OFF: 1, SettlementKind.RECOVERY: -1}
    assert sums.get("144", 0) == sum(
        written.get(one.kind, 0) * one.cents for one in cases if one.last.act is Act.APPROVED
    )
    balances = sum(store.balance_cents(one) for one in (ONE, TWO, SAME))
    assert sums.get("142", 0) == balances


def _the_book() -> TariffBook:
    if not BOOKS:
        BOOKS.append(open_book(default_book_folder()))
    return BOOKS[0]


BOOKS: list[TariffBook] = []
