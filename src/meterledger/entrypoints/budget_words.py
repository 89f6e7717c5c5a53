"""A budget plan in words and in answers: its state, its bills, its reviews, its end.

Lives here      what ``budget`` prints and answers, and rows that pages show.
Lives elsewhere gathering it (``usecases.budget_state``), the commands (``cli.budget``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from meterledger.facts.budget import AskedKind, BudgetAmount, BudgetElection
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import usd_display, usd_text
from meterledger.usecases.budget_ends import Ended
from meterledger.usecases.budget_plans import Joined
from meterledger.usecases.budget_reviews import ReviewRun
from meterledger.usecases.budget_state import AskedBill, PlanState

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
SETTLES = {
    "a": "a: the difference is spread over the bills of the next plan year",
    "b": "b: the difference is asked on the bill of the month of re-evaluation",
    "": "nothing elected",
}
KINDS = {
    AskedKind.PLAN: "monthly amount",
    AskedKind.SETTLED: "month of re-evaluation: settled",
    AskedKind.ENDED: "the plan has ended: settled",
}


def reason_answer(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Reasons as commands answer them."""
    return [{"finding": one.finding, "citation": one.citation.as_json()} for one in reasons]


def reasons_words(reasons: Iterable[Reason]) -> None:
    """Print reasons, each with its clause."""
    for one in reasons:
        print(f"  {one.finding} ({one.citation.text})")


def amount_answer(one: BudgetAmount) -> dict[str, Any]:
    """One decision on the monthly amount."""
    return {
        "month": one.month.isoformat(),
        "from": one.from_day.isoformat(),
        "usd": usd_text(one.cents),
        "cause": one.cause.value,
        "adjusted": one.adjusted,
        "estimate": one.estimate.as_json(),
        "reasons": reason_answer(one.reasons),
    }


def election_answer(one: BudgetElection) -> dict[str, Any]:
    """An election."""
    return {
        "from": one.from_day.isoformat(),
        "month_option": one.month_option,
        "reevaluation_month": one.reevaluation_month,
        "settlement_option": one.settlement_option,
    }


def joined_answer(joined: Joined, *, dry_run: bool) -> dict[str, Any]:
    """A plan that begins."""
    return {
        "plan": joined.plan.plan_id,
        "account": joined.plan.account_id,
        "service_point": joined.plan.service_point_id,
        "from": joined.plan.days.from_day.isoformat(),
        "dry_run": dry_run,
        "amount": amount_answer(joined.amount),
        "election": election_answer(joined.election),
        "rulings": [one.as_json() for one in joined.rulings],
    }


def bill_answer(one: AskedBill) -> dict[str, Any]:
    """A bill of the plan, with its two numbers."""
    row = one.row
    return {
        "bill": row.bill_id,
        "from": row.days.from_day.isoformat(),
        "to": row.days.until_day.isoformat(),
        "issued": one.issued_day.isoformat(),
        "kind": row.kind.value,
        "charges_usd": usd_text(row.charges_cents),
        "asked_usd": usd_text(row.asked_cents),
        "plan_amount_usd": usd_text(row.plan_amount_cents),
        "rolled_over_part_usd": usd_text(row.rolled_over_part_cents),
        "settlement_usd": usd_text(row.settlement_cents),
        "difference_after_usd": usd_text(one.difference_after_cents),
        "reasons": reason_answer(one.reasons),
    }


def state_answer(
    state: PlanState, bills: Sequence[AskedBill], coming: tuple[list[date], date]
) -> dict[str, Any]:
    """A plan as it stands."""
    reviews, yearly = coming
    return {
        "plan": state.plan.plan_id,
        "account": state.plan.account_id,
        "service_point": state.plan.service_point_id,
        "from": state.plan.days.from_day.isoformat(),
        "until": state.plan.days.until_day.isoformat() if state.plan.days.until_day else None,
        "ended": state.plan.ended.value if state.plan.ended else None,
        "amount_usd": usd_text(state.amount.cents),
        "amounts": [amount_answer(one) for one in state.amounts],
        "election": election_answer(state.election),
        "difference_usd": usd_text(state.difference_cents),
        "next_reviews": [one.isoformat() for one in reviews],
        "next_reevaluation": yearly.isoformat(),
        "bills": [bill_answer(one) for one in bills],
    }


