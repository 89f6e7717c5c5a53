"""Late payment charge: what of a bill is unpaid after its delinquent date, and what that costs.

Lives here      the base, the charge on it, the charge again on arrears carried forward, and whether
                an unpaid charge may lead to disconnection.
Lives elsewhere what is paid in time (``timely_payment``), missed instalments of agreements
                (``late_agreements``), terms of governments (``late_government``), posting (ledger).
Read first      GRR V.J (V.K to 2018-04-12); docs/glossary.md: "delinquent date", "arrears".
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from meterledger.arrears.late_agreements import (
    EXEMPT,
    EXEMPT_CUSTOMERS,
    EXEMPT_FLAG,
    CustomerSide,
    agreement_is_spared,
)
from meterledger.arrears.late_facts import (
    CHAPTER,
    ROOM,
    LateFactsContradict,
    because,
    no_credits,
)
from meterledger.arrears.late_government import ENTITIES, GOVERNMENT, GovernmentTerms, may_differ
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

RATE, AGAIN = "late.charge.rate", "late.charge.subsequent_bills"
DEPOSITS, GROUND = "late.charge.excludes_deposit_arrears", "late.charge.ground_for_disconnection"
RATE_PERCENT, RATE_BASE = "late_charge_rate_percent", "late_charge_rate_base"
POSTED_ON = "late_charge_rate_posted_on"
AGAIN_PERCENT = "late_charge_subsequent_bills_rate_percent"
AGAIN_RECURRENCE = "late_charge_subsequent_bills_recurrence"
EXCLUDED = "late_charge_excludes_deposit_arrears_excluded"
MISSING_REPORT_SPARED = "late_charge_missing_report_spared"
COMPOUND_READING, COMPOUND = "late.compound", "compound"
INTEREST_READING = "opt_out.interest_basis"


@dataclass(frozen=True, slots=True)
class LateChargeFacts:
    """One bill after its delinquent date: what is unpaid, and what of that is special."""

    unpaid_cents: Cents = fact(
        "All of the bill that is unpaid after its delinquent date, every part below included; for "
        "a customer on Budget Billing, of the budget amount billed."
    )
    deposit_arrears_cents: Cents = fact("Of the unpaid: deposit amounts.", default=Cents(0))
    arrears_cents: Cents = fact(
        "Of the unpaid: carried forward from bills that were delinquent before, without late "
        "charges, deposits and agreements.",
        default=Cents(0),
    )
    earlier_late_charges_cents: Cents = fact(
        "Of the unpaid: late charges shown on this bill or an earlier one.", default=Cents(0)
    )
    agreement_cents: Cents = fact(
        "Of the unpaid: collected under an agreement that stands; a missed instalment included, "
        "which the rule late.agreement charges.",
        default=Cents(0),
    )
    customer: CustomerSide | None = fact(
        "Whether the customer is residential; needed where an agreement is part of the unpaid.",
        default=None,
    )
    missing_report_cents: Cents = fact(
        "Of the unpaid: because an opt-out customer's own meter report was missing or wrong.",
        default=Cents(0),
    )
    government: GovernmentTerms | None = fact(
        "What the law demands for an account of the State or the United States; null for others.",
        default=None,
    )


@dataclass(frozen=True, slots=True)
class LateCharge:
    """The late charge of one bill."""

    late_charge_cents: Cents = fact("The late payment charge.")
    base_cents: Cents = fact("What it is computed on.")
    shown_on: str = fact("Where the charge is shown.")


def decide_late_charge(facts: LateChargeFacts, terms: Terms) -> Decision[LateCharge]:
    """Decide the late charge of one bill, rounded once, halves up.

    :raises LateFactsContradict: if an amount is below zero, or the parts exceed the whole
    """
    _check(facts)
    first, shown_on = terms.number(RATE_PERCENT), terms.text(POSTED_ON)
    spared, reasons = _spared(facts, terms)
    old, compounding = _old_base(facts, terms)
    parts = facts.arrears_cents + facts.earlier_late_charges_cents
    new = facts.unpaid_cents - spared - parts
    own, government = _own_percent(facts, terms)
    percent = first.value if own is None else own
    exact = Fraction(new) * percent / 100
    reasons = [*government, *reasons, *compounding]
    if new or not old:
        words = terms.text(RATE_BASE)
        found = f"{number_text(percent)} percent on {usd_display(new)}, the {words.value}"
        reasons.append(because(found, first.citation))
    if old:
        again, recurrence = terms.number(AGAIN_PERCENT), terms.text(AGAIN_RECURRENCE)
        percent = again.value if own is None else own
        exact += Fraction(old) * percent / 100
        found = (
            f"{number_text(percent)} percent again on {usd_display(old)} of earlier bills, as on "
            f"{recurrence.value} while it is unpaid after the delinquent date"
        )
        reasons.append(because(found, again.citation))
    charge = Cents(to_whole_half_up(exact))
    found = f"together {usd_display(charge)}, rounded to the cent, shown on the {shown_on.value}"
    reasons.append(because(found, shown_on.citation))
    return Decision(LateCharge(charge, Cents(new + old), shown_on.value), tuple(reasons))


def _check(facts: LateChargeFacts) -> None:
    parts = {
        "deposit_arrears_usd": facts.deposit_arrears_cents,
        "arrears_usd": facts.arrears_cents,
        "earlier_late_charges_usd": facts.earlier_late_charges_cents,
        "agreement_usd": facts.agreement_cents,
        "missing_report_usd": facts.missing_report_cents,
    }
    no_credits({"unpaid_usd": facts.unpaid_cents, **parts})
    together = sum(parts.values())
    if together > facts.unpaid_cents:
        named = ", ".join(key for key, cents in parts.items() if cents)
        raise LateFactsContradict(
            f"The parts of the unpaid ({named}) are {usd_display(together)} together, more than "
            f"the {usd_display(facts.unpaid_cents)} that is unpaid",
            where="facts.unpaid_usd",
            do="Give the whole unpaid amount, and each part of it once",
        )
    if facts.agreement_cents and facts.customer is None:
        raise LateFactsContradict(
            "An agreement is part of the unpaid, and nobody says whether the customer is "
            "residential",
            where="facts.customer",
            why="Only agreements with residential customers are spared",
            do='Give customer as "residential" or "non-residential"',
        )


def _spared(facts: LateChargeFacts, terms: Terms) -> tuple[int, list[Reason]]:
    """What of the unpaid is left out of the base altogether, and why."""
    spared, reasons = 0, []
    if facts.deposit_arrears_cents:
        excluded = terms.text(EXCLUDED)
        spared += facts.deposit_arrears_cents
        found = f"{usd_display(facts.deposit_arrears_cents)} of {excluded.value} are left out"
        reasons.append(because(found, excluded.citation))
    if facts.agreement_cents and facts.customer is not None:
        exempt, why = agreement_is_spared(facts.customer, terms)
        spared += facts.agreement_cents if exempt else 0
        found = f"{usd_display(facts.agreement_cents)} {why.finding}"
        reasons.append(because(found, why.citation))
    if facts.missing_report_cents:
        exempt_debt = terms.flag(MISSING_REPORT_SPARED)
        option = terms.reading(INTEREST_READING).replace("_", " ")
        spared += facts.missing_report_cents if exempt_debt.value else 0
        found = (
            f"{usd_display(facts.missing_report_cents)} unpaid for want of a true meter report "
            f"{'are left out' if exempt_debt.value else 'stay in the base'}: the interest of the "
            f"statute is read as {option}"
        )
        reasons.append(because(found, exempt_debt.citation))
    return spared, reasons


def _old_base(facts: LateChargeFacts, terms: Terms) -> tuple[int, list[Reason]]:
    """What of earlier bills bears the charge again; earlier late charges as they are read."""
    earlier = facts.earlier_late_charges_cents
    if not earlier:
        return facts.arrears_cents, []
    clause = terms.clause(AGAIN)
    if terms.reading(COMPOUND_READING) == COMPOUND:
        found = (
            f"earlier late charges of {usd_display(earlier)} are part of the gross unpaid amount"
        )
        return facts.arrears_cents + earlier, [because(found, clause)]
    found = f"earlier late charges of {usd_display(earlier)} bear no charge of their own"
    return facts.arrears_cents, [because(found, clause)]


def _own_percent(facts: LateChargeFacts, terms: Terms) -> tuple[Fraction | None, list[Reason]]:
    if facts.government is None:
        return None, []
    may, why = may_differ(facts.government, terms)
    return (facts.government.percent_by_law if may else None), [why]


@dataclass(frozen=True, slots=True)
class GroundFacts:
    """Late charges that were not paid."""

    unpaid_late_charges_cents: Cents = fact("Late charges that are unpaid.")
    disputed_cents: Cents = fact(
        "Of these: charges on amounts whose dispute is not settled.", default=Cents(0)
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """Whether unpaid late charges are a ground for disconnection. Never that it may happen."""

    ground: bool = fact("Whether they are a ground, under the rules on disconnection.")
    counts_cents: Cents = fact("What counts toward the balance for which service may be ended.")


def decide_ground(facts: GroundFacts, terms: Terms) -> Decision[Ground]:
    """Decide whether unpaid late charges are a ground for disconnection.

    :raises LateFactsContradict: if more is disputed than is unpaid, or an amount is below zero
    """
    unpaid, disputed = facts.unpaid_late_charges_cents, facts.disputed_cents
    no_credits({"unpaid_late_charges_usd": unpaid, "disputed_usd": disputed})
    if disputed > unpaid:
        raise LateFactsContradict(
            f"{usd_display(disputed)} is disputed of {usd_display(unpaid)} unpaid",
            where="facts.disputed_usd",
            do="Give what is disputed as a part of what is unpaid",
        )
    clause, counts = terms.clause(GROUND), Cents(unpaid - disputed)
    reasons = []
    if disputed:
        found = f"{usd_display(disputed)} rest on amounts in dispute and do not count meanwhile"
        reasons.append(because(found, clause))
    found = (
        f"{usd_display(counts)} of late charges unpaid are a ground for disconnection, after the "
        "whole process of notices"
        if counts
        else "no late charge is unpaid that could be a ground for disconnection"
    )
    reasons.append(because(found, clause))
    return Decision(Ground(counts > 0, counts), tuple(reasons))


LATE_CHARGE = Rule(
    id="late.charge",
    title="Late payment charge on a bill",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(RATE, AGAIN, DEPOSITS, EXEMPT, GOVERNMENT),
    governing_day="the bill on which the charge is shown (bill date)",
    facts=LateChargeFacts,
    outcome=LateCharge,
    values=(
        RATE_PERCENT,
        RATE_BASE,
        POSTED_ON,
        AGAIN_PERCENT,
        AGAIN_RECURRENCE,
        EXCLUDED,
        EXEMPT_FLAG,
        EXEMPT_CUSTOMERS,
        MISSING_REPORT_SPARED,
        ENTITIES,
    ),
    readings=(COMPOUND_READING, INTEREST_READING),
    decide=decide_late_charge,
)

DISCONNECTION_GROUND = Rule(
    id="late.disconnection_ground",
    title="Unpaid late charges as a ground for disconnection",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(GROUND,),
    governing_day="the day of the disconnection notice",
    facts=GroundFacts,
    outcome=Ground,
    values=(),
    decide=decide_ground,
)

RULES = (LATE_CHARGE, DISCONNECTION_GROUND)
