"""Which accounts return a deposit through their final bill, as it stood before that bill.

Lives here      one question for the accounts whose service ends.
Lives elsewhere what it means for a bill (``billing.without_uncharged``), crediting the deposit to
                it (``deposit_back``), what is held (``deposit_money``).
Read first      GRR V.E.2; docs/decisions/0028; docs/operating/deposits.md, "Giving it back".

It goes back through the account's last bill: while one of its services goes on, the deposit stays.

The evening before the bill's day counts: on that day the deposit is credited to the bill, and is no
deposit any more. So the same is answered when the bill is made again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Protocol

from meterledger.facts.places import BillableService
from meterledger.usecases.deposit_asked import DepositReads
from meterledger.usecases.deposit_money import MoneyStore, deposit_money

A_DAY = timedelta(days=1)


class DepositsThrough(DepositReads, MoneyStore, Protocol):
    """What this needs of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""


def deposits_through(
    finals: Collection[tuple[str, date]], *, known_at: datetime, store: DepositsThrough
) -> frozenset[tuple[str, date]]:
    """Of accounts with the day of a final bill: those with a deposit that was held before it."""
    every = store.deposits_of_accounts({account for account, _ in finals}) if finals else {}
    return frozenset(
        (account, day)
        for account, day in finals
        if account in every and _has_ended(account, day, known_at, store)
        for one in deposit_money(
            account, every[account], store, at=day - A_DAY, known_at=known_at
        ).values()
        if one.held_cents > 0 and not one.deposit.is_closed
    )


def _has_ended(account: str, day: date, known_at: datetime, store: DepositsThrough) -> bool:
    """Whether no service of the account goes on over the day, as known then."""
    ends = [one.agreement.days.until_day for one in store.services_of_account(account, known_at)]
    return all(end is not None and end <= day for end in ends)
