"""Budget plans, due dates and delivery on paper, for the stores' promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from tests.stores.paper_town import CLAUSE, LATER, LEARNED, account_id, bill_of

from meterledger.facts.billing_options import (
    Delivery,
    DeliveryPreference,
    DueDateChoice,
    DueDateKind,
)
from meterledger.facts.bills import Bill
from meterledger.facts.budget import (
    AmountCause,
    Asked,
    AskedKind,
    BudgetAmount,
    BudgetElection,
    BudgetPlan,
    YearEstimate,
)
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import Validity
from meterledger.ledger import entry_for_bill

JOINED = date(2025, 1, 5)
WHY = (Reason("a test", CLAUSE),)


def account(number: int = 1) -> str:
    return account_id(number)


def plan_of(number: int = 1) -> BudgetPlan:
    return BudgetPlan(
        f"BP-{number}-first", account(number), f"SP-{number}", Validity(JOINED), LEARNED, WHY
    )


def amount_of(number: int = 1) -> BudgetAmount:
    return BudgetAmount(
        plan_id=plan_of(number).plan_id,
        account_id=account(number),
        month=JOINED.replace(day=1),
        from_day=JOINED,
        cents=100_00,
        cause=AmountCause.JOINED,
        adjusted=False,
        estimate=YearEstimate(1200_00, 300_00, 92, 3, 31),
        reasons=WHY,
        learned_at=LEARNED,
    )


def election_of(number: int = 1) -> BudgetElection:
    return BudgetElection(
        plan_of(number).plan_id, account(number), JOINED, "b", 1, "b", True, WHY, LEARNED
    )


def budget_bill_of(number: int = 1, month: int = 0, *, asked_cents: int) -> Bill:
    """The paper town's bill, asking what a plan says."""
    bill, _ = bill_of(number, month)
    asked = Asked(
        plan_id=plan_of(number).plan_id,
        kind=AskedKind.PLAN,
        plan_amount_cents=asked_cents,
        rolled_over_part_cents=0,
        settlement_cents=0,
        charges_cents=bill.total_cents,
        asked_cents=asked_cents,
        difference_before_cents=0,
        difference_after_cents=bill.total_cents - asked_cents,
        rolled_over_cents=(),
        reasons=WHY,
    )
    return replace(bill, asked=asked)


def due_date_of(day_of_month: int, number: int = 1) -> DueDateChoice:
    return DueDateChoice(
        account(number), DueDateKind.PREFERRED, day_of_month, Validity(JOINED), LEARNED, WHY
    )


def delivery_of(medium: Delivery, number: int = 1) -> DeliveryPreference:
    address = "ann@example.org" if medium is Delivery.ELECTRONIC else ""
    return DeliveryPreference(account(number), medium, Validity(JOINED), LEARNED, address)


def keep_options(store: Any, *, month: int = 0, learned_at: datetime = LATER) -> None:
    """A row in every table of choices."""
    store.begin_budget_plan(plan_of(), amount_of(), election_of())
    again = JOINED + timedelta(days=99)
    store.add_budget_election(replace(election_of(), from_day=again))
    store.take_back_budget_election(plan_of().plan_id, again, learned_at)
    bill = budget_bill_of(1, month, asked_cents=100_00)
    store.record_bills([(bill, entry_for_bill(bill, learned_at=learned_at))])
    store.choose_due_date(due_date_of(5))
    store.prefer_delivery(delivery_of(Delivery.ELECTRONIC))
