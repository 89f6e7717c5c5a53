"""What a bill of an account on the Budget Billing Plan asks, beside what its period costs.

Lives here      the plan's amount on a bill, what was rolled over, settling in the month of
                re-evaluation and when the plan has ended; the running difference.
Lives elsewhere the monthly amount (``budget_plan``, ``budget_review``), the settlement's two ways
                (``budget_settlement``), what an end settles (``budget_ending``).
Read first      GRR V.I.3 and V.I.6 to V.I.8; docs/operating/budget_billing.md.

The running difference is cost less what was asked, over every bill since enrollment: it is never
stored as a balance, so that it can be told again for any bill as known when it was made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from meterledger.billing.budget_calendar import (
    Option,
    PlanFactsContradict,
    because,
    month_of,
    month_words,
    months_between,
)
from meterledger.billing.budget_ending import (
    BY_CUSTOMER,
    FINAL_BILL,
    FinalBillFacts,
    decide_final_bill,
)
from meterledger.billing.budget_settlement import (
    SettlementFacts,
    decide_settlement,
)
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.budget import (
    Asked,
    AskedKind,
    BudgetBill,
    BudgetPlan,
    PlanEnd,
    holding,
)
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import Cents, usd_text
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms

BY_COMPANY_SETTLES = "budget_terminate_settlement_next_bill_due_on"


@dataclass(frozen=True, slots=True)
class BilledPeriod:
    """A bill that is being made: where, for which days, whether it is the final one, its cost.

    ``billed_on`` is the day on which the period was first billed, where this bill corrects that
    one: amount and election of the plan are those of that day, and not of the correction's.
    """

    service_point_id: str
    days: DaySpan
    issued_day: date
    is_final: bool
    charges_cents: int
    known_at: datetime
    billed_on: date | None = None

    @property
    def plan_day(self) -> date:
        """The day by which the plan's amount and election are looked up."""
        return self.billed_on or self.issued_day


def decide_asked(
    period: BilledPeriod,
    options: AccountOptions | None,
    view: BookView,
    *,
    every_place: bool = False,
) -> Asked | None:
    """What the bill asks where the account has a plan; None where it asks what the period costs.

    ``options`` are those known at the bill's instant. A period that was billed before is asked
    what was asked then: its correction moves the running difference, until the plan has ended. One
    that is the last one now, and was not when it was billed, settles the plan. ``every_place`` as
    for ``budget_bills_before``.

    :raises PlanFactsContradict: if the plan has no amount or no election on the bill's day
    :raises NoRuleInForce: if the book is silent on the plan
    """
    if options is None or not options.plans:
        return None
    earlier = _earlier(period, options, every_place=every_place)
    before = budget_bills_before(
        options, period.service_point_id, period.days, period.known_at, every_place=every_place
    )
    plan = _plan_of(period, options, earlier)
    if plan is None:
        return None
    if earlier is None and _settled_since(period, plan, options):
        return None  # its bill was held while a later one settled the plan: it asks what it costs
    difference = sum(one.deferred_cents for one in before)
    mine = [one for one in before if one.plan_id == plan.plan_id]
    has_ended = period.is_final or (
        plan.days.until_day is not None and period.issued_day >= plan.days.until_day
    )
    if has_ended and earlier is None:
        settled = not mine or mine[-1].kind is AskedKind.ENDED
        if settled and difference == 0 and (mine or not period.is_final):
            return None
    settles_now = earlier is not None and (earlier.kind is AskedKind.ENDED or period.is_final)
    if has_ended if earlier is None else settles_now:
        return _ended(period, plan, difference, view)
    if earlier is not None and _settled_since(period, plan, options):
        return _after_end(period, plan, earlier, difference, view)
    return _monthly(period, plan, options, difference, mine, earlier, view)


def ask_again(asked: Asked, charges_cents: int) -> Asked:
    """The same decision where the charges come out otherwise, as on a corrected bill.

    What was asked stays, and the running difference takes the change; a plan that has ended asks
    it at once, for nothing stays open and no bill follows that would ask for it.
    """
    change = charges_cents - asked.charges_cents
    if asked.kind is AskedKind.ENDED or asked.after_end:
        return replace(
            asked,
            charges_cents=charges_cents,
            settlement_cents=asked.settlement_cents + change,
            asked_cents=asked.asked_cents + change,
        )
    return replace(
        asked,
        charges_cents=charges_cents,
        difference_after_cents=asked.difference_after_cents + change,
    )


