"""Taking an entry back: the same legs the other way round, once.

Lives here      the reversal of an entry, named after what it reverses.
Lives elsewhere when an entry is wrong (``billing``, journeys), refusing a second one (``stores``).
"""

from __future__ import annotations

from datetime import date, datetime

from meterledger.facts.entry_names import reversal_name
from meterledger.facts.money import Entry, Leg


def reverse_entry(entry: Entry, *, on: date, learned_at: datetime, cause: str) -> Entry:
    """The entry that takes ``entry`` back to the cent; its name lets it be posted once."""
    return Entry(
        entry_id=reversal_name(entry.entry_id),
        effective_day=on,
        learned_at=learned_at,
        legs=tuple(
            Leg(leg.ledger_account, -leg.cents, leg.customer_account_id) for leg in entry.legs
        ),
        cause=cause,
        reverses=entry.entry_id,
    )
