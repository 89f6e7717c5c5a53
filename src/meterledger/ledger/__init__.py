"""The ledger room: balanced entries from what happened. It alone writes entries.

Others may call ``entry_for_bill`` and ``entry_for_payment``.
"""

from meterledger.ledger.templates import CHART, entry_for_bill, entry_for_payment

__all__ = ["CHART", "entry_for_bill", "entry_for_payment"]
