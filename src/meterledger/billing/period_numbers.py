"""Which billing period a day lies in, and its number in the year.

Between one reading day and the next lies the fifteenth of exactly one month, whichever the cycle:
so each cycle has twelve periods a year, and a period the number of that month.

Lives here      the period of a day, for a cycle or for a window that is a period itself.
Lives elsewhere reading days (``window``), what a number says of the season (``rating``).
Read first      GRR V.A; docs/decisions/0030; conflict C-SEASON-2021.
"""

from __future__ import annotations

from datetime import date, timedelta

from meterledger.billing.window import LAST_DAY_OF_EVERY_MONTH, next_reading_day, reading_day
from meterledger.facts.billing_periods import BillingPeriod, PeriodOf
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView

NUMBERED_BY = "billing_period_number_rule"
KNOWN = "by_the_fifteenth"
MIDDLE = 15


class UnknownPeriodRule(Refusal):
    """The book numbers billing periods by a rule that this calculation does not know."""


class PeriodNotKnown(Refusal):
    """Days are given without a reading cycle, and their season goes by their billing period."""


def periods_of(view: BookView, cycle: int | None, window: DaySpan) -> PeriodOf:
    """Answers in which billing period a day lies, for a reading cycle.

    Without a cycle it is told by the window, if it runs from a day to the same of the next month.
    The answer refuses where that is not so (``PeriodNotKnown``), and where the book says nothing of
    reading days or numbers.
    """

    def period_of(day: date) -> BillingPeriod:
        return billing_period(day, _cycle_of(window) if cycle is None else cycle, view)

    return period_of


def billing_period(day: date, cycle: int, view: BookView) -> BillingPeriod:
    """The billing period of a cycle in which a day lies.

    :raises NoRuleInForce: if the book has no reading days then, or does not number periods
    :raises UnknownPeriodRule: if it numbers them otherwise than is known here
    """
    until = next_reading_day(day, cycle, view)
    before = date(until.year, until.month, 1) - timedelta(days=1)
    begin = reading_day(cycle=cycle, year=before.year, month=before.month, view=view)
    middle = begin if begin.day <= MIDDLE else until
    named_on = middle.replace(day=MIDDLE)
    rule = view.text(NUMBERED_BY).on(named_on)
    if rule.value != KNOWN:
        raise UnknownPeriodRule(
            f"The book numbers billing periods by a rule called '{rule.value}'",
            do=f"Use a release that knows it, or state the rule as {KNOWN}",
        )
    return BillingPeriod(DaySpan(begin, until), named_on.month, named_on.year, named_on)


def _cycle_of(window: DaySpan) -> int:
    begin, until = window.from_day, window.until_day
    months = (until.year - begin.year) * 12 + until.month - begin.month
    if months == 1 and begin.day == until.day <= LAST_DAY_OF_EVERY_MONTH:
        return begin.day
    raise PeriodNotKnown(
        f"It is not known in which billing period the days from {window} lie",
        why="Their season goes by the number of the billing period, and these days are none "
        "from one reading day to the next",
        do="Give the reading cycle, or days from a day of a month to the same day of the next",
    )
