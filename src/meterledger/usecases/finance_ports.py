"""What reports of finance need of the store: the journal and bills, added up.

Lives here      the port ``FinanceReads``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the nouns (``facts.finance``), the reports (``finance_reports`` and beside it).

Spans are half-open: ``since`` is in, ``until`` is out. Read inside ``viewing``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol, TypeVar

from meterledger.facts.finance import AccountBalance, LedgerRow, PaymentCash, RevenueRow
from meterledger.facts.money import Entry
from meterledger.facts.receivables import AccountMoney
from meterledger.facts.unbilled import Accrual

Told = TypeVar("Told")


class FinanceReads(Protocol):
    """Sums that say nothing of whom, and balances that do."""

    def ledger_rows(self, since: date | None, until: date) -> list[LedgerRow]:
        """The journal by month, account, kind and schedule; days are booked days.

        ``since`` None is from the beginning.
        """

    def payment_cash(self, since: date, until: date) -> list[PaymentCash]:
        """What payments and unapplied money effective on the days debit 131.x, from the journal.

        By day, with a receipt and without; what was taken back of it counts on the day of the
        payment, whenever it was taken back.
        """

    def revenue_rows(self, since: date, until: date) -> list[RevenueRow]:
        """Lines of bills issued on the days less those of bills taken back on them."""

    def receivable_balances(self, at: date) -> list[AccountBalance]:
        """Every account that owes or is owed on the evening of ``at``, by account number."""

    def each_owing(
        self, at: date, tell: Callable[[AccountBalance, AccountMoney], Told]
    ) -> list[Told]:
        """What ``tell`` says of each account whose balance on the evening of ``at`` is not zero.

        In the order of account numbers, in one question however many there are and of one moment;
        the money comes with its due days. One account after the other: all of it is never held.
        """

    def entries_booked(
        self, ledger_account: str, since: date, until: date, *, limit: int = 500
    ) -> list[Entry]:
        """Entries with a leg on the account booked on the days, oldest first."""


class AccrualLog(Protocol):
    """Accruals that were posted: one of a month end, for ever."""

    def record_accrual(self, accrual: Accrual, entries: Sequence[Entry]) -> bool:
        """Keep and post it in one transaction. False if these same cents are kept already.

        :raises Conflict: if the month end is accrued with other contents
        """

    def accruals(self, *, limit: int = 36) -> list[Accrual]:
        """Accruals, the newest first."""
