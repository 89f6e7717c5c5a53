"""Late charges: what one account's unpaid bills cost on the day its next bill is made, and why.

Lives here      the charge with its record, a charge that waits, its reversal, what a run came to,
                and what a decision is made from.
Lives elsewhere the rules (``arrears``), deciding (``usecases/late_charge_decide``), keeping
                (``stores``), the journal's entry (``ledger``).
Read first      docs/glossary.md: "late charge", "delinquent date", "arrears".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum

from meterledger.facts.entry_names import LATE_CHARGE, entry_name
from meterledger.facts.receivables import Application, Movement, OpenItem
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan


class LateReason(Enum):
    """Why an account is charged or not, as codes that a night counts by."""

    NO_BILL = "no_bill"
    """No bill has become delinquent since the bill before."""
    GRACE = "grace"
    """A delinquent date has passed, and mail may still be in time."""
    PAID = "paid"
    """Everything asked was paid in time."""
    KNOWN = "known"
    """The charge of this delinquent date was decided before."""
    UNKNOWN_PAYMENT = "unknown_payment"
    """A payment's outcome is unknown, and is not counted as missed until it is known."""
    DEPOSIT = "deposit"
    """Deposit arrears are left out."""
    SPECIAL = "special"
    """Charges that are not for service are left out."""
    OUR_DELAY = "our_delay"
    """What we billed late, or wrongly before, bears no charge."""
    MISSING_REPORT = "missing_report"
    """Debt that rests on an opt-out customer's missing meter report."""
    AGREEMENT_KEPT = "agreement_kept"
    """Amounts under an agreement that is kept are spared."""
    AGREEMENT_MISSED = "agreement_missed"
    """A missed instalment is charged on itself."""
    GOVERNMENT = "government"
    """The law demands other terms for an account of a government."""
    TOO_SMALL = "too_small"
    """The charge is less than half a cent."""
    NEW = "new"
    """Charged on what became delinquent."""
    AGAIN = "again"
    """Charged again on arrears of earlier bills."""
    COMPOUND = "compound"
    """Charged on earlier late charges, which are part of the gross unpaid amount."""
    CORRECTED = "corrected"
    """Decided again after a bill was corrected or cancelled."""


BIT = {reason: 1 << place for place, reason in enumerate(LateReason)}
"""A place in a mask for each reason, so that a column keeps the reasons of a million accounts."""


def reasons_of_mask(mask: int) -> tuple[LateReason, ...]:
    """The reasons that a mask holds, in the order of the list."""
    return tuple(reason for reason, bit in BIT.items() if mask & bit)


def mask_of(reasons: frozenset[LateReason] | set[LateReason]) -> int:
    """The mask that holds the reasons."""
    return sum(BIT[one] for one in reasons)


@dataclass(frozen=True, slots=True)
class LateBill:
    """What a late charge needs to know of an issued bill; live ones and cancelled ones.

    ``due_day`` is the Company's, where a combined statement asks for the bill (GRR V.B);
    ``own_due_day`` is the bill's own, where it is known to be another or the same. ``later_due`` is
    until when a bill may be paid that went out late. What came back, or was set aside, is not
    ``is_delivered`` until it goes out.
    """

    bill_id: str
    agreement_id: str
    schedule: str
    days: DaySpan
    issued_day: date
    due_day: date
    known_at: datetime
    corrects: str | None = None
    cancelled_by: str | None = None
    own_due_day: date | None = None
    later_due: date | None = None
    is_delivered: bool = True

    @property
    def asked_by(self) -> date:
        """The day by which it is asked for."""
        return self.due_day if self.later_due is None else max(self.due_day, self.later_due)


@dataclass(frozen=True, slots=True)
class GovernmentAccount:
    """An account of a government from a day on, and what the law demands for it.

    :raises InvariantBroken: if nobody signs
    """

    account_id: str
    from_day: date
    holder: str
    legal_basis: str | None
    percent_by_law: str | None
    days_after_issue: int | None
    """Days from a bill's issue to the delinquent date that the law demands."""
    by: str
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(bool(self.by.strip()), f"somebody says whose account {self.account_id} is")


