"""Proration of off-length periods: all components by days over the normal period's days.

Lives here      whether a window counts as one month or as a share of one, for bills and as a rule.
Lives elsewhere applying the share to charges and blocks (``rating``).
Read first      GRR V.E.3 (carried forward, C-PRORATION-GAP); 20 CSR 4240-13.015 for the band.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.kernel.written_counts import many
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

READING_KEY = "gaps.carry_forward"
OFF_LENGTH = "billing.proration.off_length_periods"
SHORTEST, LONGEST = "regular_period_days_min", "regular_period_days_max"
NORMAL = "normal_period_days"
SCOPE = "billing_proration_off_length_periods_scope"


def prorate(window: DaySpan, view: BookView) -> tuple[Decision[Fraction], Standing]:
    """How many months a window counts for: 1 inside the regular band, else days over normal days.

    :raises NoRuleInForce: if the band or the normal length is silent on the window's last day
    """
    terms = Terms(view, window.last_day)
    decision = _months(window.day_count, terms)
    if decision.outcome != 1:
        decision = Decision(decision.outcome, decision.reasons, (READING_KEY,))
    return decision, weakest(tuple(terms.memory.standings))


def _months(day_count: int, terms: Terms) -> Decision[Fraction]:
    shortest, longest = terms.number(SHORTEST), terms.number(LONGEST)
    if shortest.value <= day_count <= longest.value:
        finding = (
            f"{_days_are(day_count)} within {shortest.value} to {longest.value}: "
            "a regular period, no proration"
        )
        reasons = (Reason(finding, shortest.citation), Reason(finding, longest.citation))
        return Decision(Fraction(1), reasons[:1] if reasons[0] == reasons[1] else reasons)
    normal = terms.number(NORMAL)
    finding = (
        f"{_days_are(day_count)} outside {shortest.value} to {longest.value}: every component "
        f"is prorated by {day_count}/{normal.value}"
    )
    reasons = (Reason(finding, normal.citation), Reason(finding, shortest.citation))
    return Decision(Fraction(day_count) / normal.value, reasons)


def _days_are(count: int) -> str:
    return f"{many(count, 'day')} {'is' if count == 1 else 'are'}"


class PeriodHasNoDays(Refusal):
    """A billing period ends before it begins."""


@dataclass(frozen=True, slots=True)
class LengthFacts:
    """A billing period. The day that counts is its last day."""

    begins: date = fact("Its first day.")


@dataclass(frozen=True, slots=True)
class Months:
    """For how much of a month it counts."""

    days: int = fact("How many days it has.")
    months: Fraction = fact("The share of a month by which every component is multiplied.")


def decide_months(facts: LengthFacts, terms: Terms) -> Decision[Months]:
    """By which share of a month a period is billed (GRR V.E.3): what bills are made with.

    :raises PeriodHasNoDays: if it ends before it begins
    :raises ReviewNeeded: where the reading ``gaps.carry_forward`` leaves it to a person
    """
    days = (terms.day - facts.begins).days + 1
    if days < 1:
        raise PeriodHasNoDays(
            f"A period from {facts.begins} to {terms.day} has no days",
            where="facts.begins",
            do="Give a first day that is not after the last",
        )
    found = _months(days, terms)
    if found.outcome == 1:
        return Decision(Months(days, found.outcome), found.reasons)
    scope = terms.text(SCOPE)
    reasons = (*found.reasons, Reason(f"prorated are {scope.value}", scope.citation))
    return Decision(Months(days, found.outcome), reasons)


RULES = (
    Rule(
        id="billing.months",
        title="Proration of a billing period of unusual length",
        room="billing",
        kind="calculation",
        chapter="grr_v_billing",
        provisions=(OFF_LENGTH,),
        governing_day="the last day of the billing period",
        facts=LengthFacts,
        outcome=Months,
        values=(SHORTEST, LONGEST, NORMAL, SCOPE),
        decide=decide_months,
    ),
)
