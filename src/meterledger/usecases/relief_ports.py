"""What relief for disturbed loads needs of the store: agreements with steps, and what bills have.

Lives here      the port ``Reliefs``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the nouns (``facts/relief``), the journeys (``relief``, ``relieve_bills``). What a
                bill's relief is kept with is the bill itself (``Bills.record_bills``).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Protocol

from meterledger.facts.relief import BillRelief, ReliefAgreement, ReliefTotal
from meterledger.facts.taxes import TaxTotal


class ReliefReads(Protocol):
    """What bills ask."""

    def reliefs_at(self, service_point_ids: Collection[str]) -> list[ReliefAgreement]:
        """Agreements that were approved for the service points, by name."""

    def relief_of_bills(self, bill_ids: Collection[str]) -> dict[str, BillRelief]:
        """What was taken off bills, by bill; cancelled ones keep theirs. Others are left out."""


class Reliefs(ReliefReads, Protocol):
    """Agreements are added to, never changed."""

    def record_relief(self, agreement: ReliefAgreement) -> bool:
        """Keep an agreement with one more step; False if it stands so already.

        :raises Conflict: if its name is used with other contents; if the step does not follow what
            is known; if who asked approves; if it is agreed to after a month began; if another
            agreement has a month at the service point, or a month is billed
        :raises NotFound: if there is no such account or agreement
        """

    def relief(self, relief_id: str) -> ReliefAgreement:
        """An agreement by its name. :raises NotFound:"""

    def reliefs(self, account_id: str | None = None) -> list[ReliefAgreement]:
        """Agreements of an account, or all, by name."""

    def relief_totals(self, since: date, until: date) -> list[ReliefTotal]:
        """What relief took off bills on days (``until`` out), less what was taken back on them, by
        schedule of the bill.
        """

    def relief_taxes(self, since: date, until: date) -> list[TaxTotal]:
        """By how much relief lowered what was taxed, exempt and billed on the days, by tax."""
