"""Money that reached us: how, in which file, what became of it, step by step.

Lives here      the nouns. A receipt is what came in, whoever it is for; a payment (``facts.money``)
                is what was posted to an account; applications (``facts.receivables``) say what it
                paid.
Lives elsewhere what a step may follow (``stores/payment_words``), files (``stores/gateways``).
Read first      docs/operating/payments.md; docs/glossary.md: "receipt", "unapplied money".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from meterledger.facts.money import Tender
from meterledger.kernel.ensure import ensure


class Channel(Enum):
    """The way in which money reached us."""

    OFFICE = "office"
    LOCKBOX = "lockbox"
    ACH = "ach"
    CARD = "card"
    AGENCY = "agency"
    AUTOPAY = "autopay"


class ReceiptState(Enum):
    """What a step made of a receipt. The newest step is how it stands.

    ``RECEIVED`` is told of and not decided yet; ``UNKNOWN`` may or may not have happened, and
    nobody counts it as paid or as missed; ``POSTED`` is on an account; ``UNAPPLIED`` is ours to
    place, in 253.unapplied; ``DIVIDED`` was so, and stands in parts on the accounts of a combined
    statement; ``RETURNED`` went back; ``REFUSED`` never was money.
    """

    RECEIVED = "received"
    UNKNOWN = "unknown"
    POSTED = "posted"
    UNAPPLIED = "unapplied"
    DIVIDED = "divided"
    RETURNED = "returned"
    REFUSED = "refused"


class ReceiptAct(Enum):
    """What was done in a step."""

    TAKEN = "taken"
    TOLD = "told"
    ASSIGNED = "assigned"
    REVERSED = "reversed"
    SEND_BACK_ASKED = "send back asked"
    SENT_BACK = "sent back"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money as it was told to us. The key is unique for ever; no card's number is ever kept.

    ``account_told`` is the account as the sender wrote it, which may be nobody's. ``is_mailed``
    says that it came by mail: then it may come two business days after the delinquent date.
    """

    payment_key: str
    account_told: str
    cents: int
    tender: Tender
    channel: Channel
    received_day: date
    learned_at: datetime
    is_mailed: bool = False
    reference: str = ""
    check_number: str = ""
    file_sha256: str | None = None
    line: int | None = None

    def __post_init__(self) -> None:
        ensure(self.cents > 0, f"receipt {self.payment_key} is of a positive amount")


@dataclass(frozen=True, slots=True)
class ReceiptStep:
    """What became of a receipt, by whom and why; ``entry_id`` posts it where it moved money."""

    payment_key: str
    number: int
    act: ReceiptAct
    state: ReceiptState
    on: date
    by: str
    reason: str
    learned_at: datetime
    entry_id: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiptOnFile:
    """A receipt with its steps, the oldest first."""

    receipt: Receipt
    steps: tuple[ReceiptStep, ...]

    @property
    def state(self) -> ReceiptState:
        """How it stands."""
        return self.steps[-1].state

    @property
    def is_divided(self) -> bool:
        """Whether its money was counted on by its parts, wherever that is by now."""
        return self.divided is not None

    @property
    def divided(self) -> ReceiptStep | None:
        """The step that divided it; its entry is that of the first part."""
        return next((one for one in self.steps if one.state is ReceiptState.DIVIDED), None)

    @property
    def account_id(self) -> str | None:
        """The account that it was posted to last, if any."""
        return next((one.account_id for one in self.steps[::-1] if one.account_id), None)


@dataclass(frozen=True, slots=True)
class Totals:
    """Count and cents."""

    count: int = 0
    cents: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(self.count + other.count, self.cents + other.cents)


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of a file that posts nothing, with what it says and why."""

    line: int
    text: str
    cents: int
    why: str


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """A file of payments that was taken, and its control totals on the day it was taken.

    Received is posted, unapplied and refused, in count and in cents.
    """

    sha256: str
    name: str
    profile: str
    deposited_day: date
    received: Totals
    posted: Totals
    unapplied: Totals
    refused: Totals
    by: str
    learned_at: datetime
    refused_lines: tuple[RefusedLine, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        together = self.posted + self.unapplied + self.refused
        ensure(self.received == together, f"file {self.name} accounts for every line and cent")


@dataclass(frozen=True, slots=True)
class ReceiptTotals:
    """How the receipts of one day and file stand now: received is the sum of the rest. One that was
    divided counts by its parts alone.
    """

    day: date
    channel: Channel
    file_sha256: str | None
    received: Totals
    by_state: tuple[tuple[ReceiptState, Totals], ...]
