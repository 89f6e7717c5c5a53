"""Receipts, their steps, applications and files; on memory and PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.stores.extension_town import CONTRACT, DEPOSIT, Desk
from tests.stores.paper_town import ANALYST, LATER, account_id, bill_of, rebill_of, start_of

from meterledger.facts.finance import PaymentCash
from meterledger.facts.money import Payment, Tender
from meterledger.facts.payments import (
    Channel,
    PaymentFile,
    Receipt,
    ReceiptAct,
    ReceiptState,
    ReceiptStep,
    RefusedLine,
    Totals,
)
from meterledger.facts.receivables import Application, BillShown, ItemKind
from meterledger.ledger import entry_for_spending, entry_for_unapplied, reverse_entry
from meterledger.usecases.extension_money import return_extension_payment
from meterledger.usecases.extension_tellings import Told
from meterledger.usecases.payment_ports import Moved, ReceiptPosting
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store

DAY = date(2025, 2, 20)
POSTED, UNAPPLIED, RETURNED = (
    ReceiptState.POSTED,
    ReceiptState.UNAPPLIED,
    ReceiptState.RETURNED,
)


def receipt_of(key: str = "R-1", **changed: Any) -> Receipt:
    made = Receipt(key, account_id(1), 5_000, Tender.CHECK, Channel.OFFICE, DAY, LATER)
    return replace(made, **changed)


def step_of(receipt: Receipt, state: ReceiptState, number: int = 1, **changed: Any) -> ReceiptStep:
    act = ReceiptAct.TAKEN if number == 1 else ReceiptAct.REVERSED
    made = ReceiptStep(receipt.payment_key, number, act, state, DAY, "Ana", "a test", LATER)
    return replace(made, **changed)


def posted(receipt: Receipt, *, account: int = 1, item: str = "", place: int = 1) -> ReceiptPosting:
    """A posting to an account; with ``item``, all of it applied there."""
    name = account_id(account)
    entry = entry_for_spending(receipt, name, (), debit="131", learned_at=LATER)
    payment = Payment(
        receipt.payment_key, name, receipt.cents, receipt.tender, receipt.received_day, LATER
    )
    given = Application(
        *(f"{item}#{place}", entry.entry_id, item, ItemKind.UTILITY),
        *(name, receipt.cents, DAY, LATER),
    )
    step = step_of(receipt, POSTED, entry_id=entry.entry_id, account_id=name)
    return ReceiptPosting(receipt, step, payment, (entry,), (given,) if item else ())


def unapplied(receipt: Receipt) -> ReceiptPosting:
    entry = entry_for_unapplied(receipt)
    return ReceiptPosting(
        receipt, step_of(receipt, UNAPPLIED, entry_id=entry.entry_id), None, (entry,)
    )


def taken_back(first: ReceiptPosting, number: int = 2) -> ReceiptPosting:
    (entry,) = first.entries
    undone = [
        replace(one, application_id=f"{one.item_id}#9", cents=-one.cents, undoes=one.application_id)
        for one in first.applications
    ]
    back = reverse_entry(entry, on=DAY, learned_at=LATER, cause="a test")
    step = step_of(first.receipt, RETURNED, number, entry_id=back.entry_id)
    return ReceiptPosting(first.receipt, step, None, (back,), tuple(undone))


@pytest.fixture
def billed(store: Store) -> Store:
    store.start_services([start_of(1), start_of(2)])
    store.record_bills([bill_of(1), bill_of(2)])
    return store


class TestAReceipt:
    def test_is_kept_once_with_all_that_it_writes(self, billed: Store) -> None:
        one = posted(receipt_of(), item="bill:B-1")

        assert billed.post_receipts([one]) == {"R-1"}
        later = replace(one, receipt=receipt_of(learned_at=LATER + timedelta(days=9)))
        assert billed.post_receipts([later]) == frozenset()

        with billed.viewing(ANALYST, ["all"]):
            kept = billed.receipt("R-1")
            assert (kept.receipt, kept.steps, kept.state) == (one.receipt, (one.step,), POSTED)
            assert billed.receipts(account_id=account_id(1)) == [kept]
            assert billed.receipts(account_id=account_id(2)) == []
            assert billed.applications_of("payment:R-1") == list(one.applications)
            assert billed.payments_of_account(account_id(1)) == [one.payment]
            assert billed.known_receipts(["R-1", "R-2"]) == {"R-1"}
            money = billed.account_money([account_id(1), "nobody"], with_due_days=True)
            (mine,) = money.values()
            assert [(m.entry_id, m.cents, m.control) for m in mine.movements] == [
                (bill_of(1)[1].entry_id, 16519, "142"),  # type: ignore[union-attr]
                ("payment:R-1", -5_000, "142"),
            ]
            assert mine.applications == one.applications
            made = bill_of(1)[0]
            assert mine.due_days == ((f"bill:{made.bill_id}", made.due_day),)
            shown = BillShown(made.bill_id, made.issued_day, made.due_day, made.pins.known_at)
            assert mine.bills == (shown,)
            told = rebill_of(1, cents=9_000)
            later = replace(told.bill, issued_day=made.issued_day + timedelta(days=9))
            assert told.entry is not None
            posted_on = replace(told.entry, effective_day=later.issued_day)
            billed.record_rebills([replace(told, bill=later, entry=posted_on)])
            (mine,) = billed.account_money([account_id(1)], with_due_days=True).values()
            assert [(one.bill_id, one.cancelled_on) for one in mine.bills] == [
                (made.bill_id, later.issued_day),
                (later.bill_id, None),
            ]
        assert billed.trial_balance()["131"] == 5_000

    @pytest.mark.parametrize(
        "changed", [{"cents": 5_001}, {"tender": Tender.CASH}, {"check_number": "7"}]
    )
    def test_with_a_used_key_and_other_contents_changes_nothing(
        self, billed: Store, changed: dict[str, Any]
    ) -> None:
        billed.post_receipts([posted(receipt_of())])
        before = billed.trial_balance()

        with pytest.raises(Conflict, match=r"R-1 is used already, for \$50\.00"):
            billed.post_receipts([posted(receipt_of("R-2")), posted(receipt_of(**changed))])

        assert billed.trial_balance() == before

    def test_of_an_account_nobody_knows_changes_nothing(self, billed: Store) -> None:
        with pytest.raises(NotFound, match=f"There is no account {account_id(3)}"):
            billed.post_receipts([posted(receipt_of("R-2")), posted(receipt_of(), account=3)])

        with billed.viewing(ANALYST, ["all"]):
            assert billed.receipts() == []

    def test_whose_place_at_an_item_is_taken_changes_nothing(self, billed: Store) -> None:
        billed.post_receipts([posted(receipt_of(), item="bill:B-1")])

        with pytest.raises(Moved, match="changed by somebody else"):
            billed.post_receipts([posted(receipt_of("R-2"), item="bill:B-1")])

        assert billed.post_receipts([posted(receipt_of("R-2"), item="bill:B-1", place=2)])

    def test_outside_the_door_is_not_shown(self, billed: Store) -> None:
        for look in (
            lambda: billed.receipt("R-1"),
            billed.receipts,
            lambda: billed.known_receipts(["R-1"]),
            lambda: billed.account_money([account_id(1)]),
            lambda: billed.applications_of("payment:R-1"),
            billed.payment_files,
            lambda: billed.payment_file("a" * 64),
            lambda: billed.receipt_totals(DAY, DAY),
        ):
            with pytest.raises(NotViewing):
                look()

    def test_by_one_key_from_sixty_four_at_once_is_posted_once(self, billed: Store) -> None:
        one = posted(receipt_of(), item="bill:B-1")

        with ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(lambda _: billed.post_receipts([one]), range(64)))

        assert answers.count(frozenset({"R-1"})) == 1
        assert answers.count(frozenset()) == 63
        assert billed.trial_balance()["131"] == 5_000


class TestPartsOfOneSum:
    def both(self) -> list[ReceiptPosting]:
        return [posted(receipt_of()), posted(receipt_of("R-1:2"), account=2)]

    def test_are_kept_together_and_known_together(self, billed: Store) -> None:
        assert billed.post_receipts(self.both(), whole=True) == {"R-1", "R-1:2"}
        assert billed.post_receipts(self.both(), whole=True) == frozenset()

    def test_of_which_one_is_known_are_not_kept(self, billed: Store) -> None:
        billed.post_receipts(self.both()[:1])
        with pytest.raises(Conflict, match="Some parts of payment R-1 are known, and others are"):
            billed.post_receipts(self.both(), whole=True)
        with billed.viewing(ANALYST, ["all"]):
            assert billed.known_receipts(["R-1", "R-1:2"]) == {"R-1"}

    def test_go_back_together_or_not_at_all(self, billed: Store) -> None:
        first, second = self.both()
        billed.post_receipts([first, second], whole=True)
        with pytest.raises(Moved, match="changed by somebody else meanwhile"):
            billed.settle_receipts([taken_back(first), taken_back(second, number=3)])
        with billed.viewing(ANALYST, ["all"]):
            assert billed.receipt("R-1").state is POSTED
            billed.settle_receipts([taken_back(first), taken_back(second)])
            assert {billed.receipt(one).state for one in ("R-1", "R-1:2")} == {RETURNED}


class TestAStep:
    def test_takes_back_exactly_what_was_done_and_once(self, billed: Store) -> None:
        before = billed.trial_balance()
        one = posted(receipt_of(), item="bill:B-1")
        billed.post_receipts([one])

        billed.settle_receipt(taken_back(one))

        assert {name: cents for name, cents in billed.trial_balance().items() if cents} == before
        with billed.viewing(ANALYST, ["all"]):
            assert billed.receipt("R-1").state is RETURNED
            assert sum(given.cents for given in billed.applications_of("payment:R-1")) == 0
        with pytest.raises(Moved):
            billed.settle_receipt(taken_back(one))
        with pytest.raises(Conflict, match="is returned since 2025-02-20 and cannot become"):
            billed.settle_receipt(taken_back(one, number=3))

    def test_of_a_receipt_nobody_knows_is_refused(self, billed: Store) -> None:
        with pytest.raises(NotFound, match="There is no receipt R-1"):
            billed.settle_receipt(taken_back(posted(receipt_of())))

    def test_posts_what_was_unknown(self, billed: Store) -> None:
        told = ReceiptPosting(receipt_of(), step_of(receipt_of(), ReceiptState.UNKNOWN))
        billed.post_receipts([told])
        assert billed.trial_balance().get("131", 0) == 0

        one = posted(receipt_of())
        later = replace(one.step, number=2, learned_at=LATER + timedelta(hours=1))
        billed.settle_receipt(replace(one, step=later))

        assert billed.trial_balance()["131"] == 5_000
        with billed.viewing(ANALYST, ["all"]):
            assert billed.receipts(state=ReceiptState.UNKNOWN) == []
            then = told.step.learned_at
            (stood,) = billed.receipts(state=ReceiptState.UNKNOWN, known_at=then)
            assert stood.state is ReceiptState.POSTED
            before = then - timedelta(seconds=1)
            assert billed.receipts(state=ReceiptState.UNKNOWN, known_at=before) == []
            account = told.receipt.account_told
            asked = [account, "another"]
            assert billed.unknown_receipt_cents(asked, then) == {account: 5_000}
            assert billed.unknown_receipt_cents(asked, before) == {}
            assert billed.unknown_receipt_cents(asked, later.learned_at) == {}
            assert billed.unknown_receipt_cents([], then) == {}

    def test_sends_money_back_by_two_people(self, billed: Store) -> None:
        one = unapplied(receipt_of())
        billed.post_receipts([one])
        assert billed.trial_balance()["253.unapplied"] == -5_000
        back = taken_back(one)
        sent = replace(back, step=replace(back.step, act=ReceiptAct.SENT_BACK))
        with pytest.raises(Conflict, match="Nobody has asked to send this money back"):
            billed.settle_receipt(sent)
        asked = step_of(one.receipt, UNAPPLIED, 2, act=ReceiptAct.SEND_BACK_ASKED)
        billed.settle_receipt(ReceiptPosting(one.receipt, asked))

        again = replace(sent, step=replace(sent.step, number=3, by=" ana "))
        with pytest.raises(Conflict, match="Money leaves by two people"):
            billed.settle_receipt(again)
        billed.settle_receipt(replace(again, step=replace(again.step, by="Bo")))

        with billed.viewing(ANALYST, ["all"]):
            assert billed.receipts(state=UNAPPLIED) == []
            assert [one.payment_key for one in billed.receipt("R-1").steps] == ["R-1"] * 3


class TestCash:
    def test_is_told_by_day_with_a_receipt_and_without(self, billed: Store) -> None:
        waits = unapplied(receipt_of("R-2", cents=2_500, channel=Channel.LOCKBOX))
        bounced = posted(receipt_of("R-3", cents=700))
        billed.post_receipts([posted(receipt_of()), waits, bounced])
        back = taken_back(bounced)
        later = replace(back.entries[0], effective_day=DAY + timedelta(days=9))
        billed.settle_receipt(replace(back, entries=(later,)))
        name = account_id(1)
        placed = entry_for_spending(
            waits.receipt, name, (), debit="253.unapplied", learned_at=LATER
        )
        step = step_of(
            *(waits.receipt, POSTED, 2),
            act=ReceiptAct.ASSIGNED,
            entry_id=placed.entry_id,
            account_id=name,
        )
        payment = Payment("R-2", name, 2_500, waits.receipt.tender, DAY, LATER)
        billed.settle_receipt(ReceiptPosting(waits.receipt, step, payment, (placed,)))
        desk = Desk(billed, opened=[1])
        desk.open(DEPOSIT)
        desk.pay(5_000_00, "E-1", on=DAY)
        desk.pay(1_000_00, "E-2", on=DAY)
        told = Told(DAY + timedelta(days=1), "Ana", "no funds")
        desk.look(
            lambda: return_extension_payment(
                CONTRACT, "E-2", told, store=billed, moment=desk.moment
            )
        )

        with billed.viewing(ANALYST, ["all"]):
            # What was placed came once; what was taken back counts on the day it came.
            assert billed.payment_cash(DAY, DAY + timedelta(days=1)) == [
                PaymentCash(DAY, False, 2, 6_000_00, 1, 1_000_00),
                PaymentCash(DAY, True, 3, 8_200, 1, 700),
            ]
            assert billed.payment_cash(DAY - timedelta(days=1), DAY) == []
            assert billed.payment_cash(DAY + timedelta(days=1), DAY + timedelta(days=30)) == []


class TestAFile:
    FILE = PaymentFile(
        *("a" * 64, "box.txt", "bai", DAY, Totals(3, 9_000), Totals(1, 5_000)),
        *(Totals(1, 2_500), Totals(1, 1_500), "Ana", LATER),
        (RefusedLine(4, "6 broken", 1_500, "no amount"),),
    )

    def postings(self) -> list[ReceiptPosting]:
        of_file = {"file_sha256": "a" * 64, "line": 2, "channel": Channel.LOCKBOX}
        return [
            posted(receipt_of(**of_file)),
            unapplied(receipt_of("R-2", account_told="nobody", cents=2_500, **of_file)),
        ]

    def test_is_kept_once_with_its_totals(self, billed: Store) -> None:
        assert billed.post_receipts(self.postings(), file=self.FILE) == {"R-1", "R-2"}

        with pytest.raises(Conflict, match="was taken already"):
            billed.post_receipts(self.postings(), file=self.FILE)

        with billed.viewing(ANALYST, ["all"]):
            kept = billed.payment_file("a" * 64)
            assert kept == self.FILE
            assert kept is not None
            assert kept.refused_lines == self.FILE.refused_lines
            assert billed.payment_files() == [self.FILE]
            assert billed.payment_file("b" * 64) is None
            assert len(billed.receipts(file_sha256="a" * 64)) == 2
            (totals,) = billed.receipt_totals(DAY, DAY + timedelta(days=1))
            assert totals.received == Totals(2, 7_500)
            assert dict(totals.by_state) == {POSTED: Totals(1, 5_000), UNAPPLIED: Totals(1, 2_500)}
            assert billed.receipt_totals(DAY - timedelta(days=1), DAY) == []
        assert billed.trial_balance()["131"] == 5_000
        assert billed.trial_balance()["131.lockbox"] == 2_500
