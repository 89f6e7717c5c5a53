"""Live bills in short rows, from the records of a store in dictionaries."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date
from typing import Any

from meterledger.facts.bills import read_record
from meterledger.facts.issued import IssuedBill, layout_of
from meterledger.kernel.ids import first_version
from meterledger.kernel.money import cents_from_text
from meterledger.rulebook.pinned import BookPin
from meterledger.usecases.ports import StoredBill


class MemoryIssued:
    """The part of the store that reads many bills at once."""

    _account_known: Any
    _bills: dict[str, StoredBill]

    def _look(self) -> None:
        raise NotImplementedError

    def issued_bills(
        self,
        cycle: int,
        since: date,
        until: date,
        *,
        stood_on: date | None = None,
        first_billed: bool = False,
    ) -> list[IssuedBill]:
        """Live bills of the cycle's accounts rendered on days from ``since`` until ``until``."""
        self._look()

        def stands(one: StoredBill) -> bool:
            if one.cancelled_by is None:
                return True
            return stood_on is not None and self._bills[one.cancelled_by].issued_day > stood_on

        def counts_on(one: StoredBill) -> date:
            return (self._bills[first_version(one.bill_id)] if first_billed else one).issued_day

        return [
            _issued(one)
            for _, one in sorted(self._bills.items())
            if stands(one)
            and since <= counts_on(one) < until
            and self._account_known(one.account_id).cycle == cycle
        ]

    def book_pins(self) -> list[BookPin]:
        """By which books all bills were made, cancelled ones too: by day as known, and hash."""
        self._look()
        counts = Counter(
            (one.known_at.astimezone(UTC).date(), one.book_sha256) for one in self._bills.values()
        )
        return [BookPin(day, sha256, count) for (day, sha256), count in sorted(counts.items())]


def _issued(stored: StoredBill) -> IssuedBill:
    record = read_record(stored.record)
    lines = record["lines"]
    return IssuedBill(
        bill_id=stored.bill_id,
        account_id=stored.account_id,
        agreement_id=stored.agreement_id,
        schedule=record["schedule"],
        tax_place=record["tax_place"],
        from_day=stored.days.from_day,
        until_day=stored.days.until_day,
        issued_day=stored.issued_day,
        known_at=stored.known_at,
        lake_sequence=stored.lake_sequence,
        book_sha256=stored.book_sha256,
        energy_wh=record["usage"]["energy_wh"],
        total_cents=stored.total_cents,
        layout=layout_of([(one["code"], date.fromisoformat(one["from"])) for one in lines]),
        cents=tuple(cents_from_text(one["usd"], where=stored.bill_id) for one in lines),
    )
