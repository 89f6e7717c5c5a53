"""The ledger room: balanced entries from what happened. It alone writes entries.

Others may call ``entry_for_bill`` and ``entry_for_payment``, and name accounts of the ``CHART``.
"""

from meterledger.ledger.templates import (
    CASH,
    CHART,
    RECEIVABLE,
    RESIDENTIAL_SALES,
    TAX_COLLECTIONS,
    entry_for_bill,
    entry_for_payment,
)

__all__ = [
    "CASH",
    "CHART",
    "RECEIVABLE",
    "RESIDENTIAL_SALES",
    "TAX_COLLECTIONS",
    "entry_for_bill",
    "entry_for_payment",
]
