"""The end of a budget plan: by the utility, by the customer, and on the final bill.

Lives here      when the utility may end a plan for non-payment, leaving, what each end settles.
Lives elsewhere the delinquent date and mail in time (due dates), whether a Cold Weather agreement
                is kept (``arrears``), the floor under a final bill (GRR V.E.2).
Read first      GRR V.I.6 to V.I.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.billing.budget_calendar import (
    CHAPTER,
    ROOM,
    PlanFactsContradict,
    because,
    not_after,
)
from meterledger.billing.budget_plan import AGREEMENT_OVERRIDES, COLD_WEATHER_READING
from meterledger.billing.budget_settlement import DIFFERENCE
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_text
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

BY_COMPANY = "budget.terminate.by_company"
BY_CUSTOMER = "budget.terminate.by_customer"
FINAL_BILL = "budget.final_bill"


class ColdWeatherAgreement(Enum):
    """How a Cold Weather Rule agreement stands with the customer."""

    NONE = "none"
    KEPT = "kept"
    DEFAULTED = "defaulted"


@dataclass(frozen=True, slots=True)
class MissedPaymentFacts:
    """A participant whose bill has a delinquent date, and what the utility would do."""

    delinquent_date: date = fact("The delinquent date of the bill, as moved for this customer.")
    paid: date | None = fact("The day on which the bill was paid in full; null if it was not.")
    company_ends: bool = fact("Whether the utility wants to end the plan for this.")
    difference_cents: Cents = fact(DIFFERENCE)
    mail_in_time_until: date | None = fact(
        "For a payment by mail: the last day on which it still counts as timely; null otherwise.",
        default=None,
    )
    cold_weather_agreement: ColdWeatherAgreement = fact(
        "none, kept (a default that was reinstated is kept), or defaulted and not reinstated.",
        default=ColdWeatherAgreement.NONE,
    )


@dataclass(frozen=True, slots=True)
class EndByCompany:
    """Whether the utility ends the plan, and what that settles."""

    ended: bool = fact("Whether the plan ends.")
    may_be_ended: bool = fact("Whether the utility may end it, wanting to or not.")
    settlement_cents: Cents | None = fact(
        "The adjustment that is billed; null while the plan runs."
    )
    settled_on: str | None = fact("Where the adjustment is billed; null while the plan runs.")


def decide_end_by_company(facts: MissedPaymentFacts, terms: Terms) -> Decision[EndByCompany]:
    """Whether the utility may end a plan for non-payment, and the settlement (GRR V.I.6).

    Paying on the delinquent date is in time. A Cold Weather agreement that is kept needs the plan,
    so that whether it may be ended at all is a reading.

    :raises PlanFactsContradict: if a payment lies after the day that counts, or mail is in time
        only before the delinquent date
    """
    missed, missed_reason = _missed(facts, terms)
    if not missed:
        return _runs(False, missed_reason)
    discretion = terms.flag("budget_terminate_by_company_discretion")
    protected = facts.cold_weather_agreement is ColdWeatherAgreement.KEPT
    reasons: tuple[Reason, ...] = (missed_reason,)
    if protected:
        overrides = terms.reading(COLD_WEATHER_READING) == AGREEMENT_OVERRIDES
        found = "a Cold Weather Rule agreement is kept and puts the customer on the plan: " + (
            "not ended before it is defaulted" if overrides else "the plan may be ended even so"
        )
        reasons = (missed_reason, because(found, terms.clause(BY_COMPANY)))
        if overrides:
            return _runs(False, *reasons)
    if discretion.value and not facts.company_ends:
        found = "the utility may end the plan and does not want to"
        return _runs(True, *reasons, because(found, discretion.citation))
    by_choice = "the utility may end the plan and does" if discretion.value else "the plan ends"
    due_on = terms.text("budget_terminate_settlement_next_bill_due_on")
    settling = f"{_settles(facts.difference_cents)} on the {due_on.value}"
    return Decision(
        EndByCompany(True, True, facts.difference_cents, due_on.value),
        (
            *reasons,
            because(
                f"{by_choice}; bills are the ordinary monthly ones from now on",
                discretion.citation,
            ),
            because(settling, due_on.citation),
        ),
    )


def _runs(may_be_ended: bool, *reasons: Reason) -> Decision[EndByCompany]:
    return Decision(EndByCompany(False, may_be_ended, None, None), reasons)


def _missed(facts: MissedPaymentFacts, terms: Terms) -> tuple[bool, Reason]:
    trigger = terms.text("budget_terminate_by_company_trigger")
    last = facts.mail_in_time_until or facts.delinquent_date
    if last < facts.delinquent_date:
        raise PlanFactsContradict(
            f"Mail counts as timely until {last}, before the delinquent date "
            f"{facts.delinquent_date}",
            where="facts.mail_in_time_until",
            do="Give the last day of grace for mail, or null",
        )
    if facts.paid is not None:
        not_after(facts.paid, terms.day, key="paid", what="The bill was paid")
    if facts.paid is not None and facts.paid <= last:
        found = f"paid on {facts.paid}, in time until {last}: no {trigger.value}"
        return False, because(found, trigger.citation)
    if terms.day <= last:
        found = f"{terms.day} is not after {last}, the last day to pay in time: no {trigger.value}"
        return False, because(found, trigger.citation)
    how = f"paid on {facts.paid}" if facts.paid is not None else f"not paid by {terms.day}"
    return True, because(f"{trigger.value}: {how}, in time until {last}", trigger.citation)


@dataclass(frozen=True, slots=True)
class LeavingFacts:
    """A participant who asks to leave the plan."""

    enrolled: date = fact("The day on which the customer was enrolled.")
    difference_cents: Cents = fact(DIFFERENCE)
    cold_weather_agreement: ColdWeatherAgreement = fact(
        "none, kept, or defaulted and not reinstated.", default=ColdWeatherAgreement.NONE
    )


@dataclass(frozen=True, slots=True)
class Leaving:
    """The plan has ended on the customer's request."""

    ended: bool = fact("Whether the plan ends.")
    settlement_cents: Cents = fact("What settles the account: above zero paid when due.")
    ask_about_agreement: bool = fact(
        "Whether a Cold Weather agreement that is kept needs the plan, so that a person should "
        "speak with the customer first: no text says what leaving does to it."
    )


