"""Open items: what an account was asked to pay, what paid it, and what credit is free.

Lives here      items from entries and stored applications, and the free credit over them.
Lives elsewhere the order of one payment (``payment_order``), keeping applications (``stores``).
Read first      ``facts.receivables``; docs/glossary.md: "open item", "free credit".

An answer is a pure consequence of the entries and applications up to a day. What no stored
application spent (what a payment left over, an applied deposit, a credit bill) is free credit, and
pays what is open, oldest first, whenever it is looked at: so a credit pays the next bill without
a row of its own. An entry that was reversed asks nothing and brings nothing; what payments had
given to it is free again. Payments that were reversed gave nothing. What a balance that moved
leaves behind is applied to the items that it was of; one that moved before 2026-11-30 is free.
What an agreement takes off a bill (GRR V.H.4) lessens what that bill asks.

What a budget plan defers (``142.budget``) is not asked yet, and is no item. A deposit that was
asked for is no receivable: free credit does not pay it, only an application does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from meterledger.facts.entry_names import bill_of_relief
from meterledger.facts.money import Entry
from meterledger.facts.receivables import Application, ItemKind, Movement, OpenItem
from meterledger.facts.settlements import SettlementKind, kind_of_moved
from meterledger.kernel.ensure import ensure
from meterledger.ledger.budget_entries import BUDGET_DEFERRED
from meterledger.ledger.chart import OTHER_RECEIVABLE, RECEIVABLE, control_of

ASKED = (RECEIVABLE, OTHER_RECEIVABLE)
"""Control accounts whose debits ask a customer for something."""

KIND_OF_PREFIX = {
    "bill": ItemKind.UTILITY,
    "late": ItemKind.LATE_CHARGE,
    "fee": ItemKind.SERVICE_FEE,
    "special": ItemKind.SPECIAL,
    "special-facility": ItemKind.SPECIAL,
    "ext-guarantee": ItemKind.SPECIAL,
}

GIVEN_BACK = ("refund", "unclaimed", "recovery")
"""Entries that took a credit off the account: free credit settles them before all else."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """Cents of one credit that settle one item; ``stored`` is False for free credit."""

    source_entry_id: str
    item_id: str
    cents: int
    stored: bool


@dataclass(frozen=True, slots=True)
class Receivable:
    """An account on a day: its items, settled and open; who settled them; credit that is left."""

    items: tuple[OpenItem, ...]
    settlements: tuple[Settlement, ...]
    free_credits: tuple[tuple[str, int], ...]

    @property
    def unapplied_cents(self) -> int:
        """Credit that found nothing to pay."""
        return sum(cents for _, cents in self.free_credits)


def open_items(
    account_id: str,
    entries: Iterable[Entry],
    applications: Iterable[Application],
    *,
    asked_deposits: Iterable[OpenItem] = (),
    due_days: Mapping[str, date],
    at: date,
) -> tuple[tuple[OpenItem, ...], int]:
    """What is open on the evening of ``at``, oldest first, and the credit that pays nothing.

    Items without deposits less that credit are the balance of the account's 142 and 143 (what a
    budget plan defers apart).

    :param due_days: by item's name (``bill:B-1``), the day by which it is to be paid
    :param asked_deposits: what is asked for, less what was called off, before any payment
    """
    found = receivable(
        account_id, entries, applications, asked_deposits=asked_deposits, due_days=due_days, at=at
    )
    return tuple(item for item in found.items if item.open_cents), found.unapplied_cents


def receivable(
    account_id: str,
    entries: Iterable[Entry],
    applications: Iterable[Application],
    *,
    asked_deposits: Iterable[OpenItem] = (),
    due_days: Mapping[str, date],
    at: date,
) -> Receivable:
    """As ``open_items``, with items that are settled and with who settled what."""
    moved = [movement_of(entry, account_id) for entry in entries]
    return receivable_of_movements(
        account_id, moved, applications, asked_deposits=asked_deposits, due_days=due_days, at=at
    )


def receivable_of_movements(
    account_id: str,
    movements: Iterable[Movement],
    applications: Iterable[Application],
    *,
    asked_deposits: Iterable[OpenItem] = (),
    due_days: Mapping[str, date],
    at: date,
) -> Receivable:
    """As ``receivable``, from what entries moved: for many accounts, of which stores tell that."""
    charges, credits_left = _sides([one for one in movements if one.effective_day <= at])
    given = _net(one for one in applications if one.applied_day <= at)
    deposits = {one.item_id: one for one in asked_deposits if one.charged_day <= at}
    room = {one.item_id: one.room for one in charges} | {
        name: one.open_cents for name, one in deposits.items()
    }
    settlements = []
    for (source, item_id), cents in given.items():
        of_deposit = item_id in deposits
        spent = min(cents, room.get(item_id, 0))
        if not of_deposit:
            spent = min(spent, credits_left.get(source, 0))
        if spent <= 0:
            continue
        room[item_id] -= spent
        if not of_deposit:
            credits_left[source] -= spent
        settlements.append(Settlement(source, item_id, spent, stored=True))
    for one in sorted(charges, key=free_order):
        for source in credits_left:
            spent = min(room[one.item_id], credits_left[source])
            if spent:
                room[one.item_id] -= spent
                credits_left[source] -= spent
                settlements.append(Settlement(source, one.item_id, spent, stored=False))
    items = [
        OpenItem(
            item_id=one.item_id,
            kind=one.kind,
            account_id=account_id,
            charged_day=one.charged_day,
            due_day=due_days.get(one.item_id),
            charged_cents=one.charged_cents,
            open_cents=room[one.item_id],
        )
        for one in charges
    ]
    items += [replace(one, open_cents=room[name]) for name, one in deposits.items()]
    free = tuple((source, cents) for source, cents in credits_left.items() if cents)
    return Receivable(tuple(sorted(items, key=_age)), tuple(settlements), free)


def movement_of(entry: Entry, account_id: str) -> Movement:
    """What an entry moved on the account's receivables."""
    legs = [
        leg
        for leg in entry.legs
        if leg.customer_account_id == account_id
        and leg.ledger_account != BUDGET_DEFERRED
        and control_of(leg.ledger_account) in ASKED
    ]
    debits = {control_of(leg.ledger_account) for leg in legs if leg.cents > 0}
    return Movement(
        entry.entry_id,
        entry.effective_day,
        entry.learned_at,
        sum(leg.cents for leg in legs),
        OTHER_RECEIVABLE if debits == {OTHER_RECEIVABLE} else RECEIVABLE,
        entry.reverses,
    )


