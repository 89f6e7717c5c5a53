"""A budget plan on pages: the account's plan with its history, and what one bill asks and why.

Lives here      rows of the two sections, each amount with its clauses.
Lives elsewhere the plan as it stands (``usecases.budget_state``), words (``budget_words``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from meterledger.entrypoints.budget_words import (
    KINDS,
    SETTLES,
    difference_words,
    month_and_year,
)
from meterledger.entrypoints.web.clauses import citation_address
from meterledger.entrypoints.wiring import System
from meterledger.facts.budget import AskedKind
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.budget_state import asked_bills, next_reviews, plan_of_account


@dataclass(frozen=True, slots=True)
class WhyRow:
    """A finding and its clause, with the page that shows it."""

    finding: str
    clause: str
    address: str | None


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A bill of the plan: two numbers and what is open after them."""

    bill_id: str
    month: str
    charges_cents: int
    asked_cents: int
    difference_cents: int
    words: str
    why: tuple[WhyRow, ...]


@dataclass(frozen=True, slots=True)
class AmountRow:
    """A decision on the monthly amount."""

    from_day: date
    cents: int
    cause: str
    adjusted: bool
    why: tuple[WhyRow, ...]


def budget_of_account(system: System, account_id: str) -> dict[str, Any] | None:
    """The account's plan for its page; None if it never had one."""
    view = system.view
    today = local_day_of(system.now, view.time_zone)
    state = plan_of_account(account_id, today, system.now, system.store)
    if state is None:
        return None
    try:
        reviews, yearly = next_reviews(state, max(today, state.plan.days.from_day), view)
        coming = [month_and_year(one) for one in reviews], month_and_year(yearly)
    except Refusal as refusal:  # the book may be silent on a far day; the history is shown anyway
        coming = [], refusal.what
    return {
        "plan": state.plan,
        "ended": state.plan.ended.value if state.plan.ended else "",
        "amount_cents": state.amount.cents,
        "difference": difference_words(state.difference_cents),
        "settles": SETTLES[state.election.settlement_option],
        "reviews": " and ".join(coming[0]),
        "yearly": coming[1],
        "amounts": [
            AmountRow(
                one.from_day, one.cents, one.cause.value, one.adjusted, _why(one.reasons, view)
            )
            for one in reversed(state.amounts)
        ],
        "months": [
            MonthRow(
                bill_id=one.row.bill_id,
                month=month_and_year(one.row.days.until_day),
                charges_cents=one.row.charges_cents,
                asked_cents=one.row.asked_cents,
                difference_cents=one.difference_after_cents,
                words=KINDS[one.row.kind],
                why=_why(one.reasons, view),
            )
            for one in reversed(asked_bills(state, system.store))
        ],
    }


def budget_of_bill(record: dict[str, Any], view: BookView) -> dict[str, Any] | None:
    """What a bill asks and why, for its page; None where it asks what it costs."""
    told = record.get("asked")
    if told is None:
        return None

    def cents(name: str) -> int:
        return cents_from_text(told[name], where=record["bill"])

    reasons = [
        Reason(one["finding"], Citation.from_json(one["citation"])) for one in told["reasons"]
    ]
    return {
        "words": KINDS[AskedKind(told["kind"])],
        "plan_amount_cents": cents("plan_amount_usd"),
        "part_cents": cents("rolled_over_part_usd"),
        "settlement_cents": cents("settlement_usd"),
        "charges_cents": cents("charges_usd"),
        "asked_cents": cents("asked_usd"),
        "before_cents": cents("difference_before_usd"),
        "after_cents": cents("difference_after_usd"),
        "why": _why(reasons, view),
    }


def _why(reasons: Iterable[Reason], view: BookView) -> tuple[WhyRow, ...]:
    return tuple(
        WhyRow(
            one.finding[:1].upper() + one.finding[1:],
            one.citation.text,
            citation_address(view, one.citation, known=view.known_on),
        )
        for one in reasons
    )
