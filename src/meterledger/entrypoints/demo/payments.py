"""Who pays what, and when: habits of the town, the same for the same account.

Lives here      planning payments from issued bills, two of them handed in wrongly.
Lives elsewhere posting them (``usecases.take_payment``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.facts.budget import asked_of
from meterledger.usecases.ports import StoredBill

SENT_TWICE_DAY = date(2025, 9, 1)
"""Whoever pays bills of this day soonest sends the money twice under one key: it posts once."""
KEY_REUSED_DAY = date(2025, 10, 1)
"""Some receipts for bills of this day come again with another amount: they are refused."""


@dataclass(frozen=True, slots=True)
class PlannedPayment:
    """A payment to be handed in on a day: under one key, once or more often."""

    day: date
    account_id: str
    key: str
    handed_in: tuple[int, ...]


def plan_payments(bills: Sequence[StoredBill]) -> Iterator[PlannedPayment]:
    """Plan payments of bills just issued to one account.

    Seven accounts in ten pay what is asked before the due day, one pays half, one pays late, one
    does not pay.
    """
    for bill in bills:
        asked = asked_of(bill.record, bill.total_cents)
        habit = int(bill.account_id[-3]) if asked > 0 else 9
        if habit == 9:
            continue
        days_until_paid = 33 if habit == 8 else 12 + habit
        cents = asked // 2 if habit == 7 else asked
        if cents == 0:
            continue
        yield PlannedPayment(
            day=bill.issued_day + timedelta(days=days_until_paid),
            account_id=bill.account_id,
            key=f"receipt-{bill.account_id}-{bill.days.until_day:%Y%m%d}",
            handed_in=_handed_in(bill, habit, cents),
        )


def _handed_in(bill: StoredBill, habit: int, cents: int) -> tuple[int, ...]:
    if bill.issued_day == SENT_TWICE_DAY and habit == 0:
        return (cents, cents)
    if bill.issued_day == KEY_REUSED_DAY and habit == 1:
        return (cents, cents + 10_00)
    return (cents,)
