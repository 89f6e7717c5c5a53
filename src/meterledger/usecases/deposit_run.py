"""The night of deposits: returns, interest, refunds, final bills, instalments, the season's pause.

Lives here      the order of what is done for one account, and the counts: every deposit that has
                not ended was looked at, and something was done or there is a reason why not.
Lives elsewhere what is done (``deposit_interest``, ``deposit_back``), the clock (``entrypoints``).
Read first      docs/operating/deposits.md, "Every night".

Safe to run twice, killed anywhere, and late: each step is of its own day and is taken once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from meterledger.facts.deposits import Deposit, DepositAct, DepositStep, asked_items
from meterledger.facts.money import Entry
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.deposit_acts import earlier_deposit, open_money
from meterledger.usecases.deposit_ask import DepositRefused, Desk
from meterledger.usecases.deposit_back import (
    consider_return,
    deposit_remainders_due,
    end_unbilled,
    give_back,
    release_guarantor,
    settle_final,
)
from meterledger.usecases.deposit_back_unbilled import closed_without_a_bill
from meterledger.usecases.deposit_came_back import accounts_of_returns, put_right
from meterledger.usecases.deposit_history import account_history
from meterledger.usecases.deposit_history_unknown import any_unknown_cents
from meterledger.usecases.deposit_interest import yearly_credits
from meterledger.usecases.deposit_money import DepositMoney, deposit_money
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.deposit_record import record_of
from meterledger.usecases.ports import StoredBill

REFUND, RELEASE, REVIEW, MAY_WAIT = "refund", "release_guarantor", "review", "may_wait"
BY = "meterledger"
"""Who decides at night; a person that runs it by hand is named in the record of what was done."""


@dataclass(frozen=True, slots=True)
class NotDone:
    """A deposit of which something is due and could not be done, in one sentence."""

    deposit_id: str
    account_id: str
    sentence: str


@dataclass(slots=True)
class DepositRun:
    """What a night came to: looked at = done something + nothing due + refused."""

    on: date
    reason: str = "it is due"
    """Why a deposit goes back now, as its steps keep it."""
    looked_at: int = 0
    changed: int = 0
    nothing_due: int = 0
    refused: list[NotDone] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Steps by act, and ``review due``, ``waits for dispute``, ``remainders due``, ``overdue``."""
    cents: Counter[str] = field(default_factory=Counter)
    """Cents of the steps, by act."""
    put_right: set[str] = field(default_factory=set)
    """Deposits that have not ended, and were put right with the others of their account."""

    def as_json(self) -> dict[str, Any]:
        """The shape of ``deposit run --json``."""
        return {
            "on": self.on.isoformat(),
            "looked_at": self.looked_at,
            "changed": self.changed,
            "nothing_due": self.nothing_due,
            "refused": [
                {"deposit": one.deposit_id, "account": one.account_id, "sentence": one.sentence}
                for one in self.refused
            ],
            "counts": dict(sorted(self.counts.items())),
            "usd": {name: usd_text(cents) for name, cents in sorted(self.cents.items())},
        }


def run_deposits(
    *, on: date, desk: Desk, progress: Callable[[int], None] | None = None
) -> DepositRun:
    """Do everything that is due of every deposit by the evening of ``on``."""
    run = DepositRun(on)
    for account_id in accounts_of_returns(desk):
        put_account_right(account_id, run, on=on, desk=desk)
    for account_id in desk.store.deposit_accounts():
        for deposit in desk.store.deposits_of_accounts([account_id]).get(account_id, ()):
            if not deposit.is_closed:
                run_deposit(deposit, run, on=on, desk=desk)
        if progress is not None:
            progress(1)
    _remainders(run, on, desk)
    return run


def settle_final_bills(account_ids: Sequence[str], *, on: date, desk: Desk) -> DepositRun:
    """After final bills were issued: credit the accounts' deposits to them. Idempotent."""
    run = DepositRun(on)
    for deposits in desk.store.deposits_of_accounts(sorted(set(account_ids))).values():
        for deposit in deposits:
            if not deposit.is_closed and final_bill_of(deposit, on=on, desk=desk) is not None:
                run_deposit(deposit, run, on=on, desk=desk)
    return run


def put_account_right(account_id: str, run: DepositRun, *, on: date, desk: Desk) -> None:
    """Undo what an account's deposits did with payments that came back, all in one call.

    One after the other, the first would leave the account with less than nothing until the last.
    Those that have ended are counted here; the others when they are looked at.
    """
    works = _works(account_id, run, on, desk)
    closed = {one.deposit_id for one, is_closed in works if is_closed}
    try:
        _record([one for one, _ in works], run, desk)
    except Refusal as refusal:
        told = refusal.of_one_case().sentence
        run.looked_at += len(closed)
        run.refused += [NotDone(name, account_id, told) for name in sorted(closed)]
        return
    run.looked_at += len(closed)
    run.changed += len(closed)
    run.put_right |= {one.deposit_id for one, _ in works} - closed


