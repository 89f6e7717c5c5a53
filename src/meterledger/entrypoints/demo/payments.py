"""Who pays what, and when: habits of the town, the same for the same account.

Lives here      planning payments from issued bills, two of them handed in wrongly, three of them
                near the due day.
Lives elsewhere posting them (``usecases.take_payment``), money by other ways (``channels``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from meterledger.entrypoints.demo import channels, deposits
from meterledger.facts.budget import asked_of
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.take_payment import How

SENT_TWICE_DAY = date(2025, 9, 1)
"""Whoever pays bills of this day soonest sends the money twice under one key: it posts once."""
KEY_REUSED_DAY = date(2025, 10, 1)
"""Some receipts for bills of this day come again with another amount: they are refused."""

AT_THE_COUNTER = How()
BY_MAIL = How(Tender.CHECK, Channel.OFFICE, is_mailed=True)
BY_CHECK = How(Tender.CHECK, Channel.OFFICE)

ON_TIME_HOME, ONE_LATE_HOME, MAILED_HOME = "S-06", "S-05", "S-09"
NEAR_THE_DUE_DAY = {
    (ON_TIME_HOME, date(2025, 10, 21)): (0, AT_THE_COUNTER),
    (ONE_LATE_HOME, date(2025, 10, 11)): (1, AT_THE_COUNTER),
    (MAILED_HOME, date(2025, 10, 21)): (1, BY_MAIL),
}
"""Days after the due day: on it is in time, a day later is late, and by mail still in time."""

OTHER_WAYS = {
    *((home, channels.LOCKBOX_BILLS) for home in channels.LOCKBOX_HOMES),
    (channels.CARD_HOME, channels.CARD_BILL),
    (deposits.NEW_HOME, deposits.ENDED_ON),
    (deposits.MOVED_FROM, deposits.LAST_BILL),
}
"""Bills whose money comes by another way, that a deposit pays, or that nobody pays."""


@dataclass(frozen=True, slots=True)
class PlannedPayment:
    """A payment to be handed in on a day: under one key, once or more often."""

    day: date
    account_id: str
    key: str
    handed_in: tuple[int, ...]
    how: How = AT_THE_COUNTER
    by_another_way: bool = False
    """The habit's payment is made by another way, or not at all; its second passes."""
    is_extra: bool = False
    """It is no habit's, and takes no second."""


def plan_payments(home_name: str, bills: Sequence[StoredBill]) -> Iterator[PlannedPayment]:
    """Plan payments of bills just issued to one account.

    Seven accounts in ten pay what is asked before the due day, one pays half, one pays late, one
    does not pay.
    """
    for bill in bills:
        asked = asked_of(bill.record, bill.total_cents)
        habit = int(bill.account_id[-3]) if asked > 0 else 9
        place = (home_name, bill.issued_day)
        cents = asked // 2 if habit == 7 else asked
        if habit == 9 or cents == 0:
            continue
        day = bill.issued_day + timedelta(days=33 if habit == 8 else 12 + habit)
        key = f"receipt-{bill.account_id}-{bill.days.until_day:%Y%m%d}"
        usual = PlannedPayment(day, bill.account_id, key, _handed_in(bill, habit, cents))
        drawn = home_name == channels.AUTOPAY_HOME and bill.issued_day >= channels.AUTOPAY_BILLS
        if place in OTHER_WAYS or drawn or place in NEAR_THE_DUE_DAY:
            yield replace(usual, handed_in=(), by_another_way=True)
            if place in NEAR_THE_DUE_DAY:
                after, how = NEAR_THE_DUE_DAY[place]
                on = bill.due_day + timedelta(days=after)
                yield replace(usual, day=on, how=how, is_extra=True)
        elif place == (channels.BOUNCED_HOME, channels.BOUNCED_BILL):
            again = replace(usual, day=channels.PAID_AGAIN_ON, key=f"{key}-again", is_extra=True)
            yield from (replace(usual, how=BY_CHECK), again)
        else:
            yield usual


def _handed_in(bill: StoredBill, habit: int, cents: int) -> tuple[int, ...]:
    if bill.issued_day == SENT_TWICE_DAY and habit == 0:
        return (cents, cents)
    if bill.issued_day == KEY_REUSED_DAY and habit == 1:
        return (cents, cents + 10_00)
    return (cents,)
