"""Paying after an underestimate: over as long a time as was estimated.

Lives here      the time that a customer is offered when a real reading shows more than was billed.
Lives elsewhere the longer offer after an error (``adjust_residential``), which bills are trued up
                (journeys), whether an estimate was allowed (``usage``).
Read first      20 CSR 4240-13.020 (recalled; missing text M-19).
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

TRUE_UP = "psc.13_020.estimate_trueup"


class NoUnderestimate(Refusal):
    """Nothing was estimated too low."""


@dataclass(frozen=True, slots=True)
class TrueUpFacts:
    """Estimated bills that a real reading has shown to be too low."""

    estimated_periods: int = fact("How many billing periods were estimated; one or more.")
    underestimate_cents: Cents = fact("By how much they were too low, together.")
    wished_months: int | None = fact(
        "Over how many months the customer would pay; null if not asked yet.", default=None
    )


@dataclass(frozen=True, slots=True)
class TrueUpPayment:
    """How the difference may be paid."""

    months_offered: int = fact("Over how many months it may be paid.")
    months: int = fact("Over how many it is, by the customer's wish within the offer.")
    instalment_cents: Cents = fact("Each instalment but the last.")
    last_instalment_cents: Cents = fact("The last one, so that all sum to the difference.")


def decide_true_up(facts: TrueUpFacts, terms: Terms) -> Decision[TrueUpPayment]:
    """Over how many months an underestimate may be paid (20 CSR 4240-13.020).

    :raises NoUnderestimate: if no period or no amount is given, or a wish of no months
    """
    if facts.estimated_periods < 1 or facts.underestimate_cents < 1:
        raise NoUnderestimate(
            "Nothing was estimated too low",
            where="facts",
            do="Give one estimated period or more, and by how much they were too low",
        )
    if facts.wished_months is not None and facts.wished_months < 1:
        raise NoUnderestimate(
            f"{facts.wished_months} months are no time to pay in",
            where="facts.wished_months",
            do="Give one month or more, or null",
        )
    clause = terms.clause(TRUE_UP)
    offered = facts.estimated_periods
    noun = "period was" if offered == 1 else "periods were"
    reasons = [Reason(f"{offered} {noun} estimated: as many months to pay", clause.citation)]
    months = min(offered, facts.wished_months or offered)
    if facts.wished_months is not None and facts.wished_months != offered:
        found = (
            f"the customer chose {months}"
            if facts.wished_months < offered
            else f"{facts.wished_months} are more than offered: there is no right to them"
        )
        reasons.append(Reason(found, clause.citation))
    each = facts.underestimate_cents // months
    last = facts.underestimate_cents - each * (months - 1)
    return Decision(TrueUpPayment(offered, months, Cents(each), Cents(last)), tuple(reasons))


RULES = (
    Rule(
        id="billing.estimate_true_up",
        title="Paying after an underestimate",
        room="billing",
        kind="procedure",
        chapter="psc_rules",
        provisions=(TRUE_UP,),
        governing_day="the day on which the bill that trues up is issued",
        facts=TrueUpFacts,
        outcome=TrueUpPayment,
        values=(),
        decide=decide_true_up,
    ),
)
