"""Where a budget plan stands: its amount, its running difference, its bills, what a year costs.

Lives here      gathering it from the store, for the journeys and for people.
Lives elsewhere changing a plan (``budget_plans``, ``budget_reviews``), the rules (``billing``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from meterledger.billing import INTERIM_REVIEW, InterimReviewFacts, Month, PastCost, estimate_year
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.bills import RecordUnreadable, read_record
from meterledger.facts.budget import (
    AskedKind,
    BudgetAmount,
    BudgetBill,
    BudgetElection,
    BudgetPlan,
    YearEstimate,
    holding,
)
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.billing_option_ports import OptionsAsked
from meterledger.usecases.decide import decide_filled
from meterledger.usecases.ports import StoredBill


class BudgetRefused(Refusal):
    """A plan cannot be joined, left or changed as asked."""


class PlanReads(OptionsAsked, Protocol):
    """What is asked of the store."""

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first."""


@dataclass(frozen=True, slots=True)
class AskedBill:
    """A bill of the plan: its two numbers, the running difference after it, and why."""

    row: BudgetBill
    issued_day: date
    difference_after_cents: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class PlanState:
    """A plan of an account as it stands on a day."""

    plan: BudgetPlan
    amount: BudgetAmount
    election: BudgetElection
    amounts: tuple[BudgetAmount, ...]
    rows: tuple[BudgetBill, ...]
    difference_cents: int

    @property
    def has_ended(self) -> bool:
        """Whether no further bill is asked by it."""
        return bool(self.rows) and self.rows[-1].kind is AskedKind.ENDED


def state_of(options: AccountOptions, plan: BudgetPlan, on: date) -> PlanState:
    """A plan as it stands on a day.

    :raises BudgetRefused: if it has no amount or no election by then
    """
    amount, election = options.amount_of(plan.plan_id, on), options.election_of(plan.plan_id, on)
    if amount is None or election is None:
        raise BudgetRefused(
            f"The budget plan {plan.plan_id} begins on {plan.days.from_day}",
            where=f"account {plan.account_id}",
            do="Ask for a day on which it was there",
        )
    rows = holding(options.budget_bills)
    return PlanState(
        plan=plan,
        amount=amount,
        election=election,
        amounts=tuple(one for one in options.amounts if one.plan_id == plan.plan_id),
        rows=tuple(one for one in rows if one.plan_id == plan.plan_id),
        difference_cents=sum(one.deferred_cents for one in rows),
    )


def plan_of_account(
    account_id: str, on: date, known_at: datetime, store: OptionsAsked
) -> PlanState | None:
    """The account's plan on a day, or the last one that it had; None if it never had one."""
    options = store.billing_options([account_id], known_at).get(account_id)
    if options is None or not options.plans:
        return None
    begun = [one for one in options.plans if one.days.from_day <= on] or [options.plans[0]]
    newest = max(begun, key=lambda one: one.days.from_day)
    return state_of(options, newest, max(on, newest.days.from_day))


def plan_in_force(account_id: str, on: date, known_at: datetime, store: OptionsAsked) -> PlanState:
    """The account's plan on a day. :raises BudgetRefused: if it has none"""
    state = plan_of_account(account_id, on, known_at, store)
    if state is None or on not in state.plan.days:
        raise BudgetRefused(
            f"Account {account_id} has no budget plan on {on}",
            where=f"account {account_id}",
            do="Join with `meterledger budget join`, or name a day on which it had one",
        )
    return state


def asked_bills(state: PlanState, store: PlanReads) -> list[AskedBill]:
    """The plan's bills, oldest first, each with why it asks what it asks."""
    stored = {one.bill_id: one for one in store.bills_of_account(state.plan.account_id)}
    found, running = [], 0
    for row in state.rows:
        running += row.deferred_cents
        bill = stored.get(row.bill_id)
        found.append(
            AskedBill(
                row,
                bill.issued_day if bill else row.days.until_day,
                running,
                _reasons(bill) if bill else (),
            )
        )
    return found


def _reasons(bill: StoredBill) -> tuple[Reason, ...]:
    try:
        told: list[dict[str, Any]] = read_record(bill.record).get("asked", {}).get("reasons", [])
    except RecordUnreadable:
        return ()
    return tuple(Reason(one["finding"], Citation.from_json(one["citation"])) for one in told)


def year_of(
    account_id: str, service_point_id: str, store: PlanReads, *, until: date
) -> YearEstimate:
    """What a year at the service point costs, from bills whose days end by ``until``.

    :raises PlanFactsContradict: if there is none
    """
    costs = []
    for bill in store.bills_of_account(account_id):
        record = read_record(bill.record)
        if record["service_point"] != service_point_id or bill.days.until_day > until:
            continue
        estimated = "estimated" in record["usage"]
        costs.append(PastCost(bill.days, bill.total_cents, estimated))
    return estimate_year(costs)


def next_reviews(state: PlanState, on: date, view: BookView) -> tuple[list[date], date]:
    """The months of review that come before the next re-evaluation, and that month.

    :raises NoRuleInForce: if the book is silent on the reviews
    """
    month = list(Month)[state.election.reevaluation_month - 1]
    following = month.next_after(on)
    if (on.year, on.month) == (on.year, month.number) and on.day == 1:
        following = on
    facts = InterimReviewFacts(month, state.amount.cents, state.amount.cents)  # type: ignore[arg-type]
    ruling = decide_filled(rule=INTERIM_REVIEW, facts=facts, day=on, view=view)
    names = {one.number for one in ruling.decision.outcome.review_months}
    first = on.replace(day=1)
    coming = [months_after(first, ahead) for ahead in range(1, 13)]
    return [day for day in coming if day.month in names and day < following], following
