"""When a deposit goes back, or a guarantor is released.

Lives here      twelve good months of a residential customer, the review of a non-residential one
                after three years, the dispute for which both may wait.
Lives elsewhere what is paid with it (``deposit_interest``), setting it against charges and the
                efforts to return it (``deposit_returns``), the final bill (``deposit_final``).
Read first      GRR VI.C.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import groupby

from meterledger.arrears.deposit_facts import (
    ONE_DEFINITION,
    TIMELY_READING,
    Findings,
    Payment,
    not_after,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.months import years_after
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

RESIDENTIAL = "deposits.refund.residential_twelve_months"
NON_RESIDENTIAL = "deposits.refund.nonresidential_three_years"
WITHHOLD = "deposits.refund.withhold_dispute"
IN_TIME = (
    Payment.BEFORE_THE_DAY,
    Payment.ON_THE_DAY,
    Payment.MAILED_WITHIN_GRACE,
    Payment.DISPUTED,
)
BEFORE = (Payment.BEFORE_THE_DAY, Payment.DISPUTED)
"""What is in time if "before the delinquency date" is taken by its words."""


class OpenDispute(Enum):
    """What a dispute that is not resolved is about."""

    NONE = "none"
    DISCONNECTION_FOR_NONPAYMENT = "disconnection_for_nonpayment"
    UNAUTHORIZED_INTERFERENCE = "unauthorized_interference"
    ANOTHER_MATTER = "another_matter"


class Security(Enum):
    """What the company holds."""

    CASH = "cash"
    GUARANTEE = "guarantee"


class Opinion(Enum):
    """What the company thinks of a customer's credit."""

    NOT_REVIEWED = "not_reviewed"
    SATISFACTORY = "satisfactory"
    NOT_SATISFACTORY = "not_satisfactory"


class Action(Enum):
    """What is to be done with a deposit or guarantee."""

    KEEP = "keep"
    REVIEW = "review"
    MAY_WAIT = "may_wait"
    """It is due, and may be held back while a dispute is open."""
    REFUND = "refund"
    RELEASE_GUARANTOR = "release_guarantor"


@dataclass(frozen=True, slots=True)
class ResidentialRefundFacts:
    """A residential deposit or guarantee on the day that counts."""

    held: Security = fact("What the company holds.")
    months: tuple[Payment, ...] = fact(
        "How the proper charges of each month since were paid, oldest first."
    )
    account_closed: bool = fact("Whether the customer has closed the account.")
    open_dispute: OpenDispute = fact("What a dispute that is not resolved is about.")


@dataclass(frozen=True, slots=True)
class ResidentialRefund:
    """Whether it goes back, and how many good months there are."""

    refund: bool = fact("Whether deposit and interest, or the guarantor's release, is due now.")
    action: Action = fact("What is to be done.")
    good_months: int = fact("Months paid in time one after another, up to now.")
    count_restarts: bool = fact("Whether the last month ended the count.")
    through_final_bill: bool = fact("Whether it goes back through the final bill.")


def decide_residential_refund(
    facts: ResidentialRefundFacts, terms: Terms
) -> Decision[ResidentialRefund]:
    """Whether a residential deposit is refunded, or the guarantor released: GRR VI.C.2.

    :raises NoRuleInForce: before the first text
    """
    clause = terms.clause(RESIDENTIAL)
    needed = terms.whole("deposits_refund_residential_twelve_months")
    in_a_row = terms.flag("deposits_refund_residential_twelve_months_consecutive").value
    findings = Findings()
    in_time = _in_time(facts.months, needed.value, in_a_row, terms, findings)
    good, best = _count(facts.months, in_time, in_a_row=in_a_row)
    late_now = bool(facts.months) and facts.months[-1] not in in_time
    established = best >= needed.value
    succession = "successive" if in_a_row else "of all"
    findings.add(
        f"{best} {succession} months were paid in time; {needed.value} establish credit"
        f"{', and the last month was not: the count restarts' if late_now else ''}",
        needed,
    )
    if facts.account_closed:
        findings.add("the customer has closed the account: through the final bill", clause)
    due = established or facts.account_closed
    action = _action(facts.held, due, facts.open_dispute, terms, findings)
    done = action in (Action.REFUND, Action.RELEASE_GUARANTOR)
    closing = facts.account_closed and action is Action.REFUND
    return Decision(ResidentialRefund(done, action, good, late_now, closing), findings.all())


def _in_time(
    months: tuple[Payment, ...], needed: int, in_a_row: bool, terms: Terms, findings: Findings
) -> tuple[Payment, ...]:
    """What counts as paid in time: the texts say "before" here, and "on or before" elsewhere."""
    if _seen(months, IN_TIME, needed, in_a_row) == _seen(months, BEFORE, needed, in_a_row):
        return IN_TIME
    clause = terms.clause(RESIDENTIAL)
    if terms.reading(TIMELY_READING) == ONE_DEFINITION:
        findings.add("paid on the delinquent date, or by mail within the grace, is in time", clause)
        return IN_TIME
    findings.add("paid on the delinquent date, or after it by mail, is not before it", clause)
    return BEFORE


