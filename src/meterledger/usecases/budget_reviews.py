"""The monthly journey of budget plans: re-evaluations, interim reviews, plans that have ended.

Lives here      which plans are reviewed in a month, the decision with its reasons, once.
Lives elsewhere the rules (``billing.budget_review``), what a bill asks (``bill_options``).
Read first      GRR V.I.2 and V.I.5; docs/operating/budget_billing.md.

The close of a day runs it before the bills: a month's decision holds for the bills issued from its
day on. It may be run on every day, and be killed anywhere: a month of a plan is decided once.
A re-evaluation whose month went by without one is made by the next run, from its day on: a plan is
evaluated once in twelve months at least, and no word of the sheet says that a late one is none. An
interim review is of its two months alone: one that was missed is told until a later one was
decided. Nothing is decided for days that are over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from meterledger.billing import (
    FIRST_AMOUNT,
    INTERIM_REVIEW,
    REEVALUATION,
    FirstAmountFacts,
    InterimReviewFacts,
    Month,
    ReevaluationFacts,
)
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.budget import (
    AmountCause,
    BudgetAmount,
    PlanEnd,
    YearEstimate,
)
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import Cents
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.budget_plans import PlanStore
from meterledger.usecases.budget_state import PlanState, state_of, year_of
from meterledger.usecases.decide import decide_filled

A_DAY = timedelta(days=1)
GAP = "budget_adjust_not_two_in_a_row_min_gap_months"


@dataclass(slots=True)
class ReviewRun:
    """What reviews came to. Plans looked at = decided + known + not due + ended + held."""

    decided: list[BudgetAmount] = field(default_factory=list)
    known: int = 0
    not_due: int = 0
    ended: list[str] = field(default_factory=list)
    """Accounts whose plan ended with a final bill, and is closed now."""
    held: list[tuple[str, str]] = field(default_factory=list)
    """Accounts whose review cannot be made, each with why."""
    missed: list[tuple[str, tuple[date, ...]]] = field(default_factory=list)
    """Accounts with the months whose review was never made, since the last that was, and that no
    run makes good now."""
    by_month: dict[tuple[int, date], bool] = field(default_factory=dict, repr=False)
    """Whether a month is one of review, by the yearly month of a plan: asked once in a run."""


def review_budgets(
    *,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: PlanStore,
    account_ids: Sequence[str] | None = None,
    dry_run: bool = False,
) -> ReviewRun:
    """Review every plan whose month this is; ``account_ids`` names some instead of all."""
    run = ReviewRun()
    accounts = store.account_ids_on_a_plan(learned_at) if account_ids is None else account_ids
    found = store.billing_options(list(accounts), learned_at)
    for account, options in sorted(found.items()):
        plan = options.plan_on(on)
        if plan is None:
            continue
        state = state_of(options, plan, on)
        try:
            _one(options, state, on, learned_at, view, store, run, dry_run)
        except Refusal as refusal:  # one plan's matter: the others are reviewed
            run.held.append((account, refusal.of_one_case().sentence))
    return run


def _one(
    options: AccountOptions,
    state: PlanState,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: PlanStore,
    run: ReviewRun,
    dry_run: bool,
) -> None:
    account = options.account_id
    if state.has_ended:
        last = state.rows[-1].days.until_day
        if not dry_run:
            store.end_budget_plan(
                state.plan.plan_id, last, PlanEnd.MOVE, state.plan.reasons, learned_at
            )
        run.ended.append(account)
        return
    month = on.replace(day=1)
    if any(one.month == month for one in state.amounts):
        run.known += 1
        return
    amount = _decide(options, state, on, month, learned_at, view, store)
    if amount is None:
        run.not_due += 1
        missed = _missed(state, month, view, run.by_month)
        if missed:
            run.missed.append((account, missed))
        return
    if dry_run or store.add_budget_amount(amount):
        run.decided.append(amount)
    else:
        run.known += 1


def _decide(
    options: AccountOptions,
    state: PlanState,
    on: date,
    month: date,
    learned_at: datetime,
    view: BookView,
    store: PlanStore,
) -> BudgetAmount | None:
    """The month's decision on the amount; None where it is no month of review."""
    election = state.election
    yearly = on.month == election.reevaluation_month and month > state.plan.days.from_day
    late = None if yearly else _late(options, state, month, view)
    yearly = yearly or late is not None
    if not yearly and not _is_review_month(state, on, view):
        return None
    plan = state.plan
    estimate = year_of(plan.account_id, plan.service_point_id, store, until=on)
    now = Cents(state.amount.cents)
    adjusted_on = max((one.from_day for one in state.amounts if one.adjusted), default=None)
    facts: Any
    if yearly:
        evaluated = max(
            one.from_day for one in state.amounts if one.cause is not AmountCause.INTERIM
        )
        facts = ReevaluationFacts(evaluated, now, Cents(estimate.annual_cents), adjusted_on)
        ruling = decide_filled(rule=REEVALUATION, facts=facts, day=on, view=view)
        cents, cause = ruling.decision.outcome.new_amount_cents, AmountCause.REEVALUATION
    else:
        share = decide_filled(
            rule=FIRST_AMOUNT,
            facts=FirstAmountFacts(Cents(estimate.annual_cents)),
            day=on,
            view=view,
        )
        again = share.decision.outcome.monthly_amount_cents
        facts = InterimReviewFacts(_month_of(election.reevaluation_month), now, again, adjusted_on)
        ruling = decide_filled(rule=INTERIM_REVIEW, facts=facts, day=on, view=view)
        cents, cause = ruling.decision.outcome.new_amount_cents, AmountCause.INTERIM
    return BudgetAmount(
        plan_id=plan.plan_id,
        account_id=plan.account_id,
        month=month,
        from_day=on,
        cents=cents,
        cause=cause,
        adjusted=cents != now,
        estimate=estimate,
        reasons=_reasons(estimate, ruling.decision.reasons, late),
        learned_at=learned_at,
    )


