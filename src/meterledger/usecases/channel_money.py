"""Money of channels as receipts: posted to an account once, left unapplied, taken back.

Lives here      postings one after the other, each seeing what those before it in the same change
                have paid.
Lives elsewhere what a posting writes (``post_payments``), the channels (``checkouts``, ``ach_out``,
                ``ach_in``, ``ach_returns``, ``pledges``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.money import Entry
from meterledger.facts.payments import Receipt, ReceiptAct, ReceiptOnFile, ReceiptState
from meterledger.facts.receivables import AccountMoney, Application, Movement, OpenItem
from meterledger.rulebook.book import BookView
from meterledger.usecases.payment_ports import ReceiptPosting
from meterledger.usecases.post_payments import (
    Act,
    post_on_account,
    post_step,
    post_unapplied,
    undo_posting,
)
from meterledger.usecases.take_payment import AskedDeposits, no_deposits

RECEIVABLES = ("142", "143")
DEFERRED = "142.budget"


class MoneyStore(Protocol):
    """What postings are made of."""

    def account_money(
        self, account_ids: Collection[str], *, with_due_days: bool = False
    ) -> Mapping[str, AccountMoney]:
        """What open items follow from."""

    def receipt(self, payment_key: str) -> ReceiptOnFile:
        """A receipt with its steps."""

    def known_receipts(self, keys: Collection[str]) -> frozenset[str]:
        """Which of the keys are known."""

    def applications_of(self, source_entry_id: str) -> list[Application]:
        """What a credit was applied to."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account."""


class Postings:
    """Postings of one change. Each account's money is loaded once and kept up to date here."""

    def __init__(
        self,
        store: MoneyStore,
        view: BookView,
        *,
        now: datetime,
        today: date,
        asked_deposits: AskedDeposits = no_deposits,
    ) -> None:
        """``today`` is the utility's local day of ``now``."""
        self._asked_deposits = asked_deposits
        self._deposits: dict[str, Sequence[OpenItem]] = {}
        self._store = store
        self._view = view
        self._now = now
        self._today = today
        self._money: dict[str, AccountMoney] = {}
        self.new: list[ReceiptPosting] = []
        self.steps: list[ReceiptPosting] = []

    def load(self, account_ids: Collection[str]) -> None:
        """Look at many accounts at once."""
        missing = [one for one in account_ids if one not in self._money]
        if missing:
            self._money.update(self._store.account_money(missing))
            self._deposits.update(self._asked_deposits(missing))

    def knows(self, account_id: str) -> bool:
        """Whether there is such an account."""
        self.load([account_id])
        return account_id in self._money

    def post(
        self, receipt: Receipt, account_id: str, *, why: str, earmarked_to: Sequence[str] = ()
    ) -> ReceiptPosting:
        """A new receipt on an account, in the order of the sheet; what is named is paid first."""
        self.load([account_id])
        made = post_on_account(
            receipt,
            self._money[account_id],
            self._act(why),
            view=self._view,
            asked_deposits=self._deposits.get(account_id, ()),
            earmarked_to=earmarked_to,
        )
        self._fold(account_id, made)
        self.new.append(made)
        return made

    def leave_unapplied(self, receipt: Receipt, *, why: str) -> ReceiptPosting:
        """A new receipt that has no account yet."""
        made = post_unapplied(receipt, self._act(why))
        self.new.append(made)
        return made

    def refuse(self, receipt: Receipt, *, why: str) -> ReceiptPosting:
        """A new receipt that moves no money."""
        made = post_step(receipt, self._act(why), ReceiptState.REFUSED)
        self.new.append(made)
        return made

    def take_back(self, payment_key: str, *, on: date, why: str, by: str) -> bool:
        """Undo exactly what a receipt did; False where nothing of it stands.

        :raises NotFound: if nobody knows the receipt
        """
        known = self._store.receipt(payment_key)
        account = known.account_id
        if known.state is not ReceiptState.POSTED or account is None:
            return False
        if any(one.receipt.payment_key == payment_key for one in self.steps):
            return False
        self.load([account])
        entry_id = f"payment:{payment_key}"
        entries = [
            one for one in self._store.entries_of_account(account) if one.entry_id == entry_id
        ]
        act = Act(self._now, self._today, len(known.steps) + 1, ReceiptAct.REVERSED, by, why)
        made = undo_posting(
            known.receipt,
            entries,
            self._store.applications_of(entry_id),
            act,
            on=on,
            money=self._money[account],
        )
        self._fold(account, made)
        self.steps.append(made)
        return True

    def _act(self, why: str) -> Act:
        return Act(self._now, self._today, reason=why)

    def _fold(self, account_id: str, made: ReceiptPosting) -> None:
        money = self._money[account_id]
        moved = [one for entry in made.entries if (one := _movement(entry, account_id)) is not None]
        self._money[account_id] = replace(
            money,
            movements=(*money.movements, *moved),
            applications=(*money.applications, *made.applications),
        )


def _movement(entry: Entry, account_id: str) -> Movement | None:
    legs = [
        leg
        for leg in entry.legs
        if leg.customer_account_id == account_id
        and leg.ledger_account != DEFERRED
        and leg.ledger_account.partition(".")[0] in RECEIVABLES
    ]
    if not legs:
        return None
    return Movement(
        entry.entry_id,
        entry.effective_day,
        entry.learned_at,
        sum(leg.cents for leg in legs),
        reverses=entry.reverses,
    )
