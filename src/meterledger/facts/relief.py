"""Charges of named months adjusted by agreement, where a load is disturbed for a time (GRR V.H.4).

Lives here      the nouns: an agreement with its steps, and what it came to on one bill.
Lives elsewhere whether it may be (``billing.rate_relief``), what it takes off (``bill_relief``),
                its entry (``ledger``), the journey (``usecases.relief``), the rows (``stores``).
Read first      docs/operating/relief.md.

An agreement is asked for by one person and agreed to by another, before its first month begins.
Steps are only added; where it stands follows from the last of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from fractions import Fraction

from meterledger.facts.money import Entry
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_display
from meterledger.kernel.span import DaySpan


def percent_text(share: Fraction) -> str:
    """A share as people write it: ``12.5%``; one that no decimals can hold as ``100/3%``."""
    percent = share * 100
    scaled = percent * 10**6
    if scaled.denominator != 1:
        return f"{percent.numerator}/{percent.denominator}%"
    whole, part = divmod(int(scaled), 10**6)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".") + "%"


@dataclass(frozen=True, slots=True)
class ReliefTerm:
    """What is taken off the lines of one code, each month: a share of them, or an amount in cents.

    An amount takes off no more than the lines come to.

    :raises InvariantBroken: if it is neither or both, or takes off nothing or more than the whole
    """

    code: str
    share: Fraction | None = None
    cents: int | None = None

    def __post_init__(self) -> None:
        ensure(bool(self.code), "a term of relief names what is adjusted")
        ensure((self.share is None) != (self.cents is None), "it is a share or an amount")
        ensure(self.share is None or 0 < self.share <= 1, "a share is above nothing, at most all")
        ensure(self.cents is None or self.cents > 0, "an amount is above nothing")

    @property
    def words(self) -> str:
        """How people are told: ``50% of demand_charge``."""
        if self.share is None:
            return f"{usd_display(self.cents or 0)} off {self.code}"
        return f"{percent_text(self.share)} off {self.code}"


class ReliefAct(Enum):
    """One step of an agreement."""

    ASKED = "asked"
    APPROVED = "approved"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ReliefStep:
    """What was done, by whom and why, with the record of what was decided: canonical JSON.

    ``from_day`` is the first day of the first month that an end leaves without relief.
    """

    act: ReliefAct
    on: date
    by: str
    reason: str
    learned_at: datetime
    record: bytes
    from_day: date | None = None


@dataclass(frozen=True, slots=True)
class ReliefAgreement:
    """An agreement from the day it was asked for.

    ``cause`` is a word of the rule's. ``months`` are billing periods, in order; a bill is of one of
    them where it begins with it, at the service point.

    :raises InvariantBroken: if it names no month or no term, or one of them twice
    """

    relief_id: str
    account_id: str
    service_point_id: str
    schedule: str
    cause: str
    months: tuple[DaySpan, ...]
    terms: tuple[ReliefTerm, ...]
    steps: tuple[ReliefStep, ...]

    def __post_init__(self) -> None:
        days = [one.from_day for one in self.months]
        codes = [one.code for one in self.terms]
        ensure(bool(days) and days == sorted(set(days)), "months are named once, in order")
        ensure(bool(codes) and len(codes) == len(set(codes)), "a charge is adjusted by one term")
        ensure(
            bool(self.steps) and self.steps[0].act is ReliefAct.ASKED,
            f"relief {self.relief_id} begins by being asked for",
        )

    @property
    def asked(self) -> ReliefStep:
        """Who asked for it, when and why."""
        return self.steps[0]

    @property
    def approved(self) -> ReliefStep | None:
        """Who agreed; None while nobody did."""
        return next((one for one in self.steps if one.act is ReliefAct.APPROVED), None)

    @property
    def ended(self) -> ReliefStep | None:
        """Who ended it; None where nobody did."""
        return next((one for one in self.steps if one.act is ReliefAct.ENDED), None)

    @property
    def state(self) -> ReliefAct:
        """Where it stands."""
        return self.steps[-1].act

    @property
    def live_months(self) -> tuple[DaySpan, ...]:
        """Its months without those that an end took away."""
        ended = self.ended
        if ended is None or ended.from_day is None:
            return self.months
        return tuple(one for one in self.months if one.from_day < ended.from_day)

    def as_known(self, known_at: datetime) -> ReliefAgreement | None:
        """The agreement as it was known at an instant; None where it was not."""
        steps = tuple(one for one in self.steps if one.learned_at <= known_at)
        if not steps:
            return None
        return ReliefAgreement(
            *(self.relief_id, self.account_id, self.service_point_id, self.schedule, self.cause),
            *(self.months, self.terms, steps),
        )

    def adjusts(self, service_point_id: str, from_day: date) -> bool:
        """Whether it adjusts the bill of a service point that begins on a day."""
        return (
            self.approved is not None
            and service_point_id == self.service_point_id
            and any(one.from_day == from_day for one in self.live_months)
        )

    def told(self) -> tuple[object, ...]:
        """What makes two agreements of one name the same: all but their steps."""
        return (
            *(self.account_id, self.service_point_id, self.schedule, self.cause),
            *(self.months, self.terms),
        )


@dataclass(frozen=True, slots=True)
class BillRelief:
    """What an agreement takes off one bill, with its entry; None where it comes to nothing.

    ``charge_cents`` is taken off charges, ``tax_cents`` off the taxes on them. ``record`` is
    canonical JSON: the lines and how each was worked out, the clauses, and what it rests on.
    """

    bill_id: str
    relief_id: str
    account_id: str
    charge_cents: int
    tax_cents: int
    entry: Entry | None
    record: bytes
    learned_at: datetime

    @property
    def cents(self) -> int:
        """All that the customer owes less."""
        return self.charge_cents + self.tax_cents

    def __post_init__(self) -> None:
        ensure(self.charge_cents >= 0 and self.tax_cents >= 0, "relief takes off, and adds nothing")
        ensure((self.cents > 0) == (self.entry is not None), "what relief takes off is posted")


@dataclass(frozen=True, slots=True)
class ReliefTotal:
    """What relief took off bills of one schedule over some days, less what was taken back."""

    schedule: str
    charge_cents: int
    tax_cents: int
    bill_count: int
