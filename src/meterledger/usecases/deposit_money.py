"""What of a deposit is paid, held and gone, from applications, steps and the journal.

Lives here      paid, interest, applied, moved and refunded, so that held is what 235 says; when
                each part was received, for interest.
Lives elsewhere deciding anything (``deposit_ask``, ``deposit_back``), entries (``ledger``).
Read first      docs/operating/deposits.md, "What is held".

A payment's application to a deposit's item is what was paid into it. Refunds are taken off 235 by
settlements. One whose name says of which deposit it is counts to that one, as does what took it
back; others are counted to deposits that were given back, the oldest first. Held of all deposits of
an account is its balance of 235, always.
What bears interest is less where a deposit moved and its payment came back (``deposit_moved``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.deposits import Deposit, DepositAct, deposit_of_item
from meterledger.facts.money import Entry
from meterledger.facts.receivables import AccountMoney, Application
from meterledger.facts.settlements import deposits_of_refund
from meterledger.ledger import DEPOSITS
from meterledger.usecases.deposit_moved import (
    Received,
    earning_parts,
    lost_by_move,
    paid_of_owed,
)


@dataclass(frozen=True, slots=True)
class CameBack:
    """Cents that had been paid in by one payment, which was taken back later."""

    payment: str
    """The entry of the payment."""
    received: Received
    back_on: date


@dataclass(frozen=True, slots=True)
class DepositMoney:
    """The money of one deposit on an evening."""

    deposit: Deposit
    received: tuple[Received, ...] = ()
    """What was paid in or came from another account, less what was undone."""
    came_back: tuple[CameBack, ...] = ()
    """Payments of it that were taken back: they never were money."""
    interest_added_cents: int = 0
    interest_credited_cents: int = 0
    applied_cents: int = 0
    moved_out_cents: int = 0
    refunded_cents: int = 0
    owed_back_cents: int = 0
    """What left it and never was in it: the customer owes it on another account."""
    lost: tuple[Received, ...] = ()
    """What moved in and never was money: its payment came back where it had been paid."""
    paid_again: tuple[Received, ...] = ()
    """What of that the customer has paid there since."""

    @property
    def earning(self) -> tuple[Received, ...]:
        """The parts that bear interest: what was received, and is or is again money."""
        return earning_parts(self.received, self.lost, self.paid_again)

    @property
    def idle_cents(self) -> int:
        """What is held here and bears no interest, since its payment is owed on another account."""
        return self.paid_cents - sum(one.cents for one in self.earning)

    @property
    def paid_cents(self) -> int:
        """What was paid in, or moved in."""
        return sum(one.cents for one in self.received)

    @property
    def held_cents(self) -> int:
        """What we hold: the deposit's part of 235."""
        gone = self.applied_cents + self.moved_out_cents + self.refunded_cents
        return self.paid_cents + self.interest_added_cents + self.owed_back_cents - gone

    @property
    def unpaid_cents(self) -> int:
        """What is asked for, was not called off and is not paid."""
        if self.deposit.is_closed:
            return 0
        asked = self.deposit.asked_cents - self.deposit.called_off_cents
        return max(0, asked - self.paid_cents) if self.deposit.asked else 0

    @property
    def secured_cents(self) -> int:
        """What of it stands behind the account: held, guaranteed or still asked for."""
        if self.deposit.is_closed:
            return 0
        guarantee = self.deposit.guarantee
        return self.paid_cents + self.unpaid_cents + (guarantee.cents if guarantee else 0)

    @property
    def first_received(self) -> date | None:
        """The day on which the first part came that bears interest."""
        return min((one.on for one in self.earning), default=None)


class MoneyStore(Protocol):
    """What this needs of the store."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""

    def account_money(
        self, account_ids: Sequence[str], *, with_due_days: bool = False
    ) -> Mapping[str, AccountMoney]:
        """What open items follow from, applications among it."""

    def deposit(self, deposit_id: str) -> Deposit:
        """A deposit with its steps."""

    def deposits_of_accounts(
        self, account_ids: Collection[str]
    ) -> Mapping[str, tuple[Deposit, ...]]:
        """The accounts' deposits, the oldest first."""


def deposit_money(
    account_id: str,
    deposits: Sequence[Deposit],
    store: MoneyStore,
    *,
    at: date | None = None,
    known_at: datetime | None = None,
) -> dict[str, DepositMoney]:
    """The money of each deposit of an account, by its id: on an evening, as known at an instant."""
    money = store.account_money([account_id]).get(account_id)
    found = money_of_deposits(
        deposits,
        store.entries_of_account(account_id),
        money.applications if money else (),
        account_id,
        at=at,
        known_at=known_at,
    )
    return {name: _with_origin(one, store, at, known_at) for name, one in found.items()}


def _with_origin(
    money: DepositMoney, store: MoneyStore, at: date | None, known_at: datetime | None
) -> DepositMoney:
    """With what came back, since it moved, of the payments that it had moved with."""
    moved_in = money.deposit.last(DepositAct.MOVED_IN)
    if moved_in is None:
        return money
    account_id = store.deposit(moved_in.note).account_id
    every = store.deposits_of_accounts([account_id])[account_id]
    origin = deposit_money(account_id, every, store, at=at, known_at=known_at)[moved_in.note]
    came_back = lost_by_move(moved_in, (one.received for one in origin.came_back))
    if not came_back and not origin.lost:
        return money
    known = store.account_money([account_id]).get(account_id)
    paid = paid_of_owed(
        origin.deposit.standing(DepositAct.OWED),
        account_id,
        store.entries_of_account(account_id),
        known.applications if known else (),
        at=at,
        known_at=known_at,
    )
    return replace(money, lost=(*came_back, *origin.lost), paid_again=(*paid, *origin.paid_again))


