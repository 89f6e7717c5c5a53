"""What our own bills and payments say of a customer: how each bill was paid, what is owed.

Lives here      the facts that deposit rules ask for and that nobody needs to tell us, as known at
                an instant: so that they can be gathered again, and a decision replayed.
Lives elsewhere the rules (``arrears``), open items (``ledger``), facts that a person tells.
Read first      docs/operating/deposits.md, "What our own books say".

The delinquent date of a bill is the day by which it was asked for (``days_asked``): no bill of ours
shows another (GRR V.J). A bill of nothing, or of a credit, is paid before its day. A payment that
came back paid nothing, on whatever day that was found out. A receipt or checkout whose outcome is
not known is no payment yet; a bill that only waits for it counts neither as paid nor as late: it is
left out and named, so that who asks can wait. A write-off pays nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from meterledger.arrears import ONE_DEFINITION, TIMELY_READING
from meterledger.facts.bills import read_record
from meterledger.facts.entry_names import REVERSAL, entry_name
from meterledger.facts.money import Entry
from meterledger.facts.payments import ReceiptOnFile, ReceiptState
from meterledger.facts.receivables import AccountMoney, Application, ItemKind, OpenItem
from meterledger.facts.relief import BillRelief
from meterledger.facts.settlements import SettlementKind
from meterledger.kernel.money import usd_text
from meterledger.ledger import OTHER_RECEIVABLE, RECEIVABLE, movement_of, receivable
from meterledger.rulebook.book import BookView
from meterledger.usecases.days_asked import LateBillReads, days_asked
from meterledger.usecases.deposit_history_unknown import (
    CheckoutReads,
    UnknownMoney,
    unknown_checkouts,
)
from meterledger.usecases.deposit_record import ask
from meterledger.usecases.deposit_revisions import TODAY, FactsBy
from meterledger.usecases.ports import StoredBill

OF_REVERSAL = entry_name(REVERSAL, "")
WRITTEN_OFF = (
    entry_name(SettlementKind.WRITE_OFF.value, ""),
    entry_name(SettlementKind.RECOVERY.value, ""),
)
"""Entries by which our books give up a debt, and take up what of it is paid after all."""
MOST_RECEIPTS = 5_000
"""Receipts of one account that are looked at, the newest first: of thirty years and more."""


class HowPaid(Enum):
    """How the bill of one billing period was paid, in the words of the rules."""

    BEFORE_THE_DAY = "before_the_day"
    ON_THE_DAY = "on_the_day"
    MAILED_WITHIN_GRACE = "mailed_within_grace"
    DISPUTED = "disputed"
    LATE = "late"
    UNPAID = "unpaid"
    UNKNOWN = "unknown"
    """Only money of unknown outcome says whether it was paid. No rule is told this word."""


class HistoryStore(CheckoutReads, LateBillReads, Protocol):
    """What this needs of the store."""

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account."""

    def account_money(
        self, account_ids: Collection[str], *, with_due_days: bool = False
    ) -> Mapping[str, AccountMoney]:
        """What open items follow from."""

    def receipts(
        self,
        *,
        account_id: str | None = None,
        state: ReceiptState | None = None,
        known_at: datetime | None = None,
        limit: int = 500,
    ) -> list[ReceiptOnFile]:
        """Receipts of the account, or that stood so at an instant."""

    def relief_of_bills(self, bill_ids: Collection[str]) -> Mapping[str, BillRelief]:
        """What agreements took off bills, by bill; others are left out."""


@dataclass(frozen=True, slots=True)
class BillHistory:
    """A bill, and how it was paid by its delinquent date."""

    bill_id: str
    issued_day: date
    due_day: date
    total_cents: int
    """What it came to: its lines, less what an agreement takes off it."""
    estimated: bool
    """Whether it rests on an estimate that counts as one."""
    disputed: bool
    paid: HowPaid
    paid_in_time_cents: int
    """Paid by the account from its rendition to its delinquent date, by mail with its grace."""
    outstanding_cents: int
    """What the account owed on the day of rendition, this bill included, before payments of it."""

    def as_json(self) -> dict[str, Any]:
        """As it stands in a decision's record."""
        return {
            "bill": self.bill_id,
            "issued": self.issued_day.isoformat(),
            "due": self.due_day.isoformat(),
            "total_usd": usd_text(self.total_cents),
            "estimated": self.estimated,
            "disputed": self.disputed,
            "paid": self.paid.value,
            "paid_in_time_usd": usd_text(self.paid_in_time_cents),
            "outstanding_usd": usd_text(self.outstanding_cents),
        }


