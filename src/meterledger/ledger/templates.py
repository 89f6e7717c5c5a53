"""Entry templates: which ledger accounts a bill and a payment move, and by how much.

Lives here      one function per event; debits are positive, credits negative.
Lives elsewhere keeping entries (``stores``), order of payment, reversal (later chapters).
Read first      docs/glossary.md: "entry", "leg", "receivable". Account numbers are those of the
                FERC Uniform System of Accounts, 18 CSR part 101.
"""

from __future__ import annotations

from datetime import datetime

from meterledger.facts.bills import Bill
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.money import Entry, Leg, Payment

CASH = "131"
RECEIVABLE = "142"
TAX_COLLECTIONS = "241"
RESIDENTIAL_SALES = "440"

CHART = {
    CASH: "Cash",
    RECEIVABLE: "Customer accounts receivable",
    TAX_COLLECTIONS: "Tax collections payable",
    RESIDENTIAL_SALES: "Residential sales",
}


def entry_for_bill(bill: Bill, *, learned_at: datetime) -> Entry | None:
    """The receivable of a bill against revenue and tax payable; None for a bill of zero.

    Named after the bill, so that posting it twice posts it once.
    """
    tax = sum(line.cents for line in bill.lines if line.group is ChargeGroup.TAX)
    revenue = bill.total_cents - tax
    legs = (
        Leg(RECEIVABLE, bill.total_cents, bill.account_id),
        Leg(RESIDENTIAL_SALES, -revenue),
        Leg(TAX_COLLECTIONS, -tax),
    )
    moving = tuple(leg for leg in legs if leg.cents != 0)
    if not moving:
        return None
    return Entry(
        entry_id=f"bill:{bill.bill_id}",
        effective_day=bill.issued_day,
        learned_at=learned_at,
        legs=moving,
        cause=f"bill {bill.bill_id}",
    )


def entry_for_payment(payment: Payment) -> Entry:
    """Cash received against the account's receivable, named after the payment's key."""
    return Entry(
        entry_id=f"payment:{payment.payment_key}",
        effective_day=payment.received_day,
        learned_at=payment.learned_at,
        legs=(
            Leg(CASH, payment.cents),
            Leg(RECEIVABLE, -payment.cents, payment.account_id),
        ),
        cause=f"{payment.tender.value} payment {payment.payment_key}",
    )
