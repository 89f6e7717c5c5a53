"""Files of the Automated Clearing House as nouns: file, batch, entry, return, change.

Lives here      frozen nouns and which transaction codes are debits; positions of a record are not.
Lives elsewhere reading and writing files (``stores/gateways/nacha``), what a return code means for
                us (``billing/debit_returns``), which entries are ours (``usecases/ach_*``).
Read first      docs/operating/payment_channels.md; docs/glossary.md: "ACH", "return", "trace".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.kernel.ensure import ensure

CENTS_MAX_OF_ENTRY = 10**10 - 1
"""Ten digits of cents: the most that one entry can move."""

_CHECKING, _SAVINGS = 20, 30
_CREDITS = frozenset({1, 2, 3})
_DEBITS = frozenset({6, 7, 8})
_RETURNS = frozenset({1, 6})


class AchStandard(Enum):
    """The standard entry class of a batch: who was asked, and how."""

    PPD = "PPD"
    """A consumer who signed on paper; or credits to one."""
    WEB = "WEB"
    """A consumer who authorized over the internet."""
    CIE = "CIE"
    """A consumer who paid a bill at the own bank."""
    CTX = "CTX"
    """A company that says in addenda what it pays."""
    CCD = "CCD"
    """A company's payment of one thing."""
    COR = "COR"
    """Notifications of change."""


class BankAccountKind(Enum):
    """Which tens of a transaction code."""

    CHECKING = "checking"
    SAVINGS = "savings"


def transaction_code(kind: BankAccountKind, *, is_debit: bool) -> int:
    """27 draws from a checking account, 37 from savings; 22 and 32 pay into them."""
    tens = _CHECKING if kind is BankAccountKind.CHECKING else _SAVINGS
    return tens + (7 if is_debit else 2)


CORRECTED = {
    "C01": "account:1-17",
    "C02": "routing:1-9",
    "C03": "routing:1-9 account:13-29",
    "C05": "code:1-2",
    "C06": "account:1-17 code:21-22",
    "C07": "routing:1-9 account:10-26 code:27-28",
}
"""Columns of the corrected data (29, from 1) of a notification of change, by its code: a part of
the file's form, as published guides to the Nacha Operating Rules give it. Which codes change a bank
account is dated data of the book."""


def kind_of_code(code: int) -> BankAccountKind:
    """The kind of account that a transaction code is of."""
    return BankAccountKind.SAVINGS if code >= _SAVINGS else BankAccountKind.CHECKING


def code_is_known(code: int) -> bool:
    """Whether it is a transaction code of a checking or savings account."""
    return code // 10 * 10 in (_CHECKING, _SAVINGS) and code % 10 in _CREDITS | _DEBITS


def code_is_debit(code: int) -> bool:
    """Whether the entry's cents count among the debits of its batch."""
    return code % 10 in _DEBITS


def code_is_return(code: int) -> bool:
    """Whether the entry is a return or a notification of change of an earlier one."""
    return code % 10 in _RETURNS


@dataclass(frozen=True, slots=True)
class AchReturn:
    """Addenda 99: why an entry came back, and which one it was."""

    code: str
    original_trace: str
    original_routing: str
    died_on: date | None = None
    information: str = ""


@dataclass(frozen=True, slots=True)
class AchChange:
    """Addenda 98: what is to be other in the entries to come."""

    code: str
    original_trace: str
    original_routing: str
    corrected: str


@dataclass(frozen=True, slots=True)
class AchEntry:
    """One movement. ``routing_number`` is the receiving bank's, nine digits with its check digit.

    ``identification`` is what the sender knows the receiver by; in CIE entries it has 22 places
    and the name 15, elsewhere the name has 22 (16 in CTX).
    """

    code: int
    routing_number: str
    account_number: str
    cents: int
    identification: str
    name: str
    trace: str
    discretionary: str = ""
    information: tuple[str, ...] = ()
    returned: AchReturn | None = None
    change: AchChange | None = None

    def __post_init__(self) -> None:
        ensure(0 <= self.cents <= CENTS_MAX_OF_ENTRY, f"entry {self.trace} has ten digits of cents")
        said = bool(self.information) + (self.returned is not None) + (self.change is not None)
        ensure(said <= 1, f"entry {self.trace} has addenda of one kind")

    @property
    def is_debit(self) -> bool:
        """Whether it draws from the receiver's account, or returns what drew from it."""
        return code_is_debit(self.code)

    @property
    def addenda_count(self) -> int:
        """How many addenda records follow it."""
        return len(self.information) or int(self.returned is not None or self.change is not None)


@dataclass(frozen=True, slots=True)
class AchBatch:
    """Entries of one company, class and day. Its service class says what they are together."""

    standard: AchStandard
    company_name: str
    company_id: str
    description: str
    effective_day: date | None
    origin_bank: str
    number: int
    entries: tuple[AchEntry, ...]
    discretionary: str = ""
    descriptive_date: str = ""
    service_class: int = 200

    @property
    def debit_cents(self) -> int:
        """The sum of its debits."""
        return sum(one.cents for one in self.entries if one.is_debit)

    @property
    def credit_cents(self) -> int:
        """The sum of its credits."""
        return sum(one.cents for one in self.entries if not one.is_debit)

    @property
    def entry_count(self) -> int:
        """Entries and addenda together, as control records count them."""
        return sum(1 + one.addenda_count for one in self.entries)

    @property
    def routing_sum(self) -> int:
        """The sum of the receiving banks' first eight digits, before it is cut to ten."""
        return sum(int(one.routing_number[:8]) for one in self.entries)


@dataclass(frozen=True, slots=True)
class AchFile:
    """A whole file. ``destination`` and ``origin`` are as the banks agreed: up to ten places."""

    destination: str
    origin: str
    created_day: date
    created_time: str
    modifier: str
    destination_name: str
    origin_name: str
    batches: tuple[AchBatch, ...]
    reference: str = ""

    @property
    def debit_cents(self) -> int:
        """The sum of all debits."""
        return sum(one.debit_cents for one in self.batches)

    @property
    def credit_cents(self) -> int:
        """The sum of all credits."""
        return sum(one.credit_cents for one in self.batches)

    @property
    def entries(self) -> tuple[AchEntry, ...]:
        """Every entry, in order."""
        return tuple(entry for batch in self.batches for entry in batch.entries)


def routing_digit(first_eight: str) -> str:
    """The ninth digit of a routing number: the weights 3, 7, 1 over the first eight."""
    total = sum(
        int(digit) * weight for digit, weight in zip(first_eight, (3, 7, 1) * 3, strict=False)
    )
    return str((10 - total % 10) % 10)


def routing_holds(number: str) -> bool:
    """Whether nine ASCII digits end with their check digit."""
    plain = number.isascii() and number.isdigit() and len(number) == 9
    return plain and routing_digit(number[:8]) == number[8]