def decide_leaving(facts: LeavingFacts, terms: Terms) -> Decision[Leaving]:
    """A customer leaves the plan: at any time, whatever was elected (GRR V.I.7).

    :raises PlanFactsContradict: if the enrollment lies after the day that counts
    """
    not_after(facts.enrolled, terms.day, key="enrolled", what="The customer was enrolled")
    clause = terms.clause(BY_CUSTOMER)
    kept = facts.cold_weather_agreement is ColdWeatherAgreement.KEPT
    reasons = [
        because(f"leaves on request on {terms.day}; no election binds to the plan", clause),
        because(f"{_settles(facts.difference_cents)} when due", clause),
    ]
    if kept:
        found = "a Cold Weather agreement needs the plan, and no text says what leaving does to it"
        reasons.append(because(found, clause))
    return Decision(Leaving(True, facts.difference_cents, kept), tuple(reasons))


@dataclass(frozen=True, slots=True)
class FinalBillFacts:
    """An account that ends while it is on the plan."""

    final_reading: date = fact("The day of the final meter reading.")
    actual_cost_cents: Cents = fact(
        "Cost of actual use to the final reading, since enrollment or the last settlement."
    )
    budget_billed_cents: Cents = fact("What the plan has billed for the same time.")
    final_period_cost_cents: Cents = fact("Cost of actual use in the last billing period alone.")
    rolled_over_unbilled_cents: Cents = fact(
        "Parts of an earlier difference that were rolled over and not yet billed.",
        default=Cents(0),
    )


@dataclass(frozen=True, slots=True)
class FinalSettlement:
    """What a final bill adds so that the account is settled on actual use."""

    settlement_cents: Cents = fact(
        "Added to the final bill: above zero owed by the customer, below zero refunded."
    )
    refund: bool = fact("Whether the account ends with a credit, to be refunded.")
    floor_looks_at_cents: Cents = fact(
        "What the floor under a final bill is compared with: the last period's use, not the "
        "settled balance."
    )


def decide_final_bill(facts: FinalBillFacts, terms: Terms) -> Decision[FinalSettlement]:
    """What a final bill needs to settle a plan on actual use (GRR V.I.8).

    :raises PlanFactsContradict: if the final reading lies after the day that counts
    """
    not_after(facts.final_reading, terms.day, key="final_reading", what="The meter was read")
    clause = terms.clause(FINAL_BILL)
    settlement = Cents(
        facts.actual_cost_cents + facts.rolled_over_unbilled_cents - facts.budget_billed_cents
    )
    rolled = facts.rolled_over_unbilled_cents
    found = (
        f"{usd_text(facts.actual_cost_cents)} of actual use to the reading of "
        f"{facts.final_reading}"
        f"{f', {usd_text(rolled)} rolled over and not yet billed' if rolled else ''}"
        f", {usd_text(facts.budget_billed_cents)} billed on the plan: {_settles(settlement)}"
    )
    floor = (
        f"a floor under the final bill looks at the {usd_text(facts.final_period_cost_cents)} of "
        "use in its own period, not at the balance"
    )
    return Decision(
        FinalSettlement(settlement, settlement < 0, facts.final_period_cost_cents),
        (because(found, clause), because(floor, clause)),
    )


def _settles(cents: Cents) -> str:
    if cents == 0:
        return "nothing is left to settle"
    return f"{usd_text(abs(cents))} {'is owed' if cents > 0 else 'is credited'}"


END_BY_COMPANY = Rule(
    id="budget.end_by_company",
    title="The utility ends a budget plan for non-payment",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(BY_COMPANY, "budget.terminate.settlement_next_bill"),
    governing_day="the day on which the plan would be ended",
    facts=MissedPaymentFacts,
    outcome=EndByCompany,
    values=(
        "budget_terminate_by_company_trigger",
        "budget_terminate_by_company_discretion",
        "budget_terminate_settlement_next_bill_due_on",
    ),
    readings=(COLD_WEATHER_READING,),
    decide=decide_end_by_company,
)

LEAVING = Rule(
    id="budget.leaving",
    title="A customer leaves the budget plan",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(BY_CUSTOMER,),
    governing_day="the day of the request to leave",
    facts=LeavingFacts,
    outcome=Leaving,
    values=(),
    decide=decide_leaving,
)

FINAL_BILL_SETTLEMENT = Rule(
    id="budget.final_bill",
    title="A final bill settles the budget plan",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(FINAL_BILL,),
    governing_day="the final bill (bill date)",
    facts=FinalBillFacts,
    outcome=FinalSettlement,
    values=(),
    decide=decide_final_bill,
)

RULES = (END_BY_COMPANY, LEAVING, FINAL_BILL_SETTLEMENT)
