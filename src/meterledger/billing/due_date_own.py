"""The due day of a bill whose account has a due date of its own: chosen, or deferred.

Lives here      the day of a chosen due date on a bill; the deferred pay date on a bill; the usual
                due day, off a closed day.
Lives elsewhere who may choose (``due_date_choice``), the days from rendition (``due_day``), who has
                a deferred pay date (``deferred_pay_date``).
Read first      GRR V.O and V.J; docs/operating/due_dates.md.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from meterledger.billing.deferred_pay_date import PAY_DATE, PayDateFacts, decide_pay_date
from meterledger.billing.due_date_choice import because
from meterledger.billing.due_date_commission import (
    AGREED,
    ON_CLOSED_DAY,
    AgreedDateFacts,
    ClosedDayFacts,
    decide_agreed_date,
    decide_closed_day,
)
from meterledger.billing.due_date_first_bill import CHOICE_EFFECTIVE, MAX_BILLS
from meterledger.billing.due_day import decide_due_day
from meterledger.facts.billing_options import DueDateChoice, DueDateKind
from meterledger.kernel.decision import Decision
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms

YES = "yes"
USUAL_ON_CLOSED_DAY, MOVES = "due_usual_on_closed_day", "next_business_day"


def decide_own_due_day(
    *, issued_day: date, choice: DueDateChoice | None, view: BookView
) -> Decision[date]:
    """The due day of a bill, where the account may have its own.

    A chosen date is the first such day of a month that leaves the customer the usual time, on a
    business day. Without a choice it is the usual due day, with the usual reasons alone.

    :raises NoRuleInForce: if the book is silent on the day
    """
    usual = decide_usual_due_day(issued_day, view)
    if choice is None:
        return usual
    if choice.kind is DueDateKind.DEFERRED:
        return _deferred(issued_day, choice, usual, view)
    return _chosen(issued_day, choice, usual, view)


@lru_cache(maxsize=256)
def decide_usual_due_day(issued_day: date, view: BookView) -> Decision[date]:
    """The due day of everyone who has chosen none: the days the book gives, and off a closed day.

    A book that does not say what becomes of a closed day leaves it; so do bills issued before the
    day from which ours says it (20 CSR 4240-13.020).

    :raises NoRuleInForce: if the book is silent on the day, or has no holidays for its year
    """
    return off_closed_day(decide_due_day(issued_day=issued_day, view=view), issued_day, view)


def off_closed_day(due: Decision[date], issued_day: date, view: BookView) -> Decision[date]:
    """The same due day, or the next business day where one cannot pay on it, with why.

    :raises NoRuleInForce: if the book has no holidays for its year
    """
    if USUAL_ON_CLOSED_DAY not in view.names():
        return due
    told = view.text(USUAL_ON_CLOSED_DAY).covering(issued_day)
    if told is None or told.value != MOVES:
        return due
    terms = Terms(view, issued_day, rule=ON_CLOSED_DAY)
    closed = decide_closed_day(ClosedDayFacts(due.outcome), terms)
    if not closed.outcome.moved:
        return due
    return Decision(closed.outcome.due, (*due.reasons, *closed.reasons))


def first_chosen_day(usual: date, day_of_month: int) -> date:
    """The first day of a month with that number, from the usual due date on."""
    day = usual
    while day.day != day_of_month:
        day += timedelta(days=1)
    return day


def _chosen(
    issued_day: date, choice: DueDateChoice, usual: Decision[date], view: BookView
) -> Decision[date]:
    counted = decide_due_day(issued_day=issued_day, view=view)
    agreed = first_chosen_day(counted.outcome, choice.day_of_month)
    within = decide_agreed_date(
        AgreedDateFacts(counted.outcome, agreed), Terms(view, issued_day, rule=AGREED)
    )
    if not within.outcome.within:
        return Decision(usual.outcome, (*usual.reasons, *within.reasons))
    terms = Terms(view, issued_day, rule=CHOICE_EFFECTIVE)
    found = f"day {choice.day_of_month} of the month was chosen, from {choice.days.from_day} on"
    chosen = because(f"{found}: {agreed}", terms.whole(MAX_BILLS).citation)
    closed = decide_closed_day(ClosedDayFacts(agreed), Terms(view, issued_day, rule=ON_CLOSED_DAY))
    moved = closed.reasons if closed.outcome.moved else ()
    return Decision(closed.outcome.due, (*counted.reasons, chosen, *within.reasons, *moved))


def pay_date_facts(
    choice: DueDateChoice, bill_date: date | None, ended: date | None
) -> PayDateFacts:
    """What the rule of a deferred pay date asks, of a person who has one."""
    told = dict(choice.person)
    return PayDateFacts(
        bill_date=bill_date,
        age=int(told["age"]) if "age" in told else None,
        birth_date=date.fromisoformat(told["birth_date"]) if "birth_date" in told else None,
        retired=told.get("retired") == YES,
        disabled=told.get("disabled") == YES,
        ssi=told.get("ssi") == YES,
        residential=told.get("residential", YES) == YES,
        applied_on=choice.days.from_day,
        enrolled_before_end=ended is not None and choice.days.from_day < ended,
    )


def _deferred(
    issued_day: date, choice: DueDateChoice, usual: Decision[date], view: BookView
) -> Decision[date]:
    terms = Terms(view, issued_day, rule=PAY_DATE)
    left = terms.ended(PAY_DATE.provisions[0])
    until = left.version.days.until_day if left is not None else None
    decision = decide_pay_date(pay_date_facts(choice, issued_day, until), terms)
    granted = decision.outcome.due_date
    if granted is None:
        return Decision(usual.outcome, (*usual.reasons, *decision.reasons), decision.reading_keys)
    return Decision(
        max(granted, usual.outcome), (*usual.reasons, *decision.reasons), decision.reading_keys
    )
