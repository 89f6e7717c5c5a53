"""Journal entries and payments: balanced, append-only, keyed by what they mean.

Made by ``ledger``; kept by ``stores``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.kernel.ensure import ensure


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry. Debits are positive cents, credits negative.

    ``ledger_account`` is a control account of the chart (``142 customer receivables``);
    ``customer_account_id`` ties a receivable leg to whose it is, and is None elsewhere.
    """

    ledger_account: str
    cents: int
    customer_account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A balanced journal entry. Two dates: when it is effective, and when we learned of it.

    :raises InvariantBroken: if it does not balance, has an empty leg, or fewer than two legs
    """

    entry_id: str
    effective_day: date
    learned_at: datetime
    legs: tuple[Leg, ...]
    cause: str
    reverses: str | None = None

    def __post_init__(self) -> None:
        ensure(len(self.legs) >= 2, f"entry {self.entry_id} moves value between accounts")
        ensure(all(leg.cents != 0 for leg in self.legs), f"entry {self.entry_id} has no empty leg")
        ensure(sum(leg.cents for leg in self.legs) == 0, f"entry {self.entry_id} balances")


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
