"""Joining the Budget Billing Plan: who may, and what the first monthly amount is.

Lives here      the request to join, the first amount.
Lives elsewhere what the customer elects (``budget_elections``), later amounts
                (``budget_review``), whether credit requirements are met (``arrears``).
Read first      GRR V.I and V.I.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from meterledger.billing.budget_calendar import (
    CHAPTER,
    ROOM,
    PlanFactsContradict,
    UnknownPlanRule,
    because,
)
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display, usd_text
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

ELIGIBILITY = "budget.eligibility.classes"
COLD_WEATHER_READING = "cwr.budget_override"
AGREEMENT_OVERRIDES = "agreement_overrides"
_RATE_CLASS = re.compile(r"[1-9][0-9]?\(M\)")


class BillMedium(Enum):
    """How a customer's bills are sent."""

    POSTCARD = "postcard"
    ELECTRONIC = "electronic"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class JoiningFacts:
    """A customer who asks to join the plan, or whom a Cold Weather agreement puts on it."""

    rate_class: str = fact('The service classification billed under, like "1(M)".')
    bill_medium: BillMedium = fact("How the customer's bills are sent.")
    credit_requirements_met: bool = fact(
        "Whether the customer meets the utility's credit requirements, as its policy tests them."
    )
    charitable: bool = fact("Whether the customer is a charitable institution.", default=False)
    company_agrees: bool = fact(
        "Whether the utility agrees to a charitable customer on the plan.", default=False
    )
    cold_weather_agreement: bool = fact(
        "Whether a Cold Weather Rule agreement puts the customer on the plan.", default=False
    )


@dataclass(frozen=True, slots=True)
class Joining:
    """Whether the customer is enrolled."""

    accepted: bool = fact("Whether the customer may be enrolled.")


def decide_joining(facts: JoiningFacts, terms: Terms) -> Decision[Joining]:
    """Decide on a request to join the plan (GRR V.I).

    :raises PlanFactsContradict: if the service classification is none
    """
    if not _RATE_CLASS.fullmatch(facts.rate_class):
        raise PlanFactsContradict(
            f"'{facts.rate_class[:40]}' is no service classification",
            where="facts.rate_class",
            do='Write it as the sheets do, like "1(M)"',
        )
    belongs, who = _who_may_join(facts, terms)
    credit, creditworthy = _credit(facts, terms)
    if belongs and creditworthy:
        return Decision(Joining(True), (*who, credit))
    if facts.cold_weather_agreement:
        clause = terms.clause(ELIGIBILITY)
        if terms.reading(COLD_WEATHER_READING) == AGREEMENT_OVERRIDES:
            override = (
                "a Cold Weather Rule agreement puts its customer on the plan, whatever the plan "
                "itself asks for"
            )
            return Decision(Joining(True), (*who, credit, because(override, clause)))
        no_override = "a Cold Weather Rule agreement does not lift what the plan itself asks for"
        return Decision(Joining(False), (*who, credit, because(no_override, clause)))
    return Decision(Joining(False), (*who, credit))


def _who_may_join(facts: JoiningFacts, terms: Terms) -> tuple[bool, tuple[Reason, ...]]:
    classes = terms.listing("budget_eligibility_classes")
    media = terms.listing("budget_eligibility_classes_billing_medium")
    medium = facts.bill_medium.value
    of_class, by_medium = facts.rate_class in classes.value, medium in media.value
    reasons = (
        because(
            f"billed under {facts.rate_class}, which is {'' if of_class else 'not '}"
            f"among {_either(classes.value)}",
            classes.citation,
        ),
        because(
            f"billed by {medium}, and the plan is for {_either(media.value)} billing"
            if not by_medium
            else f"billed by {medium}, one of {_either(media.value)}",
            media.citation,
        ),
    )
    if (of_class and by_medium) or not facts.charitable:
        return of_class and by_medium, reasons
    option = terms.text("budget_eligibility_classes_charitable_customers")
    agreed = "and it agrees" if facts.company_agrees else "and it does not agree"
    found = f"charitable customers join at the {option.value}, {agreed}"
    return facts.company_agrees, (*reasons, because(found, option.citation))


