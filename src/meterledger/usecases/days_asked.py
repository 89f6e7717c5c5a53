"""By which day a customer was asked for each bill, for whoever tells whether it was paid in time.

Lives here      the day of each bill of an account, as known at an instant.
Lives elsewhere what the day follows from (``stores``: the bill's own due day, documents, combined
                statements), late charges (``late_charge_base``), who asks (``deposit_history``,
                ``write_off``).
Read first      docs/operating/late_charges.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.late_charges import LateBill

NEVER = date.max
"""The day of a bill that came back, or was set aside, and has not gone out."""


class LateBillReads(Protocol):
    """What this needs of the store."""

    def late_bills(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> Mapping[str, tuple[LateBill, ...]]:
        """The accounts' bills as late charges know them; accounts without any are left out."""


def days_asked(account_id: str, known_at: datetime, store: LateBillReads) -> dict[str, date]:
    """The day by which each bill of the account was asked for, by its item (``bill:B-1``).

    ``NEVER`` for one that has not gone out.
    """
    bills = store.late_bills([account_id], known_at).get(account_id, ())
    return {f"bill:{one.bill_id}": one.asked_by if one.is_delivered else NEVER for one in bills}
