"""Settlements: balances moved, credits given back, debts written off, money nobody claimed.

Lives here      frozen nouns: a settlement with its steps, who is paid, and what was decided.
Lives elsewhere whether it may be (``ledger``), what is done (``usecases``), the rows (``stores``).
Read first      docs/operating/settlements.md; docs/glossary.md: "settlement", "refund".

A settlement is decided once, with its record, and then goes step by step. Steps are only added;
where it stands follows from the last of them. Each step posts one entry or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from meterledger.facts.receivables import ItemKind
from meterledger.kernel.ensure import ensure


class SettlementKind(Enum):
    """What is settled. The word is the prefix of its entries."""

    TRANSFER = "transfer"
    REFUND = "refund"
    WRITE_OFF = "write-off"
    RECOVERY = "recovery"
    FEE = "fee"
    CREDIT = "credit"
    PROVISION = "provision"
    SPECIAL = "special"


CREDIT = "credit"
"""The source of a transfer that moves a credit, where others move a debt."""

MOVED_AS = {
    ItemKind.LATE_CHARGE: "late-charge",
    ItemKind.SERVICE_FEE: "service-fee",
    ItemKind.SPECIAL: "special",
}
"""What the name of a moved part says that it is; a name without such a word is of service."""

LATE_BY_US = "late-by-us"
"""The word in the name of a moved part that was billed late by us: no late charge is put on it."""

LEAVES_OR_FORGIVES = frozenset({SettlementKind.REFUND, SettlementKind.CREDIT})
"""Kinds by which money leaves or is forgiven."""
ALWAYS_TWO = LEAVES_OR_FORGIVES | {SettlementKind.SPECIAL}
"""Kinds that need two people, whatever the amount."""
ONCE_A_PAYMENT = frozenset({SettlementKind.FEE, SettlementKind.RECOVERY})
"""Kinds of which one stands at a time for each payment."""


class Act(Enum):
    """One step of a settlement."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    REVERSED = "reversed"
    SENT = "sent"
    CLEARED = "cleared"
    STOPPED = "stopped"
    RETURNED = "returned"
    NOTICED = "noticed"
    UNCLAIMED = "unclaimed"
    CLAIMED = "claimed"
    ESCHEATED = "escheated"


TO_BE_SENT = frozenset({Act.APPROVED, Act.STOPPED, Act.RETURNED, Act.CLAIMED})
"""After these a refund lies with us, owed and not on its way."""

_AFTER: Mapping[Act, frozenset[Act]] = {
    Act.ASKED: frozenset({Act.APPROVED, Act.REFUSED}),
    Act.SENT: frozenset({Act.CLEARED, Act.STOPPED, Act.RETURNED}),
    Act.UNCLAIMED: frozenset({Act.NOTICED, Act.CLAIMED, Act.ESCHEATED}),
    Act.NOTICED: frozenset({Act.NOTICED, Act.CLAIMED, Act.ESCHEATED}),
    **dict.fromkeys(TO_BE_SENT, frozenset({Act.SENT, Act.UNCLAIMED, Act.REVERSED})),
}
_ONCE_POSTED = frozenset({Act.REVERSED})


def may_follow(kind: SettlementKind, last: Act) -> frozenset[Act]:
    """The acts that may come after ``last``; only refunds go further than their entry."""
    if kind is not SettlementKind.REFUND and last is Act.APPROVED:
        return _ONCE_POSTED
    return _AFTER.get(last, frozenset())


class Means(Enum):
    """How money goes back."""

    CHECK = "check"
    ACH = "ach"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class VerifiedPayee:
    """Somebody who was checked to be the one that money of an account may go to.

    ``details`` is the address of a check, or the name of a bank account that the channel keeps; no
    number of a bank account stands here.
    """

    payee_id: str
    account_id: str
    name: str
    means: Means
    details: str
    verified_by: str
    evidence: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Payee:
    """To whom a refund goes: back to where a payment came from, or to a verified payee.

    Exactly one of ``payment_key`` and ``payee_id`` is given.
    """

    name: str
    means: Means
    payment_key: str = ""
    payee_id: str = ""

    def __post_init__(self) -> None:
        ensure(
            bool(self.payment_key) != bool(self.payee_id),
            "a refund goes to the source of the money or to a verified payee",
        )


@dataclass(frozen=True, slots=True)
class Step:
    """What was done, by whom and why. ``reference`` is of the world outside: a check's number."""

    act: Act
    on: date
    learned_at: datetime
    by: str
    reason: str
    entry_id: str = ""
    reference: str = ""


def key_of_moved(moved: str, kind: ItemKind, number: int, *, late_by_us: bool = False) -> str:
    """The key of one part of a balance that moves: ``KEY``, ``KEY.2``, ``KEY.late-charge``,
    ``KEY.late-by-us``."""
    words = [moved, MOVED_AS.get(kind, ""), LATE_BY_US if late_by_us else ""]
    return ".".join([*filter(None, words), *([str(number)] if number > 1 else [])])


