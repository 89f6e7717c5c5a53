"""Loads that are disturbed for a time: charges adjusted by agreement, and small general service.

Lives here      what the company may agree to, when a large customer may move down, and what riders
                then do.
Lives elsewhere ordinary requests for another rate (``rate_term``).
Read first      GRR V.H.4 and V.H.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from meterledger.billing.rate_term import CHAPTER, RESIDENTIAL, ROOM, RateFactsContradict
from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms

RELIEF = "rate_change.abnormal_load_relief"
TRANSFER = "rate_change.sgs_transfer"
NO_RIDERS = "rate_change.sgs_transfer_no_riders"
REQUIRES = "rate_change_abnormal_load_relief_requires"
DISCRETION = "rate_change_abnormal_load_relief_discretion"
THRESHOLD_KW = "rate_change_sgs_transfer_demand_threshold_kw"
COMPARISON = "rate_change_sgs_transfer_comparison"
FORM = "rate_change_sgs_transfer_request_form"
FIRST_EXCLUDED = "rate_change_sgs_transfer_first_period_excluded"
RIDERS = "rate_change_sgs_transfer_no_riders_excluded"


class LoadCause(Enum):
    """What disturbed the load, as the two items tell causes apart."""

    CONSTRUCTION = "construction or alteration"
    START_UP = "start-up or experimental operation"
    FIRE = "fire"
    ACT_OF_GOD = "act of God"
    CURTAILED_PRODUCTION = "curtailed production"
    PLANT_CHANGE = "plant change"
    STRIKE = "strike"
    SEASON = "season"
    OTHER = "other"


_AGREED_FOR = {LoadCause.CONSTRUCTION, LoadCause.START_UP, LoadCause.FIRE, LoadCause.ACT_OF_GOD}
_MOVES_DOWN_FOR = {
    LoadCause.CURTAILED_PRODUCTION,
    LoadCause.PLANT_CHANGE,
    LoadCause.STRIKE,
    LoadCause.FIRE,
}


@dataclass(frozen=True, slots=True)
class ReliefFacts:
    """A load that is disturbed for a time."""

    residential: bool = fact("Whether the service is residential.")
    cause: LoadCause = fact("What disturbs it.")
    agreed_on: date | None = fact("When the company agreed to adjust; null if it did not.")
    first_month: date = fact("The first day of the first month to be adjusted.")


@dataclass(frozen=True, slots=True)
class Relief:
    """Whether charges may be adjusted."""

    may_be_adjusted: bool = fact("Whether the agreement lets charges be adjusted.")


def decide_relief(facts: ReliefFacts, terms: Terms) -> Decision[Relief]:
    """Whether charges of a disturbed load may be adjusted: only as agreed before (GRR V.H.4)."""
    needs, whose = terms.text(REQUIRES), terms.text(DISCRETION)
    if facts.residential:
        try:
            only = terms.clause(RESIDENTIAL)
        except NoRuleInForce:
            pass
        else:
            found = "for residential service this item does not apply"
            return Decision(Relief(False), (Reason(found, only.citation),))
    if facts.cause not in _AGREED_FOR:
        found = f"'{facts.cause.value}' is not among the causes of the item"
        return Decision(Relief(False), (Reason(found, terms.clause(RELIEF).citation),))
    if facts.agreed_on is None or facts.agreed_on > facts.first_month:
        when = "never" if facts.agreed_on is None else f"only on {facts.agreed_on}"
        found = f"it needs {needs.value}, and was agreed {when}"
        return Decision(Relief(False), (Reason(found, needs.citation),))
    reasons = (
        Reason(f"agreed on {facts.agreed_on}, before {facts.first_month}", needs.citation),
        Reason(f"how far is for the {whose.value} to say", whose.citation),
    )
    return Decision(Relief(True), reasons)


@dataclass(frozen=True, slots=True)
class SmallServiceFacts:
    """A billing period of a larger customer whose demand fell."""

    cause: LoadCause = fact("What cut the demand.")
    billing_demand_kw: Fraction = fact("The billing demand of the period, in kW.")
    period_begins: date = fact("The first day of the period.")
    first_abnormal_period: date = fact("The first day of the first period that was abnormal.")
    written_request: date | None = fact("The day a written request came; null if none did.")


@dataclass(frozen=True, slots=True)
class SmallService:
    """Whether the period is priced as Small General Service."""

    small_general_service: bool = fact("Whether it is.")
    riders_not_given: tuple[str, ...] = fact("Riders whose discount is not given; [] otherwise.")


def decide_small_service(facts: SmallServiceFacts, terms: Terms) -> Decision[SmallService]:
    """Whether a period of cut demand is priced as Small General Service (GRR V.H.5).

    The first abnormal period never is, and none that began before the written request came.

    :raises RateFactsContradict: if the period lies before the first abnormal one
    """
    if facts.period_begins < facts.first_abnormal_period:
        raise RateFactsContradict(
            f"The period of {facts.period_begins} lies before the first abnormal one, "
            f"{facts.first_abnormal_period}",
            where="facts.period_begins",
            do="Give the first abnormal period, or a later one",
        )
    most, how = terms.number(THRESHOLD_KW), terms.text(COMPARISON)
    clause = terms.clause(TRANSFER)
    no: list[Reason] = []
    if facts.cause not in _MOVES_DOWN_FOR:
        found = f"'{facts.cause.value}' is not one of the listed causes, nor similar to them"
        no.append(Reason(found, clause.citation))
    if facts.billing_demand_kw >= most.value:
        found = f"{how.value} is asked for, and it was {number_text(facts.billing_demand_kw)} kW"
        no.append(Reason(found, how.citation))
    form = terms.text(FORM)
    if facts.written_request is None or facts.written_request > facts.period_begins:
        found = f"no {form.value} request had come when the period began"
        no.append(Reason(found, form.citation))
    excluded = terms.flag(FIRST_EXCLUDED)
    if excluded.value and facts.period_begins == facts.first_abnormal_period:
        no.append(Reason("the first abnormal period stays as it is", excluded.citation))
    if no:
        return Decision(SmallService(False, ()), tuple(no))
    riders = terms.listing(RIDERS)
    reasons = (
        Reason(f"{facts.cause.value} cut the demand below {most.value} kW", most.citation),
        Reason(f"a {form.value} request came on {facts.written_request}", form.citation),
        Reason(f"without the discounts of riders {' and '.join(riders.value)}", riders.citation),
    )
    return Decision(SmallService(True, riders.value), reasons)


SMALL_SERVICE = Rule(
    id="rate_change.small_general_service",
    title="Small General Service while the demand is cut",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(TRANSFER, NO_RIDERS),
    governing_day="the first day of the billing period",
    facts=SmallServiceFacts,
    outcome=SmallService,
    values=(THRESHOLD_KW, COMPARISON, FORM, FIRST_EXCLUDED, RIDERS),
    decide=decide_small_service,
)

RELIEF_RULE = Rule(
    id="rate_change.relief",
    title="Charges of a load that is disturbed for a time",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(RELIEF, RESIDENTIAL),
    governing_day="the first day of the month to be adjusted",
    facts=ReliefFacts,
    outcome=Relief,
    values=(REQUIRES, DISCRETION),
    decide=decide_relief,
)

RULES = (RELIEF_RULE, SMALL_SERVICE)