@dataclass(frozen=True, slots=True)
class LateCharge:
    """One charge: of an account, for what was unpaid after one delinquent date.

    It is decided ``on`` the day of a bill, and told by the next one that is issued: the bill of the
    day may be held. ``late_charge_id`` is ``ACCOUNT:DELINQUENT-DAY``, or that and ``:2`` where a
    corrected bill lowered it. ``rests_on`` names the items that it was computed on.

    :raises InvariantBroken: if it charges nothing
    """

    late_charge_id: str
    account_id: str
    bill_id: str
    delinquent_day: date
    on: date
    cents: int
    base_cents: int
    codes: tuple[str, ...]
    rests_on: tuple[str, ...]
    clause: str
    """The clause of the charge in short, as the next bill cites it."""
    standing: str
    record: bytes
    record_sha256: str
    book_sha256: str
    known_at: datetime
    replaces: str | None = None

    def __post_init__(self) -> None:
        ensure(self.cents > 0, f"late charge {self.late_charge_id} charges something")

    @property
    def entry_id(self) -> str:
        """The name of its entry in the journal."""
        return entry_name(LATE_CHARGE, self.late_charge_id)


class ReversalCause(Enum):
    """Why a late charge is taken back."""

    CORRECTED_BILL = "corrected bill"
    PAYMENT_IN_TIME = "payment in time"
    NOT_DELIVERED = "not delivered"
    BY_DECISION = "by decision"


@dataclass(frozen=True, slots=True)
class LateChargeReversal:
    """A late charge taken back: because a bill was corrected, or had not reached the customer by
    the date, because we learned of a payment in time only after it, or by two people.

    :raises InvariantBroken: if no reason is given, or one person alone forgives a charge
    """

    late_charge_id: str
    account_id: str
    cause: ReversalCause
    reason: str
    learned_at: datetime
    by: str = ""
    approved_by: str = ""

    def __post_init__(self) -> None:
        ensure(bool(self.reason.strip()), f"{self.late_charge_id} is reversed for a reason")
        if self.cause is ReversalCause.BY_DECISION:
            maker, other = self.by.strip().lower(), self.approved_by.strip().lower()
            ensure(bool(maker) and bool(other) and maker != other, "two people forgive a charge")


@dataclass(frozen=True, slots=True)
class LateChargeWait:
    """A delinquent date that was not decided, because something is not known yet."""

    account_id: str
    delinquent_day: date
    on: date
    code: str
    sentence: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class LateChargeRun:
    """What a run came to: accounts considered = charged + not charged + refused."""

    run_id: str
    on: date
    scope: str
    considered: int
    charged: int
    not_charged: int
    refused: int
    charges: int
    cents: int
    by_code: tuple[tuple[str, int], ...]
    book_sha256: str
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(
            self.considered == self.charged + self.not_charged + self.refused,
            "accounts considered are charged, not charged or refused",
        )


@dataclass(frozen=True, slots=True)
class AgreementStanding:
    """A payment agreement of an account on the day of a bill, as its own chapter tells it.

    ``kind`` is "deferred payment", "settlement" or "cold weather". What was paid as agreed is told
    too: it came after the delinquent date of the bill that it pays, and is late all the same to
    nobody.
    """

    kind: str
    balance_not_due_cents: int
    missed_instalment_cents: int = 0
    ended_by_default: bool = False
    paid_as_agreed: tuple[tuple[date, int], ...] = ()
    """Instalments that were paid by their days: the day of each payment, and cents."""


@dataclass(frozen=True, slots=True)
class LateHistory:
    """All that the late charge of an account is decided from, as known at one instant."""

    account_id: str
    bills: tuple[LateBill, ...] = ()
    movements: tuple[Movement, ...] = ()
    applications: tuple[Application, ...] = ()
    channels: Mapping[str, str] = field(default_factory=dict)
    """How payments came in, by the name of their entry: a word of ``arrears``' channels."""
    asked_deposits: tuple[OpenItem, ...] = ()
    unknown_payment_cents: int = 0
    """Cents of receipts whose outcome is unknown."""
    government: tuple[GovernmentAccount, ...] = ()
    charges: tuple[LateCharge, ...] = ()
    waits: tuple[LateChargeWait, ...] = ()
    forgiven: tuple[str, ...] = ()
    """Names of charges that people took back by a decision, in order."""
    moved_due: Mapping[str, date] = field(default_factory=dict)
    """When balances that moved here are or were due, by the name of their entry."""

    def by_own_days(self) -> LateHistory:
        """The same with each bill's own due day, whatever a combined statement asks."""
        bills = (replace(one, due_day=one.own_due_day or one.due_day) for one in self.bills)
        return replace(self, bills=tuple(bills))
