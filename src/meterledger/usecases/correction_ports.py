"""What cancelling and rebilling needs from storage; ``stores`` implement it, promises test it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from meterledger.facts.corrections import CorrectedBill, Correction, LeftDifference, Rebill


class Corrections(Protocol):
    """Cancelled bills and what took their place: append-only, a bill is cancelled once."""

    def record_rebills(self, rebills: Sequence[Rebill]) -> set[str]:
        """Cancel bills and record those that take their place, in one transaction.

        Claims are moved, reversals posted, then the new bills with their entries, oldest first,
        and a record of why each. Returns the ids of corrected bills newly recorded: empty, and
        nothing changed, where the same bills were recorded before.

        :raises NotFound: if there is no such bill to cancel
        :raises Conflict: if one is cancelled already, and not by this correction; if a new bill is
            for another agreement or service period; if an entry is missing or posted; if one
            rises above its correction's ceiling by one person alone
        """

    def correction_of(self, bill_id: str) -> Correction | None:
        """The correction that made this bill; None where it corrects none."""

    def corrections_of_account(self, account_id: str) -> list[Correction]:
        """Corrections of the account's bills, oldest first."""

    def corrections_on(self, day: date) -> list[CorrectedBill]:
        """Corrected bills issued on a day, those cancelled since too, by bill."""

    def leave_difference(self, left: LeftDifference) -> bool:
        """Keep that a bill stays as it was issued. False if the same was left before.

        :raises NotFound: if there is no such bill
        """

    def left_differences(self, account_ids: Sequence[str]) -> list[LeftDifference]:
        """What was left of the accounts' bills, oldest first."""
