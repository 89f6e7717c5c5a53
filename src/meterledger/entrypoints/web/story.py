"""A balance as a story: what moved it, when, and what stood after; which bills are still open.

Lives here      reading entries and bills for display. Nothing is posted here, and no balance or
                open item is computed that the journal and the applications do not give.
Lives elsewhere what is open of each item, by the order of the sheet (``ledger.open_items``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from meterledger.entrypoints.web.money_words import cause_address
from meterledger.entrypoints.web.words import span_words
from meterledger.facts.budget import asked_of
from meterledger.facts.money import Entry, Leg
from meterledger.ledger import RECEIVABLE, Receivable, account_name
from meterledger.usecases.ports import StoredBill

BILL_ENTRY = "bill:"


@dataclass(frozen=True, slots=True)
class BillState:
    """A bill and how much of it is still open."""

    bill: StoredBill
    open_cents: int
    asked_cents: int
    """What it asked: its total, or what a budget plan asked instead, less what an agreement takes
    off it."""

    @property
    def words(self) -> str:
        """``Paid``, ``Open`` or ``Partly paid``."""
        if self.open_cents == 0:
            return "Paid" if self.asked_cents > 0 else "Settled"
        return "Open" if self.open_cents == self.asked_cents else "Partly paid"


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the story and the balance after it."""

    day: date
    words: str
    address: str
    """The page of its cause; empty where it has none."""
    cents: int
    balance_cents: int
    entry_id: str
    legs: tuple[tuple[str, str, int], ...]
    """(ledger account, its name, cents) of every leg."""


def bill_states(bills: Sequence[StoredBill], money: Receivable | None) -> list[BillState]:
    """How much of each bill is open, in their order: what the account's open items say of it.

    ``money`` is None for an account of which nothing was ever asked or paid.
    """
    items = {one.item_id: one for one in (money.items if money else ())}
    states = []
    for bill in bills:
        item = items.get(f"{BILL_ENTRY}{bill.bill_id}")
        asked = asked_of(bill.record, bill.total_cents)
        states.append(
            BillState(bill, 0, asked)
            if item is None
            else BillState(bill, item.open_cents, item.charged_cents)
        )
    return states


def story_of(
    account_id: str, entries: Sequence[Entry], bills: Mapping[str, StoredBill]
) -> list[Step]:
    """The entries in order, each with the account's balance after it; what is taken back first."""
    steps: list[Step] = []
    balance = 0
    for entry in sorted(
        entries, key=lambda one: (one.effective_day, one.learned_at, one.reverses is None)
    ):
        moved = sum(leg.cents for leg in entry.legs if _is_receivable_of(account_id, leg))
        balance += moved
        name = entry.entry_id.removeprefix(BILL_ENTRY)
        bill = bills.get(name) if entry.entry_id.startswith(BILL_ENTRY) else None
        steps.append(
            Step(
                day=entry.effective_day,
                words=_bill_words(bill) if bill else _sentence(entry.cause),
                address=cause_address(entry.entry_id, entry.cause),
                cents=moved,
                balance_cents=balance,
                entry_id=entry.entry_id,
                legs=tuple(
                    (leg.ledger_account, account_name(leg.ledger_account), leg.cents)
                    for leg in entry.legs
                ),
            )
        )
    return steps


def _is_receivable_of(account_id: str, leg: Leg) -> bool:
    return leg.ledger_account == RECEIVABLE and leg.customer_account_id == account_id


def _bill_words(bill: StoredBill) -> str:
    of_kind = "Corrected bill" if bill.corrects else "Bill"
    cancelled = ", cancelled since" if bill.cancelled_by else ""
    return f"{of_kind} for {span_words(bill.days)}{cancelled}"


def _sentence(cause: str) -> str:
    return cause[:1].upper() + cause[1:]
