"""Accounting periods: months of the books that are closed, and what each account came to in them.

Lives here      the nouns.
Lives elsewhere booking entries in open periods, keeping totals (``stores``), who may close one and
                when (``usecases.close_period``).
Read first      docs/glossary.md: "accounting period", "booked day".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from meterledger.kernel.ensure import ensure


@dataclass(frozen=True, slots=True)
class PeriodTotal:
    """What one ledger account came to in a closed period: debits, credits (both positive), legs."""

    ledger_account: str
    debit_cents: int
    credit_cents: int
    legs: int


@dataclass(frozen=True, slots=True)
class PeriodClose:
    """A month that is closed. ``month`` is its first day; ``totals`` are the store's own.

    The first period that is closed closes everything before it, and its totals are of all that.
    """

    month: date
    closed_by: str
    learned_at: datetime
    totals: tuple[PeriodTotal, ...] = ()

    def __post_init__(self) -> None:
        ensure(self.month.day == 1, "a period is named by its first day")
        ensure(self.closed_by.strip() != "", "a period is closed by a name")
