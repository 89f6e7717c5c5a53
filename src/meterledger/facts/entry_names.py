"""How entries of the journal are named: a prefix that says what happened, and the key of its cause.

Lives here      every prefix, once. The database knows which table holds the cause of each.
Lives elsewhere the entries (``ledger``), the prefixes of settlements and of acts on deposits, which
                are words of their own facts (``facts.settlements``, ``facts.deposits``).
"""

from __future__ import annotations

BILL = "bill"
PAYMENT = "payment"
UNAPPLIED_MONEY = "unapplied"
REVERSAL = "reversal"
RELIEF = "relief"
LATE_CHARGE = "late"
UNCLAIMED_MONEY = "unclaimed"
EXTENSION_REFUND = "ext-refund"
EXTENSION_FORFEIT = "ext-forfeit"
EXTENSION_GUARANTEE = "ext-guarantee"
EXTENSION_CREDIT = "ext-credit"
SPECIAL_FACILITY = "special-facility"
BANK_ADJUSTMENT = "bank-adjustment"
ACCRUAL = "accrual"


def entry_name(prefix: str, key: str) -> str:
    """``payment:K-7``: unique for ever, so that posting twice posts once."""
    return f"{prefix}:{key}"


def reversal_name(entry_id: str) -> str:
    """The name of what takes an entry back; there is one, so it happens once."""
    return entry_name(REVERSAL, entry_id)


def relief_name(bill_id: str) -> str:
    """The name of what an agreement takes off a bill; a bill has one."""
    return entry_name(RELIEF, bill_id)


def bill_of_relief(entry_id: str) -> str | None:
    """The entry of the bill that a relief is taken off; None of any other entry."""
    prefix, _, key = entry_id.partition(":")
    return entry_name(BILL, key) if prefix == RELIEF else None