def _seen(
    months: tuple[Payment, ...], in_time: tuple[Payment, ...], needed: int, in_a_row: bool
) -> tuple[int, int, bool]:
    """All of the decision that depends on what is in time."""
    good, best = _count(months, in_time, in_a_row=in_a_row)
    return good, best, bool(months) and months[-1] not in in_time


def _count(
    months: tuple[Payment, ...], in_time: tuple[Payment, ...], *, in_a_row: bool
) -> tuple[int, int]:
    """Good months up to now, and the most there have been: credit once established stays."""
    good = [month in in_time for month in months]
    if not in_a_row:
        return sum(good), sum(good)
    runs = [(holds, sum(1 for _ in run)) for holds, run in groupby(good)]
    best = max((length for holds, length in runs if holds), default=0)
    return (runs[-1][1] if runs and runs[-1][0] else 0), best


@dataclass(frozen=True, slots=True)
class NonResidentialRefundFacts:
    """A non-residential deposit or guarantee on the day that counts."""

    held: Security = fact("What the company holds.")
    received_on: date = fact("The day it was received.")
    opinion: Opinion = fact("The company's opinion of the customer's credit, once reviewed.")
    open_dispute: OpenDispute = fact("What a dispute that is not resolved is about.")


@dataclass(frozen=True, slots=True)
class NonResidentialRefund:
    """Whether its credit is to be reviewed, and what follows."""

    review_due_on: date = fact("The day from which the credit is to be reviewed.")
    refund: bool = fact("Whether the deposit, or the guarantor's release, is due now.")
    action: Action = fact("What is to be done.")


def decide_nonresidential_refund(
    facts: NonResidentialRefundFacts, terms: Terms
) -> Decision[NonResidentialRefund]:
    """Whether a non-residential deposit goes back after its review: GRR VI.C.2.

    :raises DepositFactsContradict: if it was received after the day that counts
    :raises NoRuleInForce: before the first text
    """
    years = terms.whole("deposits_refund_nonresidential_three_years_review_after_years")
    whose = terms.text("deposits_refund_nonresidential_three_years_discretion")
    not_after(facts.received_on, terms.day, called="The day the deposit was received")
    findings = Findings()
    review_on = years_after(facts.received_on, years.value)
    if terms.day < review_on:
        findings.add(f"the credit is reviewed after {years.value} years, on {review_on}", years)
        return Decision(NonResidentialRefund(review_on, False, Action.KEEP), findings.all())
    findings.add(f"{years.value} years have passed on {review_on}", years)
    if facts.opinion is Opinion.NOT_REVIEWED:
        findings.add(f"the review is due; nothing goes back without it ({whose.value})", whose)
        return Decision(NonResidentialRefund(review_on, False, Action.REVIEW), findings.all())
    satisfied = facts.opinion is Opinion.SATISFACTORY
    findings.add(f"{whose.value}: the credit is {'' if satisfied else 'not '}satisfactory", whose)
    action = _action(facts.held, satisfied, facts.open_dispute, terms, findings)
    done = action in (Action.REFUND, Action.RELEASE_GUARANTOR)
    return Decision(NonResidentialRefund(review_on, done, action), findings.all())


def _action(
    held: Security, due: bool, dispute: OpenDispute, terms: Terms, findings: Findings
) -> Action:
    """What is done, once it is known whether a refund is due, with a dispute or without."""
    if not due:
        return Action.KEEP
    if dispute is not OpenDispute.NONE:
        withhold = terms.clause(WITHHOLD)
        about = dispute.value.replace("_", " ")
        if dispute is not OpenDispute.ANOTHER_MATTER:
            findings.add(f"it may wait while the dispute about {about} is open", withhold)
            return Action.MAY_WAIT
        findings.add("the open dispute is about another matter: nothing waits for it", withhold)
    return Action.REFUND if held is Security.CASH else Action.RELEASE_GUARANTOR


RESIDENTIAL_REFUND = Rule(
    id="deposits.refund.residential",
    title="Refund of a residential deposit after twelve good months",
    room="arrears",
    kind="eligibility",
    chapter="grr_vi_deposits",
    provisions=(RESIDENTIAL, WITHHOLD),
    governing_day="the day on which a refund or release is considered",
    facts=ResidentialRefundFacts,
    outcome=ResidentialRefund,
    values=(
        "deposits_refund_residential_twelve_months",
        "deposits_refund_residential_twelve_months_consecutive",
    ),
    readings=(TIMELY_READING,),
    decide=decide_residential_refund,
)

NON_RESIDENTIAL_REFUND = Rule(
    id="deposits.refund.nonresidential",
    title="Review of a non-residential deposit after three years",
    room="arrears",
    kind="procedure",
    chapter="grr_vi_deposits",
    provisions=(NON_RESIDENTIAL, WITHHOLD),
    governing_day="the day on which a refund or release is considered",
    facts=NonResidentialRefundFacts,
    outcome=NonResidentialRefund,
    values=(
        "deposits_refund_nonresidential_three_years_review_after_years",
        "deposits_refund_nonresidential_three_years_discretion",
    ),
    decide=decide_nonresidential_refund,
)