def budget_bills_before(
    options: AccountOptions,
    service_point_id: str,
    days: DaySpan,
    known_at: datetime,
    *,
    every_place: bool = False,
) -> list[BudgetBill]:
    """What the bills of a place asked for periods before, as known then: the running difference.

    ``every_place`` takes those of the account's other places with them, as it was read before.
    """
    known = [
        one
        for one in _of_place(options, service_point_id, every_place=every_place)
        if one.learned_at <= known_at
    ]
    held = holding(known, by_first_day=every_place)
    return [one for one in held if one.days.until_day <= days.from_day]


def _of_place(
    options: AccountOptions, service_point_id: str, *, every_place: bool
) -> list[BudgetBill]:
    elsewhere = {
        one.plan_id
        for one in options.plans
        if one.service_point_id != service_point_id and not every_place
    }
    return [one for one in options.budget_bills if one.plan_id not in elsewhere]


def _earlier(
    period: BilledPeriod, options: AccountOptions, *, every_place: bool
) -> BudgetBill | None:
    """What the period asked before, if it was billed before: perhaps from another first day on."""
    found = [
        one
        for one in _of_place(options, period.service_point_id, every_place=every_place)
        if one.learned_at < period.known_at
        and (
            one.days == period.days if every_place else one.days.until_day == period.days.until_day
        )
    ]
    return max(found, key=lambda one: one.learned_at, default=None)


def _plan_of(
    period: BilledPeriod, options: AccountOptions, earlier: BudgetBill | None
) -> BudgetPlan | None:
    """The plan that speaks of the period: begun before the period ends, at the same place."""
    if earlier is not None:
        return next((one for one in options.plans if one.plan_id == earlier.plan_id), None)
    begun = [
        one
        for one in options.plans
        if one.service_point_id == period.service_point_id
        and one.days.from_day < period.days.until_day
    ]
    return max(begun, key=lambda one: one.days.from_day, default=None)


def _ended(period: BilledPeriod, plan: BudgetPlan, difference: int, view: BookView) -> Asked:
    settlement = difference + period.charges_cents
    return Asked(
        plan_id=plan.plan_id,
        kind=AskedKind.ENDED,
        plan_amount_cents=0,
        rolled_over_part_cents=0,
        settlement_cents=settlement,
        charges_cents=period.charges_cents,
        asked_cents=settlement,
        difference_before_cents=difference,
        difference_after_cents=0,
        rolled_over_cents=(),
        reasons=_why_ended(period, plan, difference, Terms(view, period.issued_day)),
    )


def _settled_since(period: BilledPeriod, plan: BudgetPlan, options: AccountOptions) -> bool:
    """Whether a bill of later days had settled the plan before the bill's instant.

    One that does so in the same case is made after this one, which asks what it asked before.
    """
    return any(
        one.kind is AskedKind.ENDED
        and one.plan_id == plan.plan_id
        and one.days.from_day >= period.days.until_day
        for one in options.budget_bills
        if one.learned_at < period.known_at
    )


def _after_end(
    period: BilledPeriod, plan: BudgetPlan, earlier: BudgetBill, difference: int, view: BookView
) -> Asked:
    """A correction under a plan that was settled: what was deferred stays, the change is asked."""
    terms = Terms(view, period.issued_day)
    change = period.charges_cents - earlier.charges_cents
    found = (
        f"the budget plan was settled since: the {usd_text(change)} by which this period's cost "
        "changes are asked with this bill"
    )
    clause = BY_CUSTOMER if plan.ended is PlanEnd.CUSTOMER else FINAL_BILL
    return Asked(
        plan_id=plan.plan_id,
        kind=earlier.kind,
        plan_amount_cents=earlier.plan_amount_cents,
        rolled_over_part_cents=earlier.rolled_over_part_cents,
        settlement_cents=earlier.settlement_cents + change,
        charges_cents=period.charges_cents,
        asked_cents=earlier.asked_cents + change,
        difference_before_cents=difference,
        difference_after_cents=difference + earlier.deferred_cents,
        rolled_over_cents=earlier.rolled_over_cents,
        reasons=(because(found, terms.clause(clause)),),
        after_end=True,
    )


