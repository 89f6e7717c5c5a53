"""What both stores promise about deposits: which steps follow, in the same words.

Lives here      what is new of a call, and the refusals.
Lives elsewhere keeping rows (``memory/deposits``, ``postgres/repository/deposits``). Triggers of
                PostgreSQL cannot be raced; what is found here first is found in better words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from meterledger.facts.deposits import CLOSING, OPENING, Deposit, DepositAct, DepositStep
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.ports import Conflict, NotFound

AFTER_THE_END = frozenset({DepositAct.REQUESTED, DepositAct.EFFORT})
"""What may still be told of a deposit that has ended."""
HELD = "deposits_hold_what_leaves"
"""The constraint by which the database refuses more to leave than is held."""
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
    for step in work.steps:
        if closed and step.act not in AFTER_THE_END:
            raise ended(work.deposit_id)
        closed = closed or step.act in CLOSING


def _contents(step: DepositStep) -> tuple[object, ...]:
    return tuple(getattr(step, one.name) for one in fields(step) if one.name not in _NOT_COMPARED)


def _other(step: DepositStep) -> Conflict:
    return Conflict(
        f"The step '{step.key}' was taken already, with other contents",
        where=f"deposit {step.deposit_id}",
        why="A step is taken once, and nothing was changed",
        do=f"Look at it with `meterledger deposit show {step.deposit_id}`",
    )


def moved(deposit_id: str) -> Conflict:
    """Somebody else took a step since this was decided."""
    return Conflict(
        "Somebody else took a step of this deposit meanwhile",
        where=f"deposit {deposit_id}",
        why="Nothing of this call was kept",
        do="Do it again: it looks at the deposit as it is now",
    )


def ended(deposit_id: str) -> Conflict:
    """Nothing follows the end of a deposit but what is told of its remainder."""
    return Conflict(
        "The deposit has ended",
        where=f"deposit {deposit_id}",
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
    """Whether each step that moves money comes with its entry, and no other entry with them."""
    named = {step.entry_id for one in work for step in one.steps if step.entry_id}
    return named == {entry.entry_id for one in work for entry in one.entries}
