"""A store that answers as if bills had been corrected already: the next one looks back at them.

Lives here      the store with the corrected bills of a case so far.
Lives elsewhere the case (``rebill``); a run's own bills (``dry_bills``).

A bill of a register begins where the one before closed, and a corrected one may have closed
elsewhere. A bill on a budget plan tells the running difference, which the one before has moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.bills import Bill, BillKind
from meterledger.facts.budget import BudgetBill
from meterledger.kernel.ids import first_version
from meterledger.usecases.dry_bills import stored_as
from meterledger.usecases.ports import StoredBill


class StoreOfCase:
    """A store with corrected bills in their place; everything else is the store's."""

    def __init__(self, store: Any, known_at: datetime) -> None:
        """``known_at`` is when the case is decided."""
        self._store = store
        self._known_at = known_at
        self._made: dict[str, Bill] = {}
        self._asked: list[BudgetBill] = []
        self._gone: set[str] = set()
        self._gone_with = ""

    def put_in_place(self, cancelled: str, bill: Bill) -> None:
        """``bill`` takes the place of the cancelled one from now on."""
        self._made[cancelled] = replace(bill, kind=BillKind.CORRECTED, corrects=cancelled)

    def leave_out(self, bills: Sequence[str], *, cancelled_by: str) -> None:
        """Bills of days after an end of service are none from now on."""
        self._gone, self._gone_with = set(bills), cancelled_by

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, and those of this case, oldest first."""
        found: dict[str, list[StoredBill]] = {}
        for point, bills in self._store.bills_at(service_point_ids).items():
            seen = [self._seen(one) for one in bills]
            seen += [stored_as(self._made[one.bill_id]) for one in bills if self._has(one)]
            found[point] = sorted(seen, key=lambda one: (one.days.from_day, one.known_at))
        return found

    def remember_asked(self, bill: Bill) -> None:
        """What a corrected bill asks is part of the budget plan's difference from now on."""
        if bill.budget_bill is not None:
            self._asked.append(bill.budget_bill)

    def billing_options(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, AccountOptions]:
        """What accounts have chosen, with what the corrected bills of this case ask."""
        found: dict[str, AccountOptions] = dict(self._store.billing_options(account_ids, known_at))
        for name, one in found.items():
            rows = [row for row in self._asked if row.account_id == name]
            if (rows or self._gone) and known_at >= self._known_at:
                gone = {first_version(bill) for bill in self._gone}
                kept = [row for row in one.budget_bills if first_version(row.bill_id) not in gone]
                found[name] = replace(one, budget_bills=(*kept, *rows))
        return found

    def _has(self, one: StoredBill) -> bool:
        return one.bill_id in self._made

    def _seen(self, one: StoredBill) -> StoredBill:
        if one.bill_id in self._gone:
            return replace(one, cancelled_by=self._gone_with, cancelled_at=self._known_at)
        if not self._has(one):
            return one
        made = self._made[one.bill_id]
        return replace(one, cancelled_by=made.bill_id, cancelled_at=self._known_at)

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked."""
        return getattr(self._store, name)