def difference_words(cents: int) -> str:
    """Whose a running difference is."""
    if cents == 0:
        return "nothing is open"
    who = "not asked yet, the customer owes it" if cents > 0 else "asked too much, the customer's"
    return f"{usd_display(abs(cents))} {who}"


def month_and_year(day: date) -> str:
    """``June 2025``."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def state_words(
    state: PlanState, bills: Sequence[AskedBill], coming: tuple[list[date], date]
) -> None:
    """Print a plan as it stands."""
    plan, (reviews, yearly) = state.plan, coming
    until = f" until {plan.days.until_day}, ended {plan.ended.value}" if plan.ended else ""
    print(f"Account {plan.account_id}: budget plan from {plan.days.from_day}{until}")
    print(f"Monthly amount {usd_display(state.amount.cents)}, because:")
    reasons_words(state.amount.reasons)
    print(f"Running difference: {difference_words(state.difference_cents)}")
    print(f"Elected {SETTLES[state.election.settlement_option]}")
    if plan.ended is None:
        told = [month_and_year(one) for one in reviews]
        named = f"reviewed in {' and '.join(told)}, " if told else ""
        print(f"Next {named}re-evaluated in {month_and_year(yearly)}")
    if not bills:
        print("No bill of the plan was issued yet.")
        return
    print(f"{'period ends':<12}{'charges':>12}{'asked':>12}{'difference':>12}  what is asked")
    for one in bills:
        row = one.row
        print(
            f"{row.days.until_day!s:<12}{usd_display(row.charges_cents):>13}"
            f"{usd_display(row.asked_cents):>13}{usd_display(one.difference_after_cents):>13}"
            f"  {KINDS[row.kind]}"
        )


def ended_answer(ended: Ended, *, dry_run: bool) -> dict[str, Any]:
    """A plan that ends."""
    return {
        "plan": ended.state.plan.plan_id,
        "account": ended.state.plan.account_id,
        "until": ended.on.isoformat(),
        "ended": ended.ended.value,
        "settlement_usd": usd_text(ended.settlement_cents),
        "dry_run": dry_run,
        "ruling": ended.ruling.as_json(),
    }


def review_answer(run: ReviewRun, on: date, *, dry_run: bool) -> dict[str, Any]:
    """What a month's reviews came to."""
    return {
        "on": on.isoformat(),
        "dry_run": dry_run,
        "decided": [{"account": one.account_id, **amount_answer(one)} for one in run.decided],
        "known": run.known,
        "not_due": run.not_due,
        "ended": run.ended,
        "held": [{"account": account, "why": why} for account, why in run.held],
        "missed": [
            {"account": account, "months": [f"{one:%Y-%m}" for one in months]}
            for account, months in run.missed
        ],
    }


def review_words(run: ReviewRun, on: date) -> None:
    """Print what a month's reviews came to."""
    print(
        f"{on}: {len(run.decided)} decided, {run.known} known already, {run.not_due} not due, "
        f"{len(run.ended)} ended with a final bill, {len(run.held)} held"
    )
    for one in run.decided:
        change = "now" if one.adjusted else "as before"
        print(f"Account {one.account_id}: {usd_display(one.cents)} a month {change}")
        reasons_words(one.reasons)
    for account, why in run.held:
        print(f"Account {account} is held: {why}")
    for account, months in run.missed:
        told = ", ".join(f"{one:%Y-%m}" for one in months)
        print(f"Account {account} went without its review of {told}")