@dataclass(frozen=True, slots=True)
class _Charge:
    """A debit entry, and how much of it reversals leave to be paid."""

    item_id: str
    kind: ItemKind
    charged_day: date
    charged_cents: int
    room: int


def _sides(movements: list[Movement]) -> tuple[list[_Charge], dict[str, int]]:
    """Charges, and credits oldest first. An entry and those that reverse it count as one."""
    by_id = {one.entry_id: one for one in movements}
    net: dict[str, int] = {}
    off = {bill: one.cents for one in by_id.values() if (bill := bill_of_relief(one.entry_id))}
    for one in sorted(by_id.values(), key=lambda one: (one.effective_day, one.entry_id)):
        root = _root(one, by_id)
        net[root.entry_id] = net.get(root.entry_id, 0) + one.cents
    charges, credits_left = [], {}
    for entry_id, left in net.items():
        root = by_id[entry_id]
        asked = max(root.cents + off.get(entry_id, 0), left)
        if asked > 0:
            day = root.effective_day
            charges.append(_Charge(entry_id, kind_of(root), day, asked, max(left, 0)))
        if left < 0:
            credits_left[entry_id] = -left
    return charges, credits_left


def _root(one: Movement, by_id: Mapping[str, Movement]) -> Movement:
    """What an entry reverses in the end; itself where it reverses nothing that is known.

    What an agreement takes off a bill (GRR V.H.4) counts with the bill, too.
    """
    seen = {one.entry_id}
    while True:
        above = one.reverses or bill_of_relief(one.entry_id)
        if above is None or above not in by_id or above in seen:
            return one
        one = by_id[above]
        seen.add(one.entry_id)


def kind_of(charge: Movement) -> ItemKind:
    """What an entry that asks for something is, by its name; else by its control account."""
    prefix = charge.entry_id.partition(":")[0]
    if prefix == SettlementKind.TRANSFER.value:  # it stays what it was
        return kind_of_moved(charge.entry_id)
    other = ItemKind.SPECIAL if charge.control == OTHER_RECEIVABLE else ItemKind.UTILITY
    return KIND_OF_PREFIX.get(prefix, other)


def _net(applications: Iterable[Application]) -> dict[tuple[str, str], int]:
    """Cents by credit and item; what was undone is gone. In the order in which they were given."""
    net: dict[tuple[str, str], int] = {}
    for one in sorted(applications, key=lambda one: (one.learned_at, one.application_id)):
        key = (one.source_entry_id, one.item_id)
        net[key] = net.get(key, 0) + one.cents
    ensure(all(cents >= 0 for cents in net.values()), "no application is undone twice")
    return net


def free_order(charge: _Charge | OpenItem) -> tuple[bool, bool, date, str]:
    """The order in which free credit pays: what was given back first, then what is oldest; special
    charges last (GRR V.M).
    """
    given_back = charge.item_id.partition(":")[0] in GIVEN_BACK
    special = charge.kind is ItemKind.SPECIAL
    return not given_back, special, charge.charged_day, charge.item_id


def _age(item: OpenItem) -> tuple[date, str]:
    return item.charged_day, item.item_id
