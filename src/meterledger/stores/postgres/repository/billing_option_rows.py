"""Rows of what accounts choose of their bills, as nouns.

Lives here      reading a row of each table.
Lives elsewhere the questions, and writing (``billing_options``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from meterledger.facts.billing_options import (
    Delivery,
    DeliveryPreference,
    DueDateChoice,
    DueDateKind,
)
from meterledger.facts.budget import (
    AmountCause,
    AskedKind,
    BudgetAmount,
    BudgetBill,
    BudgetElection,
    BudgetPlan,
    PlanEnd,
    YearEstimate,
)
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import DaySpan, Validity


def reasons_of(told: Sequence[Any]) -> tuple[Reason, ...]:
    """Reasons as they were kept."""
    return tuple(Reason(one["finding"], Citation.from_json(one["citation"])) for one in told)


def plan_of(row: Sequence[Any]) -> BudgetPlan:
    """A row of ``budget_plan``."""
    plan_id, account, point, ended, reasons, first, out, learned_at = row
    return BudgetPlan(
        plan_id=plan_id,
        account_id=account,
        service_point_id=point,
        days=Validity(first, out),
        learned_at=learned_at.astimezone(UTC),
        reasons=reasons_of(reasons),
        ended=PlanEnd(ended) if ended else None,
    )


def due_date_of(row: Sequence[Any]) -> DueDateChoice:
    """A row of ``due_date_choice``."""
    account, kind, day_of_month, person, reasons, first, out, learned_at = row
    return DueDateChoice(
        account_id=account,
        kind=DueDateKind(kind),
        day_of_month=day_of_month,
        days=Validity(first, out),
        learned_at=learned_at.astimezone(UTC),
        reasons=reasons_of(reasons),
        person=tuple((name, value) for name, value in person),
    )


def delivery_of(row: Sequence[Any]) -> DeliveryPreference:
    """A row of ``delivery_preference``."""
    account, medium, address, first, out, learned_at = row
    return DeliveryPreference(
        account, Delivery(medium), Validity(first, out), learned_at.astimezone(UTC), address
    )


def amount_of(row: Sequence[Any]) -> BudgetAmount:
    """A row of ``budget_amount``."""
    plan_id, account, month, from_day, cents, cause, adjusted, estimate, reasons, learned = row
    return BudgetAmount(
        plan_id=plan_id,
        account_id=account,
        month=month,
        from_day=from_day,
        cents=cents,
        cause=AmountCause(cause),
        adjusted=adjusted,
        estimate=YearEstimate.from_json(estimate),
        reasons=reasons_of(reasons),
        learned_at=learned.astimezone(UTC),
    )


def election_of(row: Sequence[Any]) -> BudgetElection:
    """A row of ``budget_election``."""
    plan_id, account, from_day, option, month, settlement, elected, reasons, learned = row
    return BudgetElection(
        *(plan_id, account, from_day, option, month, settlement, elected),
        *(reasons_of(reasons), learned.astimezone(UTC)),
    )


def budget_bill_of(row: Sequence[Any]) -> BudgetBill:
    """A row of ``budget_bill``."""
    plan_id, account, bill_id, first, out, kind, *cents, rolled_over, learned = row
    amount, part, settlement, charges, asked = cents
    return BudgetBill(
        plan_id=plan_id,
        account_id=account,
        bill_id=bill_id,
        days=DaySpan(first, out),
        kind=AskedKind(kind),
        plan_amount_cents=amount,
        rolled_over_part_cents=part,
        settlement_cents=settlement,
        charges_cents=charges,
        asked_cents=asked,
        rolled_over_cents=tuple(rolled_over),
        learned_at=learned.astimezone(UTC),
    )
