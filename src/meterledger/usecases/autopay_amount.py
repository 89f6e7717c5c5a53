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

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.ach_orders import AchOrder, OrderKind
from meterledger.facts.budget import asked_of
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


def stated_cents(bill: StoredBill) -> int:
    """The amount due of a bill's statement: the balance before it, and what the bill asks."""
    return bill.previous_balance_cents + asked_of(bill.record, bill.total_cents)


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


def drawn_by_account(orders: Iterable[AchOrder]) -> dict[str, int]:
    """Cents of debits that are on their way, by account."""
    found: dict[str, int] = {}
    for one in orders:
        if one.kind is OrderKind.DEBIT:
            found[one.account_id] = found.get(one.account_id, 0) + one.cents
    return found


def on_their_way(store: OrdersWaiting, *, without: Collection[str] = ()) -> dict[str, int]:
    """Cents of debits ordered for any day and in no file yet, by account."""
    waiting = store.orders_to_send(date.max)
    return drawn_by_account(one for one in waiting if one.order_id not in without)
