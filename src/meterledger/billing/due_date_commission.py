"""What the commission's rules say of due and delinquent dates.

Lives here      the earliest delinquent date, a due date on a closed day, how far an agreed date may
                lie off the usual one.
Lives elsewhere our own due date (``due_day``), the choice of one (``due_date_choice``), what
                follows when it has passed (``arrears``).
Read first      20 CSR 4240-13.015 and 13.020, as far as they are known (M-19).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.billing.due_date_choice import DueDateFactsContradict, because
from meterledger.kernel.decision import Decision
from meterledger.rulebook.business_days import HOLIDAYS, business_day_after, on_a_weekend
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "psc_rules", "billing"
MONTHLY, QUARTERLY = "psc.13_015.delinquent_date_monthly", "psc.13_015.delinquent_date_quarterly"
MONTHLY_DAYS, QUARTERLY_DAYS = (
    "due_days_after_rendition",
    "psc_13_015_delinquent_date_quarterly_min",
)
CHARGE, RENDITION = "psc.13_015.delinquent_charge", "psc.13_015.rendition"
PAY_TIME, PAY_DAYS = "psc.13_020.pay_time", "psc_13_020_pay_time_min"
CLOSED_DAY = "psc.13_020.due_date_on_closed_day"
PREFERRED, PREFERRED_DAYS = (
    "psc.13_015.preferred_payment_date",
    "psc_13_015_preferred_payment_date",
)


@dataclass(frozen=True, slots=True)
class DelinquentFacts:
    """A bill that was rendered, and the day by which it is to be paid."""

    rendered: date = fact("The day the bill was mailed, posted electronically or delivered.")
    due: date = fact("The day by which it is to be paid.")
    quarterly: bool = fact("Whether it is a bill for a quarter of a year.", default=False)


@dataclass(frozen=True, slots=True)
class Delinquent:
    """Whether the customer has the time that the rules give."""

    earliest: date = fact("The first day that may be the delinquent date.")
    in_order: bool = fact("Whether the due date leaves the customer that time.")


def decide_delinquent(facts: DelinquentFacts, terms: Terms) -> Decision[Delinquent]:
    """From when on an unpaid bill may be delinquent (20 CSR 4240-13.015 and 13.020).

    :raises DueDateFactsContradict: if the bill is due before it was rendered
    :raises NoRuleInForce: for bills before the first text that is known
    """
    if facts.due < facts.rendered:
        raise DueDateFactsContradict(
            f"A bill rendered on {facts.rendered} cannot be due on {facts.due}, before it",
            where="facts.due",
            do="Correct one of the two days",
        )
    terms = terms.on(facts.rendered)
    days = terms.whole(QUARTERLY_DAYS if facts.quarterly else MONTHLY_DAYS)
    terms.clause(QUARTERLY if facts.quarterly else MONTHLY)
    reasons = [
        because(f"rendered on {facts.rendered}", terms.clause(RENDITION)),
    ]
    earliest = facts.rendered + timedelta(days=days.value)
    found = f"{days.value} days from rendition end on {earliest}"
    reasons.append(because(found, days.citation))
    if not facts.quarterly:
        pay = terms.whole(PAY_DAYS)
        earliest = max(earliest, facts.rendered + timedelta(days=pay.value))
        found = f"a customer has {pay.value} days from rendition to pay"
        reasons.append(because(found, pay.citation))
    in_order = facts.due >= earliest
    found = f"due on {facts.due}: " + (
        "the customer has that time, and what is unpaid after it is delinquent"
        if in_order
        else f"too early, nothing is delinquent before {earliest} is over"
    )
    reasons.append(because(found, terms.clause(CHARGE)))
    return Decision(Delinquent(earliest, in_order), tuple(reasons))


@dataclass(frozen=True, slots=True)
class ClosedDayFacts:
    """The day on which a bill would be due."""

    due: date = fact("The due date as it comes out.")


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """The day on which it is due."""

    due: date = fact("The due date, on a day on which one can pay.")
    moved: bool = fact("Whether it was moved.")


def decide_closed_day(facts: ClosedDayFacts, terms: Terms) -> Decision[ClosedDay]:
    """A due date on a closed day moves to the next business day (20 CSR 4240-13.020).

    :raises NoRuleInForce: if the book has no holidays for the year, or no text for the day
    """
    clause, due = terms.clause(CLOSED_DAY), facts.due
    holidays = terms.on(due).holidays(HOLIDAYS)
    if not on_a_weekend(due) and due not in holidays.value:
        return Decision(
            ClosedDay(due, False), (because(f"{due:%A} {due} is a business day", clause),)
        )
    found = business_day_after(due, 1, terms)
    why = "a holiday" if due in holidays.value else f"a {due:%A}"
    reason = because(f"{due} is {why}, so that it is due on {found.day}", clause)
    return Decision(ClosedDay(found.day, True), (reason, because("holidays", found.calendar)))


@dataclass(frozen=True, slots=True)
class AgreedDateFacts:
    """A due date that the customer wants, and the usual one of the same bill."""

    usual: date = fact("The usual due date.")
    agreed: date = fact("The due date that the customer wants.")


@dataclass(frozen=True, slots=True)
class AgreedDate:
    """Whether the date may be agreed on."""

    within: bool = fact("Whether it lies near enough to the usual due date.")
    days_off: int = fact("By how many days it is later; below zero, earlier.")


def decide_agreed_date(facts: AgreedDateFacts, terms: Terms) -> Decision[AgreedDate]:
    """How far an agreed due date may lie off the usual one (20 CSR 4240-13.015)."""
    most = terms.whole(PREFERRED_DAYS)
    off = (facts.agreed - facts.usual).days
    within = abs(off) <= most.value
    found = (
        f"{facts.agreed} is {abs(off)} days {'after' if off >= 0 else 'before'} the usual due date "
        f"of {facts.usual}, where at most {most.value} are allowed"
    )
    return Decision(AgreedDate(within, off), (because(found, most.citation),))


DELINQUENT = Rule(
    id="due.delinquent",
    title="From when on an unpaid bill may be delinquent",
    room=ROOM,
    kind="limit",
    chapter=CHAPTER,
    provisions=(MONTHLY, QUARTERLY, CHARGE, RENDITION, PAY_TIME),
    governing_day="the day the bill was rendered (bill date)",
    facts=DelinquentFacts,
    outcome=Delinquent,
    values=(MONTHLY_DAYS, QUARTERLY_DAYS, PAY_DAYS),
    decide=decide_delinquent,
)

ON_CLOSED_DAY = Rule(
    id="due.closed_day",
    title="A due date on a closed day",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(CLOSED_DAY,),
    governing_day="the day the bill was rendered (bill date)",
    facts=ClosedDayFacts,
    outcome=ClosedDay,
    values=(HOLIDAYS,),
    decide=decide_closed_day,
)

AGREED = Rule(
    id="due.agreed",
    title="How far an agreed due date may lie off the usual one",
    room=ROOM,
    kind="limit",
    chapter=CHAPTER,
    provisions=(PREFERRED,),
    governing_day="the day the bill was rendered (bill date)",
    facts=AgreedDateFacts,
    outcome=AgreedDate,
    values=(PREFERRED_DAYS,),
    decide=decide_agreed_date,
)

RULES = (DELINQUENT, ON_CLOSED_DAY, AGREED)
