"""What both stores promise about deposits: which steps follow, in the same words.

Lives here      what is new of a call, and the refusals.
Lives elsewhere keeping rows (``memory/deposits``, ``postgres/repository/deposits``). Triggers of
                PostgreSQL cannot be raced; what is found here first is found in better words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields

from meterledger.facts.deposits import (
    AGAIN,
    CLOSING,
    OPENING,
    PREFIX_OF_ACT,
    UNDOABLE,
    Deposit,
    DepositAct,
    DepositStep,
)
from meterledger.kernel.people import same_person
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.ports import Conflict, NotFound

AFTER_THE_END = frozenset(
    {
        DepositAct.REQUESTED,
        DepositAct.EFFORT,
        DepositAct.EFFORT_BACK,
        DepositAct.UNDONE,
        DepositAct.OWED,
    }
)
"""What may still be told of a deposit that has ended; and what stands of a step that is undone."""
MOVES_MONEY = frozenset({*PREFIX_OF_ACT, DepositAct.UNDONE})
"""Acts that post an entry."""
HELD = "deposits_hold_what_leaves"
"""The constraint by which the database refuses more to leave than is held."""
UNDOES = "a_deposit_step_undoes_what_stands"
"""The constraint by which it refuses to undo what does not stand, or to take it anew otherwise."""
TAKES_TWO = frozenset({DepositAct.MOVED_OUT, DepositAct.MOVED_IN})
"""Acts that one person decides and another agrees to."""
TWO = "maker_is_not_approver"
"""The constraint by which the database refuses one person for two."""
OWN_EFFORT = "another_takes_an_effort_back"
"""The constraint by which it refuses that who kept an effort takes it back."""
ENDED = "a_deposit_that_ended_stays_so"
"""The constraint by which it refuses a step after the end."""
_NOT_COMPARED = ("learned_at", "record")
"""Known again later, the same step has another instant, and its record another one inside."""


def is_known(work: DepositWork, known: Deposit | None) -> bool:
    """Whether every step of a call was taken before; none of them may have been taken otherwise.

    :raises Conflict: if a step is known with other contents, if only some are known, if one does
        not follow, or if somebody else added one since the call was decided
    """
    steps = {one.key: one for one in known.steps} if known else {}
    again = [one for one in work.steps if one.key in steps]
    for one in again:
        if _contents(steps[one.key]) != _contents(one):
            raise _other(one)
    if again and len(again) == len(work.steps):
        return True
    if again:
        raise _other(again[0])
    _refuse_order(work, known)
    return False


def _refuse_order(work: DepositWork, known: Deposit | None) -> None:
    count = len(known.steps) if known else 0
    if count != work.seen:
        raise moved(work.deposit_id)
    if known is None and work.steps[0].act not in OPENING:
        raise no_deposit(work.deposit_id)
    if known is not None and known.account_id != work.account_id:
        raise Conflict(
            f"Deposit {work.deposit_id} is of account {known.account_id}",
            where=f"account {work.account_id}",
            do="Name the deposit of the account",
        )
    closed = known is not None and known.is_closed
    steps = known.steps if known else ()
    for step in work.steps:
        if step.act in TAKES_TWO and (
            same_person(step.approved_by, "") or same_person(step.by, step.approved_by)
        ):
            raise needs_two(work.deposit_id)
        if closed and step.act not in AFTER_THE_END and not step.is_again:
            raise ended(work.deposit_id)
        if step.act is DepositAct.EFFORT_BACK:
            _refuse_effort_back(step, steps)
        if not _undoes(step, Deposit(work.deposit_id, work.account_id, work.kind, steps)):
            raise not_undone(work.deposit_id)
        closed = closed or step.act in CLOSING
        steps = (*steps, step)


def _refuse_effort_back(step: DepositStep, steps: Sequence[DepositStep]) -> None:
    """An effort is taken back once, of its day, by another person than who kept it.

    :raises Conflict: naming what is not so
    """
    found = [one for one in steps if one.act is DepositAct.EFFORT and one.key == step.note]
    gone = any(one.act is DepositAct.EFFORT_BACK and one.note == step.note for one in steps)
    if not found or gone or found[0].on != step.on:
        raise not_undone(step.deposit_id)
    if same_person(step.by, found[0].by):
        raise own_effort(step.deposit_id)


def _undoes(step: DepositStep, deposit: Deposit) -> bool:
    """Whether a step that undoes names what stands, on its day and by as much; one that takes the
    rest anew follows what was undone, on the same day, and is less.
    """
    if step.act is DepositAct.UNDONE:
        one = deposit.step(step.note)
        stands = one is not None and one.act in UNDOABLE and one in deposit.standing(one.act)
        return one is not None and stands and (one.on, one.cents) == (step.on, step.cents)
    if not step.is_again:
        return True
    root = deposit.step(step.key.partition(AGAIN)[0])
    last = deposit.last(DepositAct.UNDONE)
    return (
        root is not None
        and last is not None
        and last is deposit.steps[-1]
        and last.note.partition(AGAIN)[0] == root.key
        and (root.act, root.on) == (step.act, step.on)
        and 0 < step.cents < last.cents
    )


def _contents(step: DepositStep) -> tuple[object, ...]:
    return tuple(getattr(step, one.name) for one in fields(step) if one.name not in _NOT_COMPARED)


def _other(step: DepositStep) -> Conflict:
    return Conflict(
        f"The step '{step.key}' was taken already, with other contents",
        where=f"deposit {step.deposit_id}",
        why="A step is taken once, and nothing was changed",
        do=f"Look at it with `meterledger deposit show {step.deposit_id}`",
    )


def needs_two(deposit_id: str) -> Conflict:
    """One person would decide and agree, or nobody agreed."""
    return Conflict(
        "A deposit is moved by two different people",
        where=f"deposit {deposit_id}",
        why="What is held for one account is held for another after it",
        do="Let another person agree, and give that name",
    )


def own_effort(deposit_id: str) -> Conflict:
    """Who kept an effort would take it back alone."""
    return Conflict(
        "An effort is taken back by another person than who kept it",
        where=f"deposit {deposit_id}",
        why="Interest runs again, which the company owes",
        do="Let another person take it back",
    )


def moved(deposit_id: str) -> Conflict:
    """Somebody else took a step since this was decided."""
    return Conflict(
        "Somebody else took a step of this deposit meanwhile",
        where=f"deposit {deposit_id}",
        why="Nothing of this call was kept",
        do="Do it again: it looks at the deposit as it is now",
    )


def refuse_another(work: DepositWork, deposits: Collection[str]) -> None:
    """Refuse a call that did not look at every deposit of its account.

    :raises Conflict: naming the other one
    """
    if work.beside is None:
        return
    others = sorted(set(deposits) - {work.deposit_id} - work.beside)
    if others:
        raise Conflict(
            f"Deposit {others[0]} of the account was begun meanwhile",
            where=f"account {work.account_id}",
            why="Several deposits are together no more than one may be; nothing was kept",
            do="Do it again: it looks at all deposits as they are now",
        )


def ended(deposit_id: str) -> Conflict:
    """Nothing follows the end of a deposit but what is told of its remainder."""
    return Conflict(
        "The deposit has ended",
        where=f"deposit {deposit_id}",
        do=f"Look at it with `meterledger deposit show {deposit_id}`",
    )


def not_undone(deposit_id: str) -> Conflict:
    """A step that undoes another one names one that stands."""
    return Conflict(
        "What is undone does not stand like that",
        where=f"deposit {deposit_id}",
        why="A step is undone once, by as much as it moved; nothing of this call was kept",
        do=f"Look at it with `meterledger deposit show {deposit_id}`",
    )


def no_deposit(deposit_id: str) -> NotFound:
    """No deposit of that name."""
    return NotFound(
        f"There is no deposit {deposit_id[:80]}",
        do="List what there is with `meterledger deposit list`",
    )


def not_held(account_id: str) -> Conflict:
    """More would leave the account's deposits than they hold."""
    return Conflict(
        "More would leave the deposits of this account than they hold",
        where=f"account {account_id}",
        why="Nothing of this call was kept",
        do="Look at the account's deposits with `meterledger deposit list`",
    )


def entries_match(work: Sequence[DepositWork]) -> bool:
    """Whether each step that moves money comes with its entry, and no other entry with them.

    A step that undoes comes with the reversal of the entry of the step that it names.
    """
    steps = [(one.deposit_id, step) for one in work for step in one.steps]
    entries = [entry for one in work for entry in one.entries]
    named = {step.entry_id for _, step in steps if step.entry_id}
    undone = {f"{name}.{step.note}" for name, step in steps if step.act is DepositAct.UNDONE}
    reversed_ = {one.reverses.partition(":")[2] for one in entries if one.reverses}
    return undone == reversed_ and named == {one.entry_id for one in entries if not one.reverses}