@dataclass(frozen=True, slots=True)
class UnpaidItem:
    """An open utility item: when it arose, what is open, and whether it is in dispute."""

    charged_day: date
    cents: int
    due_day: date | None
    disputed: bool

    def is_overdue(self, on: date) -> bool:
        """Whether its day has passed; what has no day of its own is owed from when it arose."""
        return self.due_day is None or self.due_day < on


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """An account's bills whose delinquent date has passed, the oldest first, and what is owed."""

    account_id: str
    bills: tuple[BillHistory, ...]
    every_bill: tuple[BillHistory, ...]
    """Those whose delinquent date is to come, too."""
    balance_cents: int
    open_utility_cents: int
    """What is open of utility charges and of charges beside them; nothing that is written off."""
    disputed_utility_cents: int
    special_cents: int
    special_in_balance_cents: int
    """What of the balance is no charge for utility service: no deposit pays it (GRR VI.C.2)."""
    oldest_unpaid: tuple[UnpaidItem, ...]
    """Utility items that nobody has paid, written off or not, by the day on which they arose."""
    waiting: tuple[str, ...]
    """Bills that ``bills`` leaves out, since nobody knows yet how they were paid."""
    unknown_cents: int
    """All money of unknown outcome that may have come by then."""

    def as_json(self) -> dict[str, Any]:
        """As it stands in a decision's record."""
        return {
            "account": self.account_id,
            "bills": [one.as_json() for one in self.bills],
            "balance_usd": usd_text(self.balance_cents),
        }


@dataclass(frozen=True, slots=True)
class _Books:
    """What the account's books had at an instant."""

    account_id: str
    entries: tuple[Entry, ...]
    applications: tuple[Application, ...]
    due_days: Mapping[str, date]
    mailed: Mapping[str, date]
    """Payments that came by mail: entry and day."""
    unknown: tuple[UnknownMoney, ...]
    """Receipts and checkouts of which nobody knows whether they happened."""
    came_back: frozenset[str]
    """Entries that were taken back, with what took them back."""
    written_off: frozenset[str]
    """Write-offs and recoveries, with what took them back: the debt is owed as before."""
    by: FactsBy
    """The revision by which they are read."""

    def due_day(self, bill: StoredBill) -> date:
        """After which day the bill is late."""
        return self.due_days.get(f"bill:{bill.bill_id}", bill.due_day)

    def open_cents(self, at: date, *, without: Collection[str] = ()) -> dict[str, int]:
        """What is open of each item on an evening, without payments or what was taken back.

        What is written off nobody has paid, and what of it is recovered a payment has.
        """
        owed_all_the_same = self.written_off if self.by.written_off_is_owed else ()
        found = self.items(at, without={*without, *self.came_back, *owed_all_the_same})
        return {one.item_id: one.open_cents for one in found}

    def items(self, at: date, *, without: Collection[str]) -> tuple[OpenItem, ...]:
        """Open items on an evening as they would be without some entries."""
        found = receivable(
            self.account_id,
            [one for one in self.entries if one.entry_id not in without],
            [one for one in self.applications if one.source_entry_id not in without],
            due_days=self.due_days,
            at=at,
        )
        return found.items


def account_history(
    account_id: str,
    *,
    on: date,
    known_at: datetime,
    store: HistoryStore,
    view: BookView,
    disputed: Collection[str] = (),
    since: date | None = None,
    by: FactsBy = TODAY,
) -> AccountHistory:
    """How the account stands on the morning of ``on``, as known at ``known_at``.

    ``disputed`` names bills that are in dispute, by their ids: a person tells that. Bills from
    before ``since`` are left out, and nothing else is. ``by`` is the revision of these facts.

    :raises NoRuleInForce: if the book lacks holidays that a mailed payment needs
    """
    books = _books(account_id, known_at, store, view, by)
    live = [
        one
        for one in store.issued_bills_of_account(account_id)
        if one.known_at <= known_at
        and one.was_live(known_at)
        and (since or one.issued_day) <= one.issued_day <= on
    ]
    live.sort(key=lambda one: (one.issued_day, one.days.from_day, one.bill_id))
    off = store.relief_of_bills([one.bill_id for one in live]) if by.knows_relief else {}
    every = [
        _history(one, off.get(one.bill_id), books, on, view, one.bill_id in disputed)
        for one in live
    ]
    due = [one for one in every if one.due_day < on]
    now = books.items(on, without=())
    owed = books.items(on, without=books.written_off) if books.written_off else now
    in_dispute = {f"bill:{name}" for name in disputed}
    utility = _utility(now)
    return AccountHistory(
        account_id=account_id,
        bills=tuple(one for one in due if one.paid is not HowPaid.UNKNOWN),
        every_bill=tuple(every),
        balance_cents=_balance(books.entries, account_id, on),
        open_utility_cents=sum(one.open_cents for one in utility if one.item_id not in in_dispute),
        disputed_utility_cents=sum(one.open_cents for one in utility if one.item_id in in_dispute),
        special_cents=sum(one.open_cents for one in now if one.kind is ItemKind.SPECIAL),
        special_in_balance_cents=special_cents_of(now, books.entries, account_id),
        oldest_unpaid=tuple(
            UnpaidItem(one.charged_day, one.open_cents, one.due_day, one.item_id in in_dispute)
            for one in _utility(owed)
        ),
        waiting=tuple(one.bill_id for one in due if one.paid is HowPaid.UNKNOWN),
        unknown_cents=sum(one.cents for one in books.unknown if one.day <= on),
    )


