"""What journeys need of the journal: entries, payments, balances."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from meterledger.facts.money import Entry, Payment
from meterledger.facts.periods import PeriodClose


class Ledger(Protocol):
    """The journal: append-only, balanced; payment keys unique for ever."""

    def record_payment(self, payment: Payment, entry: Entry) -> bool:
        """Post a payment once. False, and nothing changed, if the same payment is posted already.

        :raises Conflict: if the key was used with other contents
        """

    def balance_cents(self, account_id: str) -> int:
        """What the account owes now: the sum of its receivable legs."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""

    def entry_named(self, entry_id: str, effective_day: date) -> Entry | None:
        """An entry of a day by its name; None where there is none."""

    def payments_of_account(self, account_id: str) -> list[Payment]:
        """Payments of the account, oldest first."""

    def trial_balance(self) -> dict[str, int]:
        """Sum of legs by ledger account. The sums add up to zero."""

    def account_balances(
        self, account_id: str, *, at: date | None = None, known_at: datetime | None = None
    ) -> dict[str, int]:
        """What a customer has on each ledger account, of entries effective by ``at`` (all where
        None) that were learned by ``known_at``; accounts at zero are left out."""

    def ledger_balances(
        self,
        *,
        at: date | None = None,
        known_at: datetime | None = None,
        booked_until: date | None = None,
    ) -> dict[str, int]:
        """What each ledger account stands at, accounts at zero left out; together they are zero.

        Of entries effective by ``at``, learned by ``known_at``, booked before ``booked_until``.
        """

    def entry_months(self) -> list[date]:
        """Months in which entries are effective, oldest first, each by its first day."""

    def entries_of_month(self, month: date, *, after: str = "", limit: int = 5_000) -> list[Entry]:
        """Up to ``limit`` entries of a month by name, after the one named."""

    def close_period(self, close: PeriodClose) -> bool:
        """Close a month; False, and nothing changed, if the same person closed it already.

        Its totals are the store's own. Entries of its days are booked later from now on.

        :raises Conflict: if another one is to be closed first, or somebody else closed it
        """

    def closed_periods(self) -> list[PeriodClose]:
        """Closed months with their totals, oldest first."""

    def booking_opens(self) -> date | None:
        """The first day on which something may be booked; None where no period is closed."""
