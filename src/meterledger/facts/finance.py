"""Sums of the journal and of bills, as finance reads them.

Lives here      the nouns. Debits and credits are both positive cents.
Lives elsewhere adding up (``stores``), reports with their ties (``usecases/finance_*``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class LedgerRow(NamedTuple):
    """What one kind of event moved on one ledger account in a month of the books.

    ``month`` is its first day, by the booked day; ``kind`` is the prefix of the entries' names
    (``bill``, ``payment``; ``reversal of bill`` for what took one back); ``schedule`` is that of
    the bill, empty for anything else.
    """

    month: date
    ledger_account: str
    kind: str
    schedule: str
    debit_cents: int
    credit_cents: int
    legs: int


class PaymentCash(NamedTuple):
    """What payments received on a day brought to cash (131.x), and what of it was taken back since.

    Of entries ``payment:KEY`` and ``unapplied:KEY`` that debit cash; ``has_receipt`` tells those
    whose key is a receipt's apart from money that an extension's contract took.
    """

    day: date
    has_receipt: bool
    payment_count: int
    cents: int
    back_count: int
    back_cents: int


class RevenueRow(NamedTuple):
    """Lines of bills posted on some days, less those that were taken back: by schedule and code."""

    schedule: str
    code: str
    group: str
    cents: int
    lines: int


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """An account's receivable on a day (142 and 143, without what budget plans defer)."""

    account_id: str
    schedule: str
    cents: int