def _works(
    account_id: str, run: DepositRun, on: date, desk: Desk
) -> list[tuple[DepositWork, bool]]:
    """What is to be written of each deposit of an account, and whether that deposit has ended.

    One that cannot be decided is told and left out.
    """
    works = []
    for name, money in _money_of_account(account_id, desk).items():
        try:
            work = put_right(money, on=on, desk=desk)
        except Refusal as refusal:
            told = refusal.of_one_case().sentence
            if money.deposit.is_closed:  # of another it is told when it is looked at
                run.looked_at += 1
                run.refused.append(NotDone(name, account_id, told))
            continue
        if work is not None:
            works.append((work, money.deposit.is_closed))
    return works


def _put_right(deposit: Deposit, run: DepositRun, on: date, desk: Desk) -> DepositMoney:
    """The deposit's money after it and the account's others are as if nothing had come back."""
    money = _money_of_account(deposit.account_id, desk)
    mine = put_right(money[deposit.deposit_id], on=on, desk=desk)
    if mine is None:
        return money[deposit.deposit_id]
    others = [
        work
        for name, one in money.items()
        if name != deposit.deposit_id and (work := put_right(one, on=on, desk=desk)) is not None
    ]
    _record([mine, *others], run, desk)
    return _money_of_account(deposit.account_id, desk)[deposit.deposit_id]


def run_deposit(deposit: Deposit, run: DepositRun, *, on: date, desk: Desk) -> None:
    """Do what is due of one deposit; a refusal is kept as a sentence, and the next goes on."""
    run.looked_at += 1
    try:
        done = _due(deposit, run, on, desk)
    except Refusal as refusal:
        told = refusal.of_one_case().sentence
        run.refused.append(NotDone(deposit.deposit_id, deposit.account_id, told))
        return
    if done or deposit.deposit_id in run.put_right:
        run.changed += 1
    else:
        run.nothing_due += 1


def do_now(deposit_id: str, *, on: date, reason: str, desk: Desk) -> DepositRun:
    """Do what is due of one deposit that has not ended, for the reason that somebody gives.

    :raises DepositRefused: if it has ended, or nothing is due
    :raises Refusal: where a rule or the store refuses
    """
    who, why = desk.named(reason, f"deposit {deposit_id}")
    run = DepositRun(on, reason=why, looked_at=1)
    deposit = open_money(deposit_id, desk).deposit
    if not _due(deposit, run, on, replace(desk, by=who)):
        raise DepositRefused(
            "Nothing of this deposit is due now",
            where=f"deposit {deposit_id}",
            do="Wait until it may go back; its page says what it waits for",
        )
    run.changed = 1
    return run


def _due(deposit: Deposit, run: DepositRun, on: date, desk: Desk) -> bool:
    before = len(deposit.steps)
    money = _put_right(deposit, run, on, desk)
    bill = final_bill_of(deposit, on=on, desk=desk)
    until = min(on, bill.issued_day) if bill else on
    steps, entries = yearly_credits(money, on=until, desk=desk)
    money = _keep(money, steps, entries, run, desk)
    if bill is not None:
        _settle(money, bill, run, on, desk)
        return True
    holds = money.held_cents > 0 or money.deposit.guarantee is not None
    if closed_without_a_bill(deposit.account_id, on=on, desk=desk) is None:
        money = _keep(money, _winter(money, on, desk), (), run, desk)
        money = _keep(money, _missed(money, on, desk), (), run, desk)
    elif not holds:
        _record([end_unbilled(money, on=on, desk=desk)], run, desk)
    if holds:
        _back(money, run, on, desk)
    return len(desk.store.deposit(deposit.deposit_id).steps) > before


def _money_of_account(account_id: str, desk: Desk) -> dict[str, DepositMoney]:
    every = desk.store.deposits_of_accounts([account_id])[account_id]
    # Steps of later days are none of this evening's business, but they are there: a late run of an
    # earlier day must not take what they have taken.
    return deposit_money(account_id, every, desk.store, known_at=desk.now)


def final_bill_of(deposit: Deposit, *, on: date, desk: Desk) -> StoredBill | None:
    """The live final bill of an account that has no service any more; None while it has."""
    services = desk.store.services_of_account(deposit.account_id, desk.now)
    ends = [one.agreement.days.until_day for one in services]
    if not ends or any(end is None for end in ends):
        return None
    last = max(end for end in ends if end is not None)
    if last > on:
        return None
    finals = [
        one
        for one in desk.store.issued_bills_of_account(deposit.account_id)
        if one.cancelled_by is None and one.issued_day <= on and one.days.until_day == last
    ]
    return max(finals, key=lambda one: (one.issued_day, one.known_at), default=None)


