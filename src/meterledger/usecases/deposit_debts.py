"""What has to be paid before anything of an account's deposits goes out in cash.

Lives here      the refusal where money of a deposit that came back is owed still, here or on the
                account that the deposit came from, and where an account that ended owes at all.
Lives elsewhere what is owed after a payment came back (``deposit_came_back``), to whom a refund
                goes (``refund_payees``).
Read first      docs/operating/deposits.md, "When a payment comes back".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from meterledger.facts.deposits import PREFIX_OF_ACT, DepositAct
from meterledger.facts.receivables import OpenItem
from meterledger.kernel.money import usd_display
from meterledger.ledger import movement_of, receivable_of_movements
from meterledger.usecases.deposit_history import special_cents_of
from meterledger.usecases.settlements import (
    CannotSettle,
    MoneyDesk,
    credit_cents,
    entries_known,
    in_service,
)

OWED_BACK = f"{PREFIX_OF_ACT[DepositAct.OWED]}:"


def refuse_while_owed(account_id: str, desk: MoneyDesk) -> None:
    """Refuse that something of the account's deposits goes out while a debt stands against it.

    An account that goes on owes what is not due yet: that alone keeps nothing back. Nor does what
    no deposit pays, such as merchandise.

    :raises CannotSettle: naming the account that owes
    """
    for one in _and_where_they_came_from(account_id, desk):
        owed = _owed_back_cents(one, desk)
        if owed:
            raise _refused(account_id, one, owed, "of a deposit whose payment came back")
    services = desk.store.services_of_account(account_id, desk.now)
    owes = -credit_cents(account_id, desk) - _special_cents(account_id, desk)
    if owes > 0 and services and not in_service(services, desk.on):
        raise _refused(account_id, account_id, owes, "and has ended")


def _refused(account_id: str, owing: str, cents: int, words: str) -> CannotSettle:
    return CannotSettle(
        f"Account {owing} owes {usd_display(cents)} {words}",
        where=f"account {account_id}",
        why="Nothing of a deposit is handed out while that is unpaid",
        do=f"Take the payment first, with `meterledger pay {owing}`",
    )


def _and_where_they_came_from(account_id: str, desk: MoneyDesk) -> Iterator[str]:
    """The account, and those from which deposits of it were moved, however often."""
    seen: set[str] = set()
    left = [account_id]
    while left:
        account = left.pop()
        if account in seen:
            continue
        seen.add(account)
        yield account
        for deposit in desk.store.deposits_of_accounts([account]).get(account, ()):
            left += [
                desk.store.deposit(step.note).account_id
                for step in deposit.of(DepositAct.MOVED_IN)
                if step.learned_at <= desk.now
            ]


def _owed_back_cents(account_id: str, desk: MoneyDesk) -> int:
    items = _open_items(account_id, desk)
    return sum(one.open_cents for one in items if one.item_id.startswith(OWED_BACK))


def _special_cents(account_id: str, desk: MoneyDesk) -> int:
    entries = entries_known(account_id, desk)
    return special_cents_of(_open_items(account_id, desk), entries, account_id)


def _open_items(account_id: str, desk: MoneyDesk) -> tuple[OpenItem, ...]:
    known = desk.store.account_money([account_id])
    given = known[account_id].applications if account_id in known else ()
    found = receivable_of_movements(
        account_id,
        [movement_of(one, account_id) for one in entries_known(account_id, desk)],
        [one for one in given if one.learned_at <= desk.now],
        due_days={},
        at=date.max,
    )
    return found.items
