"""A credit that is the customer's: whether it goes back, moves, or waits to be asked for.

Lives here      the way of a credit, the floor under an automatic refund and its days, the most a
                goodwill credit may be.
Lives elsewhere how much credit there is (the store, under its lock), the deposit's own remainder
                (``arrears.deposit_final``), the entries (``settlement_entries``).
Read first      docs/operating/settlements.md; conflict C-ONE-DOLLAR.

No sheet speaks of credits that are no deposit: the floor and the days are those of a deposit's
remainder (GRR VI.C.4), by likeness, with the standing ``assumed``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.terms import Terms

FLOOR, WITHIN_DAYS = "refund_least_usd", "refund_within_days"
CREDIT_MOST = "goodwill_credit_most_usd"
DOLLAR_READING, ON_REQUEST_ONLY = "money.one_dollar_exact", "on_request_only"


class RefundContradicts(Refusal):
    """What is said of a credit cannot be."""


class RefundWay(Enum):
    """What becomes of a credit."""

    BACK = "goes back"
    MOVES = "moves to the live account"
    ON_REQUEST = "on request"
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """A credit of an account, and who wants it back."""

    credit_cents: Cents = fact("What the account has more than it owes, deferred amounts counted.")
    asked_cents: Cents = fact("What the customer asks for; 0 if nobody asked.", default=Cents(0))
    in_service: bool = fact("Whether the account takes service on the day.", default=True)
    live_account: bool = fact(
        "Whether the customer has another account in service of comparable class.", default=False
    )
    final_bill_to_come: bool = fact(
        "Whether service has ended, and its last day was not billed yet.", default=False
    )


@dataclass(frozen=True, slots=True)
class CreditWay:
    """What becomes of it."""

    way: RefundWay = fact("Whether it goes back, moves, waits for a request, or stays.")
    amount_cents: Cents = fact("How much of it.")
    by_day: date | None = fact("By when it is to have gone back; null if nothing goes.")


def decide_refund(facts: CreditFacts, terms: Terms) -> Decision[CreditWay]:
    """What becomes of a credit: asked for, or found when an account has ended.

    :raises RefundContradicts: if more is asked for than there is
    :raises NoRuleInForce: if the book is silent on the day
    """
    floor, days = terms.cents(FLOOR), terms.whole(WITHIN_DAYS)
    by_day = terms.day + timedelta(days=days.value)
    soon = Reason(f"within {days.value} days, by {by_day}", days.citation)
    credit, limit = usd_display(facts.credit_cents), usd_display(floor.value)
    if facts.asked_cents < 0 or facts.asked_cents > max(0, facts.credit_cents):
        there = usd_display(Cents(max(0, facts.credit_cents)))
        raise RefundContradicts(
            f"{usd_display(facts.asked_cents)} is asked for, and the account's credit is {there}",
            where="refund",
            why="Nothing is given back that is not there",
            do=f"Ask for at most {there}",
        )
    if facts.asked_cents:
        found = f"{usd_display(facts.asked_cents)} is asked for, of a credit of {credit}"
        way = CreditWay(RefundWay.BACK, facts.asked_cents, by_day)
        return Decision(way, (Reason(found, floor.citation), soon))
    if facts.credit_cents <= 0:
        found = "the account has no credit"
        return _stays(Reason(found, floor.citation))
    if facts.in_service:
        found = f"the credit of {credit} pays the next bill: the account takes service"
        return _stays(Reason(found, floor.citation))
    if facts.final_bill_to_come:
        found = f"the credit of {credit} pays the final bill, which is not issued yet"
        return _stays(Reason(found, floor.citation))
    if facts.live_account:
        found = f"the credit of {credit} moves to the customer's account that takes service"
        way = CreditWay(RefundWay.MOVES, facts.credit_cents, None)
        return Decision(way, (Reason(found, floor.citation),))
    if facts.credit_cents < floor.value or (
        facts.credit_cents == floor.value and terms.reading(DOLLAR_READING) == ON_REQUEST_ONLY
    ):
        found = f"{credit} is not above {limit}: it goes back on request"
        way = CreditWay(RefundWay.ON_REQUEST, facts.credit_cents, None)
        return Decision(way, (Reason(found, floor.citation),))
    how = "is" if facts.credit_cents == floor.value else "is above"
    found = f"{credit} {how} {limit}: it goes back without being asked for"
    way = CreditWay(RefundWay.BACK, facts.credit_cents, by_day)
    return Decision(way, (Reason(found, floor.citation), soon))


def _stays(reason: Reason) -> Decision[CreditWay]:
    return Decision(CreditWay(RefundWay.STAYS, Cents(0), None), (reason,))


@dataclass(frozen=True, slots=True)
class GoodwillFacts:
    """A credit that the company gives."""

    amount_cents: Cents = fact("What is given.")


@dataclass(frozen=True, slots=True)
class Goodwill:
    """Whether it may be given."""

    may_be_given: bool = fact("Whether two people may give it.")


def decide_goodwill(facts: GoodwillFacts, terms: Terms) -> Decision[Goodwill]:
    """Whether a credit of goodwill is within the limit; above it a bill is to be corrected.

    :raises NoRuleInForce: if the book is silent on the day
    """
    most = terms.cents(CREDIT_MOST)
    within = 0 < facts.amount_cents <= most.value
    how = "is within" if within else "is not within"
    found = f"{usd_display(facts.amount_cents)} {how} the limit of {usd_display(most.value)}"
    return Decision(Goodwill(within), (Reason(found, most.citation),))
