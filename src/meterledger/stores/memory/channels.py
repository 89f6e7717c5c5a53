"""Banks, checkouts and pledges in dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

from meterledger.facts.ach_orders import (
    AchOrder,
    AutopayAnswered,
    AutopayQuestion,
    BankAccount,
    BankChangeTold,
    BankStop,
    DroppedOrder,
    Enrollment,
    OrderKind,
    ReturnDone,
    ReturnedEntry,
    SentEntry,
    SentFile,
)
from meterledger.facts.bank import Expectation
from meterledger.facts.checkouts import CheckoutOnFile, CheckoutState, PendingMoney
from meterledger.facts.payments import PaymentFile, ReceiptOnFile
from meterledger.facts.pledges import PledgeOnFile
from meterledger.facts.settlements import SettlementCase, refund_of_order
from meterledger.kernel.ensure import ensure
from meterledger.stores.channel_words import (
    another_unknown,
    enrolled,
    not_enrolled,
    overlaps,
    pending_of,
    refuse_credit_of_no_refund,
    taken,
    unknown_cents,
    with_returns,
)
from meterledger.stores.memory.places import MemoryPlaces
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.payment_ports import Moved, ReceiptPosting
from meterledger.usecases.ports import NotFound, StoredBill

Row = TypeVar("Row")


class MemoryChannels(MemoryPlaces):
    """The part of the store that keeps payment channels."""

    record: list[tuple[str, str, datetime]]
    _settlements: dict[str, SettlementCase]
    _receipts: dict[str, ReceiptOnFile]
    _companys_due_days: Callable[[], dict[str, date]]
    _due_later: Callable[[Sequence[str]], dict[str, date]]
    _not_delivered: Callable[[], set[str]]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._bank_accounts: dict[str, BankAccount] = {}
        self._bank_stops: list[BankStop] = []
        self._changes_told: dict[str, BankChangeTold] = {}
        self._enrollments: list[Enrollment] = []
        self._orders: dict[str, AchOrder] = {}
        self._dropped: dict[str, DroppedOrder] = {}
        self._sent_files: dict[str, SentFile] = {}
        self._returned: dict[str, ReturnedEntry] = {}
        self._returns_done: dict[str, ReturnDone] = {}
        self._questions: dict[tuple[str, int], AutopayQuestion] = {}
        self._answered: dict[tuple[str, int], AutopayAnswered] = {}
        self._checkouts: dict[str, CheckoutOnFile] = {}
        self._pledges: dict[str, PledgeOnFile] = {}
        self._expectations: dict[str, Expectation] = {}

    def post_receipts(
        self, postings: Sequence[ReceiptPosting], *, file: PaymentFile | None = None
    ) -> frozenset[str]:
        """Keep new receipts with all that they write."""
        raise NotImplementedError  # the store beside this part keeps them

    def _refuse_writes(self, postings: Sequence[ReceiptPosting]) -> None:
        """All reasons to write nothing, before anything is written."""
        raise NotImplementedError  # the store beside this part keeps them

    def settle_receipt(self, posting: ReceiptPosting) -> None:
        """Add the next step of a known receipt."""
        raise NotImplementedError  # the store beside this part keeps them

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account."""
        raise NotImplementedError  # the store beside this part keeps them

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change, or nothing."""
        with self._lock:
            self._refuse_change(change)
            self._refuse_writes([*change.receipts, *change.receipt_steps])
            if change.receipts or change.payment_file is not None:
                self.post_receipts(change.receipts, file=change.payment_file)
            for posting in change.receipt_steps:
                self.settle_receipt(posting)
            self._keep_rows(change)
            self._note(change.event, change.subject, change.learned_at)

    def _refuse_change(self, change: ChannelChange) -> None:
        accounts = [one.account_id for one in change.enrollments]
        accounts += [one.account_id for one in change.checkouts]
        accounts += [one.account_id for one in change.pledges]
        for account_id in accounts:
            if account_id not in self._accounts:
                raise NotFound.of("account", account_id)
        _new(change.bank_accounts, self._bank_accounts, lambda one: one.bank_id, "a bank account")
        banks = self._bank_accounts | {one.bank_id: one for one in change.bank_accounts}
        for one in change.bank_accounts:
            before = banks.get(one.replaces)
            ensure(
                not one.replaces or (before is not None and before.account_id == one.account_id),
                f"bank account {one.bank_id} is a version of one of its account",
            )
        _new(
            change.changes_told,
            self._changes_told,
            lambda one: one.bank_id,
            "word to the customer of bank account",
        )
        _new(change.orders, self._orders, lambda one: one.order_id, "an order")
        _new(change.returned, self._returned, lambda one: one.returned_id, "a returned entry")
        _new(
            change.returns_done,
            self._returns_done,
            lambda one: one.returned_id,
            "an end of returned entry",
        )
        returned = self._returned | {one.returned_id: one for one in change.returned}
        for done in change.returns_done:
            ensure(
                done.returned_id in returned and returned[done.returned_id].asks_a_person,
                f"{done.returned_id} came back and asks a person",
            )
        _new(change.questions, self._questions, _of_bill, "a question of bill")
        _new(change.answered, self._answered, _of_bill, "an answer for bill")
        _new(change.checkouts, self._checkouts, lambda one: one.checkout_id, "a checkout")
        _new(change.pledges, self._pledges, lambda one: one.pledge_id, "a pledge")
        _new(
            change.expectations,
            self._expectations,
            lambda one: one.expectation_id,
            "an expectation",
        )
        for checkout in change.checkouts:
            for other in self._checkouts.values():
                mine = other.checkout.account_id == checkout.account_id
                if mine and other.state is CheckoutState.UNKNOWN:
                    raise another_unknown(checkout.account_id)
        for step in change.checkout_steps:
            begun = self._checkouts.get(step.checkout_id)
            if step.number != (len(begun.steps) if begun else 0) + 1:
                raise Moved.meanwhile(f"checkout {step.checkout_id}")
        for given in change.pledge_steps:
            promised = self._pledges.get(given.pledge_id)
            if given.number != (len(promised.steps) if promised else 0) + 1:
                raise Moved.meanwhile(f"pledge {given.pledge_id}")
        for file in change.sent:
            if file.file_id in self._sent_files:
                raise Moved.meanwhile(f"file {file.file_id}")
        gone = {one.order_id for file in self._sent_files.values() for one in file.entries}
        leaving = [one.order_id for file in change.sent for one in file.entries]
        known = self._orders | {one.order_id: one for one in change.orders}
        for order in (*change.orders, *(known[one] for one in leaving)):
            if order.kind is OrderKind.CREDIT:
                refund = self._settlements.get(refund_of_order(order.order_id))
                refuse_credit_of_no_refund(order, refund)
        for order_id in (*leaving, *(one.order_id for one in change.dropped)):
            if order_id in gone or order_id in self._dropped:
                raise Moved.meanwhile(f"order {order_id}")
        self._refuse_enrollments(change)

    def _refuse_enrollments(self, change: ChannelChange) -> None:
        ended = {one.enrollment_id for one in change.ended}
        for old in change.ended:
            known = [one for one in self._enrollments if one.enrollment_id == old.enrollment_id]
            if not known or known[0].days.until_day == old.days.until_day:
                raise not_enrolled(old.account_id)
        known = [one for one in self._enrollments if one.enrollment_id not in ended]
        for one in (*change.ended, *change.enrollments):
            if any(overlaps(one, other) for other in known):
                raise enrolled(one.account_id)
            known.append(one)

    def _keep_rows(self, change: ChannelChange) -> None:
        ended = {one.enrollment_id: one for one in change.ended}
        self._enrollments = [ended.get(one.enrollment_id, one) for one in self._enrollments] + [
            *change.enrollments
        ]
        self._bank_accounts |= {one.bank_id: one for one in change.bank_accounts}
        self._bank_stops += change.stops
        self._changes_told |= {one.bank_id: one for one in change.changes_told}
        self._orders |= {one.order_id: one for one in change.orders}
        self._dropped |= {one.order_id: one for one in change.dropped}
        self._sent_files |= {one.file_id: one for one in change.sent}
        self._returned |= {one.returned_id: one for one in change.returned}
        self._returns_done |= {one.returned_id: one for one in change.returns_done}
        self._questions |= {_of_bill(one): one for one in change.questions}
        self._answered |= {_of_bill(one): one for one in change.answered}
        self._checkouts |= {one.checkout_id: CheckoutOnFile(one) for one in change.checkouts}
        for step in change.checkout_steps:
            known = self._checkouts[step.checkout_id]
            self._checkouts[step.checkout_id] = replace(known, steps=(*known.steps, step))
        self._pledges |= {one.pledge_id: PledgeOnFile(one) for one in change.pledges}
        for given in change.pledge_steps:
            pledge = self._pledges[given.pledge_id]
            self._pledges[given.pledge_id] = replace(pledge, steps=(*pledge.steps, given))
        self._expectations |= {one.expectation_id: one for one in change.expectations}

    def bank_accounts(self, account_ids: Collection[str]) -> list[BankAccount]:
        """Bank accounts of customers, the oldest first."""
        self._look()
        found = [one for one in self._bank_accounts.values() if one.account_id in account_ids]
        return sorted(found, key=lambda one: (one.learned_at, one.bank_id))

    def changed_bank_accounts(self) -> list[tuple[BankAccount, BankChangeTold | None]]:
        """Versions that a bank's notice made, the oldest first, each with how it was told."""
        self._look()
        found = [one for one in self._bank_accounts.values() if one.replaces]
        found.sort(key=lambda one: (one.learned_at, one.bank_id))
        return [(one, self._changes_told.get(one.bank_id)) for one in found]

    def bank_stops(self, account_ids: Collection[str]) -> list[BankStop]:
        """What stops bank accounts of customers, the oldest first."""
        self._look()
        found = [one for one in self._bank_stops if one.account_id in account_ids]
        return sorted(found, key=lambda one: (one.learned_at, one.fingerprint, one.code))

    def enrollments(
        self, *, account_ids: Collection[str] | None = None, on: date | None = None
    ) -> list[Enrollment]:
        """Enrollments as known now."""
        self._look()
        found = [
            one
            for one in self._enrollments
            if (account_ids is None or one.account_id in account_ids)
            and (on is None or on in one.days)
        ]
        return sorted(found, key=lambda one: (one.account_id, one.days.from_day))

    def autopay_due(self, day: date) -> list[tuple[Enrollment, str]]:
        """Live bills due on the day whose account is enrolled on it, by bill."""
        combined, held = self._companys_due_days(), self._not_delivered()
        found = [
            (one, bill.bill_id)
            for one in self.enrollments(on=day)
            for bill in self.bills_of_account(one.account_id)
            if bill.bill_id not in held
            and max(
                combined.get(bill.bill_id, bill.due_day),
                self._due_later([bill.bill_id]).get(bill.bill_id, bill.due_day),
            )
            == day
        ]
        return sorted(found, key=lambda pair: pair[1])

    def ach_orders(self, order_ids: Collection[str]) -> dict[str, AchOrder]:
        """Orders by their id."""
        self._look()
        return {one: self._orders[one] for one in order_ids if one in self._orders}

    def orders_to_send(self, until: date) -> list[AchOrder]:
        """Orders of days up to ``until`` that are in no file and not dropped."""
        self._look()
        gone = {one.order_id for file in self._sent_files.values() for one in file.entries}
        found = [
            one
            for one in self._orders.values()
            if one.on <= until and one.order_id not in gone and one.order_id not in self._dropped
        ]
        return sorted(found, key=lambda one: one.order_id)

    def ach_files(self, *, limit: int = 100) -> list[SentFile]:
        """Files that were made, the newest first."""
        self._look()
        return sorted(self._sent_files.values(), key=lambda one: one.file_id)[::-1][:limit]

    def ach_file(self, file_id: str) -> SentFile:
        """A file that was made."""
        self._look()
        if file_id not in self._sent_files:
            raise NotFound.of("file of entries", file_id)
        return self._sent_files[file_id]

    def sent_count(self) -> int:
        """How many entries were sent in all files."""
        return sum(len(one.entries) for one in list(self._sent_files.values()))

    def sent_under(self, traces: Collection[str]) -> dict[str, SentEntry]:
        """What was sent under trace numbers; the newest where one was used again."""
        self._look()
        files = sorted(self._sent_files.values(), key=lambda one: one.file_id)
        return {one.trace: one for file in files for one in file.entries if one.trace in traces}

    def returned_entries(
        self, *, order_ids: Collection[str] | None = None, file_sha256: str | None = None
    ) -> list[ReturnedEntry]:
        """What came back, the oldest first."""
        self._look()
        found = [
            one
            for one in self._returned.values()
            if (order_ids is None or one.order_id in order_ids)
            and (file_sha256 is None or one.file_sha256 == file_sha256)
        ]
        return sorted(found, key=lambda one: (one.learned_at, one.returned_id))

    def returned_entry(self, returned_id: str) -> tuple[ReturnedEntry, ReturnDone | None]:
        """What came back, and how a person dealt with it."""
        self._look()
        if returned_id not in self._returned:
            raise NotFound.of("returned entry", returned_id)
        return self._returned[returned_id], self._returns_done.get(returned_id)

    def returns_waiting(self) -> list[ReturnedEntry]:
        """What came back, asks a person and is not done, the oldest first."""
        return [
            one
            for one in self.returned_entries()
            if one.asks_a_person and one.returned_id not in self._returns_done
        ]

    def returns_done(
        self, from_day: date, until_day: date
    ) -> list[tuple[ReturnedEntry, ReturnDone]]:
        """What people dealt with on the days, in that order."""
        self._look()
        found = [one for one in self._returns_done.values() if from_day <= one.on < until_day]
        found.sort(key=lambda one: (one.learned_at, one.returned_id))
        return [(self._returned[one.returned_id], one) for one in found]

    def autopay_questions(self) -> list[AutopayQuestion]:
        """Bills that wait for a person, the oldest first."""
        self._look()
        found = [one for name, one in self._questions.items() if name not in self._answered]
        return sorted(found, key=lambda one: (one.on, one.bill_id, one.number))

    def autopay_answers(self, bill_ids: Collection[str]) -> dict[str, AutopayAnswered]:
        """What people decided about bills last, by bill."""
        self._look()
        found = sorted(self._answered.values(), key=lambda one: one.number)
        return {one.bill_id: one for one in found if one.bill_id in bill_ids}

    def checkout(self, checkout_id: str) -> CheckoutOnFile:
        """A checkout with its steps."""
        self._look()
        if checkout_id not in self._checkouts:
            raise NotFound.of("checkout", checkout_id)
        return self._checkouts[checkout_id]

    def checkouts(
        self, *, account_ids: Collection[str] | None = None, state: CheckoutState | None = None
    ) -> list[CheckoutOnFile]:
        """Checkouts, the oldest first."""
        self._look()
        found = [
            one
            for one in list(self._checkouts.values())
            if (account_ids is None or one.checkout.account_id in account_ids)
            and (state is None or one.state is state)
        ]
        return sorted(found, key=lambda one: (one.checkout.started_at, one.checkout.checkout_id))

    def pledge(self, pledge_id: str) -> PledgeOnFile:
        """A pledge with its steps."""
        self._look()
        if pledge_id not in self._pledges:
            raise NotFound.of("pledge", pledge_id)
        return with_returns(self._pledges[pledge_id], self._receipts)

    def pledges(self, *, account_ids: Collection[str] | None = None) -> list[PledgeOnFile]:
        """Pledges, the oldest first."""
        self._look()
        found = [
            with_returns(one, self._receipts)
            for one in list(self._pledges.values())
            if account_ids is None or one.pledge.account_id in account_ids
        ]
        return sorted(found, key=lambda one: (one.pledge.promised_day, one.pledge.pledge_id))

    def pending_money(
        self, account_ids: Collection[str], day: date
    ) -> dict[str, tuple[PendingMoney, ...]]:
        """Money that may come, or may have come."""
        return pending_of(
            self.checkouts(account_ids=account_ids, state=CheckoutState.UNKNOWN),
            self.pledges(account_ids=account_ids),
            account_ids,
            day,
        )

    def unknown_payment_cents(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, int]:
        """Cents of checkouts whose outcome was unknown at the instant."""
        return unknown_cents(self.checkouts(account_ids=account_ids), known_at)

    def expected_bank_lines(self, from_day: date, until_day: date) -> list[Expectation]:
        """What our bank statement should show on the days, by day."""
        self._look()
        found = [one for one in self._expectations.values() if from_day <= one.day < until_day]
        return sorted(found, key=lambda one: (one.day, one.expectation_id))


def _of_bill(one: AutopayQuestion | AutopayAnswered) -> tuple[str, int]:
    return one.bill_id, one.number


def _new(
    rows: Sequence[Row], known: dict[Any, Any], name: Callable[[Row], Hashable], noun: str
) -> None:
    seen: set[Hashable] = set()
    for one in rows:
        named = name(one)
        if named in known or named in seen:
            raise taken(noun, str(named[0] if isinstance(named, tuple) else named))
        seen.add(named)
