"""What we ask banks to move: bank accounts, orders, files sent, and what came back.

Lives here      the nouns of our side; files as banks see them are in ``facts/ach``.
Lives elsewhere who may be debited (``billing/autopay``), what a return means
                (``billing/debit_returns``), keeping (``stores``).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.facts.ach import CENTS_MAX_OF_ENTRY, AchStandard, BankAccountKind
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import Validity


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A bank account of a customer. Its number is kept sealed; people see the last four digits.

    ``fingerprint`` is the same for the same account at the same bank and tells nothing of it.
    """

    bank_id: str
    account_id: str
    holder: str
    routing_number: str
    kind: BankAccountKind
    last_four: str
    fingerprint: str
    sealed: bytes
    learned_at: datetime
    replaces: str = ""
    """The version before it, where the customer's bank told us of another way to write it."""
    from_day: date | None = None
    """The day from which it holds; None for a first version."""


def bank_version(
    bank_id: str, banks: Iterable[BankAccount], *, on: date, known_at: datetime
) -> BankAccount | None:
    """The version of a bank account that holds on a day, as known at an instant."""
    banks = list(banks)
    found = next((one for one in banks if one.bank_id == bank_id), None)
    while found is not None:
        name = found.bank_id
        later = [
            one
            for one in banks
            if one.replaces == name
            and one.learned_at <= known_at
            and (one.from_day is None or one.from_day <= on)
        ]
        if not later:
            return found
        found = max(later, key=lambda one: (one.learned_at, one.bank_id))
    return None


def ways_written(fingerprint: str, banks: Iterable[BankAccount]) -> frozenset[str]:
    """Fingerprints of one bank account in all its versions, one of which has ``fingerprint``."""
    known = list(banks)
    by_id = {one.bank_id: one for one in known}
    pairs = [
        (by_id[one.replaces].fingerprint, one.fingerprint) for one in known if one.replaces in by_id
    ]
    found, more = {fingerprint}, True
    while more:
        before = len(found)
        for pair in pairs:
            if not found.isdisjoint(pair):
                found |= set(pair)
        more = len(found) > before
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class BankChangeTold:
    """That a customer was told of a version that a bank's notice made."""

    bank_id: str
    by: str
    how: str
    learned_at: datetime


class StopKind(Enum):
    """Why a bank account is not debited any more."""

    CLOSED = "stopped"
    NEVER = "not authorized"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class BankStop:
    """A bank account that is not debited from a day on, and the code that says so."""

    account_id: str
    fingerprint: str
    kind: StopKind
    code: str
    on: date
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A customer lets us draw each bill on its due day, for some days, up to an own ceiling."""

    enrollment_id: str
    account_id: str
    bank_id: str
    standard: AchStandard
    days: Validity
    most_cents: int | None
    authorized: str
    by: str
    learned_at: datetime


class OrderKind(Enum):
    """Which way the money goes."""

    DEBIT = "debit"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class AchOrder:
    """One movement that we ask for. Its id is what it is for, so that it is asked for once.

    ``autopay:BILL:1`` draws a bill for the first time, ``refund:KEY`` pays a refund.
    """

    order_id: str
    kind: OrderKind
    account_id: str
    bank_id: str
    cents: int
    on: date
    standard: AchStandard
    description: str
    cause: str
    attempt: int
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(0 < self.cents <= CENTS_MAX_OF_ENTRY, f"order {self.order_id} moves money")


@dataclass(frozen=True, slots=True)
class SentEntry:
    """An order in a file, under the trace number by which banks answer."""

    file_id: str
    trace: str
    order_id: str

    @property
    def payment_key(self) -> str:
        """The key of the payment that a debit posts."""
        return f"ach:{self.file_id}:{self.trace[-7:]}"


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that was made. The same rows make the same bytes, so it can be written again."""

    file_id: str
    created_day: date
    modifier: str
    effective_day: date
    bank_routing: str
    company_id: str
    company_name: str
    bank_name: str
    debit_cents: int
    credit_cents: int
    learned_at: datetime
    entries: tuple[SentEntry, ...]


class ReturnAct(Enum):
    """What a return leads to."""

    AGAIN = "again"
    STOP = "stop the bank account"
    NEVER = "never debit again"
    ASK = "ask a person"
    CHANGE = "enter the bank account again"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class ReturnedEntry:
    """An entry of ours that came back, or that a bank wants changed; once for each.

    ``order_id`` is empty where the trace number is none of ours: a person looks.
    """

    returned_id: str
    file_sha256: str
    trace: str
    original_trace: str
    order_id: str
    code: str
    act: ReturnAct
    cents: int
    on: date
    sentence: str
    learned_at: datetime
    corrected: str = ""

    @property
    def is_change(self) -> bool:
        """Whether nothing came back, and only details are to be other."""
        return self.code.startswith("C")

    @property
    def asks_a_person(self) -> bool:
        """Whether somebody has to look: all but what is drawn again by itself."""
        return self.act is not ReturnAct.AGAIN


@dataclass(frozen=True, slots=True)
class ReturnDone:
    """That a person dealt with an entry that came back: who, when and how."""

    returned_id: str
    on: date
    by: str
    reason: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class AutopayQuestion:
    """A bill on autopay that is not drawn until a person has asked its customer.

    ``number`` counts the questions of a bill from one: what was drawn by an answer and dropped
    again is asked anew.
    """

    bill_id: str
    account_id: str
    on: date
    cents: int
    reasons: tuple[str, ...]
    learned_at: datetime
    number: int = 1


@dataclass(frozen=True, slots=True)
class AutopayAnswered:
    """What a person decided about a question: drawn all the same, or left to the customer.

    ``number`` is that of the question.
    """

    bill_id: str
    is_drawn: bool
    by: str
    reason: str
    learned_at: datetime
    number: int = 1


@dataclass(frozen=True, slots=True)
class DroppedOrder:
    """An order that no file takes any more: its bill was paid, canceled or stopped meanwhile."""

    order_id: str
    on: date
    reason: str
    learned_at: datetime
