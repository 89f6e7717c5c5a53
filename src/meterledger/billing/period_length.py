"""How long a billing period may be, and whom that binds: not initial, corrected and final bills.

Lives here      what makes a bill a corrected one, and whether the limits of length bind it.
Lives elsewhere proration of other lengths (``proration``), the check before a bill leaves
                (``gate_length``), the corrected bill itself (``corrected``).
Read first      20 CSR 4240-13.015.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

PERIOD, CORRECTED = "psc.13_015.billing_period_days", "psc.13_015.corrected_bill"
QUARTERLY = "psc.13_015.billing_period_quarterly_max"
SHORTEST, LONGEST = "regular_period_days_min", "regular_period_days_max"
QUARTERLY_DAYS = "psc_13_015_billing_period_quarterly_max"


class NoPeriod(Refusal):
    """A billing period of no days."""


class Billing(Enum):
    """How often service is billed."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """A billing period and the bill for it."""

    days: int = fact("How many days of service it has.")
    first: bool = fact(
        "Whether service begins with it: the bill is the initial one.", default=False
    )
    last: bool = fact("Whether service ends with it: the bill is the final one.", default=False)
    bill_rendered_before: bool = fact(
        "Whether a bill for it was rendered before, which this one takes the place of.",
        default=False,
    )
    billing: Billing = fact("How often service is billed.", default=Billing.MONTHLY)


@dataclass(frozen=True, slots=True)
class PeriodLength:
    """What the limits of length say of it."""

    corrected_bill: bool = fact("Whether the bill is a corrected bill.")
    limits_bind: bool = fact("Whether the limits of length bind it.")
    may_be_billed: bool = fact("Whether a period of so many days may be billed.")


def decide_period_length(facts: PeriodFacts, terms: Terms) -> Decision[PeriodLength]:
    """Whether a period of so many days may be billed (20 CSR 4240-13.015).

    :raises NoPeriod: if it has no day
    """
    if facts.days < 1:
        raise NoPeriod(
            f"A period of {facts.days} days is none",
            where="facts.days",
            do="Give one day of service or more",
        )
    corrected = facts.bill_rendered_before
    if corrected:
        found = "issued for an earlier rendered bill: a corrected bill, of any length"
        reason = Reason(found, terms.clause(CORRECTED).citation)
        return Decision(PeriodLength(True, False, True), (reason,))
    if facts.first or facts.last:
        kind = "initial" if facts.first else "final"
        reason = Reason(f"the {kind} bill may have any length", terms.clause(PERIOD).citation)
        return Decision(PeriodLength(False, False, True), (reason,))
    if facts.billing is Billing.QUARTERLY:
        most = terms.whole(QUARTERLY_DAYS)
        within = facts.days <= most.value
        found = f"{facts.days} days, and a quarter has at most {most.value}"
        reasons: tuple[Reason, ...] = (Reason(found, most.citation),)
    else:
        least, most = terms.whole(SHORTEST), terms.whole(LONGEST)
        within = least.value <= facts.days <= most.value
        found = f"{facts.days} days, and a month of billing has {least.value} to {most.value}"
        reasons = (Reason(found, least.citation), Reason(found, most.citation))
    return Decision(PeriodLength(False, True, within), reasons)


RULES = (
    Rule(
        id="billing.period_length",
        title="How long a billing period may be",
        room="billing",
        kind="limit",
        chapter="psc_rules",
        provisions=(PERIOD, CORRECTED, QUARTERLY),
        governing_day="the day on which the bill is rendered",
        facts=PeriodFacts,
        outcome=PeriodLength,
        values=(SHORTEST, LONGEST, QUARTERLY_DAYS),
        decide=decide_period_length,
    ),
)
