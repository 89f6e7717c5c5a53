"""Which entries stand on the statement of which bill: each on one, and no one on two. Pure.

Lives here      going from bill to bill, and giving each what moved the balance before it.
Lives elsewhere the statement (``make_statement``), its words (``entrypoints``), the noun
                (``facts/statements``).

The balance carried into a bill is kept with the bill, and it is the truth: it was read in the
transaction that posted the bill. An entry has the instant it was learned at, a bill the instant it
was made as known at; they tell nearly always which came first. They do not where both are one
instant (a close of a day has one), nor where a payment met a run of bills, which posts a while
after the instant it knows; a payment by mail has a day before that of the bill. Then what is in
doubt is told by the balance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from meterledger.facts.budget import asked_of
from meterledger.facts.entry_names import relief_name
from meterledger.facts.money import Entry
from meterledger.facts.statements import Change, StatedBalance
from meterledger.ledger import RECEIVABLE
from meterledger.usecases.ports import StoredBill

A_RUN = timedelta(hours=24)
"""No run of bills, and no file of payments, takes longer: ours. What was learned within it of the
instant that a bill knows may have been posted on either side of the bill."""
MOST_IN_DOUBT = 10
"""A guard of the search and no number of business: so many entries in doubt are tried in every
way, 1,024 of them. Of more only one and two at a time are, for the ways double with each; what is
then not told one by one stands on the statement as one sum, which is right to the cent."""


@dataclass(frozen=True, slots=True)
class _Moved:
    """An entry, and by how much it moves the account's balance."""

    entry: Entry
    cents: int


def balance_before(
    stored: StoredBill, history: Sequence[StoredBill], entries: Sequence[Entry]
) -> StatedBalance:
    """How the balance before a bill came about since the account's last one.

    ``history`` has the account's bills, cancelled ones too, and ``entries`` what touched it, both
    in any order. Entries are told one by one where they sum to what the balance moved by, else as
    one sum; either way the next statement does not have them again. What an agreement takes off a
    bill stands on the bill itself, and lessens what it asked.
    """
    bills = {one.bill_id: one for one in (*history, stored)}
    own = {each for name in bills for each in (f"bill:{name}", relief_name(name))}
    off = {one.entry_id: -_cents(one, stored.account_id) for one in entries}
    waiting = sorted(
        (
            _Moved(one, cents)
            for one in entries
            if one.entry_id not in own and (cents := _cents(one, stored.account_id)) != 0
        ),
        key=lambda one: (one.entry.effective_day, one.entry.learned_at, one.entry.entry_id),
    )
    left = sorted(bills.values(), key=_order)
    asked: int | None = None
    while True:
        bill, taken = _next_bill(left, waiting, asked or 0)
        if bill.bill_id == stored.bill_id:
            break
        asked = _after(bill) - off.get(relief_name(bill.bill_id), 0)
        left.remove(bill)
        gone = {one.entry.entry_id for one in taken}
        waiting = [one for one in waiting if one.entry.entry_id not in gone]
    moved = stored.previous_balance_cents - (asked or 0)
    if sum(one.cents for one in taken) != moved:
        return StatedBalance(asked, (), moved, stored.previous_balance_cents)
    changes = tuple(_change(one) for one in taken)
    return StatedBalance(asked, changes, 0, stored.previous_balance_cents)


def of_one_day(stored: StoredBill, history: Sequence[StoredBill]) -> list[StoredBill]:
    """The account's live bills of a bill's day, as they were posted: each has the balance of the
    one before it in its own, so that the last asks for all. A cancelled bill stands alone.
    """
    bills = {one.bill_id: one for one in (*history, stored)}
    left = sorted(
        (
            one
            for one in bills.values()
            if one.issued_day == stored.issued_day and one.cancelled_by is None
        ),
        key=_order,
    )
    if stored.cancelled_by is not None or len(left) < 2:
        return [stored]
    found: list[StoredBill] = []
    while left:
        at_once = [one for one in left if one.known_at == left[0].known_at]
        # Of one instant: first what no other of them was posted before, as far as balances tell.
        first = [
            one
            for one in at_once
            if all(one.previous_balance_cents != _after(it) for it in at_once if it is not one)
        ]
        if found:
            balance = _after(found[-1])
            first = [one for one in at_once if one.previous_balance_cents == balance] or first
        found.append((first or at_once)[0])
        left.remove(found[-1])
    return found


