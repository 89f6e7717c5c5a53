"""What happens to the town's money on which day.

Lives here      the table: a day, and what is done in the evening of it.
Lives elsewhere each act (``channels``, ``deposits``, ``books``), everyday payments (``payments``).
"""

from __future__ import annotations

from datetime import date

from meterledger.entrypoints.demo import books, channels, deposits, lateness
from meterledger.entrypoints.demo.scene import Acting


def acts_of_money() -> dict[date, tuple[Acting, ...]]:
    """Acts by day, in the order of the day."""
    found: dict[date, tuple[Acting, ...]] = {}
    for day, act in _TABLE:
        found[day] = (*found.get(day, ()), act)
    return found


_TABLE: tuple[tuple[date, Acting], ...] = (
    (deposits.LINE_ON, deposits.take_over_facility),
    *((day, deposits.charge_facility) for day in deposits.LINE_RUNS_ON),
    (deposits.ASKED_ON, deposits.ask_initial),
    (channels.AUTOPAY_FROM, channels.enroll),
    (channels.LOCKBOX_ON, channels.lockbox),
    (channels.ASSIGNED_ON, channels.assign),
    *((day, deposits.pay_initial) for day in deposits.PARTS_ON),
    (lateness.TOLD_ON, lateness.near_the_due_day),
    (channels.BOUNCED_ON, channels.bounce),
    *((day, channels.draw) for day in channels.AUTOPAY_DAYS),
    (channels.AUTOPAY_RETURNED, channels.come_back),
    (channels.AUTOPAY_AGAIN, channels.draw),
    (books.CLOSED_ON, books.close_months),
    (deposits.NOTICE_ON, deposits.notice),
    (deposits.LATE_ASKED_ON, deposits.ask_continued),
    (deposits.IN_WINTER_ON, deposits.ask_in_winter),
    (channels.CARD_ON, channels.card_unknown),
    (channels.CARD_KNOWN_ON, channels.card_known),
    (deposits.REFUND_ASKED_ON, deposits.ask_back),
    (deposits.APPROVED_ON, deposits.approve),
    (deposits.SENT_ON, deposits.send),
    (deposits.CLEARED_ON, deposits.clear),
    (deposits.MOVED_ON, deposits.move_balance),
    *((day, books.statement) for day in books.STATEMENTS_ON),
)
