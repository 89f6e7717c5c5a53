"""Monthly charges of special facilities installed before July 23, 1992.

Lives here      which group a facility is of, its monthly charge, and when that stops.
Lives elsewhere later facilities (``special_facilities``), posting the charge (``usecases``).
Read first      GRR III.Q.4 and III.Q.5 of 2013, III.N.4 of 2019; readings
                ``special_facilities.freeze`` and ``special_facilities.edge_1990``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from meterledger.extensions.extension_facts import (
    CHAPTER,
    ROOM,
    ExtensionFactsContradict,
    Findings,
    above_zero,
    in_order,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.provisions import ReviewNeeded
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue, NoRuleInForce
from meterledger.rulebook.terms import Terms

PRE_1983 = "ext.special.pre_1983_options"
PRE_1983_UNTIL = "ext.special.pre_1983_until_change"
TO_1990 = "ext.special.1983_1990"
TO_1992 = "ext.special.1990_1992"
TO_1992_UNTIL = "ext.special.1983_1992_until_change"
SINCE_2019 = "ext.special.pre_1992_2019"
CUTOFF_1983 = "ext_special_pre_1983_options_cutoff"
ONE_TIME = "ext_special_pre_1983_options_option_a"
TWO_PERCENT = "ext_special_pre_1983_options_option_b_monthly_percent"
FROM_1983 = "ext_special_1983_1990_from"
UNTIL_1990 = "ext_special_1983_1990_to"
PERCENT_1983 = "ext_special_1983_1990_monthly_percent"
FROM_1990 = "ext_special_1990_1992_from"
UNTIL_1992 = "ext_special_1990_1992_to"
PERCENT_1990 = "ext_special_1990_1992_monthly_percent"
THRESHOLD = "ext_special_1990_1992_threshold_usd"
COMPARED = "ext_special_1990_1992_comparison"
CUTOFF_2019 = "ext_special_pre_1992_2019_cutoff"
FREEZE = "special_facilities.freeze"
FROZEN = "frozen_2019_03_31"
EDGE = "special_facilities.edge_1990"
LATER_GROUP = "later_group"


class Option(Enum):
    """How facilities of before November 2, 1983 were paid for."""

    ONE_TIME = "one_time"
    MONTHLY = "monthly"


class Group(Enum):
    """Which text a facility falls under."""

    BEFORE_1983 = "before_1983_11_02"
    TO_1990 = "1983_11_02_to_1990_05_05"
    TO_1992 = "1990_05_05_to_1992_07_23"
    BEFORE_1992 = "before_1992_07_23"
    """All of them, in the text of 2019."""
    LATER = "later"


@dataclass(frozen=True, slots=True)
class LegacyChargeFacts:
    """A special facility, as it stands for one billing month."""

    installed_on: date = fact("The day on which it was installed.")
    installed_cost_cents: Cents = fact("What it cost to install.")
    option: Option | None = fact("The choice made before November 2, 1983; null for later ones.")
    same_customer: bool = fact("Whether the customer is the one who used it when options closed.")
    changed_on: date | None = fact(
        "The day of a full or partial replacement or enlargement; null: none yet."
    )
    frozen_monthly_cents: Cents | None = fact(
        "The charge on the billing record of 2019-03-31; null: not looked up.", default=None
    )


@dataclass(frozen=True, slots=True)
class LegacyCharge:
    """What the month costs."""

    group: Group = fact("Which text it falls under.")
    monthly_cents: Cents = fact("The charge of the month.")
    standard_billing: bool = fact("Whether metering and billing follow the standard of item 3.")


def decide_legacy_charge(facts: LegacyChargeFacts, terms: Terms) -> Decision[LegacyCharge]:
    """The monthly charge of a special facility of before 1992, in one billing month.

    :raises ExtensionFactsContradict: if facts do not fit together, or one that counts is missing
    :raises ReviewNeeded: from 2019-04-01 on, where the reading sends the charge to a person
    :raises NoRuleInForce: before the first text
    """
    above_zero(facts.installed_cost_cents, "The installed cost")
    if facts.changed_on is not None:
        in_order(facts.installed_on, facts.changed_on, called="A change follows the installation")
    try:
        until = terms.day_of(CUTOFF_2019)
    except NoRuleInForce:
        return _by_the_text_of_2013(facts, terms)
    return _by_the_text_of_2019(facts, terms, until)


def _changed(facts: LegacyChargeFacts, terms: Terms) -> bool:
    return facts.changed_on is not None and facts.changed_on <= terms.day


def _by_the_text_of_2019(
    facts: LegacyChargeFacts, terms: Terms, until: DatedValue[date]
) -> Decision[LegacyCharge]:
    clause = terms.clause(SINCE_2019)
    findings = Findings()
    if facts.installed_on >= until.value:
        findings.add(
            f"installed on {facts.installed_on}, not before {until.value}: no charge of this "
            "paragraph",
            until,
        )
        return Decision(LegacyCharge(Group.LATER, Cents(0), True), findings.all())
    if _changed(facts, terms):
        findings.add(f"changed on {facts.changed_on}: standard metering and billing", clause)
        return Decision(LegacyCharge(Group.BEFORE_1992, Cents(0), True), findings.all())
    if terms.reading(FREEZE) != FROZEN:
        raise ReviewNeeded(
            f"The monthly charge of a facility installed on {facts.installed_on} has no formula "
            f"on {terms.day}",
            why=f"The text keeps charges in place and names none ({clause.citation.text})",
            do="Leave the charge in the review queue and find it on the billing record",
        )
    if facts.frozen_monthly_cents is None:
        raise ExtensionFactsContradict(
            "The charge on the billing record of 2019-03-31 is not given",
            where="facts.frozen_monthly_usd",
            why=f"From {terms.day} the text names no percentages ({clause.citation.text})",
            do="Take it from the billing record; 0.00 if there was none",
        )
    findings.add(
        f"installed before {until.value}: the charge in place, "
        f"{usd_display(facts.frozen_monthly_cents)} a month, goes on until a replacement or "
        "enlargement",
        clause,
    )
    return Decision(
        LegacyCharge(Group.BEFORE_1992, facts.frozen_monthly_cents, False), findings.all()
    )


def _by_the_text_of_2013(facts: LegacyChargeFacts, terms: Terms) -> Decision[LegacyCharge]:
    group = _group(facts, terms)
    if (facts.option is None) == (group is Group.BEFORE_1983):
        raise ExtensionFactsContradict(
            f"A facility installed on {facts.installed_on} is given "
            f"{'no option' if facts.option is None else 'an option'}",
            where="facts.option",
            why="Only facilities of before 1983-11-02 had two options to choose from",
            do="Look the choice up, or leave it null",
        )
    findings = Findings()
    if group is Group.LATER:
        last = terms.day_of(UNTIL_1992)
        findings.add(f"installed on or after {last.value}: no monthly charge", last)
        return Decision(LegacyCharge(group, Cents(0), True), findings.all())
    if _changed(facts, terms):
        until = PRE_1983_UNTIL if group is Group.BEFORE_1983 else TO_1992_UNTIL
        findings.add(
            f"changed on {facts.changed_on}: metering and billing follow item 3, no monthly charge",
            terms.clause(until),
        )
        return Decision(LegacyCharge(group, Cents(0), True), findings.all())
    if group is Group.BEFORE_1983:
        return _before_1983(facts, terms, findings)
    if group is Group.TO_1990:
        percent = terms.number(PERCENT_1983)
        cents = _monthly(facts, percent, findings)
        return Decision(LegacyCharge(group, cents, False), findings.all())
    threshold, compared = terms.cents(THRESHOLD), terms.text(COMPARED)
    if facts.installed_cost_cents <= threshold.value:
        findings.add(
            f"installed for {usd_display(facts.installed_cost_cents)}, not {compared.value}: no "
            "monthly charge",
            threshold,
        )
        return Decision(LegacyCharge(group, Cents(0), False), findings.all())
    findings.add(
        f"installed for {usd_display(facts.installed_cost_cents)}, above "
        f"{usd_display(threshold.value)}: the whole cost counts",
        threshold,
    )
    cents = _monthly(facts, terms.number(PERCENT_1990), findings)
    return Decision(LegacyCharge(group, cents, False), findings.all())


def _group(facts: LegacyChargeFacts, terms: Terms) -> Group:
    """The group of an installation day; on May 5, 1990 by the reading of it."""
    day = facts.installed_on
    if day < terms.day_of(CUTOFF_1983).value:
        return Group.BEFORE_1983
    terms.day_of(FROM_1983)
    edge, until = terms.day_of(UNTIL_1990).value, terms.day_of(UNTIL_1992).value
    if day == edge:
        terms.day_of(FROM_1990)
        return Group.TO_1992 if terms.reading(EDGE) == LATER_GROUP else Group.TO_1990
    if day < edge:
        return Group.TO_1990
    return Group.TO_1992 if day < until else Group.LATER


def _before_1983(
    facts: LegacyChargeFacts, terms: Terms, findings: Findings
) -> Decision[LegacyCharge]:
    clause = terms.clause(PRE_1983)
    if not facts.same_customer:
        findings.add(
            "the options are closed to a new customer: they stay with those who used such "
            "facilities",
            clause,
        )
        return Decision(LegacyCharge(Group.BEFORE_1983, Cents(0), True), findings.all())
    if facts.option is Option.ONE_TIME:
        paid = terms.text(ONE_TIME)
        findings.add(f"the cost was paid once ({paid.value}): no monthly charge", paid)
        return Decision(LegacyCharge(Group.BEFORE_1983, Cents(0), False), findings.all())
    cents = _monthly(facts, terms.number(TWO_PERCENT), findings)
    findings.add("until a replacement or enlargement", terms.clause(PRE_1983_UNTIL))
    return Decision(LegacyCharge(Group.BEFORE_1983, cents, False), findings.all())


def _monthly(facts: LegacyChargeFacts, percent: DatedValue[Fraction], findings: Findings) -> Cents:
    cents = Cents(to_whole_half_up(facts.installed_cost_cents * percent.value / 100))
    findings.add(
        f"{number_text(percent.value)} percent of {usd_display(facts.installed_cost_cents)} a "
        f"month: {usd_display(cents)}",
        percent,
    )
    return cents


LEGACY_CHARGE = Rule(
    id="ext.special.monthly",
    title="Monthly charge of special facilities installed before July 23, 1992",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(PRE_1983, PRE_1983_UNTIL, TO_1990, TO_1992, TO_1992_UNTIL, SINCE_2019),
    governing_day="the billing month",
    facts=LegacyChargeFacts,
    outcome=LegacyCharge,
    values=(
        CUTOFF_1983,
        ONE_TIME,
        TWO_PERCENT,
        FROM_1983,
        UNTIL_1990,
        PERCENT_1983,
        FROM_1990,
        UNTIL_1992,
        PERCENT_1990,
        THRESHOLD,
        COMPARED,
        CUTOFF_2019,
    ),
    readings=(FREEZE, EDGE),
    decide=decide_legacy_charge,
)

RULES = (LEGACY_CHARGE,)
