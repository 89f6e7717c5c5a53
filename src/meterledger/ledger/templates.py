"""Entry templates: which ledger accounts a bill and a payment move, and by how much.

Lives here      one function per event; debits are positive, credits negative.
Lives elsewhere accounts (``chart``), keeping entries (``stores``), a payment over open items
                (``spend_payment``), deposits, extensions and settlements (their ``*_entries``).
Read first      docs/glossary.md: "entry", "leg", "receivable", "sub-account".
"""

from __future__ import annotations

from datetime import datetime

from meterledger.facts.bills import Bill
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.entry_names import BILL, PAYMENT, entry_name
from meterledger.facts.money import Entry, Leg, Payment
from meterledger.facts.taxes import TaxOfLine, taxes_of_lines
from meterledger.ledger.chart import (
    CASH,
    COMMERCIAL_AND_INDUSTRIAL_SALES,
    PROVISION,
    RECEIVABLE,
    RESIDENTIAL_SALES,
    STREET_LIGHTING_SALES,
    TAX_COLLECTIONS,
    control_of,
)

__all__ = [
    "CASH",
    "RECEIVABLE",
    "RESIDENTIAL_SALES",
    "REVENUE_OF_CLASS",
    "TAX_COLLECTIONS",
    "control_of",
    "entry_for_bill",
    "entry_for_payment",
    "tax_account",
]

REVENUE_OF_CLASS = {
    "residential": RESIDENTIAL_SALES,
    "small_general": COMMERCIAL_AND_INDUSTRIAL_SALES,
    "large_general": COMMERCIAL_AND_INDUSTRIAL_SALES,
    "small_primary": COMMERCIAL_AND_INDUSTRIAL_SALES,
    "large_primary": COMMERCIAL_AND_INDUSTRIAL_SALES,
    "lighting": STREET_LIGHTING_SALES,
}
"""Where the revenue of a class of service is posted."""


FLOOR_CLAUSE, ADJUSTMENT = "GRR V.E.2", "adjustment"
"""How a line is known that leaves a final bill uncharged because it is under the floor."""


def written_off_cents(bill: Bill) -> int:
    """What a final bill under the floor leaves uncharged (GRR V.E.2); zero of any other bill.

    What may not be charged at all, as service that we bill too late, is no debt to write off.
    """
    return -sum(
        line.cents
        for line in bill.lines
        if line.unit == ADJUSTMENT
        and line.group is not ChargeGroup.TAX
        and any(one.paragraph == FLOOR_CLAUSE for one in line.citations)
    )


def tax_account(of: TaxOfLine | None) -> str:
    """The sub-account of a tax and who levies it; the control account where nobody can tell."""
    return TAX_COLLECTIONS if of is None else f"{TAX_COLLECTIONS}.{of.tax}.{of.jurisdiction}"


def entry_for_bill(bill: Bill, *, learned_at: datetime) -> Entry | None:
    """The receivable of a bill against revenue and taxes payable; None for a bill of zero.

    A final bill under the floor asks for nothing: what was used is revenue all the same, and is
    written off with the bill, so that the books show it. Its taxes were never owed.

    Revenue is posted by the class of service, each tax to the sub-account of its jurisdiction.
    Named after the bill, so that posting it twice posts it once.
    """
    taxes: dict[str, int] = {}
    taxed = [line for line in bill.lines if line.group is ChargeGroup.TAX]
    found = taxes_of_lines([(one.code, dict(one.inputs)) for one in taxed], bill.tax_place)
    for line, of in zip(taxed, found, strict=True):
        account = tax_account(of)
        taxes[account] = taxes.get(account, 0) + line.cents
    revenue = bill.total_cents - sum(taxes.values())
    legs = (
        Leg(RECEIVABLE, bill.total_cents, bill.account_id),
        Leg(REVENUE_OF_CLASS[bill.service_class], -revenue),
        *(Leg(account, -cents) for account, cents in taxes.items()),
    )
    left = written_off_cents(bill)
    legs = (
        *legs,
        Leg(PROVISION, left),
        Leg(REVENUE_OF_CLASS[bill.service_class], -left),
    )
    moving = tuple(leg for leg in legs if leg.cents != 0)
    if not moving:
        return None
    return Entry(
        entry_id=entry_name(BILL, bill.bill_id),
        effective_day=bill.issued_day,
        learned_at=learned_at,
        legs=moving,
        cause=f"bill {bill.bill_id}" + (", left uncharged and written off" if left else ""),
    )


def entry_for_payment(payment: Payment) -> Entry:
    """Cash received against the account's receivable, named after the payment's key."""
    return Entry(
        entry_id=entry_name(PAYMENT, payment.payment_key),
        effective_day=payment.received_day,
        learned_at=payment.learned_at,
        legs=(
            Leg(CASH, payment.cents),
            Leg(RECEIVABLE, -payment.cents, payment.account_id),
        ),
        cause=f"{payment.tender.value} payment {payment.payment_key}",
    )
