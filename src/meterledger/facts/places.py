"""Customers and places: who is responsible for which service, where, by which meter, when.

Every dated fact has the days it is true (``days``) and the instant we learned it
(``learned_at``, UTC). A change never overwrites: the old record stops being current knowledge
and the new one stands beside it.

Drawn in docs/architecture.md: person - account - agreement - service point - premise - tax place,
with meters installed at service points.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from meterledger.facts.taxes import SalesTaxPlace, TaxExemption
from meterledger.facts.together import BilledWith
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan, Validity

SECONDS_IN_A_LONG_DAY = 90_000


@dataclass(frozen=True, slots=True)
class Person:
    """A human being or an organization that can be responsible for an account."""

    person_id: str
    name: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """What is billed and paid as one. ``account_id`` is 10 digits, the last a check digit.

    ``cycle`` is the reading cycle, counted from 1, that says on which day of a month it is billed.
    """

    account_id: str
    cycle: int
    opened_day: date
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class AccountHolder:
    """A person responsible for an account on some days. An account may have several at once."""

    account_id: str
    person_id: str
    days: Validity
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Premise:
    """A place that takes service: an address, whoever lives there."""

    premise_id: str
    address: str
    city: str
    state: str
    postal_code: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class TaxPlace:
    """The municipality whose gross-receipts tax a premise's bills carry, on some days.

    ``place`` names a series of the tariff book (``university_city``); ``none`` says that the
    premise lies in no taxing municipality, which is a fact and not a default.
    """

    premise_id: str
    place: str
    days: Validity
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class ServicePoint:
    """Where energy is delivered to a premise and measured."""

    service_point_id: str
    premise_id: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class MeterInstallation:
    """A meter measuring one service point on some days.

    ``multiplier`` is what a reading is multiplied by to give energy (instrument transformers).
    Days begin and end at local midnight; where a meter was exchanged inside a day it measured from
    ``began_second`` of ``from_day``, and until ``ended_second`` of ``until_day``: of that last day,
    which is out, it still has the first seconds, and the meter after it has the rest.
    """

    service_point_id: str
    meter_id: str
    multiplier: int
    days: Validity
    learned_at: datetime
    began_second: int = 0
    ended_second: int = 0

    def __post_init__(self) -> None:
        ensure(self.multiplier >= 1, "a meter multiplier is at least one")
        ensure(
            0 <= self.began_second < SECONDS_IN_A_LONG_DAY
            and 0 <= self.ended_second < SECONDS_IN_A_LONG_DAY,
            "an exchange happens inside its local day",
        )
        ensure(
            self.ended_second == 0 or self.days.until_day is not None,
            "only what has ended ends at an instant",
        )

    def covers(self, span: DaySpan) -> bool:
        """Whether it measured every second of those days."""
        return self.days.within(span) == span and (
            self.began_second == 0 or self.days.from_day < span.from_day
        )

    def touches(self, span: DaySpan) -> bool:
        """Whether it measured some second of those days."""
        return self.days.within(span) is not None or (
            self.ended_second > 0 and self.days.until_day == span.from_day
        )

    def overlaps(self, other: MeterInstallation) -> bool:
        """Whether the two measured at some instant both; touching at the instant of an exchange
        is no overlap.
        """
        return _before_end(self, other) and _before_end(other, self)

    def stretch(self, zone_name: str) -> tuple[int, int | None]:
        """From which instant until which it measured, UTC epoch seconds; None: still does."""
        begin = int(day_start_utc(self.days.from_day, zone_name).timestamp()) + self.began_second
        if self.days.until_day is None:
            return begin, None
        until = int(day_start_utc(self.days.until_day, zone_name).timestamp())
        return begin, until + self.ended_second


def _before_end(one: MeterInstallation, other: MeterInstallation) -> bool:
    if other.days.until_day is None:
        return True
    return (one.days.from_day, one.began_second) < (other.days.until_day, other.ended_second)


@dataclass(frozen=True, slots=True)
class Agreement:
    """An account's service at a service point on a rate option (``schedule``), on some days.

    A change of option is a new agreement; at one service point no two hold on the same day.
    """

    agreement_id: str
    account_id: str
    service_point_id: str
    schedule: str
    days: Validity
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class BillableService:
    """All that a bill needs to know of one agreement, joined, as known at one moment.

    ``billed_until`` is the day until which (out) the agreement's service is already billed.
    """

    agreement: Agreement
    account: Account
    premise: Premise
    installations: tuple[MeterInstallation, ...]
    tax_places: tuple[TaxPlace, ...]
    billed_until: date | None
    holders: tuple[str, ...] = ()
    """Names of the persons responsible, in order of their ids; for the address on the bill."""
    continues: str = ""
    """The account's agreement at the same service point that ends where this one begins, or ""."""
    continued_by: str = ""
    """The account's agreement at the same service point that begins where this one ends, or ""."""
    sales_tax_places: tuple[SalesTaxPlace, ...] = ()
    tax_exemptions: tuple[TaxExemption, ...] = ()
    """Certificates for the whole account, or for this agreement."""
    joined: tuple[JoinedService, ...] = ()
    """Other agreements of the account whose meters stand on this one's bill."""
    billed_with: tuple[BilledWith, ...] = ()
    """On which days its own meters stand on another agreement's bill."""
    earlier_cycles: tuple[int, ...] = ()
    """Reading cycles of the account before they were put right, the oldest first."""


@dataclass(frozen=True, slots=True)
class JoinedService:
    """An agreement whose meters stand on another one's bill, on the days of the arrangement."""

    service: BillableService
    days: Validity


def billed_with(rows: Iterable[tuple[str, Validity, Agreement]]) -> tuple[BilledWith, ...]:
    """Whose bill an agreement's meters stand on, from whose, on which days, and that agreement."""
    return tuple(
        BilledWith(whose, days, other.days, other.service_point_id)
        for whose, days, other in sorted(rows, key=lambda one: one[:2])
    )
