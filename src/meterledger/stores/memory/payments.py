"""Receipts with their steps, applications and files in dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from meterledger.facts.bank import Expectation
from meterledger.facts.finance import AccountBalance
from meterledger.facts.money import Entry, Payment
from meterledger.facts.payments import (
    Channel,
    PaymentFile,
    ReceiptOnFile,
    ReceiptState,
    ReceiptTotals,
    Totals,
)
from meterledger.facts.receivables import (
    AccountMoney,
    Application,
    BillShown,
    Movement,
    bill_order,
)
from meterledger.stores.believed import contents
from meterledger.stores.memory.places import MemoryPlaces
from meterledger.stores.payment_words import (
    known_file,
    no_receipt,
    not_its_parts,
    other_receipt,
    refuse_other_parts,
    refuse_receipt_step,
    some_parts_known,
)
from meterledger.usecases.payment_ports import Moved, ReceiptPosting
from meterledger.usecases.ports import Conflict, NotFound, StoredBill

Told = TypeVar("Told")


class MemoryPayments(MemoryPlaces):
    """The part of the store that keeps money that reached us."""

    record: list[tuple[str, str, datetime]]
    _payments: dict[str, Payment]
    _entries: dict[str, Entry]
    _entries_of: dict[str, list[str]]
    _expectations: dict[str, Expectation]
    _days_later: Callable[[Sequence[str]], dict[str, tuple[tuple[datetime, date], ...]]]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._receipts: dict[str, ReceiptOnFile] = {}
        self._applications: dict[str, Application] = {}
        self._applied_to: dict[str, list[Application]] = {}
        """The same, by account."""
        self._payment_files: dict[str, PaymentFile] = {}
        self.register_cause("unapplied", lambda key: key in self._receipts)

    def register_cause(self, prefix: str, is_there: Callable[[str], bool]) -> None:
        """Entries of a prefix have a cause."""
        raise NotImplementedError  # the store beside this part keeps them

    def _refuse_entry(self, entry: Entry, *, arriving: Sequence[str] = ()) -> None:
        raise NotImplementedError  # the store beside this part keeps them

    def _keep_entry(self, entry: Entry) -> None:
        raise NotImplementedError  # the store beside this part keeps them

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent."""
        raise NotImplementedError  # the store beside this part keeps them

    def post_receipts(
        self,
        postings: Sequence[ReceiptPosting],
        *,
        file: PaymentFile | None = None,
        whole: bool = False,
    ) -> frozenset[str]:
        """Keep new receipts with all that they write."""
        with self._lock:
            if file is not None and file.sha256 in self._payment_files:
                raise known_file(file.name, file.sha256)
            fresh = []
            for one in postings:
                known = self._receipts.get(one.receipt.payment_key)
                if known is None:
                    fresh.append(one)
                elif contents(known.receipt) != contents(one.receipt):
                    raise other_receipt(known.receipt)
            if whole and 0 < len(fresh) < len(postings):
                raise some_parts_known(postings[0].receipt)
            self._refuse_writes(fresh)
            if file is not None:
                self._payment_files[file.sha256] = file
            for one in fresh:
                key = one.receipt.payment_key
                self._receipts[key] = ReceiptOnFile(one.receipt, ())
                self._write(one)
            if fresh:
                first = fresh[0].step
                event = "receipts posted" if file else f"receipt {first.state.value}"
                subject = first.account_id or first.payment_key
                self._note(event, file.name if file else subject, first.learned_at)
            return frozenset(one.receipt.payment_key for one in fresh)

    def settle_receipt(self, posting: ReceiptPosting) -> None:
        """Add the next step of a known receipt with what it writes."""
        self.settle_receipts([posting])

    def settle_receipts(self, postings: Sequence[ReceiptPosting]) -> None:
        """Add the next steps of several receipts, or none."""
        with self._lock:
            for posting in postings:
                known = self._known(posting.receipt.payment_key)
                if posting.step.number != len(known.steps) + 1:
                    raise Moved.meanwhile(f"payment {posting.receipt.payment_key}")
                refuse_receipt_step(known, posting.step)
            self._refuse_writes(postings)
            for posting in postings:
                self._write(posting)
                subject = posting.step.account_id or posting.receipt.payment_key
                self._note(f"receipt {posting.step.act.value}", subject, posting.step.learned_at)

    def divide_receipt(self, whole: ReceiptPosting, parts: Sequence[ReceiptPosting]) -> None:
        """Add the step by which a receipt is divided, and keep its parts."""
        refuse_other_parts(whole, parts)
        with self._lock:
            known = self._known(whole.receipt.payment_key)
            if whole.step.number != len(known.steps) + 1:
                raise Moved.meanwhile(f"payment {whole.receipt.payment_key}")
            refuse_receipt_step(known, whole.step)
            if any(one.receipt.payment_key in self._receipts for one in parts):
                raise not_its_parts(whole.receipt.payment_key)
            self._refuse_writes(parts)
            self.post_receipts(parts)
            self.settle_receipts([whole])

    def _refuse_writes(self, postings: Sequence[ReceiptPosting]) -> None:
        """All reasons to write nothing, before anything is written."""
        undone = {given.undoes for given in self._applications.values() if given.undoes}
        for one in postings:
            if one.payment is not None:
                if one.payment.account_id not in self._accounts:
                    raise NotFound.of("account", one.payment.account_id)
                if one.payment.payment_key in self._payments:
                    raise Conflict.of_entry(one.entries[0].entry_id)
            for entry in one.entries:
                if entry.entry_id in self._entries:
                    raise Conflict.of_entry(entry.entry_id)
                self._refuse_entry(entry, arriving=[one.receipt.payment_key])
            for given in one.applications:
                if given.application_id in self._applications or given.undoes in undone:
                    raise Moved.meanwhile(f"account {given.account_id}")

    def _write(self, posting: ReceiptPosting) -> None:
        key = posting.receipt.payment_key
        known = self._receipts[key]
        self._receipts[key] = replace(known, steps=(*known.steps, posting.step))
        if posting.payment is not None:
            self._payments[key] = posting.payment
        for entry in posting.entries:
            self._keep_entry(entry)
        self._keep_applications(posting.applications)
        self._expectations |= {one.expectation_id: one for one in posting.expectations}

    def _keep_applications(self, applications: Iterable[Application]) -> None:
        for given in applications:
            self._applications[given.application_id] = given
            self._applied_to.setdefault(given.account_id, []).append(given)

    def _known(self, payment_key: str) -> ReceiptOnFile:
        if payment_key not in self._receipts:
            raise no_receipt(payment_key)
        return self._receipts[payment_key]

    def receipt(self, payment_key: str) -> ReceiptOnFile:
        """A receipt with its steps."""
        self._look()
        return self._known(payment_key)

    def receipts(
        self,
        *,
        account_id: str | None = None,
        state: ReceiptState | None = None,
        file_sha256: str | None = None,
        received_day: date | None = None,
        channel: Channel | None = None,
        known_at: datetime | None = None,
        limit: int = 500,
    ) -> list[ReceiptOnFile]:
        """Receipts that stand so, or stood so at an instant, the newest first."""
        self._look()
        found = [
            one
            for one in list(self._receipts.values())
            if (account_id is None or account_id in {step.account_id for step in one.steps})
            and (state is None or _state_at(one, known_at) is state)
            and (file_sha256 is None or one.receipt.file_sha256 == file_sha256)
            and (received_day is None or one.receipt.received_day == received_day)
            and (channel is None or one.receipt.channel is channel)
        ]
        found.sort(key=lambda one: one.receipt.payment_key)
        found.sort(key=lambda one: (one.receipt.received_day, one.receipt.learned_at), reverse=True)
        return found[:limit]

    def known_receipts(self, keys: Collection[str]) -> frozenset[str]:
        """Which of the keys are known."""
        self._look()
        return frozenset(key for key in keys if key in self._receipts or key in self._payments)

    def account_money(
        self, account_ids: Collection[str], *, with_due_days: bool = False
    ) -> dict[str, AccountMoney]:
        """What open items follow from."""
        self._look()
        with self._lock:
            return {
                account: AccountMoney(
                    account,
                    self._accounts[account].opened_day,
                    tuple(
                        moved
                        for name in self._entries_of.get(account, ())
                        if (moved := _moved(self._entries[name], account)) is not None
                    ),
                    tuple(self._applied_to.get(account, ())),
                    (
                        *(
                            (f"bill:{bill.bill_id}", bill.due_day)
                            for bill in self.issued_bills_of_account(account)
                        ),
                        *self._due_days_of_moved(account),
                    )
                    if with_due_days
                    else (),
                    self._bills_shown(account) if with_due_days else (),
                )
                for account in account_ids
                if account in self._accounts
            }

    def _bills_shown(self, account_id: str) -> tuple[BillShown, ...]:
        """The account's bills; one that went out late says until when it may be paid."""
        bills = self.issued_bills_of_account(account_id)
        later = self._days_later([one.bill_id for one in bills])
        stated = self._days_stated()
        found = []
        for one in _shown(bills):
            on, due = stated.get(one.bill_id, (None, None))
            late = later.get(one.bill_id, ())
            found.append(replace(one, stated_on=on, stated_due=due, later=late))
        return tuple(found)

    def each_owing(
        self, at: date, tell: Callable[[AccountBalance, AccountMoney], Told]
    ) -> list[Told]:
        """What is said of each account that owes or is owed."""
        with self._lock:
            owing = {one.account_id: one for one in self.receivable_balances(at) if one.cents}
            money = self.account_money(owing, with_due_days=True)
        return [tell(one, money[name]) for name, one in owing.items() if name in money]

    def applications_of(self, source_entry_id: str) -> list[Application]:
        """What a credit was applied to, and what was undone, in order."""
        self._look()
        found = [
            one for one in self._applications.values() if one.source_entry_id == source_entry_id
        ]
        return sorted(found, key=lambda one: (one.learned_at, one.application_id))

    def payment_file(self, sha256: str) -> PaymentFile | None:
        """A file that was taken, with its refused lines."""
        self._look()
        return self._payment_files.get(sha256)

    def payment_files(self, *, limit: int = 200) -> list[PaymentFile]:
        """Files that were taken, the newest first."""
        self._look()
        found = sorted(self._payment_files.values(), key=lambda one: one.sha256)
        found.sort(key=lambda one: (one.deposited_day, one.learned_at), reverse=True)
        return [replace(one, refused_lines=()) for one in found[:limit]]

    def receipt_totals(self, from_day: date, until_day: date) -> list[ReceiptTotals]:
        """Receipts by day received, channel and file, as they stand now."""
        self._look()
        found: dict[tuple[date, Channel, str | None], dict[ReceiptState, Totals]] = {}
        for one in self._receipts.values():
            receipt = one.receipt
            if from_day <= receipt.received_day < until_day and not one.is_divided:
                key = (receipt.received_day, receipt.channel, receipt.file_sha256)
                by = found.setdefault(key, {})
                by[one.state] = by.get(one.state, Totals()) + Totals(1, receipt.cents)
        return [
            ReceiptTotals(
                *key,
                sum(by.values(), Totals()),
                tuple(sorted(by.items(), key=lambda pair: pair[0].value)),
            )
            for key, by in sorted(
                found.items(), key=lambda pair: (pair[0][0], pair[0][1].value, pair[0][2] or "")
            )
        ]

    def receivable_balances(self, at: date) -> list[AccountBalance]:
        """Every account that owes or is owed."""
        raise NotImplementedError  # the store beside this part adds up

    def _days_stated(self) -> dict[str, tuple[date, date]]:
        """By bill of a combined statement the statement's day and due day."""
        raise NotImplementedError  # the store beside this part keeps combinations

    def _due_days_of_moved(self, account_id: str) -> list[tuple[str, date]]:
        """Since when balances that were moved here are overdue."""
        raise NotImplementedError  # the store beside this part keeps settlements


