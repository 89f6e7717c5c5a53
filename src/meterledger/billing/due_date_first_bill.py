"""The first bills after a due date was chosen: from which bill it counts, and how long that one is.

Lives here      the bills that a choice can reach, and the odd length of the first.
Lives elsewhere who may choose (``due_date_choice``), the length of other bills (``window``),
                prorating one (``proration``).
Read first      GRR V.O.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.billing.due_date_choice import (
    CHAPTER,
    ROOM,
    DueDateFactsContradict,
    because,
)
from meterledger.kernel.decision import Decision
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

EFFECTIVE, FIRST_BILL = "due.preferred.effective", "due.preferred.first_bill_proration"
MAX_BILLS = "due_preferred_effective_max_bills_until_effective"
RETROACTIVE = "due_preferred_effective_retroactive"


@dataclass(frozen=True, slots=True)
class EffectiveFacts:
    """A choice made today, and the bills around it."""

    bill_dates: tuple[date, ...] = fact(
        "The days on which the account's bills are rendered, from the day of the choice on."
    )
    bill_of_today_was_out: bool | None = fact(
        "Whether a bill of the day of the choice was out before it; needed if there is one.",
        default=None,
    )
    first_bill_with_choice: date | None = fact(
        "The bill that first carries the chosen date, if it is to be judged.", default=None
    )


@dataclass(frozen=True, slots=True)
class Effective:
    """The first and the last bill on which the chosen date may begin."""

    first_bill: date = fact("The first bill that the choice can reach.")
    latest_bill: date = fact("The bill by which it must work.")
    in_time: bool | None = fact("Whether the bill given carries it in time; null if none is given.")


def decide_effective(facts: EffectiveFacts, terms: Terms) -> Decision[Effective]:
    """Decide on which bills a choice of due date must begin to work.

    :raises DueDateFactsContradict: if the bills given do not suffice or do not fit the choice
    :raises NoRuleInForce: for choices before there was one
    """
    most, retroactive = terms.whole(MAX_BILLS), terms.flag(RETROACTIVE)
    bills = sorted(set(facts.bill_dates))
    if bills and bills[0] < terms.day and not retroactive.value:
        raise DueDateFactsContradict(
            f"The bill of {bills[0]} was rendered before the choice of {terms.day}",
            where="facts.bill_dates",
            why="A choice never reaches a bill that is already out",
            do="Give the bills from the day of the choice on",
        )
    if terms.day in bills and not retroactive.value:
        bills = _without_todays(bills, facts, terms.day)
    if len(bills) < most.value:
        raise DueDateFactsContradict(
            f"The choice must work by bill {most.value} after it, and "
            f"{len(bills) or 'none'} of the bills given can be reached",
            where="facts.bill_dates",
            do=f"Give the days of the next {most.value} bills",
        )
    first, latest = bills[0], bills[most.value - 1]
    reasons = [
        because(
            "a bill that is already out stays as it is"
            if not retroactive.value
            else "bills that are out are reached, too",
            retroactive.citation,
        ),
        because(
            f"the choice of {terms.day} may begin with the bill of {first} and must by that of "
            f"{latest}, number {most.value} after it",
            most.citation,
        ),
    ]
    begun = facts.first_bill_with_choice
    if begun is None:
        return Decision(Effective(first, latest, None), tuple(reasons))
    if begun not in bills:
        raise DueDateFactsContradict(
            f"The bill of {begun} is none that the choice can reach",
            where="facts.first_bill_with_choice",
            do="Name one of bill_dates that was not out before the choice",
        )
    in_time = begun <= latest
    found = f"it begins with the bill of {begun}, number {bills.index(begun) + 1}: " + (
        "in time" if in_time else "too late"
    )
    reasons.append(because(found, most.citation))
    return Decision(Effective(first, latest, in_time), tuple(reasons))


def _without_todays(bills: list[date], facts: EffectiveFacts, today: date) -> list[date]:
    if facts.bill_of_today_was_out is None:
        raise DueDateFactsContradict(
            f"A bill is of {today}, the day of the choice, and nobody says which was first",
            where="facts.bill_of_today_was_out",
            do="Give true if the bill was out before the choice, else false",
        )
    return bills[1:] if facts.bill_of_today_was_out else bills


@dataclass(frozen=True, slots=True)
class FirstBillFacts:
    """A bill after a choice of due date."""

    days: int = fact("Days of service on the bill.")
    usual_days_min: int = fact("Shortest usual bill, in days.")
    usual_days_max: int = fact("Longest usual bill, in days.")
    first_with_choice: bool = fact("Whether it is the first bill with the chosen due date.")


@dataclass(frozen=True, slots=True)
class FirstBill:
    """Whether the bill's length is excused, and whether it may be prorated for the choice."""

    unusual: bool = fact("Whether the bill is longer or shorter than usual.")
    excused: bool = fact("Whether the choice of a due date excuses that.")
    may_be_prorated: bool = fact("Whether the choice is a ground to prorate the bill.")


def decide_first_bill(facts: FirstBillFacts, terms: Terms) -> Decision[FirstBill]:
    """Decide whether an odd length of a bill is the first one's after a choice of due date.

    :raises DueDateFactsContradict: if the numbers of days cannot be
    :raises NoRuleInForce: for bills before there was a choice
    """
    if not 0 < facts.usual_days_min <= facts.usual_days_max or facts.days < 1:
        raise DueDateFactsContradict(
            f"A bill of {facts.days} days, where {facts.usual_days_min} to {facts.usual_days_max} "
            "are usual, cannot be",
            where="facts",
            do="Give whole days, one or more, the shortest usual bill first",
        )
    clause = terms.clause(FIRST_BILL)
    usual = f"{facts.usual_days_min} to {facts.usual_days_max} are usual"
    unusual = not facts.usual_days_min <= facts.days <= facts.usual_days_max
    if not unusual:
        found = f"{facts.days} days, where {usual}"
        return Decision(FirstBill(False, False, False), (because(found, clause),))
    if not facts.first_with_choice:
        found = f"{facts.days} days, where {usual}, and not the first bill with the chosen date"
        return Decision(FirstBill(True, False, False), (because(found, clause),))
    found = (
        f"{facts.days} days, where {usual}: the first bill with the chosen date may be so and may "
        "be prorated as any bill of unusual length"
    )
    return Decision(FirstBill(True, True, True), (because(found, clause),))


CHOICE_EFFECTIVE = Rule(
    id="due.preferred.effective",
    title="From which bill a chosen due date works",
    room=ROOM,
    kind="deadline",
    chapter=CHAPTER,
    provisions=(EFFECTIVE,),
    governing_day="the day of the choice",
    facts=EffectiveFacts,
    outcome=Effective,
    values=(MAX_BILLS, RETROACTIVE),
    decide=decide_effective,
)

CHOICE_FIRST_BILL = Rule(
    id="due.preferred.first_bill",
    title="Length of the first bill with a chosen due date",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(FIRST_BILL,),
    governing_day="the bill date of the bill in question",
    facts=FirstBillFacts,
    outcome=FirstBill,
    values=(),
    decide=decide_first_bill,
)

RULES = (CHOICE_EFFECTIVE, CHOICE_FIRST_BILL)
