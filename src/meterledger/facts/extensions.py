"""Contracts of extensions: what was agreed, and what happened to it, step by step.

Lives here      frozen nouns: terms, a contract with its events, and where its money stands.
Lives elsewhere whether and how much (``extensions``), journeys (``usecases``), rows (``stores``).
Read first      docs/operating/extensions.md; docs/glossary.md: "extension", "guarantee agreement".

Contracts and events are only added. ``on`` says when something was so, ``learned_at`` when we
learned of it: what was known at an instant are the events learned by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

from meterledger.kernel.ensure import ensure


class Purpose(Enum):
    """What money of a contract is for."""

    DEPOSIT = "deposit"
    """The advance refundable deposit."""
    GUARANTEE = "guarantee deposit"
    """The deposit in advance on a guarantee."""
    CONTRIBUTION = "contribution"
    """The contribution of special facilities; it never comes back."""


ADVANCES = (Purpose.DEPOSIT, Purpose.GUARANTEE)
"""What stands on 252 until it is refunded or kept."""


class ExtensionAct(Enum):
    """What happened to a contract."""

    PAID = "paid"
    PAYMENT_RETURNED = "payment returned"
    SIGNED = "signed"
    RELEASED = "released"
    SERVED = "served"
    """Permanent service of an agreement is from this extension."""
    NOTIFIED = "notified"
    VERIFIED = "verified"
    REJECTED = "rejected"
    """A connection that was told turned out not to be one."""
    REFUNDED = "refunded"
    FORFEITED = "forfeited"
    TESTED = "tested"
    """A bill was held against the guarantee."""
    GIVEN_BACK = "given back"
    """The deposit of a guarantee that has done its work."""
    CHARGED = "charged"
    """A month of a special facility."""
    CHANGED = "changed"
    """A special facility was replaced or enlarged."""
    TAKEN_BACK = "taken back"
    """An event of these that moved money does not stand any more; ``data`` names it."""


@dataclass(frozen=True, slots=True)
class DepositTerms:
    """The advance refundable deposit. ``expected_units`` is an exact number as text."""

    cents: int
    key: str
    expected_units: str


@dataclass(frozen=True, slots=True)
class GuaranteeTerms:
    """The guarantee agreement."""

    guaranteed_cents: int
    monthly_cents: int
    advance_cents: int


@dataclass(frozen=True, slots=True)
class ContributionTerms:
    """The one-time contribution of special facilities."""

    construction_cents: int
    upkeep_cents: int

    @property
    def cents(self) -> int:
        """Both parts."""
        return self.construction_cents + self.upkeep_cents


@dataclass(frozen=True, slots=True)
class FacilityTerms:
    """A special facility of before 1992 with its monthly charge, as the billing record has it."""

    facility: str
    installed_on: date
    installed_cost_cents: int
    option: str | None
    same_customer: bool
    frozen_monthly_cents: int | None
    charges_from: date


@dataclass(frozen=True, slots=True)
class ExtensionContract:
    """One extension's contract. The text of the day of its request holds as long as it lives.

    ``depositor`` is the verified payee to whom the refundable deposit comes back, where another
    party than the account's gave it; empty where it comes back to the account.
    """

    contract_id: str
    account_id: str
    requested_day: date
    by: str
    learned_at: datetime
    record: bytes
    deposit: DepositTerms | None = None
    guarantee: GuaranteeTerms | None = None
    contribution: ContributionTerms | None = None
    facility: FacilityTerms | None = None
    depositor: str = ""

    def __post_init__(self) -> None:
        parts = (self.deposit, self.guarantee, self.contribution, self.facility)
        ensure(any(parts), f"contract {self.contract_id} is about something")
        ensure(not self.depositor or bool(self.deposit), "a depositor gives a deposit")

    def asked_cents(self, purpose: Purpose) -> int:
        """What is to be paid for a purpose."""
        if purpose is Purpose.DEPOSIT:
            return self.deposit.cents if self.deposit else 0
        if purpose is Purpose.GUARANTEE:
            return self.guarantee.advance_cents if self.guarantee else 0
        return self.contribution.cents if self.contribution else 0


@dataclass(frozen=True, slots=True)
class ExtensionEvent:
    """One thing that happened to a contract.

    ``key`` names it for ever, and its entries; ``about`` is the payment, date, bill, month or
    connection; ``advance_cents`` is what it moves on the contract's 252, above zero for money in.
    """

    contract_id: str
    number: int
    key: str
    act: ExtensionAct
    on: date
    about: str
    cents: int
    advance_cents: int
    by: str
    reason: str
    data: Mapping[str, Any]
    record: bytes
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class ToldConnection:
    """Customers that the depositor says have taken service."""

    connection_id: str
    connected_on: date
    is_permanent: bool
    units: str
    notified_on: date
    verified_on: date | None


@dataclass(frozen=True, slots=True)
class ExtensionOnFile:
    """A contract with its events, oldest first."""

    contract: ExtensionContract
    events: tuple[ExtensionEvent, ...] = ()

    def before(self, number: int) -> ExtensionOnFile:
        """As it was before an event."""
        return replace(self, events=tuple(one for one in self.events if one.number < number))

    def as_known(self, known_at: datetime) -> ExtensionOnFile:
        """As it was known at an instant."""
        return replace(self, events=tuple(one for one in self.events if one.learned_at <= known_at))

    def ever(self, act: ExtensionAct) -> tuple[ExtensionEvent, ...]:
        """Events of an act, oldest first, with those that were taken back."""
        return tuple(one for one in self.events if one.act is act)

    def of(self, act: ExtensionAct) -> tuple[ExtensionEvent, ...]:
        """Events of an act that stand, oldest first."""
        gone = {one.data["event"] for one in self.events if one.act is ExtensionAct.TAKEN_BACK}
        return tuple(one for one in self.ever(act) if one.key not in gone)

    def event(self, key: str) -> ExtensionEvent | None:
        """The event of that name."""
        return next((one for one in self.events if one.key == key), None)

    @property
    def next_number(self) -> int:
        """The number of the event that comes next."""
        return len(self.events) + 1

    def paid_cents(self, purpose: Purpose) -> int:
        """What was paid for a purpose and did not bounce."""
        return sum(
            one.cents if one.act is ExtensionAct.PAID else -one.cents
            for one in self.events
            if one.act in (ExtensionAct.PAID, ExtensionAct.PAYMENT_RETURNED)
            and one.data["purpose"] == purpose.value
        )

    @property
    def advanced_cents(self) -> int:
        """Every advance that came in and stayed."""
        return sum(self.paid_cents(purpose) for purpose in ADVANCES)

    @property
    def refunded_cents(self) -> int:
        """What went back to the account."""
        return self._sum(ExtensionAct.REFUNDED) + self._sum(ExtensionAct.GIVEN_BACK)

    @property
    def forfeited_cents(self) -> int:
        """What is kept for good."""
        return self._sum(ExtensionAct.FORFEITED)

    @property
    def held_cents(self) -> int:
        """What stands on 252: advances less what was refunded and what is kept."""
        return sum(one.advance_cents for one in self.events)

    def gone_on(self, purpose: Purpose) -> tuple[ExtensionEvent, ...]:
        """What took of the advance of a purpose and stands, oldest first."""
        acts = (
            (ExtensionAct.REFUNDED, ExtensionAct.FORFEITED)
            if purpose is Purpose.DEPOSIT
            else (ExtensionAct.GIVEN_BACK,)
        )
        found = [one for act in acts for one in self.of(act)]
        return tuple(sorted(found, key=lambda one: one.number))

    @property
    def received_on(self) -> date | None:
        """The day on which the whole refundable deposit was in; None before it, and without one."""
        terms = self.contract.deposit
        if terms is None or self.paid_cents(Purpose.DEPOSIT) < terms.cents:
            return None
        bounced = {one.about for one in self.of(ExtensionAct.PAYMENT_RETURNED)}
        days = [
            one.on
            for one in self.of(ExtensionAct.PAID)
            if one.data["purpose"] == Purpose.DEPOSIT.value and one.about not in bounced
        ]
        return max(days)

    @property
    def connections(self) -> tuple[ToldConnection, ...]:
        """What the depositor told, as far as it stands."""
        rejected = {one.about for one in self.of(ExtensionAct.REJECTED)}
        verified = {one.about: one.on for one in self.of(ExtensionAct.VERIFIED)}
        return tuple(
            ToldConnection(
                one.about,
                date.fromisoformat(one.data["connected_on"]),
                one.data["permanent"],
                one.data["units"],
                one.on,
                verified.get(one.about),
            )
            for one in self.of(ExtensionAct.NOTIFIED)
            if one.about not in rejected
        )

    @property
    def signed_on(self) -> date | None:
        """The day on which the guarantee was signed."""
        return next((one.on for one in self.of(ExtensionAct.SIGNED)), None)

    @property
    def changed_on(self) -> date | None:
        """The day on which the special facility was first replaced or enlarged."""
        return min((one.on for one in self.of(ExtensionAct.CHANGED)), default=None)

    @property
    def guarantee_state(self) -> str:
        """Where the guarantee stands, in the words of the rule."""
        tested = self.of(ExtensionAct.TESTED)
        return str(tested[-1].data["state"]) if tested else "not_begun"

    def _sum(self, act: ExtensionAct) -> int:
        return sum(one.cents for one in self.of(act))
