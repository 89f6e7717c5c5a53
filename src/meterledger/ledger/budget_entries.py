"""A bill on a budget plan in the ledger: what it asks is receivable now, the rest is deferred.

Lives here      the receivable's own sub-account of what budget plans have deferred.
Lives elsewhere the entry of a bill itself (``templates``), what a bill asks (``billing``).
Read first      docs/operating/budget_billing.md.

Revenue and taxes are those of the period, whatever is asked. The two parts of the receivable sum to
the bill's total; the deferred part of an account is its plan's running difference, which the next
bills ask for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from meterledger.facts.bills import Bill
from meterledger.facts.entry_names import BILL, entry_name
from meterledger.facts.money import Entry, Leg
from meterledger.ledger import templates
from meterledger.ledger.chart import BUDGET_DEFERRED as BUDGET_DEFERRED
from meterledger.ledger.chart import RECEIVABLE


def entry_for_bill(bill: Bill, *, learned_at: datetime) -> Entry | None:
    """The receivable of a bill against revenue and tax payable; None where nothing moves.

    On a budget plan the receivable is what the bill asks, and ``142.budget`` takes the difference.
    Named after the bill, so that posting it twice posts it once.
    """
    entry = templates.entry_for_bill(bill, learned_at=learned_at)
    if bill.asked is None or bill.asked.deferred_cents == 0:
        return entry
    deferred = Leg(BUDGET_DEFERRED, bill.asked.deferred_cents, bill.account_id)
    asked = Leg(RECEIVABLE, bill.asked_cents, bill.account_id)
    parts = tuple(leg for leg in (asked, deferred) if leg.cents != 0)
    if entry is None:  # a bill of zero that asks something: the deferred part is drawn on
        return Entry(
            entry_id=entry_name(BILL, bill.bill_id),
            effective_day=bill.issued_day,
            learned_at=learned_at,
            legs=parts,
            cause=f"bill {bill.bill_id}",
        )
    others = tuple(leg for leg in entry.legs if leg.ledger_account != RECEIVABLE)
    return replace(entry, legs=(*parts, *others))
