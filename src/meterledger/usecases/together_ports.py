"""What journeys need of the store for meters that come on one bill.

Lives here      the port ``TogetherLog``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), the noun (``facts/together``). What is billed together
                stands in ``BillableService.joined`` and ``billed_with``, as known at any instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from meterledger.facts.together import BilledTogether

if TYPE_CHECKING:
    from meterledger.usecases.ports import StoredBill


class TogetherLog(Protocol):
    """Arrangements on two clocks. An agreement stands on one other agreement's bill on a day."""

    def begin_together(self, rows: Sequence[BilledTogether]) -> None:
        """Keep an arrangement: all its agreements, or none.

        :raises NotFound: if an agreement is unknown, or of another account
        :raises Conflict: if one is billed with another on one of the days, or is billed past the
            first day already
        """

    def end_together(
        self, account_id: str, last_day_out: date, *, by: str, reason: str, learned_at: datetime
    ) -> list[BilledTogether]:
        """End the arrangements of an account that go on; answers them as they are known now.

        What would end before its first day is over is taken back: it is known no more from now on.

        :raises NotFound: if none goes on
        :raises Conflict: if days after are billed
        """

    def together_of_account(
        self, account_id: str, known_at: datetime | None = None
    ) -> list[BilledTogether]:
        """The account's arrangements by first day, as known then or now."""

    def bills_with_days_of(self, service_point_ids: Sequence[str]) -> list[StoredBill]:
        """Live bills of other agreements that have days of the service points, oldest first."""
