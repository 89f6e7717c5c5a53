"""Guarantee agreement: when one is needed, how much it covers, and each bill's test against it.

Lives here      the three tests, the amount with its deposit and monthly payment, the deficiency of
                a bill, the end, and what excess goes to later bills.
Lives elsewhere that it is signed before construction (``construction``), which lines of a bill are
                revenue without taxes (``usecases``), money (``ledger``).
Read first      GRR III.P of 2013; glossary: "guarantee agreement", "deficiency".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.extensions.extension_facts import (
    CHAPTER,
    REQUEST_DAY,
    ROOM,
    ExtensionFactsContradict,
    Findings,
    above_zero,
    in_order,
    not_negative,
    reaches,
)
from meterledger.kernel.decision import Decision
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.months import months_after
from meterledger.kernel.rounding import to_whole_down
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

WHEN = "ext.guarantee.when_required"
SCOPE = "ext.guarantee.scope_and_timing"
ADVANCE = "ext.guarantee.advance_deposit"
MINIMUM = "ext.guarantee.monthly_minimum"
FOURTH = "ext.guarantee.excludes_taxes_starts_fourth_bill"
DEFICIENCY = "ext.guarantee.deficiency"
ENDS = "ext.guarantee.ends_when_revenue_covers"
SATISFIED = "ext.guarantee.satisfied_with_deficiency"
EXCESS = "ext.guarantee.excess_credit"
COST_TEST = "ext_guarantee_when_required_cost_test"
LOGIC = "ext_guarantee_when_required_logic"
COVERS = "ext_guarantee_scope_and_timing_amount"
DISCRETION = "ext_guarantee_advance_deposit_discretion"
FRACTION = "ext_guarantee_monthly_minimum_fraction"
START_BILL = "ext_guarantee_excludes_taxes_starts_fourth_bill_start_bill"
TAXES = "ext_guarantee_excludes_taxes_starts_fourth_bill_revenue_taxes"
FORMULA = "ext_guarantee_deficiency_formula"
PERIOD = "ext_guarantee_ends_when_revenue_covers_period_months"
COVERED = "ext_guarantee_ends_when_revenue_covers_comparison"
REACHED = "ext_guarantee_satisfied_with_deficiency_comparison"
CREDIT_INTEREST = "ext_guarantee_excess_credit_interest"
USABLE = "ext_guarantee_excess_credit_usable_until"


@dataclass(frozen=True, slots=True)
class GuaranteeNeedFacts:
    """What an extension costs and is thought to bring."""

    estimated_cost_cents: Cents = fact("The estimated cost of the extension.")
    estimated_net_annual_revenue_cents: Cents = fact("The net revenue a year expected from it.")
    revenue_can_be_projected: bool = fact("Whether the company thinks revenue can be projected.")
    credit_acceptable: bool = fact("Whether acceptable credit is established.")


@dataclass(frozen=True, slots=True)
class GuaranteeNeed:
    """Whether a written guarantee is required."""

    required: bool = fact("Whether it is required.")
    grounds: tuple[str, ...] = fact("Which of the three tests ask for it.")


def decide_guarantee_need(facts: GuaranteeNeedFacts, terms: Terms) -> Decision[GuaranteeNeed]:
    """Whether a written guarantee is required: any of three tests, GRR III.P.

    :raises ExtensionFactsContradict: for amounts below zero
    """
    clause, test, logic = terms.clause(WHEN), terms.text(COST_TEST), terms.text(LOGIC)
    above_zero(facts.estimated_cost_cents, "The estimated cost")
    not_negative(facts.estimated_net_annual_revenue_cents, "The estimated revenue")
    findings, grounds = Findings(), list[str]()
    cost = usd_display(facts.estimated_cost_cents)
    revenue = usd_display(facts.estimated_net_annual_revenue_cents)
    if facts.estimated_cost_cents > facts.estimated_net_annual_revenue_cents:
        grounds.append("cost_above_revenue")
        findings.add(f"the cost of {cost} is above a year's net revenue of {revenue}", test)
    else:
        findings.add(f"the cost of {cost} is not above a year's net revenue of {revenue}", test)
    if not facts.revenue_can_be_projected:
        grounds.append("revenue_not_projectable")
        findings.add("revenue cannot be projected well", clause)
    if not facts.credit_acceptable:
        grounds.append("credit_not_established")
        findings.add("acceptable credit is not established", clause)
    found = "is met: a written guarantee is required" if grounds else "is not met: no guarantee"
    findings.add(f"{logic.value} {found}", logic)
    return Decision(GuaranteeNeed(bool(grounds), tuple(grounds)), findings.all())


@dataclass(frozen=True, slots=True)
class GuaranteeAmountFacts:
    """The cost of an extension, what of it is free, and what was agreed."""

    total_cost_cents: Cents = fact("The total cost of the extension.")
    free_part_cents: Cents = fact("What of it is not chargeable to the customer.")
    advance_deposit_cents: Cents = fact("The deposit in advance on it; 0 without one.")
    agreed_monthly_cents: Cents | None = fact(
        "The monthly payment agreed; null: the least that the sheet allows.", default=None
    )


@dataclass(frozen=True, slots=True)
class GuaranteeAmount:
    """What is guaranteed, and how it is paid."""

    guaranteed_cents: Cents = fact("The cost chargeable to the customer.")
    advance_deposit_cents: Cents = fact("The deposit in advance.")
    monthly_payment_cents: Cents = fact("The monthly guarantee payment, without revenue taxes.")


def decide_guarantee_amount(facts: GuaranteeAmountFacts, terms: Terms) -> Decision[GuaranteeAmount]:
    """The amount guaranteed, its deposit and its monthly payment: GRR III.P and III.P.1.

    "Not less than" rounds up: a twelfth that is no whole cent is the next one.

    :raises ExtensionFactsContradict: if the free part passes the cost, the deposit the guarantee,
        or less than the minimum was agreed a month
    """
    covers = terms.text(COVERS)
    share = terms.number(FRACTION)
    above_zero(facts.total_cost_cents, "The total cost")
    not_negative(facts.free_part_cents, "The free part")
    not_negative(facts.advance_deposit_cents, "The deposit in advance")
    guaranteed = facts.total_cost_cents - facts.free_part_cents
    if guaranteed <= 0:
        raise ExtensionFactsContradict(
            "Nothing of the cost is chargeable to the customer",
            do="Make no guarantee agreement: the free part of an extension is not guaranteed",
        )
    findings = Findings()
    findings.add(f"guaranteed is the {covers.value}: {usd_display(guaranteed)}", covers)
    choice = terms.text(DISCRETION)
    if facts.advance_deposit_cents > guaranteed:
        raise ExtensionFactsContradict(
            f"A deposit of {usd_display(facts.advance_deposit_cents)} passes the guarantee of "
            f"{usd_display(guaranteed)}",
            why=f"The deposit is of all or part of it ({choice.citation.text})",
            do="Ask for the guarantee's amount or less",
        )
    if facts.advance_deposit_cents:
        findings.add(
            f"{usd_display(facts.advance_deposit_cents)} of it in advance, at the discretion of "
            f"the {choice.value}",
            choice,
        )
    least = -to_whole_down(-guaranteed * share.value)
    monthly = least if facts.agreed_monthly_cents is None else facts.agreed_monthly_cents
    if monthly < least:
        raise ExtensionFactsContradict(
            f"{usd_display(monthly)} a month is less than {usd_display(least)}",
            why=f"Not less than {number_text(share.value)} of the cost ({share.citation.text})",
            do="Agree on the least or more",
        )
    findings.add(
        f"{usd_display(monthly)} a month: not less than {number_text(share.value)} of it", share
    )
    return Decision(
        GuaranteeAmount(Cents(guaranteed), facts.advance_deposit_cents, Cents(monthly)),
        findings.all(),
    )


class GuaranteeState(Enum):
    """Where an agreement stands after a bill."""

    NOT_BEGUN = "not_begun"
    RUNNING = "running"
    ENDED_BY_REVENUE = "ended_by_revenue"
    SATISFIED = "satisfied"
    PERIOD_OVER = "period_over"


@dataclass(frozen=True, slots=True)
class GuaranteeBillFacts:
    """One bill for permanent service from an extension, and what came before it."""

    total_cost_cents: Cents = fact("The total cost guaranteed.")
    monthly_payment_cents: Cents = fact("The monthly guarantee payment.")
    bill_number: int = fact("Which bill for permanent service this is, from 1.")
    bill_day: date = fact("The day on which it was issued.")
    started_on: date | None = fact(
        "The day of the bill that began the guarantee period; null: this one, or none yet."
    )
    net_revenue_cents: Cents = fact("Its charges without revenue taxes.")
    revenue_before_cents: Cents = fact("Net revenue of all bills before it, untested ones too.")
    deficiency_before_cents: Cents = fact("Deficiency billed before.")
    credited_before_cents: Cents = fact("Excess credited before.")
    state_before: GuaranteeState = fact("Where the agreement stood before this bill.")


@dataclass(frozen=True, slots=True)
class GuaranteeBill:
    """What this bill does to the guarantee."""

    state: GuaranteeState = fact("Where the agreement stands after it.")
    started_on: date | None = fact("The day that began the guarantee period; null: not yet.")
    deficiency_cents: Cents = fact("Deficiency charged with it, without revenue taxes.")
    credit_cents: Cents = fact("Earlier excess that pays of this bill, without interest.")
    excess_cents: Cents = fact("Excess that may pay of later bills of the period.")
    lapsed_cents: Cents = fact("Excess that the end of the period leaves unused.")


def decide_guarantee_bill(facts: GuaranteeBillFacts, terms: Terms) -> Decision[GuaranteeBill]:
    """Test one bill against the guarantee: deficiency, early end, excess. GRR III.P.1 to III.P.4.

    Excess found with a bill pays of the bills after it, up to their charges without taxes.

    :raises ExtensionFactsContradict: for amounts below zero, a bill number below 1, or a period
        that would begin before or after its bill
    """
    _check(facts)
    findings = Findings()
    taxes, start = terms.text(TAXES), terms.whole(START_BILL)
    findings.add(
        f"bill {facts.bill_number}: {usd_display(facts.net_revenue_cents)} of net revenue, "
        f"revenue taxes {taxes.value}",
        taxes,
    )
    if facts.bill_number < start.value:
        findings.add(f"tested from bill {start.value} on; its revenue counts", start)
        return Decision(
            GuaranteeBill(GuaranteeState.NOT_BEGUN, None, Cents(0), Cents(0), Cents(0), Cents(0)),
            findings.all(),
        )
    started = facts.started_on or facts.bill_day
    period = terms.whole(PERIOD)
    until = months_after(started, period.value)
    if facts.bill_day >= until or facts.state_before is GuaranteeState.PERIOD_OVER:
        return _after_the_period(facts, terms, findings, started, until)
    revenue = facts.revenue_before_cents + facts.net_revenue_cents
    credit = _credit(facts, terms, findings)
    state, deficiency = _state(facts, terms, findings, revenue)
    billed = facts.deficiency_before_cents + deficiency
    over = min(billed, max(0, revenue + billed - facts.total_cost_cents))
    excess = max(0, over - facts.credited_before_cents - credit)
    if excess:
        clause = terms.clause(EXCESS)
        findings.add(f"{usd_display(excess)} of deficiency was not needed", clause)
    return Decision(
        GuaranteeBill(state, started, Cents(deficiency), Cents(credit), Cents(excess), Cents(0)),
        findings.all(),
    )


def _check(facts: GuaranteeBillFacts) -> None:
    above_zero(facts.total_cost_cents, "The total cost")
    above_zero(facts.monthly_payment_cents, "The monthly guarantee payment")
    above_zero(facts.bill_number, "The number of the bill")
    for cents, called in (
        (facts.deficiency_before_cents, "The deficiency billed before"),
        (facts.credited_before_cents, "The excess credited before"),
    ):
        not_negative(cents, called)
    if facts.started_on is not None:
        in_order(facts.started_on, facts.bill_day, called="The period begins with a tested bill")


def _over_before(facts: GuaranteeBillFacts) -> int:
    """Excess that stood before this bill, and was not credited."""
    over = facts.revenue_before_cents + facts.deficiency_before_cents - facts.total_cost_cents
    return max(0, min(facts.deficiency_before_cents, over) - facts.credited_before_cents)


def _credit(facts: GuaranteeBillFacts, terms: Terms, findings: Findings) -> int:
    available = _over_before(facts)
    credit = max(0, min(available, facts.net_revenue_cents))
    if available:
        interest = terms.number(CREDIT_INTEREST)
        findings.add(
            f"excess of {usd_display(available)} pays {usd_display(credit)} of this bill, "
            f"no interest ({number_text(interest.value)} percent)",
            interest,
        )
    return credit


def _state(
    facts: GuaranteeBillFacts, terms: Terms, findings: Findings, revenue: int
) -> tuple[GuaranteeState, int]:
    if facts.state_before in (GuaranteeState.ENDED_BY_REVENUE, GuaranteeState.SATISFIED):
        done = ENDS if facts.state_before is GuaranteeState.ENDED_BY_REVENUE else SATISFIED
        findings.add("the agreement has done its work: no deficiency", terms.clause(done))
        return facts.state_before, 0
    cost = usd_display(facts.total_cost_cents)
    covered, compared = reaches(terms, COVERED, revenue, facts.total_cost_cents)
    if covered:
        findings.add(f"net revenue of {usd_display(revenue)} covers {cost}: it ends", compared)
        return GuaranteeState.ENDED_BY_REVENUE, 0
    formula = terms.text(FORMULA)
    deficiency = max(0, facts.monthly_payment_cents - facts.net_revenue_cents)
    findings.add(
        f"{formula.value}: {usd_display(facts.monthly_payment_cents)} less "
        f"{usd_display(facts.net_revenue_cents)} is {usd_display(deficiency)}",
        formula,
    )
    both = revenue + facts.deficiency_before_cents + deficiency
    reached, compared = reaches(terms, REACHED, both, facts.total_cost_cents)
    if reached:
        findings.add(
            f"net revenue and deficiency of {usd_display(both)} reach {cost}: satisfied", compared
        )
        return GuaranteeState.SATISFIED, deficiency
    return GuaranteeState.RUNNING, deficiency


def _after_the_period(
    facts: GuaranteeBillFacts, terms: Terms, findings: Findings, started: date, until: date
) -> Decision[GuaranteeBill]:
    period, usable = terms.whole(PERIOD), terms.text(USABLE)
    findings.add(
        f"the guarantee period of {period.value} months from {started} ended before {until}",
        period,
    )
    over = facts.state_before is GuaranteeState.PERIOD_OVER
    lapsed = 0 if over else _over_before(facts)
    if lapsed:
        findings.add(
            f"{usd_display(lapsed)} of excess was usable until the {usable.value}: it lapses",
            usable,
        )
    return Decision(
        GuaranteeBill(
            GuaranteeState.PERIOD_OVER, started, Cents(0), Cents(0), Cents(0), Cents(lapsed)
        ),
        findings.all(),
    )


GUARANTEE_NEED = Rule(
    id="ext.guarantee.need",
    title="When a written guarantee is required for an extension",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(WHEN,),
    governing_day=REQUEST_DAY,
    facts=GuaranteeNeedFacts,
    outcome=GuaranteeNeed,
    values=(COST_TEST, LOGIC),
    decide=decide_guarantee_need,
)

GUARANTEE_AMOUNT = Rule(
    id="ext.guarantee.amount",
    title="What a guarantee agreement covers, its deposit and its monthly payment",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(SCOPE, ADVANCE, MINIMUM),
    governing_day=REQUEST_DAY,
    facts=GuaranteeAmountFacts,
    outcome=GuaranteeAmount,
    values=(COVERS, DISCRETION, FRACTION),
    decide=decide_guarantee_amount,
)

GUARANTEE_BILL = Rule(
    id="ext.guarantee.bill",
    title="One bill against a guarantee: deficiency, early end, excess",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(FOURTH, DEFICIENCY, ENDS, SATISFIED, EXCESS),
    governing_day=REQUEST_DAY,
    facts=GuaranteeBillFacts,
    outcome=GuaranteeBill,
    values=(START_BILL, TAXES, FORMULA, PERIOD, COVERED, REACHED, CREDIT_INTEREST, USABLE),
    decide=decide_guarantee_bill,
)

RULES = (GUARANTEE_NEED, GUARANTEE_AMOUNT, GUARANTEE_BILL)