def _why_ended(
    period: BilledPeriod, plan: BudgetPlan, difference: int, terms: Terms
) -> tuple[Reason, ...]:
    if plan.days.until_day is not None and plan.ended is not PlanEnd.MOVE:
        words = f"the plan ended on {plan.days.until_day} {plan.ended.value if plan.ended else ''}"
        found = (
            f"{words.strip()}: the difference of {usd_text(difference)} built up before is settled "
            "with this bill, and what the period costs is asked as it is"
        )
        if plan.ended is PlanEnd.NON_PAYMENT:
            return (*plan.reasons, Reason(found, terms.text(BY_COMPANY_SETTLES).citation))
        return (*plan.reasons, because(found, terms.clause(BY_CUSTOMER)))
    if not period.is_final:
        found = "the plan ended with the final bill, and nothing of it stays open"
        return (because(found, terms.clause(FINAL_BILL)),)
    facts = FinalBillFacts(
        final_reading=period.days.until_day,
        actual_cost_cents=Cents(difference + period.charges_cents),
        budget_billed_cents=Cents(0),
        final_period_cost_cents=Cents(period.charges_cents),
    )
    decision = decide_final_bill(facts, terms)
    found = (
        f"a running difference of {usd_text(difference)} and {usd_text(period.charges_cents)} for "
        f"the last period are settled with the final bill: {usd_text(difference)} + "
        f"{usd_text(period.charges_cents)} = {usd_text(decision.outcome.settlement_cents)}"
    )
    return (because(found, terms.clause(FINAL_BILL)),)


def _monthly(
    period: BilledPeriod,
    plan: BudgetPlan,
    options: AccountOptions,
    difference: int,
    mine: list[BudgetBill],
    earlier: BudgetBill | None,
    view: BookView,
) -> Asked:
    terms = Terms(view, period.plan_day)
    amount = options.amount_of(plan.plan_id, period.plan_day)
    election = options.election_of(plan.plan_id, period.plan_day)
    if amount is None or election is None:
        raise PlanFactsContradict(
            f"The budget plan {plan.plan_id} has no "
            f"{'monthly amount' if amount is None else 'election'} on {period.plan_day}",
            where=f"account {plan.account_id}",
            do="Ask with `meterledger budget show`, and record what is missing",
        )
    cents = amount.cents if earlier is None else earlier.plan_amount_cents
    part = _rolled_over_part(mine) if earlier is None else earlier.rolled_over_part_cents
    reasons = [*amount.reasons]
    if part:
        found = f"{usd_text(part)} of the difference that was rolled over is asked with this bill"
        reasons.append(
            because(found, terms.whole("budget_settlement_election_spread_months").citation)
        )
    open_cents = difference + period.charges_cents - cents - part
    settlement, rolled, kind = 0, tuple[int, ...](), AskedKind.PLAN
    if _settles(period, plan, election.reevaluation_month, mine, earlier):
        facts = SettlementFacts(
            enrolled=plan.days.from_day,
            difference_cents=Cents(open_cents),
            option=Option(election.settlement_option) if election.settlement_option else None,
        )
        decision = decide_settlement(facts, terms)
        settlement, rolled = decision.outcome.on_this_bill_cents, decision.outcome.instalments_cents
        kind = AskedKind.SETTLED
        reasons += [
            Reason(
                f"{month_words(period.days.until_day)} is the month of re-evaluation: "
                f"{one.finding}",
                one.citation,
            )
            for one in decision.reasons
        ]
    return Asked(
        plan_id=plan.plan_id,
        kind=kind,
        plan_amount_cents=cents,
        rolled_over_part_cents=part,
        settlement_cents=settlement,
        charges_cents=period.charges_cents,
        asked_cents=cents + part + settlement,
        difference_before_cents=difference,
        difference_after_cents=open_cents - settlement,
        rolled_over_cents=rolled,
        reasons=tuple(reasons),
    )


def _rolled_over_part(mine: list[BudgetBill]) -> int:
    """What of an earlier difference is added to the next bill: its turn among the parts."""
    for back, one in enumerate(reversed(mine)):
        if one.kind is AskedKind.SETTLED:
            return one.rolled_over_cents[back] if back < len(one.rolled_over_cents) else 0
    return 0


def _settles(
    period: BilledPeriod,
    plan: BudgetPlan,
    reevaluation_month: int,
    mine: list[BudgetBill],
    earlier: BudgetBill | None,
) -> bool:
    """Whether this is the bill of the month of re-evaluation: the month in which a period ends."""
    if earlier is not None:
        return earlier.kind is AskedKind.SETTLED
    read = period.days.until_day
    if month_of(read).number != reevaluation_month or months_between(plan.days.from_day, read) < 1:
        return False
    return not any(
        one.kind is AskedKind.SETTLED and months_between(one.days.until_day, read) == 0
        for one in mine
    )