def special_cents_of(items: Iterable[OpenItem], entries: Iterable[Entry], account_id: str) -> int:
    """What is open on account 142 of charges that are not for utility service."""
    others = {
        one.entry_id for one in entries if movement_of(one, account_id).control == OTHER_RECEIVABLE
    }
    return sum(
        one.open_cents
        for one in items
        if one.kind is ItemKind.SPECIAL and one.item_id not in others
    )


def _utility(items: Iterable[OpenItem]) -> list[OpenItem]:
    return [one for one in items if one.kind is not ItemKind.SPECIAL and one.open_cents]


def _books(
    account_id: str, known_at: datetime, store: HistoryStore, view: BookView, by: FactsBy
) -> _Books:
    entries = [one for one in store.entries_of_account(account_id) if one.learned_at <= known_at]
    money = store.account_money([account_id], with_due_days=True).get(account_id)
    given = money.applications if money else ()
    law = by.knows_the_law
    asked = days_asked(account_id, known_at, store, with_law=law) if by.asks_when_sent else {}
    mailed = {}
    unknown = []
    if by.knows_checkouts:
        unknown = unknown_checkouts(account_id, known_at, store, time_zone=view.time_zone)
    for known in _receipts(account_id, known_at, store):
        steps = [one for one in known.steps if one.learned_at <= known_at]
        if not steps:
            continue
        if known.receipt.is_mailed:
            mailed[f"payment:{known.receipt.payment_key}"] = known.receipt.received_day
        if steps[-1].state is ReceiptState.UNKNOWN:
            told = known.receipt
            unknown.append(UnknownMoney(told.received_day, told.cents, told.is_mailed))
    return _Books(
        account_id,
        tuple(entries),
        tuple(one for one in given if one.learned_at <= known_at),
        {**dict(money.due_days if money else ()), **asked},
        mailed,
        tuple(unknown),
        _came_back(entries),
        frozenset(one.entry_id for one in entries if _root(one.entry_id).startswith(WRITTEN_OFF)),
        by,
    )


def _root(entry_id: str) -> str:
    """The name of an entry, or of what it takes back in the end."""
    while entry_id.startswith(OF_REVERSAL):
        entry_id = entry_id.removeprefix(OF_REVERSAL)
    return entry_id


def _came_back(entries: Sequence[Entry]) -> frozenset[str]:
    """Entries that are taken back, and what did it; not those whose return was taken back.

    What was taken back counts as if it had never been, as late charges have it: a payment that came
    back paid nothing, and a bill that was wrong took nothing from what paid the others.
    """
    by = {one.reverses: one.entry_id for one in entries if one.reverses is not None}
    found: set[str] = set()
    for name in [one for one in by if not one.startswith("reversal:")]:
        chain = [name]
        while chain[-1] in by:
            chain.append(by[chain[-1]])
        if len(chain) % 2 == 0:
            found.update(chain)
    return frozenset(found)


def _receipts(account_id: str, known_at: datetime, store: HistoryStore) -> list[ReceiptOnFile]:
    """Receipts on the account, and those told for it whose outcome nobody knew: no step of theirs
    has reached an account, and it may never have done so.
    """
    on_account = store.receipts(account_id=account_id, limit=MOST_RECEIPTS)
    waiting = store.receipts(state=ReceiptState.UNKNOWN, known_at=known_at, limit=MOST_RECEIPTS)
    known = {one.receipt.payment_key for one in on_account}
    return on_account + [
        one
        for one in waiting
        if one.receipt.account_told == account_id and one.receipt.payment_key not in known
    ]


def _history(
    bill: StoredBill,
    relief: BillRelief | None,
    books: _Books,
    on: date,
    view: BookView,
    disputed: bool,
) -> BillHistory:
    record = read_record(bill.record)
    estimated = (record["usage"].get("estimated") or {}).get("counts_toward_cap", False)
    return BillHistory(
        bill_id=bill.bill_id,
        issued_day=bill.issued_day,
        due_day=books.due_day(bill),
        total_cents=bill.total_cents - (relief.cents if relief else 0),
        estimated=bool(estimated),
        disputed=disputed,
        paid=_paid(bill, books, on, view, disputed),
        paid_in_time_cents=_paid_in_time(bill, books, on, view),
        outstanding_cents=max(0, _outstanding(books, bill.issued_day)),
    )


