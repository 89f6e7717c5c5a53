"""A dry run over several windows: a bill is seen by the next one as if it had been recorded.

Lives here      the store with the bills that a dry run has made so far.
Lives elsewhere the run itself (``issue_bills``).

Bills of registers begin where the one before closed, and estimates in a row are counted: what a
dry run shows would else be another thing than what the run does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from meterledger.billing import PAPERLESS_CREDIT
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.bills import Bill
from meterledger.facts.usage_log import LoggedEstimate
from meterledger.kernel.span import DaySpan
from meterledger.usecases.ports import StoredBill


class StoreOfDryRun:
    """A store that answers as if bills had been recorded; everything else is the store's."""

    def __init__(self, store: Any) -> None:
        """``store`` is asked for all that was recorded."""
        self._store = store
        self._made: list[Bill] = []

    def remember(self, bills: Iterable[Bill]) -> None:
        """Bills of this run that another one may look back at."""
        self._made += [
            one
            for one in bills
            if one.usage.registers or one.usage.estimated or one.asked or _looked_back_at(one)
        ]

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Bills of the service points, oldest first."""
        found: dict[str, list[StoredBill]] = dict(self._store.bills_at(service_point_ids))
        for point in service_point_ids:
            made = [one for one in self._made if one.service_point_id == point]
            if made:
                found[point] = _with(found.get(point, []), made)
        return found

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Bills of the account, oldest first."""
        made = [one for one in self._made if one.account_id == account_id]
        return _with(self._store.bills_of_account(account_id), made)

    def estimates_of_meter(
        self, meter_id: str, days: DaySpan | None = None
    ) -> list[LoggedEstimate]:
        """Estimates of a meter, those of bills last."""
        kept: list[LoggedEstimate] = list(self._store.estimates_of_meter(meter_id, days))
        return kept + [
            estimate
            for one in self._made
            for estimate in one.usage.estimates
            if estimate.meter_id == meter_id and (days is None or estimate.day in days)
        ]

    def billing_options(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, AccountOptions]:
        """What accounts have chosen; a budget bill that was made is part of its difference."""
        found: dict[str, AccountOptions] = self._store.billing_options(account_ids, known_at)
        for name, one in found.items():
            made = [bill.budget_bill for bill in self._made if bill.account_id == name]
            rows = tuple(row for row in made if row is not None)
            if rows:
                found[name] = replace(one, budget_bills=(*one.budget_bills, *rows))
        return found

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked."""
        return getattr(self._store, name)


def _looked_back_at(bill: Bill) -> bool:
    """Whether a later bill may look at its demand, or at a credit it grants, uses or has."""
    names = {"demand", "credit_granted_usd", "lines_above_usd"}
    return any(
        line.code == PAPERLESS_CREDIT or any(name in names for name, _ in line.inputs)
        for line in bill.lines
    )


def _with(kept: Sequence[StoredBill], made: Iterable[Bill]) -> list[StoredBill]:
    return sorted([*kept, *map(stored_as, made)], key=lambda one: (one.days.from_day, one.bill_id))


def stored_as(bill: Bill) -> StoredBill:
    """As it would be kept; no balance has been carried into it."""
    return StoredBill(
        bill_id=bill.bill_id,
        account_id=bill.account_id,
        agreement_id=bill.agreement_id,
        days=bill.days,
        issued_day=bill.issued_day,
        due_day=bill.due_day,
        total_cents=bill.total_cents,
        record=bill.record(),
        record_sha256=bill.record_sha256,
        known_at=bill.pins.known_at,
        lake_sequence=bill.pins.lake_sequence,
        previous_balance_cents=0,
        book_sha256=bill.pins.book_sha256,
        corrects=bill.corrects,
    )
