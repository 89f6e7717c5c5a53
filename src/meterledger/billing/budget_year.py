"""What a year of service to a customer is estimated to cost, from the customer's own bills.

Lives here      the estimate and its degree: how many of the year's days stand on bills.
Lives elsewhere one-twelfth of it (``budget_plan``, ``budget_review``).
Read first      GRR V.I.1; docs/operating/budget_billing.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from meterledger.billing.budget_calendar import PlanFactsContradict
from meterledger.facts.budget import YearEstimate
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan

DAYS_OF_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class PastCost:
    """A bill of the customer: its days, its total, whether some of its usage was estimated."""

    days: DaySpan
    cents: int
    estimated: bool = False


def estimate_year(bills: Sequence[PastCost]) -> YearEstimate:
    """A year's cost from the bills of the last 365 days: what is missing costs the same a day.

    The newest bill ends the year. A bill that only begins before the year is left out, so that
    days of one season are not counted twice, unless it is all there is.

    :raises PlanFactsContradict: if there is no bill
    """
    if not bills:
        raise PlanFactsContradict(
            "Nothing was billed yet, so that no year can be estimated from own bills",
            why="For new premises the sheet looks at similar customers, and none is named",
            do="Give the estimated year with --estimated-year-usd and say from what with --basis",
        )
    newest = max(bills, key=lambda one: one.days.until_day)
    first = newest.days.until_day - timedelta(days=DAYS_OF_A_YEAR)
    slack = timedelta(days=1)  # a leap year's bills begin one day before
    inside = [one for one in bills if one.days.from_day >= first - slack] or [newest]
    billed_days = sum(one.days.day_count for one in inside)
    billed = sum(one.cents for one in inside)
    return YearEstimate(
        annual_cents=to_whole_half_up(Fraction(billed * DAYS_OF_A_YEAR, billed_days)),
        billed_cents=billed,
        billed_days=billed_days,
        bill_count=len(inside),
        estimated_days=sum(one.days.day_count for one in inside if one.estimated),
    )
