"""A payment of a deposit comes back: what the deposit did with money that never was is undone.

Lives here      which interest, which application and which refund no longer stand, the steps that
                put it right, and what a person has to look at.
Lives elsewhere taking the payment back (``settle_payment``, ``ach_returns``), what is held
                (``deposit_money``), the night (``deposit_run``).
Read first      docs/operating/deposits.md, "When a payment comes back".

A deposit is put as it would be had the payment never come. Interest that was earned by it is taken
back. The application to what was owed stands as far as the deposit is there; the rest of the bill
is unpaid again, from the day on which it was paid. What left the deposit beyond that, to the
customer or with a move, is owed on account 143: no utility charge, so no late charge and no ground
to cut service off. A deposit that moved stays where it is, without the interest of that part. A
step that was undone stays, with its reversal. Again, it changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from meterledger.facts.deposits import (
    AGAIN,
    PREFIX_OF_ACT,
    Deposit,
    DepositAct,
    DepositStep,
)
from meterledger.facts.money import Entry
from meterledger.facts.receivables import ItemKind, OpenItem
from meterledger.facts.settlements import SettlementCase, SettlementKind
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.money import cents_from_text, usd_text
from meterledger.ledger import (
    DEPOSITS,
    entry_for_deposit_step,
    entry_that_undoes,
    receivable_of_movements,
)
from meterledger.usecases.deposit_ask import Desk
from meterledger.usecases.deposit_money import CameBack, DepositMoney, deposit_money
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.deposit_record import ask, read_decision, record_of

INTEREST = (DepositAct.INTEREST_CREDITED, DepositAct.INTEREST_ADDED)
CREDITS = {
    "deposits.final.credit": ("deposit_usd", "credited_cents", "remaining_cents"),
    "deposits.refund.apply": ("refundable_usd", "may_apply_cents", ""),
}
"""Rules by which a deposit was applied: the fact that says how much is there, and their answers."""
BATCH = 1000
"""Accounts of which it is asked at once whether a payment of a deposit came back."""


@dataclass(slots=True)
class _Putting:
    """Steps that put one deposit right, as they come, and their entries."""

    money: DepositMoney
    desk: Desk
    why: str
    steps: list[DepositStep] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def deposit(self) -> Deposit:
        """The deposit with the steps so far."""
        known = self.money.deposit
        return replace(known, steps=(*known.steps, *self.steps))

    def standing(self, *acts: DepositAct) -> tuple[DepositStep, ...]:
        return self.deposit.standing(*acts)

    def sum_of(self, act: DepositAct) -> int:
        return sum(one.cents for one in self.standing(act))

    def undo(self, step: DepositStep, *, leaving: int = 0, record: bytes = b"") -> None:
        """Take a step back; what still stands of it is taken anew, on its day."""
        undoing = DepositStep(
            *(step.deposit_id, f"undone.{step.key}", DepositAct.UNDONE, step.on, self.desk.by),
            *(self.why, self.desk.now),
            cents=step.cents,
            note=step.key,
        )
        account = self.deposit.account_id
        self.entries.append(entry_that_undoes(undoing, step, account))
        root = step.key.partition(AGAIN)[0]
        before = sum(1 for one in self.deposit.steps if one.key.startswith(f"{root}{AGAIN}"))
        self.steps.append(undoing)
        if leaving:
            again = replace(
                step,
                key=f"{root}{AGAIN}{before + 1}",
                by=self.desk.by,
                reason=self.why,
                learned_at=self.desk.now,
                cents=leaving,
                record=record,
            )
            self.add(again)

    def add(self, step: DepositStep) -> None:
        self.steps.append(step)
        entry = entry_for_deposit_step(step, self.deposit.account_id)
        self.entries += [entry] if entry else []


def put_right(money: DepositMoney, *, on: date, desk: Desk) -> DepositWork | None:
    """What is to be written because payments of a deposit came back; None where all is right.

    ``money`` is as known now. What is owed back is so from ``on``.
    """
    back = [one for one in money.came_back if one.back_on <= on]
    if not back and not money.lost and not money.deposit.standing(DepositAct.OWED):
        return None
    made = _Putting(money, desk, _why(money, back))
    for step in money.deposit.standing(*INTEREST):
        _undo_interest(step, made)
    there = money.paid_cents + made.sum_of(DepositAct.INTEREST_ADDED)
    _undo_applied(made, max(0, there - money.moved_out_cents))
    gone = made.sum_of(DepositAct.APPLIED) + money.moved_out_cents + money.refunded_cents
    _owe(made, max(0, gone - there), on)
    if not made.steps:
        return None
    deposit = money.deposit
    return DepositWork(
        *(deposit.deposit_id, deposit.account_id, deposit.kind, len(deposit.steps)),
        tuple(made.steps),
        tuple(made.entries),
    )


def _why(money: DepositMoney, back: Sequence[CameBack]) -> str:
    if money.lost and not back:
        return "a payment came back on the account that the deposit came from"
    told = [f"payment {one.payment.partition(':')[2]} came back on {one.back_on}" for one in back]
    return "; ".join(told) or "a refund of the deposit was taken back"


def _undo_interest(step: DepositStep, made: _Putting) -> None:
    """Take back the interest that parts earned which never were money; the others keep theirs."""
    record = read_decision(step)
    if record is None:
        return
    root = made.money.deposit.step(step.key.partition(AGAIN)[0]) or step
    there = Counter(
        (usd_text(one.cents), one.on.isoformat())
        for one in made.money.earning
        if one.learned_at is None or one.learned_at <= root.learned_at
    )
    kept: list[dict[str, Any]] = []
    for ruling in record["rulings"]:
        part = (ruling["facts"]["deposit_usd"], ruling["facts"]["received_on"])
        if there[part] > 0:
            there[part] -= 1
            kept.append(ruling)
    if len(kept) == len(record["rulings"]):
        return
    cents = sum(cents_from_text(one["outcome"]["interest_usd"], where=step.step_id) for one in kept)
    if cents != step.cents:
        made.undo(step, leaving=cents, record=canonical_bytes({**record, "rulings": kept}))


def _undo_applied(made: _Putting, there: int) -> None:
    """An application stands as far as the deposit is there; the newest is undone first."""
    excess = made.sum_of(DepositAct.APPLIED) - there
    for step in reversed(made.standing(DepositAct.APPLIED)):
        if excess <= 0:
            return
        left = max(0, step.cents - excess)
        excess -= step.cents - left
        made.undo(step, leaving=left, record=_applied_again(step, left, made))


def _applied_again(step: DepositStep, cents: int, made: _Putting) -> bytes:
    """The decision by which it was applied, asked again of what is there."""
    record = read_decision(step)
    if record is None or not cents:
        return b""
    desk, interest = made.desk, made.sum_of(DepositAct.INTEREST_ADDED)
    for told in record["rulings"]:
        if told["rule"] not in CREDITS:
            continue
        name, applied, remains = CREDITS[told["rule"]]
        facts = {
            **told["facts"],
            name: usd_text(made.money.paid_cents),
            "interest_usd": usd_text(interest),
        }
        ruled = ask(told["rule"], facts, on=date.fromisoformat(told["on"]), view=desk.view)
        found = getattr(ruled.outcome, applied) - (
            getattr(ruled.outcome, remains) if remains else 0
        )
        if found == cents:
            return record_of([ruled], view=desk.view, known_at=desk.now)
    return b""


def _owe(made: _Putting, cents: int, on: date) -> None:
    """What left the deposit and never was in it: owed, no more and no less."""
    owed = made.sum_of(DepositAct.OWED)
    if cents < owed:
        for step in reversed(made.standing(DepositAct.OWED)):
            made.undo(step)
        owed = 0
    if cents > owed:
        number = len(made.deposit.of(DepositAct.OWED)) + 1
        made.add(
            DepositStep(
                *(made.deposit.deposit_id, f"owed.{number}", DepositAct.OWED, on, made.desk.by),
                *(made.why, made.desk.now),
                cents=cents - owed,
            )
        )


# ------------------------------------------------------------------------- what is to be looked at


def accounts_of_returns(desk: Desk) -> Iterator[str]:
    """Accounts of which a payment of a deposit came back once, in order, each followed by those to
    which its deposits moved.
    """
    accounts = desk.store.deposit_accounts(with_closed=True)
    told: set[str] = set()
    for start in range(0, len(accounts), BATCH):
        batch = accounts[start : start + BATCH]
        money = desk.store.account_money(batch)
        for account in batch:
            given = money[account].applications if account in money else ()
            if any(one.undoes is not None and one.kind is ItemKind.DEPOSIT for one in given):
                yield from _and_where_they_went(account, told, desk)


def _and_where_they_went(account_id: str, told: set[str], desk: Desk) -> Iterator[str]:
    if account_id in told:
        return
    told.add(account_id)
    yield account_id
    for deposit in desk.store.deposits_of_accounts([account_id]).get(account_id, ()):
        for step in deposit.of(DepositAct.MOVED_OUT):
            yield from _and_where_they_went(desk.store.deposit(step.note).account_id, told, desk)


@dataclass(frozen=True, slots=True)
class DepositCameBack:
    """A deposit that had ended when a payment of it came back, and what is open of that."""

    deposit_id: str
    account_id: str
    back_cents: int
    back_on: date
    undone_cents: int
    """What it had paid of the account, and does not any more."""
    interest_cents: int
    """Interest that was taken back."""
    owed_cents: int
    """What the customer has had of it, and owes."""
    open_cents: int
    """What of both the customer has to pay still."""
    short_cents: int
    """What its books are short of still: the night, or ``deposit apply``, puts it right."""
    refunds: tuple[str, ...]
    """Refunds of deposits that are approved and not sent: they can be undone."""

    @property
    def sentence(self) -> str:
        """What somebody has to do."""
        if self.short_cents:
            return f"Put it right: meterledger deposit apply {self.deposit_id}"
        if self.refunds:
            return f"Do not send it: meterledger settlement undo {self.refunds[0]}"
        return "Ask the customer for what is open"


class RefundReads(Protocol):
    """What this needs of settlements."""

    def settlements(
        self,
        *,
        account_id: str | None = None,
        kind: SettlementKind | None = None,
        open_only: bool = False,
    ) -> list[SettlementCase]:
        """Settlements, the oldest first."""


def deposits_that_came_back(
    *, at: date, desk: Desk, refunds: RefundReads
) -> tuple[DepositCameBack, ...]:
    """Deposits that had ended when a payment came back, while something of it is open."""
    found = []
    for account_id in accounts_of_returns(desk):
        deposits = desk.store.deposits_of_accounts([account_id])[account_id]
        money = deposit_money(account_id, deposits, desk.store, at=at, known_at=desk.now)
        items = _open_items(account_id, at, desk)
        for one in money.values():
            if not one.came_back or not one.deposit.is_closed:
                continue
            waiting = tuple(
                case.settlement_id
                for case in refunds.settlements(account_id=account_id, open_only=True)
                if case.source == DEPOSITS and case.is_open_refund and one.owed_back_cents
            )
            row = _row(one, account_id, items, waiting)
            if row.open_cents or row.short_cents or row.refunds:
                found.append(row)
    return tuple(sorted(found, key=lambda one: (one.back_on, one.deposit_id)))


def _open_items(account_id: str, at: date, desk: Desk) -> tuple[OpenItem, ...]:
    money = desk.store.account_money([account_id])[account_id]
    found = receivable_of_movements(
        account_id, money.movements, money.applications, due_days={}, at=at
    )
    return tuple(one for one in found.items if one.open_cents)


def _row(
    money: DepositMoney, account_id: str, items: Sequence[OpenItem], refunds: tuple[str, ...]
) -> DepositCameBack:
    deposit = money.deposit
    owed = f"{PREFIX_OF_ACT[DepositAct.OWED]}:{deposit.deposit_id}."

    def less(*acts: DepositAct) -> int:
        first = sum(one.cents for one in deposit.of(*acts) if not one.is_again)
        return first - sum(one.cents for one in deposit.standing(*acts))

    undone, credited = less(DepositAct.APPLIED), less(DepositAct.INTEREST_CREDITED)
    paid = (DepositAct.APPLIED, DepositAct.INTEREST_CREDITED)
    until = max((one.on for one in deposit.of(*paid)), default=date.min)
    had_paid = sum(
        one.open_cents
        for one in items
        if one.kind is not ItemKind.SPECIAL and one.charged_day <= until
    )
    of_refunds = sum(one.open_cents for one in items if one.item_id.startswith(owed))
    return DepositCameBack(
        deposit_id=deposit.deposit_id,
        account_id=account_id,
        back_cents=sum(one.received.cents for one in money.came_back),
        back_on=max(one.back_on for one in money.came_back),
        undone_cents=undone,
        interest_cents=less(*INTEREST),
        owed_cents=money.owed_back_cents,
        open_cents=min(undone + credited, had_paid) + of_refunds,
        short_cents=max(0, -money.held_cents),
        refunds=refunds,
    )
