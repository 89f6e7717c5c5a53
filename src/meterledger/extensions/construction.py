"""May construction begin? Money and signatures that an extension waits for.

Lives here      what of deposit, guarantee and contribution is missing.
Lives elsewhere how much each is (``refundable_deposit``, ``guarantee``, ``special_facilities``).
Read first      GRR III.O, III.P and III.Q.2 of 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.extensions.extension_facts import (
    CHAPTER,
    REQUEST_DAY,
    ROOM,
    ExtensionFactsContradict,
    Findings,
    not_negative,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import Cents, usd_display
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

BEFORE = "ext.deposit.before_construction"
SIGNED_BEFORE = "ext.guarantee.scope_and_timing"
IN_ADVANCE = "ext.special.nonrefundable_in_advance"
DEADLINE = "ext_deposit_before_construction_deadline"
COVERS = "ext_guarantee_scope_and_timing_amount"
DUE = "ext_special_nonrefundable_in_advance_due"


@dataclass(frozen=True, slots=True)
class ConstructionFacts:
    """What a contract asks for before the first pole is set, and what of it is there."""

    construction_start: date = fact("The day on which construction would begin.")
    deposit_required_cents: Cents = fact("The advance deposit of the contract; 0 without one.")
    deposit_paid_cents: Cents = fact("What of it was received by that day.")
    guarantee_required: bool = fact("Whether a guarantee agreement is part of the contract.")
    guarantee_signed_on: date | None = fact("The day on which it was signed; null: not yet.")
    contribution_required_cents: Cents = fact("The contribution of special facilities; 0: none.")
    contribution_paid_cents: Cents = fact("What of it was received by that day.")


@dataclass(frozen=True, slots=True)
class Construction:
    """Whether the construction order is released."""

    released: bool = fact("Whether construction may begin on that day.")
    missing: tuple[str, ...] = fact("What it waits for, in words; empty if it is released.")


def decide_construction(facts: ConstructionFacts, terms: Terms) -> Decision[Construction]:
    """Whether construction may begin: everything paid and signed before it.

    :raises ExtensionFactsContradict: for amounts below zero, or a contract that asks for nothing
    :raises ReviewNeeded: for a request from 2019-04-01 on
    """
    for cents, called in (
        (facts.deposit_required_cents, "The deposit"),
        (facts.deposit_paid_cents, "What was paid of the deposit"),
        (facts.contribution_required_cents, "The contribution"),
        (facts.contribution_paid_cents, "What was paid of the contribution"),
    ):
        not_negative(cents, called)
    if not (
        facts.deposit_required_cents
        or facts.contribution_required_cents
        or facts.guarantee_required
    ):
        raise ExtensionFactsContradict(
            "The contract asks for neither deposit, guarantee nor contribution",
            do="Decide first which of them the extension needs",
        )
    findings = Findings()
    missing: list[str] = []
    if facts.deposit_required_cents:
        clause, deadline = terms.clause(BEFORE), terms.text(DEADLINE)
        lacks = facts.deposit_required_cents - facts.deposit_paid_cents
        if lacks > 0:
            missing.append(f"{usd_display(lacks)} of the deposit")
            findings.add(f"{usd_display(lacks)} of the deposit is not paid: hold", clause)
        else:
            findings.add(f"the deposit is paid {deadline.value}", deadline)
    if facts.guarantee_required:
        clause = terms.clause(SIGNED_BEFORE)
        signed = facts.guarantee_signed_on
        if signed is None or signed > facts.construction_start:
            missing.append("the signed guarantee agreement")
            findings.add("the guarantee is not signed by the start of construction", clause)
        else:
            covers = terms.text(COVERS)
            findings.add(f"the guarantee was signed on {signed}, over the {covers.value}", covers)
    if facts.contribution_required_cents:
        clause, due = terms.clause(IN_ADVANCE), terms.text(DUE)
        lacks = facts.contribution_required_cents - facts.contribution_paid_cents
        if lacks > 0:
            missing.append(f"{usd_display(lacks)} of the contribution")
            findings.add(f"{usd_display(lacks)} of the contribution is not paid: hold", clause)
        else:
            findings.add(f"the contribution is paid {due.value}", due)
    return Decision(Construction(not missing, tuple(missing)), findings.all())


CONSTRUCTION = Rule(
    id="ext.construction",
    title="May the construction of an extension begin?",
    room=ROOM,
    kind="deadline",
    chapter=CHAPTER,
    provisions=(BEFORE, SIGNED_BEFORE, IN_ADVANCE),
    governing_day=REQUEST_DAY,
    facts=ConstructionFacts,
    outcome=Construction,
    values=(DEADLINE, COVERS, DUE),
    decide=decide_construction,
)

RULES = (CONSTRUCTION,)
