"""What autopay may draw for a bill: what its statement asks and is open, less what is set apart.

Lives here      the items that a statement asked for, and how much of them is open; draws that are
                on their way; ports for what agreements defer and what is in dispute.
Lives elsewhere whether it is drawn (``billing.autopay``), the journeys (``autopay``, ``ach_out``),
                open items (``ledger``).
Read first      docs/operating/payment_channels.md.

A statement asks for the balance before its bill and for what the bill asks: late charges and fees
that were charged before stand in it, and what was charged since does not. A deposit that was asked
for is no part of the balance, and is never drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.ach_orders import AchOrder, OrderKind
from meterledger.facts.budget import asked_of
from meterledger.facts.checkouts import PendingMoney
from meterledger.facts.entry_names import relief_name
from meterledger.facts.receivables import AccountMoney, OpenItem
from meterledger.ledger import RECEIVABLE, receivable_of_movements
from meterledger.usecases.late_charge_ports import Agreements, NoneYet
from meterledger.usecases.ports import StoredBill


class Disputes(Protocol):
    """Amounts of bills in dispute, from their own chapter."""

    def disputed_cents(self, account_ids: Sequence[str], on: date) -> Mapping[str, int]:
        """Cents in dispute by account; accounts without are left out."""


class NoDisputes:
    """The answer while no dispute of a bill is kept."""

    def disputed_cents(self, account_ids: Sequence[str], on: date) -> Mapping[str, int]:
        """None."""
        return {}


@dataclass(frozen=True, slots=True)
class SetApart:
    """Who tells what of an account is not to be drawn."""

    agreements: Agreements = field(default_factory=NoneYet)
    disputes: Disputes = field(default_factory=NoDisputes)

    def deferred_cents(self, account_id: str, on: date, known_at: datetime) -> int:
        """What an agreement that is kept collects in later instalments. One that ended by default
        defers nothing."""
        told = self.agreements.agreements_on([account_id], on, known_at).get(account_id)
        return 0 if told is None or told.ended_by_default else told.balance_not_due_cents

    def disputed_cents(self, account_id: str, on: date) -> int:
        """What is in dispute."""
        return self.disputes.disputed_cents([account_id], on).get(account_id, 0)


class OrdersWaiting(Protocol):
    """Where orders are that are in no file yet."""

    def orders_to_send(self, until: date) -> list[AchOrder]:
        """Orders of days up to ``until`` that are in no file and not dropped."""


class MoneyOfUnknownOutcome(Protocol):
    """Where money is of which nobody knows whether it came."""

    def pending_money(
        self, account_ids: Collection[str], day: date
    ) -> Mapping[str, tuple[PendingMoney, ...]]:
        """Money that may come, or may have come."""

    def unknown_receipt_cents(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> Mapping[str, int]:
        """Cents of receipts whose outcome was unknown at the instant; other accounts are left
        out."""


def may_have_come_cents(
    account_id: str, on: date, now: datetime, store: MoneyOfUnknownOutcome
) -> int:
    """What may have paid an account already: checkouts and receipts of unknown outcome."""
    pending = store.pending_money([account_id], on).get(account_id, ())
    begun = sum(one.cents for one in pending if one.cause.startswith("checkout:"))
    return begun + store.unknown_receipt_cents([account_id], now).get(account_id, 0)


def stated_cents(bill: StoredBill, money: AccountMoney | None) -> int:
    """The amount due of a bill's statement: the balance before it, and what the bill asks, less
    what an agreement takes off it.
    """
    off = _relief_cents(bill.bill_id, money)
    return bill.previous_balance_cents + asked_of(bill.record, bill.total_cents) + off


def past_cents(
    bill: StoredBill, bills: Sequence[StoredBill], money: AccountMoney | None, *, since: date
) -> tuple[int, ...]:
    """What bills since a day and before a bill came to, each less what was taken off it."""
    return tuple(
        one.total_cents + _relief_cents(one.bill_id, money)
        for one in bills
        if one.bill_id != bill.bill_id and since <= one.issued_day < bill.issued_day
    )


def _relief_cents(bill_id: str, money: AccountMoney | None) -> int:
    """What an agreement takes off a bill, as it moved the account: zero or less."""
    name = relief_name(bill_id)
    return sum(one.cents for one in (money.movements if money else ()) if one.entry_id == name)


def stated_items(bill: StoredBill, money: AccountMoney, *, at: date) -> tuple[OpenItem, ...]:
    """What the statement of a bill asked for and is open on the evening of ``at``, oldest first.

    Money received since lessens it. What was charged after the statement, or was told only after
    it, is not among it; nor is what other receivables (143) ask.
    """
    own = f"bill:{bill.bill_id}"
    asked = {
        one.entry_id
        for one in money.movements
        if one.control == RECEIVABLE
        and (
            one.entry_id == own
            or (one.effective_day <= bill.issued_day and one.learned_at <= bill.known_at)
        )
    }
    found = receivable_of_movements(
        bill.account_id, money.movements, money.applications, due_days={}, at=at
    )
    return tuple(one for one in found.items if one.open_cents and one.item_id in asked)


def on_their_way(store: OrdersWaiting) -> dict[str, list[AchOrder]]:
    """Debits ordered for any day and in no file yet, by account."""
    found: dict[str, list[AchOrder]] = {}
    for one in store.orders_to_send(date.max):
        if one.kind is OrderKind.DEBIT:
            found.setdefault(one.account_id, []).append(one)
    return found


def still_drawn_cents(
    waiting: Iterable[AchOrder],
    money: AccountMoney | None,
    bill_of: Callable[[str], StoredBill],
    *,
    at: date,
) -> int:
    """Cents of an account's debits on their way, as far as what they are drawn for is open.

    One whose statement was paid meanwhile, or whose bill was canceled, will be dropped: it keeps
    nothing from the next bill. What is still open of one that was paid in part counts: a person is
    asked about it when it is dropped.
    """
    open_: dict[str, int] = {}
    cents = 0
    for one in waiting:
        if not one.cause.startswith("bill:"):
            cents += one.cents
            continue
        bill = bill_of(one.cause.removeprefix("bill:"))
        if money is None or bill.cancelled_by is not None:
            continue
        stated = {item.item_id: item.open_cents for item in stated_items(bill, money, at=at)}
        open_ |= stated
        left = min(sum(stated.values()), sum(open_.values()) - cents)
        cents += max(0, min(one.cents, left))
    return cents
