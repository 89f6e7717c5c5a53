"""The names of the book that settlements ask for, for whoever lists what is used."""

from __future__ import annotations

from meterledger.ledger import refunds, returned_payment, unclaimed, write_off

SETTLEMENT_VALUES = frozenset(
    {
        refunds.FLOOR,
        refunds.WITHIN_DAYS,
        refunds.CREDIT_MOST,
        write_off.AFTER_DAYS,
        write_off.ALONE,
        write_off.PERCENT,
        returned_payment.WHEN,
        returned_payment.CHARGE,
        unclaimed.STALE_DAYS,
        unclaimed.DORMANT_MONTHS,
        unclaimed.CUTOFF,
        unclaimed.NAMED,
    }
)