def asked_of_bill(bill: StoredBill) -> int:
    """What a bill asks beside its balance: its total, or what a budget plan asks instead."""
    return asked_of(bill.record, bill.total_cents)


def _after(bill: StoredBill) -> int:
    return bill.previous_balance_cents + asked_of_bill(bill)


def _order(bill: StoredBill) -> tuple[object, ...]:
    """As they were posted, as far as clocks tell."""
    return (bill.known_at, bill.issued_day, bill.days.from_day, bill.bill_id)


def _next_bill(
    left: Sequence[StoredBill], waiting: Sequence[_Moved], balance_cents: int
) -> tuple[StoredBill, list[_Moved]]:
    """The bill that follows the balance, with what moved it until then: of several of one instant
    the first that the balance leads to.
    """
    first = left[0]
    for bill in left:
        if (bill.known_at, bill.issued_day) != (first.known_at, first.issued_day):
            break
        taken = _that_explain(bill, waiting, bill.previous_balance_cents - balance_cents)
        if taken is not None:
            return bill, taken
    return first, [one for one in waiting if _is_before(one, first)]


def _that_explain(
    bill: StoredBill, waiting: Sequence[_Moved], moved_cents: int
) -> list[_Moved] | None:
    """Entries posted before a bill; None where no choice of what is in doubt sums to what moved.

    Of several choices the one that differs least from what the clocks tell.
    """
    told = [one for one in waiting if _is_before(one, bill)]
    missing = moved_cents - sum(one.cents for one in told)
    if missing == 0:
        return told
    before = {one.entry.entry_id for one in told}
    likely = [one for one in waiting if _is_in_doubt(one.entry, bill)]
    near = [one for one in waiting if _apart(one.entry, bill) <= A_RUN]
    near.sort(key=lambda one: _apart(one.entry, bill))
    for doubted in (likely, near):
        # Taken in, or left out: what each entry in doubt would change.
        changes = [
            (one.entry.entry_id, -one.cents if one.entry.entry_id in before else one.cents)
            for one in doubted
        ]
        for changed in _ways(changes):
            if sum(cents for _, cents in changed) == missing:
                chosen = before.symmetric_difference(name for name, _ in changed)
                return [one for one in waiting if one.entry.entry_id in chosen]
    return None


def _ways(doubted: Sequence[tuple[str, int]]) -> Iterator[tuple[tuple[str, int], ...]]:
    most = len(doubted) if len(doubted) <= MOST_IN_DOUBT else 2
    for count in range(1, most + 1):
        yield from combinations(doubted, count)


def _is_before(one: _Moved, bill: StoredBill) -> bool:
    """Whether an entry was posted before a bill, as the clocks tell."""
    entry = one.entry
    if entry.learned_at == bill.known_at:
        return entry.effective_day <= bill.issued_day
    return entry.learned_at < bill.known_at


def _is_in_doubt(entry: Entry, bill: StoredBill) -> bool:
    """Learned at the instant of the bill, or of its day: it may have met the run that made it."""
    return entry.learned_at == bill.known_at or entry.effective_day == bill.issued_day


def _apart(entry: Entry, bill: StoredBill) -> timedelta:
    """How far the instants of an entry and of a bill are apart."""
    return abs(entry.learned_at - bill.known_at)


def _cents(entry: Entry, account_id: str) -> int:
    return sum(
        leg.cents
        for leg in entry.legs
        if leg.ledger_account == RECEIVABLE and leg.customer_account_id == account_id
    )


def _change(one: _Moved) -> Change:
    prefix, _, key = one.entry.entry_id.partition(":")
    kind = "payment" if prefix == "payment" else "other"
    cause = one.entry.cause
    words = "Payment" if kind == "payment" else cause[:1].upper() + cause[1:]
    day, late_charge = one.entry.effective_day, key if prefix == "late" else ""
    return Change(day, kind, words, one.cents, late_charge)
