"""Which values of the book are asked for by the ways in which money comes in.

Lives here      the names, and the numbers that journeys ask for.
Lives elsewhere the rules that ask for the others (``autopay``, ``debit_returns``).
Read first      tariffs/union_electric_mo6/payment_channels/README.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.billing import autopay, debit_returns
from meterledger.facts.ach import routing_holds
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.business_days import business_day_after
from meterledger.rulebook.terms import Terms

ROUTING, BANK_NAME = "ach_bank_routing_number", "ach_bank_name"
COMPANY_ID, COMPANY_NAME = "ach_company_id", "ach_company_name"
ACH_DAYS, CARD_DAYS = "ach_bank_business_days", "card_bank_business_days"
ASK_AFTER, PERSON_AFTER = "checkout_ask_after_minutes", "checkout_person_after_hours"
ABSENT_AFTER = "checkout_absent_after_minutes"
PLEDGE_DAYS = "pledge_expires_days"
_ASKED = frozenset(
    {ROUTING, BANK_NAME, COMPANY_ID, COMPANY_NAME, ACH_DAYS, CARD_DAYS, ASK_AFTER, PERSON_AFTER}
    | {ABSENT_AFTER, PLEDGE_DAYS}
    | {autopay.PERCENT, autopay.MONTHS, autopay.BILLS_MIN, autopay.NEW_USD}
    | {debit_returns.AGAIN, debit_returns.AGAIN_MOST, debit_returns.WITHIN, debit_returns.WAIT}
    | {debit_returns.STOP, debit_returns.NEVER, debit_returns.MEANINGS}
    | {debit_returns.CHANGE_MEANINGS, debit_returns.CHANGE_STOP}
)


class OriginatorUnusable(Refusal):
    """What the book says of us and our bank cannot go into a file."""


@dataclass(frozen=True, slots=True)
class Originator:
    """Who we are in a file of entries, and to which bank it goes."""

    bank_routing: str
    bank_name: str
    company_id: str
    company_name: str


def originator(terms: Terms) -> Originator:
    """Us and our bank on the day.

    :raises NoRuleInForce: if the book does not say
    :raises OriginatorUnusable: if the routing number does not end with its check digit
    """
    routing = terms.text(ROUTING).value
    if not routing_holds(routing):
        raise OriginatorUnusable(
            f"'{routing}' is no routing number of a bank",
            where=ROUTING,
            do="Enter nine digits, the last of them the check digit",
        )
    return Originator(
        routing,
        terms.text(BANK_NAME).value,
        terms.text(COMPANY_ID).value,
        terms.text(COMPANY_NAME).value,
    )


def bank_day(day: date, days: str, terms: Terms) -> date:
    """On which business day our bank statement shows what happened on a day."""
    return business_day_after(day, terms.whole(days).value, terms).day


def ask_after(terms: Terms) -> timedelta:
    """After how long a silent processor is asked."""
    return timedelta(minutes=terms.whole(ASK_AFTER).value)


def person_after(terms: Terms) -> timedelta:
    """After how long an unknown outcome waits for a person."""
    return timedelta(hours=terms.whole(PERSON_AFTER).value)


def absent_after(terms: Terms) -> timedelta:
    """After how long what the processor does not know can no longer be on its way there."""
    return timedelta(minutes=terms.whole(ABSENT_AFTER).value)


def channel_values(known: Iterable[str]) -> frozenset[str]:
    """Those of the names that payment channels ask for."""
    return _ASKED.intersection(known)
