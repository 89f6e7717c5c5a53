"""Special facilities: whether they are provided, what they cost once, and what a change does.

Lives here      the general rule, the contribution, separate billing, replacement and enlargement.
Lives elsewhere monthly charges of before 1992 (``legacy_facilities``), that construction waits for
                the money (``construction``).
Read first      GRR III.Q.1 to III.Q.3 of 2013; glossary: "special facility".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from meterledger.extensions.extension_facts import (
    CHAPTER,
    REQUEST_DAY,
    ROOM,
    ExtensionFactsContradict,
    Findings,
    above_zero,
    not_negative,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

GENERAL = "ext.special.general"
EXAMPLES = "ext.special.examples"
HUNDRED = "ext.special.contribution_100"
NINETY = "ext.special.contribution_90"
IN_ADVANCE = "ext.special.nonrefundable_in_advance"
IN_ADDITION = "ext.special.in_addition"
SEPARATE = "ext.special.separate_billing"
FREE = "ext.special.replacement_free"
ENLARGED = "ext.special.enlargement_standard_rules"
AFTER = "ext.special.after_change_no_monthly"
DISCRETION = "ext_special_general_discretion"
LISTED = "ext_special_examples"
PERCENT = "ext_special_contribution_100_percent"
UPKEEP_PERCENT = "ext_special_contribution_90_percent"
TOTAL_PERCENT = "ext_special_contribution_90_total_percent"
REFUNDABLE = "ext_special_nonrefundable_in_advance_refundable"
COMBINE = "ext_special_separate_billing_combine"
INSTALLED_FROM = "ext_special_separate_billing_installed_from"
REPLACED_FOR = "ext_special_replacement_free_customer_cost"
MONTHLY_AFTER = "ext_special_after_change_no_monthly_charge"


@dataclass(frozen=True, slots=True)
class SpecialRequestFacts:
    """Facilities that a customer asks for."""

    facility: str = fact("What is asked for, in a word of the sheet's list or another.")
    standard_schedules_have_it: bool = fact("Whether the standard schedules contemplate it.")
    company_agrees: bool = fact("Whether the company agrees to provide it.")


@dataclass(frozen=True, slots=True)
class SpecialRequest:
    """Whether the request leads to a contract for special facilities."""

    special: bool = fact("Whether the facility is a special one.")
    may_be_provided: bool = fact("Whether it is provided under this section.")


def decide_special_request(facts: SpecialRequestFacts, terms: Terms) -> Decision[SpecialRequest]:
    """Whether facilities are special ones, and are provided: at the company's option, GRR III.Q.1.

    :raises ReviewNeeded: for a request from 2019-04-01 on
    """
    clause, choice, listed = terms.clause(GENERAL), terms.text(DISCRETION), terms.listing(LISTED)
    findings = Findings()
    if facts.standard_schedules_have_it:
        findings.add("the standard schedules contemplate it: no special facility", clause)
        return Decision(SpecialRequest(False, False), findings.all())
    if facts.facility in listed.value:
        findings.add(f"'{facts.facility}' is among the examples of special facilities", listed)
    else:
        findings.add(f"'{facts.facility}' is no example; the list is not closed", listed)
    if facts.company_agrees:
        findings.add(f"the {choice.value} agrees: provided under this section", choice)
    else:
        findings.add(f"at the option of the {choice.value}: there is no right to it", choice)
    return Decision(SpecialRequest(True, facts.company_agrees), findings.all())


@dataclass(frozen=True, slots=True)
class ContributionFacts:
    """What special facilities cost more than the standard design."""

    additional_cost_cents: Cents = fact("Their cost above the standard design.")
    standard_charge_cents: Cents = fact("What the ordinary extension rules charge; 0: nothing.")


@dataclass(frozen=True, slots=True)
class Contribution:
    """The one-time contribution."""

    construction_cents: Cents = fact("The additional cost itself.")
    upkeep_cents: Cents = fact("The present value of operation, upkeep and replacement.")
    contribution_cents: Cents = fact("Both.")
    due_in_all_cents: Cents = fact("The contribution and the ordinary extension's charge.")
    refundable: bool = fact("Whether it can come back.")


def decide_contribution(facts: ContributionFacts, terms: Terms) -> Decision[Contribution]:
    """The contribution of special facilities: the cost and ninety percent of it, GRR III.Q.2.

    :raises ExtensionFactsContradict: for no additional cost, or a charge below zero
    """
    above_zero(facts.additional_cost_cents, "The additional cost")
    not_negative(facts.standard_charge_cents, "The ordinary charge")
    hundred, ninety = terms.number(PERCENT), terms.number(UPKEEP_PERCENT)
    total, back = terms.number(TOTAL_PERCENT), terms.flag(REFUNDABLE)
    if hundred.value + ninety.value != total.value:
        raise ExtensionFactsContradict(
            f"The book's parts are {number_text(hundred.value + ninety.value)} percent, its total "
            f"{number_text(total.value)}",
            do="Correct the values of the book",
        )
    cost = facts.additional_cost_cents
    building = to_whole_half_up(cost * hundred.value / 100)
    upkeep = to_whole_half_up(cost * ninety.value / 100)
    both = building + upkeep
    findings = Findings()
    findings.add(
        f"{number_text(hundred.value)} percent of {usd_display(cost)}: {usd_display(building)}",
        hundred,
    )
    findings.add(
        f"{number_text(ninety.value)} percent more for upkeep and replacement: "
        f"{usd_display(upkeep)}; {usd_display(both)} in all",
        ninety,
    )
    findings.add("refundable" if back.value else "not refundable", back)
    if facts.standard_charge_cents:
        findings.add(
            f"the ordinary extension's {usd_display(facts.standard_charge_cents)} is owed in "
            "addition",
            terms.clause(IN_ADDITION),
        )
    outcome = Contribution(
        Cents(building),
        Cents(upkeep),
        Cents(both),
        Cents(both + facts.standard_charge_cents),
        back.value,
    )
    return Decision(outcome, findings.all())


@dataclass(frozen=True, slots=True)
class FacilityBillingFacts:
    """Special facilities that stand."""

    installed_on: date = fact("The day on which they were installed.")


@dataclass(frozen=True, slots=True)
class FacilityBilling:
    """How service through them is billed."""

    combined: bool | None = fact("Whether it is combined; null: as it was practice before.")


def decide_facility_billing(facts: FacilityBillingFacts, terms: Terms) -> Decision[FacilityBilling]:
    """Whether service through special facilities is combined with other service: GRR III.Q.3.

    :raises ReviewNeeded: for a day from 2019-04-01 on
    """
    since, combine = terms.day_of(INSTALLED_FROM), terms.flag(COMBINE)
    findings = Findings()
    if facts.installed_on < since.value:
        findings.add(f"installed before {since.value}: the earlier practice goes on", since)
        return Decision(FacilityBilling(None), findings.all())
    findings.add(
        f"installed on or after {since.value}: {'combined' if combine.value else 'not combined'} "
        "with other service for billing",
        combine,
    )
    return Decision(FacilityBilling(combine.value), findings.all())


class Change(Enum):
    """What is done to a special facility."""

    REPLACEMENT = "replacement"
    PARTIAL_REPLACEMENT = "partial_replacement"
    ENLARGEMENT = "enlargement"
    """The customer wants more capacity."""
    BOTH = "replacement_and_enlargement"


@dataclass(frozen=True, slots=True)
class FacilityChangeFacts:
    """A change of a special facility, and its cost."""

    change: Change = fact("What is done.")
    replacement_cost_cents: Cents = fact("The part of its cost that replaces what was there.")
    enlargement_cost_cents: Cents = fact("The part that adds capacity; 0 without enlargement.")


@dataclass(frozen=True, slots=True)
class FacilityChange:
    """Who pays for it, and what the facility is afterwards."""

    replacement_charge_cents: Cents = fact("What the customer pays for the replaced part.")
    by_standard_rules_cents: Cents = fact("Cost that follows the standard line-extension rules.")
    monthly_charge_cents: Cents = fact("The monthly charge of the facility from the change on.")


def decide_facility_change(facts: FacilityChangeFacts, terms: Terms) -> Decision[FacilityChange]:
    """What a replacement or an enlargement costs, and that no monthly charge follows: GRR III.Q.3.

    The charge stops with the change; nothing of earlier months comes back.

    :raises ExtensionFactsContradict: for a cost of a part that the change does not have
    """
    not_negative(facts.replacement_cost_cents, "The cost of the replacement")
    not_negative(facts.enlargement_cost_cents, "The cost of the enlargement")
    enlarges = facts.change in (Change.ENLARGEMENT, Change.BOTH)
    replaces = facts.change is not Change.ENLARGEMENT
    if (facts.enlargement_cost_cents and not enlarges) or (
        facts.replacement_cost_cents and not replaces
    ):
        raise ExtensionFactsContradict(
            f"The change is a {facts.change.value}, and a part that it lacks has a cost",
            do="Split the cost of a change that does both, and say that it does both",
        )
    findings = Findings()
    paid = Fraction(0)
    if replaces:
        free = terms.cents(REPLACED_FOR)
        paid = Fraction(free.value)
        findings.add(
            f"a needed replacement costs the customer {usd_display(free.value)}, not "
            f"{usd_display(facts.replacement_cost_cents)}",
            free,
        )
    if enlarges:
        findings.add(
            f"{usd_display(facts.enlargement_cost_cents)} of enlargement follows the standard "
            "line-extension rules",
            terms.clause(ENLARGED),
        )
    monthly = terms.cents(MONTHLY_AFTER)
    findings.add(
        f"from the change on {usd_display(monthly.value)} a month; earlier months stay as billed",
        monthly,
    )
    return Decision(
        FacilityChange(Cents(int(paid)), facts.enlargement_cost_cents, monthly.value),
        findings.all(),
    )


SPECIAL_REQUEST = Rule(
    id="ext.special.request",
    title="Whether special facilities are provided",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(GENERAL, EXAMPLES),
    governing_day=REQUEST_DAY,
    facts=SpecialRequestFacts,
    outcome=SpecialRequest,
    values=(DISCRETION, LISTED),
    decide=decide_special_request,
)

CONTRIBUTION = Rule(
    id="ext.special.contribution",
    title="The one-time contribution of special facilities",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(HUNDRED, NINETY, IN_ADVANCE, IN_ADDITION),
    governing_day=REQUEST_DAY,
    facts=ContributionFacts,
    outcome=Contribution,
    values=(PERCENT, UPKEEP_PERCENT, TOTAL_PERCENT, REFUNDABLE),
    decide=decide_contribution,
)

FACILITY_BILLING = Rule(
    id="ext.special.billing",
    title="Whether service through special facilities is combined for billing",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(SEPARATE,),
    governing_day=REQUEST_DAY,
    facts=FacilityBillingFacts,
    outcome=FacilityBilling,
    values=(INSTALLED_FROM, COMBINE),
    decide=decide_facility_billing,
)

FACILITY_CHANGE = Rule(
    id="ext.special.change",
    title="Replacement or enlargement of special facilities",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(FREE, ENLARGED, AFTER),
    governing_day=REQUEST_DAY,
    facts=FacilityChangeFacts,
    outcome=FacilityChange,
    values=(REPLACED_FOR, MONTHLY_AFTER),
    decide=decide_facility_change,
)

RULES = (SPECIAL_REQUEST, CONTRIBUTION, FACILITY_BILLING, FACILITY_CHANGE)
