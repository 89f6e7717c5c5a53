"""A late charge in the ledger: the customer's receivable against forfeited discounts.

Lives here      the entry of a charge, and what the next bill says of it.
Lives elsewhere the charge (``facts.late_charges``), taking it back (``reversal``).
"""

from __future__ import annotations

from datetime import datetime

from meterledger.facts.late_charges import LateCharge
from meterledger.facts.money import Entry, Leg
from meterledger.kernel.money import usd_display
from meterledger.ledger.chart import FORFEITED_DISCOUNTS, RECEIVABLE


def entry_for_late_charge(charge: LateCharge, *, learned_at: datetime) -> Entry:
    """The entry of a late charge, named after it, so that posting it twice posts it once.

    Its cause is what the statement of the next bill says: on how much, of which bill, by which
    clause.
    """
    day = charge.delinquent_day
    return Entry(
        entry_id=charge.entry_id,
        effective_day=charge.on,
        learned_at=learned_at,
        legs=(
            Leg(RECEIVABLE, charge.cents, charge.account_id),
            Leg(FORFEITED_DISCOUNTS, -charge.cents),
        ),
        cause=(
            f"late payment charge on {usd_display(charge.base_cents)} of bill {charge.bill_id}, "
            f"unpaid after {day:%B} {day.day}, {day.year} ({charge.clause})"
        ),
    )