def _late(options: AccountOptions, state: PlanState, month: date, view: BookView) -> date | None:
    """The newest month of re-evaluation that went by without one, if it may be made good now.

    By the election that held in that month. It waits while the amount was adjusted too lately.
    """
    plan = state.plan
    evaluated = [one.month for one in state.amounts if one.cause is not AmountCause.INTERIM]
    missed = None
    one = months_after(max(evaluated), 1)
    while one < month:
        then = options.election_of(plan.plan_id, months_after(one, 1) - A_DAY)
        if then is not None and then.reevaluation_month == one.month and one > plan.days.from_day:
            missed = one
        one = months_after(one, 1)
    if missed is None:
        return None
    adjusted = max((each.from_day for each in state.amounts if each.adjusted), default=None)
    if adjusted is not None:
        least = Terms(view, month).whole(GAP).value
        if months_after(adjusted.replace(day=1), least) > month:
            return None
    return missed


def _missed(
    state: PlanState, month: date, view: BookView, by_month: dict[tuple[int, date], bool]
) -> tuple[date, ...]:
    """Months of review before this one that nothing was decided in, since the last decision."""
    found = []
    one = months_after(max(each.month for each in state.amounts), 1)
    while one < month:
        key = state.election.reevaluation_month, one
        if key not in by_month:
            by_month[key] = one.month == key[0] or _is_review_month(state, one, view)
        if one > state.plan.days.from_day and by_month[key]:
            found.append(one)
        one = months_after(one, 1)
    return tuple(found)


def _is_review_month(state: PlanState, on: date, view: BookView) -> bool:
    now = Cents(state.amount.cents)
    facts = InterimReviewFacts(_month_of(state.election.reevaluation_month), now, now)
    ruling = decide_filled(rule=INTERIM_REVIEW, facts=facts, day=on, view=view)
    return bool(ruling.decision.outcome.reviewed)


def _month_of(number: int) -> Month:
    return tuple(Month)[number - 1]


def _reasons(
    estimate: YearEstimate, reasons: tuple[Reason, ...], late: date | None
) -> tuple[Reason, ...]:
    told = [estimate.sentence]
    if late is not None:
        told.insert(0, f"the re-evaluation of {late:%Y-%m} was missed, and is made now")
    return (*(Reason(one, reasons[0].citation) for one in told), *reasons)
