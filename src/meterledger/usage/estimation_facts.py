"""Words and small helpers that the estimation rules share.

Lives here      meters by how they are read, whose use a history is, billing periods and their daily
                use, reasons, a reading asked for only where its options differ.
Lives elsewhere the rules (``estimation_*``), methods and causes as codes (``facts.estimates``).
Read first      GRR V.E.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from fractions import Fraction
from typing import Protocol, TypeVar

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.provisions import Clause, ReviewNeeded
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms

CHAPTER = "grr_v_estimation"
ROOM = "usage"
ESCAPE = "estimation.methods.general_and_escape"
BY_HAND_SHOWN = "an estimate that was made by a person"

MONTHS_OF_A_YEAR = 12

Answer = TypeVar("Answer")


class EstimationFactsContradict(Refusal):
    """The facts of an estimate cannot all be true, or one that the text needs is not given."""


class MeterTechnology(Enum):
    """How a meter is read."""

    MANUAL = "manual"
    """It cannot communicate: read by hand, a traditional meter after opting out among them."""
    AMR = "amr"
    AMI = "ami"


class BilledOn(Enum):
    """What the bills of a meter are worked out from."""

    REGISTER = "register"
    INTERVALS = "intervals"


class Occupant(Enum):
    """Whose use of the location a figure is."""

    SAME = "same_customer"
    FORMER = "former_customer"
    VACANT = "vacant"
    """Nobody's: a stretch in which the location was vacant is never a base of an estimate."""


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """The billing period that is estimated. Days run from one read day until the next."""

    year: int = fact("The year of the billing month.")
    number: int = fact("The number of the billing month in its year, from 1.")
    from_day: date = fact("The opening read's day.")
    until_day: date = fact("The closing read's day: the first that is not in the period.")


@dataclass(frozen=True, slots=True)
class PastPeriod:
    """An earlier billing period of a location, or of a similar customer, as it was billed."""

    year: int = fact("The year of the billing month.")
    number: int = fact("The number of the billing month in its year, from 1.")
    from_day: date = fact("The opening read's day.")
    until_day: date = fact("The closing read's day.")
    energy_wh: int = fact("Watt-hours that were billed.")
    occupant: Occupant = fact("Whose use it was.", default=Occupant.SAME)
    estimated: bool = fact("Whether it was itself billed on an estimate.", default=False)

    @property
    def days(self) -> int:
        """Days of the period."""
        return (self.until_day - self.from_day).days


@dataclass(frozen=True, slots=True)
class DailyUse:
    """An average daily use: watt-hours over days, exact, and what went into it."""

    energy_wh: int
    days: int
    former: bool
    estimated: bool

    @property
    def exact(self) -> Fraction:
        """Watt-hours a day."""
        return Fraction(self.energy_wh, self.days)


def daily_use(periods: Iterable[PastPeriod]) -> DailyUse | None:
    """The average daily use over periods, each day of equal weight; None where there is no day."""
    parts = list(periods)
    days = sum(one.days for one in parts)
    if days == 0:
        return None
    return DailyUse(
        energy_wh=sum(one.energy_wh for one in parts),
        days=days,
        former=any(one.occupant is Occupant.FORMER for one in parts),
        estimated=any(one.estimated for one in parts),
    )


def matching(history: Iterable[PastPeriod], year: int, number: int) -> tuple[PastPeriod, ...]:
    """The periods of one billing month: two where an occupant changed within it."""
    return tuple(one for one in history if (one.year, one.number) == (year, number))


def preceding(history: Iterable[PastPeriod], period: BillingPeriod) -> tuple[PastPeriod, ...]:
    """The periods of the billing month that ended where this one begins."""
    known = tuple(one for one in history if one.until_day <= period.from_day)
    for last in known:
        if last.until_day == period.from_day:
            return matching(known, last.year, last.number)
    return ()


def month_before(period: BillingPeriod) -> tuple[int, int]:
    """Year and number of the billing month before: periods are numbered by calendar months."""
    if period.number > 1:
        return period.year, period.number - 1
    return period.year - 1, MONTHS_OF_A_YEAR


def check_periods(period: BillingPeriod, history: Iterable[PastPeriod]) -> None:
    """Refuse a period without a day and a history that is not before it.

    :raises EstimationFactsContradict: naming the days
    """
    if period.until_day <= period.from_day:
        raise EstimationFactsContradict(
            f"The billing period from {period.from_day} until {period.until_day} has no day",
            do="Give the day of the opening read, and the later one of the closing read",
        )
    if not 1 <= period.number <= MONTHS_OF_A_YEAR:
        raise EstimationFactsContradict(
            f"There is no billing month {period.number} in a year",
            do=f"Give a number from 1 to {MONTHS_OF_A_YEAR}",
        )
    for one in history:
        if one.days <= 0 or one.until_day > period.from_day:
            raise EstimationFactsContradict(
                f"The earlier period from {one.from_day} until {one.until_day} does not lie before "
                f"{period.from_day}",
                do="Give billing periods that ended by the opening read",
            )


@dataclass(slots=True)
class Findings:
    """Reasons in the order in which they were found."""

    reasons: list[Reason] = field(default_factory=list)

    def add(self, finding: str, cited: Cited) -> None:
        """A finding and the clause, or the value, that makes it count."""
        self.reasons.append(Reason(finding, cited.citation))

    def all(self) -> tuple[Reason, ...]:
        """What a decision carries."""
        return tuple(self.reasons)


class Cited(Protocol):
    """A clause or a dated value."""

    @property
    def citation(self) -> Citation:
        """Where it stands."""
        ...


def clause_if_in_force(terms: Terms, provision: str) -> Clause | None:
    """The clause, or None where the text of this day does not have it: not yet, or no longer."""
    try:
        return terms.clause(provision)
    except ReviewNeeded:
        raise
    except NoRuleInForce:
        return None


def by_reading(terms: Terms, key: str, answers: Mapping[str, Answer]) -> Answer:
    """The answer of the option that is chosen; the book is asked only where the answers differ."""
    first, *rest = answers.values()
    if all(one == first for one in rest):
        return first
    chosen = terms.reading(key)
    ensure(chosen in answers, f"the rule knows the option '{chosen}' of '{key}'")
    return answers[chosen]
