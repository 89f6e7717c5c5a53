"""What payments ask of deposits: which are asked for, of many accounts, on a day.

Lives here      one function, in the form that payments take it.
Lives elsewhere what is asked for (``facts/deposits``), spending a payment (``take_payment``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

from meterledger.facts.deposits import Deposit, asked_items
from meterledger.facts.receivables import OpenItem


class DepositReads(Protocol):
    """What this needs of the store."""

    def deposits_of_accounts(
        self, account_ids: Collection[str]
    ) -> Mapping[str, tuple[Deposit, ...]]:
        """The accounts' deposits."""


def deposits_asked_on(
    day: date, store: DepositReads
) -> Callable[[Collection[str]], Mapping[str, Sequence[OpenItem]]]:
    """Deposits asked for by the evening of a day, by account: for ``take_payment`` and files."""

    def asked(account_ids: Collection[str]) -> Mapping[str, Sequence[OpenItem]]:
        every = store.deposits_of_accounts(account_ids)
        return {account: asked_items(deposits, day) for account, deposits in every.items()}

    return asked