def _shown(bills: Sequence[StoredBill]) -> tuple[BillShown, ...]:
    """Every bill of an account in order, each with the day of what took its place."""
    days = {one.bill_id: one.issued_day for one in bills}
    shown = (
        BillShown(
            *(one.bill_id, one.issued_day, one.due_day, one.known_at),
            cancelled_on=days.get(one.cancelled_by) if one.cancelled_by else None,
        )
        for one in bills
    )
    return tuple(sorted(shown, key=bill_order))


def _moved(entry: Entry, account_id: str) -> Movement | None:
    """What an entry moved on the account's 142 and 143; None where it did not touch them."""
    legs = [
        leg
        for leg in entry.legs
        if leg.customer_account_id == account_id
        and leg.ledger_account != "142.budget"
        and leg.ledger_account.partition(".")[0] in ("142", "143")
    ]
    if not legs:
        return None
    debits = {leg.ledger_account[:3] for leg in legs if leg.cents > 0}
    return Movement(
        entry.entry_id,
        entry.effective_day,
        entry.learned_at,
        sum(leg.cents for leg in legs),
        "143" if debits == {"143"} else "142",
        entry.reverses,
    )


def _state_at(one: ReceiptOnFile, known_at: datetime | None) -> ReceiptState | None:
    """How a receipt stood at an instant; None where nobody knew of it."""
    steps = [step for step in one.steps if known_at is None or step.learned_at <= known_at]
    return steps[-1].state if steps else None