def money_of_deposits(
    deposits: Sequence[Deposit],
    entries: Iterable[Entry],
    applications: Iterable[Application],
    account_id: str,
    *,
    at: date | None = None,
    known_at: datetime | None = None,
) -> dict[str, DepositMoney]:
    """As ``deposit_money``, from what was read already. Pure."""

    def is_known(on: date, learned_at: datetime) -> bool:
        return (at is None or on <= at) and (known_at is None or learned_at <= known_at)

    entries = list(entries)
    given = [one for one in _when_it_came(entries, applications) if is_known(one[0], one[1])]
    found: dict[str, DepositMoney] = {}
    for deposit in deposits:
        kept = tuple(one for one in deposit.steps if is_known(one.on, one.learned_at))
        seen = replace(deposit, steps=kept)
        found[deposit.deposit_id] = DepositMoney(
            deposit=seen,
            received=_received(seen, given),
            came_back=_came_back(seen, given),
            interest_added_cents=_sum(seen, DepositAct.INTEREST_ADDED),
            interest_credited_cents=_sum(seen, DepositAct.INTEREST_CREDITED),
            applied_cents=_sum(seen, DepositAct.APPLIED),
            moved_out_cents=_sum(seen, DepositAct.MOVED_OUT),
            owed_back_cents=_sum(seen, DepositAct.OWED),
        )
    taken = 0
    for entry in entries:
        name = entry.reverses or entry.entry_id
        if not name.startswith("refund:") or not is_known(entry.effective_day, entry.learned_at):
            continue
        cents = sum(
            leg.cents
            for leg in entry.legs
            if leg.ledger_account == DEPOSITS and leg.customer_account_id == account_id
        )
        of = deposits_of_refund(name)
        if len(of) == 1 and of[0] in found:
            one = found[of[0]]
            found[of[0]] = replace(one, refunded_cents=one.refunded_cents + cents)
        else:
            taken += cents
    return _refunded(found, taken)


def sub_ledger_cents(entries: Iterable[Entry], account_id: str) -> int:
    """What 235 says that we hold of the account."""
    return -sum(
        leg.cents
        for entry in entries
        for leg in entry.legs
        if leg.ledger_account == DEPOSITS and leg.customer_account_id == account_id
    )


def _sum(deposit: Deposit, act: DepositAct) -> int:
    return sum(one.cents for one in deposit.standing(act))


Given = tuple[date, datetime, Application]


def _when_it_came(entries: Iterable[Entry], applications: Iterable[Application]) -> list[Given]:
    """Applications by the day on which their money came, or was taken back: a payment that we
    learn of late was received when it was.
    """
    days = {one.entry_id: one.effective_day for one in entries}
    found = []
    for one in applications:
        source = one.source_entry_id if one.undoes is None else f"reversal:{one.source_entry_id}"
        found.append((days.get(source, one.applied_day), one.learned_at, one))
    return sorted(found, key=lambda one: (one[1], one[2].application_id))


def _received(deposit: Deposit, given: Sequence[Given]) -> tuple[Received, ...]:
    """By source, so that a payment that was taken back leaves nothing; then what moved in."""
    by_source: dict[str, Received] = {}
    for on, learned_at, one in given:
        if deposit_of_item(one.item_id) == deposit.deposit_id:
            known = by_source.get(one.source_entry_id, Received(on, 0, learned_at))
            by_source[one.source_entry_id] = replace(known, cents=known.cents + one.cents)
    parts = [one for one in by_source.values() if one.cents]
    parts += [
        Received(part.billed_day, part.cents)
        for step in deposit.of(DepositAct.MOVED_IN)
        for part in step.parts
    ]
    return tuple(sorted(parts, key=lambda one: one.on))


def _came_back(deposit: Deposit, given: Sequence[Given]) -> tuple[CameBack, ...]:
    """Payments into the deposit of which nothing is left, and the day on which they came back."""
    paid: dict[str, CameBack] = {}
    left: dict[str, int] = {}
    for on, learned_at, one in given:
        if deposit_of_item(one.item_id) != deposit.deposit_id:
            continue
        source = one.source_entry_id
        left[source] = left.get(source, 0) + one.cents
        known = paid.get(source, CameBack(source, Received(on, 0, learned_at), on))
        if one.cents > 0:
            grown = replace(known.received, cents=known.received.cents + one.cents)
            paid[source] = replace(known, received=grown)
        else:
            paid[source] = replace(known, back_on=max(known.back_on, on))
    return tuple(one for source, one in paid.items() if not left[source])


def _refunded(found: dict[str, DepositMoney], taken: int) -> dict[str, DepositMoney]:
    """Count what settlements took off 235: to what was given back first, the oldest first.

    What is more than is held there was given back before a payment came back: up to what each was
    to give back. Any rest is the last one's.
    """
    ended = [one.deposit for one in found.values() if one.deposit.of(DepositAct.GIVEN_BACK)]
    ended.sort(key=lambda one: one.of(DepositAct.GIVEN_BACK)[0].on)
    held = {one.deposit_id: found[one.deposit_id].held_cents for one in ended}
    gave = {one.deposit_id: one.of(DepositAct.GIVEN_BACK)[0].cents for one in ended}
    for most in (held, gave):
        for name, cents in most.items():
            known = found[name]
            room = cents if most is held else cents - known.refunded_cents
            part = min(max(room, 0), taken)
            found[name] = replace(known, refunded_cents=known.refunded_cents + part)
            taken -= part
    if taken and found:
        last = ended[-1].deposit_id if ended else list(found)[-1]
        found[last] = replace(found[last], refunded_cents=found[last].refunded_cents + taken)
    return found
