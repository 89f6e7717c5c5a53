"""The ledger room: balanced entries from what happened. It alone writes entries.

Others may call ``entry_for_bill``, ``entry_for_payment`` and
``decide_payment_split``, and name accounts of the ``CHART``.
"""

from meterledger.ledger import balance_transfer, payment_order, templates
from meterledger.ledger.budget_entries import BUDGET_CHART, BUDGET_DEFERRED, entry_for_bill
from meterledger.ledger.open_items import Receivable, Settlement, open_items, receivable
from meterledger.ledger.payment_order import decide_payment_split
from meterledger.ledger.reversal import reverse_entry
from meterledger.ledger.templates import (
    CASH,
    RECEIVABLE,
    RESIDENTIAL_SALES,
    REVENUE_OF_CLASS,
    TAX_COLLECTIONS,
    account_name,
    control_of,
    control_sums,
    entry_for_payment,
    tax_account,
)
from meterledger.rulebook.rules import Rule

CHART = {**templates.CHART, **BUDGET_CHART}

RULES: tuple[Rule, ...] = (*payment_order.RULES, *balance_transfer.RULES)
"""Every rule of this room, for ``rules`` and ``decide``."""

__all__ = [
    "BUDGET_DEFERRED",
    "CASH",
    "CHART",
    "RECEIVABLE",
    "RESIDENTIAL_SALES",
    "REVENUE_OF_CLASS",
    "RULES",
    "TAX_COLLECTIONS",
    "Receivable",
    "Settlement",
    "account_name",
    "control_of",
    "control_sums",
    "decide_payment_split",
    "entry_for_bill",
    "entry_for_payment",
    "open_items",
    "receivable",
    "reverse_entry",
    "tax_account",
]
