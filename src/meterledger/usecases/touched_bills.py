"""Live bills of days that a visit changes: whoever records it late is told what it touches.

Lives here      which issued bills reach past a day, at some service points.
Lives elsewhere what they come to now (``find_corrections``), correcting them (``rebill``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from meterledger.usecases.ports import StoredBill


class IssuedAt(Protocol):
    """What is asked of the store."""

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, cancelled ones too, oldest first."""

    def bills_with_days_of(self, service_point_ids: Sequence[str]) -> list[StoredBill]:
        """Live bills of other agreements that have days of the service points, oldest first."""


def touched_bills(service_points: Sequence[str], since: date, store: IssuedAt) -> list[str]:
    """Live bills of the service points with service on ``since`` or later, oldest first."""
    found = store.bills_at(sorted(set(service_points)))
    every = [one for bills in found.values() for one in bills]
    every += store.bills_with_days_of(sorted(set(service_points)))
    return list(
        dict.fromkeys(
            one.bill_id for one in every if one.cancelled_by is None and since < one.days.until_day
        )
    )
