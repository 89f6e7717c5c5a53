"""Charges adjusted by agreement, in the ledger: revenue and taxes are less, and so is what is owed.

Lives here      the entry of what an agreement takes off one bill.
Lives elsewhere how much it is (``billing.bill_relief``), taking it back (``reversal``).
Read first      GRR V.H.4; docs/operating/relief.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from meterledger.facts.entry_names import relief_name
from meterledger.facts.money import Entry, Leg
from meterledger.facts.taxes import TaxOfLine
from meterledger.ledger.chart import RECEIVABLE
from meterledger.ledger.templates import REVENUE_OF_CLASS, tax_account


def entry_for_relief(
    *,
    bill_id: str,
    account_id: str,
    service_class: str,
    charge_cents: int,
    taxes: Mapping[TaxOfLine | None, int],
    on: date,
    learned_at: datetime,
    cause: str,
) -> Entry | None:
    """The entry of a bill's relief, named after the bill; None where it comes to nothing.

    It takes off the revenue of the class of service and each jurisdiction's tax what the customer
    owes less.
    """
    total = charge_cents + sum(taxes.values())
    if not total:
        return None
    of_taxes: dict[str, int] = {}
    for of, cents in taxes.items():
        of_taxes[tax_account(of)] = of_taxes.get(tax_account(of), 0) + cents
    legs = (
        Leg(REVENUE_OF_CLASS[service_class], charge_cents),
        *(Leg(account, cents) for account, cents in sorted(of_taxes.items())),
        Leg(RECEIVABLE, -total, account_id),
    )
    return Entry(
        entry_id=relief_name(bill_id),
        effective_day=on,
        learned_at=learned_at,
        legs=tuple(leg for leg in legs if leg.cents != 0),
        cause=cause,
    )
