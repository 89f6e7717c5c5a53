"""Choosing a preferred due date again: how long until no approval is needed.

Lives here      the months between two choices, and who may shorten them.
Lives elsewhere who may choose at all, and which day (``due_date_choice``).
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
from meterledger.kernel.months import months_after
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

ONCE = "due.preferred.once_per_12_months"
MIN_GAP_MONTHS = "due_preferred_once_per_12_months_min_gap_months"
OVERRIDE = "due_preferred_once_per_12_months_override"


@dataclass(frozen=True, slots=True)
class NextChoiceFacts:
    """A customer who may choose and asks to, today, perhaps again."""

    last_selection: date | None = fact("The day of the last choice; null if there was none.")
    company_approval: bool | None = fact(
        "Whether the utility approved an early choice; null if it has not been asked.", default=None
    )


@dataclass(frozen=True, slots=True)
class NextChoice:
    """Whether the request may be taken."""

    allowed: bool = fact("Whether the customer may choose today.")
    ask_company: bool = fact("Whether the utility must be asked to approve first.")
    free_from: date | None = fact("From which day no approval is needed; null if none ever was.")


def decide_next_choice(facts: NextChoiceFacts, terms: Terms) -> Decision[NextChoice]:
    """Decide whether a customer may choose again. Months count from the day of the last choice.

    :raises DueDateFactsContradict: if the last choice lies after the day of the request
    :raises NoRuleInForce: for requests before there was a choice
    """
    gap, last = terms.whole(MIN_GAP_MONTHS), facts.last_selection
    if last is None:
        found = "no due date was chosen before"
        return Decision(NextChoice(True, False, None), (because(found, gap.citation),))
    if last > terms.day:
        raise DueDateFactsContradict(
            f"The last choice was made on {last}, after the request of {terms.day}",
            where="facts.last_selection",
            do="Correct the fact, or ask for a later day",
        )
    free_from = months_after(last, gap.value)
    if terms.day >= free_from:
        found = f"the last choice, of {last}, is {gap.value} months back or more"
        return Decision(NextChoice(True, False, free_from), (because(found, gap.citation),))
    override = terms.text(OVERRIDE)
    early = f"the last choice, of {last}, is less than {gap.value} months back; until {free_from}"
    answer = {
        True: f"{early} it takes {override.value}, which was given",
        False: f"{early} it takes {override.value}, which was not given",
        None: f"{early} it takes {override.value}, which has not been asked for",
    }[facts.company_approval]
    outcome = NextChoice(facts.company_approval is True, facts.company_approval is None, free_from)
    return Decision(outcome, (because(answer, override.citation),))


NEXT_CHOICE = Rule(
    id="due.preferred.next_choice",
    title="How soon a due date may be chosen again",
    room=ROOM,
    kind="limit",
    chapter=CHAPTER,
    provisions=(ONCE,),
    governing_day="the day of the request",
    facts=NextChoiceFacts,
    outcome=NextChoice,
    values=(MIN_GAP_MONTHS, OVERRIDE),
    decide=decide_next_choice,
)

RULES = (NEXT_CHOICE,)
