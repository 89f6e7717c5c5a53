"""What a refund is decided from: how much credit there is, and what stands in its way.

Lives here      the facts of a credit as known at the desk's instant; the decision on them.
Lives elsewhere the rule (``ledger.refunds``), asking, moving and sending (``refund_credit``).
Read first      docs/operating/settlements.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from meterledger.facts.places import BillableService
from meterledger.kernel.money import Cents
from meterledger.ledger import DEPOSITS, CreditFacts, decide_refund
from meterledger.usecases.deposit_remainders import remainder_cents
from meterledger.usecases.recoverable import credit_by_evening
from meterledger.usecases.settlements import (
    Decided,
    MoneyDesk,
    accounts_of_customer,
    bills_known,
    credit_cents,
    in_service,
    service_class_of,
)
from meterledger.usecases.write_off import written_off_cents

REFUND_RULE = "ledger.refund"


def credit_decided(account_id: str, asked_cents: int, desk: MoneyDesk, source: str) -> Decided:
    """What becomes of a credit that was asked for, or, of 0 cents, that nobody asked for."""
    written_off = max(0, written_off_cents(account_id, desk))
    facts, terms = credit_facts(account_id, asked_cents, desk, source, written_off), desk.terms
    return Decided(REFUND_RULE, facts, decide_refund(facts, terms), terms)


def credit_facts(
    account_id: str, asked_cents: int, desk: MoneyDesk, source: str, written_off: int
) -> CreditFacts:
    """What is asked of a credit. What nobody asked for is what is left beside a write-off."""
    services = desk.store.services_of_account(account_id, desk.now)
    takes_service = in_service(services, desk.on)
    live = None if takes_service or asked_cents else live_account(account_id, desk)
    of_deposits = source == DEPOSITS
    if of_deposits:
        there = remainder_cents(account_id, desk)
    else:  # what nobody asked for goes back on the evening on which it was there
        credit = credit_cents if asked_cents else credit_by_evening
        there = credit(account_id, desk) - (0 if asked_cents else written_off)
    return CreditFacts(
        credit_cents=Cents(there),
        asked_cents=Cents(asked_cents),
        in_service=takes_service,
        live_account=live is not None,
        final_bill_to_come=not takes_service and _is_to_be_billed(account_id, services, desk),
    )


def _is_to_be_billed(account_id: str, services: Sequence[BillableService], desk: MoneyDesk) -> bool:
    """Whether the last day of the account's service stands on no live bill yet."""
    ends = [one.agreement.days.until_day for one in services]
    last = max((one for one in ends if one is not None), default=None)
    billed = {one.days.until_day for one in bills_known(account_id, desk)}
    return last is not None and last not in billed


def live_account(account_id: str, desk: MoneyDesk) -> str | None:
    """Another account of the customer in service, of the same class; the first by number."""
    services = desk.store.services_of_account(account_id, desk.now)
    if not services:
        return None
    mine = service_class_of(services, desk)
    for other in accounts_of_customer(account_id, desk):
        theirs = desk.store.services_of_account(other, desk.now)
        if in_service(theirs, desk.on) and service_class_of(theirs, desk) == mine:
            return other
    return None
