"""Service periods of bills: from reading day to reading day, cut at start, stop and change.

Lives here      which windows of an agreement are due on a day, and of which kind.
Lives elsewhere the reading calendar's rule (rulebook), whether usage is complete (``usage``).
Read first      GRR V.A (twelve periods of about thirty days); docs/glossary.md: "cycle", "window".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from meterledger.facts.bills import BillKind
from meterledger.facts.places import Agreement
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_down
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView

LAST_DAY_OF_EVERY_MONTH = 28


class UnknownReadingRule(Refusal):
    """The book's rule for reading days is one this calculation does not know."""


class NoReadingDay(Refusal):
    """A cycle has no reading day by the book's rule."""


@dataclass(frozen=True, slots=True)
class BillWindow:
    """One service period to be billed: half-open local days, and the kind of bill it makes."""

    days: DaySpan
    kind: BillKind


def reading_day(*, cycle: int, year: int, month: int, view: BookView) -> date:
    """The day on which a cycle is read in a month: service until that day (out) is billed.

    How many cycles there are is asked where an account is put into one, not here: a bill of an
    account must not depend on cycles that were added or closed since.

    :raises UnknownReadingRule: if the book states a rule that is not ``day_of_month``
    :raises NoReadingDay: if some month has no such day
    """
    return _reading_day(view, cycle, year, month)


@lru_cache(maxsize=4096)
def _reading_day(view: BookView, cycle: int, year: int, month: int) -> date:
    ensure(cycle >= 1, f"cycle {cycle} is counted from 1")
    rule = view.text("cycle_read_day_rule").on(date(year, month, 1))
    if rule.value != "day_of_month":
        raise UnknownReadingRule(
            f"The reading calendar follows a rule called '{rule.value}'",
            do="Use a release that knows it, or state the rule as day_of_month",
        )
    if cycle > LAST_DAY_OF_EVERY_MONTH:
        raise NoReadingDay(
            f"Cycle {cycle} would be read on day {cycle}, which not every month has",
            do=f"Move the account to a cycle up to {LAST_DAY_OF_EVERY_MONTH}, or state another "
            "rule for reading days",
        )
    return date(year, month, cycle)


def reading_cycle_count(*, on: date, view: BookView) -> int:
    """How many reading cycles there are on a day: an account is in one of 1 to this number.

    :raises NoRuleInForce: if the book does not say
    """
    return to_whole_down(view.number("reading_cycle_count").on(on).value)


def due_windows(
    *,
    agreement: Agreement,
    cycle: int,
    billed_until: date | None,
    on: date,
    view: BookView,
    continues: bool = False,
    continued: bool = False,
) -> list[BillWindow]:
    """The windows of an agreement that are complete on ``on`` and not billed yet, oldest first.

    A window runs from where the last bill ended (or service began) to the next reading day of
    the cycle, or to the end of the agreement if that comes first. It is due when its last day is
    over: a window until 15 August is due on 15 August. ``continues`` and ``continued`` as for
    ``kind_of``.
    """
    start = billed_until or agreement.days.from_day
    end = agreement.days.until_day
    found: list[BillWindow] = []
    while end is None or start < end:
        until = next_reading_day(start, cycle, view)
        if end is not None and end < until:
            until = end
        if until > on:
            break
        window = DaySpan(start, until)
        found.append(BillWindow(window, kind_of(window, agreement, continues, continued)))
        start = until
    return found


def kind_of(
    window: DaySpan, agreement: Agreement, continues: bool = False, continued: bool = False
) -> BillKind:
    """Final where service ends, initial where it begins, else regular.

    Another rate option is another agreement, and service goes on: ``continues`` says that the same
    account had it there until the period in which this agreement begins, ``continued`` that it has
    it from the period after.
    """
    if window.until_day == agreement.days.until_day and not continued:
        return BillKind.FINAL
    if window.from_day == agreement.days.from_day and not continues:
        return BillKind.INITIAL
    return BillKind.REGULAR


def is_reading_day(day: date, cycle: int, view: BookView) -> bool:
    """Whether a cycle is read on the day: whether a billing period begins there."""
    return reading_day(cycle=cycle, year=day.year, month=day.month, view=view) == day


def next_reading_day(start: date, cycle: int, view: BookView) -> date:
    """The first reading day of a cycle after a day: where the next billing period begins."""
    this_month = reading_day(cycle=cycle, year=start.year, month=start.month, view=view)
    if this_month > start:
        return this_month
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    return reading_day(cycle=cycle, year=year, month=month, view=view)