def _settle(money: DepositMoney, bill: StoredBill, run: DepositRun, on: date, desk: Desk) -> None:
    day = max(bill.issued_day, _newest(money))
    end = max(day, on)
    history = account_history(
        money.deposit.account_id,
        on=end,
        known_at=desk.now,
        store=desk.store,
        view=desk.view,
        since=end + timedelta(days=1),  # what is owed, and no bill's own story
    )
    # No deposit pays for merchandise (GRR VI.C.2: not against special charges).
    owed = max(0, history.balance_cents - history.special_in_balance_cents)
    work = settle_final(money, bill, owed_cents=owed, on=day, desk=desk)
    if work is not None:
        _record([work], run, desk)


def _newest(money: DepositMoney) -> date:
    days = [one.on for one in money.received] + [one.on for one in money.deposit.steps]
    return max(days, default=date.min)


def _winter(money: DepositMoney, on: date, desk: Desk) -> tuple[DepositStep, ...]:
    """What is unpaid of a home's deposit pauses for the season, once a season."""
    deposit = money.deposit
    if not deposit.is_residential or not money.unpaid_cents or deposit.asked is None:
        return ()
    last = deposit.last(DepositAct.PAUSED)
    if last is not None and last.until is not None and on < last.until:
        return ()
    ruled = earlier_deposit(money, on=on, desk=desk)
    resumes_on = ruled.outcome.resumes_on
    if ruled.outcome.bill_now or resumes_on is None:
        return ()
    return (
        DepositStep(
            *(deposit.deposit_id, f"paused.{resumes_on}", DepositAct.PAUSED, on),
            *(desk.by, "the Cold Weather season", desk.now),
            until=resumes_on,
            record=record_of([ruled], view=desk.view, known_at=desk.now),
        ),
    )


def _missed(money: DepositMoney, on: date, desk: Desk) -> tuple[DepositStep, ...]:
    """Parts whose day has passed and that are not paid: told once each day, nothing is charged.

    While nobody knows whether money came to the account, none is told.
    """
    deposit = money.deposit
    paid = money.paid_cents
    missed: dict[date, int] = {}  # two parts may have one day: that on which a pause ends
    for item in asked_items([deposit], on):
        covered = min(paid, item.charged_cents)
        paid -= covered
        open_cents = item.charged_cents - covered
        if open_cents and item.due_day is not None and item.due_day < on:
            missed[item.due_day] = missed.get(item.due_day, 0) + open_cents
    told = {one.key for one in deposit.steps}
    steps = [
        DepositStep(
            *(deposit.deposit_id, key, DepositAct.MISSED, on, desk.by),
            *(f"due on {due_day}", desk.now),
            cents=cents,
        )
        for due_day, cents in missed.items()
        if (key := f"missed.{due_day}") not in told
    ]
    if steps and any_unknown_cents(
        deposit.account_id, desk.now, desk.store, time_zone=desk.view.time_zone
    ):
        return ()
    return tuple(steps)


def _back(money: DepositMoney, run: DepositRun, on: date, desk: Desk) -> None:
    found = consider_return(money, on=on, desk=desk)
    if found.action == REFUND:
        _record([give_back(money, found, on=on, desk=desk, reason=run.reason)], run, desk)
    elif found.action == RELEASE:
        _record([release_guarantor(money, found, on=on, desk=desk, reason=run.reason)], run, desk)
    elif found.action == REVIEW:
        run.counts["review due"] += 1
    elif found.action == MAY_WAIT:
        run.counts["waits for dispute"] += 1


def _keep(
    money: DepositMoney,
    steps: tuple[DepositStep, ...],
    entries: tuple[Entry, ...],
    run: DepositRun,
    desk: Desk,
) -> DepositMoney:
    """Record steps; the deposit as it is with them."""
    if not steps:
        return money
    deposit = money.deposit
    work = DepositWork(
        *(deposit.deposit_id, deposit.account_id, deposit.kind, len(deposit.steps)),
        steps,
        entries,
    )
    _record([work], run, desk)
    return replace(money, deposit=replace(deposit, steps=(*deposit.steps, *steps)))


def _record(works: Sequence[DepositWork], run: DepositRun, desk: Desk) -> None:
    if works and desk.store.record_deposits(works):
        for step in (step for one in works for step in one.steps):
            run.counts[step.act.value] += 1
            run.cents[step.act.value] += step.cents


def _remainders(run: DepositRun, on: date, desk: Desk) -> None:
    accounts = desk.store.deposit_accounts(with_closed=True)
    due = [one for one in deposit_remainders_due(accounts, at=on, desk=desk) if one.automatic]
    run.counts["remainders due"] += len(due)
    run.counts["overdue"] += sum(one.return_by is not None and one.return_by < on for one in due)
