"""What of a deposit that moved never was money: its payment came back where it had been paid.

Lives here      the parts that bear no interest, and what was paid of them since, from which day.
Lives elsewhere owing it (``deposit_came_back``), interest itself (``deposit_interest``).
Read first      GRR VI.C.3; docs/decisions/0029; docs/operating/deposits.md.

A cash deposit bears interest from the day it was received until it is applied or given back. For a
payment that came back there never was cash. So such a part bears none on the account that it moved
to, from its first day on; what the customer pays of it later is received on that day, and bears
interest then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from meterledger.facts.deposits import DepositStep
from meterledger.facts.money import Entry
from meterledger.facts.receivables import Application
from meterledger.ledger import movement_of, receivable_of_movements


@dataclass(frozen=True, slots=True)
class Received:
    """Cents that came in on one day, by one payment or with one move."""

    on: date
    cents: int
    learned_at: datetime | None = None
    """When we learned of it; None for what moved in, with the interest credited till then."""


def earning_parts(
    received: Sequence[Received], lost: Sequence[Received], paid_again: Sequence[Received]
) -> tuple[Received, ...]:
    """The parts that bear interest: without what was lost, with what was paid of it later."""
    if not lost:
        return tuple(received)
    gone = Counter((one.on, one.cents) for one in lost)
    kept = []
    for one in received:
        if one.learned_at is None and gone[(one.on, one.cents)] > 0:
            gone[(one.on, one.cents)] -= 1
        else:
            kept.append(one)
    return tuple(sorted([*kept, *paid_again], key=lambda one: one.on))


def lost_by_move(moved_in: DepositStep, came_back: Iterable[Received]) -> tuple[Received, ...]:
    """Of payments that came back at the account before: those that had moved with the deposit."""
    parts = Counter((one.billed_day, one.cents) for one in moved_in.parts)
    found = []
    for one in came_back:
        known = one.learned_at is None or one.learned_at <= moved_in.learned_at
        if known and parts[(one.on, one.cents)] > 0:
            parts[(one.on, one.cents)] -= 1
            found.append(one)
    return tuple(found)


def paid_of_owed(
    owed: Iterable[DepositStep],
    account_id: str,
    entries: Sequence[Entry],
    applications: Sequence[Application],
    *,
    at: date | None,
    known_at: datetime | None,
) -> tuple[Received, ...]:
    """What the customer paid of what is owed for a deposit, by the day on which it was for good.

    Whatever settles it counts: a payment, or credit of the account. What came back paid nothing.
    """

    def is_known(learned_at: datetime) -> bool:
        return known_at is None or learned_at <= known_at

    names = {one.entry_id for one in owed}
    known = [one for one in entries if is_known(one.learned_at)]
    given = [one for one in applications if is_known(one.learned_at)]
    since = min((one.effective_day for one in known if one.entry_id in names), default=None)
    if since is None:
        return ()
    moved = [movement_of(one, account_id) for one in known]
    learned = {one.entry_id: one.learned_at for one in known}
    days = sorted({max(one.effective_day, since) for one in known})
    paid_then: list[tuple[date, dict[str, int]]] = []
    for day in (one for one in days if at is None or one <= at):
        settled = receivable_of_movements(account_id, moved, given, due_days={}, at=day).settlements
        by_source: dict[str, int] = {}
        for one in settled:
            if one.item_id in names:
                by_source[one.source_entry_id] = by_source.get(one.source_entry_id, 0) + one.cents
        paid_then.append((day, by_source))
    found: list[Received] = []
    most = 0
    for number, (day, by_source) in enumerate(paid_then):
        # What is open again on a later day was not paid for good on this one.
        paid = min(sum(later.values()) for _, later in paid_then[number:])
        if paid > most:
            known_since = max(learned[source] for source in by_source)
            found.append(Received(day, paid - most, known_since))
            most = paid
    return tuple(found)
