"""What of an account's deposits may be refunded: what remains of those that have ended.

Lives here      the sum, as known at the desk's instant; the name under which it is asked for.
Lives elsewhere ending a deposit (``deposit_back``), the refund itself (``refund_credit``), handing
                remainders out by night (``deposit_hand_out``).
Read first      GRR VI.C; docs/operating/deposits.md, "Giving it back".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from meterledger.facts.deposits import DepositAct
from meterledger.facts.settlements import Act, SettlementCase, SettlementKind, refund_of_deposits
from meterledger.ledger import DEPOSITS
from meterledger.usecases.deposit_money import money_of_deposits
from meterledger.usecases.settlements import MoneyDesk, entries_known

OVER = (Act.REFUSED, Act.REVERSED)
"""A refund that ended so is over: who asks again asks anew, under the next number."""


def remainder_cents(account_id: str, desk: MoneyDesk) -> int:
    """What of the account's deposits has ended and is the customer's, less what is asked for.

    A deposit that is held as security is no credit.
    """
    left = sum(remainders(account_id, desk).values())
    return max(0, left - _awaiting(account_id, desk))


def remainders(account_id: str, desk: MoneyDesk) -> dict[str, int]:
    """What is left of each deposit of the account that has ended, by its id, in cents."""
    deposits = desk.store.deposits_of_accounts([account_id]).get(account_id, ())
    money = desk.store.account_money([account_id]).get(account_id)
    found = money_of_deposits(
        deposits,
        entries_known(account_id, desk),
        money.applications if money else (),
        account_id,
        known_at=desk.now,
    )
    return {
        name: max(0, one.held_cents)
        for name, one in found.items()
        if any(step.cents for step in one.deposit.of(DepositAct.GIVEN_BACK))
    }


def name_of_remainder(
    key: str, account_id: str, cents: int, of: Collection[str], desk: MoneyDesk
) -> tuple[str, SettlementCase | None]:
    """The key under which a remainder is asked for, and the refund of it that has that key.

    ``of`` are the deposits of which it is left. A refund of the same amount and day, asked for or
    paid, is this one unless as much is left of these deposits beside it: then it was of another.
    """
    whole = f"{key}.deposit"
    if not of:
        return next_name(whole, account_id, desk)
    left = remainders(account_id, desk)
    mine = sum(left.get(name, 0) for name in of)
    waits = sum(
        one.cents
        for one in desk.store.settlements(account_id=account_id, kind=SettlementKind.REFUND)
        if one.source == DEPOSITS and one.awaits_approval  # asked for at this very instant, too
    )
    is_there = cents <= min(mine, sum(left.values()) - waits)
    own = next_name(
        refund_of_deposits(whole, of),
        account_id,
        desk,
        is_other=lambda one: is_there and not one.awaits_approval,
    )
    if own[1] is not None:
        return own
    name, known = next_name(whole, account_id, desk)
    if known is None and mine == sum(left.values()):
        return name, None  # all that is left of the account's deposits, in one refund
    return own if known is None or is_there else (name, known)


def next_name(
    key: str,
    account_id: str,
    desk: MoneyDesk,
    *,
    kind: SettlementKind = SettlementKind.REFUND,
    is_other: Callable[[SettlementCase], bool] = lambda one: False,
) -> tuple[str, SettlementCase | None]:
    """The key of an ask, and the settlement that has it if it was asked for before.

    One that was refused or taken back is over, as is one that ``is_other`` says to be of other
    money: the next number is asked for.
    """
    mine = desk.store.settlements(account_id=account_id or None, kind=kind)
    return _next_of(mine, key, is_other, "-")


def next_of_payment(
    kind: SettlementKind, payment_key: str, account_id: str, desk: MoneyDesk
) -> tuple[str, SettlementCase | None]:
    """As ``next_name``, for what is done once for a payment: ``KEY``, then ``KEY.again-2``."""
    mine = desk.store.settlements(account_id=account_id, kind=kind)
    return _next_of(mine, payment_key, lambda one: one.about != payment_key, ".again-")


def _next_of(
    mine: Iterable[SettlementCase],
    key: str,
    is_other: Callable[[SettlementCase], bool],
    between: str,
) -> tuple[str, SettlementCase | None]:
    by_key = {one.key: one for one in mine}
    name, number = key, 1
    while name in by_key and (by_key[name].last.act in OVER or is_other(by_key[name])):
        number += 1
        name = f"{key}{between}{number}"
    return name, by_key.get(name)


def _awaiting(account_id: str, desk: MoneyDesk) -> int:
    """What of deposits was asked for before, and nobody had decided at the desk's instant."""
    return sum(
        one.cents
        for one in desk.store.settlements(account_id=account_id, kind=SettlementKind.REFUND)
        if one.source == DEPOSITS
        and one.asked.learned_at < desk.now
        and [step.act for step in one.steps if step.learned_at <= desk.now] == [Act.ASKED]
    )