def _credit(facts: JoiningFacts, terms: Terms) -> tuple[Reason, bool]:
    required = terms.flag("budget_eligibility_classes_credit_requirement")
    if not required.value:
        return because("no credit requirement is stated", required.citation), True
    met = facts.credit_requirements_met
    found = f"the utility's credit requirements are {'' if met else 'not '}met"
    return because(found, required.citation), met


def _either(words: tuple[str, ...]) -> str:
    return " or ".join(words)


@dataclass(frozen=True, slots=True)
class FirstAmountFacts:
    """What a year of service to the customer is expected to cost."""

    estimated_annual_cost_cents: Cents = fact(
        "Estimated yearly cost of service to this customer; for new premises, of similar customers."
    )


@dataclass(frozen=True, slots=True)
class FirstAmount:
    """The first monthly amount, and what rounding leaves of the year."""

    monthly_amount_cents: Cents = fact("The average monthly amount that the plan begins with.")
    left_for_settlement_cents: Cents = fact(
        "Yearly estimate less the monthly amounts of a year: cents that rounding leaves over."
    )


def decide_first_amount(facts: FirstAmountFacts, terms: Terms) -> Decision[FirstAmount]:
    """Work out the first monthly amount (GRR V.I.1), rounded once, halves up.

    :raises PlanFactsContradict: if the yearly cost is below zero
    """
    fraction = terms.number("budget_amount_initial_fraction")
    monthly = monthly_share(facts.estimated_annual_cost_cents, fraction.value)
    left = facts.estimated_annual_cost_cents - months_of_a_year(fraction.value) * monthly
    yearly = usd_text(facts.estimated_annual_cost_cents)
    found = (
        f"{fraction.value} of the estimated yearly cost of {yearly} is {usd_text(monthly)} a "
        f"month, rounded to the cent; {usd_text(left)} of the year is left to the settlement"
    )
    return Decision(FirstAmount(monthly, Cents(left)), (because(found, fraction.citation),))


def monthly_share(annual_cents: Cents, fraction: Fraction) -> Cents:
    """The monthly amount of a yearly cost, to the cent, halves up.

    :raises PlanFactsContradict: if the yearly cost is below zero
    """
    if annual_cents < 0:
        raise PlanFactsContradict(
            f"A year of service cannot be expected to cost {usd_display(annual_cents)}",
            why="A plan spreads what a customer will owe",
            do="Correct the estimate, or bill this customer month by month",
        )
    return Cents(to_whole_half_up(annual_cents * fraction))


def months_of_a_year(fraction: Fraction) -> int:
    """How many monthly amounts make the year.

    :raises UnknownPlanRule: if the sheet's share of a year is not one of equal parts
    """
    if fraction.numerator != 1:
        raise UnknownPlanRule(
            f"The sheet's monthly share of a year is {fraction}, which is not one of equal parts",
            do="Correct the value, or use a release that knows how such a year is settled",
        )
    return fraction.denominator


JOINING = Rule(
    id="budget.joining",
    title="Who may join the Budget Billing Plan",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(ELIGIBILITY,),
    governing_day="the day of the request to join",
    facts=JoiningFacts,
    outcome=Joining,
    values=(
        "budget_eligibility_classes",
        "budget_eligibility_classes_billing_medium",
        "budget_eligibility_classes_charitable_customers",
        "budget_eligibility_classes_credit_requirement",
    ),
    readings=(COLD_WEATHER_READING,),
    decide=decide_joining,
)

FIRST_AMOUNT = Rule(
    id="budget.first_amount",
    title="First monthly amount of a budget plan",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=("budget.amount.initial",),
    governing_day="the day of enrollment",
    facts=FirstAmountFacts,
    outcome=FirstAmount,
    values=("budget_amount_initial_fraction",),
    decide=decide_first_amount,
)

RULES = (JOINING, FIRST_AMOUNT)
