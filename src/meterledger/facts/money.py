"""Journal entries and payments: balanced, append-only, keyed by what they mean.

Made by ``ledger``; kept by ``stores``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.kernel.ensure import ensure

CONTROLS_WITH_SUB_LEDGER = ("142", "143", "235", "252")
SUB_ACCOUNTS_WITH_SUB_LEDGER = ("232.refunds", "242.unclaimed")
"""Accounts of which every leg, and no leg of another, is a customer's: the sub-ledger is the
control account by customer. The database has the same list (``ledger`` migration 0002)."""


def has_sub_ledger(ledger_account: str) -> bool:
    """Whether legs on this account are a customer's."""
    control = ledger_account.partition(".")[0]
    return control in CONTROLS_WITH_SUB_LEDGER or ledger_account in SUB_ACCOUNTS_WITH_SUB_LEDGER


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry. Debits are positive cents, credits negative.

    ``ledger_account`` is a control account of the chart (``142 customer receivables``);
    ``customer_account_id`` ties a leg to whose it is where the account has a sub-ledger (``142``,
    ``235`` and others), and is None elsewhere.
    """

    ledger_account: str
    cents: int
    customer_account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A balanced journal entry. Two dates: when it is effective, and when we learned of it.

    ``booked_day`` is its accounting day, None where that is the effective day. Journeys leave it
    out: the store books an entry whose period is closed on the first open day.

    :raises InvariantBroken: if it does not balance, has an empty leg, or fewer than two legs; if a
        leg on an account with a sub-ledger names no customer, or another leg names one
    """

    entry_id: str
    effective_day: date
    learned_at: datetime
    legs: tuple[Leg, ...]
    cause: str
    reverses: str | None = None
    booked_day: date | None = None

    def __post_init__(self) -> None:
        ensure(len(self.legs) >= 2, f"entry {self.entry_id} moves value between accounts")
        ensure(all(leg.cents != 0 for leg in self.legs), f"entry {self.entry_id} has no empty leg")
        ensure(sum(leg.cents for leg in self.legs) == 0, f"entry {self.entry_id} balances")
        ensure(
            self.booked_day is None or self.booked_day > self.effective_day,
            f"entry {self.entry_id} is booked after its effective day, or on it",
        )
        wrong = next((leg for leg in self.legs if _is_misplaced(leg)), None)
        ensure(
            wrong is None,
            f"entry {self.entry_id} names a customer where the account has a sub-ledger, and only "
            f"there: not so on {wrong.ledger_account if wrong else ''}",
        )


def _is_misplaced(leg: Leg) -> bool:
    return has_sub_ledger(leg.ledger_account) != (leg.customer_account_id is not None)


class Tender(Enum):
    """What was handed over. How it reached us (a desk, a lockbox, a file) is another fact."""

    CASH = "cash"
    CHECK = "check"
    MONEY_ORDER = "money order"
    ACH = "ach"
    CARD = "card"
    WALLET = "wallet"
    PLEDGE = "pledge"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received for an account. Whoever took it chose ``payment_key``, unique for ever."""

    payment_key: str
    account_id: str
    cents: int
    tender: Tender
    received_day: date
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(self.cents > 0, f"payment {self.payment_key} is of a positive amount")
