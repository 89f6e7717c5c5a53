"""The general method until 2020-07-09: the same month of the prior year, or the preceding month.

Lives here      identical use, no adjustment for days; a person refines first bills, final bills and
                those of the first year of electric space heating.
Lives elsewhere the methods since then (``estimation_method`` chooses).
Read first      GRR V.E.3 of the texts until 2020-07-09.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meterledger.facts.estimates import Method
from meterledger.kernel.decision import Decision
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_facts import (
    CHAPTER,
    ROOM,
    BillingPeriod,
    Findings,
    Occupant,
    PastPeriod,
    check_periods,
    matching,
    preceding,
)

SAME_MONTH = "estimation.general.same_month_prior_year"
PRECEDING_MONTH = "estimation.general.preceding_month"
EXCEPTIONS = "estimation.general.exceptions"


class Case(Enum):
    """What kind of bill is estimated."""

    ORDINARY = "ordinary"
    INITIAL = "initial"
    FINAL = "final"
    FIRST_YEAR_OF_HEATING = "first_year_of_heating"
    """The customer's first year with electric space heating."""


EXCEPTION_WORDS = {
    Case.INITIAL: "initial bill",
    Case.FINAL: "final bill",
    Case.FIRST_YEAR_OF_HEATING: "first-year electric space heating",
}
"""What the list of the book calls each."""


@dataclass(frozen=True, slots=True)
class GeneralFacts:
    """A month that was not read."""

    period: BillingPeriod = fact("The billing period.")
    history: tuple[PastPeriod, ...] = fact("Earlier billing periods of the location.")
    case: Case = fact("What kind of bill it is.", default=Case.ORDINARY)


@dataclass(frozen=True, slots=True)
class GeneralEstimate:
    """The estimate, and the month whose use it repeats."""

    energy_wh: int | None = fact("The energy estimated; null where a person must estimate.")
    rung: str | None = fact("The provision that gave it; null if none did.")
    method: str = fact("The code word of the method, as the lake keeps it.")
    rests_on_an_estimate: bool = fact("Whether that month was itself estimated.")


def decide_general(facts: GeneralFacts, terms: Terms) -> Decision[GeneralEstimate]:
    """The use of the same month of the prior year, or of the preceding one: GRR V.E.3 to 2020.

    :raises EstimationFactsContradict: if days do not fit each other
    :raises NoRuleInForce: from 2020-07-09, when other methods took its place
    """
    check_periods(facts.period, facts.history)
    findings = Findings()
    method = terms.text("estimation_general_same_month_prior_year_method")
    if facts.case is not Case.ORDINARY:
        cases = terms.listing("estimation_general_exceptions_exception_cases")
        findings.add(
            f"{EXCEPTION_WORDS[facts.case]}, one of {', '.join(cases.value)}: a person refines the "
            "estimate and writes it down",
            cases,
        )
        return Decision(_by_hand(), findings.all())
    own = tuple(one for one in facts.history if one.occupant is Occupant.SAME)
    found = matching(own, facts.period.year - 1, facts.period.number)
    if found:
        findings.add(f"{method.value}: no adjustment for the number of days", method)
        return Decision(_of(found, SAME_MONTH, Method.SAME_MONTH_PRIOR_YEAR), findings.all())
    findings.add("the customer did not use service here in that month", method)
    method = terms.text("estimation_general_preceding_month_method")
    found = preceding(own, facts.period)
    if found:
        findings.add(f"{method.value}: no adjustment for the number of days", method)
        return Decision(_of(found, PRECEDING_MONTH, Method.PRECEDING_MONTH), findings.all())
    findings.add("nor in the immediately preceding month: a person estimates", method)
    return Decision(_by_hand(), findings.all())


def _of(found: tuple[PastPeriod, ...], rung: str, method: Method) -> GeneralEstimate:
    return GeneralEstimate(
        energy_wh=sum(one.energy_wh for one in found),
        rung=rung,
        method=method.word,
        rests_on_an_estimate=any(one.estimated for one in found),
    )


def _by_hand() -> GeneralEstimate:
    return GeneralEstimate(None, None, Method.BY_HAND.word, False)


GENERAL_METHOD = Rule(
    id="estimation.general",
    title="The general method of estimates until 2020",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(SAME_MONTH, PRECEDING_MONTH, EXCEPTIONS),
    governing_day="the billing period estimated",
    facts=GeneralFacts,
    outcome=GeneralEstimate,
    values=(
        "estimation_general_same_month_prior_year_method",
        "estimation_general_preceding_month_method",
        "estimation_general_exceptions_exception_cases",
    ),
    decide=decide_general,
)
