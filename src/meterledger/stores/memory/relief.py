"""Agreements that adjust charges, and what they took off bills, in dictionaries."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from meterledger.facts.entry_names import RELIEF, relief_name, reversal_name
from meterledger.facts.relief import BillRelief, ReliefAct, ReliefAgreement, ReliefTotal
from meterledger.facts.taxes import TaxTotal
from meterledger.stores.relief_words import (
    no_relief,
    refuse_months,
    refuse_reversal,
    refuse_step,
    tax_totals,
)
from meterledger.usecases.ports import Conflict, NotFound

if TYPE_CHECKING:
    from meterledger.facts.bills import Bill
    from meterledger.facts.corrections import Rebill, Withdrawal
    from meterledger.facts.money import Entry
    from meterledger.stores.memory.corrections import Claim
    from meterledger.usecases.ports import StoredBill


class MemoryRelief:
    """The part of the store that keeps relief."""

    _lock: threading.RLock
    _accounts: dict[str, Any]
    _bills: dict[str, StoredBill]
    _claims: dict[str, list[Claim]]
    _entries: dict[str, Entry]
    register_cause: Callable[[str, Callable[[str], bool]], None]
    _look: Callable[[], None]
    _note: Callable[..., None]
    _keep_entry: Callable[[Entry], None]

    def __init__(self) -> None:
        """Nothing is agreed."""
        super().__init__()
        self._reliefs: dict[str, ReliefAgreement] = {}
        self._bill_reliefs: dict[str, BillRelief] = {}
        self.register_cause(RELIEF, lambda key: key in self._bill_reliefs)

    def record_relief(self, agreement: ReliefAgreement) -> bool:
        """Keep an agreement with one more step."""
        with self._lock:
            if agreement.account_id not in self._accounts:
                raise NotFound.of("account", agreement.account_id)
            known = self._reliefs.get(agreement.relief_id)
            if known is None and len(agreement.steps) > 1:
                raise no_relief(agreement.relief_id)
            if not refuse_step(known, agreement):
                return False
            step = agreement.steps[-1]
            if step.act is ReliefAct.APPROVED:
                point = agreement.service_point_id
                billed = [one.days for one in self._claims.get(point, ())]
                refuse_months(agreement, self._reliefs_at({point}), billed)
            self._reliefs[agreement.relief_id] = agreement
            self._note(f"relief {step.act.value}", agreement.account_id, step.learned_at)
            return True

    def relief(self, relief_id: str) -> ReliefAgreement:
        """An agreement by its name."""
        self._look()
        if relief_id not in self._reliefs:
            raise no_relief(relief_id)
        return self._reliefs[relief_id]

    def reliefs(self, account_id: str | None = None) -> list[ReliefAgreement]:
        """Agreements of an account, or all, by name."""
        self._look()
        return [
            one for _, one in sorted(self._reliefs.items()) if account_id in (None, one.account_id)
        ]

    def reliefs_at(self, service_point_ids: Collection[str]) -> list[ReliefAgreement]:
        """Agreements that were approved for the service points, by name."""
        self._look()
        return self._reliefs_at(service_point_ids)

    def _reliefs_at(self, service_point_ids: Collection[str]) -> list[ReliefAgreement]:
        wanted = set(service_point_ids)
        return [
            one
            for _, one in sorted(self._reliefs.items())
            if one.approved is not None and one.service_point_id in wanted
        ]

    def relief_of_bills(self, bill_ids: Collection[str]) -> dict[str, BillRelief]:
        """What was taken off bills, by bill."""
        self._look()
        return {name: self._bill_reliefs[name] for name in bill_ids if name in self._bill_reliefs}

    def relief_totals(self, since: date, until: date) -> list[ReliefTotal]:
        """What relief took off bills on days, less what was taken back on them, by schedule."""
        found: dict[str, list[int]] = {}
        for sign, one in self._reliefs_moved(since, until):
            schedule = json.loads(self._bills[one.bill_id].record)["schedule"]
            sums = found.setdefault(schedule, [0, 0, 0])
            for place, more in enumerate((one.charge_cents, one.tax_cents, 1)):
                sums[place] += sign * more
        return [ReliefTotal(name, *sums) for name, sums in sorted(found.items())]

    def relief_taxes(self, since: date, until: date) -> list[TaxTotal]:
        """By how much relief lowered what was taxed, exempt and billed on the days, by tax."""
        rows = [
            (sign, line["tax"], line["off_usd"])
            for sign, one in self._reliefs_moved(since, until)
            for line in json.loads(one.record)["lines"]
            if line["tax"] is not None
        ]
        return tax_totals(rows)

    def _reliefs_moved(self, since: date, until: date) -> Iterable[tuple[int, BillRelief]]:
        self._look()
        for name, one in self._bill_reliefs.items():
            posted = relief_name(name)
            for sign, entry_id in ((1, posted), (-1, reversal_name(posted))):
                entry = self._entries.get(entry_id)
                if entry is not None and since <= entry.effective_day < until:
                    yield sign, one

    def _refuse_bill_relief(self, bill: Bill) -> None:
        told = bill.relief
        if told is None:
            return
        known = self._reliefs.get(told.relief_id)
        if known is None or not known.adjusts(bill.service_point_id, bill.days.from_day):
            raise Conflict(
                f"No agreement adjusts bill {bill.bill_id}",
                where="relief",
                do="Issue it again: it is worked out anew",
            )

    def _keep_bill_relief(self, bill: Bill) -> None:
        if bill.relief is None:
            return
        self._bill_reliefs[bill.bill_id] = bill.relief
        if bill.relief.entry is not None:
            self._keep_entry(bill.relief.entry)

    def _refuse_relief_reversal(self, one: Rebill | Withdrawal) -> None:
        refuse_reversal(self._bill_reliefs.get(one.correction.cancelled_bill), one)
