"""What questions over all bills need from storage; ``stores`` implement it, promises test it."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from meterledger.facts.issued import IssuedBill
from meterledger.rulebook.pinned import BookPin


class IssuedBills(Protocol):
    """Live bills, many at once and without their words."""

    def issued_bills(
        self,
        cycle: int,
        since: date,
        until: date,
        *,
        stood_on: date | None = None,
        first_billed: bool = False,
    ) -> list[IssuedBill]:
        """Live bills of the cycle's accounts rendered on days from ``since`` until ``until`` (out),
        in order of their ids. With ``stood_on`` also those that were live on that evening, because
        what took their place was issued later. With ``first_billed`` a corrected bill counts on the
        day of the first bill of its period: no period of those days is missing, or comes twice.
        """

    def book_pins(self) -> list[BookPin]:
        """By which books all bills were made, cancelled ones too: by day as known, and hash."""