def _paid(bill: StoredBill, books: _Books, on: date, view: BookView, disputed: bool) -> HowPaid:
    item, due = f"bill:{bill.bill_id}", books.due_day(bill)
    before = min(due - timedelta(days=1), on)
    if due > bill.issued_day and not books.open_cents(before).get(item, 0):
        return HowPaid.BEFORE_THE_DAY
    if not books.open_cents(min(due, on)).get(item, 0):
        return HowPaid.ON_THE_DAY
    if disputed:
        return HowPaid.DISPUTED
    if on > due:
        left = _left_after_grace(item, due, books, on, view)
        if not left:
            return HowPaid.MAILED_WITHIN_GRACE
        if _may_be_paid(item, left, due, books, on, view):
            return HowPaid.UNKNOWN
    return HowPaid.UNPAID if books.open_cents(on).get(item, 0) else HowPaid.LATE


def _left_after_grace(item: str, due: date, books: _Books, on: date, view: BookView) -> int:
    """What of an item its day left open, less what payments by mail, within their grace, paid."""
    after = [
        one
        for one in books.entries
        if one.entry_id.startswith("payment:") and due < one.effective_day <= on
    ]
    timely = _in_grace(after, due, books, view)
    others = {one.entry_id for one in after if one.entry_id not in timely}
    return books.open_cents(max(timely.values(), default=due), without=others).get(item, 0)


def _may_be_paid(item: str, left: int, due: date, books: _Books, on: date, view: BookView) -> bool:
    """Whether money of unknown outcome, had it come in time, would have paid what was left."""
    if not books.by.knows_checkouts:
        owed = books.open_cents(on).get(item, 0)
        return owed > 0 and any(one.day <= due and one.cents >= owed for one in books.unknown)
    if not books.by.waits_for_mail:
        left = books.open_cents(due).get(item, 0)
    in_time = (one.cents for one in books.unknown if _would_be_timely(one, due, books, on, view))
    return left <= sum(in_time)


def _would_be_timely(
    money: UnknownMoney, due: date, books: _Books, on: date, view: BookView
) -> bool:
    if money.day <= due:
        return True
    by_mail = books.by.waits_for_mail and money.is_mailed and money.day <= on
    return by_mail and _is_timely(due, money.day, view)


def _in_grace(
    payments: Iterable[Entry], due: date, books: _Books, view: BookView
) -> dict[str, date]:
    """Those of payments after a day that came by mail within its grace, with the day they came."""
    return {
        one.entry_id: one.effective_day
        for one in payments
        if one.entry_id in books.mailed and _is_timely(due, books.mailed[one.entry_id], view)
    }


def _is_timely(due: date, received: date, view: BookView) -> bool:
    facts = {
        "delinquent_date": due.isoformat(),
        "channel": "mail",
        "received": received.isoformat(),
    }
    return bool(ask("late.timely", facts, on=due, view=view).outcome.timely)


def _balance(entries: Iterable[Entry], account_id: str, at: date) -> int:
    return sum(
        leg.cents
        for entry in entries
        if entry.effective_day <= at
        for leg in entry.legs
        if leg.customer_account_id == account_id and leg.ledger_account == RECEIVABLE
    )


def _outstanding(books: _Books, issued: date) -> int:
    """What the account owed on a bill's day before that day's payments: they are paid of it."""
    of_day = {
        one.entry_id
        for one in books.entries
        if one.entry_id.startswith("payment:") and one.effective_day == issued
    }
    if not books.by.counts_day_of_bill:
        of_day = set()
    others = [one for one in books.entries if _root(one.entry_id) not in of_day]
    return _balance(others, books.account_id, issued)


def _paid_in_time(bill: StoredBill, books: _Books, on: date, view: BookView) -> int:
    """What payments brought since the rendition, and in time, less what was taken back."""
    issued, due, by = bill.issued_day, books.due_day(bill), books.by
    taken_back: Collection[str | None] = books.came_back
    if not by.counts_mail_in_grace:
        taken_back = {one.reverses for one in books.entries}
    came = [
        one
        for one in books.entries
        if one.entry_id.startswith("payment:")
        and one.entry_id not in taken_back
        and issued <= one.effective_day <= on
        and (by.counts_day_of_bill or issued < one.effective_day or issued == min(due, on))
    ]
    in_time = [one for one in came if one.effective_day <= due]
    if by.counts_mail_in_grace and view.reading_option(TIMELY_READING) == ONE_DEFINITION:
        after = [one for one in came if one.effective_day > due]
        mailed = _in_grace(after, due, books, view)
        in_time += [one for one in after if one.entry_id in mailed]
    return max(0, -_balance(in_time, books.account_id, on))


def payments_of(bills: Sequence[BillHistory]) -> list[str]:
    """How the bills were paid, as rules ask for it, the oldest first."""
    return [one.paid.value for one in bills]