def kind_of_moved(entry_id: str) -> ItemKind:
    """What a balance that moved was charged for, by the name of its entry."""
    words = entry_id.split(".")[1:]
    return next((kind for kind, word in MOVED_AS.items() if word in words), ItemKind.UTILITY)


def is_late_by_us(entry_id: str) -> bool:
    """Whether a balance that moved was billed late by us, by the name of its entry."""
    of_transfer = entry_id.startswith(f"{SettlementKind.TRANSFER.value}:")
    return of_transfer and LATE_BY_US in entry_id.split(".")[1:]


_DEPOSIT = re.compile(r"\.(D-[0-9a-f]{16})(?=[.:-]|$)")


def refund_of_order(order_id: str) -> str:
    """The refund that an order of a credit is of: ``refund:KEY`` of ``refund:KEY:2``."""
    return ":".join(order_id.split(":")[:2])


def refund_of_deposits(key: str, deposit_ids: Iterable[str]) -> str:
    """The key of a refund that says of which deposits it is: ``….deposit.D-0123456789abcdef``."""
    return ".".join([key, *sorted(deposit_ids)])


def deposits_of_refund(settlement_id: str) -> tuple[str, ...]:
    """The deposits that the name of a refund says that it is of; none where it is of all."""
    return tuple(_DEPOSIT.findall(settlement_id))


@dataclass(frozen=True, slots=True)
class SettlementCase:
    """One settlement from the day it was asked for.

    ``source`` is the ledger account that the money comes off: ``142`` or ``235``. A transfer moves
    what ``account_id`` owes to ``to_account_id``; with the source ``credit`` it moves its credit.
    ``by_day`` is by when a refund is to have gone, and when a debt that was moved is or was due;
    None where no bill had asked for it yet.
    ``about`` is the payment that a fee or a recovery is of, or what a special charge is for.
    ``ceiling_cents`` says above which
    amount two people are needed; ``needs_two`` whether they are here.
    """

    key: str
    kind: SettlementKind
    account_id: str
    cents: int
    source: str
    needs_two: bool
    record: bytes
    steps: tuple[Step, ...]
    to_account_id: str = ""
    payee: Payee | None = None
    about: str = ""
    ceiling_cents: int | None = None
    by_day: date | None = None

    def __post_init__(self) -> None:
        ensure(self.cents > 0, f"settlement {self.key} is of a positive amount")
        ensure(bool(self.steps), f"settlement {self.key} was asked for by somebody")
        ensure(self.steps[0].act is Act.ASKED, f"settlement {self.key} begins by being asked for")
        ensure(
            (self.kind is SettlementKind.REFUND) == (self.payee is not None),
            f"settlement {self.key} has a payee if it is a refund, and only then",
        )

    @property
    def settlement_id(self) -> str:
        """Its name, and the name of the entry that settles it."""
        return f"{self.kind.value}:{self.key}"

    @property
    def asked(self) -> Step:
        """Who asked for it, when and why."""
        return self.steps[0]

    @property
    def last(self) -> Step:
        """Where it stands."""
        return self.steps[-1]

    @property
    def moved_as(self) -> str:
        """The key that all parts of one moved balance share; else its own."""
        is_part = self.kind is SettlementKind.TRANSFER and not self.takes_credit
        return self.key.partition(".")[0] if is_part else self.key

    @property
    def takes_credit(self) -> bool:
        """Whether it takes what the account has more than it owes."""
        return self.kind is SettlementKind.REFUND or self.source == CREDIT

    @property
    def ways(self) -> frozenset[Act]:
        """What may be done with it now."""
        return may_follow(self.kind, self.last.act)

    @property
    def is_open_refund(self) -> bool:
        """Whether its money stands on ``232.refunds``: owed, and neither paid nor sent."""
        return self.kind is SettlementKind.REFUND and self.last.act in TO_BE_SENT

    @property
    def awaits_approval(self) -> bool:
        """Whether another person has to look at it."""
        return self.last.act is Act.ASKED

    @property
    def next_order_id(self) -> str:
        """The name of the order of its next sending: ``refund:KEY``, then ``refund:KEY:2``."""
        number = self.count(Act.SENT) + 1
        return self.settlement_id if number == 1 else f"{self.settlement_id}:{number}"

    def may_leave_as(self, order_id: str, account_id: str, cents: int) -> bool:
        """Whether an order to a bank is what two people agreed to, and is not on its way yet."""
        return (
            self.is_open_refund
            and self.payee is not None
            and self.payee.means is Means.ACH
            and (self.next_order_id, self.account_id, self.cents) == (order_id, account_id, cents)
        )

    def count(self, act: Act) -> int:
        """How many steps of an act there are."""
        return sum(one.act is act for one in self.steps)

    def told(self) -> dict[str, Any]:
        """What makes two settlements of one name the same: all but its steps and its record."""
        return {
            "kind": self.kind.value,
            "account": self.account_id,
            "to_account": self.to_account_id,
            "cents": self.cents,
            "source": self.source,
            "about": self.about,
        }
