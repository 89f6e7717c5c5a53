"""Months, options and contradictions that every part of the Budget Billing Plan shares.

Lives here      calendar months by name, counting months, the two options of an election.
Lives elsewhere joining and the first amount (``budget_plan``), elections (``budget_elections``),
                reviews (``budget_review``), settling and leaving (``budget_settlement``,
                ``budget_ending``).
Read first      GRR V.I.
"""

from __future__ import annotations

from datetime import date
from enum import Enum

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.provisions import Clause

CHAPTER, ROOM = "grr_v_budget_billing", "billing"
MONTHS_OF_A_CALENDAR = 12


class PlanFactsContradict(Refusal):
    """The facts given about a plan cannot all be true."""


class UnknownPlanRule(Refusal):
    """A sheet states how the plan works in words that this calculation does not know."""


class Option(Enum):
    """Both elections of the plan offer an option (a) and an option (b)."""

    A = "a"
    B = "b"


class Month(Enum):
    """A month of the calendar, whatever the year."""

    JANUARY = "January"
    FEBRUARY = "February"
    MARCH = "March"
    APRIL = "April"
    MAY = "May"
    JUNE = "June"
    JULY = "July"
    AUGUST = "August"
    SEPTEMBER = "September"
    OCTOBER = "October"
    NOVEMBER = "November"
    DECEMBER = "December"

    @property
    def number(self) -> int:
        """1 for January, 12 for December."""
        return _MONTHS.index(self) + 1

    def before(self, months: int) -> Month:
        """The month so many months earlier."""
        return _MONTHS[(self.number - 1 - months) % MONTHS_OF_A_CALENDAR]

    def next_after(self, day: date) -> date:
        """The first day of the next month of this name after the month of ``day``."""
        year = day.year + (self.number <= day.month)
        return date(year, self.number, 1)


_MONTHS = tuple(Month)


def month_of(day: date) -> Month:
    """The month in which a day lies."""
    return _MONTHS[day.month - 1]


def month_words(day: date) -> str:
    """``August 2014``."""
    return f"{month_of(day).value} {day.year}"


def months_between(earlier: date, later: date) -> int:
    """Calendar months from the month of one day to the month of another; 0 within one month."""
    return (later.year - earlier.year) * MONTHS_OF_A_CALENDAR + later.month - earlier.month


def because(finding: str, source: Citation | Clause) -> Reason:
    """A reason that stands on a clause."""
    return Reason(finding, source.citation if isinstance(source, Clause) else source)


def not_after(day: date, today: date, *, key: str, what: str) -> None:
    """Refuse a past event that lies in the future of the day that counts.

    :raises PlanFactsContradict: naming the fact and both days
    """
    if day > today:
        raise PlanFactsContradict(
            f"{what} on {day}, after {today}, the day that counts",
            where=f"facts.{key}",
            do="Correct the fact, or ask for a later day",
        )
