"""The billing room: windows, proration, taxes, due dates, and the assembly of a bill.

Others may call ``due_windows``, ``prorate``, ``decide_due_day``, ``tax_terms``,
``tax_line`` and ``assemble_bill``; each returns a fact or a cited decision.
"""

from meterledger.billing.assemble import assemble_bill
from meterledger.billing.due_day import decide_due_day
from meterledger.billing.proration import prorate
from meterledger.billing.taxes import (
    NO_TAX_PLACE,
    TaxTerms,
    UnknownTaxPlace,
    tax_line,
    tax_place_on,
    tax_terms,
)
from meterledger.billing.window import BillWindow, due_windows, reading_day

__all__ = [
    "NO_TAX_PLACE",
    "BillWindow",
    "TaxTerms",
    "UnknownTaxPlace",
    "assemble_bill",
    "decide_due_day",
    "due_windows",
    "prorate",
    "reading_day",
    "tax_line",
    "tax_place_on",
    "tax_terms",
]
